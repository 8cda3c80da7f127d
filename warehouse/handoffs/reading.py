"""Episodes from the staged rows: the current rows of each, in the order of the numbers, streamed so that few are held at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection

from warehouse.handoffs.grouping import CURRENT, DEATH, Part, Wanted, group, table_of
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
    place_of,
)
from warehouse.tables.feeds import sealed_column

AT_ONCE = 5_000
OF_EPISODE: dict[str, type[SourceRow]] = {
    "release_notices": Notice,
    "centre_roster": RosterRow,
    "community_orders": Order,
    "aftercare_cases": Case,
}
RELATED: dict[str, type[SourceRow]] = {
    "registered_persons": RegisteredPerson,
    "drug_tests": DrugTest,
    "leave_violations": LeaveViolation,
    "risk_assessments": RiskAssessment,
}
# Fields of rows that no single column of the feed holds as the rules see it.
DERIVED = {
    "first_arrived_at": "(select min(v.arrived_at) from {table} v where v.source_key = t.source_key)",
    "has_kin": f"t.{sealed_column('kin_name')} is not null",
    "snapshot_date": "(select max(s.snapshot_date) from ops.snapshot s where s.feed = 'centre_roster' and s.scope = t.centre_code)",
    "file_item_codes": "coalesce(t.file_item_codes, '[]')",
    "served_region_codes": "coalesce(t.served_region_codes, '[]')",
}
LISTS = frozenset({"file_item_codes", "served_region_codes"})
Rows = Iterable[Sequence[Any]]
Make = Callable[[Rows], Iterable[Any]]
"""What is made of the rows of one number."""
NO_MORE: tuple[None, Rows] = (None, ())


class KnownEpisode(NamedTuple):
    """An episode, the number it is compared by, and the person its rows agree on (None where they do not)."""

    number: str
    episode: Episode
    person_id: str | None


def read_directory(connection: Connection) -> list[Organization]:
    """Every organisation of the directory, each validity period."""
    table = table_of("station_directory")
    query = f"select {_columns('station_directory', Organization)} from {table} t where {CURRENT}"  # noqa: S608
    make = maker(Organization)
    return list(make(chain.from_iterable(_chunks(connection, "directory", query))))


def read_episodes(connection: Connection, which: Part | Wanted | None = None) -> Iterator[KnownEpisode]:
    """Every isolation episode any current row speaks of (of `which`: a part, or those of the table `wanted_episode`), by number."""
    group(connection, which or Part())
    streams = {feed: _of_episode(connection, feed, kind) for feed, kind in OF_EPISODE.items()}
    streams |= {feed: _related(connection, feed, kind) for feed, kind in RELATED.items()}
    services, deaths = _services(connection), _deaths(connection)
    people, doubts = _people(connection), _doubts(connection)
    for number in _numbers(connection):
        rows: dict[str, tuple[Any, ...]] = {feed: stream.of(number) for feed, stream in streams.items()}
        person = people.of(number)
        episode = Episode(
            decision_number=_as_received(rows),
            notices=rows["release_notices"],
            roster=rows["centre_roster"],
            orders=rows["community_orders"],
            cases=rows["aftercare_cases"],
            services=services.of(number),
            registered=rows["registered_persons"],
            death_dates=deaths.of(number),
            tests=rows["drug_tests"],
            violations=rows["leave_violations"],
            assessments=rows["risk_assessments"],
            link_conflicts=link_conflicts(doubts.of(number)),
        )
        yield KnownEpisode(number, episode, person[0][0] if person and person[0][1] == 1 else None)


class _Groups:
    """What `make` makes of the rows of a stream ordered by number, taken one number after the other; the number is a row's last value."""

    def __init__(self, chunks: Iterator[list[tuple[Any, ...]]], make: Make) -> None:
        self._groups = groupby(chain.from_iterable(chunks), key=itemgetter(-1))
        self._make = make
        self._next: tuple[str | None, Rows] = next(self._groups, NO_MORE)

    def of(self, number: str) -> tuple[Any, ...]:
        """The rows of this number; numbers are asked in rising order."""
        if self._next[0] != number:
            return ()
        found = tuple(self._make(self._next[1]))
        self._next = next(self._groups, NO_MORE)
        return found


def _numbers(connection: Connection) -> Iterator[str]:
    chunks = _chunks(connection, "numbers", "select distinct number from episode_row order by 1")
    return (number for chunk in chunks for (number,) in chunk)


def _people(connection: Connection) -> _Groups:
    query = "select person_id, person_count, number from episode_person order by number"
    return _Groups(_chunks(connection, "people", query), tuple)


def _doubts(connection: Connection) -> _Groups:
    query = "select feed, source_key, person_id, is_review, number from episode_doubt order by number"
    return _Groups(_chunks(connection, "doubts", query), lambda rows: [row[:-1] for row in rows])


def _of_episode(connection: Connection, feed: str, kind: type[SourceRow]) -> _Groups:
    query = (
        f"select {_columns(feed, kind)}, e.number from episode_row e join {table_of(feed)} t "  # noqa: S608
        f"on t.source_key = e.source_key and {CURRENT} where e.feed = '{feed}' order by e.number"
    )
    return _Groups(_chunks(connection, feed, query), maker(kind))


def _related(connection: Connection, feed: str, kind: type[SourceRow]) -> _Groups:
    by_order_only = " and e.is_told" if feed == "leave_violations" else ""
    query = (
        f"select {_columns(feed, kind)}, e.number from episode_relative e join {table_of(feed)} t "  # noqa: S608
        f"on t.source_key = e.source_key and {CURRENT} where e.feed = '{feed}'{by_order_only} order by e.number"
    )
    return _Groups(_chunks(connection, feed, query), maker(kind))


def _services(connection: Connection) -> _Groups:
    query = (
        f"select {_columns('aftercare_services', Service)}, e.number "  # noqa: S608
        "from (select distinct number, case_number from episode_row where case_number is not null) e "
        f"join {table_of('aftercare_services')} t on t.case_number = e.case_number and {CURRENT} "
        "where t.service_done_at is not null order by e.number"
    )
    return _Groups(_chunks(connection, "aftercare_services", query), maker(Service))


def _deaths(connection: Connection) -> _Groups:
    query = (
        f"select t.change_date, e.number from episode_relative e join {table_of('population_changes')} t "  # noqa: S608
        f"on t.source_key = e.source_key and {CURRENT} where e.feed = 'population_changes' and t.change_type_code = '{DEATH}' "
        "and t.change_date is not null order by e.number"
    )
    return _Groups(_chunks(connection, "deaths", query), lambda rows: [row[0] for row in rows])


def _columns(feed: str, kind: type[SourceRow]) -> str:
    return ", ".join(DERIVED.get(name, f"t.{name}").format(table=table_of(feed)) for name in fields_of(kind))


def maker(kind: type[SourceRow]) -> Make:
    """Makes rows of this kind of their values in the order of its fields; what comes after them is left out."""
    names = fields_of(kind)
    own = itemgetter(slice(len(names)))
    lists = [place for place, name in enumerate(names) if name in LISTS]

    def values(row: Sequence[Any]) -> list[Any]:
        told = list(own(row))
        for place in lists:
            told[place] = tuple(map(str, row[place]))
        return told

    return partial(_made, partial(tuple.__new__, cast(Any, kind)), values if lists else own)


def _made(new: Callable[[Sequence[Any]], Any], values: Callable[[Sequence[Any]], Sequence[Any]], rows: Rows) -> Iterator[Any]:
    return map(new, map(values, rows))


def fields_of(kind: type[SourceRow]) -> tuple[str, ...]:
    """The names of the kind's fields, in order."""
    return cast(type[NamedTuple], kind)._fields


def _chunks(connection: Connection, name: str, query: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a query, some thousand at a time, over a cursor that lies with the server."""
    driver: Any = connection.connection.driver_connection
    with driver.cursor(name=f"handoff_{name}", binary=True) as cursor:
        cursor.execute(query.replace("%", "%%"))
        while rows := cursor.fetchmany(AT_ONCE):
            yield rows


def _as_received(rows: dict[str, tuple[Any, ...]]) -> str:
    """The number as the newest row of the first feed that has one writes it."""
    told = next(with_number for feed in OF_EPISODE if (with_number := [row for row in rows[feed] if row.decision_number]))
    return str((told[0] if len(told) == 1 else max(told, key=place_of)).decision_number)
