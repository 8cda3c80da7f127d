"""Handoffs and flags into schema handoffs: only differences, with what became of flags that are no longer open."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from core.clock import now_at
from warehouse.bulk import copy_rows
from warehouse.handoffs.facts import Facts, handoff_id
from warehouse.handoffs.flags import Flag
from warehouse.handoffs.next_steps import NextStep
from warehouse.handoffs.reading import KnownEpisode
from warehouse.handoffs.states import Phase, State

HANDOFF_COLUMNS = (
    "handoff_id",
    "person_id",
    "decision_number",
    "centre_code",
    "station_code",
    "expected_release_date",
    "actual_released_at",
    "state",
    "state_since_date",
    "next_step",
    "next_due_date",
    "responsible_role",
)
FLAG_COLUMNS = ("handoff_id", "flag_code", "person_id", "severity", "due_date", "status", "owner_role", "evidence")
DRAFT = "create temporary table {draft} on commit drop as select {columns} from {table} with no data"
CHANGED = "({old}) is distinct from ({new})"


@dataclass(frozen=True)
class Worked:
    """One handoff as worked out; `flags` are the open ones."""

    known: KnownEpisode
    facts: Facts
    state: State
    step: NextStep
    station_code: str | None
    flags: tuple[Flag, ...]

    @property
    def handoff_id(self) -> str:
        """The handoff's id."""
        return handoff_id(self.facts.decision_number)


def write(connection: Connection, worked: list[Worked], as_of: date, run_id: int) -> dict[str, int]:
    """Schema handoffs shows `worked` and nothing else is open; returns counts. Flags that closed keep their row as resolved or void."""
    closed = _closed_flags(connection, {one.handoff_id: one for one in worked})
    _copy(connection, "worked_handoff", "handoffs.handoff", HANDOFF_COLUMNS, [_handoff_row(one) for one in worked])
    flag_rows = [_flag_row(one, flag) for one in worked for flag in one.flags] + closed
    _copy(connection, "worked_flag", "handoffs.flag", FLAG_COLUMNS, flag_rows)
    counts = {"handoffs": len(worked), "flags_open": len(flag_rows) - len(closed)}
    counts |= {f"flags_{status}": count for status, count in Counter(row[5] for row in closed).items()}
    parameters = {"as_of": as_of, "run": run_id, "now": now_at()}
    counts["handoffs_changed"] = connection.execute(text(_upsert_handoffs()), parameters).rowcount
    counts["handoffs_gone"] = connection.execute(
        text("delete from handoffs.handoff where handoff_id not in (select handoff_id from worked_handoff)")
    ).rowcount
    counts["flags_changed"] = connection.execute(text(_upsert_flags()), parameters).rowcount
    connection.execute(text("update handoffs.handoff set as_of_date = :as_of where as_of_date <> :as_of"), parameters)
    connection.execute(text("drop table worked_handoff, worked_flag"))
    return counts


def _handoff_row(one: Worked) -> tuple[Any, ...]:
    facts, state, step = one.facts, one.state, one.step
    return (
        one.handoff_id,
        one.known.person_id,
        facts.decision_number,
        facts.centre_code,
        one.station_code,
        facts.expected_date,
        facts.released_at,
        state.state,
        state.since_date,
        step.next_step,
        step.due_date,
        step.responsible_role,
    )


def _flag_row(one: Worked, flag: Flag) -> tuple[Any, ...]:
    evidence = json.dumps(flag.evidence, ensure_ascii=False, sort_keys=True)
    return (one.handoff_id, flag.flag_code, one.known.person_id, flag.severity, flag.due_date, "open", flag.owner_role, evidence)


def _closed_flags(connection: Connection, worked: dict[str, Worked]) -> list[tuple[Any, ...]]:
    """Flags open until now that are open no more, as rows with their new status."""
    found = connection.execute(
        text(
            "select f.handoff_id, f.flag_code, f.person_id, f.severity, f.due_date, f.owner_role, f.evidence, h.expected_release_date "
            "from handoffs.flag f left join handoffs.handoff h using (handoff_id) where f.status = 'open'"
        )
    ).all()
    rows = []
    for old in found:
        one = worked.get(old.handoff_id)
        if one and any(flag.flag_code == old.flag_code for flag in one.flags):
            continue
        status = "void" if one is None or _is_void(one, old) else "resolved"
        evidence = json.dumps(old.evidence, ensure_ascii=False, sort_keys=True)
        rows.append((old.handoff_id, old.flag_code, old.person_id, old.severity, old.due_date, status, old.owner_role, evidence))
    return rows


def _is_void(one: Worked, old: Any) -> bool:
    """The handoff is over, the date was replaced, or a row the flag stood on is gone; otherwise a fact resolved it."""
    is_replaced = old.expected_release_date is not None and one.facts.expected_date not in {None, old.expected_release_date}
    is_deleted = any((row["feed"], row["source_key"]) not in one.known.row_keys for row in old.evidence.get("rows", ()))
    return one.state.phase is Phase.CLOSED or is_replaced or is_deleted


def _copy(connection: Connection, draft: str, table: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    connection.execute(text(DRAFT.format(draft=draft, table=table, columns=", ".join(columns))))
    copy_rows(connection, draft, columns, rows)


def _upsert_handoffs() -> str:
    columns = ", ".join(HANDOFF_COLUMNS)
    changed = CHANGED.format(old=_of("handoffs.handoff", HANDOFF_COLUMNS[1:]), new=_of("excluded", HANDOFF_COLUMNS[1:]))
    assigned = ", ".join(f"{name} = excluded.{name}" for name in (*HANDOFF_COLUMNS[1:], "as_of_date", "worked_out_by_run"))
    return (
        f"insert into handoffs.handoff ({columns}, as_of_date, worked_out_by_run) select {columns}, :as_of, :run from worked_handoff "  # noqa: S608
        f"on conflict (handoff_id) do update set {assigned} where {changed}"
    )


def _upsert_flags() -> str:
    columns, kept = ", ".join(FLAG_COLUMNS), FLAG_COLUMNS[2:]
    changed = CHANGED.format(old=_of("handoffs.flag", kept), new=_of("excluded", kept))
    assigned = ", ".join(f"{name} = excluded.{name}" for name in (*kept, "closed_at", "worked_out_by_run"))
    now = "cast(:now as timestamptz)"
    return (
        f"insert into handoffs.flag ({columns}, first_open_at, closed_at, worked_out_by_run) "  # noqa: S608
        f"select {columns}, {now}, case when status <> 'open' then {now} end, :run from worked_flag "
        f"on conflict (handoff_id, flag_code) do update set {assigned} where {changed}"
    )


def _of(table: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{table}.{name}" for name in columns)
