"""The way back of a flag or handoff: rule and its source, parameters and their documents, rows, versions, deliveries, raw bytes.

Told by feed, key, field and class of value: nothing a row says of a person is read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from core.errors import NotAllowed
from warehouse.handoffs.grouping import EPISODE_FEEDS, HANDOFF_FEEDS, Wanted, group, table_of

EXPLAINED_FEEDS = (*HANDOFF_FEEDS, "points_ledger")


class HandoffUnknown(NotAllowed):
    """No handoff or case, or no such flag of it, is known under this id."""


@dataclass(frozen=True)
class Ground:
    """A row that something stands on: which version of it, which delivery brought it, and where its raw bytes lie.

    `row_number` counts the data rows of the delivery from 1; None for a deletion that a snapshot said by silence.
    """

    feed: str
    source_key: str
    field: str
    value_class: str
    version_id: int
    operation_code: str
    source_updated_at: datetime
    arrived_at: datetime
    batch_id: int
    row_number: int | None
    provider: str | None
    batch_name: str | None
    content_address: str | None


@dataclass(frozen=True)
class ParameterGround:
    """A parameter row that was used: its value, the document it stands in, and the source of the parameter as such."""

    name: str
    region: str
    residence: str
    valid_from: date
    amount: str | None
    document: str | None
    source: str | None


@dataclass(frozen=True)
class Happened:
    """What happened to a flag: opened, changed, resolved or void, with the severity and day it had."""

    kind: str
    at: datetime
    severity: str
    due_date: date | None
    as_of_date: date
    run_id: int


@dataclass(frozen=True)
class FlagLineage:
    """A flag of a handoff or of a case (the other is None) with everything it stands on. Only flags of handoffs keep a history."""

    handoff_id: str | None
    case_number: str | None
    flag_code: str
    status: str
    severity: str
    due_date: date | None
    rule_version: str
    source: str
    run_id: int
    grounds: tuple[Ground, ...]
    parameters: tuple[ParameterGround, ...]
    history: tuple[Happened, ...]


@dataclass(frozen=True)
class HandoffLineage:
    """A handoff, the rows that make up its episode, and its flags' codes by status."""

    handoff_id: str
    state: str
    state_since_date: date | None
    as_of_date: date
    run_id: int
    grounds: tuple[Ground, ...]
    flags: tuple[tuple[str, str], ...]


def flag_lineage(connection: Connection, handoff_id: str, flag_code: str) -> FlagLineage:
    """What the flag stands on. An open one stands on the rows as they are; a closed one on them as they were when it closed.

    Raises:
        HandoffUnknown: the handoff never had this flag.
    """
    flag = connection.execute(
        text("select * from handoffs.flag where handoff_id = :id and flag_code = :code"), {"id": handoff_id, "code": flag_code}
    ).one_or_none()
    if flag is None:
        raise HandoffUnknown(f"handoff {handoff_id} never had a flag {flag_code}: see explain handoff {handoff_id}")
    return FlagLineage(handoff_id, None, **_stands_on(connection, flag), history=_history(connection, handoff_id, flag_code))


def case_flag_lineage(connection: Connection, case_number: str, flag_code: str) -> FlagLineage:
    """What the flag of an aftercare case stands on, as `flag_lineage`.

    Raises:
        HandoffUnknown: the case never had this flag.
    """
    flag = connection.execute(
        text("select * from handoffs.case_flag where case_number = :case and flag_code = :code"), {"case": case_number, "code": flag_code}
    ).one_or_none()
    if flag is None:
        raise HandoffUnknown(f"case {case_number} never had a flag {flag_code}: the view published.case_flags has them")
    return FlagLineage(None, case_number, **_stands_on(connection, flag), history=())


def _stands_on(connection: Connection, flag: Any) -> dict[str, Any]:
    """What a row of the flags tells, and what it stands on, by the names of FlagLineage."""
    rows = [(row["feed"], row["source_key"], row["field"], row["value_class"]) for row in flag.evidence.get("rows", ())]
    return {
        "flag_code": flag.flag_code,
        "status": flag.status,
        "severity": flag.severity,
        "due_date": flag.due_date,
        "rule_version": flag.evidence["rule"],
        "source": flag.evidence["source"],
        "run_id": flag.worked_out_by_run,
        "grounds": _grounds(connection, rows, flag.closed_at),
        "parameters": tuple(_parameter(connection, told) for told in flag.evidence.get("parameters", ())),
    }


def handoff_lineage(connection: Connection, handoff_id: str) -> HandoffLineage:
    """The rows that make up the handoff's episode, and its flags.

    Raises:
        HandoffUnknown: there is no such handoff now.
    """
    told = {"id": handoff_id}
    found = connection.execute(
        text("select h.*, e.number from handoffs.handoff h join handoffs.episode e using (handoff_id) where handoff_id = :id"), told
    ).one_or_none()
    if found is None:
        raise HandoffUnknown(f"there is no handoff {handoff_id} now: the view published.handoffs has their ids")
    connection.execute(
        text("create temporary table wanted_episode on commit drop as select cast(:number as text) as number"), {"number": found.number}
    )
    group(connection, Wanted())
    rows = connection.execute(text("select feed, source_key from episode_row union select feed, source_key from episode_relative")).all()
    flags = connection.execute(text("select flag_code, status from handoffs.flag where handoff_id = :id order by status, flag_code"), told)
    return HandoffLineage(
        handoff_id=handoff_id,
        state=found.state,
        state_since_date=found.state_since_date,
        as_of_date=found.as_of_date,
        run_id=found.worked_out_by_run,
        grounds=_grounds(connection, [(row.feed, row.source_key, "row", "current") for row in sorted(rows, key=_by_feed)], None),
        flags=tuple((row.flag_code, row.status) for row in flags),
    )


def _by_feed(row: Any) -> tuple[int, str, str]:
    is_own = row.feed in EPISODE_FEEDS
    return (EPISODE_FEEDS.index(row.feed) if is_own else len(EPISODE_FEEDS), row.feed, row.source_key)


def _grounds(connection: Connection, rows: list[tuple[str, str, str, str]], until: datetime | None) -> tuple[Ground, ...]:
    return tuple(_ground(connection, *row, until) for row in rows if row[0] in EXPLAINED_FEEDS)


def _ground(connection: Connection, feed: str, source_key: str, field: str, value_class: str, until: datetime | None) -> Ground:
    """The version that counts now, or (`until`) the newest that had arrived by then."""
    counted = "v.arrived_at <= :until" if until else "v.is_current"
    found = connection.execute(
        text(
            "select v.version_id, v.operation_code, v.source_updated_at, v.arrived_at, v.batch_id, v.row_number, "  # noqa: S608
            "b.provider, b.name as batch_name, b.content_address "
            f"from {table_of(feed)} v left join landing.batch b using (batch_id) where v.source_key = :key and {counted} "
            "order by v.source_updated_at desc, v.version_id desc limit 1"
        ),
        {"key": source_key, "until": until},
    ).one_or_none()
    if found is None:
        raise HandoffUnknown(f"row {feed} {source_key} has no version here: was staging rebuilt without its delivery?")
    return Ground(feed, source_key, field, value_class, *found)


def _parameter(connection: Connection, told: str) -> ParameterGround:
    name, region, residence, valid_from = told.split("/")
    found = connection.execute(
        text(
            "select v.amount, v.document, p.source from registry.parameter_value v join registry.parameter p using (name) "
            "where v.name = :name and v.region = :region and v.residence = :residence and v.valid_from = :first"
        ),
        {"name": name, "region": region, "residence": residence, "first": date.fromisoformat(valid_from)},
    ).one_or_none()
    amount, document, source = found or (None, None, None)
    return ParameterGround(name, region, residence, date.fromisoformat(valid_from), amount, document, source)


def _history(connection: Connection, handoff_id: str, flag_code: str) -> tuple[Happened, ...]:
    found = connection.execute(
        text(
            "select kind, at, severity, due_date, as_of_date, run_id from handoffs.flag_event "
            "where handoff_id = :id and flag_code = :code order by event_id"
        ),
        {"id": handoff_id, "code": flag_code},
    )
    return tuple(Happened(*row) for row in found)
