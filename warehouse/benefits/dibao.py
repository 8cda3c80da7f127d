"""Dibao (minimum living allowance): one finding for each household looked at, and what would be payable.

Source: 社会救助法 18, 19; before 2026-07-01 国务院令649号 9-10 and 民发〔2021〕57号. Not modelled: tier payments, supplements, 渐退.
"""

from __future__ import annotations

import numpy as np

from warehouse.benefits.amounts import NOT_KNOWN, InForce
from warehouse.benefits.answers import MISSING, OPEN, TRUE, answer, bit
from warehouse.benefits.finding import Condition, Findings
from warehouse.benefits.property_test import PropertyTest, property_test
from warehouse.benefits.situation import Situation
from warehouse.benefits.telling import tell_income, tell_members, tell_property, tell_residence
from warehouse.benefits.totals import income_test

DIFFERENCE = "difference"


def dibao(situation: Situation) -> Findings:
    """Dibao for every household of the facts, looked at or not (findings are published for those looked at)."""
    households, totals = situation.households, situation.totals
    count = len(households.region)
    test = property_test(situation.owned, totals, households, situation.law)
    conditions = (
        members_condition(situation, "DB1", "社会救助法 18" if situation.is_new_law else "国务院令649号 9; 民发〔2021〕57号 7"),
        income_condition(situation, "DB2", situation.standard, "社会救助法 18, 19" if situation.is_new_law else "国务院令649号 9-10"),
        property_condition(situation, "DB3", test, "社会救助法 18" if situation.is_new_law else "国务院令649号 9"),
        residence_condition(situation),
    )
    found = household_findings(situation, "dibao", conditions, np.full(count, NOT_KNOWN, dtype=np.int64))
    return household_findings(situation, "dibao", conditions, payable(situation, found.outcome.result >= OPEN))


def household_findings(situation: Situation, benefit_code: str, conditions: tuple[Condition, ...], amounts: np.ndarray) -> Findings:
    """Findings of a benefit with one subject per household of the facts."""
    households = situation.households
    count = len(households.region)
    return Findings(
        benefit_code=benefit_code,
        version=situation.version,
        household=np.arange(count, dtype=np.int32),
        person=households.head_person.astype(np.int32),
        member_row=np.full(count, -1, dtype=np.int64),
        conditions=conditions,
        region=households.region,
        has_own_application=np.zeros(count, dtype=bool),
        payable=amounts,
    )


def members_condition(situation: Situation, rule: str, citation: str) -> Condition:
    """Somebody is counted; nobody on the list at all is a fact that is missing, not a no."""
    totals = situation.totals
    result = np.where(totals.counted >= 1, TRUE, np.where(totals.has_no_rows, MISSING, 0))
    asked = answer(result, np.full(len(result), bit("members")))
    return Condition(rule, asked, citation, lambda row: tell_members(situation, row))


def income_condition(situation: Situation, rule: str, line: InForce, citation: str) -> Condition:
    """Income per counted member is below the line."""
    terms = situation.income_terms
    return Condition(rule, income_test(situation.totals, line), citation, lambda row: tell_income(situation, row, line, row), line, terms)


def property_condition(situation: Situation, rule: str, test: PropertyTest, citation: str) -> Condition:
    """Property keeps its limits."""
    ceiling = test.parameters["financial_ceiling_months"]
    limits = tuple(test.parameters.values())
    return Condition(rule, test.answer, citation, lambda row: tell_property(situation, row, test), ceiling, limits)


def residence_condition(situation: Situation) -> Condition:
    """A row tells urban or rural; inferred from the region it is open."""
    asked = answer(np.where(situation.households.is_residence_told, TRUE, OPEN))
    citation = "社会救助法 19" if situation.is_new_law else "国务院令649号 10"
    return Condition("HR", asked, citation, lambda row: tell_residence(situation, row))


def payable(situation: Situation, is_due: np.ndarray) -> np.ndarray:
    """What is payable a month for every household: standard times members less income, rounded half up; 0 where nothing is due.

    NOT_KNOWN where the region pays by tiers, or a parameter is missing.
    """
    return payable_of(situation, situation.totals.counted, situation.totals.income, is_due)


def payable_of(situation: Situation, counted: np.ndarray, income: np.ndarray, is_due: np.ndarray) -> np.ndarray:
    """The same for other numbers of members and incomes (before and after a change)."""
    law, places, standard = situation.law, situation.households.places, situation.standard
    step = law.in_force("payable_rounding_yuan", places)
    is_difference = law.words("payment_mode", places, lambda word: word == DIFFERENCE)
    gap = np.maximum(standard.amount * counted - income, 0)
    unit = np.maximum(step.amount, 1)
    rounded = (2 * gap + unit) // (2 * unit) * unit
    is_modelled = is_difference & (standard.missing == 0) & (step.missing == 0)
    return np.where(is_modelled, np.where(is_due, rounded, 0), NOT_KNOWN)
