"""Temporary assistance (临时救助) for persons who came back of late; the hardship itself must be told by a person: at best possible.

Source: 社会救助法 37 (place of need, small and fast within three days); before it 国务院令649号 47.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from warehouse.benefits.amounts import MICRO
from warehouse.benefits.answers import FALSE, MISSING, OPEN, TRUE, always, answer
from warehouse.benefits.facts import NOBODY, day_number, day_of, past
from warehouse.benefits.finding import Condition, Findings, Told
from warehouse.benefits.grouping import at, latest_row_by, sum_by
from warehouse.benefits.persons import IncomeOfPersons, household_of_persons, person_findings, places_of_persons, returned_within
from warehouse.benefits.situation import Situation
from warehouse.benefits.telling import key_of, tell_return

APPROVALS = "temporary_assistance"


def temporary_assistance(situation: Situation) -> Findings:
    """Temporary assistance for every person of the facts back for no more than temporary_assistance_window_days."""
    household, now = household_of_persons(situation), situation.whereabouts.now
    places = places_of_persons(situation, household, now)
    person = np.flatnonzero(returned_within(situation, situation.law.in_force("temporary_assistance_window_days", places)))
    household, places = household[person], places.take(person)
    line = situation.law.product(("dibao_standard_yuan", "temporary_income_multiplier"), places)
    times = situation.law.in_force("temporary_times_per_year", places)
    approvals, is_of_person = _approvals(situation), _of_person(situation)
    told, latest = approvals_of(situation, person, household, approvals), _latest_approval(situation, person, household, approvals)
    within = np.where(times.missing != 0, MISSING, np.where(told * MICRO < times.amount, TRUE, FALSE))
    income = IncomeOfPersons(situation, person, household, line)
    citation = "社会救助法 37" if situation.is_new_law else "国务院令649号 47"

    def tell_approvals(place: int) -> Told:
        row = int(latest[place])
        return Told("approvals_this_year", int(told[place]), APPROVALS, key_of(situation, APPROVALS, row), _approved_on(situation, row))

    conditions = (
        Condition("TA1", always(OPEN, len(person)), citation, lambda place: tell_return(situation, int(person[place]), "sudden_hardship")),
        Condition("TA2", income.answer(), citation, income.tell, line),
        Condition("TA3", answer(within, times.missing), citation, tell_approvals, times),
    )
    applied = np.zeros(len(situation.facts.persons), dtype=bool)
    applied[is_of_person] = True
    region = np.where(household != NOBODY, at(situation.households.region, household, 0), now[person])
    return person_findings(situation, APPROVALS, person, household, conditions, region=region, has_own_application=applied[person])


def _of_person(situation: Situation) -> np.ndarray:
    person = situation.facts.column(APPROVALS, "person_id")
    return person[person != NOBODY]


def _approvals(situation: Situation) -> np.ndarray:
    """For every application: approved in the day's calendar year, and money was given."""
    rows = situation.facts[APPROVALS]
    approved = rows["approval_date"].to_numpy()
    first = day_number(situation.as_of.replace(month=1, day=1))
    return past(approved, day_number(situation.as_of)) & (approved >= first) & (rows["approved_amount_yuan"].to_numpy() > 0)


def _latest_approval(situation: Situation, person: np.ndarray, household: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The last approval that counts for each person, their own before another of the household; -1 where there is none."""
    rows = situation.facts[APPROVALS]
    days = rows["approval_date"].to_numpy()
    own = latest_row_by(rows["person_id"].to_numpy(), days, counts, len(situation.facts.persons))[person]
    of_home = latest_row_by(rows["household_number"].to_numpy(), days, counts, len(situation.facts.households))
    return np.where(own >= 0, own, at(of_home, household, -1))


def _approved_on(situation: Situation, row: int) -> date | None:
    return day_of(int(situation.facts.column(APPROVALS, "approval_date")[row])) if row >= 0 else None


def approvals_of(situation: Situation, person: np.ndarray, household: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """How many approvals the person or the household has; one that is of both counts once."""
    rows = situation.facts[APPROVALS]
    of_person, of_household = rows["person_id"].to_numpy(), rows["household_number"].to_numpy()
    by_person = sum_by(of_person, counts.astype(np.int64), len(situation.facts.persons))
    by_household = sum_by(of_household, counts.astype(np.int64), len(situation.facts.households))
    home = np.full(len(situation.facts.persons), NOBODY, dtype=np.int64)
    home[person] = household
    is_both = counts & (of_person != NOBODY) & (of_household != NOBODY) & (at(home, of_person, NOBODY) == of_household)
    both = sum_by(of_person, is_both.astype(np.int64), len(situation.facts.persons))
    return by_person[person] + np.where(household != NOBODY, at(by_household, household, 0), 0) - both[person]
