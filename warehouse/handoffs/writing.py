"""Handoffs and flags into schema handoffs: only differences, with the history of every flag's openings and closings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, Row, text

from core.clock import now_at
from warehouse.bulk import copy_rows
from warehouse.handoffs.closing import RESOLVED, VOID, Standing, status_of_closed
from warehouse.handoffs.drafts import EPISODE, FLAG, HANDOFF, Drafts
from warehouse.handoffs.grouping import HANDOFF_FEEDS, table_of
from warehouse.staging.versions import copy_table

NOW = "cast(:now as timestamptz)"
# A handoff's dates gave way to others, so a flag that is still open turns on another day: the old one is void, a new one opened.
REPLACED = "(h.expected_release_date <> w.expected_release_date or h.notice_date <> w.notice_date)"
SUPERSEDED = f"(f.status = 'open' and f.due_date is distinct from n.due_date and {REPLACED})"
STANDING = """
create temporary table standing_flag on commit drop as
select f.handoff_id, f.flag_code, f.severity as old_severity, f.due_date as old_due_date, f.status as old_status,
       n.flag_code is not null as is_open, coalesce({superseded}, false) as is_superseded,
       h.state as old_state, h.expected_release_date as old_expected_date, h.notice_date as old_notice_date,
       w.state, w.expected_release_date as expected_date, w.notice_date
from handoffs.flag f
left join worked_flag n using (handoff_id, flag_code)
left join handoffs.handoff h using (handoff_id)
left join worked_handoff w using (handoff_id)
where (f.status = 'open' or n.flag_code is not null){scope}
"""
IN_SCOPE = " and {0}.handoff_id in (select handoff_id from worked_scope)"
OPENED = """
insert into handoffs.flag_event (handoff_id, flag_code, kind, severity, due_date, as_of_date, at, run_id)
select * from (
    select s.handoff_id, s.flag_code, 'void' as kind, s.old_severity, s.old_due_date, :as_of, {now}, :run from standing_flag s
    where s.is_superseded
    union all select c.handoff_id, c.flag_code, c.status, s.old_severity, s.old_due_date, :as_of, {now}, :run
    from worked_closing c join standing_flag s using (handoff_id, flag_code)
    union all select n.handoff_id, n.flag_code,
        case when s.flag_code is null or s.old_status <> 'open' or s.is_superseded then 'opened' else 'changed' end,
        n.severity, n.due_date, :as_of, {now}, :run
    from worked_flag n left join standing_flag s using (handoff_id, flag_code)
    where s.flag_code is null or s.old_status <> 'open' or (n.severity, n.due_date) is distinct from (s.old_severity, s.old_due_date)
) e order by handoff_id, flag_code, kind = 'opened'
"""
GONE = """
with gone as (
    delete from handoffs.handoff h where not exists (select from worked_handoff w where w.handoff_id = h.handoff_id){scope}
    returning handoff_id, decision_number
)
insert into handoffs.gone_handoff as t (handoff_id, decision_number, run_id) select handoff_id, decision_number, :run from gone
on conflict (handoff_id) do update set decision_number = excluded.decision_number, run_id = excluded.run_id
"""


@dataclass(frozen=True)
class Scope:
    """What the drafts speak for: every episode, or (`is_whole` False) those of the temporary table `wanted_episode`."""

    is_whole: bool


def write(connection: Connection, drafts: Drafts, scope: Scope, as_of: date, run_id: int) -> dict[str, int]:
    """Of the scope, schema handoffs shows the drafts and nothing else is open; returns counts.

    Rows that do not differ are not touched. A flag that closed keeps its row as resolved or void; `handoffs.flag_event` tells each
    opening, change and closing. A handoff that is no more goes, its flags are void.
    """
    told = {"as_of": as_of, "run": run_id, "now": now_at()}

    def run(statement: str) -> int:
        return connection.execute(text(statement), told).rowcount

    _put(connection, "handoffs.handoff", HANDOFF, drafts.handoffs, ("handoff_id",))
    _put(connection, "handoffs.flag", FLAG, drafts.flags, ("handoff_id", "flag_code"))
    _put(connection, "handoffs.episode", EPISODE, drafts.episodes, ("number", "handoff_id"))
    if not scope.is_whole:
        run(
            "create temporary table worked_scope on commit drop as select handoff_id from worked_episode "
            "union select handoff_id from handoffs.episode join wanted_episode using (number)"
        )
    only = "" if scope.is_whole else IN_SCOPE
    run(STANDING.format(superseded=SUPERSEDED, scope=only.format("f")))
    counts = {"handoffs": drafts.handoffs.num_rows, "flags_open": drafts.flags.num_rows}
    counts |= _close_flags(connection)
    counts["flag_events"] = run(OPENED.format(now=NOW))
    counts["flags_changed"] = run(_upsert_flags()) + run(
        f"update handoffs.flag f set status = c.status, closed_at = {NOW}, worked_out_by_run = :run from worked_closing c "  # noqa: S608
        "where (f.handoff_id, f.flag_code) = (c.handoff_id, c.flag_code)"
    )
    counts["handoffs_changed"] = run(_upsert("handoffs.handoff", tuple(HANDOFF), ("as_of_date", "worked_out_by_run"), (":as_of", ":run")))
    counts["handoffs_gone"] = run(GONE.format(scope=only.format("h")))
    run(_upsert("handoffs.episode", tuple(EPISODE)))
    within = "" if scope.is_whole else " and e.number in (select number from wanted_episode)"
    run(f"delete from handoffs.episode e where not exists (select from worked_episode w where w.number = e.number){within}")  # noqa: S608
    run("drop table worked_handoff, worked_flag, worked_episode, worked_closing, standing_flag")
    if not scope.is_whole:
        run("drop table worked_scope")
    return counts


def _put(connection: Connection, table: str, columns: dict[str, pa.DataType], rows: pa.Table, joined_by: tuple[str, ...]) -> None:
    """The rows wait in `worked_<table>`; the planner knows the columns they are joined by."""
    names, draft = ", ".join(columns), f"worked_{table.split('.')[1]}"
    connection.execute(text(f"create temporary table {draft} on commit drop as select {names} from {table} with no data"))  # noqa: S608
    copy_table(connection, draft, rows)
    connection.execute(text(f"analyze {draft} ({', '.join(joined_by)})"))


def _close_flags(connection: Connection) -> dict[str, int]:
    """Flags that were open and are not now stand in `worked_closing` with their new status."""
    found = connection.execute(text(f"select s.*, {_is_row_gone()} as is_row_gone from standing_flag s where not is_open")).all()  # noqa: S608
    rows = [(row.handoff_id, row.flag_code, _status(row)) for row in found]
    connection.execute(text("create temporary table worked_closing (handoff_id text, flag_code text, status text) on commit drop"))
    copy_rows(connection, "worked_closing", ("handoff_id", "flag_code", "status"), rows)
    return {f"flags_{status}": sum(row[2] == status for row in rows) for status in (RESOLVED, VOID)}


def _status(row: Row[Any]) -> str:
    before = Standing(row.old_state, row.old_expected_date, row.old_notice_date) if row.old_state else None
    now = Standing(row.state, row.expected_date, row.notice_date) if row.state else None
    return status_of_closed(before, now, is_row_gone=row.is_row_gone)


def _is_row_gone() -> str:
    """True where a row of the flag's evidence has no current version, or is deleted."""
    there = " or ".join(
        f"r.feed = '{feed}' and exists (select from {table_of(feed)} t where t.source_key = r.source_key "
        "and t.is_current and t.operation_code <> 'D')"
        for feed in HANDOFF_FEEDS
    )
    return (
        "exists (select from handoffs.flag f, jsonb_to_recordset(f.evidence -> 'rows') as r (feed text, source_key text) "
        f"where (f.handoff_id, f.flag_code) = (s.handoff_id, s.flag_code) and not ({there}))"
    )


def _upsert(table: str, columns: tuple[str, ...], extra: tuple[str, ...] = (), values: tuple[str, ...] = ()) -> str:
    key, kept = columns[0], columns[1:]
    old, new = (", ".join(f"{side}.{name}" for name in kept) for side in ("t", "excluded"))
    assigned = ", ".join(f"{name} = excluded.{name}" for name in (*kept, *extra))
    return (
        f"insert into {table} as t ({', '.join((*columns, *extra))}) "  # noqa: S608
        f"select {', '.join((*columns, *values))} from worked_{table.split('.')[1]} "
        f"on conflict ({key}) do update set {assigned} where ({old}) is distinct from ({new})"
    )


def _upsert_flags() -> str:
    columns = tuple(FLAG)
    kept = columns[2:]
    old, new = (", ".join(f"{side}.{name}" for name in kept) for side in ("t", "excluded"))
    assigned = ", ".join(f"{name} = excluded.{name}" for name in (*kept, "status", "closed_at", "worked_out_by_run"))
    reopened = (
        "case when t.status <> 'open' or exists (select from standing_flag s where s.is_superseded and s.handoff_id = t.handoff_id "
        "and s.flag_code = t.flag_code) then excluded.opened_at else t.opened_at end"
    )
    return (
        f"insert into handoffs.flag as t ({', '.join(columns)}, status, first_open_at, opened_at, closed_at, worked_out_by_run) "  # noqa: S608
        f"select {', '.join(columns)}, 'open', {NOW}, {NOW}, null, :run from worked_flag "
        f"on conflict (handoff_id, flag_code) do update set {assigned}, opened_at = {reopened} "
        f"where t.status <> 'open' or ({old}) is distinct from ({new})"
    )
