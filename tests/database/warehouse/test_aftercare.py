"""Aftercare in the database: from staged services and points to case flags, balances and counts, with what becomes of a flag."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import staged
from sqlalchemy import text

from core.clock import SHANGHAI
from warehouse.database import Role, transaction
from warehouse.handoffs.aftercare import work_out_aftercare
from warehouse.handoffs.explanation import flag_text
from warehouse.handoffs.lineage import case_flag_lineage
from warehouse.runs import run_record

pytestmark = pytest.mark.usefixtures("warehouse_url")
AS_OF = date(2026, 11, 20)
CASE, OTHER_CASE = "140105Z003-2026-0001", "140105Z003-2026-0002"
DECISION = "并公(样)强戒决字〔2024〕第0001号"
READ_REPORT = "select audience, case_reference, opened_at from handoffs.case_flag where flag_code = 'SPECIAL_REPORT'"
READ_FLAGS = "select case_number, flag_code, status, due_date, station_code from handoffs.case_flag"


def put(feed: str, source_key: str, **fields: Any) -> None:
    with transaction(Role.ETL) as connection:
        staged.stage(connection, feed, source_key, station_code="140105Z003", **fields)


def put_service(number: int, case: str = CASE, **fields: Any) -> None:
    put("aftercare_services", f"140105Z003-FW-{number}", case_number=case, **fields)


def put_entry(number: int, **fields: Any) -> None:
    common = {"case_number": CASE, "entry_number": f"JF{number}", "entry_date": date(2026, 11, number), "entry_kind_code": "1"}
    put("points_ledger", f"140105Z003-JF-{number}", **common | {"points_rule_code": "01"} | fields)


def noon(day: int) -> datetime:
    return datetime(2026, 11, day, 12, tzinfo=SHANGHAI)


def put_handoff(state: str, run_id: int) -> None:
    with transaction(Role.ETL) as connection:
        connection.execute(
            text(
                "insert into handoffs.handoff (handoff_id, decision_number, state, as_of_date, worked_out_by_run) values "
                "('0000000000000001', :number, :state, :day, :run) on conflict (handoff_id) "
                "do update set state = :state, worked_out_by_run = :run"
            ),
            {"number": "并公（样）强戒决字[2024]第0001号", "state": state, "day": AS_OF, "run": run_id},
        )


def work_out(as_of: date = AS_OF, state: str | None = None) -> dict[str, int]:
    with run_record("handoffs") as run:
        if state:
            put_handoff(state, run.run_id)
        with transaction(Role.ETL) as connection:
            return work_out_aftercare(connection, as_of, run.run_id)


def flags() -> dict[tuple[str, str], tuple[str, date | None]]:
    with transaction(Role.ETL) as connection:
        return {(r.case_number, r.flag_code): (r.status, r.due_date) for r in connection.execute(text(READ_FLAGS))}


def read(query: str) -> list[tuple[Any, ...]]:
    with transaction(Role.ETL) as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_case_flag_opens_and_is_resolved_or_void() -> None:
    assert work_out(date(2026, 11, 19))["case_flags_open"] == 0
    put("aftercare_cases", "140105Z003-AJ-1", case_number=CASE, order_number="责〔2026〕1号")
    with transaction(Role.ETL) as connection:
        staged.stage(
            connection, "community_orders", "SQ-1", order_number="责[2026]1号", decision_number=DECISION, order_type_code="2",
            order_date=date(2026, 9, 1),
        )  # fmt: skip
    order = {"service_kind_code": "51", "service_order_state_code": "1", "service_result_code": "0"}
    for number, case in ((1, CASE), (2, OTHER_CASE), (3, "140105Z003-2026-0003")):
        put_service(number, case, service_planned_at=noon(10), **order)
    special = {"service_kind_code": "12", "service_result_code": "1", "service_mode_code": "1"}
    put_service(4, is_special_report=True, special_report_organization_code="140105J001", service_done_at=noon(19), **special)
    put_entry(1, points_count=10, points_balance_count=11)
    put_entry(2, points_count=-20, points_balance_count=-10, entry_kind_code="2", redeemer_code="2", redeemer_name="·")
    put_entry(3, points_count=5, points_balance_count=-5)
    work_out(state="AGREED")
    of_points = {(CASE, "POINTS_BALANCE_BROKEN"): ("open", date(2026, 11, 1)), (CASE, "POINTS_NEGATIVE"): ("open", date(2026, 11, 3))}
    of_points |= {(CASE, "POINTS_RULE_WRONG"): ("open", date(2026, 11, 2)), (CASE, "POINTS_FAMILY_UNNAMED"): ("open", date(2026, 11, 2))}
    unmet = {(case, "SERVICE_UNMET"): ("open", date(2026, 11, 10)) for case in (CASE, OTHER_CASE, "140105Z003-2026-0003")}
    reported = {(CASE, "SPECIAL_REPORT"): ("open", date(2026, 11, 20))}
    assert flags() == of_points | unmet | reported
    ((audience, reference, opened_at),) = read(READ_REPORT)
    assert audience == ["coordinator:140105", "organization:140105J001", "station:140105Z003"]
    assert len(reference) == 16
    with transaction(Role.ETL) as connection:
        of_services, of_points = (case_flag_lineage(connection, CASE, code) for code in ("SPECIAL_REPORT", "POINTS_NEGATIVE"))
    assert [(g.feed, g.source_key, g.field) for g in of_services.grounds] == [
        ("aftercare_services", "140105Z003-FW-4", "is_special_report")
    ]
    assert [g.source_key for g in of_points.grounds] == ["140105Z003-JF-3"]
    assert f"flag SPECIAL_REPORT of case {CASE}: open, critical" in flag_text(of_services, lambda _: True)
    assert read("select balance, earned_12_months, redeemed_by_family_12_months, last_entry_date from handoffs.points_balance") == [
        (-5, 15, 20, date(2026, 11, 3))
    ]
    counted = "select month, service_kind_code, service_mode_code, planned, done from handoffs.service_count order by 2"
    assert read(counted) == [("202611", "12", "1", 0, 1), ("202611", "51", "", 3, 0)]
    before = read("select * from handoffs.case_flag order by 1, 2")
    assert work_out()["cases_worked_out"] == 0
    assert read("select * from handoffs.case_flag order by 1, 2") == before

    later = {"source_updated_at": datetime(2026, 11, 20, tzinfo=UTC)}
    put_service(2, OTHER_CASE, **order | later | {"service_result_code": "1", "service_done_at": noon(20), "service_mode_code": "2"})
    put_service(3, "140105Z003-2026-0003", service_planned_at=noon(25), **order | later)
    assert work_out()["cases_worked_out"] == 2
    assert flags()[(OTHER_CASE, "SERVICE_UNMET")][0] == "resolved"
    assert flags()[("140105Z003-2026-0003", "SERVICE_UNMET")][0] == "void"
    assert sum(row[0] for row in read("select done from handoffs.service_count")) == 2

    assert work_out(state="COMPLETED")["cases_worked_out"] == 1
    assert {code: status for (case, code), (status, _) in flags().items() if case == CASE} == {
        "SERVICE_UNMET": "void", "SPECIAL_REPORT": "void", "POINTS_BALANCE_BROKEN": "open", "POINTS_NEGATIVE": "open",
        "POINTS_RULE_WRONG": "open", "POINTS_FAMILY_UNNAMED": "open",
    }  # fmt: skip
    work_out(state="AGREED")
    assert flags()[(CASE, "SERVICE_UNMET")] == ("open", date(2026, 11, 10))
    ((_, same_reference, reopened_at),) = read(READ_REPORT)
    assert same_reference == reference
    assert reopened_at > opened_at
    assert read("select closed_at from handoffs.case_flag where flag_code = 'SPECIAL_REPORT'") == [(None,)]

    put_service(4, operation_code="D")
    put_entry(3, operation_code="D")
    work_out()
    assert flags()[(CASE, "SPECIAL_REPORT")][0] == "void"
    assert flags()[(CASE, "POINTS_NEGATIVE")] == ("open", date(2026, 11, 2))
    assert read("select balance, last_entry_date from handoffs.points_balance") == [(-10, date(2026, 11, 2))]
    put_service(5, service_planned_at=noon(20), **order)
    work_out()
    assert flags()[(CASE, "SERVICE_UNMET")] == ("open", date(2026, 11, 10))
    work_out(date(2026, 11, 26))
    assert flags()[("140105Z003-2026-0003", "SERVICE_UNMET")] == ("open", date(2026, 11, 25))
