"""Absences of some persons as they would have been told on any day, with what had arrived by any instant. Reads; writes nothing.

Who is who is today's knowledge. Only rows linked to the persons themselves are looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from warehouse.handoffs.absences import Absence, absence_of
from warehouse.handoffs.facts import facts_of
from warehouse.handoffs.grouping import DEATH, table_of
from warehouse.handoffs.reading import DERIVED, LISTS, OF_EPISODE
from warehouse.handoffs.rows import Case, Episode, Order, RegisteredPerson, SourceRow
from warehouse.identity.document_numbers import normal_number


def absences_then(connection: Connection, persons: Collection[str], as_of: date, known_at: datetime | None) -> list[tuple[str, Absence]]:
    """Every absence of these persons on the day; `known_at` None: with everything that has arrived."""
    told = {feed: list(_rows(connection, feed, kind, persons, known_at)) for feed, kind in OF_EPISODE.items()}
    registered = list(_rows(connection, "registered_persons", RegisteredPerson, persons, known_at))
    deaths = list(_deaths(connection, persons, known_at))
    by_number: dict[str, dict[str, list[tuple[str, Any]]]] = {}
    for feed, rows in told.items():
        for person, row in rows:
            if row.decision_number:
                by_number.setdefault(normal_number(row.decision_number), {}).setdefault(feed, []).append((person, row))
    found = []
    for rows_of in by_number.values():
        episode_rows = [pair for rows in rows_of.values() for pair in rows]
        person = Counter(person for person, _ in episode_rows).most_common(1)[0][0]
        orders: list[Order] = [row for _, row in rows_of.get("community_orders", ())]
        numbers = {normal_number(order.order_number) for order in orders if order.order_number}
        episode = Episode(
            decision_number=str(episode_rows[0][1].decision_number),
            notices=tuple(row for _, row in rows_of.get("release_notices", ())),
            roster=tuple(row for _, row in rows_of.get("centre_roster", ())),
            orders=tuple(orders),
            cases=_cases(rows_of.get("aftercare_cases", ()), told["aftercare_cases"], numbers),
            registered=tuple(row for owner, row in registered if owner == person),
            death_dates=tuple(day for owner, day in deaths if owner == person),
        )
        found.append((person, absence_of(facts_of(episode, as_of))))
    return found


def _cases(own: Collection[tuple[str, Case]], every: Collection[tuple[str, Case]], order_numbers: set[str]) -> tuple[Case, ...]:
    by_order = [row for _, row in every if row.order_number and normal_number(row.order_number) in order_numbers]
    return tuple({row.source_key: row for row in [*(row for _, row in own), *by_order]}.values())


def _versions(feed: str, known_at: datetime | None) -> str:
    """The rows of the feed linked to the persons, as they stood at the instant."""
    then = "v.is_current" if known_at is None else "v.arrived_at <= cast(:known_at as timestamptz)"
    return (
        f"(select distinct on (v.source_key) v.*, l.person_id as linked_person from identity.link l join {table_of(feed)} v "  # noqa: S608
        f"on v.source_key = l.source_key where l.feed = '{feed}' and l.link_status <> 'review' and l.person_id = any(:persons) and {then} "
        "order by v.source_key, v.source_updated_at desc, v.arrived_at desc, v.version_id desc) t where t.operation_code <> 'D'"
    )


def _rows(
    connection: Connection, feed: str, kind: type[SourceRow], persons: Collection[str], known_at: datetime | None
) -> Iterator[tuple[str, Any]]:
    names = [f.name for f in fields(kind)]
    columns = ", ".join(DERIVED.get(name, f"t.{name}").format(table=table_of(feed)) for name in names)
    query = f"select t.linked_person, {columns} from {_versions(feed, known_at)}"  # noqa: S608
    for person, *values in connection.execute(text(query), {"persons": list(persons), "known_at": known_at}):
        row: dict[str, Any] = dict(zip(names, values, strict=True))
        yield person, kind(**row | {name: tuple(map(str, row[name])) for name in names if name in LISTS})


def _deaths(connection: Connection, persons: Collection[str], known_at: datetime | None) -> Iterator[tuple[str, date]]:
    query = f"select t.linked_person, t.change_date from {_versions('population_changes', known_at)} and t.change_type_code = '{DEATH}'"  # noqa: S608
    for person, day in connection.execute(text(query), {"persons": list(persons), "known_at": known_at}):
        if day is not None:
            yield person, day
