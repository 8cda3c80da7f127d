"""Households as they would be if others counted: members, income, dibao and payable of supposed sets of members.

A supposed household stands in a situation of its own, and the same rules are asked there. Nothing of it is published as a finding.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from warehouse.benefits.amounts import NOT_KNOWN, Places, two_decimals
from warehouse.benefits.dibao import dibao
from warehouse.benefits.finding import Findings
from warehouse.benefits.grouping import any_by
from warehouse.benefits.membership import Members
from warehouse.benefits.property_test import property_of
from warehouse.benefits.situation import Situation
from warehouse.benefits.totals import totals_of

Columns = TypeVar("Columns")


@dataclass(frozen=True)
class Scenarios:
    """Supposed households, one per entry of `household` (which says whose each one is).

    `rows` are all their member rows, one block after the other, in order; `of_row` says which scenario each entry belongs to and
    `is_counted` who counts there.
    """

    situation: Situation
    household: np.ndarray
    rows: np.ndarray
    of_row: np.ndarray
    is_counted: np.ndarray

    @cached_property
    def supposed(self) -> Situation:
        """The situation in which each scenario is a household."""
        real, count = self.situation, len(self.household)
        members = replace(_take(real.members, self.rows), household=self.of_row.astype(np.int32), is_counted=self.is_counted)
        households = _take(real.households, self.household)
        income, places = _take(real.income, self.rows), households.places.take(self.of_row)
        check_row, checks = real.check_row[self.rows], real.checks.iloc[self.rows].reset_index(drop=True)
        tolerance, work_cost = (real.law.in_force(name, places) for name in ("income_tolerance_share", "work_cost_deduction_yuan"))
        return replace(
            real,
            households=households,
            members=members,
            check_row=check_row,
            checks=checks,
            income=income,
            totals=totals_of(members, income, count, tolerance.missing | work_cost.missing),
            owned=property_of(members, check_row, checks, count),
            standard=real.standard.take(self.household),
        )

    @cached_property
    def dibao(self) -> Findings:
        """Dibao of every scenario."""
        return dibao(self.supposed)

    @cached_property
    def is_income_known(self) -> np.ndarray:
        """False where a part of somebody's income is missing."""
        missing = self.situation.income.missing[self.rows] != 0
        return ~any_by(self.of_row, self.is_counted & missing, len(self.household))

    def shown(self, scenario: int) -> dict[str, Any]:
        """Members, income, income for each head and payable; money with two decimals, null where a part of it is not known."""
        members, income = int(self.supposed.totals.counted[scenario]), int(self.supposed.totals.income[scenario])
        is_known, payable = bool(self.is_income_known[scenario]), int(self.dibao.payable[scenario])
        return {
            "members": members,
            "income_yuan": two_decimals(income) if is_known else None,
            "per_capita_yuan": for_each_head(income, members) if is_known and members else None,
            "payable_yuan": None if payable == NOT_KNOWN else two_decimals(payable),
        }


def for_each_head(amount: int, heads: int) -> str:
    """Millionths for each head as text with two decimals, half up; to be shown only, no test divides."""
    unit = 10_000 * heads
    cents = (2 * amount + unit) // (2 * unit)
    return f"{cents // 100}.{cents % 100:02d}"


def scenarios_of(situation: Situation, household: np.ndarray, counted: np.ndarray) -> Scenarios:
    """One scenario per entry of `household`; there count whom `counted` marks (one mark per member row of the facts)."""
    first, last = rows_between(situation, household)
    sizes = last - first
    of_row = np.repeat(np.arange(len(household)), sizes)
    rows = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes) + first[of_row]
    return Scenarios(situation, household, rows, of_row, counted[rows])


def with_marks(base: Scenarios, scenario: np.ndarray, row: np.ndarray, counts: np.ndarray) -> Scenarios:
    """The scenarios with the marks of these member rows of the facts set anew, each in one scenario."""
    first, last = rows_between(base.situation, base.household)
    starts = np.cumsum(last - first) - (last - first)
    marks = base.is_counted.copy()
    marks[starts[scenario] + row - first[scenario]] = counts
    return replace(base, is_counted=marks)


def rows_between(situation: Situation, household: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First member row of each household and the one behind its last; they stand side by side."""
    members: Members = situation.members
    return np.searchsorted(members.household, household), np.searchsorted(members.household, household, side="right")


def _take(columns: Columns, rows: np.ndarray) -> Columns:
    """These rows of every column of a dataclass of columns."""
    taken = {}
    for one in fields(columns):  # type: ignore[arg-type]
        value = getattr(columns, one.name)
        taken[one.name] = value.take(rows) if isinstance(value, Places) else value[..., rows]
    return replace(columns, **taken)  # type: ignore[type-var]
