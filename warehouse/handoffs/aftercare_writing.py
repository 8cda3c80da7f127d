"""Case flags, balances and service counts into schema handoffs: only differences, with what became of flags no longer open."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from core.clock import now_at
from warehouse.handoffs import aftercare_services, points
from warehouse.handoffs.aftercare_reading import Counted, as_days, current_keys
from warehouse.handoffs.case_flags import UNMET
from warehouse.handoffs.differences import Target, delete_gone, put_draft, upsert

CASE_FLAG = Target(
    "case_flag",
    ("case_number", "flag_code"),
    ("case_reference", "person_id", "station_code", "severity", "due_date", "status", "owner_role", "evidence", "audience"),
)
STATUS = CASE_FLAG.names.index("status")
POINTS_BALANCE = Target("points_balance", ("case_number",), ("person_id", "station_code", *points.BALANCE_COLUMNS))
SERVICE_COUNT = Target("service_count", tuple(aftercare_services.COUNTED_BY), tuple(aftercare_services.COUNTS))
AFTERCARE_CASE = Target("aftercare_case", ("case_number",), ("wakes_on",))
POINTS_FLAGS = "POINTS_"
NOW = "cast(:now as timestamptz)"
# What was reported first is answered or taken back while a later report stands: another thing to tell, though the flag stayed open.
IS_SAME_OPENING = "o.status = 'open' and (d.status <> 'open' or d.severity <> 'critical' or d.due_date <= o.due_date)"
OPENED = (
    "coalesce((select o.opened_at from handoffs.case_flag o where (o.case_number, o.flag_code) = (d.case_number, d.flag_code) "  # noqa: S608
    f"and {IS_SAME_OPENING}), {NOW})"
)


class Ended:
    """Why a flag that is no longer open ended: the handoff is over or a date moved (void), or a fact resolved it."""

    def __init__(self, closed_cases: set[str], services: pd.DataFrame) -> None:
        self._closed_cases = closed_cases
        self._waiting = set(services.loc[aftercare_services.waiting(services), "source_key"])

    def is_void(self, case_number: str, flag_code: str, evidence: Mapping[str, Any], current: set[tuple[str, str]]) -> bool:
        """True where the flag was taken back rather than answered; `current`: rows that are still there."""
        if case_number in self._closed_cases and not flag_code.startswith(POINTS_FLAGS):
            return True
        keys = [(row["feed"], row["source_key"]) for row in evidence.get("rows", ())]
        was_moved = flag_code == UNMET.code and any(key in self._waiting for _, key in keys)
        return was_moved or any(key not in current for key in keys)


def write_flags(connection: Connection, flags: pd.DataFrame, scope: frozenset[str] | None, ended: Ended, run_id: int) -> dict[str, int]:
    """The flags stand open, and of the scope nothing else is: what was open is resolved or void.

    Args:
        flags: as the rules return them, with person_id and station_code.
        scope: case numbers that were looked at; None for every case.
        ended: what tells a resolved flag from a void one.
    """
    opened = [_row(flag, "open") for flag in flags.to_dict("records")]
    closed = _closed(connection, {row[:2] for row in opened}, scope, ended)
    put_draft(connection, CASE_FLAG, [*opened, *closed])
    closed_at = f"case when d.status <> 'open' then {NOW} end"
    extra = {"first_open_at!": NOW, "opened_at": OPENED, "closed_at": closed_at, "worked_out_by_run": ":run"}
    changed = upsert(connection, CASE_FLAG, extra, {"now": now_at(), "run": run_id})
    by_status = {f"case_flags_{status}": count for status, count in Counter(row[STATUS] for row in closed).items()}
    return {"case_flags_open": len(opened), "case_flags_changed": changed} | by_status


def _closed(connection: Connection, still_open: set[tuple[Any, ...]], scope: frozenset[str] | None, ended: Ended) -> list[tuple[Any, ...]]:
    names = ", ".join(CASE_FLAG.names)
    only = "" if scope is None else " and case_number = any(:scope)"
    query = text(f"select {names} from handoffs.case_flag where status = 'open'{only}")  # noqa: S608
    found = connection.execute(query, {"scope": list(scope)} if scope is not None else {}).mappings()
    old = [dict(row) for row in found if (row["case_number"], row["flag_code"]) not in still_open]
    current = current_keys(connection, {(r["feed"], r["source_key"]) for row in old for r in row["evidence"].get("rows", ())})
    return [
        _row(row, "void" if ended.is_void(row["case_number"], row["flag_code"], row["evidence"], current) else "resolved") for row in old
    ]


def _row(flag: Mapping[str, Any], status: str) -> tuple[Any, ...]:
    told = dict(flag) | {"status": status, "evidence": json.dumps(flag["evidence"], ensure_ascii=False, sort_keys=True)}
    return tuple(_plain(told[name]) for name in CASE_FLAG.names)


def _plain(value: Any) -> Any:
    if value is None or (not isinstance(value, (str, list)) and pd.isna(value)):
        return None
    return value.date() if isinstance(value, pd.Timestamp) else value


def write_balances(connection: Connection, balances: pd.DataFrame, scope: frozenset[str] | None) -> dict[str, int]:
    """The balances of the scope are these."""
    last = as_days(balances, "last_entry_date")
    rows = (
        tuple(_plain(value) for value in row) for row in zip(*(_values(balances, name, last) for name in POINTS_BALANCE.names), strict=True)
    )
    put_draft(connection, POINTS_BALANCE, rows)
    where, given = _in_scope("case_number", scope)
    gone = delete_gone(connection, POINTS_BALANCE, where, given)
    return {"points_balances_changed": gone + upsert(connection, POINTS_BALANCE, {}, {})}


def _values(frame: pd.DataFrame, name: str, last: list[date | None]) -> list[Any]:
    return last if name == "last_entry_date" else frame[name].tolist()


def write_waking(connection: Connection, waking: pd.DataFrame, scope: frozenset[str] | None) -> None:
    """The cases of the scope wake on these days (case_number, wakes_on), the others never by themselves."""
    put_draft(connection, AFTERCARE_CASE, zip(waking["case_number"], as_days(waking, "wakes_on"), strict=True))
    delete_gone(connection, AFTERCARE_CASE, *_in_scope("case_number", scope))
    upsert(connection, AFTERCARE_CASE, {}, {})


def write_counts(connection: Connection, counts: pd.DataFrame, counted: Counted | None) -> dict[str, int]:
    """The service counts of these stations and months (None: all counts) are these."""
    put_draft(connection, SERVICE_COUNT, counts[list(SERVICE_COUNT.names)].itertuples(index=False, name=None))
    stations, months = zip(*sorted(counted), strict=True) if counted else ((), ())
    of_months = "(t.station_code, t.month) in (select * from unnest(cast(:stations as text[]), cast(:months as text[])))"
    where, given = ("true", {}) if counted is None else (of_months, {"stations": list(stations), "months": list(months)})
    gone = delete_gone(connection, SERVICE_COUNT, where, given)
    return {"service_counts_changed": gone + upsert(connection, SERVICE_COUNT, {}, {})}


def _in_scope(column: str, scope: frozenset[str] | None) -> tuple[str, dict[str, Any]]:
    return ("true", {}) if scope is None else (f"t.{column} = any(:scope)", {"scope": list(scope)})
