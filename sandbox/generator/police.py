"""What the police platform tells beside orders: the register, tests, risk assessments, leaves and violations."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sandbox.generator.chance import Chance
from sandbox.generator.journeys import INSIDE, Journey, Order
from sandbox.generator.people import Person, Population
from sandbox.generator.places import Places, Street
from sandbox.generator.rows import Row, make_row


class PoliceDesk:
    """Writes the police platform's rows; serials run through the whole province."""

    def __init__(self, chance: Chance, places: Places, as_of: date) -> None:
        self._chance, self._places, self._as_of = chance, places, as_of
        self.rows: list[Row] = []
        self._last: dict[str, int] = {}

    def register(self, population: Population, journeys: list[Journey], orders: list[Order]) -> None:
        """One row per registered person, one in twelve with an older version too."""
        journey_of = {j.person.number: j for j in journeys}
        order_of = {o.person.number: o for o in orders}
        for person in population.registered:
            self._register(person, journey_of.get(person.number), order_of.get(person.number))

    def _register(self, person: Person, journey: Journey | None, order: Order | None) -> None:
        chance, street = self._chance, self._places.street(person.region)
        seized = chance.day_between(self._as_of - timedelta(days=4500), self._as_of - timedelta(days=1500))
        last = journey.decision_date - timedelta(days=chance.randint(1, 15)) if journey else max(seized, self._seized(order))
        seized = min(seized, last)
        state, since = self._control(journey, order, last)
        clean = since if state in {"3", "7"} else None
        lost = state in {"1", "3"} and chance.happens(0.03) and journey is None
        row = make_row(
            "registered_persons", person, f"GA{self._serial('GA'):010d}", self._saved(since),
            registration_number=person.registration_number, former_names=person.former_names or (), first_seized_date=seized,
            last_seized_date=last, control_state_code=state, control_state_date=since, clean_since_date=clean,
            control_end_due_date=clean.replace(year=clean.year + 3, day=min(clean.day, 28)) if clean else None,
            police_station_code=street.police_code, hukou_police_station_code=self._hukou_police(person), is_contact_lost=lost,
            grid_number=f"{person.region}G{chance.randint(1, 9):02d}", address_verified_date=self._verified(),
            contact_lost_date=chance.day_between(since, self._as_of) if lost else None,
        )  # fmt: skip
        if chance.happens(0.08) and row.updated_at.date() > seized + timedelta(days=400):
            self.rows.append(
                row.copy(source_updated_at=row.updated_at - timedelta(days=chance.randint(30, 300)), address_verified_date=None)
            )
            row.values["operation_code"] = "U"
        self.rows.append(row)

    def _seized(self, order: Order | None) -> date:
        return (
            order.order_date - timedelta(days=3) if order else self._chance.day_between(date(2016, 1, 1), self._as_of - timedelta(days=800))
        )

    def _control(self, journey: Journey | None, order: Order | None, seized: date) -> tuple[str, date]:
        """Control state and its day, as the journey left it."""
        if journey is None:
            if order is not None:
                return ("1", order.state_date) if order.state_code == "4" and order.state_date else ("2", order.order_date)
            since = self._chance.day_between(seized, self._as_of)
            return self._chance.choices(("1", "7", "5", "6", "9"), (62, 28, 3, 4, 3))[0], since
        if journey.kind in INSIDE:
            return "4", journey.decision_date
        ended = journey.order.state_date if journey.order else None
        if journey.kind == "control_ended" and ended:
            return "7", ended
        if journey.kind == "deceased" and ended:
            return "8", ended
        fixed = {"died_inside": "8", "justice": "5", "converted": "2", "no_order": "1", "unknown": "4", "unmet": "4"}
        return fixed.get(journey.kind, "3"), journey.decision_date if journey.kind in {"unknown", "unmet"} else journey.due_date

    def test(self, order: Order) -> None:
        """Regular tests of a reported order, seldom positive, refused or missed; the next one as a plan."""
        if order.reported_date is None:
            return
        end = min(order.state_date or self._as_of, self._as_of)
        day = max(order.reported_date, end - timedelta(days=self._chance.choice((300, 600, 900))))
        while (day := day + timedelta(days=self._chance.randint(26, 56))) <= end:
            self._tested(order, day)

    def _tested(self, order: Order, day: date) -> None:
        chance, street, serial = self._chance, self._places.street(order.person.region), self._serial("JC")
        result = chance.choices("012345", (940, 12, 6, 14, 6, 22))[0]
        schedule = chance.choices("123", (93, 5, 2))[0]
        tested = day if result in "012" else None
        method = ("2" if chance.happens(0.09) else "1") if tested else None
        confirmation = ("1" if chance.happens(0.6) else "2") if result in "12" else "0"
        self._add(
            "drug_tests", order.person, f"GA-JC-{serial:08d}", day, test_number=f"JC{day:%Y%m%d}{serial:06d}", order_number=order.number,
            test_planned_date=day if schedule == "1" else None, test_notified_date=day - timedelta(days=2) if schedule == "1" else None,
            test_date=tested, schedule_type_code=schedule, test_method_code=method,
            test_item_codes=chance.some(("01", "02", "08"), 1, 3) if tested else (),
            hair_length_cm=Decimal(chance.randint(20, 40)) / 10 if method == "2" else None, test_result_code=result,
            confirmation_code=confirmation, confirmation_date=min(day + timedelta(days=3), self._as_of) if confirmation != "0" else None,
            testing_organization_code=street.police_code if chance.happens(0.5) else street.station_code,
            excuse_code=chance.choice("1239") if result == "5" else None, has_objection=False,
            report_document_number=f"YJ{day.year}-{serial:06d}" if tested else None,
        )  # fmt: skip

    def assess(self, order: Order) -> None:
        """Half-yearly assessments while the order runs, by the scale of the county."""
        if order.reported_date is None:
            return
        end = min(order.state_date or self._as_of, self._as_of)
        scale = {"140403": "ABC", "140802": "GZ4"}.get((order.person.registration_number or "")[1:7], "HML")
        grades = {"HML": "HML", "GZ4": "XHML"}.get(scale)
        previous = None
        day = max(order.reported_date + timedelta(days=self._chance.randint(3, 28)), end - timedelta(days=420))
        while day <= end:
            grade = self._chance.choice(grades) if grades else self._chance.choice(("A", "B", "C", "C1", "C2"))
            self._assessed(order, day, scale, grade, previous)
            previous, day = grade, day + timedelta(days=self._chance.randint(170, 190))

    def _assessed(self, order: Order, day: date, scale: str, grade: str, previous: str | None) -> None:
        chance, street, serial = self._chance, self._places.street(order.person.region), self._serial("PG")
        cycle = f"{day.year}H{1 if day.month <= 6 else 2}"
        self._add(
            "risk_assessments", order.person, f"GA-PG-{serial:08d}", day, assessment_number=f"PG{cycle}{serial:07d}",
            order_number=order.number, assessment_cycle=cycle, assessment_date=day, risk_scale_code=scale, risk_grade_code=grade,
            previous_risk_grade_code=previous, risk_points_count=Decimal(chance.randint(40, 190)) / 2,
            risk_factor_codes=chance.some(("01", "03", "07", "08", "09"), 0, 2),
            control_measure_codes=chance.some(("1", "2", "3", "5"), 1, 2), assessing_organization_code=street.police_code,
            assessor_name=chance.choice(("王海", "李静", "赵立新")), next_assessment_date=day + timedelta(days=180),
        )  # fmt: skip

    def violate(self, order: Order) -> None:
        """Leaves asked for and rules broken, by somewhat under a third of those under an order."""
        if order.reported_date is None or not self._chance.happens(0.28):
            return
        end = min(order.state_date or self._as_of, self._as_of)
        for _ in range(self._chance.choice((1, 1, 2, 3))):
            day = self._chance.day_between(max(order.reported_date, end - timedelta(days=500)), end)
            self._violated(order, day)

    def _violated(self, order: Order, day: date) -> None:
        chance, street, serial = self._chance, self._places.street(order.person.region), self._serial("WG")
        kind = chance.choices("12345678", (40, 14, 12, 5, 9, 6, 4, 10))[0]
        values: dict[str, Any] = {"event_type_code": kind, "handling_result_code": "5" if kind == "1" else chance.choice("0112")}
        if kind in "12":
            back = min(day + timedelta(days=chance.randint(1, 9)), self._as_of)
            values |= {"absence_start_date": day, "absence_end_date": back, "absence_days": (back - day).days + 1}
            values["destination_region_code"] = chance.choice([c.code for c in self._places.counties])
        if kind == "1":
            values |= {"approving_organization_code": street.code, "approved_at": chance.office_time(day - timedelta(days=2))}
        else:
            found = chance.office_time(day)
            values |= {"detected_at": found, "police_reported_at": found + timedelta(hours=chance.randint(1, 30))}
            if values["police_reported_at"].date() > self._as_of:
                values["police_reported_at"] = None
        self._add(
            "leave_violations", order.person, f"GA-WG-{serial:08d}", day, event_number=f"WG{day.year}{serial:06d}",
            order_number=order.number, warnings_count=1 if values["handling_result_code"] == "2" else 0,
            warning_number=f"GJ{day.year}-{serial:06d}" if values["handling_result_code"] == "2" else None, **values,
        )  # fmt: skip

    def _add(self, feed: str, person: Person, key: str, day: date, **values: Any) -> None:
        self.rows.append(make_row(feed, person, key, self._saved(day), registration_number=person.registration_number, **values))

    def _saved(self, day: date) -> datetime:
        return min(self._chance.office_time(self._chance.days_after(day, 0, 3)), datetime.combine(self._as_of, time(21, 30)))

    def _serial(self, kind: str) -> int:
        self._last[kind] = self._last.get(kind, 0) + 1
        return self._last[kind]

    def _verified(self) -> date | None:
        return self._chance.days_after(self._as_of, -400, -1) if self._chance.happens(0.6) else None

    def _hukou_police(self, person: Person) -> str | None:
        street: Street | None = self._places.street_of.get(person.hukou_region[:9])
        return street.police_code if street else None
