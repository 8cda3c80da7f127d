"""Absences of some persons as they would have been told on any day, with what was known at any instant. Reads; writes nothing.

Rows are those that had arrived, links those that stood then; an episode belongs to the one person its rows agree on, as when handoffs
are worked out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from warehouse.handoffs.absences import Absence, absence_of
from warehouse.handoffs.facts import facts_of
from warehouse.handoffs.grouping import DEATH, REHABILITATION, table_of
from warehouse.handoffs.reading import DERIVED, OF_EPISODE, fields_of, maker
from warehouse.handoffs.rows import Case, Episode, Order, RegisteredPerson, SourceRow
from warehouse.identity.document_numbers import normal_number
from warehouse.identity.links_then import links_at
from warehouse.tables.feeds import as_compared

CASES, ORDERS, REGISTER, CHANGES = "aftercare_cases", "community_orders", "registered_persons", "population_changes"
Told = tuple[str | None, Any]
"""A row and the person it was linked to: None while the link was under review, or there was none."""


def absences_then(connection: Connection, persons: Collection[str], as_of: date, known_at: datetime | None) -> list[tuple[str, Absence]]:
    """Every absence of these persons on the day; `known_at` None: with everything that is known now."""
    if not persons:
        return []
    then = _Then(connection, known_at)
    episodes = then.episodes(then.numbers_of(persons))
    owners = {number: owner for number, rows in episodes.items() if (owner := _owner(rows)) in set(persons)}
    of_person = "l.link_status <> 'review' and l.person_id = any(:wanted)"
    wanted = {"wanted": sorted({owner for owner in owners.values() if owner})}
    registered = then.rows(REGISTER, RegisteredPerson, then.linked(REGISTER, of_person), wanted)
    deaths = then.days_of_death(then.linked(CHANGES, of_person), wanted)
    found = []
    for number, owner in owners.items():
        rows = episodes[number]
        mine = [row for person, row in registered if person == owner] or then.registered_under(rows[ORDERS])
        found.append((str(owner), absence_of(facts_of(_episode(rows, mine, [day for person, day in deaths if person == owner]), as_of))))
    return found


def _owner(rows: Mapping[str, list[Told]]) -> str | None:
    """The one person the rows of an episode agree on, None where they do not."""
    told = {person for of_feed in rows.values() for person, _ in of_feed if person is not None}
    return told.pop() if len(told) == 1 else None


def _episode(rows: Mapping[str, list[Told]], registered: Iterable[RegisteredPerson], deaths: Iterable[date]) -> Episode:
    of_feed = {feed: tuple(row for _, row in told) for feed, told in rows.items()}
    number = next(row.decision_number for feed in OF_EPISODE for row in of_feed[feed] if row.decision_number)
    return Episode(
        decision_number=str(number),
        notices=of_feed["release_notices"],
        roster=of_feed["centre_roster"],
        orders=of_feed[ORDERS],
        cases=of_feed[CASES],
        registered=tuple(registered),
        death_dates=tuple(deaths),
    )


@dataclass(frozen=True)
class _Then:
    """Reads rows and links as they stood at the instant (None: now)."""

    connection: Connection
    known_at: datetime | None

    def numbers_of(self, persons: Collection[str]) -> list[str]:
        """Decision numbers, as compared, of every episode a row of these persons speaks of."""
        wanted = {"wanted": list(persons)}
        keys = "l.link_status <> 'review' and l.person_id = any(:wanted)"
        told = [row for feed, kind in OF_EPISODE.items() for _, row in self.rows(feed, kind, self.linked(feed, keys), wanted)]
        numbers = {normal_number(row.decision_number) for row in told if row.decision_number}
        ordered = [normal_number(row.order_number) for row in told if isinstance(row, Case) and row.order_number]
        orders = self.rows(ORDERS, Order, self._numbered(ORDERS, "order_number"), {"wanted": ordered}) if ordered else []
        return sorted(numbers | {normal_number(order.decision_number) for _, order in orders if order.decision_number})

    def episodes(self, numbers: Collection[str]) -> dict[str, dict[str, list[Told]]]:
        """By number the rows of each feed that make up the episode; cases come by the number of its order too."""
        wanted = {"wanted": list(numbers)}
        found: dict[str, dict[str, list[Told]]] = {number: {feed: [] for feed in OF_EPISODE} for number in numbers}
        number_of_order = defaultdict(set)
        for feed, kind in OF_EPISODE.items():
            for person, row in self.rows(feed, kind, self._numbered(feed, "decision_number"), wanted):
                number = normal_number(row.decision_number or "")
                if number not in found or (isinstance(row, Order) and row.order_type_code != REHABILITATION):
                    continue
                found[number][feed].append((person, row))
                if isinstance(row, Order) and row.order_number:
                    number_of_order[normal_number(row.order_number)].add(number)
        by_order = self.rows(CASES, Case, self._numbered(CASES, "order_number"), {"wanted": sorted(number_of_order)})
        for person, row in by_order:
            for number in number_of_order.get(normal_number(row.order_number or ""), ()):
                if all(row.source_key != known.source_key for _, known in found[number][CASES]):
                    found[number][CASES].append((person, row))
        return found

    def registered_under(self, orders: Iterable[Told]) -> list[RegisteredPerson]:
        """Rows of the register with the registration numbers of these orders."""
        numbers = sorted({order.registration_number for _, order in orders if order.registration_number})
        if not numbers:
            return []
        keys = self._numbered(REGISTER, "registration_number")
        told = self.rows(REGISTER, RegisteredPerson, keys, {"wanted": numbers})
        return [row for _, row in told if row.registration_number in numbers]

    def linked(self, feed: str, condition: str) -> str:
        """Keys of the feed's rows whose link (l) fulfils the condition."""
        return f"select l.source_key from {links_at(self.known_at)} l where l.feed = '{feed}' and {condition}"  # noqa: S608

    def _numbered(self, feed: str, field: str) -> str:
        return f"select n.source_key from {table_of(feed)} n where {self._counts('n')} and {as_compared(field, 'n')} = any(:wanted)"  # noqa: S608

    def _counts(self, alias: str) -> str:
        return f"{alias}.is_current" if self.known_at is None else f"{alias}.arrived_at <= cast(:known_at as timestamptz)"

    def _versions(self, feed: str, keys: str) -> str:
        """The rows of these keys as they stood, with the persons they were linked to."""
        return (
            f"(select distinct on (v.source_key) v.*, case when l.link_status <> 'review' then l.person_id end as linked_person "  # noqa: S608
            f"from {table_of(feed)} v left join {links_at(self.known_at)} l on l.feed = '{feed}' and l.source_key = v.source_key "
            f"where {self._counts('v')} and v.source_key in ({keys}) "
            "order by v.source_key, v.source_updated_at desc, v.arrived_at desc, v.version_id desc) t where t.operation_code <> 'D'"
        )

    def rows(self, feed: str, kind: type[SourceRow], keys: str, told: Mapping[str, Any]) -> list[Told]:
        """The rows of these keys."""
        columns = ", ".join(DERIVED.get(name, f"t.{name}").format(table=table_of(feed)) for name in fields_of(kind))
        query = f"select t.linked_person, {columns} from {self._versions(feed, keys)}"  # noqa: S608
        found = self.connection.execute(text(query), self._bound(told)).all()
        return list(zip([row[0] for row in found], maker(kind)(row[1:] for row in found), strict=True))

    def days_of_death(self, keys: str, told: Mapping[str, Any]) -> list[tuple[str | None, date]]:
        """Persons and the days of death that these rows tell."""
        query = (
            f"select t.linked_person, t.change_date from {self._versions(CHANGES, keys)} "  # noqa: S608
            f"and t.change_type_code = '{DEATH}' and t.change_date is not null"
        )
        return [(person, day) for person, day in self.connection.execute(text(query), self._bound(told))]

    def _bound(self, told: Mapping[str, Any]) -> dict[str, Any]:
        return dict(told) | ({"known_at": self.known_at} if self.known_at else {})
