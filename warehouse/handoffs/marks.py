"""How far the last completed working-out had looked, and how far there is to look now. No clock is asked.

Versions of a feed are numbered under the feed's lock (warehouse/staging/versions.py), so none can appear below a number that was
seen. Linking runs can end out of order; each is remembered by its own number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from warehouse.handoffs.flags import RULE_VERSION
from warehouse.handoffs.grouping import HANDOFF_FEEDS, table_of

RUNS_KEPT = 500
# Everything is worked out again where one of these is another than it was.
FOUNDATIONS = ("rules", "parameters", "calendar", "directory")
FINGERPRINTS = {
    "parameters": "select * from registry.parameter p left join registry.parameter_value v using (name)",
    "calendar": "select * from registry.calendar_day",
    "directory": "select * from staging.station_directory t where t.is_current and t.operation_code <> 'D'",
    "snapshots": "select * from ops.snapshot where feed = 'centre_roster'",
}


@dataclass(frozen=True)
class Marks:
    """What is known of each thing handoffs depend on: greatest versions, fingerprints, linking runs."""

    versions: Mapping[str, int]
    fingerprints: Mapping[str, str]
    link_runs: frozenset[int]
    as_of: date

    def can_go_on_from(self, before: Marks) -> bool:
        """True when what changed since is known row by row: the ground is the same, time did not run back, every linking is known."""
        is_same_ground = all(self.fingerprints[name] == before.fingerprints[name] for name in FOUNDATIONS)
        return is_same_ground and self.as_of >= before.as_of and len(self.link_runs - before.link_runs) < RUNS_KEPT


def present_marks(connection: Connection, as_of: date) -> Marks:
    """How far there is to look now, as this transaction sees it."""
    versions = {
        feed: connection.execute(text(f"select coalesce(max(version_id), 0) from {table_of(feed)}")).scalar_one()  # noqa: S608
        for feed in HANDOFF_FEEDS
    }
    fingerprints = {name: _fingerprint(connection, query) for name, query in FINGERPRINTS.items()} | {"rules": RULE_VERSION}
    return Marks(versions, fingerprints, _link_runs(connection), as_of)


def read_marks(connection: Connection) -> Marks | None:
    """How far the last completed working-out had looked; None when there was none."""
    seen = {row.name: row.seen for row in connection.execute(text("select name, seen from handoffs.mark"))}
    if not seen:
        return None
    runs = frozenset(int(run) for run in seen.get("links", "").split())
    versions = {feed: int(seen.get(f"feed/{feed}", 0)) for feed in HANDOFF_FEEDS}
    fingerprints = {name: seen.get(name, "") for name in (*FOUNDATIONS, "snapshots")}
    return Marks(versions, fingerprints, runs, date.fromisoformat(seen["day"]))


def write_marks(connection: Connection, marks: Marks, run_id: int) -> None:
    """The next working-out begins where this one ends."""
    seen = {f"feed/{feed}": str(version) for feed, version in marks.versions.items()} | dict(marks.fingerprints)
    seen |= {"links": " ".join(map(str, sorted(marks.link_runs))), "day": str(marks.as_of)}
    connection.execute(
        text(
            "insert into handoffs.mark (name, seen, run_id) values (:name, :seen, :run) "
            "on conflict (name) do update set seen = excluded.seen, run_id = excluded.run_id where mark.seen <> excluded.seen"
        ),
        [{"name": name, "seen": value, "run": run_id} for name, value in seen.items()],
    )


def _fingerprint(connection: Connection, query: str) -> str:
    rows = f"select md5(coalesce(string_agg(row_hash, '' order by row_hash), '')) from (select md5(cast(r as text)) as row_hash from ({query}) r) h"  # noqa: S608, E501
    return str(connection.execute(text(rows)).scalar_one())


def _link_runs(connection: Connection) -> frozenset[int]:
    """The newest runs whose links can be seen: what a run did is asked, not whether it says it is done.

    The first link from a run on is asked for, which an index answers; `exists` would make the database read all links of the others.
    """
    found = connection.execute(
        text(
            "select run_id from (select run_id from ops.run where step in ('link', 'steward') order by run_id desc limit :kept) r "
            "where (select min(l.decided_by_run) from identity.link l where l.decided_by_run >= r.run_id) = r.run_id "
            "or (select min(e.run_id) from identity.person_event e where e.run_id >= r.run_id) = r.run_id"
        ),
        {"kept": RUNS_KEPT},
    )
    return frozenset(found.scalars())
