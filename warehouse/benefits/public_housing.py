"""Public rental housing for persons who came back of late and for applicants who wait.

Source: 公共租赁住房管理办法 7 (from memory: confirm before use); from 2026-07-01 社会救助法 26 takes in marginal and rigid households.
"""

from __future__ import annotations

import numpy as np

from warehouse.benefits.amounts import NOT_KNOWN, two_decimals
from warehouse.benefits.answers import FALSE, MISSING, TRUE, answer, bit
from warehouse.benefits.facts import NO_DAY, NOBODY, day_number, past
from warehouse.benefits.finding import Condition, Findings, Told
from warehouse.benefits.grouping import any_by, at, latest_row_by, sum_by
from warehouse.benefits.persons import IncomeOfPersons, household_of_persons, person_findings, places_of_persons, returned_within
from warehouse.benefits.situation import Situation
from warehouse.benefits.telling import changed_on, key_of, tell_checks

HOUSING = "public_housing"
WAITING, SERVED = 1, (2, 5)


def public_housing(situation: Situation) -> Findings:
    """Public housing for every person of the facts back for no more than benefit_window_days, and every applicant who waits."""
    facts, where = situation.facts, situation.whereabouts
    rows = facts[HOUSING]
    exists = past(rows["application_date"].to_numpy(), day_number(situation.as_of))
    of_person, of_household = rows["person_id"].to_numpy(), rows["household_number"].to_numpy()
    state = rows["tenancy_state_code"].to_numpy()
    waiting = latest_row_by(of_person, rows["application_date"].to_numpy(), exists & (state == WAITING), len(facts.persons))
    home = household_of_persons(situation)
    asked_for = np.where(home != NOBODY, home, at(of_household, waiting, NOBODY))
    is_looked_at = (asked_for != NOBODY) & at(situation.households.is_looked_at, asked_for, False)
    with_facts = np.where(is_looked_at, asked_for, NOBODY)
    of_application = at(rows["assistance_region_code"].to_numpy(), waiting, 0)
    region = np.where(where.return_day == NO_DAY, of_application, where.now)
    places = places_of_persons(situation, with_facts, region)
    is_back = returned_within(situation, situation.law.in_force("benefit_window_days", places))
    person = np.flatnonzero(is_back | ((waiting >= 0) & ~where.is_dead))
    household, with_facts, places = asked_for[person], with_facts[person], places.take(person)
    line = situation.law.product(("dibao_standard_yuan", "housing_income_multiplier"), places)
    area_line = situation.law.in_force("housing_area_line_sqm", places)
    served, day = exists & np.isin(state, SERVED), rows["application_date"].to_numpy()
    of_home = at(latest_row_by(of_household, day, served, len(facts.households)), household, -1)
    own = latest_row_by(of_person, day, served, len(facts.persons))[person]
    served_row = np.where(own >= 0, own, of_home)
    area = AreaOfPersons(situation, person, household, with_facts, exists)
    told_area, heads, told_row = area.columns()
    is_small = np.where(told_area < area_line.amount * heads, TRUE, FALSE)
    is_known = told_area != NOT_KNOWN
    small = np.where(area_line.missing != 0, MISSING, np.where(is_known, is_small, MISSING))
    names = area_line.missing | np.where(is_known, 0, bit("housing_area")).astype(np.uint64)
    income = IncomeOfPersons(situation, person, with_facts, line)
    citation = "公共租赁住房管理办法 7; 社会救助法 26" if situation.is_new_law else "公共租赁住房管理办法 7"

    def tell_area(place: int) -> Told:
        value = None if not is_known[place] else {"area_sqm": two_decimals(int(told_area[place])), "members": int(heads[place])}
        row = int(told_row[place])
        if row < 0 and is_known[place]:
            return Told("housing_area", value, *tell_checks(situation, int(with_facts[place])))
        feed = HOUSING if row >= 0 else "means_checks"
        return Told("housing_area", value, feed, key_of(situation, HOUSING, row), changed_on(situation, HOUSING, row))

    def tell_tenancy(place: int) -> Told:
        row = int(served_row[place])
        word = "tenant or subsidised" if row >= 0 else "none"
        return Told("tenancy", word, HOUSING, key_of(situation, HOUSING, row), changed_on(situation, HOUSING, row))

    conditions = (
        Condition("PH1", answer(np.where(served_row >= 0, FALSE, TRUE)), citation, tell_tenancy),
        Condition("PH2", answer(small, names), citation, tell_area, area_line),
        Condition("PH3", income.answer(), citation, income.tell, line),
    )
    office = np.where(with_facts != NOBODY, at(situation.households.region, with_facts, 0), region[person])
    return person_findings(situation, HOUSING, person, household, conditions, region=office, has_own_application=waiting[person] >= 0)


class AreaOfPersons:
    """Dwelling area per person: of the latest application that tells it, else of the household's checks."""

    def __init__(self, situation: Situation, person: np.ndarray, household: np.ndarray, with_facts: np.ndarray, exists: np.ndarray) -> None:
        self._situation = situation
        self._person, self._household, self._with_facts, self._exists = person, household, with_facts, exists

    def columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Area in millionths of a square metre (NOT_KNOWN: none), persons it is for, and the application's row (-1: the checks)."""
        row = self._latest()
        told = at(self._situation.facts.column(HOUSING, "current_area_sqm"), row, NOT_KNOWN)
        area, members = self._of_checks()
        is_told = row >= 0
        return np.where(is_told, told, area), np.where(is_told, 1, members), row

    def _latest(self) -> np.ndarray:
        rows = self._situation.facts[HOUSING]
        days = rows["application_date"].to_numpy()
        holds = self._exists & (rows["current_area_sqm"] != NOT_KNOWN).to_numpy()
        facts = self._situation.facts
        by_person = latest_row_by(rows["person_id"].to_numpy(), days, holds, len(facts.persons))[self._person]
        by_household = latest_row_by(rows["household_number"].to_numpy(), days, holds, len(facts.households))
        of_home = np.where(self._household != NOBODY, at(by_household, self._household, -1), -1)
        is_later = at(days, of_home, NO_DAY) > at(days, by_person, NO_DAY)
        return np.where((of_home >= 0) & ((by_person < 0) | is_later), of_home, by_person)

    def _of_checks(self) -> tuple[np.ndarray, np.ndarray]:
        situation = self._situation
        members, count = situation.members, len(situation.households.region)
        area = situation.checks["houses_area_sqm"].to_numpy()
        is_told = members.is_counted & (situation.check_row >= 0) & (area != NOT_KNOWN)
        total = sum_by(members.household, np.where(is_told, area, 0), count)
        total = np.where(any_by(members.household, is_told, count), total, NOT_KNOWN)
        has_facts = self._with_facts != NOBODY
        of_home = np.where(has_facts, at(total, self._with_facts, NOT_KNOWN), NOT_KNOWN)
        return of_home, np.where(has_facts, at(situation.totals.counted, self._with_facts, 0), 0)
