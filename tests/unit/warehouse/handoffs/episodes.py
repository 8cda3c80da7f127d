"""Small episodes for tests: a person leaves a centre of region 1401 on a given day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import chinese_calendar

from core.clock import SHANGHAI
from warehouse.handoffs.calendar import WorkingCalendar
from warehouse.handoffs.deadlines import Deadlines
from warehouse.handoffs.rows import Case, Episode, Notice, Order, Organization, RosterRow
from warehouse.registry.loading import SAMPLE_FILE
from warehouse.registry.parameters import read_parameter_file

DECISION = "并公(样)强戒决字〔2024〕第0001号"
RELEASE = date(2026, 10, 6)
UPDATED = datetime(2026, 9, 1, tzinfo=UTC)
FIRST = date(2024, 1, 1)
DAYS = {FIRST + timedelta(days=n): chinese_calendar.is_workday(FIRST + timedelta(days=n)) for n in range(3 * 365 + 1)}
PARAMETERS = read_parameter_file(SAMPLE_FILE)


def deadlines(*organizations: Organization) -> Deadlines:
    return Deadlines(PARAMETERS, WorkingCalendar(DAYS), {o.organization_code: (o,) for o in organizations})


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
        "order_number": "并公(样)责社康决字〔2026〕第0001号",
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


def episode(*rows: Any, **given: Any) -> Episode:
    def of(kind: type) -> tuple[Any, ...]:
        return tuple(row for row in rows if isinstance(row, kind))

    return Episode(DECISION, notices=of(Notice), roster=of(RosterRow), orders=of(Order), cases=of(Case), **given)
