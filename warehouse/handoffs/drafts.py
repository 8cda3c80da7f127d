"""What was worked out, as columns on their way into the database: handoffs, open flags, and when each episode is to be asked again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import pyarrow as pa

from warehouse.handoffs.absences import Absence
from warehouse.handoffs.facts import Facts
from warehouse.handoffs.flags import Flag
from warehouse.handoffs.measure_sums import written
from warehouse.handoffs.measures import MonthShares
from warehouse.handoffs.next_steps import NextStep
from warehouse.handoffs.states import State

AS_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True)
DAY, INSTANT, TEXT = pa.date32(), pa.timestamp("us", tz="UTC"), pa.string()
HANDOFF = {
    "handoff_id": TEXT,
    "person_id": TEXT,
    "decision_number": TEXT,
    "centre_code": TEXT,
    "station_code": TEXT,
    "expected_release_date": DAY,
    "actual_released_at": INSTANT,
    "state": TEXT,
    "state_since_date": DAY,
    "next_step": TEXT,
    "next_due_date": DAY,
    "responsible_role": TEXT,
    "notice_date": DAY,
    "audience": TEXT,
}
FLAG = {
    "handoff_id": TEXT,
    "flag_code": TEXT,
    "person_id": TEXT,
    "severity": TEXT,
    "due_date": DAY,
    "owner_role": TEXT,
    "evidence": TEXT,
}
EPISODE = {
    "number": TEXT,
    "handoff_id": TEXT,
    "wakes_on": DAY,
    "person_id": TEXT,
    "since_date": DAY,
    "return_date": DAY,
    "return_region_code": TEXT,
    "is_over": pa.bool_(),
    "shares": TEXT,
}


class Worked(NamedTuple):
    """One handoff as worked out; `flags` are the open ones."""

    handoff_id: str
    person_id: str | None
    facts: Facts
    state: State
    step: NextStep
    station_code: str | None
    audience: tuple[str, ...]
    flags: tuple[Flag, ...]
    shares: tuple[MonthShares, ...] = ()


class Asked(NamedTuple):
    """What was found of one episode, near its end or not: when to ask again, whose it is, the absence it tells of."""

    number: str
    handoff_id: str
    wakes_on: date | None
    person_id: str | None
    absence: Absence


@dataclass
class Drafts:
    """Handoffs, flags and episodes of a part, as Arrow tables whose columns are HANDOFF, FLAG and EPISODE; what was missing."""

    handoffs: pa.Table
    flags: pa.Table
    episodes: pa.Table
    by_state: Counter[str] = field(default_factory=Counter)
    missing: frozenset[str] = frozenset()


class Collecting:
    """Gathers what is worked out, one episode after the other."""

    def __init__(self) -> None:
        self._handoffs: list[tuple[Any, ...]] = []
        self._flags: list[tuple[Any, ...]] = []
        self._episodes: list[tuple[Any, ...]] = []
        self._tables: list[tuple[pa.Table, pa.Table, pa.Table]] = []

    def add(self, asked: Asked, worked: Worked | None) -> None:
        """The episode, and its handoff where there is one."""
        away = asked.absence
        absence = (asked.person_id, away.since_date, away.return_date, away.return_region_code, away.is_over)
        shares = written(worked.shares) if worked else None
        self._episodes.append((asked.number, asked.handoff_id, asked.wakes_on, *absence, shares))
        if worked:
            self._handoffs.append(_handoff_row(worked))
            self._flags.extend(_flag_row(worked, flag) for flag in worked.flags)
        if len(self._episodes) >= 10_000:
            self._put_away()

    def drafts(self, missing: Iterable[str]) -> Drafts:
        """Everything gathered; `missing`: codes of what operators have to supply."""
        self._put_away()
        handoffs, flags, episodes = (pa.concat_tables(tables) for tables in zip(*self._tables, strict=True))
        return Drafts(handoffs, flags, episodes, Counter(handoffs.column("state").to_pylist()), frozenset(missing))

    def _put_away(self) -> None:
        """Lists of tuples take ten times the room of columns."""
        self._tables.append((_table(HANDOFF, self._handoffs), _table(FLAG, self._flags), _table(EPISODE, self._episodes)))
        self._handoffs, self._flags, self._episodes = [], [], []


def together(parts: Iterable[Drafts]) -> Drafts:
    """The drafts of all parts as one."""
    found = list(parts)
    return Drafts(
        pa.concat_tables(part.handoffs for part in found),
        pa.concat_tables(part.flags for part in found),
        pa.concat_tables(part.episodes for part in found),
        sum((part.by_state for part in found), Counter()),
        frozenset().union(*(part.missing for part in found)),
    )


def _table(columns: dict[str, pa.DataType], rows: list[tuple[Any, ...]]) -> pa.Table:
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    return pa.table({name: pa.array(column, kind) for (name, kind), column in zip(columns.items(), values, strict=True)})


def _handoff_row(one: Worked) -> tuple[Any, ...]:
    facts, state, step = one.facts, one.state, one.step
    return (
        one.handoff_id,
        one.person_id,
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
        facts.notice.notice_date if facts.notice else None,
        "{" + ",".join(one.audience) + "}",
    )


def _flag_row(one: Worked, flag: Flag) -> tuple[Any, ...]:
    return (one.handoff_id, flag.flag_code, one.person_id, flag.severity, flag.due_date, flag.owner_role, AS_JSON.encode(flag.evidence))
