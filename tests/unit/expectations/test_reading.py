"""A decoded delivery becomes canonical rows: codes where the agreement has them, the text received where it differs, nothing lost."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from expectations.agreement import feed, feeds
from expectations.delivery import Decoded, no_problems
from expectations.reading import read_rows

ARRIVED_AT = datetime(2026, 11, 20, 4, tzinfo=UTC)  # noon in Shanghai
GOOD_ID = "11010519491231002X"


def decoded(rows, problems=None, first_number=1):
    frame = pd.DataFrame(rows, dtype="str")
    frame.index = range(first_number, first_number + len(frame))
    return Decoded(frame, no_problems() if problems is None else problems, len(frame))


def read(feed_name, *rows, problems=None):
    return read_rows(feed(feed_name), decoded([example(feed_name) | row for row in rows], problems), arrived_at=ARRIVED_AT)


def example(feed_name):
    """The agreement's own example row, not from the future and with a number whose owner could exist."""
    row = {field.field: field.example for field in feed(feed_name).fields}
    return row | {"source_updated_at": "2026-11-19 09:15:30", "id_number": GOOD_ID}


def codes(reading, field):
    return reading.problems[reading.problems["field"] == field]["code"].tolist()


def test_every_feed_reads_its_example_row_without_a_problem():
    for name in feeds():
        reading = read(name, {})
        assert reading.problems.empty, name
        assert list(reading.values) == [field.field for field in feed(name).fields]


def test_columns_that_did_not_come_are_null_and_foreign_ones_are_not_read():
    reading = read_rows(feed("public_housing"), decoded([{"source_key": "ZJ-1", "colour": "red"}]), arrived_at=ARRIVED_AT)
    assert reading.values.loc[1, "source_key"] == "ZJ-1"
    assert reading.values.drop(columns="source_key").isna().all(axis=None)
    assert "colour" not in reading.values


def test_a_delivery_without_rows_is_read():
    reading = read_rows(
        feed("public_housing"), Decoded(pd.DataFrame({"source_key": pd.Series(dtype="str")}), no_problems(), 0), arrived_at=ARRIVED_AT
    )
    assert len(reading.values) == len(reading.derived) == len(reading.problems) == 0


@pytest.mark.parametrize("dtype", ["str", "object", "string"])
def test_the_kind_of_text_column_makes_no_difference(dtype):
    rows = [example("public_housing") | {"rent_yuan": "￥180元"}, example("public_housing") | {"rent_yuan": None}]
    frame = pd.DataFrame(rows, dtype=dtype)
    frame = frame.where(frame.notna(), None)
    reading = read_rows(feed("public_housing"), Decoded(frame, no_problems(), 2), arrived_at=ARRIVED_AT)
    assert reading.values["rent_yuan"].astype(object).where(reading.values["rent_yuan"].notna(), None).tolist() == ["180.00", None]
    assert reading.values.dtypes.eq("str").all()


def test_row_numbers_are_kept_in_every_frame():
    rows = [example("registered_persons") | {"sex_code": text} for text in ("1", "3", "男")]
    reading = read_rows(feed("registered_persons"), decoded(rows, first_number=7), arrived_at=ARRIVED_AT)
    assert reading.values.index.tolist() == reading.received.index.tolist() == reading.derived.index.tolist() == [7, 8, 9]
    assert reading.problems.to_dict("records") == [{"row_number": 8, "field": "sex_code", "code": "E_CODE"}]


def test_a_delivery_read_in_parts_is_read_the_same():
    rows = [
        example("registered_persons") | {"sex_code": c, "id_number": n, "birth_date": b}
        for c in "13男"
        for n in (GOOD_ID, "x")
        for b in ("2024-1-5", "0")
    ]
    whole, parts = decoded(rows), [decoded(rows[:5]), decoded(rows[5:], first_number=6)]
    one = read_rows(feed("registered_persons"), whole, arrived_at=ARRIVED_AT)
    many = [read_rows(feed("registered_persons"), part, arrived_at=ARRIVED_AT) for part in parts]
    pd.testing.assert_frame_equal(one.values, pd.concat([m.values for m in many]), check_index_type=False)
    pd.testing.assert_frame_equal(one.derived, pd.concat([m.derived for m in many]), check_index_type=False)
    pd.testing.assert_frame_equal(one.problems, pd.concat([m.problems for m in many], ignore_index=True))
    pd.testing.assert_frame_equal(one.received, pd.concat([m.received for m in many])[list(one.received)], check_index_type=False)


def test_the_text_received_is_kept_only_where_it_differs():
    reading = read(
        "registered_persons", {"sex_code": "男", "birth_date": "1985/3/12"}, {"sex_code": "2", "birth_date": "2024-02-30"}, {"sex_code": ""}
    )
    assert reading.received["sex_code"].astype(object).where(reading.received["sex_code"].notna(), None).tolist() == ["男", None, None]
    assert reading.received["birth_date"].dropna().to_dict() == {1: "1985/3/12", 2: "2024-02-30"}
    assert reading.received["source_updated_at"].tolist() == ["2026-11-19 09:15:30"] * 3
    assert "name" not in reading.received


def test_a_refused_field_is_null_with_its_code_and_its_text():
    reading = read("registered_persons", {"last_seized_date": "45296"})
    assert reading.values["last_seized_date"].isna().all()
    assert reading.problems.to_dict("records") == [{"row_number": 1, "field": "last_seized_date", "code": "E_DATE_AMBIGUOUS"}]
    assert reading.received.loc[1, "last_seized_date"] == "45296"


# across fields --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (timedelta(0), []),
        (timedelta(minutes=10), []),
        (timedelta(minutes=10, seconds=1), ["W_CLOCK"]),
        (timedelta(hours=24), ["W_CLOCK"]),
        (timedelta(hours=24, seconds=1), ["E_CLOCK"]),
        (timedelta(days=2000), ["E_CLOCK"]),
    ],
)
def test_a_row_from_the_future_is_warned_after_ten_minutes_and_refused_after_a_day(ahead, expected):
    local = (ARRIVED_AT + ahead + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")
    reading = read("registered_persons", {"source_updated_at": local})
    assert codes(reading, "source_updated_at") == expected
    assert reading.values["source_updated_at"].isna().tolist() == [expected == ["E_CLOCK"]]


@pytest.mark.parametrize(
    ("key", "expected"),
    [("140106Z003-AJ-1", []), ("140106Z004-AJ-1", ["E_SENDER_KEY"]), ("140106Z0031-AJ-1", ["E_SENDER_KEY"]), ("AJ-1", ["E_SENDER_KEY"])],
)
def test_a_key_of_another_sender_is_refused_but_stays_readable(key, expected):
    reading = read("aftercare_cases", {"source_key": key})
    assert codes(reading, "source_key") == expected
    assert reading.values.loc[1, "source_key"] == key


def test_feeds_of_one_sender_have_no_sender_in_their_keys():
    assert read("public_housing", {"source_key": "anything"}).problems.empty


def test_negative_amounts_depend_on_the_row():
    refund = {"contribution_state_code": "4", "personal_contribution_yuan": "-336.00"}
    reading = read("insurance_contributions", refund, refund | {"contribution_state_code": "1"}, refund | {"contribution_state_code": "坏"})
    assert reading.problems[reading.problems["field"] == "personal_contribution_yuan"][["row_number", "code"]].values.tolist() == [
        [2, "E_RANGE"],
        [3, "E_RANGE"],
    ]
    assert reading.values["personal_contribution_yuan"].tolist()[0] == "-336.00"
    assert reading.values["personal_contribution_yuan"].isna().tolist() == [False, True, True]


def test_points_are_negative_only_when_they_are_spent_or_taken_back():
    reading = read("points_ledger", {"entry_kind_code": "1", "points_count": "-5"}, {"entry_kind_code": "2", "points_count": "-5"})
    assert reading.problems.to_dict("records") == [{"row_number": 1, "field": "points_count", "code": "E_RANGE"}]


def test_consent_after_the_request_is_refused():
    rows = [{"consent_date": day, "request_date": "2025-03-05"} for day in ("2025-03-04", "2025-03-05", "2025-03-06", None)]
    reading = read("means_checks", *rows)
    assert reading.problems.to_dict("records") == [{"row_number": 3, "field": "consent_date", "code": "E_CONDITION"}]


@pytest.mark.parametrize(
    ("scale", "grade", "expected"),
    [("HML", "X", ["E_CODE"]), ("GZ4", "X", []), ("ABC", "C1", []), ("ABC", "H", ["E_CODE"]), (None, "H", [])],
)
def test_a_risk_grade_belongs_to_its_scale(scale, grade, expected):
    assert codes(read("risk_assessments", {"risk_scale_code": scale, "risk_grade_code": grade}), "risk_grade_code") == expected


def test_a_row_that_deletes_needs_only_its_common_fields():
    wrong = {"name": "张" * 101, "birth_date": "2024-02-30", "sex_code": "男", "id_number": "1.49999E+17"}
    reading = read("registered_persons", wrong | {"operation_code": "删除"}, wrong)
    assert set(reading.problems["row_number"]) == {2}
    assert reading.values.loc[1, "sex_code"] == "1"
    late = read("registered_persons", {"operation_code": "D", "source_updated_at": "2031-05-01 08:00:00"})
    assert codes(late, "source_updated_at") == ["E_CLOCK"]


def test_an_empty_name_is_a_placeholder_only_where_a_name_must_be():
    assert codes(read("registered_persons", {"name": ""}), "name") == ["W_NAME_PLACEHOLDER"]
    assert codes(read("centre_roster", {"kin_name": None}), "kin_name") == []


def test_cells_the_decoder_refused_are_null():
    problems = pd.DataFrame({"row_number": [1, 2], "field": ["phone", None], "code": ["E_TYPE", "E_COLUMNS"]}).astype({"field": object})
    reading = read("registered_persons", {"phone": "13000000001"}, {}, problems=problems)
    assert reading.values["phone"].isna().tolist() == [True, False]
    assert reading.received.loc[1, "phone"] == "13000000001"
    assert reading.problems.empty


# identity -------------------------------------------------------------------------------------------------------------------------


def test_keys_are_given_for_good_numbers_of_identity_cards_only():
    rows = [
        (GOOD_ID, "111"),
        ("110105491231002", "111"),
        ("1.49999E+17", "111"),
        (GOOD_ID, "414"),
        (GOOD_ID, "999"),
        (GOOD_ID, "113"),
        (None, "111"),
    ]
    reading = read("registered_persons", *({"id_number": n, "id_type_code": t} for n, t in rows))
    keys = reading.derived["id_key"]
    assert keys.astype(object).where(keys.notna(), None).tolist() == [GOOD_ID, GOOD_ID, None, None, None, GOOD_ID, None]


def test_all_numbers_good_gives_all_keys():
    reading = read("registered_persons", {}, {})
    assert reading.derived["id_key"].tolist() == [GOOD_ID, GOOD_ID]


@pytest.mark.parametrize(
    ("kind", "number", "expected"),
    [
        ("414", "E12345678", []),
        ("999", "123", []),
        ("553", "USA110105491231", []),
        ("553", "911", ["W_ID_CHECKSUM"]),
        ("111", "E12345678", ["W_ID_CHECKSUM"]),
    ],
)
def test_numbers_of_other_documents_carry_no_warning(kind, number, expected):
    assert codes(read("registered_persons", {"id_type_code": kind, "id_number": number}), "id_number") == expected


def test_an_identity_number_over_500_characters_is_refused_in_every_document():
    assert codes(read("registered_persons", {"id_type_code": "414", "id_number": "1" * 501}), "id_number") == ["E_LENGTH"]


def test_the_directory_has_no_keys_of_persons():
    reading = read_rows(
        feed("station_directory"),
        decoded([{k: v for k, v in example("station_directory").items() if k != "id_number"}]),
        arrived_at=ARRIVED_AT,
    )
    assert reading.derived.empty
    assert list(reading.derived) == []


def test_text_no_database_can_hold_is_read_all_the_same():
    frame = pd.DataFrame([example("public_housing")], dtype=object)
    frame.loc[0, ["name", "dwelling_address"]] = ["张\ud800", "样例\0小区"]
    reading = read_rows(feed("public_housing"), Decoded(frame, no_problems(), 1), arrived_at=ARRIVED_AT)
    assert reading.values.loc[0, "name"] == "张?"
    assert reading.values.loc[0, "dwelling_address"] == "样例小区"
    assert codes(reading, "name") == ["W_NAME_BROKEN"]
