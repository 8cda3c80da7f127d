"""Episodes from the staged rows: current rows, grouped by normalised decision number, with the linked person's rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy import Table as SqlTable

from warehouse.handoffs.rows import Case, Episode, Notice, Order, Organization, RegisteredPerson, RosterRow, Service, SourceRow
from warehouse.identity.document_numbers import normal_number
from warehouse.tables.feeds import staging_table
from warehouse.tables.identity import Link

Row = TypeVar("Row", bound=SourceRow)
WithDecision = TypeVar("WithDecision", Notice, RosterRow, Order, Case)
DEATH, REHABILITATION, DONE = "2", "2", "1"
PERSON_FEEDS = ("release_notices", "centre_roster", "community_orders", "aftercare_cases", "registered_persons", "population_changes")


@dataclass(frozen=True)
class KnownEpisode:
    """An episode, the person its rows agree on (None where they do not), and the rows it stems from."""

    episode: Episode
    person_id: str | None
    row_keys: frozenset[tuple[str, str]]


def read_directory(connection: Connection) -> list[Organization]:
    """Every organisation of the directory, each validity period."""
    return _read(connection, "station_directory", Organization)


def read_episodes(connection: Connection) -> Iterator[KnownEpisode]:
    """Every isolation episode any row speaks of, in order of its number."""
    links = _Links(connection)
    notices = _by_decision(_read(connection, "release_notices", Notice))
    roster = _by_decision(_read(connection, "centre_roster", RosterRow))
    orders = _by_decision(o for o in _read(connection, "community_orders", Order) if o.order_type_code == REHABILITATION)
    cases = _read(connection, "aftercare_cases", Case)
    cases_by_decision = _by_decision(cases)
    cases_by_order = _group(cases, lambda c: normal_number(c.order_number) if c.order_number else None)
    services = _group(
        _read(connection, "aftercare_services", Service, lambda table: table.c.service_result_code == DONE), lambda s: s.case_number
    )
    people = _People(connection, links)
    for number in sorted({*notices, *roster, *orders, *cases_by_decision}):
        mine = {case.source_key: case for case in cases_by_decision.get(number, ())}
        for order in orders.get(number, ()):
            mine |= {case.source_key: case for case in cases_by_order.get(normal_number(order.order_number), ())}
        mine_cases = tuple(mine.values())
        of_notices, of_roster, of_orders = notices.get(number, ()), roster.get(number, ()), orders.get(number, ())
        parts: dict[str, tuple[Any, ...]] = {
            "release_notices": of_notices,
            "centre_roster": of_roster,
            "community_orders": of_orders,
            "aftercare_cases": mine_cases,
        }
        keys = frozenset((feed, row.source_key) for feed, rows in parts.items() for row in rows)
        person_ids = links.persons_of(keys)
        episode = Episode(
            decision_number=_as_received(parts),
            notices=of_notices,
            roster=of_roster,
            orders=of_orders,
            cases=mine_cases,
            services=tuple(s for c in mine_cases for s in services.get(c.case_number, ())),
            registered=people.registered(person_ids, of_orders),
            death_dates=people.deaths(person_ids),
        )
        yield KnownEpisode(episode, person_ids[0] if len(person_ids) == 1 else None, keys)


class _Links:
    """Which person each row of the handoff feeds is linked to; rows under review count for nobody."""

    def __init__(self, connection: Connection) -> None:
        found = connection.execute(
            select(Link.feed, Link.source_key, Link.person_id).where(Link.feed.in_(PERSON_FEEDS), Link.link_status != "review")
        )
        self._person = {(feed, source_key): person_id for feed, source_key, person_id in found}

    def person_of(self, feed: str, source_key: str) -> str | None:
        return self._person.get((feed, source_key))

    def persons_of(self, keys: Iterable[tuple[str, str]]) -> list[str]:
        """Persons the rows are linked to, the one with most rows first."""
        counted = Counter(person for key in keys if (person := self._person.get(key)))
        return sorted(counted, key=lambda person: (-counted[person], person))


class _People:
    """What the police register and the population register say of persons."""

    def __init__(self, connection: Connection, links: _Links) -> None:
        register = _read(connection, "registered_persons", RegisteredPerson)
        self._registered = _group(register, lambda row: links.person_of("registered_persons", row.source_key))
        self._by_number = _group(register, lambda row: row.registration_number)
        self._deaths: dict[str, list[date]] = defaultdict(list)
        table = staging_table("population_changes")
        deaths = select(table.c.source_key, table.c.change_date).where(*_current(table), table.c.change_type_code == DEATH)
        for source_key, day in connection.execute(deaths):
            person = links.person_of("population_changes", source_key)
            if person and day:
                self._deaths[person].append(day)

    def registered(self, person_ids: list[str], orders: tuple[Any, ...]) -> tuple[RegisteredPerson, ...]:
        """Register rows of the person most rows speak of; without one, those under an order's registration number."""
        of_person = self._registered.get(person_ids[0], ()) if person_ids else ()
        numbers = sorted({order.registration_number for order in orders if order.registration_number})
        return of_person or tuple(row for number in numbers for row in self._by_number.get(number, ()))

    def deaths(self, person_ids: list[str]) -> tuple[date, ...]:
        return tuple(self._deaths.get(person_ids[0], ())) if person_ids else ()


def _current(table: SqlTable) -> tuple[ColumnElement[bool], ...]:
    return table.c.is_current, table.c.operation_code != "D"


def _read(connection: Connection, feed: str, kind: type[Row], where: Any = None) -> list[Row]:
    table = staging_table(feed)
    names = [f.name for f in fields(kind)]
    conditions = [*_current(table), *([where(table)] if where else [])]
    found = connection.execute(select(*(table.c[name] for name in names)).where(*conditions))
    return [kind(**{name: _plain(value) for name, value in zip(names, row, strict=True) if value is not None}) for row in found]


def _plain(value: Any) -> Any:
    return tuple(str(item) for item in value) if isinstance(value, list) else value


def _group(rows: Iterable[Row], key: Any) -> dict[str, tuple[Row, ...]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        value = key(row)
        if value is not None:
            groups[value].append(row)
    return {value: tuple(found) for value, found in groups.items()}


def _by_decision(rows: Iterable[WithDecision]) -> dict[str, tuple[WithDecision, ...]]:
    return _group(rows, lambda row: normal_number(row.decision_number) if row.decision_number else None)


def _as_received(parts: dict[str, tuple[Any, ...]]) -> str:
    """The number as the newest row of the first feed that has one writes it."""
    rows = next(with_number for rows in parts.values() if (with_number := [r for r in rows if r.decision_number]))
    return str(max(rows, key=lambda row: row.order).decision_number)
