"""Persons in special hardship (特困人员): no ability to work, no income, nobody able to support them.

Source: 社会救助法 16; 民发〔2021〕43号 (from memory: confirm before use). Not modelled: supporters outside the household.
"""

from __future__ import annotations

import numpy as np

from warehouse.benefits.answers import FALSE, MISSING, OPEN, TRUE, Answer, answer, bit, decided
from warehouse.benefits.facts import day_number, past, younger
from warehouse.benefits.finding import Condition, Findings, Told
from warehouse.benefits.grouping import any_by, first_by, sum_by
from warehouse.benefits.property_test import property_test
from warehouse.benefits.single_person_dibao import is_severely_disabled, member_findings
from warehouse.benefits.situation import Situation
from warehouse.benefits.telling import HOUSEHOLDS, MEMBERS, changed_on, key_of, tell_own_income, tell_property

CATEGORIES = (41, 42)
IN_FORCE, DECIDED = (1, 2, 3), (2, 3)
OLD, CHILD, GROWN = 60, 16, 18
ABLE, UNABLE = 1, 3


def tekun(situation: Situation) -> Findings:
    """Special hardship for the members of such households, and for persons alone in a household looked at who cannot work."""
    facts, members, households = situation.facts, situation.members, situation.households
    age, labour = members.age, facts.column(MEMBERS, "labour_capacity_code")
    is_by_age = (age >= OLD) | younger(age, CHILD)
    is_alone = members.is_counted & households.is_looked_at[members.household] & (situation.totals.counted[members.household] == 1)
    is_recorded = any_by(*_rows(situation, IN_FORCE), len(households.region))[members.household]
    rows = np.flatnonzero((members.is_member & is_recorded) | (is_alone & (is_by_age | (labour == UNABLE))))
    household = members.household[rows]
    is_unable = is_by_age | is_severely_disabled(facts)
    # Of whom no age is known, nobody can say that he is neither old nor a child.
    is_undecided = (labour == UNABLE) | (age < 0)
    ability = answer(np.where(is_unable, TRUE, np.where(is_undecided, OPEN, FALSE))[rows])
    standard = situation.standard.take(household)
    test = property_test(situation.owned, situation.totals, households, situation.law)
    decided_row = first_by(*_rows(situation, DECIDED), len(households.region))
    law, old = "社会救助法 16", "国务院令649号 14; 民发〔2021〕43号"
    citation = law if situation.is_new_law else old

    def tell_ability(place: int) -> Told:
        row = int(rows[place])
        value = {"age": int(age[row]), "labour_capacity_code": int(labour[row])}
        value |= {"disability_grade_code": int(facts.column(MEMBERS, "disability_grade_code")[row])}
        return Told("ability_to_work", value, MEMBERS, key_of(situation, MEMBERS, row), changed_on(situation, MEMBERS, row))

    conditions = (
        Condition("TK1", ability, citation, tell_ability),
        Condition(
            "TK2",
            _own_income(situation, rows),
            citation,
            lambda place: tell_own_income(situation, int(rows[place]), standard, place),
            standard,
            tuple(one.take(household) for one in situation.income_terms),
        ),
        Condition(
            "TK3", _supporters(situation, rows), citation, lambda place: _tell_supporters(situation, int(decided_row[household[place]]))
        ),
        Condition(
            "TK4",
            test.answer.take(household),
            citation,
            lambda place: tell_property(situation, int(household[place]), test),
            test.parameters["financial_ceiling_months"].take(household),
            tuple(one.take(household) for one in test.parameters.values()),
        ),
    )
    return member_findings(situation, "tekun", rows, conditions)


def _rows(situation: Situation, states: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Household of every assistance row, and whether it is one of special hardship in these states."""
    rows = situation.facts[HOUSEHOLDS]
    exists = past(rows["application_date"].to_numpy(), day_number(situation.as_of))
    holds = exists & rows["category_code"].isin(CATEGORIES).to_numpy() & rows["household_state_code"].isin(states).to_numpy()
    return rows["household_number"].to_numpy(), holds


def _own_income(situation: Situation, rows: np.ndarray) -> Answer:
    income, line = situation.income, situation.standard.take(situation.members.household[rows])
    tolerance = situation.law.in_force("income_tolerance_share", line.places)
    is_not_below = (income.total[rows] >= line.amount) & (line.missing == 0)
    return decided(is_false=is_not_below, missing=income.missing[rows] | line.missing | tolerance.missing, is_open=income.is_open[rows])


def _supporters(situation: Situation, rows: np.ndarray) -> Answer:
    """A recorded decision says there is nobody; another counted member able to work is somebody; else nobody knows."""
    members, count = situation.members, len(situation.households.region)
    household = members.household[rows]
    is_decided = any_by(*_rows(situation, DECIDED), count)[household]
    labour = situation.facts.column(MEMBERS, "labour_capacity_code")
    is_able = members.is_counted & (members.age >= GROWN) & younger(members.age, OLD) & (labour == ABLE)
    others = sum_by(members.household, is_able.astype(np.int64), count)[household] - is_able[rows]
    result = np.where(is_decided, TRUE, np.where(others > 0, FALSE, MISSING))
    return answer(result, np.full(len(rows), bit("supporters")))


def _tell_supporters(situation: Situation, row: int) -> Told:
    if row < 0:
        return Told("supporters")
    return Told("supporters", "recorded decision", HOUSEHOLDS, key_of(situation, HOUSEHOLDS, row), changed_on(situation, HOUSEHOLDS, row))
