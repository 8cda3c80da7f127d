import random
from collections import defaultdict
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import number, records, row

from warehouse.identity.clusters import decide
from warehouse.identity.records import Records

ZHANG, LI = number("1985-03-12"), number("1990-07-20", "013")


def verdict(given_records: Records) -> tuple[set[frozenset[str]], dict[str, tuple[str, str]]]:
    """Persons as sets of source keys, and (status, rule) of each key."""
    decided = decide(given_records)
    persons = defaultdict(set)
    for cluster, key in zip(decided["cluster"], decided["source_key"], strict=True):
        persons[cluster].add(key)
    status = dict(zip(decided["source_key"], zip(decided["link_status"], decided["rule"], strict=True), strict=True))
    return {frozenset(keys) for keys in persons.values()}, status


def together(*rows: dict[str, Any], **parts: Any) -> tuple[set[frozenset[str]], dict[str, tuple[str, str]]]:
    return verdict(records(rows, **parts))


def test_an_equal_number_and_name_are_one_person() -> None:
    persons, status = together(row("drug_tests", "a", ZHANG, "张示例"), row("trainings", "b", ZHANG, "張示例", "1985-03-12"))
    assert persons == {frozenset("ab")}
    assert status == {"a": ("linked", "1"), "b": ("linked", "1")}


def test_fifteen_digits_and_their_longer_form_are_one_number() -> None:
    persons, _ = together(row("drug_tests", "a", ZHANG, "张示例"), row("trainings", "b", ZHANG[:6] + ZHANG[8:17], "张示例"))
    assert persons == {frozenset("ab")}


def test_a_single_sound_row_is_linked_to_its_own_person() -> None:
    assert together(row("drug_tests", "a", ZHANG, "张示例"))[1] == {"a": ("linked", "1")}


def test_another_name_with_the_same_birth_is_linked_with_a_note_but_in_a_family_feed_reviewed() -> None:
    rows = [row("drug_tests", "a", ZHANG, "张示例", "1985-03-12"), row("drug_tests", "c", ZHANG, "张示例", "1985-03-12")]
    assert together(*rows, row("trainings", "b", ZHANG, "李四", "1985-03-12"))[1]["b"] == ("linked", "2")
    assert together(*rows, row("means_checks", "b", ZHANG, "李四", "1985-03-12"))[1]["b"] == ("review", "3")


def test_a_borrowed_number_is_never_merged_and_its_owner_is_the_one_born_on_its_day() -> None:
    persons, status = together(
        row("assistance_members", "own", ZHANG, "张示例", "1985-03-12"),
        row("assistance_members", "borrowed 1", ZHANG, "王二", "1961-05-04"),
        row("means_checks", "borrowed 2", ZHANG, "王二", "1961-05-04"),
    )
    assert frozenset({"own"}) in persons
    assert status == {"own": ("linked", "1"), "borrowed 1": ("review", "3"), "borrowed 2": ("review", "3")}


def test_a_slip_in_the_date_field_does_not_part_a_confirmed_holder_from_the_number() -> None:
    rows = [row("drug_tests", "a", ZHANG, "张示例", "1985-03-12"), row("trainings", "b", ZHANG, "张示例", "1985-04-13")]
    assert together(*rows)[1]["b"] == ("linked", "1")


def test_a_corrected_number_ties_old_rows_of_the_same_name_only() -> None:
    persons, _ = together(
        row("population_changes", "new", LI, "李示例"),
        row("trainings", "old", ZHANG, "李示例", "1985-03-12"),
        row("trainings", "other", ZHANG, "张示例", "1985-03-12"),
        moved=[(ZHANG, LI, "李示例")],
    )
    assert persons == {frozenset({"new", "old"}), frozenset({"other"})}


def test_a_former_name_is_the_same_person() -> None:
    rows = [row("population_changes", "a", ZHANG, "张新"), row("means_checks", "b", ZHANG, "张老名", "1985-03-12")]
    assert together(*rows)[1]["b"] == ("review", "3")
    assert together(*rows, aliases={ZHANG: {"张老名"}})[1]["b"] == ("linked", "1")


@pytest.mark.parametrize("key", ["registration_number", "order_number", "decision_number", "case_number", "job_seeker_number"])
def test_an_agencys_own_key_ties_a_row_without_a_number(key: str) -> None:
    rows = [
        row("drug_tests", "a", ZHANG, "张示例", **{key: "文〔1〕号"}),
        row("drug_tests", "b", None, "张示例", "1985-03-12", **{key: "文〔1〕号"}),
    ]
    persons, status = together(*rows)
    assert persons == {frozenset("ab")}
    assert status["b"] == ("linked", "4")


def test_a_key_reaches_over_another_row() -> None:
    persons, _ = together(
        row("centre_roster", "roster", ZHANG, "张示例", decision_number="决〔1〕号"),
        row("aftercare_cases", "case", None, "张示例", decision_number="决[1]号", case_number="AJ-1"),
        row("aftercare_services", "service", None, "张示例", case_number="AJ-1"),
    )
    assert persons == {frozenset({"roster", "case", "service"})}


def test_an_equal_key_with_another_name_and_birth_is_an_identity_conflict() -> None:
    rows = [
        row("drug_tests", "a", ZHANG, "张示例", registration_number="R1"),
        row("drug_tests", "b", None, "王二", "1961-05-04", registration_number="R1"),
    ]
    assert together(*rows)[1]["b"] == ("review", "5")


def test_two_sure_numbers_are_never_merged_by_any_key() -> None:
    common = {"registration_number": "R1"}
    rows = [
        row("drug_tests", "a", ZHANG, "张示例", "1985-03-12", **common),
        row("drug_tests", "b", LI, "张示例", "1990-07-20", **common),
        row("drug_tests", "c", None, "张示例", "1985-03-12", **common),
    ]
    persons, status = together(*rows)
    assert not any({"a", "b"} <= keys for keys in persons)
    assert status["c"] == ("review", "9")


def test_the_household_ties_members_and_the_head_who_has_no_birth_date() -> None:
    persons, status = together(
        row("assistance_members", "m", None, "张示例", "1985-03-12", household_number="H1"),
        row("means_checks", "c", None, "张示例", "1985-03-21", household_number="H1"),
        row("assistance_households", "h", None, "张示例", household_number="H1"),
        row("assistance_members", "other", None, "张弟", "1987-01-02", household_number="H1"),
    )
    assert persons == {frozenset("mch"), frozenset({"other"})}
    assert {status[key] for key in "mch"} == {("linked", "6")}
    assert status["other"] == ("unlinked", "11")


PLACE = {"residence_region_code": "140106003002"}


def test_name_birth_and_place_tie_a_row_without_a_number_unless_a_second_person_fits() -> None:
    rows = [row("registered_persons", "a", ZHANG, "张示例", **PLACE), row("job_seekers", "b", None, "张示例", "1985-03-12", **PLACE)]
    assert together(*rows)[1]["b"] == ("linked", "7")
    twin = row("registered_persons", "c", number("1985-03-12", "003"), "张示例", **PLACE)
    assert together(*rows, twin)[1]["b"] == ("review", "9")


def test_name_and_birth_alone_never_tie() -> None:
    rows = [row("registered_persons", "a", ZHANG, "张示例"), row("job_seekers", "b", None, "张示例", "1985-03-12")]
    persons, status = together(*rows)
    assert persons == {frozenset("a"), frozenset("b")}
    assert status["b"] == ("review", "9")


@pytest.mark.parametrize(("damaged", "is_tied"), [(ZHANG[:15] + "000", True), ("24" + ZHANG[2:15] + "000", False)])
def test_the_first_fifteen_digits_of_a_spreadsheets_number_support_or_contradict(damaged: str, is_tied: bool) -> None:
    persons, _ = together(row("trainings", "a", ZHANG, "张示例"), row("trainings", "b", damaged, "张示例", "1985-03-12"))
    assert (persons == {frozenset("ab")}) == is_tied


def test_a_typing_slip_is_tied_by_name_and_birth_and_never_by_the_number_alone() -> None:
    slip = ZHANG[:16] + str((int(ZHANG[16]) + 2) % 10) + ZHANG[17]
    mine = row("trainings", "a", ZHANG, "张示例")
    assert together(mine, row("trainings", "b", slip, "张示例", "1985-03-12"))[1]["b"] == ("linked", "8")
    assert together(mine, row("trainings", "b", slip, "王二", "1985-03-12"))[1]["b"][0] == "unlinked"


def test_a_placeholder_name_is_no_evidence() -> None:
    rows = [row("assistance_members", k, None, "未取名", "2026-01-01", household_number="H1") for k in "ab"]
    assert together(*rows)[0] == {frozenset("a"), frozenset("b")}


def _crowd(seed: int) -> list[dict[str, Any]]:
    """A few persons with siblings and namesakes, seen by several feeds with slips."""
    chance = random.Random(seed)
    rows = []
    for person in range(6):
        birth = chance.choice(["1985-03-12", "1985-03-13", "1990-07-20"])
        mine, name = number(birth, f"{person:03d}"), chance.choice(["张示例", "张样例", "王二", "肖军"])
        for view in range(chance.randint(1, 4)):
            shown = chance.choice(
                [mine, mine, None, mine[:15] + "000", mine[:5] + mine[6] + mine[5] + mine[7:], number("1985-03-12", "000")]
            )
            rows.append(
                row(
                    chance.choice(["drug_tests", "means_checks", "assistance_households", "trainings"]),
                    f"{person}-{view}",
                    shown,
                    chance.choice([name, name, "萧军", "张□例"]),
                    chance.choice([birth, birth, None, "1985-01-01"]),
                    household_number=chance.choice([f"H{person // 2}", None]),
                    registration_number=chance.choice([f"R{person}", None, None]),
                    residence_region_code=chance.choice(["140106003002", None]),
                )
            )
    return rows


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 400), st.randoms())
def test_the_order_of_the_rows_never_changes_who_is_who(seed: int, shuffler: random.Random) -> None:
    rows = _crowd(seed)
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    assert verdict(records(rows)) == verdict(records(shuffled))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 400))
def test_no_person_ever_holds_two_sure_numbers(seed: int) -> None:
    given_records = records(_crowd(seed))
    decided = decide(given_records)
    sure = decided["rule"].isin(["1", "2"])
    assert given_records.rows["number"][sure].groupby(decided["cluster"][sure]).nunique().le(1).all()


def test_a_birth_corrected_by_the_register_counts_as_the_holders() -> None:
    rows = [row("drug_tests", "a", ZHANG, "张示例"), row("trainings", "b", ZHANG, "张示例", "1971-11-30")]
    assert together(*rows)[1]["b"] == ("review", "3")
    assert together(*rows, births={ZHANG: {date(1971, 11, 30)}})[1]["b"] == ("linked", "1")
