"""Households with rigid spending (刚性支出困难家庭): since 2024-10-24; what they spend is not delivered, so never more than unknown.

Source: 刚性支出困难家庭认定办法 (民政部, 2024-10-24); 社会救助法 22.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from warehouse.benefits.amounts import NOT_KNOWN
from warehouse.benefits.answers import FALSE, MISSING, OPEN, TRUE, Answer, answer, bit
from warehouse.benefits.dibao import household_findings, property_condition
from warehouse.benefits.finding import Condition, Findings, Told
from warehouse.benefits.property_test import property_test
from warehouse.benefits.situation import Situation
from warehouse.benefits.telling import tell_income
from warehouse.benefits.totals import income_test

IN_FORCE_FROM = date(2024, 10, 24)
MONTHS = 12


def rigid_expenditure(situation: Situation, dibao: Findings, marginal: Findings) -> Findings | None:
    """Rigid spending for every household of the facts, from its dibao and marginal findings; None before the rule's first day."""
    if situation.as_of < IN_FORCE_FROM:
        return None
    citation = "社会救助法 22" if situation.is_new_law else "刚性支出困难家庭认定办法 (2024)"
    places = situation.households.places
    yearly = situation.law.in_force("disposable_income_per_head_yuan", places)
    share = situation.law.in_force("rigid_share", places)
    test = property_test(situation.owned, situation.totals, situation.households, situation.law, "rigid_")
    first, second = dibao.outcome, marginal.outcome
    count = len(dibao)
    not_delivered = answer(np.full(count, MISSING), np.full(count, bit("rigid_spending")) | share.missing)
    conditions = (
        Condition(
            "RG1",
            neither(first, second),
            citation,
            lambda row: Told("other_benefits", {"dibao": dibao.outcome_word(row), "dibao_marginal": marginal.outcome_word(row)}),
            also=dibao.rests_on + marginal.rests_on,
        ),
        Condition(
            "RG2",
            income_test(situation.totals, yearly, months=MONTHS),
            citation,
            lambda row: tell_income(situation, row, yearly, row, MONTHS),
            yearly,
            situation.income_terms,
        ),
        property_condition(situation, "RG3", test, citation),
        Condition("RG4", not_delivered, citation, lambda _: Told("rigid_spending"), share),
    )
    return household_findings(situation, "rigid_expenditure", conditions, np.full(count, NOT_KNOWN, dtype=np.int64))


def neither(one: Answer, other: Answer) -> Answer:
    """Both outcomes are unlikely; one that is likely or possible makes it false, an unknown one leaves its missing names."""
    best = np.maximum(one.result, other.result)
    missing = np.where(one.result == MISSING, one.missing, 0) | np.where(other.result == MISSING, other.missing, 0)
    return answer(np.where(best >= OPEN, FALSE, np.where(best == MISSING, MISSING, TRUE)), missing.astype(np.uint64))
