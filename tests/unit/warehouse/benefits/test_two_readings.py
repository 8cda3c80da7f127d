"""The rules as columns say what a second, literal reading of the specification says, for every subject of random small worlds."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from literal_benefits import findings, outcome
from literal_household_flags import household_flags
from worlds import parameters_of, random_world, tables_of

from warehouse.benefits.all_benefits import findings_of
from warehouse.benefits.answers import WORDS, names_of
from warehouse.benefits.facts import NOBODY, facts_of
from warehouse.benefits.household_flags import household_flags_of
from warehouse.benefits.situation import situation_of
from warehouse.benefits.tenancy_flags import tenancy_flags_of

SEEDS = st.integers(0, 2**32)
FEW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def as_columns(world):
    """{(benefit, household or "", person): {rule: condition}} by the rules as columns."""
    facts = facts_of(tables_of(world))
    situation = situation_of(facts, parameters_of(world), world["as_of"])
    found = {}
    for of_benefit in findings_of(situation):
        for row in range(len(of_benefit)):
            household, person = int(of_benefit.household[row]), int(of_benefit.person[row])
            key = (
                of_benefit.benefit_code,
                facts.households[household] if household != NOBODY else "",
                facts.persons[person] if person != NOBODY else None,
            )
            found.setdefault(key, []).append({c.rule: condition_of(c.answer, row) for c in of_benefit.conditions})
    return found


def condition_of(answer, row):
    word = WORDS[answer.result[row]]
    return frozenset(names_of(int(answer.missing[row]))) if word == "missing" else word


def literally(world):
    found = {}
    for key, conditions in findings(world):
        found.setdefault(key, []).append(conditions)
    return found


def in_order(found):
    return {
        key: sorted(sorted((rule, str(sorted(c) if isinstance(c, frozenset) else c)) for rule, c in one.items()) for one in many)
        for key, many in found.items()
    }


@FEW
@given(SEEDS)
def test_every_condition_of_every_finding_is_the_same_in_both_readings(seed):
    world = random_world(seed)
    assert in_order(as_columns(world)) == in_order(literally(world))


def test_the_outcome_of_conditions_is_taken_in_order():
    missing = frozenset({"wage"})
    assert outcome({"a": "false", "b": missing}) == ("unlikely", ["wage"])
    assert outcome({"a": "open", "b": missing}) == ("unknown", ["wage"])
    assert outcome({"a": "open", "b": "true"}) == ("possible", [])
    assert outcome({"a": "true"}) == ("likely", [])


def flags_as_columns(world):
    """{(number, flag, day, reason): (before, after)} by the rules as columns."""
    situation = situation_of(facts_of(tables_of(world)), parameters_of(world), world["as_of"])
    return {flag.key: (flag.before, flag.after) for flag in [*household_flags_of(situation), *tenancy_flags_of(situation)]}


@FEW
@given(SEEDS)
def test_every_household_flag_is_the_same_in_both_readings_with_its_before_and_after(seed):
    world = random_world(seed)
    assert flags_as_columns(world) == household_flags(world)


@pytest.mark.slow
@MANY
@given(SEEDS)
def test_both_readings_agree_on_many_worlds(seed):
    world = random_world(seed)
    assert in_order(as_columns(world)) == in_order(literally(world))
    assert flags_as_columns(world) == household_flags(world)
