"""Every row of the agreement's table of value forms (section 8): what is read, what is refused, and with which code."""

from datetime import date

import pytest

from expectations.agreement import CodeList, code_lists, feed
from expectations.forms import (
    booleans,
    codes,
    dates,
    id_number,
    instants,
    lists,
    months,
    names,
    numbers,
    organizations,
    phones,
    regions,
    texts,
)
from expectations.forms.clean import NULLS
from expectations.reading import form_of

AS_OF = date(2026, 11, 20)
GOOD_ID = "11010519491231002X"


def field(feed_name, name):
    return feed(feed_name).by_name[name]


def read(feed_name, name, text):
    return form_of(field(feed_name, name), AS_OF).read_one(text)


def cases(*given):
    return pytest.mark.parametrize(("text", "expected"), given)


# null -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [*sorted(NULLS), "  ", "\u3000", "\ufeff", " 无 ", "／", "－", "ＮＵＬＬ", "\u200b不详\u00a0"])
@pytest.mark.parametrize(
    "reader",
    [
        texts.read_one,
        names.read_one,
        dates.read_one,
        instants.read_one,
        months.read_one,
        phones.read_one,
        regions.read_one,
        organizations.read_one,
        lambda t: id_number.read_one(t, AS_OF),
        lambda t: read("means_checks", "pension_income_yuan", t),
        lambda t: read("means_checks", "houses_count", t),
    ],
)
def test_a_null_form_is_null_in_every_kind(reader, text):
    assert reader(text) == (None, None)


@pytest.mark.parametrize("text", ["0", "０", " 0 "])
def test_zero_is_null_in_dates_instants_identity_numbers_and_phones(text):
    for reader in (dates.read_one, instants.read_one, phones.read_one, lambda t: id_number.read_one(t, AS_OF)):
        assert reader(text) == (None, None)


def test_zero_is_a_value_in_amounts_counts_booleans_and_code_lists_that_have_it():
    assert read("means_checks", "pension_income_yuan", "0") == ("0.00", None)
    assert read("means_checks", "houses_count", "0") == ("0", None)
    assert booleans.FORM.read_one("0") == ("false", None)
    assert read("drug_tests", "test_result_code", "0") == ("0", None)
    assert read("registered_persons", "sex_code", "0") == ("0", None)


def test_a_null_word_that_is_a_label_is_that_code():
    assert read("assistance_members", "disability_type_code", "无") == ("0", None)
    assert read("registered_persons", "sex_code", "未知") == ("0", None)
    assert read("registered_persons", "sex_code", "不详") == (None, None)
    assert read("insurance_contributions", "insurance_kind_code", "无") == (None, None)


def test_none_is_no_in_a_boolean_and_an_empty_list_in_former_names():
    assert booleans.FORM.read_one("无") == ("false", None)
    assert read("registered_persons", "former_names", "无") == ("[]", None)
    assert read("registered_persons", "former_names", "不详") == (None, None)
    assert read("job_seekers", "skills", "无") == (None, None)


# first: private use, NFKC, trimming -----------------------------------------------------------------------------------------------


@cases(
    ("ＡＢＣ１２３", "ABC123"),
    ("\u3000太原市\u00a0", "太原市"),
    ("\u200b\u200c\u200d\ufeff迎泽区\ufeff", "迎泽区"),
    ("张\ue81e", "张\u9fb4"),
    ("\ue826\ue82b\ue82c\ue832\ue843\ue854\ue864", "\u9fb5\u9fb6\u9fb7\u9fb8\u9fb9\u9fba\u9fbb"),
    ("\ue816\ue817\ue818\ue831\ue83b\ue855", "\U00020087\U00020089\U000200cc\U000215d7\U0002298f\U000241fe"),
    ("甲\ue78d乙", "甲,乙"),
    ("晋样戒通字〔2026〕第0001号", "晋样戒通字〔2026〕第0001号"),
)
def test_every_text_is_cleaned_first(text, expected):
    assert texts.read_one(text) == (expected, None)


def test_the_private_use_table_has_its_24_characters():
    from expectations.forms.private_use import TO_UNICODE

    assert len(TO_UNICODE) == 24
    # What GB 18030-2005 bytes give in Python, and what the same bytes mean since 2022.
    assert TO_UNICODE[ord(b"\xfe\x59".decode("gb18030"))] == 0x9FB4
    assert TO_UNICODE[ord(b"\xfe\xa0".decode("gb18030"))] == 0x9FBB
    assert TO_UNICODE[ord(b"\xa6\xd9".decode("gb18030"))] == 0xFE10
    assert TO_UNICODE[ord(b"\xfe\x51".decode("gb18030"))] == 0x20087


def test_text_over_500_characters_is_refused():
    assert texts.read_one("样" * 500) == ("样" * 500, None)
    assert texts.read_one("样" * 501) == (None, "E_LENGTH")


# code -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["1", "男", "1-男", "1－男", "1_男", "1:男", "1：男", "1.男", "1 男", "男(1)", "男（1）", "１", "1 - 男", "男性", "男人", "1-男性"],
)
def test_a_code_is_read_in_each_of_its_spellings(text):
    assert read("registered_persons", "sex_code", text) == ("1", None)


@cases(("1.0", "1"), ("1.00", "1"))
def test_a_code_that_passed_through_a_spreadsheet_is_read_with_a_warning(text, expected):
    assert read("registered_persons", "sex_code", text) == (expected, "W_CODE_FORM")


def test_lost_leading_zeros_and_letter_case_are_read_with_a_warning():
    assert read("registered_persons", "ethnicity_code", "1") == ("01", "W_CODE_FORM")
    assert read("registered_persons", "ethnicity_code", "1.0") == ("01", "W_CODE_FORM")
    assert read("assistance_members", "counted_state_code", "0") == ("00", "W_CODE_FORM")
    assert read("risk_assessments", "risk_grade_code", "h") == ("H", "W_CODE_FORM")
    assert read("risk_assessments", "risk_scale_code", "hml") == ("HML", "W_CODE_FORM")
    assert read("registered_persons", "operation_code", "i") == ("I", "W_CODE_FORM")


def test_a_form_that_two_codes_could_mean_is_refused():
    both = codes.form_of(CodeList("both", {"01": "甲", "001": "乙"}, {}))
    assert both.read_one("1") == (None, "E_CODE")
    assert both.read_one("01") == ("01", None)


@cases(("1-女", None), ("男(2)", None), ("3", None), ("雄", None), ("1男", None), ("12", None), ("-1", None), ("1.5", None))
def test_a_code_at_odds_with_its_label_or_unknown_is_refused(text, expected):
    assert read("registered_persons", "sex_code", text) == (expected, "E_CODE")


@cases(("22", "20"), ("11", "10"), ("31", "30"), ("02", "01"), ("51", "51"), ("72", "70"), ("20", "20"), ("长女", "30"), ("户主", "01"))
def test_finer_relationship_codes_are_read_by_their_first_digit(text, expected):
    assert read("assistance_members", "relationship_code", text) == (expected, None)


@cases(("14", "10"), ("21", "20"), ("61", "60"), ("大专", "30"))
def test_finer_education_codes_are_read_by_their_first_digit(text, expected):
    assert read("job_seekers", "education_code", text) == (expected, None)


def test_a_first_digit_that_two_codes_share_decides_nothing():
    assert read("assistance_members", "relationship_code", "59") == (None, "E_CODE")


def test_every_code_label_and_synonym_of_the_agreement_is_read_as_its_code():
    for codelist in code_lists().values():
        form = codes.form_of(codelist)
        for code, label in codelist.codes.items():
            assert form.read_one(code) == (code, None)
            assert form.read_one(f"{code}-{label}") == (code, None)
        for word, code in codelist.synonyms.items():
            assert form.read_one(word) == (code, None), (codelist.name, word)


# boolean --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["1", "是", "Y", "y", "true", "TRUE", "True", "有", "√", "１", "1-是"])
def test_yes_is_read_in_each_of_its_spellings(text):
    assert booleans.FORM.read_one(text) == ("true", None)


@pytest.mark.parametrize("text", ["0", "否", "N", "n", "false", "FALSE", "无", "×", "0-否"])
def test_no_is_read_in_each_of_its_spellings(text):
    assert booleans.FORM.read_one(text) == ("false", None)


def test_a_boolean_from_a_spreadsheet_warns_and_anything_else_is_refused():
    assert booleans.FORM.read_one("1.0") == ("true", "W_CODE_FORM")
    assert booleans.FORM.read_one("2") == (None, "E_CODE")
    assert booleans.FORM.read_one("可能") == (None, "E_CODE")


# date -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-05",
        "2024-1-5",
        "2024/01/05",
        "2024/1/5",
        "2024.1.5",
        "2024.01.05",
        "20240105",
        "2024年1月5日",
        "2024年01月05日",
        "２０２４－０１－０５",
        "二〇二四年一月五日",
        "二零二四年一月五日",
        "二○二四年一月五日",
        "2024-01-05 00:00:00.0",
        "2024-01-05T00:00:00",
        "2024-01-05 00:00",
        " 2024-01-05\u3000",
        "2024-01-04T16:00:00Z",
        "2024-01-05T00:00:00+08:00",
    ],
)
def test_a_date_is_read_in_each_of_its_spellings(text):
    assert dates.read_one(text) == ("2024-01-05", None)


@cases(
    ("二〇二六年十一月十日", "2026-11-10"),
    ("一九八一年十二月二十六日", "1981-12-26"),
    ("二〇二〇年十月三十一日", "2020-10-31"),
    ("二〇二四年二月二十九日", "2024-02-29"),
)
def test_dates_in_chinese_numerals_are_read(text, expected):
    assert dates.read_one(text) == (expected, None)


@cases(
    ("2024-01-05 08:30:00", "2024-01-05"),
    ("2024-01-05T23:59:59.9", "2024-01-05"),
    ("2024年1月5日 8:30", "2024-01-05"),
    ("2024-01-05T16:30:00Z", "2024-01-06"),
)
def test_a_time_of_day_in_a_date_is_cut_with_a_warning(text, expected):
    assert dates.read_one(text) == (expected, "W_TIME_CUT")


@pytest.mark.parametrize("text", ["45296", "45296.0", "240105", "5/1/2024", "01-05-24", "1.5.2024", "24-01-05", "１/５/２０２４"])
def test_a_date_with_two_meanings_is_refused(text):
    assert dates.read_one(text) == (None, "E_DATE_AMBIGUOUS")


@pytest.mark.parametrize(
    "text",
    [
        "2024-01",
        "2024/1",
        "2024.1",
        "2024年",
        "2024年1月",
        "2024",
        "正月初五",
        "农历正月初五",
        "二〇二四年",
        "1月5日",
        "202401",
        "腊月廿三",
    ],
)
def test_a_part_of_a_date_is_refused(text):
    assert dates.read_one(text) == (None, "E_DATE_PART")


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30",
        "2024-13-01",
        "2023-02-29",
        "2024-00-10",
        "20241301",
        "二〇二四年十三月一日",
        "2024-01-05 25:00:00",
        "昨天",
        "2024-1/5",
        "0024-01-05",
        "2024-01-05abc",
    ],
)
def test_a_date_the_calendar_does_not_have_is_refused(text):
    assert dates.read_one(text) == (None, "E_DATE")


@pytest.mark.parametrize(
    "text",
    [
        "0000-00-00",
        "1900-01-00",
        "1900-01-01",
        "1899-12-30",
        "1899-12-31",
        "1900/1/1",
        "19000101",
        "0000-00-00 00:00:00",
        "1900-01-01 00:00:00",
    ],
)
def test_the_zero_days_of_other_systems_are_null(text):
    assert dates.read_one(text) == (None, None)
    assert instants.read_one(text) == (None, None)


@pytest.mark.parametrize("text", ["9999-12-31", "2099-12-31", "长期", "9999/12/31", "99991231", "2099-12-31 00:00:00"])
def test_for_ever_is_null_only_in_fields_that_end_something(text):
    assert read("station_directory", "valid_to_date", text) == (None, None)
    assert read("means_checks", "valid_until_date", text) == (None, None)
    assert read("public_housing", "contract_end_date", text) == (None, None)
    assert read("station_directory", "valid_from_date", text) == (None, "E_DATE")
    assert instants.read_one(text) == (None, "E_DATE")


# datetime -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-05 08:30:00",
        "2024-01-05 8:30",
        "2024-01-05 08:30:00.0",
        "2024-01-05T08:30:00",
        "2024/1/5 8:30",
        "20240105 08:30:00",
        "2024年1月5日 8:30",
        "2024-01-05T00:30:00Z",
        "2024-01-05T08:30:00+08:00",
        "2024-01-05 09:30:00+0900",
        "2024-01-04T19:30:00-05:00",
        "２０２４-０１-０５\u3000０８：３０：００",
        "2024.1.5 08:30",
    ],
)
def test_an_instant_is_read_in_each_of_its_spellings(text):
    assert instants.read_one(text) == ("2024-01-05T00:30:00+00:00", None)


@cases(
    ("2024-01-05 24:00:00", "2024-01-05T16:00:00+00:00"),
    ("2024-12-31 24:00", "2024-12-31T16:00:00+00:00"),
    ("2024-01-05 07:59:59", "2024-01-04T23:59:59+00:00"),
    ("1988-07-01 12:00:00", "1988-07-01T04:00:00+00:00"),  # summer time then, which the agreement leaves out
    ("2024-01-05 08:30:00.5", "2024-01-05T00:30:00.500000+00:00"),
)
def test_instants_are_shanghai_time_in_utc(text, expected):
    assert instants.read_one(text) == (expected, None)


def test_an_instant_without_time_is_midnight_with_a_warning():
    assert instants.read_one("2024-01-05") == ("2024-01-04T16:00:00+00:00", "W_TIME_MISSING")


@cases(
    ("2024-01-05 24:00:01", "E_DATE"),
    ("2024-01-05 08:60:00", "E_DATE"),
    ("2024-02-30 08:00:00", "E_DATE"),
    ("45296.35", "E_DATE_AMBIGUOUS"),
    ("2024-01", "E_DATE_PART"),
    ("2024-01-05 08:30 +99:00", "E_DATE"),
)
def test_instants_are_refused_like_dates(text, expected):
    assert instants.read_one(text) == (None, expected)


# month ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["202611", "2026-11", "2026/11", "2026年11月", "2026-11-20", "2026-11-01 00:00:00", "２０２６１１", "2026年11月3日"]
)
def test_a_month_is_read_in_each_of_its_spellings(text):
    assert months.read_one(text) == ("202611", None)


@cases(
    ("202613", "E_DATE"),
    ("2026-00", "E_DATE"),
    ("0", "E_DATE"),
    ("11月", "E_DATE_PART"),
    ("240105", "E_DATE_AMBIGUOUS"),
    ("2026", "E_DATE_PART"),
    ("十一月", "E_DATE"),
)
def test_what_is_no_month_is_refused(text, expected):
    assert months.read_one(text) == (None, expected)


def test_an_open_month_is_null_only_where_something_ends():
    assert read("assistance_households", "benefit_end_month", "999912") == (None, None)
    assert read("assistance_households", "benefit_start_month", "999912") == (None, "E_DATE")


# money and counts -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "1,234.50",
        "1，234.50",
        "￥1234.5",
        "¥1234.5",
        "1234.5元",
        "1234.5元/月",
        "1234.5",
        "１２３４.５",
        "¥1,234.50元",
        " 1234.50 ",
        "+1234.5",
    ],
)
def test_an_amount_is_read_in_each_of_its_spellings(text):
    assert read("public_housing", "rent_yuan", text) == ("1234.50", None)


@cases(("1.2万", "12000.00"), ("1.2万元", "12000.00"), ("0.75万元/月", "7500.00"))
def test_ten_thousands_in_the_cell_are_multiplied_with_a_warning(text, expected):
    assert read("public_housing", "rent_yuan", text) == (expected, "W_UNIT")


def test_another_period_than_the_fields_is_refused():
    assert read("public_housing", "rent_yuan", "1200元/年") == (None, "E_UNIT")
    assert read("means_checks", "taxed_income_yuan", "1200元/月") == (None, "E_UNIT")
    assert read("means_checks", "taxed_income_yuan", "1200元/年") == ("1200.00", None)


@pytest.mark.parametrize(
    "text",
    ["约600", "600左右", "600-800", "陆佰元", "1.2E+3", "1,23", "12,34.5", "1.2.3", "--5", "abc", "元", "5%", "1 200", "(600)", "六百左右"],
)
def test_an_amount_that_is_no_plain_number_is_refused(text):
    assert read("public_housing", "rent_yuan", text) == (None, "E_NUMBER")


@cases(("1.005", "1.01"), ("1.004", "1.00"), ("0.125", "0.13"), ("1234.1000000000001", "1234.10"))
def test_more_than_two_decimals_are_rounded_half_up_with_a_warning(text, expected):
    assert read("public_housing", "rent_yuan", text) == (expected, "W_ROUNDED")


def test_zeros_beyond_two_decimals_round_nothing():
    assert read("public_housing", "rent_yuan", "1.5000") == ("1.50", None)
    assert read("public_housing", "rent_yuan", "-0.00") == ("0.00", None)


def test_negative_amounts_are_refused_where_no_note_allows_them():
    assert read("public_housing", "rent_yuan", "-1") == (None, "E_RANGE")
    assert read("public_housing", "household_members_count", "-1") == (None, "E_RANGE")
    assert read("points_ledger", "points_balance_count", "-20") == ("-20", None)


def test_numbers_above_the_agreed_greatest_are_refused():
    assert read("assistance_households", "standard_yuan", "2500") == ("2500.00", None)
    assert read("assistance_households", "standard_yuan", "2500.01") == (None, "E_RANGE")
    assert read("centre_roster", "extension_days", "366") == ("366", None)
    assert read("centre_roster", "extension_days", "367") == (None, "E_RANGE")
    assert read("public_housing", "rent_yuan", "9" * 13) == (None, "E_RANGE")
    assert read("public_housing", "household_members_count", "9" * 10) == (None, "E_RANGE")


@cases(("3人", "3"), ("3", "3"), ("12.0", "12"), ("３人", "3"), ("007", "7"), ("3 人", "3"))
def test_counts_of_persons_are_read_with_their_unit(text, expected):
    assert read("public_housing", "household_members_count", text) == (expected, None)


def test_other_counts_are_read_with_their_own_unit_only():
    assert read("centre_roster", "term_months", "24个月") == ("24", None)
    assert read("leave_violations", "absence_days", "45天") == ("45", None)
    assert read("centre_roster", "term_months", "2年") == (None, "E_UNIT")
    assert read("leave_violations", "absence_days", "3人") == (None, "E_UNIT")
    assert read("leave_violations", "absence_days", "3只") == (None, "E_NUMBER")
    assert read("leave_violations", "absence_days", "12.5") == (None, "E_NUMBER")
    assert read("means_checks", "houses_area_sqm", "58.3㎡") == ("58.30", None)
    assert read("means_checks", "houses_area_sqm", "58.333平方米") == ("58.333", None)


# identity numbers -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("last", ["X", "x", "Ｘ", "Х", "Χ", "Ⅹ", "×", "*", "#", "х"])
def test_what_looks_like_x_is_x_when_the_checksum_then_fits(last):
    assert id_number.read_one("11010519491231002" + last, AS_OF) == (GOOD_ID, None)


@pytest.mark.parametrize("last", ["x", "×"])
def test_what_looks_like_x_stays_when_the_checksum_does_not_fit(last):
    assert id_number.read_one("11010519491231003" + last, AS_OF) == ("11010519491231003" + last, "W_ID_CHECKSUM")


@pytest.mark.parametrize(
    "text", ["110105 19491231 002X", "110105-19491231-002X", "'" + GOOD_ID, "’" + GOOD_ID, " " + GOOD_ID, "110105\u300019491231\u3000002X"]
)
def test_blanks_dashes_and_the_leading_quote_go(text):
    assert id_number.read_one(text, AS_OF) == (GOOD_ID, None)


def test_fifteen_digits_are_kept_and_have_a_derived_key():
    assert id_number.read_one("110105491231002", AS_OF) == ("110105491231002", None)
    assert id_number.key_of("110105491231002", AS_OF) == GOOD_ID
    assert id_number.read_one("110105491331002", AS_OF) == ("110105491331002", "W_ID_CHECKSUM")
    assert id_number.key_of("110105491331002", AS_OF) is None


@pytest.mark.parametrize(
    "text",
    [
        "1.49999E+17",
        "1.49999e17",
        "110105194912310000",
        "110105194912310016",
        "11010519491231002",
        "1499**********001X",
        "149999********0012",
        "11010519491231002*5",
    ],
)
def test_a_damaged_number_is_kept_with_a_warning_and_has_no_key(text):
    value, code = id_number.read_one(text, AS_OF)
    assert (value, code) == (text, "W_ID_DAMAGED")
    assert id_number.key_of(value, AS_OF) is None


@cases(
    ("110105194912310021", "checksum"),
    ("11010520491231006X", "born tomorrow"),
    ("110105194902300026", "30 February"),
    ("ABC", "no number"),
    ("1101051949123100211", "19 digits"),
)
def test_a_failing_number_is_kept_with_a_warning_and_has_no_key(text, expected):
    value, code = id_number.read_one(text, AS_OF)
    assert (value, code) == (text, "W_ID_CHECKSUM"), expected
    assert id_number.key_of(value, AS_OF) is None


def test_an_unknown_region_or_another_sex_says_nothing_about_validity():
    number = "14999919850312001" + id_number.check_digit("14999919850312001")
    assert id_number.read_one(number, AS_OF) == (number, None)
    assert id_number.key_of(number, AS_OF) == number


def test_birth_dates_count_from_the_day_of_arrival_and_for_130_years():
    newborn = "14010620261120001"
    newborn += id_number.check_digit(newborn)
    assert id_number.read_one(newborn, AS_OF) == (newborn, None)
    assert id_number.read_one(newborn, date(2026, 11, 19)) == (newborn, "W_ID_CHECKSUM")
    oldest = "14010618960101001"
    oldest += id_number.check_digit(oldest)
    assert id_number.key_of(oldest, AS_OF) == oldest
    assert id_number.key_of(oldest, date(2027, 1, 1)) is None


# phone ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "13000000001",
        "+8613000000001",
        "+86 13000000001",
        "008613000000001",
        "86-13000000001",
        "8613000000001",
        "130 0000 0001",
        "130-0000-0001",
        "13000000001.0",
        "13000000001/13000000002",
        "13000000001、13000000002",
        "13000000001 13000000002",
        "13000000001;0351-0000000",
        "１３０００００000１",
    ],
)
def test_a_phone_is_read_in_each_of_its_spellings(text):
    assert phones.read_one(text) == ("13000000001", None)


@cases(
    ("0351-0000000", "03510000000"),
    ("(0351)0000000", "03510000000"),
    ("0351-0000000 13000000001", "03510000000"),
    ("0351-0000000转8001", "03510000000"),
)
def test_landlines_are_read_as_digits(text, expected):
    assert phones.read_one(text) == (expected, None)


@pytest.mark.parametrize("text", ["1.3E+10", "1.30E+10", "无电话", "abc", "12", "1300000000a", "+86"])
def test_what_is_no_phone_is_refused(text):
    assert phones.read_one(text) == (None, "E_NUMBER")


# region and organisation ----------------------------------------------------------------------------------------------------------


@cases(
    ("140106", "140106"),
    ("140106003002", "140106003002"),
    ("140106003", "140106"),
    ("140102", "140102"),
    ("149999", "149999"),
    ("140106-迎泽区", "140106"),
    ("迎泽区(140106)", "140106"),
)
def test_region_codes_are_kept_also_old_and_unknown_ones(text, expected):
    assert regions.read_one(text) == (expected, None)


@cases(
    ("迎泽区", "140106"),
    ("太原市迎泽区", "140106"),
    ("山西省太原市迎泽区", "140106"),
    ("山西省 太原市", "140100"),
    ("山西省", "140000"),
    ("北京市朝阳区", "110105"),
)
def test_a_region_name_is_read_only_when_one_region_has_it(text, expected):
    assert regions.read_one(text) == (expected, "W_REGION_NAME")


@pytest.mark.parametrize("text", ["朝阳区", "城区", "没有这个地方", "1401", "1401061", "14010600300", "140106-小店区", "太原迎泽"])
def test_a_region_that_is_not_clear_is_refused(text):
    assert regions.read_one(text) == (None, "E_CODE")


def test_a_region_code_from_a_spreadsheet_warns():
    assert regions.read_one("140106.0") == ("140106", "W_CODE_FORM")


@cases(("140106Z003", None), ("140106z003", "W_CODE_FORM"), ("140106Z003-样例站", "W_CODE_FORM"), ("样例站（140106Z003）", "W_CODE_FORM"))
def test_organisation_codes_are_read_by_shape(text, expected):
    assert organizations.read_one(text) == ("140106Z003", expected)
    assert organizations.read_one("140106510000.0") == ("140106510000", "W_CODE_FORM")


@pytest.mark.parametrize("text", ["样例站", "140106 Z003", "1", "140106Z003;140106Z004"])
def test_what_is_no_organisation_code_is_refused(text):
    assert organizations.read_one(text) == (None, "E_CODE")


# name -----------------------------------------------------------------------------------------------------------------------------


@cases(
    ("买买提·吐尔逊", None),
    ("张 三", None),
    ("阿依古丽.艾力", None),
    ("\u4dae某人", None),
    ("张?", "W_NAME_BROKEN"),
    ("李□", "W_NAME_BROKEN"),
    ("李？明", "W_NAME_BROKEN"),
)
def test_names_are_kept_and_broken_ones_warned(text, expected):
    value, code = names.read_one(text)
    assert value == text.replace("？", "?")
    assert code == expected


@pytest.mark.parametrize("text", ["未取名", "某某", "张某", "张某某", "欧阳某"])
def test_placeholders_are_kept_with_a_warning(text):
    assert names.read_one(text) == (text, "W_NAME_PLACEHOLDER")


def test_names_over_100_characters_are_refused():
    assert names.read_one("张" * 100) == ("张" * 100, None)
    assert names.read_one("张" * 101) == (None, "E_LENGTH")


# list -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ['["01","02"]', '[ "01", "02" ]', "01;02", "01；02", "01、02", "01|02", "01 ; 02", "01-吗啡类;02", ";01;;02;"]
)
def test_a_list_is_read_with_each_separator(text):
    assert read("drug_tests", "test_item_codes", text) == ('["01","02"]', None)


@cases(
    ("01;77", (None, "E_CODE")),
    ("1;02", ('["01","02"]', "W_CODE_FORM")),
    ("", (None, None)),
    ("[]", (None, None)),
    ("01,02", (None, "E_CODE")),
    ("[01", (None, "E_CODE")),
)
def test_the_items_of_a_code_list_are_read_as_codes(text, expected):
    assert read("drug_tests", "test_item_codes", text) == expected


def test_lists_of_regions_names_occupations_and_parents_are_read_by_their_kind():
    assert read("station_directory", "served_region_codes", "140106003001;140106003002") == ('["140106003001","140106003002"]', None)
    assert read("registered_persons", "former_names", "张样例、样哥") == ('["张样例","样哥"]', None)
    assert read("registered_persons", "former_names", "[]") == ("[]", None)
    assert read("job_seekers", "desired_occupation_codes", "6-31-01-03;9-99-99-99") == ('["6-31-01-03","9-99-99-99"]', None)
    assert read("job_seekers", "skills", "电工:5") == ('["电工:5"]', None)
    assert read("assistance_members", "parent_id_numbers", "11010519491231002x|110105491231002") == (
        f'["{GOOD_ID}","110105491231002"]',
        None,
    )
    assert read("assistance_members", "parent_id_numbers", "110105194912310021") == ('["110105194912310021"]', "W_ID_CHECKSUM")


def test_json_escapes_that_no_text_can_hold_do_not_pass():
    assert lists.read_one(r'["a\u0000b","\ud800"]', texts.FORM) == ('["ab","?"]', None)


def test_every_field_of_the_agreement_reads_its_own_example():
    from expectations.agreement import feeds

    for one in feeds().values():
        for given in one.fields:
            if given.example:
                value, code = form_of(given, date(2027, 12, 31)).read_one(given.example)
                assert value is not None, (one.feed, given.field)
                assert code in {None, "W_ID_CHECKSUM"}, (one.feed, given.field)


def test_numbers_never_pass_through_a_float():
    assert numbers.read_one("999999999999.99", field("public_housing", "rent_yuan")) == ("999999999999.99", None)
