"""More income never improves, and what is not told never becomes a no: for every benefit and every fact that can be absent.

Which facts can be absent is read off the agreement, so that a field that becomes optional is asked about too. Worlds and their
altered copies are worked out side by side in one go, each with ids of its own.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from case_worlds import sample_parameters
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import random_world, tables_of

from expectations.agreement import feeds
from warehouse.benefits.all_benefits import findings_of
from warehouse.benefits.answers import OUTCOMES, PARAMETERS, PROPERTY_PARAMETERS, WORDS
from warehouse.benefits.facts import FEEDS, facts_of
from warehouse.benefits.situation import situation_of
from warehouse.registry.parameters import Parameters

SEEDS = st.integers(0, 2**32)
FEW = settings(max_examples=1, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SAMPLE = sample_parameters()
# An optional parameter that is absent is 0 or off, and the reason says so; a benefit's own ceiling that is absent is the common one, which
# may well be lower.
HAS_ANOTHER = {f"{prefix}_{name}" for prefix in ("marginal", "rigid") for name in PROPERTY_PARAMETERS}
WITHOUT_DEFAULT = [name for name in PARAMETERS if name in SAMPLE.parameters and not SAMPLE.parameters[name].optional]
WITHOUT_DEFAULT = [name for name in WITHOUT_DEFAULT if name not in HAS_ANOTHER]
DAYS = (date(2026, 11, 20), date(2026, 6, 30))
BENEFITS = {"dibao", "dibao_marginal", "single_person_dibao", "tekun", "rigid_expenditure", "temporary_assistance", "public_housing"}
BENEFITS |= {"employment_assistance", "orphan_like_child_allowance_review"}
INCOME_TESTS = {"DB2", "MG3", "RG2", "TK2", "TA2", "PH3"}
# Marginal status lies between two lines, and these answer by the outcome of another benefit.
BY_OTHERS = {"MG2", "RG1", "SP1"}
# Where an empty field is itself an answer by the agreement or the rules: still a member, still not counted, open to this day.
EMPTY_SAYS = {
    "household_join_date",
    "household_leave_date",
    "not_counted_end_date",
    "employment_end_date",
    "employment_hardship_end_date",
    "valid_until_date",
    "benefit_end_month",
}
# Rows without these are not taken: a birth date is told by the number where not by itself, a time not counted has a first day.
ALWAYS_KNOWN = {"birth_date", "not_counted_start_date"}
# The rules say "else false" of who is told neither old, young nor disabled (TK1, SP2): a disability not told is none.
ELSE_FALSE = {"disability_type_code", "disability_grade_code", "major_illness_code"}
RAISED = [("assistance_members", f"{kind}_income_yuan") for kind in ("wage", "business", "property", "transfer")]
RAISED += [("job_placements", "wage_yuan"), ("insurance_contributions", "contribution_base_yuan")]
IDS = ("household_number", "person_id", "source_key", "household_register_number")
World = dict[str, Any]
Words = dict[tuple[str, str, str, str], tuple[str, dict[str, str]]]


def words(worlds: list[World], parameters: Parameters, day: date) -> list[Words]:
    """Of each world outcome and conditions of every finding, by benefit, household, person and member row."""
    facts = facts_of(tables_of(together(worlds)))
    found: list[Words] = [{} for _ in worlds]
    for findings in findings_of(situation_of(facts, parameters, day)):
        told = {condition.rule: condition.answer for condition in findings.conditions}
        outcome = findings.outcome.result
        for row in range(len(findings)):
            household = str(facts.households[findings.household[row]]) if findings.household[row] >= 0 else ""
            person = str(facts.persons[findings.person[row]]) if findings.person[row] >= 0 else ""
            member = int(findings.member_row[row])
            key = str(facts.column("assistance_members", "source_key")[member]) if member >= 0 else ""
            number = int((household or person or key).partition("/")[0])
            own = [name.partition("/")[2] for name in (household, person, key)]
            answers = {rule: WORDS[answer.result[row]] for rule, answer in told.items()}
            found[number][findings.benefit_code, own[0], own[1], own[2]] = (OUTCOMES[outcome[row]], answers)
    return found


def together(worlds: list[World]) -> World:
    """All of them as one world; ids begin with the number of their own."""
    whole: World = {name: [] for name, rows in worlds[0].items() if isinstance(rows, list) and name != "parameters"}
    for number, world in enumerate(worlds):
        for name, rows in whole.items():
            rows += [{field: own(field, value, number) for field, value in row.items()} for row in world[name]]
    return whole


def own(field: str, value: object, number: int) -> object:
    return f"{number}/{value}" if field in IDS and value is not None else value


def altered(world: World, name: str, rows: list[dict[str, Any]]) -> World:
    return {**world, name: rows}


def worlds_of(seed: int, count: int) -> list[World]:
    return [random_world(seed + number) for number in range(count)]


def plain(world: World, wage_from: str) -> World:
    """Every fact told by one source alone: else another stands in for one that is absent, or ends to differ from it.

    One source of wages, one check for a member, one application, the area of a dwelling by the application where it says one, the
    residence of a household by its head, and of somebody back by the register.
    """
    housing = [*{row["person_id"]: row for row in world["public_housing"] if row["person_id"]}.values()][:1]
    nothing = dict.fromkeys(("insured_wage_yuan", "taxed_income_yuan", "pension_income_yuan"))
    if any(row["current_area_sqm"] is not None for row in housing):
        nothing |= {"houses_area_sqm": None}
    checks = {(row["household_number"], row["person_id"]): row | nothing for row in world["means_checks"] if row["person_id"]}
    no_wage = {} if wage_from == "assistance_members" else {"wage_income_yuan": None}
    heads = {row["household_number"] for row in world["assistance_members"] if row["relationship_code"] == "01"}
    members = [
        row | no_wage | ({"residence_region_code": None} if row["household_number"] in heads and row["relationship_code"] != "01" else {})
        for row in world["assistance_members"]
    ]
    known = {row["person_id"] for row in world["addresses"]}
    absences = [row | ({"return_region_code": None} if row["person_id"] in known else {}) for row in world["absences"]]
    others: World = {feed: [] for feed in {"job_placements", "insurance_contributions"} - {wage_from}}
    told = {"means_checks": [*checks.values()], "public_housing": housing, "assistance_members": members, "absences": absences}
    return {**world, **others, **told}


# ------------------------------------------------------------------ a fact is absent
def may_be_absent() -> Iterator[tuple[str, str]]:
    """Feed and field of everything that the rules read and an agency may leave empty."""
    agreed = feeds()
    for feed, kinds in FEEDS.items():
        for field in kinds:
            if (
                field in agreed[feed].by_name
                and agreed[feed].by_name[field].required != "always"
                and field not in EMPTY_SAYS | ALWAYS_KNOWN
            ):
                yield feed, field
    yield from (("absences", "return_region_code"), ("addresses", "residence_region_code"), ("addresses", "address_verified_date"))
    yield from (("people", "birth_date"), ("people", "sex_code"), ("parents", "person_id"))


ABSENT = list(may_be_absent())
ROWS = ("means_checks", "job_placements", "insurance_contributions", "parents", "addresses", "people")


def test_the_facts_asked_about_are_those_the_agreement_leaves_open() -> None:
    asked = {field for _, field in ABSENT}
    assert {f"{kind}_income_yuan" for kind in ("wage", "business", "property", "transfer")} <= asked
    assert {"current_area_sqm", "wage_yuan", "deposit_band_code", "insured_wage_yuan", "unemployed_since_date"} <= asked
    assert len(ABSENT) > 40


def without_each(world: World, random: Random) -> Iterator[tuple[object, World]]:
    """The world once for every fact that may be absent, without it in one row; and without a row of what need not be there at all."""
    for feed, field in ABSENT:
        rows = [dict(row) for row in world[feed]]
        if rows:
            random.choice(rows)[field] = None
            yield field, altered(world, feed, rows)
    for feed in ROWS:
        yield feed, altered(world, feed, world[feed][1:])


def new_noes(before: Words, after: Words, but: set[str]) -> list[tuple[object, str, str]]:
    """Conditions that say no now and did not before."""
    return [
        (key, rule, before[key][1][rule])
        for key in before.keys() & after.keys()
        for rule, word in after[key][1].items()
        if rule not in BY_OTHERS | but and word == "false" and before[key][1][rule] != "false"
    ]


def never_a_no(seed: int, *, worlds: int, names: int) -> set[str]:
    """Returns the benefits that were looked at."""
    random, day, seen = Random(seed), DAYS[seed % len(DAYS)], set()
    sources = [feed for feed, field in RAISED if field.endswith(("wage_yuan", "base_yuan", "wage_income_yuan"))]
    given_worlds = [plain(world, random.choice(sources)) for world in worlds_of(seed, worlds)]
    copies, what = [], []
    for number, world in enumerate(given_worlds):
        for name, copy in without_each(world, random):
            copies.append(copy)
            what.append((number, name))
    found = words([*given_worlds, *copies], SAMPLE, day)
    for (number, name), after in zip(what, found[worlds:], strict=True):
        seen |= {key[0] for key in after}
        assert new_noes(found[number], after, {"TK1", "SP2"} if name in ELSE_FALSE else set()) == [], name
    for name in random.sample(WITHOUT_DEFAULT, names):
        without = Parameters(SAMPLE.parameters, tuple(value for value in SAMPLE.values if value.name != name))
        for before, after in zip(found[:worlds], words(given_worlds, without, day), strict=True):
            assert new_noes(before, after, set()) == [], name
    return seen


@FEW
@given(SEEDS)
def test_a_fact_that_is_absent_never_turns_into_a_no(seed: int) -> None:
    never_a_no(seed, worlds=8, names=4)


def test_every_benefit_is_looked_at_without_its_facts() -> None:
    assert never_a_no(0, worlds=12, names=0) == BENEFITS


@pytest.mark.slow
@settings(MANY, max_examples=20)
@given(SEEDS)
def test_no_absent_fact_turns_into_a_no_in_many_worlds(seed: int) -> None:
    never_a_no(seed, worlds=30, names=8)


# ------------------------------------------------------------------ more income
MORE = (Decimal("0.01"), Decimal(50), Decimal(700), Decimal(5000))


def raised(world: World, random: Random) -> Iterator[tuple[World, World]]:
    """The world with each kind of income told by one source, and the same where somebody has more of it."""
    for feed, field in RAISED:
        single = plain(world, feed)
        rows = [dict(row) for row in single[feed]]
        told = [row for row in rows if row[field] is not None]
        if told:
            one = random.choice(told)
            one[field] = one[field] + random.choice(MORE)
            yield single, altered(single, feed, rows)


def never_better(seed: int, *, worlds: int) -> set[str]:
    """Returns the benefits that were looked at."""
    pairs = [pair for world in worlds_of(seed, worlds) for pair in raised(world, Random(seed))]
    found = words([world for pair in pairs for world in pair], SAMPLE, DAYS[seed % len(DAYS)])
    for before, after in zip(found[::2], found[1::2], strict=True):
        assert after.keys() == before.keys()
        for key in after:
            assert_not_better(key, before[key], after[key])
    return {key[0] for one in found for key in one}


def assert_not_better(key: object, before: tuple[str, dict[str, str]], after: tuple[str, dict[str, str]]) -> None:
    """No income test improves, no condition that does not look at income moves; nor does an outcome improve, but between two lines."""
    for rule, word in after[1].items():
        if rule in INCOME_TESTS:
            assert WORDS.index(word) <= WORDS.index(before[1][rule]), (key, rule)
        elif rule not in BY_OTHERS:
            assert word == before[1][rule], (key, rule)
    if not {"MG2", "SP1", "RG1"} & set(after[1]) or before[1].get("MG2") == "true":
        assert OUTCOMES.index(after[0]) <= OUTCOMES.index(before[0]), key
    if before[1].get("MG2") == "true":
        assert after[1]["MG2"] == "true", key  # once above the lower line, more never brings a household below it


@FEW
@given(SEEDS)
def test_more_income_never_improves_an_income_test_and_moves_no_other_condition(seed: int) -> None:
    never_better(seed, worlds=30)


def test_every_benefit_is_looked_at_with_more_income() -> None:
    assert never_better(0, worlds=12) == BENEFITS


@pytest.mark.slow
@MANY
@given(SEEDS)
def test_more_income_never_improves_in_many_worlds(seed: int) -> None:
    never_better(seed, worlds=100)
