"""Employment assistance (就业援助) for persons who came back of late and for registered job seekers.

Source: 就业促进法 52-54; 社会救助法 27 (from 2026-07-01 marginal and rigid households too). Provincial classes are not delivered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.benefits.amounts import MICRO, InForce, Places, one_or_other
from warehouse.benefits.answers import FALSE, MISSING, NONE_MISSING, OPEN, TRUE, Answer, answer, bit
from warehouse.benefits.facts import NO_CODE, NO_DAY, NOBODY, Facts, ages, day_number, day_of, months_before, none_or_from, past
from warehouse.benefits.finding import Condition, Findings, Told
from warehouse.benefits.grouping import any_by, at, first_by
from warehouse.benefits.income import is_in_window, is_placed
from warehouse.benefits.persons import household_of_persons, member_row_of_persons, person_findings, places_of_persons, returned_within
from warehouse.benefits.single_person_dibao import is_disabled
from warehouse.benefits.situation import Situation
from warehouse.benefits.telling import HOUSEHOLDS, MEMBERS, changed_on, key_of, month_of, tell_return

SEEKERS = "job_seekers"
UNEMPLOYED, HARD_TO_EMPLOY = 1, 3
YOUNGEST = 16
UNABLE = 3
MALE, FEMALE = 1, 2
ASSISTED = (11, 12, 21)
ASSISTED_SINCE_2026 = (31, 51)
DECIDED = (2, 3)
WORK_INSURANCE, PAID = (1, 5), 1


@dataclass(frozen=True)
class Seeker:
    """Job seekers' rows by person: `is_registered` in state 1, `row` the first such row, `exists` by row."""

    exists: np.ndarray
    is_registered: np.ndarray
    row: np.ndarray


def employment_assistance(situation: Situation) -> Findings:
    """Employment assistance for every person back for no more than benefit_window_days, and every registered job seeker."""
    facts, where = situation.facts, situation.whereabouts
    seeker = _seekers(situation)
    home = household_of_persons(situation)
    seeking_in = at(facts.column(SEEKERS, "residence_region_code"), seeker.row, 0)
    region = np.where(seeking_in != 0, seeking_in, where.now)
    places = places_of_persons(situation, home, region)
    is_back = returned_within(situation, situation.law.in_force("benefit_window_days", places))
    person = np.flatnonzero(is_back | (seeker.is_registered & ~where.is_dead))
    places = places.take(person)
    birth, sex = _birth_and_sex(facts, person)
    age = ages(birth, situation.as_of)
    member = member_row_of_persons(situation, looked_at=False)[person]
    oldest = situation.law.in_force("work_age_max_years", places)
    labour, hardship = _labour(facts, member, seeker.is_registered[person]), Hardship(situation, person, age, sex, places, seeker)
    is_working, placed, insured = _working(situation)
    citation = "就业促进法 52-54; 社会救助法 27" if situation.is_new_law else "就业促进法 52-54; 国务院令649号 42"

    def tell_seeker(place: int) -> Told:
        row = int(seeker.row[person[place]])
        key, day = key_of(situation, SEEKERS, row), changed_on(situation, SEEKERS, row)
        return Told("job_seeker", "registered" if row >= 0 else None, SEEKERS, key, day)

    def tell_labour(place: int) -> Told:
        row = int(member[place])
        if row < 0:
            return tell_seeker(place)
        code = int(facts.column(MEMBERS, "labour_capacity_code")[row])
        key, day = key_of(situation, MEMBERS, row), changed_on(situation, MEMBERS, row)
        return Told("labour_capacity", code if code >= 0 else None, MEMBERS, key, day)

    def tell_age(place: int) -> Told:
        value = int(age[place]) if age[place] >= 0 else None
        return Told("age", value) if seeker.row[person[place]] >= 0 else tell_return(situation, int(person[place]), "age", {"age": value})

    conditions = (
        Condition("EA1", _of_working_age(age, oldest), citation, tell_age, oldest),
        Condition("EA2", labour, citation, tell_labour),
        Condition(
            "EA3",
            answer(np.where(is_working[person], FALSE, TRUE)),
            citation,
            lambda place: _tell_work(situation, int(placed[person[place]]), int(insured[person[place]])),
        ),
        Condition("EA4", hardship.answer(), citation, hardship.tell, hardship.age_line, hardship.other_lines),
        Condition("EA5", answer(np.where(seeker.is_registered[person], TRUE, OPEN)), citation, tell_seeker),
    )
    office = np.where(home[person] != NOBODY, at(situation.households.region, home[person], 0), region[person])
    return person_findings(
        situation,
        "employment_assistance",
        person,
        home[person],
        conditions,
        region=office,
        has_own_application=seeker.is_registered[person],
    )


def _seekers(situation: Situation) -> Seeker:
    rows, count = situation.facts[SEEKERS], len(situation.facts.persons)
    person = rows["person_id"].to_numpy()
    exists = past(rows["job_registration_date"].to_numpy(), day_number(situation.as_of))
    row = first_by(person, exists & (rows["job_state_code"] == UNEMPLOYED).to_numpy(), count)
    return Seeker(exists, row >= 0, row)


def _birth_and_sex(facts: Facts, person: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows, count = facts["people"], len(facts.persons)
    birth, sex = np.full(count, NO_DAY, dtype=np.int32), np.full(count, NO_CODE, dtype=np.int8)
    birth[rows["person_id"].to_numpy()] = rows["birth_date"].to_numpy()
    sex[rows["person_id"].to_numpy()] = rows["sex_code"].to_numpy()
    return birth[person], sex[person]


def _of_working_age(age: np.ndarray, oldest: InForce) -> Answer:
    is_old = age * MICRO >= oldest.amount
    result = np.where(age < YOUNGEST, FALSE, np.where(oldest.missing != 0, MISSING, np.where(is_old, FALSE, TRUE)))
    return answer(np.where(age < 0, OPEN, result), oldest.missing)


def _labour(facts: Facts, member: np.ndarray, is_registered: np.ndarray) -> Answer:
    """What the member row says; without one a registered job seeker can work, of others nobody knows."""
    code = at(facts.column(MEMBERS, "labour_capacity_code"), member, NO_CODE)
    told = np.where(code == UNABLE, FALSE, TRUE)
    result = np.where(code != NO_CODE, told, np.where(is_registered, TRUE, MISSING))
    return answer(result, np.full(len(result), bit("labour_capacity")))


def _working(situation: Situation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every person: in work by a placement in force or by contributions an employer pays; and the rows that show it."""
    facts, count = situation.facts, len(situation.facts.persons)
    placed = first_by(facts.column("job_placements", "person_id"), is_placed(facts, situation.as_of), count)
    rows = facts["insurance_contributions"]
    paid = is_in_window(facts, situation.as_of) & rows["insurance_kind_code"].isin(WORK_INSURANCE).to_numpy()
    paid &= (rows["contribution_state_code"] == PAID).to_numpy() & (rows["employer_credit_number"] != NOBODY).to_numpy()
    insured = first_by(rows["person_id"].to_numpy(), paid, count)
    return (placed >= 0) | (insured >= 0), placed, insured


def _tell_work(situation: Situation, placed: int, insured: int) -> Told:
    """The placement in force with its first day, else the contribution with its month."""
    if placed >= 0:
        since = int(situation.facts.column("job_placements", "employment_start_date")[placed])
        return Told("work", "in work", "job_placements", key_of(situation, "job_placements", placed), day_of(since))
    if insured >= 0:
        feed = "insurance_contributions"
        return Told("work", "in work", feed, key_of(situation, feed, insured), month_of(situation, insured))
    return Told("work", "none in force", "job_placements")


class Hardship:
    """Who is hard to employ: recorded, of an assisted household, long unemployed, disabled, or older; else it is open."""

    def __init__(self, situation: Situation, person: np.ndarray, age: np.ndarray, sex: np.ndarray, places: Places, seeker: Seeker) -> None:
        self._situation, self._person, self._age, self._sex = situation, person, age, sex
        male = situation.law.in_force("older_worker_age_male_years", places)
        female = situation.law.in_force("older_worker_age_female_years", places)
        self._male, self._female = male, female
        self._months = situation.law.in_force("long_unemployed_months", places)
        self._seeker = seeker
        self._grounds = {
            "recorded": self._recorded(),
            "assisted_household": self._assisted(),
            "long_unemployed": self._long_unemployed(),
            "disability": self._disabled(),
            "older_worker": self._older(),
        }

    @property
    def age_line(self) -> InForce:
        """The age from which a worker is an older one: a woman's, a man's also where the sex is not known."""
        return one_or_other(self._male, self._female, self._sex == FEMALE)

    @property
    def other_lines(self) -> tuple[InForce, ...]:
        """The months that make long unemployment."""
        return (self._months,)

    def answer(self) -> Answer:
        """True on any ground; else missing where a parameter of one is; else open."""
        holds = np.any(list(self._grounds.values()), axis=0)
        of_age = np.where(self._sex == FEMALE, self._female.missing, np.where(self._sex == MALE, self._male.missing, NONE_MISSING))
        missing = of_age | self._months.missing
        return answer(np.where(holds, TRUE, np.where(missing != 0, MISSING, OPEN)), missing)

    def tell(self, place: int) -> Told:
        """Which grounds hold for one subject."""
        row = int(self._seeker.row[self._person[place]])
        return Told(
            "employment_hardship",
            [name for name, holds in self._grounds.items() if holds[place]],
            SEEKERS if row >= 0 else None,
            key_of(self._situation, SEEKERS, row),
            changed_on(self._situation, SEEKERS, row),
        )

    def _of_seekers(self, holds: np.ndarray) -> np.ndarray:
        facts = self._situation.facts
        return any_by(facts.column(SEEKERS, "person_id"), holds & self._seeker.exists, len(facts.persons))[self._person]

    def _recorded(self) -> np.ndarray:
        rows, day = self._situation.facts[SEEKERS], day_number(self._situation.as_of)
        is_kind = (rows["job_registration_type_code"] == HARD_TO_EMPLOY).to_numpy()
        is_since = past(rows["employment_hardship_start_date"].to_numpy(), day)
        return self._of_seekers(is_kind & is_since & none_or_from(rows["employment_hardship_end_date"].to_numpy(), day))

    def _assisted(self) -> np.ndarray:
        situation = self._situation
        rows, members = situation.facts[HOUSEHOLDS], situation.members
        categories = ASSISTED + ASSISTED_SINCE_2026 if situation.is_new_law else ASSISTED
        holds = rows["category_code"].isin(categories).to_numpy() & rows["household_state_code"].isin(DECIDED).to_numpy()
        holds &= past(rows["application_date"].to_numpy(), day_number(situation.as_of))
        is_assisted = any_by(rows["household_number"].to_numpy(), holds, len(situation.facts.households))
        return any_by(members.person, members.is_member & is_assisted[members.household], len(situation.facts.persons))[self._person]

    def _long_unemployed(self) -> np.ndarray:
        """Without work since a day at least so many months ago, by any row of the person."""
        rows = self._situation.facts[SEEKERS]
        since = rows["unemployed_since_date"].to_numpy()
        earliest = np.full(len(self._situation.facts.persons), np.iinfo(np.int32).max, dtype=np.int64)
        counts = self._seeker.exists & (since != NO_DAY) & (rows["person_id"] != NOBODY).to_numpy()
        np.minimum.at(earliest, rows["person_id"].to_numpy()[counts], since[counts])
        months = self._months.amount // MICRO
        limits = {count: day_number(months_before(self._situation.as_of, count)) for count in np.unique(months).tolist()}
        limit = np.array([limits[count] for count in months.tolist()], dtype=np.int64)
        return (earliest[self._person] <= limit) & (self._months.missing == 0)

    def _disabled(self) -> np.ndarray:
        members = self._situation.members
        holds = members.is_member & is_disabled(self._situation.facts)
        return any_by(members.person, holds, len(self._situation.facts.persons))[self._person]

    def _older(self) -> np.ndarray:
        is_older = np.zeros(len(self._person), dtype=bool)
        for sex, line in ((MALE, self._male), (FEMALE, self._female)):
            is_older |= (self._sex == sex) & (line.missing == 0) & (self._age >= 0) & (self._age * MICRO >= line.amount)
        return is_older
