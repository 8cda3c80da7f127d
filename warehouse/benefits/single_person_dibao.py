"""Dibao for one person of a marginal household (单人保): severe disability, serious illness, from 2026-07-01 special difficulty.

Source: 社会救助法 21; before it 民发〔2021〕57号 8.
"""

from __future__ import annotations

import numpy as np

from warehouse.benefits.amounts import NOT_KNOWN
from warehouse.benefits.answers import FALSE, OPEN, TRUE, answer
from warehouse.benefits.facts import Facts
from warehouse.benefits.finding import Condition, Findings, Told
from warehouse.benefits.membership import persons_named
from warehouse.benefits.situation import Situation
from warehouse.benefits.telling import MEMBERS, changed_on, key_of

SEVERE_GRADES, THIRD_GRADE = (1, 2), 3
INTELLECTUAL_OR_MENTAL = (5, 6)
SERIOUS_ILLNESS = 1
ILLNESSES = (1, 2, 9)


def is_severely_disabled(facts: Facts) -> np.ndarray:
    """For every member row: grade 1 or 2 of any type, or grade 3 of an intellectual or mental disability."""
    grade, kind = facts.column(MEMBERS, "disability_grade_code"), facts.column(MEMBERS, "disability_type_code")
    return np.isin(grade, SEVERE_GRADES) | (np.isin(kind, INTELLECTUAL_OR_MENTAL) & (grade == THIRD_GRADE))


def is_disabled(facts: Facts) -> np.ndarray:
    """For every member row: a disability of any type."""
    kind = facts.column(MEMBERS, "disability_type_code")
    return (kind >= 1) & (kind <= 7)


def single_person_dibao(situation: Situation, marginal: Findings) -> Findings:
    """Dibao as a single person for every counted member with a disability or a serious illness of a household looked at."""
    facts, members = situation.facts, situation.members
    illness = facts.column(MEMBERS, "major_illness_code")
    is_subject = members.is_counted & situation.households.is_looked_at[members.household]
    rows = np.flatnonzero(is_subject & (is_disabled(facts) | np.isin(illness, ILLNESSES)))
    household = members.household[rows]
    outcome = marginal.outcome.take(household)
    is_severe = is_severely_disabled(facts)[rows] | (illness[rows] == SERIOUS_ILLNESS)
    otherwise = OPEN if situation.is_new_law else FALSE
    citation = "社会救助法 21" if situation.is_new_law else "民发〔2021〕57号 8"

    def tell_need(place: int) -> Told:
        row = int(rows[place])
        names = ("disability_type_code", "disability_grade_code", "major_illness_code")
        value = {name: int(code) for name in names if (code := facts.column(MEMBERS, name)[row]) >= 0}
        return Told("severe_need", value, MEMBERS, key_of(situation, MEMBERS, row), changed_on(situation, MEMBERS, row))

    conditions = (
        Condition(
            "SP1",
            answer(outcome.result, outcome.missing),
            citation,
            lambda place: Told("dibao_marginal", marginal.outcome_word(int(household[place]))),
            also=tuple(one.take(household) for one in marginal.rests_on),
        ),
        Condition("SP2", answer(np.where(is_severe, TRUE, otherwise)), citation, tell_need),
    )
    return member_findings(situation, "single_person_dibao", rows, conditions)


def member_findings(situation: Situation, benefit_code: str, rows: np.ndarray, conditions: tuple[Condition, ...]) -> Findings:
    """Findings of a benefit whose subjects are these member rows."""
    household = situation.members.household[rows]
    return Findings(
        benefit_code=benefit_code,
        version=situation.version,
        household=household,
        person=persons_named(situation.facts)[rows].astype(np.int32),
        member_row=rows,
        conditions=conditions,
        region=situation.households.region[household],
        has_own_application=np.zeros(len(rows), dtype=bool),
        payable=np.full(len(rows), NOT_KNOWN, dtype=np.int64),
    )
