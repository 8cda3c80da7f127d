"""Temporary assistance and public housing: applications of single persons and small households."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sandbox.generator.assistance import Assisted
from sandbox.generator.chance import Chance
from sandbox.generator.people import Person, Population
from sandbox.generator.places import Places
from sandbox.generator.rows import Row, make_row


class ReliefDesk:
    """Writes temporary_assistance, public_housing and the payments that belong to them."""

    def __init__(self, chance: Chance, places: Places, assisted: list[Assisted], as_of: date) -> None:
        self._chance, self._places, self._as_of = chance, places, as_of
        self._number_of = {m.number: a for a in assisted for m in a.members}
        self.rows: list[Row] = []
        self._last: dict[str, int] = {}

    def apply(self, population: Population) -> None:
        """Applications by about one registered person in seven, and few others."""
        for household in population.households:
            head = household.members[0]
            if self._chance.happens(0.1 if household.has_registered_person else 0.02):
                self._temporary(head, len(household.members))
            if self._chance.happens(0.06):
                self._housing(head, len(household.members))

    def _temporary(self, person: Person, members: int) -> None:
        chance, serial, street = self._chance, self._serial("T"), self._places.street(person.region)
        applied = chance.days_after(self._as_of, -330, -1)
        approved = chance.days_after(applied, 1, 6)
        is_approved = approved <= self._as_of and chance.happens(0.9)
        known = self._number_of.get(person.number)
        number = f"LS{applied.year}{serial:06d}"
        amount = Decimal(chance.choice((0, 500, 700, 1000, 1200, 2000)))
        paid = is_approved and amount > 0
        self._add(
            "temporary_assistance", person, f"MZ-T-{serial:09d}", approved if is_approved else applied, application_number=number,
            household_number=known.number if known else None, household_members_count=members, assistance_kind_code=chance.choice("1123"),
            hardship_code=chance.choice("12345559"), hardship_date=applied - timedelta(days=chance.randint(0, 6)),
            hardship_region_code=street.code, application_date=applied, approval_date=approved if is_approved else None,
            approving_organization_code=street.code if is_approved else None, approved_amount_yuan=amount if is_approved else None,
            goods_description="米面油" if chance.happens(0.06) else None, is_publicized=False, payment_date=approved if paid else None,
            year_approvals_count=1 if is_approved else None,
        )  # fmt: skip
        if paid:
            self._payment(person, approved, amount, "61", number)

    def _housing(self, person: Person, members: int) -> None:
        chance, serial = self._chance, self._serial("Z")
        applied = chance.day_between(self._as_of - timedelta(days=1500), self._as_of - timedelta(days=60))
        state = chance.choices("12345", (36, 40, 6, 4, 14))[0]
        known = self._number_of.get(person.number)
        queued = chance.days_after(applied, 15, 40)
        let = min(chance.days_after(queued, 20, 300), self._as_of)
        number = f"GZF{applied.year}{serial:06d}"
        values: dict[str, Any] = {}
        if state in "23":
            values = {
                "allotment_date": let, "contract_start_date": let,
                "contract_end_date": let.replace(year=let.year + 3, day=min(let.day, 28)),
                "dwelling_area_sqm": Decimal(chance.randint(300, 600)) / 10, "rent_yuan": Decimal(chance.randint(8, 30) * 10),
                "dwelling_address": f"安居公租房小区{chance.randint(1, 12)}号楼", "arrears_months": chance.choice((0, 0, 0, 1, 2, 6)),
                "idle_months": 0,
            }  # fmt: skip
        subsidy = Decimal(chance.randint(12, 40) * 10) if state == "5" else None
        self._add(
            "public_housing", person, f"ZJ-{serial:09d}", self._chance.days_after(self._as_of, -50, 0), application_number=number,
            household_number=known.number if known else None, household_members_count=members, application_date=applied,
            current_area_sqm=Decimal(chance.randint(50, 160)) / 10, housing_class_code="1" if known else chance.choice("1234"),
            queue_number=f"A-{serial:05d}", queue_start_date=queued, tenancy_state_code=state, rent_subsidy_yuan=subsidy,
            assistance_region_code=self._places.street(person.region).county.code, **values,
        )  # fmt: skip
        if subsidy and self._as_of.day >= 10:
            self._payment(person, self._as_of.replace(day=10), subsidy, "91", number)

    def _payment(self, person: Person, day: date, amount: Decimal, category: str, application: str) -> None:
        serial = self._serial("F")
        self._add(
            "benefit_payments", person, f"MZ-F-{serial:09d}", day, payment_number=f"FX{day:%Y%m}{serial:07d}",
            application_number=application, category_code=category, benefit_month=f"{day:%Y%m}", due_amount_yuan=amount,
            paid_amount_yuan=amount, payment_kind_code="1", payment_date=day, payment_channel_code="3", payment_state_code="1",
            fund_source_code="4",
        )  # fmt: skip

    def _serial(self, kind: str) -> int:
        self._last[kind] = self._last.get(kind, 0) + 1
        return self._last[kind]

    def _add(self, feed: str, person: Person, key: str, day: date, **values: Any) -> None:
        at = min(self._chance.office_time(day), datetime.combine(self._as_of, time(20, 0)))
        self.rows.append(make_row(feed, person, key, at, **values))
