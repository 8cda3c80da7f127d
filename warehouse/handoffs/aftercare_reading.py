"""Services, points and cases out of the staged rows, as columns; names are opened only to see whether there is one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
from sqlalchemy import Connection, text

from core.sealing import sealer
from warehouse.bulk import copy_rows
from warehouse.handoffs import aftercare_services, points
from warehouse.handoffs.frames import copied_frame
from warehouse.identity.document_numbers import normal_number
from warehouse.identity.names import bare_keys

FEEDS = ("aftercare_cases", "aftercare_services", "points_ledger")
CASE_COLUMNS = {
    "case_number": "str",
    "source_key": "str",
    "station_code": "str",
    "updated_at": "instant",
    "transfer_accepted_date": "day",
    "decision_number": "str",
    "order_number": "str",
    "person_id": "str",
}
ZONE = "at time zone 'Asia/Shanghai'"
DERIVED = {
    "updated_at": "source_updated_at at time zone 'UTC'",
    "updated_date": f"(source_updated_at {ZONE})::date",
    "planned_date": f"(service_planned_at {ZONE})::date",
    "done_date": f"(service_done_at {ZONE})::date",
    "done_at": "service_done_at at time zone 'UTC'",
    "is_redeemer_named": "redeemer_name_sealed is not null",
    "person_id": "(select l.person_id from identity.link l where l.feed = 'aftercare_cases' and l.source_key = f.source_key "
    "and l.link_status <> 'review')",
}
FAMILY = "entry_kind_code = '2' and redeemer_code = '2' and redeemer_name_sealed is not null"


@dataclass(frozen=True)
class AftercareRows:
    """What was read; `scope` None means every case."""

    cases: pd.DataFrame
    services: pd.DataFrame
    entries: pd.DataFrame
    scope: frozenset[str] | None


def read_rows(connection: Connection, scope: frozenset[str] | None) -> AftercareRows:
    """The current rows of the cases in scope."""
    if scope is not None:
        connection.execute(text("create temporary table if not exists wanted_case (case_number text primary key) on commit drop"))
        connection.execute(text("truncate wanted_case"))
        copy_rows(connection, "wanted_case", ["case_number"], ((number,) for number in scope))
    cases = _read(connection, "aftercare_cases", CASE_COLUMNS, scope)
    services = _read(connection, "aftercare_services", aftercare_services.COLUMNS, scope)
    entries = _read(connection, "points_ledger", points.COLUMNS, scope)
    nameless = _nameless(connection, scope)
    if nameless:
        entries.loc[entries["source_key"].isin(nameless), "is_redeemer_named"] = "f"
    return AftercareRows(cases, services, entries, scope)


def _read(connection: Connection, feed: str, columns: dict[str, str], scope: frozenset[str] | None) -> pd.DataFrame:
    wanted = ", ".join(f"{DERIVED[name]} as {name}" if name in DERIVED else name for name in columns)
    return copied_frame(connection, f"select {wanted} from sealed.{feed} f where {_current(scope)}", columns)  # noqa: S608


def _current(scope: frozenset[str] | None) -> str:
    only = "" if scope is None else " and case_number in (select case_number from wanted_case)"
    return f"is_current and operation_code <> 'D' and case_number is not null{only}"


def _nameless(connection: Connection, scope: frozenset[str] | None) -> set[str]:
    """Entries redeemed by the family whose name has nothing in it but dots and blanks."""
    query = f"select source_key, redeemer_name_sealed from sealed.points_ledger where {_current(scope)} and {FAMILY}"  # noqa: S608
    found = connection.execute(text(query)).all()
    opened = sealer("sealed.points_ledger.redeemer_name").open_texts([row.redeemer_name_sealed for row in found])
    keys = bare_keys([name or "" for name in opened])
    return {row.source_key for row, key in zip(found, keys, strict=True) if not key}


def read_services_of_stations(connection: Connection, stations: frozenset[str]) -> pd.DataFrame:
    """Every current service of these stations."""
    listed = ", ".join(f"'{code}'" for code in sorted(stations) if code.isalnum())
    where = f"{_current(None)} and station_code in ({listed or 'null'})"
    columns = aftercare_services.COLUMNS
    wanted = ", ".join(f"{DERIVED[name]} as {name}" if name in DERIVED else name for name in columns)
    return copied_frame(connection, f"select {wanted} from sealed.aftercare_services where {where}", columns)  # noqa: S608


def read_case_numbers(connection: Connection) -> pd.DataFrame:
    """Case, decision and order number of every current case."""
    columns = {name: CASE_COLUMNS[name] for name in ("case_number", "decision_number", "order_number")}
    return _read(connection, "aftercare_cases", columns, None)


def newest_versions(connection: Connection) -> dict[str, int]:
    """Greatest version of each of the three feeds."""
    counted = {feed: connection.execute(text(f"select max(version_id) from sealed.{feed}")).scalar_one() for feed in FEEDS}  # noqa: S608
    return {feed: newest or 0 for feed, newest in counted.items()}


def touched_cases(connection: Connection, since: dict[str, int], since_run: int) -> frozenset[str]:
    """Cases that a version after these speaks of, or spoke of before it (a deletion names no case), or that changed person."""
    found: set[str] = set()
    for feed in FEEDS:
        query = (
            f"select distinct v.case_number from sealed.{feed} n join sealed.{feed} v on v.source_key = n.source_key "  # noqa: S608
            "where n.version_id > :since and v.case_number is not null"
        )
        found.update(connection.execute(text(query), {"since": since.get(feed, 0)}).scalars())
    moved = (
        "select c.case_number from identity.link l join sealed.aftercare_cases c on c.source_key = l.source_key and c.is_current "
        "where l.feed = 'aftercare_cases' and l.decided_by_run > :run and c.case_number is not null"
    )
    found.update(connection.execute(text(moved), {"run": since_run}).scalars())
    return frozenset(found)


def touched_stations(connection: Connection, since: dict[str, int]) -> frozenset[str]:
    """Stations whose services have a version after this, or had one before it."""
    query = (
        "select distinct v.station_code from sealed.aftercare_services n join sealed.aftercare_services v using (source_key) "
        "where n.version_id > :since and v.station_code is not null"
    )
    return frozenset(connection.execute(text(query), {"since": since.get("aftercare_services", 0)}).scalars())


def regions_of_stations(connection: Connection, as_of: date) -> dict[str, str]:
    """Station -> the region the directory places it in on the day, else last before it."""
    query = (
        "select distinct on (organization_code) organization_code, region_code from staging.station_directory where is_current "
        "and operation_code <> 'D' and region_code is not null and valid_from_date <= :day order by organization_code, valid_from_date desc"
    )
    return {row.organization_code: row.region_code for row in connection.execute(text(query), {"day": as_of})}


def cases_of_orders(connection: Connection) -> dict[str, str]:
    """Order number (as compared) -> decision number (as compared) of the orders after isolation."""
    query = (
        "select order_number, decision_number from sealed.community_orders where is_current and operation_code <> 'D' "
        "and order_type_code = '2' and order_number is not null and decision_number is not null"
    )
    return {normal_number(row.order_number): normal_number(row.decision_number) for row in connection.execute(text(query))}


def closed_decisions(connection: Connection, closed_states: Sequence[str]) -> set[str]:
    """Decision numbers (as compared) of the handoffs that are over."""
    query = text("select decision_number from handoffs.handoff where state = any(:states)")
    return {normal_number(number) for number in connection.execute(query, {"states": list(closed_states)}).scalars()}


def current_keys(connection: Connection, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the rows (feed, key) that are still there."""
    by_feed: dict[str, list[str]] = {}
    for feed, key in keys:
        by_feed.setdefault(feed, []).append(key)
    found: set[tuple[str, str]] = set()
    for feed, of_feed in by_feed.items():
        if feed not in FEEDS:
            continue
        query = f"select source_key from sealed.{feed} where is_current and operation_code <> 'D' and source_key = any(:keys)"  # noqa: S608
        found.update((feed, key) for key in connection.execute(text(query), {"keys": of_feed}).scalars())
    return found


def as_days(frame: pd.DataFrame, column: str) -> list[date | None]:
    """A column of days as dates for writing."""
    return [None if pd.isna(day) else day.date() for day in frame[column]]
