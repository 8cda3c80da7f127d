from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.forms.regions import names_by_code
from warehouse.identity.regions import history, parent, present_county, present_day

CHANGED = [
    ("140726", "140703"),  # Taigu, a district of Jinzhong since 2019
    ("142429", "140703"),  # the same county while Jinzhong was a prefecture, until 1999
    ("140402", "140403"),  # Changzhi 2018: two districts became one
    ("140411", "140403"),
    ("140421", "140404"),
    ("140424", "140405"),
    ("140481", "140406"),
    ("140422", "140406"),  # Lucheng: county, city under another code, district
    ("140227", "140215"),  # Datong county is Yunzhou district
    ("142132", "140215"),
    ("140202", "140200"),  # Datong 2018: three districts were cut into two others: nothing below the city is certain
    ("140203", "140200"),
    ("140211", "140200"),
    ("140103", "140100"),  # Taiyuan 1997: five districts were cut into six
    ("140104", "140100"),
    ("110103", "110101"),  # Chongwen went into Dongcheng
    ("310108", "310106"),  # Zhabei went into Jing'an
    ("120107", "120116"),
    ("330103", "330100"),  # Hangzhou 2021
    ("371202", "370000"),  # Laiwu, a city that became districts of another
    ("140107", "140107"),
    ("999999", "999999"),
    ("149999", "149999"),
]


@pytest.mark.parametrize(("code", "present"), CHANGED)
def test_an_old_code_is_a_present_region_or_its_lowest_common_parent(code: str, present: str) -> None:
    assert present_day([code]).tolist() == [present]
    assert present_day([code], on=date(2026, 1, 1)).tolist() == [present]


def test_a_code_that_was_given_again_means_what_it_meant_on_the_day() -> None:
    assert present_county("340123") == "340123"
    reused = next(code for code, earlier in history().items() if code in names_by_code() and earlier[0].new_code in names_by_code())
    earlier = history()[reused][0]
    assert present_county(reused, earlier.valid_to) == earlier.new_code
    assert present_county(reused, date(2026, 1, 1)) == reused
    assert present_county(reused) == reused


def test_a_code_of_twelve_digits_keeps_street_and_community_while_its_county_keeps_its_code() -> None:
    assert present_day(["140107005001", "140726100200"]).tolist() == ["140107005001", "140703"]


def test_nine_digits_are_a_street_only_where_one_of_that_code_exists() -> None:
    assert present_day(["140107005", "140107006"], streets={"140107005"}).tolist() == ["140107005", "140107"]


def test_what_is_no_region_code_stays_as_it_is() -> None:
    assert present_day(["1401", "太原市", "", None]).tolist() == ["1401", "太原市", None, None]


def test_the_region_above_is_told() -> None:
    assert [parent(code) for code in ("140107005001", "140107005", "140107", "140100", "140000")] == [
        "140107005",
        "140107",
        "140100",
        "140000",
        None,
    ]


@given(st.sampled_from(sorted(history())), st.none() | st.dates(date(1980, 1, 1), date(2026, 12, 31)))
def test_every_known_code_comes_to_rest_at_a_present_region_or_stays(code: str, on: date | None) -> None:
    found = present_county(code, on)
    assert found in names_by_code()
    assert present_county(found) == found


def test_every_old_code_is_resolved_and_never_into_another_province_but_the_two_that_were_founded() -> None:
    old = [code for code in history() if code not in names_by_code()]
    assert all(present_county(code) in names_by_code() for code in old)
    assert {(code[:2], present_county(code)[:2]) for code in old} - {(code[:2], code[:2]) for code in old} == {("51", "50"), ("44", "46")}


def test_most_old_counties_are_one_present_county() -> None:
    old = [code for code in history() if code not in names_by_code() and code[4:] not in {"00", "01"}]
    assert sum(present_county(code)[4:] != "00" for code in old) / len(old) > 0.75
