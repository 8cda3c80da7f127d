"""Small episodes for tests: a person leaves a centre of region 1401 on a given day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import chinese_calendar

from core.clock import SHANGHAI
from warehouse.handoffs.calendar import WorkingCalendar
from warehouse.handoffs.deadlines import Deadlines
from warehouse.handoffs.flags import Flag
from warehouse.handoffs.handoff import Handoff, handoff_of
from warehouse.handoffs.routing import Stations
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
from warehouse.registry.loading import SAMPLE_FILE
from warehouse.registry.parameters import read_parameter_file

DECISION = "并公(样)强戒决字〔2024〕第0001号"
RELEASE = date(2026, 10, 6)
UPDATED = datetime(2026, 9, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST = date(2024, 1, 1)
DAYS = {FIRST + timedelta(days=n): chinese_calendar.is_workday(FIRST + timedelta(days=n)) for n in range(3 * 365 + 1)}
ORDER_NUMBER = "并公(样)责社康决字〔2026〕第0001号"
PARAMETERS = read_parameter_file(SAMPLE_FILE)


def deadlines(*organizations: Organization) -> Deadlines:
    """A rulebook of its own: what it misses is this test's."""
    return Deadlines(PARAMETERS, WorkingCalendar(DAYS), {o.organization_code: (o,) for o in organizations})


RULES = deadlines()


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)


def notice(**given: Any) -> Notice:
    common: dict[str, Any] = {
        "source_key": "140100Q001-TZ-1",
        "source_updated_at": UPDATED,
        "decision_number": DECISION,
        "centre_code": "140100Q001",
        "expected_release_date": RELEASE,
        "release_type_code": "1",
        "notice_date": date(2026, 9, 1),
        "notice_status_code": "1",
        "rehabilitation_order_code": "1",
    }
    return Notice(**common | given)


def roster(**given: Any) -> RosterRow:
    common: dict[str, Any] = {
        "source_key": "140100Q001-ZS-1",
        "source_updated_at": UPDATED,
        "decision_number": DECISION,
        "centre_code": "140100Q001",
        "centre_entry_date": date(2025, 2, 20),
        "custody_state_code": "1",
        "custody_state_date": date(2025, 2, 20),
        "expected_release_date": RELEASE,
    }
    return RosterRow(**common | given)


def order(**given: Any) -> Order:
    common: dict[str, Any] = {
        "source_key": "GA-SQ-1",
        "source_updated_at": UPDATED,
        "order_number": ORDER_NUMBER,
        "order_type_code": "2",
        "order_date": date(2026, 9, 20),
        "decision_number": DECISION,
        "registration_number": "R1401060000001",
        "street_code": "140106003000",
        "execution_region_code": "140106",
        "order_state_code": "1",
        "order_state_date": date(2026, 9, 20),
    }
    return Order(**common | given)


def case(**given: Any) -> Case:
    common: dict[str, Any] = {
        "source_key": "140106Z003-AJ-1",
        "source_updated_at": UPDATED,
        "case_number": "AJ-1",
        "station_code": "140106Z003",
        "decision_number": DECISION,
    }
    return Case(**common | given)


def service(kind: str, done: date | None, **given: Any) -> Service:
    common: dict[str, Any] = {
        "source_key": f"140106Z003-FW-{kind}-{done}",
        "source_updated_at": UPDATED,
        "case_number": "AJ-1",
        "service_kind_code": kind,
        "service_result_code": "1",
        "service_done_at": noon(done) if done else None,
    }
    return Service(**common | given)


def drug_test(day: date | None, result: str = "0", **given: Any) -> DrugTest:
    common: dict[str, Any] = {
        "source_key": f"GA-JC-{day}-{result}",
        "source_updated_at": UPDATED,
        "order_number": ORDER_NUMBER,
        "test_date": day,
        "test_result_code": result,
    }
    return DrugTest(**common | given)


def violation(kind: str, **given: Any) -> LeaveViolation:
    common: dict[str, Any] = {
        "source_key": "GA-WG-" + "-".join([kind, *(str(value) for value in given.values())]),
        "source_updated_at": UPDATED,
        "order_number": ORDER_NUMBER,
        "event_type_code": kind,
    }
    return LeaveViolation(**common | given)


def assessment(day: date, **given: Any) -> RiskAssessment:
    common: dict[str, Any] = {"source_key": f"GA-PG-{day}", "source_updated_at": UPDATED, "assessment_date": day}
    return RiskAssessment(**common | given)


def registered(**given: Any) -> RegisteredPerson:
    common: dict[str, Any] = {"source_key": "GA-1", "source_updated_at": UPDATED, "registration_number": "R1401060000001"}
    return RegisteredPerson(**common | given)


def station(code: str, *served: str, parent: str | None = None, kind: str = "21", **given: Any) -> Organization:
    common: dict[str, Any] = {
        "source_key": f"ZD-{code}",
        "source_updated_at": UPDATED,
        "organization_code": code,
        "organization_type_code": kind,
        "parent_organization_code": parent,
        "served_region_codes": served,
    }
    return Organization(**common | given)


def episode(*rows: Any, **given: Any) -> Episode:
    """An episode of the rows, whatever their order."""

    def of(kind: type) -> tuple[Any, ...]:
        return tuple(row for row in rows if isinstance(row, kind))

    parts: dict[str, Any] = {
        "notices": of(Notice),
        "roster": of(RosterRow),
        "orders": of(Order),
        "cases": of(Case),
        "services": of(Service),
        "registered": of(RegisteredPerson),
        "tests": of(DrugTest),
        "violations": of(LeaveViolation),
        "assessments": of(RiskAssessment),
    }
    return Episode(DECISION, **parts | given)


def looked_at(*rows: Any, as_of: date, rules: Deadlines | None = None, stations: Any = (), **parts: Any) -> Handoff:
    """The handoff of the rows on the day, which is one."""
    found = handoff_of(episode(*rows, **parts), as_of, rules or RULES, Stations(stations)).handoff
    assert found is not None
    return found


def opened(*rows: Any, as_of: date, **given: Any) -> dict[str, Flag]:
    """The flags open on the day, by code."""
    return {flag.flag_code: flag for flag in looked_at(*rows, as_of=as_of, **given).flags}
