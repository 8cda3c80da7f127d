"""Marginal households (低保边缘家庭): above the dibao line and below its uplift.

Source: 社会救助法 21 (provincial uplift); before 2026-07-01 民发〔2021〕57号 8, 1.5 times unless the region says otherwise.
"""

from __future__ import annotations

import numpy as np

from warehouse.benefits.amounts import NOT_KNOWN
from warehouse.benefits.answers import FALSE, MISSING, TRUE, Answer, answer
from warehouse.benefits.dibao import household_findings, income_condition, members_condition, property_condition, residence_condition
from warehouse.benefits.finding import Condition, Findings
from warehouse.benefits.property_test import property_test
from warehouse.benefits.situation import Situation
from warehouse.benefits.telling import tell_income
from warehouse.benefits.totals import income_test


def dibao_marginal(situation: Situation) -> Findings:
    """Marginal status for every household of the facts."""
    citation = "社会救助法 21" if situation.is_new_law else "民发〔2021〕57号 8"
    line = situation.law.product(("dibao_standard_yuan", "marginal_multiplier"), situation.households.places)
    test = property_test(situation.owned, situation.totals, situation.households, situation.law, "marginal_")
    below = income_test(situation.totals, situation.standard)
    conditions = (
        members_condition(situation, "MG1", citation),
        Condition("MG2", not_below(below), citation, lambda row: tell_income(situation, row, situation.standard, row), situation.standard),
        income_condition(situation, "MG3", line, citation),
        property_condition(situation, "MG4", test, citation),
        residence_condition(situation),
    )
    return household_findings(situation, "dibao_marginal", conditions, np.full(len(below), NOT_KNOWN, dtype=np.int64))


def not_below(below: Answer) -> Answer:
    """Not below the dibao line: true where that test is false, false where it is true or open, missing where it is missing."""
    return answer(np.where(below.result == FALSE, TRUE, np.where(below.result == MISSING, MISSING, FALSE)), below.missing)
