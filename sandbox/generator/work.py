"""What the employment bureau tells: seekers, placements, trainings, and insurance month by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sandbox.generator.assistance import month_after
from sandbox.generator.chance import Chance
from sandbox.generator.journeys import INSIDE, Journey
from sandbox.generator.numbers import credit_code
from sandbox.generator.people import Person, Population
from sandbox.generator.places import Places
from sandbox.generator.rows import Row, make_row

OCCUPATIONS = (
    "4-02-02-02",
    "4-02-07-08",
    "4-02-07-10",
    "4-03-02-01",
    "4-09-08-01",
    "4-10-01-06",
    "4-10-03-02",
    "4-12-01-01",
    "6-18-02-04",
    "6-31-01-03",
)
COURSES = {
    "4-03-02-01": "中式烹调",
    "4-12-01-01": "汽车维修",
    "6-18-02-04": "焊接与热切割",
    "6-31-01-03": "低压电工作业",
    "4-10-01-06": "家政服务",
}
EMPLOYERS = ["汾水物流", "晋泰餐饮", "恒通电气", "安居物业", "晨光家政", "远达汽修", "广源超市", "鼎盛建材"]


@dataclass(frozen=True, slots=True)
class Employer:
    """A company that does not exist."""

    credit_code: str
    name: str


class EmploymentOffice:
    """Writes the four employment feeds."""

    def __init__(self, chance: Chance, places: Places, journeys: list[Journey], as_of: date) -> None:
        self._chance, self._places, self._as_of = chance, places, as_of
        self._inside = {j.person.number for j in journeys if j.kind in INSIDE}
        self._employers = [
            Employer(credit_code(chance, c.code), name + "有限公司") for c in places.counties for name in chance.some(EMPLOYERS, 3, 6)
        ]
        self.rows: list[Row] = []
        self._last: dict[str, int] = {}

    def serve(self, population: Population) -> None:
        """Work histories of registered persons and of some members of other households."""
        for household in population.households:
            for place, person in enumerate(household.members):
                is_registered = household.has_registered_person and place == 0
                age = person.age_on(self._as_of)
                if person.number in self._inside or not 18 <= age <= 59 or person.died_on:
                    continue
                if self._chance.happens(0.42 if is_registered else 0.03):
                    self._seeker(person)
                if self._chance.happens(0.5 if is_registered else 0.1):
                    self._insure(person)

    def _seeker(self, person: Person) -> None:
        chance, serial = self._chance, self._serial("QZ")
        kind = chance.choices("123", (50, 30, 20))[0]
        registered = chance.day_between(self._as_of - timedelta(days=700), self._as_of - timedelta(days=70))
        state = chance.choices("1234", (62, 24, 6, 8))[0]
        number = f"QZ{self._places.street(person.region).county.code}{registered.year}{serial:06d}"
        values: dict[str, Any] = {}
        if kind in "13":
            values["unemployed_since_date"] = registered - timedelta(days=chance.randint(5, 360))
        if kind == "3":
            values |= {
                "employment_hardship_codes": chance.some(("01", "03", "05", "08"), 1, 2), "employment_hardship_start_date": registered,
                "employment_hardship_end_date": registered + timedelta(days=1095),
            }  # fmt: skip
        contacted = min(registered + timedelta(days=chance.randint(5, 300)), self._as_of - timedelta(days=46))
        contacted = max(contacted, registered)
        if state == "4":
            values |= {"job_cancel_date": contacted, "job_cancel_reason_code": chance.choice("1349")}
        self._add(
            "job_seekers", person, f"RS-QZ-{serial:07d}", contacted, job_seeker_number=number, job_registration_type_code=kind,
            job_registration_date=registered, unemployment_reason_code=chance.choice("1239"),
            education_code=chance.choices(("30", "40", "60", "70", "80"), (6, 14, 20, 46, 14))[0],
            skills=chance.some(("电工:5", "焊工:5", "中式烹调:4", "驾驶:5"), 0, 2), desired_occupation_codes=chance.some(OCCUPATIONS, 1, 2),
            desired_wage_yuan=Decimal(chance.randint(5, 12) * 500), job_state_code=state,
            refusals_count=chance.choices((0, 1, 2, 3), (80, 13, 5, 2))[0], last_contact_date=contacted, **values,
        )  # fmt: skip
        if chance.happens(0.55):
            self._place(person, number, registered)
        if chance.happens(0.2):
            self._train(person, number)

    def _place(self, person: Person, seeker: str, after: date) -> None:
        chance, serial = self._chance, self._serial("JY")
        started = chance.day_between(after, self._as_of - timedelta(days=2))
        kind = chance.choices("12345", (70, 12, 8, 4, 6))[0]
        employer = chance.choice(self._employers) if kind in "134" else None
        channel = chance.choices("12349", (28, 10, 16, 40, 6))[0]
        left = chance.days_after(started, 40, 400)
        ended = left if left <= self._as_of and chance.happens(0.5) else None
        subsidy = Decimal(700) if kind == "3" else Decimal(0)
        verified = min(chance.days_after(started, 1, 10), self._as_of)
        days = ((ended or self._as_of) - started).days
        self._add(
            "job_placements", person, f"RS-JY-{serial:07d}", ended or verified, placement_number=f"JY{started.year}{serial:08d}",
            job_seeker_number=seeker if channel in "123" else None, employer_credit_number=employer.credit_code if employer else None,
            employer_name=employer.name if employer else None, occupation_code=chance.choice(OCCUPATIONS), employment_kind_code=kind,
            employment_start_date=started, employment_end_date=ended, employment_end_reason_code=chance.choice("1239") if ended else None,
            contract_months=chance.choice((12, 12, 24, None)), wage_yuan=Decimal(chance.randint(32, 98) * 50), post_subsidy_yuan=subsidy,
            insurance_subsidy_yuan=Decimal(0), subsidy_start_date=started if subsidy else None, subsidy_end_date=None,
            referral_channel_code=channel, verified_date=verified, is_retained_3_months=days > 92, is_retained_6_months=days > 183,
        )  # fmt: skip

    def _train(self, person: Person, seeker: str) -> None:
        chance, serial = self._chance, self._serial("PX")
        started = chance.day_between(self._as_of - timedelta(days=420), self._as_of - timedelta(days=4))
        ended, occupation = started + timedelta(days=chance.randint(15, 40)), chance.choice(list(COURSES))
        is_over = ended <= self._as_of
        result = chance.choices("123", (80, 14, 6))[0] if is_over else None
        self._add(
            "trainings", person, f"RS-PX-{serial:07d}", ended if is_over else started, job_seeker_number=seeker,
            class_number=f"PX{self._places.street(person.region).county.code}{started:%Y%m}{serial:04d}",
            institution_name="汾河职业技能培训学校",
            course_name=COURSES[occupation], occupation_code=occupation, training_place_code=chance.choice("1123"), planned_hours=80,
            attended_hours=Decimal(chance.randint(80, 160)) / 2 if is_over else None, training_start_date=started, training_end_date=ended,
            exam_result_code=result, skill_certificate_number=f"S0000{serial:011d}" if result == "1" else None,
            certificate_level_code="5" if result == "1" else None,
            training_subsidy_yuan=Decimal(1200) if result == "1" else Decimal(0) if is_over else None,
        )  # fmt: skip

    def _insure(self, person: Person) -> None:
        chance = self._chance
        kind = chance.choices("123456", (46, 22, 12, 12, 5, 3))[0]
        by_unit = kind in "1356"
        employer = chance.choice(self._employers) if by_unit else None
        base = Decimal(chance.randint(32, 90) * 50)
        county, first = self._places.street(person.region).county.code, f"{chance.randint(2012, 2024)}{chance.randint(1, 12):02d}"
        for back in (3, 2, 1):
            if chance.happens(0.12):
                continue
            paid, month = (base * 8 / 100).quantize(Decimal("0.01")) if by_unit else Decimal(200), month_after(self._as_of, -back)
            state = chance.choices("1234", (95, 2, 2, 1))[0]
            at = date(int(month[:4]), int(month[4:]), 28) + timedelta(days=7)
            self._add(
                "insurance_contributions", person, f"RS-SB-{self._serial('SB'):010d}", at, insurance_kind_code=kind,
                contribution_month=month, employer_credit_number=employer.credit_code if employer else None,
                employer_name=employer.name if employer else None, contribution_base_yuan=base if by_unit else None,
                personal_contribution_yuan=-paid if state == "4" else paid, employer_contribution_yuan=paid * 2 if by_unit else None,
                contribution_state_code=state, contributed_months=chance.randint(3, 180), is_subsidized=False,
                first_contribution_month=first, last_contribution_month=month, insurance_region_code=county,
            )  # fmt: skip

    def _serial(self, kind: str) -> int:
        self._last[kind] = self._last.get(kind, 0) + 1
        return self._last[kind]

    def _add(self, feed: str, person: Person, key: str, day: date, **values: Any) -> None:
        at = min(self._chance.office_time(day), datetime.combine(self._as_of, time(20, 0)))
        self.rows.append(make_row(feed, person, key, at, **values))
