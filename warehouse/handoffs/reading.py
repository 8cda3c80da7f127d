"""Episodes from the staged rows: current rows, grouped by normalised decision number, with the linked person's rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy import Table as SqlTable

from warehouse.handoffs.link_conflicts import link_conflicts
from warehouse.handoffs.rows import (
    Case,
    DrugTest,
    Episode,
    LeaveViolation,
    Notice,
    Order,
    Organization,
    RegisteredPerson,
    RiskAssessment,
    RosterRow,
    Service,
    SourceRow,
)
from warehouse.identity.document_numbers import normal_number
from warehouse.tables.feeds import sealed_column, staging_table
from warehouse.tables.identity import Link
from warehouse.tables.ops import Snapshot

Row = TypeVar("Row", bound=SourceRow)
WithDecision = TypeVar("WithDecision", Notice, RosterRow, Order, Case)
DEATH, REHABILITATION, DONE = "2", "2", "1"
ORDER_FEEDS: tuple[tuple[str, type[SourceRow]], ...] = (
    ("drug_tests", DrugTest),
    ("leave_violations", LeaveViolation),
    ("risk_assessments", RiskAssessment),
)
PERSON_FEEDS = (
    "release_notices",
    "centre_roster",
    "community_orders",
    "aftercare_cases",
    "registered_persons",
    "population_changes",
    *(feed for feed, _ in ORDER_FEEDS),
)


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
    supervision = {feed: _OfOrderOrPerson(feed, _read(connection, feed, kind), links) for feed, kind in ORDER_FEEDS}
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
        order_numbers = {normal_number(order.order_number) for order in of_orders}
        of_both = {feed: rows.of(order_numbers, person_ids) for feed, rows in supervision.items()}
        of_order = {(feed, row.source_key) for feed, rows in supervision.items() for row in rows.of(order_numbers, [])}
        episode = Episode(
            decision_number=_as_received(parts),
            notices=of_notices,
            roster=of_roster,
            orders=of_orders,
            cases=mine_cases,
            services=tuple(s for c in mine_cases for s in services.get(c.case_number, ())),
            registered=people.registered(person_ids, of_orders),
            death_dates=people.deaths(person_ids),
            tests=of_both["drug_tests"],
            violations=supervision["leave_violations"].of(order_numbers, []),
            assessments=of_both["risk_assessments"],
            link_conflicts=link_conflicts(links.told(keys | of_order)),
        )
        yield KnownEpisode(episode, person_ids[0] if len(person_ids) == 1 else None, keys)


class _Links:
    """Which person each row of the handoff feeds is linked to; rows under review count for nobody."""

    def __init__(self, connection: Connection) -> None:
        found = connection.execute(select(Link.feed, Link.source_key, Link.person_id, Link.link_status).where(Link.feed.in_(PERSON_FEEDS)))
        self._told = {(feed, source_key): (person_id, status == "review") for feed, source_key, person_id, status in found}
        self._person = {key: person_id for key, (person_id, is_review) in self._told.items() if not is_review}

    def told(self, keys: Iterable[tuple[str, str]]) -> list[tuple[str, str, str, bool]]:
        """Feed, key, person and whether under review, of the rows that have a link."""
        return [(*key, *self._told[key]) for key in keys if key in self._told]

    def person_of(self, feed: str, source_key: str) -> str | None:
        return self._person.get((feed, source_key))

    def persons_of(self, keys: Iterable[tuple[str, str]]) -> list[str]:
        """Persons the rows are linked to, the one with most rows first."""
        counted = Counter(person for key in keys if (person := self._person.get(key)))
        return sorted(counted, key=lambda person: (-counted[person], person))


class _OfOrderOrPerson:
    """Rows that belong to an episode by the order's number or by the linked person."""

    def __init__(self, feed: str, rows: list[Any], links: _Links) -> None:
        self._by_order = _group(rows, lambda row: normal_number(row.order_number) if row.order_number else None)
        self._by_person = _group(rows, lambda row: links.person_of(feed, row.source_key))

    def of(self, order_numbers: Iterable[str], person_ids: list[str]) -> tuple[Any, ...]:
        """Rows of any of the orders, and of the person most rows speak of."""
        found = [row for number in order_numbers for row in self._by_order.get(number, ())]
        found += self._by_person.get(person_ids[0], ()) if person_ids else ()
        return tuple({row.source_key: row for row in found}.values())


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
    derived = _derived_columns(table)
    names = [f.name for f in fields(kind)]
    conditions = [*_current(table), *([where(table)] if where else [])]
    columns = [derived[name]() if name in derived else table.c[name] for name in names]
    found = connection.execute(select(*columns).where(*conditions))
    return [kind(**{name: _plain(value) for name, value in zip(names, row, strict=True) if value is not None}) for row in found]


def _derived_columns(table: SqlTable) -> dict[str, Any]:
    """Fields of rows that no single column of the feed holds."""
    versions = table.alias("versions")
    return {
        "first_arrived_at": lambda: (
            select(func.min(versions.c.arrived_at)).where(versions.c.source_key == table.c.source_key).scalar_subquery()
        ),
        "has_kin": lambda: table.c[sealed_column("kin_name")].is_not(None),
        "snapshot_date": lambda: (
            select(func.max(Snapshot.snapshot_date))
            .where(Snapshot.feed == table.name, Snapshot.scope == table.c.centre_code)
            .scalar_subquery()
        ),
    }


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
