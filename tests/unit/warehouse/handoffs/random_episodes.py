"""Random episodes crowded around one day, so that deadlines, plans and facts of every feed fall just before, on and after it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TypeVar

from episodes import DECISION, UPDATED

from core.clock import SHANGHAI
from warehouse.handoffs.rows import (
    Case,
    DrugTest,
    Episode,
    LeaveViolation,
    Notice,
    Order,
    Organization,
    RegisteredPerson,
    RiskAssessment,
    RosterRow,
    Service,
)

Value = TypeVar("Value")
FILES = tuple(f"0{n}" for n in range(1, 9))
PLACES = (
    "140106003001",
    "140106003002",
    "140106004003",
    "140106005001",
    "140106",
    "310101002001",
    "500101001001",
    None,
    "140106006001",
    "140106003009",
)


def _organization(
    code: str, kind: str, parent: str | None, region: str, served: tuple[str, ...], valid_to: date | None = None
) -> Organization:
    return Organization(
        source_key=code,
        source_updated_at=UPDATED,
        organization_code=code,
        organization_type_code=kind,
        parent_organization_code=parent,
        region_code=region,
        served_region_codes=served,
        valid_from_date=date(2020, 1, 1),
        valid_to_date=valid_to,
    )


DIRECTORY = (
    _organization("140106Z001", "21", "140106003000", "140106003000", ("140106003001", "140106003002")),
    _organization("140106Z002", "22", "140106004000", "140106004000", ("140106004",)),
    _organization("140106Z003", "21", "140106005000", "140106005000", ("140106003001", "140106005")),
    _organization("140106Z004", "21", "140106003000", "140106003000", ("140106006",), date(2026, 10, 1)),
    _organization("310101Z001", "21", "310101002000", "310101002000", ("310101002",)),
    _organization("140100Q001", "12", None, "140100", ()),
    _organization("310100Q001", "12", None, "310100", ()),
)


class RandomEpisodes:
    """Episodes around `today`, the same for the same seed."""

    def __init__(self, today: date, seed: int) -> None:
        self._today = today
        self._random = random.Random(seed)

    def next(self) -> Episode:
        """Another episode: each feed with no row, one, or several that disagree."""
        release = self._near(self._today, self._one(3, 10, 40, 200))
        reported = self._maybe(0.6, lambda: self._near(release + timedelta(days=10), 15))
        if self._random.random() < 0.4:
            reported = self._near(self._today, self._one(35, 70, 400))
        start = reported or release
        centre = self._one("140100Q001", "140100Q001", "310100Q001")
        return Episode(
            DECISION,
            notices=tuple(self._notice(n, centre, release) for n in range(self._one(0, 1, 1, 1, 2))),
            roster=tuple(self._roster(n, centre, release) for n in range(self._one(0, 1, 1, 2))),
            orders=tuple(self._order(n, release) for n in range(self._one(0, 1, 1, 1, 2))),
            cases=tuple(self._case(n, release, start, reported) for n in range(self._one(0, 1, 1, 1, 2))),
            services=tuple(self._service(n) for n in range(self._random.randint(0, 6))),
            registered=tuple(self._registered(n) for n in range(self._one(0, 1, 1, 2))),
            tests=tuple(self._test(n) for n in range(self._random.randint(0, 5))),
            violations=tuple(self._violation(n) for n in range(self._one(0, 0, 1, 2, 4))),
            assessments=tuple(self._assessment(n, start) for n in range(self._one(0, 0, 1, 2))),
        )

    def _one(self, *values: Value) -> Value:
        return self._random.choice(values)

    def _maybe(self, share: float, value: Callable[[], Value]) -> Value | None:
        return value() if self._random.random() < share else None

    def _near(self, day: date, days: int) -> date:
        return day + timedelta(days=self._random.randint(-days, days))

    def _at(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, self._one(0, 9, 12, 23), self._one(0, 30), tzinfo=SHANGHAI)

    def _updated(self) -> datetime:
        return UPDATED + timedelta(days=self._random.randint(0, 5))

    def _notice(self, number: int, centre: str, release: date) -> Notice:
        noticed = release - timedelta(days=self._random.randint(-2, 30))
        released = self._maybe(0.5, lambda: self._at(self._near(release, 1)))
        return Notice(
            source_key=f"{centre}-TZ-{number}",
            source_updated_at=self._updated(),
            decision_number=DECISION,
            centre_code=centre,
            decision_date=self._maybe(0.8, lambda: self._near(release - timedelta(days=self._one(365, 366, 730, 1095, 1096)), 3)),
            expected_release_date=self._near(release, self._one(0, 0, 0, 2)),
            release_type_code=self._one("1", "1", "1", "1", "2", "2", "3", "9", "4", "5", "6", "7"),
            notice_date=noticed,
            notice_status_code=self._one("1", "1", "1", "2", "3"),
            cancel_reason_code=self._maybe(0.5, lambda: self._one("1", "2", "3", "5", "9")),
            rehabilitation_order_code=self._one("0", "1", "1", "9"),
            actual_released_at=released,
            receiver_type_code=self._maybe(0.8, lambda: self._one("0", "1", "2", "3", "4", "9")) if released else None,
            residence_region_code=self._one(*PLACES),
            hukou_region_code=self._one(*PLACES),
            first_arrived_at=self._at(noticed),
        )

    def _roster(self, number: int, centre: str, release: date) -> RosterRow:
        return RosterRow(
            source_key=f"{centre}-ZS-{number}",
            source_updated_at=self._updated(),
            decision_number=DECISION,
            centre_entry_date=self._near(release - timedelta(days=600), self._one(0, 50)),
            centre_code=centre,
            decision_date=self._maybe(0.9, lambda: self._near(release - timedelta(days=730), 3)),
            custody_state_code=self._one("1", "1", "1", "1", "1", "2", "3", "4", "5", "6", "6", "6", "7"),
            custody_state_date=self._near(release, self._one(0, 2, 30)),
            expected_release_date=self._near(release, self._one(0, 0, 1)),
            residence_region_code=self._one(*PLACES),
            hukou_region_code=self._one(*PLACES),
            destination_region_code=self._one(*PLACES),
            escape_days=self._one(0, None, 5),
            diagnosis_result_code=self._one(None, "0", "1", "2"),
            has_kin=self._one(True, False),
            missing_since=self._maybe(0.3, lambda: self._near(self._today, 3)),
            snapshot_date=self._maybe(0.9, lambda: self._today - timedelta(days=self._random.randint(0, 2))),
        )

    def _order(self, number: int, release: date) -> Order:
        ordered = self._near(release, 10)
        return Order(
            source_key=f"GA-SQ-{number}",
            source_updated_at=self._updated(),
            order_number=f"O{number}",
            order_type_code=self._one("2", "2", "2", "1"),
            order_date=ordered,
            decision_number=DECISION,
            registration_number=self._one("R1", "R2"),
            served_date=self._maybe(0.7, lambda: ordered + timedelta(days=self._random.randint(0, 20))),
            street_code=self._one("140106003000", "140106004000", "140106009000", None),
            execution_region_code=self._one("140106", "310101", "500101"),
            execution_start_date=self._maybe(0.2, lambda: self._near(ordered, 30)),
            execution_end_date=self._maybe(0.4, lambda: self._near(self._today, self._one(1, 10, 400))),
            street_notified_date=self._maybe(0.3, lambda: self._near(self._today, 10)),
            order_state_code=self._one("1", "1", "1", "1", "1", "1", "5", "2", "3", "4", "6"),
            order_state_date=self._maybe(0.8, lambda: self._near(self._today, 20)),
            order_state_reason_code=self._one("5", "1", None),
        )

    def _case(self, number: int, release: date, start: date, reported: date | None) -> Case:
        result = self._maybe(0.6, lambda: self._one("1", "1", "2", "3", "4", "5", "6"))
        moved = self._maybe(0.15, lambda: self._near(self._today, 10))
        return Case(
            source_key=f"140106Z00{number + 1}-AJ-{number}",
            source_updated_at=self._updated(),
            case_number=f"AJ-{number}",
            station_code=self._one("140106Z001", "140106Z003", "310101Z001"),
            decision_number=DECISION if self._random.random() < 0.8 else None,
            order_number=self._one("O0", None),
            notice_acknowledged_at=self._maybe(0.4, lambda: self._at(self._near(self._today, 5))),
            pickup_planned_at=self._maybe(0.4, lambda: self._at(self._near(release, 1))),
            pickup_result_code=result,
            pickup_at=self._maybe(0.9, lambda: self._at(self._near(release, 1))) if result in {"1", "4", "5"} else None,
            report_date=reported if self._random.random() < 0.9 else None,
            agreement_date=self._maybe(0.7, lambda: start + timedelta(days=self._random.randint(0, 10))),
            plan_date=self._maybe(0.5, lambda: self._near(start, 20)),
            file_item_codes=tuple(sorted(self._random.sample(FILES, self._one(0, 2, 5, 8, 8)))),
            transfer_date=moved,
            transfer_accepted_date=self._maybe(0.5, lambda: self._near(self._today, 8)) if moved else None,
            police_report_date=self._maybe(0.2, lambda: self._near(self._today, 20)),
        )

    def _service(self, number: int) -> Service:
        return Service(
            source_key=f"FW-{number}",
            source_updated_at=self._updated(),
            case_number=f"AJ-{self._one(0, 1)}",
            service_kind_code=self._one("11", "12", "12", "32", "15"),
            service_result_code=self._one("1", "1", "1", "0", "2", "3"),
            service_done_at=self._maybe(0.95, lambda: self._at(self._near(self._today, self._one(5, 25, 40, 60)))),
        )

    def _registered(self, number: int) -> RegisteredPerson:
        return RegisteredPerson(
            source_key=f"GA-{number}",
            source_updated_at=self._updated(),
            registration_number=f"R{number + 1}",
            control_state_code=self._one("3", "3", "3", "3", "1", "4", "7", "8"),
            control_state_date=self._near(self._today, 30),
            clean_since_date=self._maybe(0.4, lambda: self._near(self._today - timedelta(days=1096), self._one(1, 40))),
            is_contact_lost=self._one(True, False, None),
            contact_lost_date=self._maybe(0.7, lambda: self._near(self._today, 10)),
            residence_region_code=self._one(*PLACES),
            hukou_region_code=self._one(*PLACES),
        )

    def _test(self, number: int) -> DrugTest:
        return DrugTest(
            source_key=f"JC-{number}",
            source_updated_at=self._updated(),
            order_number=self._one("O0", "O0", "O1", None),
            test_planned_date=self._maybe(0.7, lambda: self._near(self._today, self._one(5, 30, 60))),
            test_date=self._maybe(0.8, lambda: self._near(self._today, self._one(5, 30, 60))),
            test_result_code=self._one("0", "0", "1", "2", "3", "4", "5"),
            confirmation_code=self._one(None, "0", "1", "2"),
            excuse_code=self._one(None, "1"),
        )

    def _violation(self, number: int) -> LeaveViolation:
        begun = self._near(self._today - timedelta(days=20), 30)
        kind = self._one("1", "2", "2", "3", "4", "6", "7")
        is_absence = kind in {"1", "2"}
        return LeaveViolation(
            source_key=f"WG-{number}",
            source_updated_at=self._updated(),
            order_number="O0",
            event_type_code=kind,
            absence_start_date=begun if is_absence else None,
            absence_end_date=self._maybe(0.6, lambda: begun + timedelta(days=self._random.randint(0, 40))) if is_absence else None,
            approved_at=self._at(begun + timedelta(days=self._random.randint(-3, 12))) if kind == "1" else None,
            detected_at=self._at(self._near(begun, 3)) if kind != "1" else None,
            police_reported_at=self._maybe(0.4, lambda: self._at(self._near(self._today, 10))),
        )

    def _assessment(self, number: int, start: date) -> RiskAssessment:
        return RiskAssessment(
            source_key=f"PG-{number}",
            source_updated_at=self._updated(),
            order_number="O0",
            assessment_date=self._near(start + timedelta(days=20), self._one(5, 60)),
        )
