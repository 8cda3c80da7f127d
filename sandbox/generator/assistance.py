"""What civil affairs tells of households: who receives what, who belongs to them, what was checked and what was paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sandbox.generator.chance import Chance
from sandbox.generator.journeys import INSIDE, Journey
from sandbox.generator.people import Household, Person, Population
from sandbox.generator.rows import Row, make_row

STANDARDS = {"11": 730, "12": 590, "21": 700, "31": 730, "41": 950, "42": 900, "51": 730, "71": 1300}
BANDS = ("0", "1", "2", "3", "4", "5")


@dataclass(slots=True)
class Assisted:
    """A household known to civil affairs, with what it receives."""

    household: Household
    number: str
    category_code: str
    state_code: str
    consent_number: str | None
    amount: Decimal
    members: list[Person]


class AssistanceOffice:
    """Writes the four household feeds; one row per key, as the front-end tables hold them."""

    def __init__(self, chance: Chance, journeys: list[Journey], as_of: date) -> None:
        self._chance, self._as_of = chance, as_of
        self._journey_of = {j.person.number: j for j in journeys}
        self.rows: list[Row] = []
        self.assisted: list[Assisted] = []
        self._last: dict[str, int] = {}

    def admit(self, population: Population) -> None:
        """Assistance for every other household with a registered person and most of the others the office knows."""
        for household in population.households:
            if self._chance.happens(0.5 if household.has_registered_person else 0.92):
                self._household(household)

    def _household(self, household: Household) -> None:
        chance, county = self._chance, household.street.county
        category = self._category(household)
        state = chance.choices("123456", (5, 78, 5, 8, 3, 1))[0]
        members = household.members[1:2] if category == "71" else household.members
        if not members:
            members = household.members
        serial = self._serial("H")
        number = f"{household.street.code[:9]}{household.members[0].region[9:12] or '001'}{serial:06d}"
        applied = chance.day_between(self._as_of - timedelta(days=2200), self._as_of - timedelta(days=70))
        approved = min(chance.days_after(applied, 18, 50), self._as_of)
        consent = None if category == "71" else f"SQ{applied.year}{serial:06d}"
        amount = Decimal(chance.randint(10, 80) * 10)
        one = Assisted(household, number, category, state, consent, amount, members)
        values = self._money(one) | self._state(one, applied, approved)
        reviewed = chance.days_after(self._as_of, -200, -5)
        head = members[0]
        self._add(
            "assistance_households", head, f"MZ-H-{serial:09d}", max(reviewed, approved) if state in "23" else approved,
            household_number=number, household_register_number=household.register_number, category_code=category,
            household_state_code=state, application_date=applied, counted_members_count=len(members),
            last_review_date=reviewed if state in "23" else None, payment_mode_code=chance.choice("112"),
            next_review_date=reviewed + timedelta(days=182) if state in "23" else None, consent_number=consent,
            assistance_region_code=county.code, **values,
        )  # fmt: skip
        self.assisted.append(one)
        self._members(one, applied)
        self._checks(one, applied)
        self._payments(one)

    def _category(self, household: Household) -> str:
        ages = [member.age_on(self._as_of) for member in household.members]
        if len(ages) > 1 and ages[1] < 16 and self._chance.happens(0.1):
            return "71"
        if len(ages) == 1 and ages[0] > 60:
            return self._chance.choice(("41", "42", "42", "11", "12"))
        rural = household.street.county.name.endswith("县")
        return self._chance.choices(("12" if rural else "11", "21", "31", "51"), (70, 6, 17, 7))[0]

    def _money(self, one: Assisted) -> dict[str, Any]:
        income = Decimal(self._chance.randint(0, 60) * 50 * len(one.members)) / 2
        return {
            "household_income_yuan": income, "per_capita_income_yuan": income / len(one.members),
            "standard_yuan": Decimal(STANDARDS[one.category_code] + 10 * (len(one.household.street.county.name) % 4)),
            "category_supplement_yuan": Decimal(0),
        }  # fmt: skip

    def _state(self, one: Assisted, applied: date, approved: date) -> dict[str, Any]:
        """The fields the household's state asks for."""
        values: dict[str, Any] = {}
        if one.state_code in "2345":
            values |= {"approval_date": approved, "approving_organization_code": f"{one.household.street.county.code}M001"}
        if one.state_code in "234":
            values["benefit_start_month"] = month_after(approved, 1)
        if one.state_code in "23":
            values["benefit_amount_yuan"] = one.amount
        if one.state_code == "3":
            values["grace_end_month"] = month_after(self._as_of, 3)
        if one.state_code == "4":
            values |= {
                "benefit_end_month": month_after(max(approved, self._as_of - timedelta(days=200)), 2),
                "benefit_end_reason_code": self._chance.choice("123569"),
            }
        return values

    def _members(self, one: Assisted, joined: date) -> None:
        for person in one.members:
            relation = one.household.relations[one.household.members.index(person)] if person is not one.members[0] else "01"
            age = person.age_on(self._as_of)
            values = self._able(person, age) | self._counted(person) | self._left(person)
            parents = tuple(p.id_number for p in one.household.members if p.age_on(self._as_of) > age + 17 and p.id_type_code == "111")[:2]
            if one.category_code == "71" or (age < 18 and self._chance.happens(0.3)):
                values["parent_id_numbers"] = parents
            self._add(
                "assistance_members", person, f"MZ-M-{self._serial('M'):09d}", self._recent(), household_number=one.number,
                relationship_code=relation, household_join_date=max(joined, person.birth_date),
                wage_income_yuan=Decimal(self._chance.choice((0, 0, 0, 1200, 2100))) if 17 < age < 60 else Decimal(0),
                business_income_yuan=Decimal(0), property_income_yuan=Decimal(0),
                transfer_income_yuan=Decimal(self._chance.choice((0, 0, 220, 430))), **values,
            )  # fmt: skip

    def _able(self, person: Person, age: int) -> dict[str, Any]:
        chance = self._chance
        disabled = chance.choices(("0", "4", "6", "5", "2"), (90, 5, 2, 2, 1))[0]
        level = "0" if age < 4 or age > 22 else "1" if age < 6 else "2" if age < 16 else "3" if age < 19 else chance.choice("0456")
        return {
            "labour_capacity_code": "3" if age < 16 or age > 70 else "2" if disabled != "0" or age > 60 else "1",
            "work_state_code": "4" if level != "0" else None if age < 16 else chance.choice("12355") if age < 60 else "5",
            "disability_type_code": disabled, "disability_grade_code": chance.choice("1234") if disabled != "0" else "0",
            "major_illness_code": chance.choices("0129", (90, 4, 5, 1))[0], "student_level_code": level,
        }  # fmt: skip

    def _counted(self, person: Person) -> dict[str, Any]:
        """Not counted, neutrally, while inside; known to the office in most cases."""
        journey = self._journey_of.get(person.number)
        if journey and journey.kind in INSIDE and self._chance.happens(0.7):
            return {"counted_state_code": "02", "not_counted_start_date": journey.decision_date}
        return {"counted_state_code": "00"}

    def _left(self, person: Person) -> dict[str, Any]:
        if person.died_on and self._chance.happens(0.6):
            return {"household_leave_date": person.died_on, "household_leave_reason_code": "1"}
        return {}

    def _checks(self, one: Assisted, applied: date) -> None:
        if one.consent_number is None or not self._chance.happens(0.7):
            return
        chance, serial = self._chance, self._serial("HD")
        consent = chance.day_between(max(applied, self._as_of - timedelta(days=480)), self._as_of - timedelta(days=20))
        asked = min(chance.days_after(consent, 0, 3), self._as_of)
        issued = chance.days_after(asked, 4, 12)
        for person in one.members:
            adult = person.age_on(self._as_of) >= 18
            is_ready = issued <= self._as_of
            self._add(
                "means_checks", person, f"MZ-C-{self._serial('C'):09d}", issued if is_ready else asked,
                check_number=f"HD{asked.year}{serial:06d}", household_number=one.number, consent_number=one.consent_number,
                consent_date=consent, request_date=asked, report_issued_date=issued if is_ready else None,
                insured_wage_yuan=Decimal(chance.choice((0, 0, 0, 2400))) if adult else Decimal(0), taxed_income_yuan=Decimal(0),
                pension_income_yuan=Decimal(chance.choice((0, 1100))) if person.age_on(self._as_of) > 60 else Decimal(0),
                housing_fund_base_yuan=Decimal(0), houses_count=1 if person is one.members[0] else 0,
                houses_area_sqm=Decimal(chance.randint(300, 1100)) / 10 if person is one.members[0] else Decimal(0), vehicles_count=0,
                vehicles_value_yuan=Decimal(0), business_links_count=0, deposit_band_code=chance.choice("00112"), securities_band_code="0",
                insurance_premium_yuan=Decimal(0), check_result_code=chance.choices("123", (88, 7, 5))[0] if is_ready else None,
                valid_until_date=issued + timedelta(days=183) if is_ready else None,
            )  # fmt: skip

    def _payments(self, one: Assisted) -> None:
        """The last two months of what is being paid; a few returned, reversed or under way."""
        if one.state_code not in "23" or one.category_code in {"31", "51"}:
            return
        for back in (1, 0):
            if self._chance.happens(0.3):
                continue
            paid_on = _tenth(self._as_of, back)
            if paid_on > self._as_of:
                continue
            state = self._chance.choices("1234", (955, 25, 8, 12))[0]
            paid = {"2": Decimal(0), "3": -one.amount}.get(state, one.amount)
            serial = self._serial("P")
            self._add(
                "benefit_payments", one.members[0], f"MZ-P-{serial:09d}", paid_on, payment_number=f"FF{paid_on:%Y%m}{serial:07d}",
                household_number=one.number, category_code=one.category_code, benefit_month=f"{paid_on:%Y%m}", due_amount_yuan=one.amount,
                paid_amount_yuan=paid, payment_kind_code="1", payment_date=paid_on if state != "4" else None,
                payment_channel_code=self._chance.choice("1223"), payment_state_code=state,
                return_reason_code=self._chance.choice("1239") if state == "2" else None, fund_source_code=self._chance.choice("234"),
            )  # fmt: skip

    def _recent(self) -> date:
        return self._chance.days_after(self._as_of, -300, 0)

    def _serial(self, kind: str) -> int:
        self._last[kind] = self._last.get(kind, 0) + 1
        return self._last[kind]

    def _add(self, feed: str, person: Person, key: str, day: date, **values: Any) -> None:
        at = min(self._chance.office_time(day), datetime.combine(self._as_of, time(20, 0)))
        self.rows.append(make_row(feed, person, key, at, **values))


def month_after(day: date, later: int) -> str:
    """yyyymm, `later` months after the month of `day`."""
    count = day.year * 12 + day.month - 1 + later
    return f"{count // 12}{count % 12 + 1:02d}"


def _tenth(day: date, back: int) -> date:
    """The tenth of the month `back` months before `day`'s."""
    text = month_after(day, -back)
    return date(int(text[:4]), int(text[4:]), 10)
