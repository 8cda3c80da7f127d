"""Household flags: what in a household calls for a look, from when, and the household before and after. Hints; a clerk decides.

Every text here may reach civil affairs: a day, a neutral code and numbers, never a ground. Tenancies stand in `tenancy_flags`.
Source: 社会救助法 18, 46, 47; 民发〔2019〕62号 (C1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from warehouse.benefits.answers import FALSE, OPEN, TRUE
from warehouse.benefits.facts import NO_DAY, day_number, day_of, past
from warehouse.benefits.grouping import any_by, at, latest_by
from warehouse.benefits.household_changes import ENTRY, REASONS, Changes, changes_of
from warehouse.benefits.household_reviews import (
    births,
    count_mismatches,
    due_reviews,
    higher_wages,
    income_recorded,
    income_shown,
    incomes_known,
    payments_after_end,
    unknown_residences,
)
from warehouse.benefits.membership import ACTIVE, RETURNED
from warehouse.benefits.orphan_like_child_allowance_review import orphan_like_child_allowance_review, rows_of_keys
from warehouse.benefits.scenarios import scenarios_of, with_marks
from warehouse.benefits.situation import Situation

DIBAO = (11, 12)
MEMBERS, HOUSEHOLDS = "assistance_members", "assistance_households"


@dataclass(frozen=True)
class HouseholdFlag:
    """One flag: whose (household number, else application number), what, from when, why (a neutral code), before and after.

    `region` is the one whose office looks at it, 0 where not known. `is_sample`: an amount marked SAMPLE, which is invented, stands
    behind what is shown.
    """

    subject: str
    flag_code: str
    effective_date: date
    reason: str
    before: dict[str, Any]
    after: dict[str, Any]
    region: int
    is_sample: bool

    @property
    def key(self) -> tuple[str, str, date, str]:
        """What makes it one flag."""
        return (self.subject, self.flag_code, self.effective_date, self.reason)


@dataclass(frozen=True)
class Maker:
    """Makes flags of one situation."""

    situation: Situation

    def flag(self, household: int, code: str, day: int, reason: str, before: dict[str, Any], after: dict[str, Any]) -> HouseholdFlag:
        """A flag of a household by its place; `day` as a day number."""
        effective = day_of(int(day)) or self.situation.as_of
        number = str(self.situation.facts.households[household])
        is_sample = bool(self.rests_on_samples[household]) and ("payable_yuan" in after or reason == "I1")
        region = int(self.situation.households.region[household])
        return HouseholdFlag(number, code, effective, reason, before, after, region, is_sample)

    @cached_property
    def rests_on_samples(self) -> np.ndarray:
        """By household: what is payable, or from when an income differs, is worked out with an invented amount."""
        situation = self.situation
        step = situation.law.in_force("payable_rounding_yuan", situation.households.places)
        return np.logical_or.reduce([one.is_sample for one in (situation.standard, step, *situation.income_terms)])

    def members_only(self, household: int, more: int = 0) -> dict[str, Any]:
        """Members as worked out, and so many more."""
        return {"members": int(self.situation.totals.counted[household]) + more}


def household_flags_of(situation: Situation) -> list[HouseholdFlag]:
    """Every flag of the households of the facts, but for tenancies; a pure function of (facts, parameters, day).

    Each key stands once: the first change of a day gives `before`, the last gives `after`.
    """
    make = Maker(situation)
    found: dict[tuple[str, str, date, str], HouseholdFlag] = {}
    for flag in _all(make):
        known = found.get(flag.key)
        before = known.before if known else flag.before
        found[flag.key] = HouseholdFlag(*flag.key, before, flag.after, flag.region, flag.is_sample)
    return list(found.values())


def _all(make: Maker) -> Iterator[HouseholdFlag]:
    situation = make.situation
    changes = changes_of(situation)
    yield from _changed(make, changes)
    yield from _possible_again(make)
    for household, day in unknown_residences(situation):
        yield make.flag(household, "ELIG_REVIEW", day, "M9", make.members_only(household), make.members_only(household))
    is_known = incomes_known(situation)
    for household, day in higher_wages(situation):
        shown = (income_recorded(situation, household), income_shown(situation, household, is_known=bool(is_known[household])))
        yield make.flag(household, "ELIG_REVIEW", day, "I1", *shown)
    for household, day in due_reviews(situation):
        yield make.flag(household, "ELIG_REVIEW", day, "R1", {}, {})
    for household, day in births(situation):
        yield make.flag(household, "ELIG_REVIEW", day, "M6", make.members_only(household), make.members_only(household, 1))
    today = day_number(situation.as_of)
    for household, told in count_mismatches(situation):
        recorded = {"members": int(situation.totals.recorded[household])}
        yield make.flag(household, "HH_COUNT_MISMATCH", today, "Q1", {"members": told}, recorded)
    for household, day in _allowances(situation):
        yield make.flag(household, "CHILD_ALLOWANCE_REVIEW", day, "C1", make.members_only(household), make.members_only(household))
    for household, day, last, first in payments_after_end(situation):
        yield make.flag(household, "PAID_AFTER_END", day, "P1", {"month": str(last)}, {"month": str(first)})


def _changed(make: Maker, changes: Changes) -> Iterator[HouseholdFlag]:
    for place in range(len(changes)):
        reason = int(changes.reason[place])
        code = "HH_MEMBER_STILL_COUNTED" if reason == ENTRY else "HH_CHANGED"
        shown = [changes.scenarios.shown(int(scenario[place])) for scenario in (changes.before, changes.after)]
        yield make.flag(int(changes.household[place]), code, int(changes.day[place]), REASONS[reason], shown[0], shown[1])


def _possible_again(make: Maker) -> Iterator[HouseholdFlag]:
    """Households without dibao that were unlikely to get it, and are likely or possible with those who came back."""
    situation = make.situation
    facts, members, households = situation.facts, situation.members, situation.households
    rows, count = facts[HOUSEHOLDS], len(facts.households)
    has_dibao = past(rows["application_date"].to_numpy(), day_number(situation.as_of)) & rows["category_code"].isin(DIBAO).to_numpy()
    has_dibao &= rows["household_state_code"].isin(ACTIVE).to_numpy()
    is_asked = households.is_active & households.is_looked_at & ~any_by(rows["household_number"].to_numpy(), has_dibao, count)
    is_back = members.line == RETURNED
    back_since = latest_by(members.household, at(situation.whereabouts.return_day, members.person, NO_DAY), is_back, count)
    household = np.flatnonzero(is_asked & (back_since != NO_DAY))
    with_them = scenarios_of(situation, household, members.is_counted)
    of_row = with_them.of_row[is_back[with_them.rows]]
    rows_back = with_them.rows[is_back[with_them.rows]]
    without = with_marks(with_them, of_row, rows_back, np.zeros(len(rows_back), dtype=bool))
    was, will_be = without.dibao.outcome.result, with_them.dibao.outcome.result
    for place in np.flatnonzero((was == FALSE) & np.isin(will_be, (OPEN, TRUE))).tolist():
        number = int(household[place])
        yield make.flag(number, "ELIG_POSSIBLE", int(back_since[number]), "M2", without.shown(place), with_them.shown(place))


def _allowances(situation: Situation) -> Iterator[tuple[int, int]]:
    """Households with a child whose allowance is due for a review, and the latest return behind it."""
    due = orphan_like_child_allowance_review(situation)
    likely = np.flatnonzero(due.outcome.result == TRUE)
    if not len(likely):
        return
    facts, where = situation.facts, situation.whereabouts
    parents = facts["parents"]
    back = latest_by(
        rows_of_keys(situation, parents["source_key"].to_numpy()),
        at(where.return_day, parents["person_id"].to_numpy(), NO_DAY),
        at(where.is_returned, parents["person_id"].to_numpy(), False),
        len(facts[MEMBERS]),
    )
    for place in likely.tolist():
        yield int(due.household[place]), int(back[due.member_row[place]])
