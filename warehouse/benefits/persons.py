"""Persons as subjects of benefits of their own: who came back of late, which household is theirs, and their own wage beside a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.benefits.amounts import MICRO, NOT_KNOWN, InForce, Places, two_decimals
from warehouse.benefits.answers import FALSE, MISSING, OPEN, Answer, answer
from warehouse.benefits.facts import NO_DAY, NOBODY, day_number, day_of
from warehouse.benefits.finding import Condition, Findings, Told
from warehouse.benefits.grouping import at
from warehouse.benefits.membership import residence_by_digits
from warehouse.benefits.situation import Situation
from warehouse.benefits.telling import key_of, month_of, tell_income
from warehouse.benefits.totals import income_test


def household_of_persons(situation: Situation, *, looked_at: bool = True) -> np.ndarray:
    """For every person the household where the person is a member on the day (of several the smallest number); NOBODY for none.

    Args:
        looked_at: only households looked at, else any.
    """
    row = member_row_of_persons(situation, looked_at=looked_at)
    return np.where(row >= 0, at(situation.members.household, row, NOBODY), NOBODY).astype(np.int32)


def member_row_of_persons(situation: Situation, *, looked_at: bool = True) -> np.ndarray:
    """For every person the member row in that household; -1 for none."""
    members = situation.members
    holds = members.is_member & (members.person != NOBODY)
    if looked_at:
        holds &= situation.households.is_looked_at[members.household]
    first = np.full(len(situation.facts.persons), -1, dtype=np.int64)
    rows = np.flatnonzero(holds)[::-1]  # rows stand in order of household numbers
    first[members.person[rows]] = rows
    return first


def returned_within(situation: Situation, window_days: InForce) -> np.ndarray:
    """For every person: alive, back, and back for no more than so many days."""
    where = situation.whereabouts
    since = day_number(situation.as_of) - window_days.amount // MICRO
    return where.is_returned & ~where.is_dead & (where.return_day >= since) & (where.return_day != NO_DAY) & (window_days.missing == 0)


def places_of_persons(situation: Situation, household: np.ndarray, otherwise: np.ndarray) -> Places:
    """Region and residence for every person: the household's, else of the region `otherwise`, by its digits."""
    is_housed = household != NOBODY
    region = np.where(is_housed, at(situation.households.region, household, 0), otherwise)
    residence = np.where(is_housed, at(situation.households.residence, household, 0), residence_by_digits(otherwise))
    return Places.of(region, residence.astype(np.int8))


@dataclass(frozen=True)
class IncomeOfPersons:
    """An income condition for persons: their household's where they have one looked at, else their own wage beside the line."""

    situation: Situation
    person: np.ndarray
    household: np.ndarray
    line: InForce

    def answer(self) -> Answer:
        """With a household its income test; without, false when the own wage reaches the line, else open."""
        wage = self.situation.wages.own[self.person]
        is_reached = (wage != NOT_KNOWN) & (wage >= self.line.amount)
        alone = np.where(self.line.missing != 0, MISSING, np.where(is_reached, FALSE, OPEN))
        is_housed = self.household != NOBODY
        if not is_housed.any():
            return answer(alone, self.line.missing)
        with_household = income_test(self.situation.totals, self.line, rows=np.maximum(self.household, 0))
        return Answer(
            np.where(is_housed, with_household.result, alone).astype(np.int8),
            np.where(is_housed, with_household.missing, answer(alone, self.line.missing).missing),
        )

    def tell(self, place: int) -> Told:
        """What was compared for one subject."""
        household, person = int(self.household[place]), int(self.person[place])
        if household != NOBODY:
            return tell_income(self.situation, household, self.line, place)
        wage = int(self.situation.wages.own[person])
        value = {
            "own_wage_yuan": two_decimals(wage) if wage != NOT_KNOWN else None,
            "line_yuan": None if self.line.missing[place] else two_decimals(int(self.line.amount[place])),
        }
        return _tell_wage(self.situation, person, value)


def _tell_wage(situation: Situation, person: int, value: dict[str, str | None]) -> Told:
    wages = situation.wages
    if wages.placed[person] != NOT_KNOWN:
        row = int(wages.placed_row[person])
        return Told("own_wage", value, "job_placements", key_of(situation, "job_placements", row), day_of(int(wages.placed_since[person])))
    if wages.insured[person] != NOT_KNOWN:
        row = int(wages.insured_row[person])
        feed = "insurance_contributions"
        return Told("own_wage", value, feed, key_of(situation, feed, row), month_of(situation, row))
    return Told("own_wage", value)


def person_findings(
    situation: Situation,
    benefit_code: str,
    person: np.ndarray,
    household: np.ndarray,
    conditions: tuple[Condition, ...],
    *,
    region: np.ndarray,
    has_own_application: np.ndarray,
) -> Findings:
    """Findings of a benefit whose subjects are persons; without household and application they are for the station worker alone.

    An application counts that is open: who had one long ago and is looked at for a return only must not be seen for it by a desk.
    """
    return Findings(
        benefit_code=benefit_code,
        version=situation.version,
        household=household.astype(np.int32),
        person=person.astype(np.int32),
        member_row=np.full(len(person), -1, dtype=np.int64),
        conditions=conditions,
        region=region,
        has_own_application=has_own_application,
        payable=np.full(len(person), NOT_KNOWN, dtype=np.int64),
    )
