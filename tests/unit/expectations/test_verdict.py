"""Which rows are refused, held or only warned about, and when a whole file is."""

import random

import pandas as pd
import pytest

from expectations.agreement import Feed, feed
from expectations.delivery import Reading, no_problems
from expectations.promises import KEPT, promises
from expectations.states import standings
from expectations.suites import run, suite
from expectations.verdict import Verdict, judge

UPDATED_AT = "2026-11-20T01:16:00+00:00"


def good_rows(of: Feed, count: int) -> pd.DataFrame:
    """Rows that keep every promise: each field's example, nothing where the agreement gives none."""
    row: dict[str, str | None] = {field.field: field.example for field in of.fields}
    row |= {"operation_code": "I", "source_updated_at": UPDATED_AT}
    return pd.DataFrame([row] * count, index=pd.RangeIndex(1, count + 1, name="row_number"), columns=list(row), dtype=object)


def problems(*lines: tuple[int, str | None, str]) -> pd.DataFrame:
    return (
        pd.DataFrame(lines, columns=["row_number", "field", "code"]).astype({"field": object, "code": object}) if lines else no_problems()
    )


def verdict_on(
    values: pd.DataFrame, *lines: tuple[int, str | None, str], of: str = "insurance_contributions", decoded: tuple = (), form: str = "page"
) -> Verdict:
    derived = pd.DataFrame({"id_key": values.get("id_number", None)}, index=values.index)
    reading = Reading(values, values, problems(*lines), derived)
    return judge(feed(of), reading, decoded_problems=problems(*decoded), row_count=len(values), form=form)


def lines_of(frame: pd.DataFrame) -> list[tuple]:
    return list(frame.itertuples(index=False, name=None))


@pytest.mark.parametrize("name", ["insurance_contributions", "trainings"])
def test_a_row_that_keeps_every_promise_is_neither_refused_nor_warned_about(name: str) -> None:
    values = good_rows(feed(name), 3)
    verdict = verdict_on(values, of=name)
    due_but_without_example = set(verdict.rejected["code"]) - {"E_CONDITION"}
    assert not due_but_without_example
    assert verdict.held.empty
    assert verdict.warnings.empty


def test_a_missing_required_value_refuses_the_row() -> None:
    values = good_rows(feed("insurance_contributions"), 3)
    values.loc[2, "contribution_month"] = None
    assert lines_of(verdict_on(values).rejected) == [(2, "contribution_month", "E_REQUIRED")]


def test_a_required_column_that_is_not_there_refuses_every_row() -> None:
    values = good_rows(feed("insurance_contributions"), 2).drop(columns="contribution_month")
    assert lines_of(verdict_on(values).rejected) == [(1, "contribution_month", "E_REQUIRED"), (2, "contribution_month", "E_REQUIRED")]


def test_a_refused_required_value_gives_its_own_code_and_not_that_it_is_missing() -> None:
    values = good_rows(feed("insurance_contributions"), 2)
    values.loc[1, "personal_contribution_yuan"] = None
    assert lines_of(verdict_on(values, (1, "personal_contribution_yuan", "E_NUMBER")).rejected) == [
        (1, "personal_contribution_yuan", "E_NUMBER")
    ]


def test_a_refused_optional_value_is_dropped_with_a_warning() -> None:
    values = good_rows(feed("insurance_contributions"), 2)
    values.loc[2, ["employer_contribution_yuan", "sex_code"]] = None
    verdict = verdict_on(values, (2, "employer_contribution_yuan", "E_UNIT"), (2, "sex_code", "E_CODE"))
    assert verdict.rejected.empty
    assert lines_of(verdict.warnings) == [(2, "sex_code", "W_CODE"), (2, "employer_contribution_yuan", "W_UNIT_REFUSED")]


def test_a_value_is_due_only_where_its_condition_holds() -> None:
    values = good_rows(feed("insurance_contributions"), 3)
    values["contribution_base_yuan"] = None
    values["insurance_kind_code"] = ["1", "2", None]
    assert lines_of(verdict_on(values).rejected) == [(1, "contribution_base_yuan", "E_CONDITION"), (3, "insurance_kind_code", "E_REQUIRED")]


def test_a_refused_conditional_value_refuses_the_row_only_where_it_is_due() -> None:
    values = good_rows(feed("insurance_contributions"), 2)
    values["contribution_base_yuan"] = None
    values["insurance_kind_code"] = ["1", "2"]
    verdict = verdict_on(values, (1, "contribution_base_yuan", "E_RANGE"), (2, "contribution_base_yuan", "E_RANGE"))
    assert lines_of(verdict.rejected) == [(1, "contribution_base_yuan", "E_RANGE")]
    assert lines_of(verdict.warnings) == [(2, "contribution_base_yuan", "W_RANGE")]


def test_a_condition_that_one_row_cannot_decide_never_refuses() -> None:
    values = good_rows(feed("insurance_contributions"), 1)
    values["employer_credit_number"] = None
    verdict = verdict_on(values, (1, "employer_credit_number", "E_LENGTH"))
    assert verdict.rejected.empty
    assert lines_of(verdict.warnings) == [(1, "employer_credit_number", "W_LENGTH")]


def test_a_deletion_needs_only_the_three_common_fields() -> None:
    values = good_rows(feed("insurance_contributions"), 2)
    values.loc[:, values.columns[3:]] = None
    values["operation_code"] = "D"
    values.loc[2, "source_updated_at"] = None
    verdict = verdict_on(values, (1, "name", "E_LENGTH"), (1, "sex_code", "W_CODE_FORM"), (2, "source_updated_at", "E_CLOCK"))
    assert lines_of(verdict.rejected) == [(2, "source_updated_at", "E_CLOCK")]
    assert verdict.warnings.empty


@pytest.mark.parametrize(("field", "code"), [("source_key", "E_SENDER_KEY"), ("source_updated_at", "E_CLOCK"), ("name", "E_LENGTH")])
def test_a_broken_required_field_refuses_the_row_even_when_its_value_is_still_there(field: str, code: str) -> None:
    assert lines_of(verdict_on(good_rows(feed("insurance_contributions"), 1), (1, field, code)).rejected) == [(1, field, code)]


def test_a_row_with_the_wrong_number_of_cells_is_refused_for_that_alone() -> None:
    values = good_rows(feed("insurance_contributions"), 2)
    values.loc[1, "contribution_month"] = None
    verdict = verdict_on(values, (1, "name", "E_LENGTH"), decoded=((1, None, "E_COLUMNS"),))
    assert lines_of(verdict.rejected) == [(1, None, "E_COLUMNS")]


def test_what_decoding_found_is_judged_like_what_reading_found() -> None:
    values = good_rows(feed("insurance_contributions"), 2)
    values["sex_code"] = None
    values.loc[1, "contribution_month"] = None
    verdict = verdict_on(
        values, decoded=((1, "contribution_month", "E_FORMULA"), (2, "sex_code", "E_FORMULA"), (2, "id_number", "W_NUMERIC_TEXT"))
    )
    assert lines_of(verdict.rejected) == [(1, "contribution_month", "E_FORMULA")]
    assert lines_of(verdict.warnings) == [(2, "id_number", "W_NUMERIC_TEXT"), (2, "sex_code", "W_FORMULA")]


def test_a_warning_never_refuses_and_the_same_problem_told_twice_is_one_line() -> None:
    verdict = verdict_on(
        good_rows(feed("insurance_contributions"), 1), (1, "name", "W_NAME_BROKEN"), decoded=((1, "name", "W_NAME_BROKEN"),)
    )
    assert verdict.rejected.empty
    assert lines_of(verdict.warnings) == [(1, "name", "W_NAME_BROKEN")]


def test_a_word_on_custody_holds_the_row_unless_it_is_refused_anyway() -> None:
    values = good_rows(feed("trainings"), 4)
    values["course_name"] = ["戒毒人员电工班", "戒毒人员电工班", "消毒员", None]
    values.loc[2, "name"] = None
    verdict = verdict_on(values, of="trainings")
    assert lines_of(verdict.held) == [(1, "course_name", "H_NOT_NEUTRAL")]
    assert verdict.rejected_rows == {2}


def test_counts_say_how_many_rows_each_promise_touched_and_how_many_broke_it() -> None:
    values = good_rows(feed("insurance_contributions"), 4)
    values["insurance_kind_code"] = ["1", "2", "3", "1"]
    values.loc[1, "contribution_base_yuan"] = None
    values.loc[4, "operation_code"] = "D"
    counts = verdict_on(values).expectations.set_index(["expectation", "field"])
    assert tuple(counts.loc[("given_when_due", "contribution_base_yuan")]) == ("critical", 2, 1, False)
    assert tuple(counts.loc[("read_if_given", "contribution_base_yuan")]) == ("warning", 1, 0, True)
    assert tuple(counts.loc[("given_when_due", "source_key")]) == ("critical", 4, 0, True)


@pytest.mark.parametrize(
    ("bad", "of", "code"), [(1, 5, None), (2, 9, "E_TOO_MANY"), (20, 100, None), (21, 100, "E_TOO_MANY"), (0, 0, None)]
)
def test_a_file_is_refused_when_more_than_a_fifth_of_its_rows_are(bad: int, of: int, code: str | None) -> None:
    values = good_rows(feed("insurance_contributions"), of)
    verdict = verdict_on(values, *[(n, "name", "E_LENGTH") for n in range(1, bad + 1)], form="csv")
    assert verdict.file_code == code
    assert len(verdict.rejected) == bad, "the sender is told every row all the same"


@pytest.mark.parametrize("form", ["push", "page", "table"])
def test_what_is_not_a_file_is_judged_row_by_row_only(form: str) -> None:
    values = good_rows(feed("insurance_contributions"), 40)
    lines = [(n, "name", "E_LENGTH") for n in range(1, 20)] + [(n, "id_number", "W_ID_DAMAGED") for n in range(1, 40)]
    assert verdict_on(values, *lines, form=form).file_code is None


@pytest.mark.parametrize(
    ("damaged", "of", "code"),
    [(1, 19, None), (19, 19, None), (1, 20, None), (2, 20, "H_ID_DAMAGE"), (5, 100, None), (6, 100, "H_ID_DAMAGE")],
)
def test_a_file_is_held_when_more_than_a_twentieth_of_at_least_twenty_numbers_are_damaged(damaged: int, of: int, code: str | None) -> None:
    codes = ("W_ID_DAMAGED", "W_ID_CHECKSUM")
    lines = [(n, "id_number", codes[n % 2]) for n in range(1, damaged + 1)]
    assert verdict_on(good_rows(feed("insurance_contributions"), of), *lines, form="xlsx").file_code == code


def test_only_resident_numbers_count_for_the_damage_of_a_file() -> None:
    values = good_rows(feed("insurance_contributions"), 30)
    values.loc[1:11, "id_type_code"] = "414"
    lines = [(n, "id_number", "W_ID_DAMAGED") for n in range(1, 31)]
    assert verdict_on(values, *lines, form="csv").file_code is None, "nineteen resident numbers are too few to tell"


def test_a_file_to_be_sent_again_does_not_wait_for_a_steward() -> None:
    lines = [(n, "id_number", "W_ID_DAMAGED") for n in range(1, 21)] + [(n, "name", "E_LENGTH") for n in range(1, 21)]
    assert verdict_on(good_rows(feed("insurance_contributions"), 20), *lines, form="csv").file_code == "E_TOO_MANY"


def test_no_rows_at_all_are_a_good_delivery() -> None:
    verdict = verdict_on(good_rows(feed("insurance_contributions"), 0), form="csv")
    assert verdict.rejected.empty
    assert verdict.file_code is None
    assert verdict.expectations["passed"].all()


def test_a_problem_of_a_row_that_was_not_read_is_an_error_and_not_lost() -> None:
    with pytest.raises(ValueError, match="not read"):
        verdict_on(good_rows(feed("insurance_contributions"), 1), (2, "name", "E_LENGTH"))


def test_judging_states_once_says_the_same_as_great_expectations_on_every_row() -> None:
    of, chance = feed("insurance_contributions"), random.Random(20261120)
    values = good_rows(of, 400)
    for row_number in chance.sample(range(1, 401), 60):
        values.loc[row_number, chance.choice(["name", "contribution_month", "contribution_base_yuan"])] = None
    fields, codes = (
        ["source_key", "name", "sex_code", "birth_date", "contribution_base_yuan"],
        ["E_CODE", "E_LENGTH", "W_CODE_FORM", "W_UNIT"],
    )
    found = problems(*{(chance.randint(1, 400), chance.choice(fields), chance.choice(codes)) for _ in range(150)})
    reading = Reading(values, values, found, pd.DataFrame({"id_key": values["id_number"]}))
    frame = pd.DataFrame({promise.column: KEPT for promise in promises(of)}, index=values.index)
    for standing in standings(of, reading, found):
        frame.loc[standing.row_numbers, standing.promise.column] = standing.codes
    failing = run(suite(of), frame.reset_index(), "row_number")

    verdict = judge(of, reading, decoded_problems=no_problems(), row_count=400, form="page")
    for consequence, lines in {"quarantine": verdict.rejected, "count": verdict.warnings}.items():
        expected = {n for p in promises(of) if p.consequence == consequence for n in failing[p.column]}
        assert set(lines["row_number"]) == expected
        assert expected
