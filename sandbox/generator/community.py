"""What the stations tell: cases, the services in them, and the points people earn and redeem."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sandbox.generator.chance import Chance
from sandbox.generator.journeys import Journey, Order
from sandbox.generator.people import Person
from sandbox.generator.places import Places
from sandbox.generator.rows import Row, make_row

FILE_ITEMS = ("01", "02", "03", "04", "05", "06", "07", "08")


@dataclass(slots=True)
class Case:
    """A case at one station. `since`..`until`: the days in which services fall; `until` None = still open."""

    number: str
    station_code: str
    worker_number: str
    person: Person
    since: date
    until: date | None
    is_served: bool


class Stations:
    """Numbers within each station, in the order they are asked for."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], int] = {}

    def next(self, station: str, kind: str) -> int:
        """The next serial of that kind at that station."""
        self._last[station, kind] = self._last.get((station, kind), 0) + 1
        return self._last[station, kind]


class CaseBook:
    """Opens the cases of the province and writes their rows."""

    def __init__(self, chance: Chance, places: Places, as_of: date) -> None:
        self._chance, self._places, self._as_of = chance, places, as_of
        self.stations = Stations()
        self.cases: list[Case] = []
        self.rows: list[Row] = []

    def open_for_journey(self, journey: Journey) -> None:
        """The case of a journey, once the station has done anything at all; two of them after a transfer."""
        order = journey.order
        if journey.acknowledged_at is None and (order is None or order.reported_date is None):
            return
        station = self._station(journey.person)
        if journey.kind in {"withdrawn", "died_inside"} or station is None:
            return
        facts = self._journey_facts(journey)
        moments = [v for k, v in facts.items() if k != "pickup_planned_at" and isinstance(v, (date, datetime))]
        last = max(m.date() if isinstance(m, datetime) else m for m in moments)
        opened = (journey.acknowledged_at.date() if journey.acknowledged_at else last).year
        served = order is not None and order.reported_date is not None
        until = order.state_date if order else None
        if journey.transferred_on:
            facts |= {
                "transfer_date": journey.transferred_on,
                "transfer_station_code": self._other_station(station),
                "case_state_code": "8",
            }
            last = journey.transferred_on
        self._open(journey.person, station, opened, last, until, served, facts, journey.talk_at)

    def open_for_order(self, order: Order) -> None:
        """The case of an order that stands alone, once the person has reported."""
        station = self._station(order.person)
        if order.reported_date is None or station is None:
            return
        agreed = min(self._chance.days_after(order.reported_date, 0, 4), self._as_of)
        facts = {
            "order_number": order.number, "report_date": order.reported_date, "agreement_date": agreed,
            "agreement_end_date": self._end_of(agreed, order.term_months), "case_state_code": "7" if order.state_code == "4" else "4",
            "plan_date": min(self._chance.days_after(agreed, 1, 8), self._as_of), "file_item_codes": self._chance.some(FILE_ITEMS, 4, 8),
        }  # fmt: skip
        self._open(order.person, station, order.reported_date.year, agreed, order.state_date, True, facts, None)

    def open_voluntary(self, person: Person) -> None:
        """A case of voluntary help: no order, no duty."""
        station = self._station(person)
        if station is not None:
            since = self._chance.day_between(self._as_of - timedelta(days=400), self._as_of - timedelta(days=20))
            facts = {"case_state_code": "9", "plan_date": since, "file_item_codes": ("05", "06")}
            self._open(person, station, since.year, since, None, True, facts, None)

    def _journey_facts(self, journey: Journey) -> dict[str, Any]:
        order = journey.order
        facts: dict[str, Any] = {
            "decision_number": journey.decision_number, "notice_acknowledged_at": journey.acknowledged_at,
            "pickup_planned_at": journey.pickup_planned_at, "pickup_result_code": journey.pickup_result_code,
            "pickup_at": journey.pickup_at, "case_state_code": "2" if journey.pickup_at else "1", "file_item_codes": (),
        }  # fmt: skip
        if journey.pickup_at:
            facts["file_item_codes"] = self._chance.some(FILE_ITEMS[:2], 1, 2)
        if order is not None and order.reported_date is not None:
            facts |= {"order_number": order.number, "report_date": order.reported_date, "case_state_code": "3"}
            if journey.agreed_date:
                facts |= {
                    "agreement_date": journey.agreed_date,
                    "agreement_end_date": self._end_of(journey.agreed_date, 36),
                    "case_state_code": "4",
                }
            if journey.plan_date:
                facts |= {"plan_date": journey.plan_date, "file_item_codes": self._chance.some(FILE_ITEMS, 5, 8)}
            ended = {"2": "5", "3": "6", "4": "7"}.get(order.state_code)
            facts["case_state_code"] = ended or facts["case_state_code"]
        return facts

    def _open(
        self,
        person: Person,
        station: str,
        year: int,
        last: date,
        until: date | None,
        served: bool,
        facts: dict[str, Any],
        talk_at: datetime | None,
    ) -> None:
        serial = self.stations.next(station, "AJ")
        worker = f"W{station[2:6]}{self._chance.randint(1, 3):02d}"
        case = Case(f"{station}-{year}-{serial:05d}", station, worker, person, last, until, served)
        updated = max(last, until) if until else last
        at = min(self._chance.office_time(self._chance.days_after(updated, 0, 2), 9), datetime.combine(self._as_of, time(21, 0)))
        if facts["case_state_code"] != "1":
            facts["worker_number"] = worker
        if facts.get("agreement_date"):
            facts["team_members"] = (f"专职人员:{self._staff()}", f"社区民警:{self._staff()}")
        row = make_row("aftercare_cases", person, f"{station}-AJ-{serial:06d}", at, case_number=case.number, station_code=station, **facts)
        row.sender = station
        if facts.get("notice_acknowledged_at") and (facts.get("pickup_at") or facts.get("report_date")) and self._chance.happens(0.5):
            self.rows.append(self._as_acknowledged(row))
            row.values["operation_code"] = "U"
        self.rows.append(row)
        self.cases.append(case)
        if talk_at is not None:
            self._service(case, "11", talk_at)

    def _as_acknowledged(self, row: Row) -> Row:
        """The first version of a case: acknowledged, nothing more."""
        kept = {"case_number", "decision_number", "station_code", "notice_acknowledged_at", "pickup_planned_at"}
        blank = {name: None for name in row.values if name not in kept and name not in _IDENTITY}
        at = row.values["notice_acknowledged_at"] + timedelta(minutes=3)
        return row.copy(**blank | {"source_key": row.key, "source_updated_at": at, "operation_code": "I", "case_state_code": "1"})

    def service_rows(self) -> None:
        """Monthly visits and other services of every served case, up to as_of; a few planned ahead."""
        for case in [c for c in self.cases if c.is_served]:
            last = min(case.until or self._as_of, self._as_of)
            day = max(case.since, last - timedelta(days=self._chance.choice((150, 300, 500))))
            while day <= last:
                done = self._chance.office_time(day)
                if day > case.since:
                    self._service(
                        case, self._chance.choices(("12", "13", "21", "31", "32", "42", "51", "23"), (55, 18, 6, 6, 5, 3, 5, 2))[0], done
                    )
                day += timedelta(days=self._chance.randint(18, 36))
            if case.until is None and self._chance.happens(0.1):
                self._service(case, "12", self._chance.office_time(self._chance.days_after(self._as_of, 1, 14)))

    def _service(self, case: Case, kind: str, at: datetime) -> None:
        chance, serial = self._chance, self.stations.next(case.station_code, "FW")
        is_plan = at.date() > self._as_of
        result = "0" if is_plan else "1" if kind == "11" else chance.choices("1234", (90, 3, 5, 2))[0]
        done = at.replace(second=0) if result in {"1", "2", "3"} else None
        saved = chance.office_time(self._as_of - timedelta(days=1)) if is_plan else at + timedelta(minutes=chance.randint(20, 200))
        values: dict[str, Any] = {
            "service_number": f"FW{at:%Y%m%d}{serial:06d}", "case_number": case.number, "station_code": case.station_code,
            "worker_number": case.worker_number, "service_kind_code": kind, "service_planned_at": at.replace(minute=0, second=0),
            "service_done_at": done, "service_mode_code": chance.choice("12123") if done else None, "service_result_code": result,
            "duration_minutes": chance.randint(2, 12) * 5 if result == "1" else None, "is_special_report": False,
        }  # fmt: skip
        if kind == "51":
            values |= {
                "need_code": chance.choice(("01", "02", "03", "06", "08")), "service_order_number": f"DD{at:%Y%m%d}{serial:06d}",
                "service_order_state_code": "3" if result == "1" else "2",
            }  # fmt: skip
        if result in {"2", "3"} and chance.happens(0.1):
            values |= {"is_special_report": True, "special_report_organization_code": self._places.street(case.person.region).police_code}
        row = make_row("aftercare_services", case.person, f"{case.station_code}-FW-{serial:06d}", saved, **values)
        row.sender = case.station_code
        self.rows.append(row)

    def points_rows(self) -> None:
        """Points of about a third of the open cases: earned by the month, now and then redeemed or reversed."""
        for case in [c for c in self.cases if c.is_served and c.until is None and c.since < self._as_of]:
            if self._chance.happens(0.55):
                self._ledger(case)

    def _ledger(self, case: Case) -> None:
        chance, balance, previous = self._chance, 0, None
        days = sorted(
            {chance.day_between(max(case.since, self._as_of - timedelta(days=500)), self._as_of) for _ in range(chance.randint(2, 7))}
        )
        for day in days:
            serial = self.stations.next(case.station_code, "JF")
            number = f"JF{day:%Y%m%d}{serial:06d}"
            extra: dict[str, Any] = {}
            if balance >= 30 and chance.happens(0.3):
                kind, rule, count = "2", "51", -chance.choice((10, 20, 30))
                extra = {
                    "shop_code": self._places.shops[case.station_code[:6]],
                    "goods_name": chance.choice(("大米", "食用油", "毛巾")),
                    "redeemer_code": "1",
                }
                if chance.happens(0.15):
                    extra |= {"redeemer_code": "2", "redeemer_name": self._staff()}
            elif previous and chance.happens(0.06):
                kind, rule, count, extra = "3", "99", -previous[1], {"reversed_entry_number": previous[0]}
            else:
                kind, (rule, count) = "1", chance.choice((("01", 10), ("02", 20), ("03", 15), ("06", 5), ("04", 30)))
            balance += count
            previous = (number, count) if kind == "1" else None
            at = chance.office_time(day)
            row = make_row(
                "points_ledger", case.person, f"{case.station_code}-JF-{serial:06d}", at, entry_number=number, case_number=case.number,
                station_code=case.station_code, entry_date=day, entry_kind_code=kind, points_rule_code=rule, points_count=count,
                points_balance_count=balance, **extra,
            )  # fmt: skip
            row.sender = case.station_code
            self.rows.append(row)

    def _station(self, person: Person) -> str | None:
        return self._places.station_for(person.region, self._as_of)

    def _other_station(self, station: str) -> str:
        others = [s.station_code for s in self._places.streets if s.station_code != station]
        return self._chance.choice(others)

    def _staff(self) -> str:
        return self._chance.choice("周吴郑王冯陈蒋沈") + self._chance.choice(("静", "敏", "立新", "海波", "晓燕", "国强"))

    @staticmethod
    def _end_of(start: date, months: int) -> date:
        return start.replace(year=start.year + months // 12, day=min(start.day, 28)) - timedelta(days=1)


_IDENTITY = {"id_type_code", "id_number", "name", "sex_code", "birth_date"}
