"""On which later day time alone may change what is found: the first day a date of a household or person begins or ceases to count.

Between two such days inside one month, with the same rows and parameters, the rules give the same findings: every date they compare
with the day stands here. Waking too early only costs work.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np

from warehouse.benefits.facts import NO_DAY, NOBODY, Facts, day_number

NEVER = np.iinfo(np.int32).max
# Days from which a date counts (0), or ceases to count the day after (1).
FROM, AFTER = 0, 1
# So many days after a birth it calls for a look at the household.
DAYS_OF_BIRTHS = 365
OF_HOUSEHOLDS = (
    ("assistance_households", "application_date", FROM),
    ("assistance_members", "household_join_date", FROM),
    ("assistance_members", "household_leave_date", FROM),
    ("assistance_members", "not_counted_start_date", FROM),
    ("assistance_members", "not_counted_end_date", AFTER),
    ("means_checks", "report_issued_date", FROM),
    ("means_checks", "valid_until_date", AFTER),
    ("public_housing", "application_date", FROM),
    ("temporary_assistance", "approval_date", FROM),
    ("assistance_households", "next_review_date", AFTER),
    ("payments", "payment_date", FROM),
)
OF_PERSONS = (
    ("job_placements", "employment_start_date", FROM),
    ("job_placements", "employment_end_date", AFTER),
    ("job_seekers", "job_registration_date", FROM),
    ("job_seekers", "employment_hardship_start_date", FROM),
    ("job_seekers", "employment_hardship_end_date", AFTER),
    ("public_housing", "application_date", FROM),
    ("temporary_assistance", "approval_date", FROM),
    ("absences", "decision_date", FROM),
    ("absences", "return_date", FROM),
    ("deaths", "change_date", FROM),
    ("moves", "change_date", FROM),
    ("addresses", "address_verified_date", FROM),
)


def wakes_of(facts: Facts, as_of: date, *, windows_days: Iterable[int], months: Iterable[int]) -> tuple[np.ndarray, np.ndarray]:
    """First later day for every household and every person of the facts, as day numbers; NEVER where time changes nothing.

    Args:
        windows_days: days after a return in which a benefit is looked at, whatever the region.
        months: months without work that make long unemployment, whatever the region.
    """
    day = day_number(as_of)
    persons = np.full(len(facts.persons), NEVER, dtype=np.int64)
    households = np.full(len(facts.households), NEVER, dtype=np.int64)
    for feed, column, shift in OF_PERSONS:
        _wake(persons, facts.column(feed, "person_id"), facts.column(feed, column), shift, day)
    for days in windows_days:
        _wake(persons, facts.column("absences", "person_id"), facts.column("absences", "return_date"), days + 1, day)
    _wake(persons, facts.column("people", "person_id"), _birthdays(facts.column("people", "birth_date"), as_of), 0, day)
    since, seeker = facts.column("job_seekers", "unemployed_since_date"), facts.column("job_seekers", "person_id")
    for count in months:
        _wake(persons, seeker, _months_after(since, count), 0, day)
    for feed, column, shift in OF_HOUSEHOLDS:
        _wake(households, facts.column(feed, "household_number"), facts.column(feed, column), shift, day)
    members, of_member = facts.column("assistance_members", "household_number"), facts.column("assistance_members", "person_id")
    _wake(households, members, _birthdays(facts.column("assistance_members", "birth_date"), as_of), 0, day)
    household, born = _births(facts)
    for shift in (FROM, DAYS_OF_BIRTHS + 1):
        _wake(households, household, born, shift, day)
    is_known = of_member != NOBODY
    np.minimum.at(households, members[is_known], persons[of_member[is_known]])
    return households, persons


def _births(facts: Facts) -> tuple[np.ndarray, np.ndarray]:
    """Households and the days of births that may be theirs by the number of their register."""
    number = "household_register_number"
    rows, born = facts["assistance_households"], facts["births"]
    mine = rows.loc[rows[number] != "", ["household_number", number]].drop_duplicates().merge(born[[number, "change_date"]], on=number)
    return mine["household_number"].to_numpy(), mine["change_date"].to_numpy()


def _wake(wakes: np.ndarray, group: np.ndarray, days: np.ndarray, shift: int, day: int) -> None:
    counts = days.astype(np.int64) + shift
    holds = (days != NO_DAY) & (counts > day) & (group != NOBODY)
    np.minimum.at(wakes, group[holds], counts[holds])


def _birthdays(births: np.ndarray, as_of: date) -> np.ndarray:
    """The next birthday after the day; 29 February is 1 March in other years."""
    days = births.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    in_month = (days - months.astype("datetime64[D]")).astype(np.int64)
    month_of_year = months.astype(np.int64) % 12
    this_year = _day(as_of.year, month_of_year, in_month)
    next_year = _day(as_of.year + 1, month_of_year, in_month)
    found = np.where(this_year > day_number(as_of), this_year, next_year)
    return np.where(births == NO_DAY, NO_DAY, found)


def _day(year: int, month_of_year: np.ndarray, in_month: np.ndarray) -> np.ndarray:
    first = ((year - 1970) * 12 + month_of_year).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return first + in_month


def _months_after(days: np.ndarray, count: int) -> np.ndarray:
    """The first day whose day so many months before is not earlier: a day the month lacks is the first of the next."""
    given = days.astype("datetime64[D]")
    months = given.astype("datetime64[M]")
    in_month = (given - months.astype("datetime64[D]")).astype(np.int64)
    first, following = (
        (months + count).astype("datetime64[D]").astype(np.int64),
        (months + count + 1).astype("datetime64[D]").astype(np.int64),
    )
    return np.where(days == NO_DAY, NO_DAY, np.minimum(first + in_month, following))
