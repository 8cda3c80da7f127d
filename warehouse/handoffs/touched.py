"""Which episodes a night touches: those whose rows, links or days changed since the last completed working-out.

Numbers are taken from every version of a touched row, so that the episode it left is asked as well as the one it came to.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from warehouse.bulk import copy_rows
from warehouse.handoffs.grouping import (
    CURRENT,
    DECISION,
    EPISODE_FEEDS,
    HANDOFF_FEEDS,
    OF_ORDER,
    OF_PERSON,
    ORDER,
    table_of,
)
from warehouse.handoffs.marks import Marks
from warehouse.identity.link import touched_persons

NOTICES, ROSTER, ORDERS, CASES = EPISODE_FEEDS


def want_touched(connection: Connection, before: Marks, now: Marks) -> int:
    """The temporary table `wanted_episode` (number) holds the episodes to be worked out again; returns how many."""
    run = connection.execute
    run(text("drop table if exists touched_row, touched_person, wanted_episode"))
    run(text("create temporary table touched_row (feed text, source_key text, primary key (feed, source_key)) on commit drop"))
    run(text("create temporary table touched_person (person_id text primary key) on commit drop"))
    for feed in HANDOFF_FEEDS:
        if now.versions[feed] != before.versions[feed]:
            _add(
                connection,
                f"select distinct '{feed}', source_key from {table_of(feed)} where version_id > :seen",  # noqa: S608
                seen=before.versions[feed],
            )
    if now.fingerprints["snapshots"] != before.fingerprints["snapshots"]:
        _add_roster(connection)
    _add_linked(connection, sorted(now.link_runs - before.link_runs))
    _add_related(connection)
    run(text("analyze touched_row"))
    run(text(_wanted()), {"as_of": now.as_of})
    run(text("create unique index on wanted_episode (number)"))
    run(text("analyze wanted_episode"))
    return int(run(text("select count(*) from wanted_episode")).scalar_one())


def keep_left_rows(connection: Connection) -> None:
    """`handoffs.left_row` holds the roster rows that have left their snapshot as of now."""
    left = f"select source_key, missing_since from {table_of(ROSTER)} t where {CURRENT} and missing_since is not null"  # noqa: S608
    connection.execute(text(f"delete from handoffs.left_row l where not exists (select from ({left}) n where n.source_key = l.source_key)"))  # noqa: S608
    connection.execute(
        text(
            f"insert into handoffs.left_row (source_key, missing_since) {left} on conflict (source_key) "
            "do update set missing_since = excluded.missing_since where left_row.missing_since <> excluded.missing_since"
        )
    )


def _add(connection: Connection, query: str, **told: object) -> None:
    connection.execute(text(f"insert into touched_row {query} on conflict do nothing"), told)


def _add_roster(connection: Connection) -> None:
    """A new snapshot says who left or came back without a new version, and that somebody released is still in it."""
    _add(
        connection,
        f"select '{ROSTER}', source_key from (select source_key, missing_since from {table_of(ROSTER)} t "  # noqa: S608
        f"where {CURRENT} and missing_since is not null) n full join handoffs.left_row l using (source_key) "
        "where n.missing_since is distinct from l.missing_since",
    )
    released = f"select {DECISION} from {table_of(NOTICES)} t where {CURRENT} and t.actual_released_at is not null"  # noqa: S608
    _add(
        connection,
        f"select '{ROSTER}', source_key from {table_of(ROSTER)} t where {CURRENT} and t.missing_since is null "  # noqa: S608
        f"and t.custody_state_code in ('1', '2', '3', '4') and {DECISION} in ({released})",
    )


def _add_linked(connection: Connection, runs: list[int]) -> None:
    """Rows whose link changed, and all rows of the persons concerned; of a person's own rows, those of the person."""
    feeds = list(HANDOFF_FEEDS)
    _add(
        connection,
        "select feed, source_key from identity.link where decided_by_run = any(:runs) and feed = any(:feeds)",
        runs=runs,
        feeds=feeds,
    )
    persons = set().union(*(touched_persons(connection, run) for run in runs))
    copy_rows(connection, "touched_person", ("person_id",), ((person,) for person in persons))
    connection.execute(
        text(
            "insert into touched_person select l.person_id from touched_row t join identity.link l using (feed, source_key) "
            "where feed = any(:feeds) "
            "union select h.person_id from touched_row t join identity.link_history h using (feed, source_key) "
            "where feed = any(:feeds) and h.person_id is not null on conflict do nothing"
        ),
        {"feeds": list(OF_PERSON)},
    )
    connection.execute(text("analyze touched_person"))
    _add(
        connection,
        "select l.feed, l.source_key from touched_person p join identity.link l using (person_id) where l.feed = any(:feeds)",
        feeds=list(EPISODE_FEEDS),
    )


def _add_related(connection: Connection) -> None:
    """The rows by which a touched row of another feed belongs to an episode: its case, its order."""
    _add(
        connection,
        f"select '{CASES}', t.source_key from {table_of(CASES)} t where {CURRENT} and t.case_number in (select s.case_number "  # noqa: S608
        f"from {table_of('aftercare_services')} s join touched_row r on r.feed = 'aftercare_services' and r.source_key = s.source_key)",
    )
    _add(
        connection,
        f"select '{ORDERS}', t.source_key from {table_of(ORDERS)} t where {CURRENT} and t.registration_number in (select s.registration_number "  # noqa: S608, E501
        f"from {table_of('registered_persons')} s join touched_row r on r.feed = 'registered_persons' and r.source_key = s.source_key)",
    )
    for feed in (CASES, *OF_ORDER):
        of_feed = f"select {ORDER} from {table_of(feed)} t join touched_row r on r.feed = '{feed}' and r.source_key = t.source_key"  # noqa: S608
        _add(connection, f"select '{ORDERS}', t.source_key from {table_of(ORDERS)} t where {CURRENT} and {ORDER} in ({of_feed})")  # noqa: S608


def _wanted() -> str:
    told = " union ".join(
        f"select {DECISION} as number from {table_of(feed)} t join touched_row r on r.feed = '{feed}' and r.source_key = t.source_key"  # noqa: S608
        for feed in EPISODE_FEEDS
    )
    return (
        "create temporary table wanted_episode on commit drop as select number from "  # noqa: S608
        f"({told} union select number from handoffs.episode where wakes_on <= :as_of) n where number is not null"
    )
