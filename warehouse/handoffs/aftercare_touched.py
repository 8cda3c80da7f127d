"""Which cases and counts a night touches: those whose rows, person, order or handoff changed, and those that woke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from warehouse.handoffs.aftercare_reading import FEEDS, Counted
from warehouse.handoffs.case_flags import RULE_VERSION
from warehouse.identity.document_numbers import normal_number
from warehouse.tables.feeds import SERVICE_MONTH, as_compared

ORDERS, DIRECTORY, RULES = "community_orders", "station_directory", "rules"
TABLES = {feed: f"sealed.{feed}" for feed in (*FEEDS, ORDERS)} | {DIRECTORY: f"staging.{DIRECTORY}"}
CASE_OF_ROW = """
select distinct v.case_number from sealed.{feed} n join sealed.{feed} v using (source_key)
where n.version_id > :since and v.case_number is not null
"""
# Rows are looked up one by one: the planner knows nothing of an expression's values (`offset 0` leaves it no choice).
CASES_OF_ORDERS = f"""
select c.case_number from unnest(cast(:numbers as text[])) w (number) cross join lateral (
    select case_number from sealed.aftercare_cases t where is_current and {as_compared("order_number", "t")} = w.number offset 0
) c where c.case_number is not null
"""  # noqa: S608
CASES_OF_DECISIONS = f"""
select c.case_number from unnest(cast(:numbers as text[])) w (number) cross join lateral (
    select case_number from sealed.aftercare_cases t where is_current and {as_compared("decision_number", "t")} = w.number offset 0
) c where c.case_number is not null
"""  # noqa: S608
ORDERS_OF_DECISIONS = f"""
select o.order_number from unnest(cast(:numbers as text[])) w (number) cross join lateral (
    select order_number from sealed.community_orders t where is_current and {as_compared("decision_number", "t")} = w.number offset 0
) o where o.order_number is not null
"""  # noqa: S608
MOVED = """
select c.case_number from identity.link l join sealed.aftercare_cases c on c.source_key = l.source_key and c.is_current
where l.feed = 'aftercare_cases' and l.decided_by_run > :run and c.case_number is not null
"""
CHANGED_DECISIONS = """
select decision_number from handoffs.handoff where worked_out_by_run > :run
union select decision_number from handoffs.gone_handoff where run_id > :run
"""


@dataclass(frozen=True)
class Mark:
    """How far the last working-out came: greatest version of each thing it depends on, the day it looked at, and its run."""

    versions: Mapping[str, int]
    as_of: date
    run_id: int


def read_mark(connection: Connection) -> Mark | None:
    """Where the last working-out stopped; None before the first."""
    rows = connection.execute(text("select feed, version_id, as_of_date, run_id from handoffs.aftercare_mark")).all()
    return Mark({row.feed: row.version_id for row in rows}, rows[0].as_of_date, rows[0].run_id) if rows else None


def write_mark(connection: Connection, mark: Mark) -> None:
    """The next working-out begins where this one ends."""
    connection.execute(text("delete from handoffs.aftercare_mark"))
    connection.execute(
        text("insert into handoffs.aftercare_mark (feed, version_id, as_of_date, run_id) values (:feed, :version, :day, :run)"),
        [{"feed": name, "version": version, "day": mark.as_of, "run": mark.run_id} for name, version in mark.versions.items()],
    )


def present_mark(connection: Connection, as_of: date, run_id: int) -> Mark:
    """How far there is to look now; of the rules, their year and month."""
    found = {name: connection.execute(text(f"select max(version_id) from {table}")).scalar_one() for name, table in TABLES.items()}  # noqa: S608
    versions = {name: newest or 0 for name, newest in found.items()} | {RULES: int(RULE_VERSION.replace("-", ""))}
    return Mark(versions, as_of, run_id)


def can_go_on(connection: Connection, before: Mark, now: Mark) -> bool:
    """True when what changed is known case by case: rules and directory are the same, and time did not run back."""
    if now.as_of < before.as_of or any(now.versions[name] != before.versions.get(name) for name in (DIRECTORY, RULES)):
        return False
    places = (
        "select exists (select from staging.station_directory where is_current and valid_from_date > :before and valid_from_date <= :now)"
    )
    return not connection.execute(text(places), {"before": before.as_of, "now": now.as_of}).scalar_one()


def touched_cases(connection: Connection, before: Mark, now: Mark) -> frozenset[str]:
    """Cases that may be otherwise than `before`.

    Those that a newer version speaks of, or spoke of before it (a deletion names no case), whose order or handoff changed, whose
    person is another, or that time alone may have changed.
    """
    since = before.versions

    def asked(query: str, **told: object) -> set[str]:
        return set(connection.execute(text(query), told).scalars())

    found = set().union(*(asked(CASE_OF_ROW.format(feed=feed), since=since[feed]) for feed in FEEDS))
    found |= asked(MOVED, run=before.run_id)
    decisions = _compared(asked(CHANGED_DECISIONS, run=before.run_id))
    orders = asked(ORDERS_OF_DECISIONS, numbers=decisions)
    if now.versions[ORDERS] != since[ORDERS]:
        named = "select v.order_number from sealed.community_orders n join sealed.community_orders v using (source_key)"
        orders |= asked(f"{named} where n.version_id > :since and v.order_number is not null", since=since[ORDERS])
    found |= asked(CASES_OF_DECISIONS, numbers=decisions) | asked(CASES_OF_ORDERS, numbers=_compared(orders))
    return frozenset(found | asked("select case_number from handoffs.aftercare_case where wakes_on <= :day", day=now.as_of))


def touched_counts(connection: Connection, before: Mark) -> Counted:
    """Stations and months of which a service has a newer version, or had one before it."""
    query = (
        f"select distinct v.station_code, to_char({SERVICE_MONTH}, 'YYYYMM') from (select v.* from sealed.aftercare_services n "  # noqa: S608
        "join sealed.aftercare_services v using (source_key) where n.version_id > :since and v.station_code is not null) v"
    )
    found = connection.execute(text(query), {"since": before.versions["aftercare_services"]})
    return frozenset((station, month) for station, month in found)


def _compared(numbers: set[str]) -> list[str]:
    return sorted({normal_number(number) for number in numbers})
