"""Services, points and cases out of the staged rows, as columns; names are opened only to see whether there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
from sqlalchemy import Connection, text

from core.sealing import sealer
from warehouse.bulk import copy_rows
from warehouse.handoffs import points
from warehouse.handoffs.aftercare_services import COLUMNS as SERVICES
from warehouse.handoffs.frames import copied_frame
from warehouse.identity.document_numbers import normal_number
from warehouse.identity.names import bare_keys
from warehouse.tables.feeds import SERVICE_MONTH, as_compared

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
CURRENT = "is_current and operation_code <> 'D' and case_number is not null"
Counted = frozenset[tuple[str, str]]
"""Stations and months (yyyymm) whose services are to be counted again."""
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
    services = _read(connection, "aftercare_services", SERVICES, scope)
    entries = _read(connection, "points_ledger", points.COLUMNS, scope)
    nameless = _nameless(connection, scope)
    if nameless:
        entries.loc[entries["source_key"].isin(nameless), "is_redeemer_named"] = "f"
    return AftercareRows(cases, services, entries, scope)


def _read(connection: Connection, feed: str, columns: dict[str, str], scope: frozenset[str] | None) -> pd.DataFrame:
    return copied_frame(connection, f"select {_wanted(columns)} from {_current(feed, scope)}", columns)  # noqa: S608


def _wanted(columns: Mapping[str, str]) -> str:
    return ", ".join(f"{DERIVED[name]} as {name}" if name in DERIVED else f"f.{name}" for name in columns)


def _current(feed: str, scope: frozenset[str] | None) -> str:
    """The feed's current rows `f`. Few are wanted of a scope: each case's are looked up, whatever the planner knows of the table."""
    if scope is None:
        return f"(select * from sealed.{feed} where {CURRENT}) f"  # noqa: S608
    of_case = f"select * from sealed.{feed} r where {CURRENT} and r.case_number = w.case_number offset 0"  # noqa: S608
    return f"wanted_case w cross join lateral ({of_case}) f"


def _nameless(connection: Connection, scope: frozenset[str] | None) -> set[str]:
    """Entries redeemed by the family whose name has nothing in it but dots and blanks."""
    query = f"select source_key, redeemer_name_sealed from {_current('points_ledger', scope)} where {FAMILY}"  # noqa: S608
    found = connection.execute(text(query)).all()
    opened = sealer("sealed.points_ledger.redeemer_name").open_texts([row.redeemer_name_sealed for row in found])
    keys = bare_keys([name or "" for name in opened])
    return {row.source_key for row, key in zip(found, keys, strict=True) if not key}


def read_services_of_months(connection: Connection, counted: Counted) -> pd.DataFrame:
    """Every current service of these stations and months."""
    connection.execute(text("create temporary table if not exists wanted_month (station_code text, month timestamp) on commit drop"))
    connection.execute(text("truncate wanted_month"))
    copy_rows(connection, "wanted_month", ["station_code", "month"], ((code, f"{month[:4]}-{month[4:]}-01") for code, month in counted))
    of_month = (
        f"cross join lateral (select * from sealed.aftercare_services s where {CURRENT} "  # noqa: S608
        f"and s.station_code = w.station_code and {SERVICE_MONTH} = w.month offset 0) f"
    )
    return copied_frame(connection, f"select {_wanted(SERVICES)} from wanted_month w {of_month}", SERVICES)  # noqa: S608


def regions_of_stations(connection: Connection, as_of: date) -> dict[str, str]:
    """Station -> the region the directory places it in on the day, else last before it."""
    query = (
        "select distinct on (organization_code) organization_code, region_code from staging.station_directory where is_current "
        "and operation_code <> 'D' and region_code is not null and valid_from_date <= :day order by organization_code, valid_from_date desc"
    )
    return {row.organization_code: row.region_code for row in connection.execute(text(query), {"day": as_of})}


def cases_of_orders(connection: Connection, cases: pd.DataFrame | None = None) -> dict[str, str]:
    """Order number (as compared) -> decision number (as compared) of the orders after isolation; of `cases` only, where given."""
    orders = "select order_number, decision_number from sealed.community_orders t where is_current and operation_code <> 'D' "
    orders += "and order_type_code = '2' and order_number is not null and decision_number is not null"
    newest_last = "order by source_updated_at, source_key"
    if cases is None:
        found = connection.execute(text(f"{orders} {newest_last}"))
    else:
        numbers = sorted({normal_number(number) for number in cases["order_number"].dropna()})
        looked_up = f"cross join lateral ({orders} and {as_compared('order_number', 't')} = w.number {newest_last} offset 0) o"
        query = f"select o.* from unnest(cast(:numbers as text[])) w (number) {looked_up}"  # noqa: S608
        found = connection.execute(text(query), {"numbers": numbers})
    return {normal_number(row.order_number): normal_number(row.decision_number) for row in found}


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
