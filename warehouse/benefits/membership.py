"""Who belongs to a household on a day, who of them is counted, and which households are looked at.

Source: 社会救助法 18, 19; 民发〔2021〕57号 7 (who counts without living there: spouse, minor children, dependent students).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from warehouse.benefits.amounts import RURAL, URBAN, Places
from warehouse.benefits.facts import NO_DAY, NO_REGION, NOBODY, Facts, ages, day_number, past, younger
from warehouse.benefits.grouping import any_by, at, first_by, latest_by
from warehouse.identity.regions import present_day

LOOKED_AT_CATEGORIES = (11, 12, 31, 51)
URBAN_CATEGORY, RURAL_CATEGORY = 11, 12
NOT_WITHDRAWN = (1, 2, 3, 4, 5)
ACTIVE = (1, 2, 3)
HEAD, SPOUSE = 1, 10
CHILDREN = (20, 30)
COUNTED, STATUTORY = 0, 2
OTHERWISE_NOT_COUNTED = (1, 3, 4)
NOT_NEEDED, YES, NO, UNKNOWN = 0, 1, 2, 3
# Lines of the table of counting; NOT_MEMBER where the row is no member on the day.
NOT_MEMBER, AS_RECORDED_OTHER, AWAY, RETURNED, LIVES_ELSEWHERE, RESIDENCE_UNKNOWN, AS_RECORDED, ELSE_COUNTED = range(8)


@dataclass(frozen=True)
class Households:
    """One row per household number of the facts.

    `is_looked_at`: in set H. `region`, `residence` (URBAN, RURAL) and whether a row tells the residence (`is_residence_told`);
    `row`: its row of assistance_households that gave the region (-1: none). `head_row`: its member row of the head (-1: none).
    """

    is_looked_at: np.ndarray
    is_active: np.ndarray
    region: np.ndarray
    residence: np.ndarray
    is_residence_told: np.ndarray
    row: np.ndarray
    head_row: np.ndarray
    head_person: np.ndarray
    places: Places


@dataclass(frozen=True)
class Whereabouts:
    """One row per person: absence, return, and where the person is now.

    `return_day`: latest return, NO_DAY when there is none; `is_returned` leaves out who is away again. `away_since`: first day of
    the running absence. `now`: region of present residence, for persons who ever returned.
    """

    is_dead: np.ndarray
    is_away: np.ndarray
    away_since: np.ndarray
    is_returned: np.ndarray
    return_day: np.ndarray
    now: np.ndarray


@dataclass(frozen=True)
class Members:
    """One row per row of assistance_members.

    `is_member` on the day; `is_listed`: the same, the dead included; `is_recorded_counted` by the list alone; `line` of the table of
    counting; `is_counted`: counted as worked out.
    """

    household: np.ndarray
    person: np.ndarray
    age: np.ndarray
    is_listed: np.ndarray
    is_member: np.ndarray
    is_recorded_counted: np.ndarray
    line: np.ndarray
    is_counted: np.ndarray


def households_of(facts: Facts, as_of: date) -> Households:
    """The households of the facts on the day."""
    rows = facts["assistance_households"]
    count = len(facts.households)
    exists = past(rows["application_date"].to_numpy(), day_number(as_of))
    household = rows["household_number"].to_numpy()
    category, state = rows["category_code"].to_numpy(), rows["household_state_code"].to_numpy()
    is_kind = exists & np.isin(category, LOOKED_AT_CATEGORIES)
    row = _telling_row(household, np.isin(state, ACTIVE), rows["source_updated_at"].to_numpy(), exists, count)
    region = np.where(row >= 0, at(rows["assistance_region_code"].to_numpy(), row, NO_REGION), NO_REGION)
    urban = any_by(household, exists & (category == URBAN_CATEGORY), count)
    rural = any_by(household, exists & (category == RURAL_CATEGORY), count)
    is_told = urban != rural
    residence = np.where(is_told, np.where(urban, URBAN, RURAL), residence_by_digits(region)).astype(np.int8)
    head_row = _head_rows(facts, count)
    of_members = at(persons_named(facts), head_row, NOBODY)
    first_row = first_by(household, exists, count)
    return Households(
        is_looked_at=any_by(household, is_kind & np.isin(state, NOT_WITHDRAWN), count),
        is_active=any_by(household, is_kind & np.isin(state, ACTIVE), count),
        region=region,
        residence=residence,
        is_residence_told=is_told,
        row=row,
        head_row=head_row,
        head_person=np.where(head_row >= 0, of_members, at(rows["person_id"].to_numpy(), first_row, NOBODY)),
        places=Places.of(region, residence),
    )


def persons_named(facts: Facts) -> np.ndarray:
    """For every member row the person it is shown under: whose it is, or while that is looked at, the one it stands for alone."""
    person, candidate = facts.column("assistance_members", "person_id"), facts.column("assistance_members", "candidate_id")
    return np.where(person != NOBODY, person, candidate)


def residence_by_digits(region: np.ndarray) -> np.ndarray:
    """URBAN or RURAL by digits 5 and 6 of the region: 01-20 are city districts."""
    district = first_digits(region, 6) % 100
    return np.where((district >= 1) & (district <= 20), URBAN, RURAL).astype(np.int8)


def whereabouts_of(facts: Facts, as_of: date) -> Whereabouts:
    """Absence, return and present region of every person on the day.

    An absence without a known first day counts for nothing; one that ended by death is neither absence nor return.
    """
    day, count = day_number(as_of), len(facts.persons)
    rows = facts["absences"]
    person, since, until = (rows[name].to_numpy() for name in ("person_id", "decision_date", "return_date"))
    is_known = past(since, day) & (person != NOBODY)
    has_ended = past(until, day)
    is_running = is_known & ~has_ended & (rows["is_over"].to_numpy() != 1)
    is_away = any_by(person, is_running, count)
    away_since = latest_by(person, since, is_running, count)
    return_day = latest_by(person, until, is_known & has_ended, count)
    is_last = is_known & has_ended & (until == at(return_day, person, NO_DAY))
    announced = np.zeros(count, dtype=np.int64)
    np.maximum.at(announced, person[is_last], rows["return_region_code"].to_numpy()[is_last])
    deaths = facts["deaths"]
    is_dead = any_by(deaths["person_id"].to_numpy(), past(deaths["change_date"].to_numpy(), day), count)
    now = np.where(return_day == NO_DAY, NO_REGION, _present_region(facts, announced, return_day, day))
    return Whereabouts(is_dead, is_away, away_since, (return_day != NO_DAY) & ~is_away, return_day, now)


def _present_region(facts: Facts, announced: np.ndarray, return_day: np.ndarray, day: int) -> np.ndarray:
    """The register's region where verified since the return, else the one announced, else the register's."""
    rows = facts["addresses"]
    person = rows["person_id"].to_numpy()
    order = np.lexsort((rows["source_updated_at"].to_numpy(), person))
    last = np.full(len(return_day), -1, dtype=np.int64)
    last[person[order][person[order] != NOBODY]] = order[person[order] != NOBODY]
    registered = at(rows["residence_region_code"].to_numpy(), last, NO_REGION)
    verified = at(rows["address_verified_date"].to_numpy(), last, NO_DAY)
    is_verified = past(verified, day) & (verified >= return_day) & (registered != NO_REGION)
    return np.where(is_verified, registered, np.where(announced != NO_REGION, announced, registered))


def members_of(facts: Facts, households: Households, whereabouts: Whereabouts, as_of: date) -> Members:
    """Every member row with its place in the table of counting."""
    day, rows = day_number(as_of), facts["assistance_members"]
    person, household = rows["person_id"].to_numpy(), rows["household_number"].to_numpy()
    join, leave = rows["household_join_date"].to_numpy(), rows["household_leave_date"].to_numpy()
    is_listed = ((join == NO_DAY) | (join <= day)) & ((leave == NO_DAY) | (leave > day))
    is_member = is_listed & ~at(whereabouts.is_dead, person, False)
    start, end = rows["not_counted_start_date"].to_numpy(), rows["not_counted_end_date"].to_numpy()
    code = rows["counted_state_code"].to_numpy()
    is_recorded = (code == COUNTED) | ((start != NO_DAY) & (start > day)) | ((end != NO_DAY) & (end < day))
    age = ages(rows["birth_date"].to_numpy(), as_of)
    return_day = at(whereabouts.return_day, person, NO_DAY)
    has_returned = at(whereabouts.is_returned, person, False) & (return_day >= start)
    is_statutory = ~is_recorded & (code == STATUTORY)
    residence = _residence_test(facts, households, whereabouts, age)
    line = np.select(
        [
            ~is_member,
            ~is_recorded & np.isin(code, OTHERWISE_NOT_COUNTED),
            at(whereabouts.is_away, person, False),
            is_statutory & has_returned & np.isin(residence, (NOT_NEEDED, YES)),
            is_statutory & has_returned & (residence == NO),
            is_statutory & has_returned,
            is_statutory,
        ],
        [NOT_MEMBER, AS_RECORDED_OTHER, AWAY, RETURNED, LIVES_ELSEWHERE, RESIDENCE_UNKNOWN, AS_RECORDED],
        ELSE_COUNTED,
    ).astype(np.int8)
    return Members(household, person, age, is_listed, is_member, is_recorded, line, np.isin(line, (RETURNED, ELSE_COUNTED)))


def _residence_test(facts: Facts, households: Households, whereabouts: Whereabouts, age: np.ndarray) -> np.ndarray:
    """Whether each member lives with the household: NOT_NEEDED, YES, NO or UNKNOWN."""
    rows = facts["assistance_members"]
    relationship, student = rows["relationship_code"].to_numpy(), rows["student_level_code"].to_numpy()
    own = rows["residence_region_code"].to_numpy()
    is_free = np.isin(relationship, (HEAD, SPOUSE)) | younger(age, 18)
    is_free |= (student >= 1) & (student <= 5) & np.isin(relationship, CHILDREN)
    heads = households.head_row[rows["household_number"].to_numpy()]
    is_head_told = (heads >= 0) & (at(relationship, heads, 0) == HEAD)
    of_head = np.where(is_head_told, at(own, heads, NO_REGION), NO_REGION)
    home = present_form(np.where(of_head != NO_REGION, of_head, own))
    now = present_form(at(whereabouts.now, rows["person_id"].to_numpy(), NO_REGION))
    is_long = (home >= 10**8) & (now >= 10**8)
    is_same_county = first_digits(home, 6) == first_digits(now, 6)
    is_same_street = first_digits(home, 9) == first_digits(now, 9)
    compared = np.where(is_long, np.where(is_same_street, YES, NO), np.where(is_same_county, UNKNOWN, NO))
    return np.where(is_free, NOT_NEEDED, np.where((home == NO_REGION) | (now == NO_REGION), UNKNOWN, compared))


def present_form(regions: np.ndarray) -> np.ndarray:
    """Region codes in their present-day form."""
    distinct, places = np.unique(regions, return_inverse=True)
    present = present_day([str(code) if code else None for code in distinct.tolist()])
    return np.array([int(code) if code else NO_REGION for code in present], dtype=np.int64)[places]


def first_digits(regions: np.ndarray, digits: int) -> np.ndarray:
    """The first six or nine digits of codes of 6, 9 or 12; a shorter code whole."""
    shortened = np.where(regions >= 10**11, regions // 1000, regions)
    return np.where((digits == 6) & (shortened >= 10**8), shortened // 1000, shortened)


def _telling_row(household: np.ndarray, is_active: np.ndarray, updated: np.ndarray, exists: np.ndarray, count: int) -> np.ndarray:
    """The row that counts for each household: one in force first, then the last changed, then the greatest key."""
    order = np.lexsort((updated, is_active, household))  # rows stand in order of their keys, and the sort keeps it
    order = order[exists[order]]
    last = np.full(count, -1, dtype=np.int64)
    last[household[order]] = order
    return last


def _head_rows(facts: Facts, count: int) -> np.ndarray:
    """The member row of each household's head: the first told as such, else the first of all, members or not."""
    rows = facts["assistance_members"]
    household = rows["household_number"].to_numpy()
    heads = first_by(household, rows["relationship_code"].to_numpy() == HEAD, count)
    return np.where(heads >= 0, heads, first_by(household, np.ones(len(rows), dtype=bool), count))
