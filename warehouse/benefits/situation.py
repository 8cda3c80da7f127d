"""The situation of every household on a day: who counts, what they have to live on, what they own. Benefits and flags start here.

Everything is worked out once and shared by all rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from warehouse.benefits.amounts import InForce, Law
from warehouse.benefits.facts import Facts
from warehouse.benefits.income import Income, Wages, income_of, wages_of
from warehouse.benefits.membership import Households, Members, Whereabouts, households_of, members_of, whereabouts_of
from warehouse.benefits.property_test import Property, property_of, valid_checks
from warehouse.benefits.totals import Totals, totals_of
from warehouse.registry.parameters import Parameters

LAW_OF_2026 = date(2026, 7, 1)


@dataclass(frozen=True)
class Situation:
    """Facts, law and day, and what follows from them for every household, person and member row of the facts.

    `told` keeps what was already put into words, by household.
    """

    facts: Facts
    law: Law
    households: Households
    whereabouts: Whereabouts
    members: Members
    wages: Wages
    check_row: np.ndarray
    checks: pd.DataFrame
    income: Income
    totals: Totals
    owned: Property
    standard: InForce
    told: dict[int, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def as_of(self) -> date:
        """The day looked at."""
        return self.law.as_of

    @property
    def income_terms(self) -> tuple[InForce, ...]:
        """What the income of every household is worked out with."""
        return tuple(self.law.in_force(name, self.households.places) for name in ("income_tolerance_share", "work_cost_deduction_yuan"))

    @property
    def version(self) -> str:
        """Version of the rules on the day: SA-2026 from the Social Assistance Act on, SA-2014 before."""
        return "SA-2026" if self.as_of >= LAW_OF_2026 else "SA-2014"

    @property
    def is_new_law(self) -> bool:
        """True from 2026-07-01 on."""
        return self.as_of >= LAW_OF_2026


def situation_of(facts: Facts, parameters: Parameters, as_of: date) -> Situation:
    """The situation on the day; a pure function of its arguments."""
    law = Law(parameters, as_of)
    households, whereabouts = households_of(facts, as_of), whereabouts_of(facts, as_of)
    members = members_of(facts, households, whereabouts, as_of)
    wages = wages_of(facts, as_of)
    check_row, checks = valid_checks(facts, as_of)
    places = households.places.take(members.household)
    tolerance, work_cost = law.in_force("income_tolerance_share", places), law.in_force("work_cost_deduction_yuan", places)
    income = income_of(facts, members, whereabouts, wages, checks, tolerance, work_cost)
    return Situation(
        facts=facts,
        law=law,
        households=households,
        whereabouts=whereabouts,
        members=members,
        wages=wages,
        check_row=check_row,
        checks=checks,
        income=income,
        totals=totals_of(members, income, len(facts.households), tolerance.missing | work_cost.missing),
        owned=property_of(members, check_row, checks, len(facts.households)),
        standard=law.in_force("dibao_standard_yuan", households.places),
    )
