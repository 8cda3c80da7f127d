"""Cases touched by a night or woken by time leave flags, balances and counts as working out every case would."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import staged
from sqlalchemy import Connection, text

from core.clock import SHANGHAI, end_of_day_at
from warehouse.database import Role, transaction
from warehouse.handoffs.aftercare import work_out_aftercare
from warehouse.runs import run_record

pytestmark = pytest.mark.usefixtures("warehouse_url")
FIRST_DAY = date(2026, 1, 27)
CASES, STATIONS = 6, ("140105Z001", "140106Z002")
TABLES = {
    "case_flag": "case_number, flag_code, station_code, due_date, cast(evidence as text), audience",
    "points_balance": "case_number, station_code, balance, earned_12_months, redeemed_12_months, last_entry_date",
    "service_count": "*",
    "aftercare_case": "*",
}


def at(day: date, hour: int = 12) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)


def put(connection: Connection, feed: str, source_key: str, day: date, **fields: Any) -> None:
    staged.stage(connection, feed, source_key, source_updated_at=end_of_day_at(day), **fields)


def around(chance: random.Random, day: date) -> date:
    return day + timedelta(days=chance.choice((-400, -364, -33, -30, -8, -1, 0, 0, 1, 3, 9)))


def put_service(connection: Connection, chance: random.Random, day: date) -> None:
    n = chance.randrange(CASES)
    done = chance.random() < 0.7
    put(
        connection, "aftercare_services", f"FW-{n}-{chance.randrange(5)}", day, case_number=f"C{n}", station_code=chance.choice(STATIONS),
        service_kind_code=chance.choice(("12", "51", "51")), service_order_state_code=chance.choice("1155"),
        service_result_code=chance.choice("0124" if done else "04"), service_done_at=at(around(chance, day)) if done else None,
        service_planned_at=chance.choice((None, at(around(chance, day)))), is_special_report=chance.random() < 0.3,
        operation_code=chance.choice("IIIIIID"),
    )  # fmt: skip


def put_entry(connection: Connection, chance: random.Random, day: date) -> None:
    n = chance.randrange(CASES)
    number, points = chance.randrange(6), chance.choice((5, 10, -5))
    put(
        connection, "points_ledger", f"JF-{n}-{number}", day, case_number=f"C{n}", station_code=STATIONS[0], entry_number=str(number),
        entry_date=around(chance, day), entry_kind_code=chance.choice("12"), points_rule_code="01", points_count=points,
        points_balance_count=chance.choice((points, 5)), operation_code=chance.choice("IIIID"),
    )  # fmt: skip


def put_case(connection: Connection, chance: random.Random, day: date) -> None:
    n = chance.randrange(CASES)
    put(
        connection, "aftercare_cases", f"AJ-{n}-{chance.randrange(2)}", day, case_number=f"C{n}", station_code=chance.choice(STATIONS),
        decision_number=chance.choice((None, f"强戒〔2024〕{n}号")), order_number=f"责（2025）{n}号",
        transfer_accepted_date=chance.choice((None, None, around(chance, day))),
    )  # fmt: skip


def put_order(connection: Connection, chance: random.Random, day: date) -> None:
    n = chance.randrange(CASES)
    put(
        connection, "community_orders", f"SQ-{n}", day, order_number=f"责〔2025〕{n}号", order_type_code="2", order_date=FIRST_DAY,
        decision_number=f"强戒[2024] {chance.choice((n, (n + 1) % CASES))}号",
    )  # fmt: skip


def put_handoff(connection: Connection, chance: random.Random, run_id: int, day: date) -> None:
    """A handoff goes over, opens again, or is no more."""
    n, told = chance.randrange(CASES), {"run": run_id, "day": day}
    told |= {"id": f"{n:016}", "number": f"强戒〔2024〕{n}号", "state": chance.choice(("AGREED", "COMPLETED", "COMPLETED"))}
    if chance.random() < 0.3:
        gone = "with gone as (delete from handoffs.handoff where handoff_id = :id returning handoff_id, decision_number) "
        gone += "insert into handoffs.gone_handoff select *, :run from gone on conflict (handoff_id) do update set run_id = :run"
        connection.execute(text(gone), told)
        return
    connection.execute(
        text(
            "insert into handoffs.handoff (handoff_id, decision_number, state, as_of_date, worked_out_by_run) "
            "values (:id, :number, :state, :day, :run) on conflict (handoff_id) do update set state = :state, worked_out_by_run = :run"
        ),
        told,
    )


def standing(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    is_shown = {"case_flag": "where status = 'open'"}
    queries = {
        table: f"select {columns} from handoffs.{table} {is_shown.get(table, '')} order by 1, 2" for table, columns in TABLES.items()
    }
    return {table: sorted(map(tuple, connection.execute(text(query))), key=repr) for table, query in queries.items()}


def worked_out_anew(as_of: date, run_id: int) -> dict[str, list[tuple[Any, ...]]]:
    """What looking at every case would leave; nothing is kept."""
    with transaction(Role.ETL) as connection:
        connection.execute(text("delete from handoffs.aftercare_mark"))
        work_out_aftercare(connection, as_of, run_id)
        found = standing(connection)
        connection.rollback()
    return found


@pytest.mark.parametrize(("seed", "nights"), [(1, 8), pytest.param(2, 60, marks=pytest.mark.slow)])
def test_touched_and_woken_cases_leave_what_all_cases_would(seed: int, nights: int) -> None:
    chance, day, spared = random.Random(seed), FIRST_DAY, 0
    for night in range(nights):
        day += timedelta(days=chance.choice((0, 1, 1, 1, 2, 30)))
        with run_record("handoffs") as run, transaction(Role.ETL) as connection:
            for act in chance.choices((put_service, put_entry, put_case, put_order), (4, 3, 1, 1), k=60 if night == 0 else 3):
                act(connection, chance, day)
            put_handoff(connection, chance, run.run_id, day)
            spared += work_out_aftercare(connection, day, run.run_id)["cases_worked_out"] < CASES
            left = standing(connection)
        assert worked_out_anew(day, run.run_id) == left, f"night {night}, {day}"
    assert spared > nights / 2
