"""Links every current row about a person to a persistent person, and remembers every change of mind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, select, text

from core.clock import now_at, today_date
from warehouse.bulk import copy_rows
from warehouse.identity.clusters import decide
from warehouse.identity.persons import KEY, assign
from warehouse.identity.records import read_records
from warehouse.tables.identity import Link, Person

COLUMNS = (*KEY, "person_id", "link_status", "rule", "evidence")
DRAFT = f"create temporary table worked_link on commit drop as select {', '.join(COLUMNS)} from identity.link with no data"  # noqa: S608
CHANGED = "(l.person_id, l.link_status, l.rule, l.evidence) is distinct from (w.person_id, w.link_status, w.rule, w.evidence)"
REMEMBER = f"""
insert into identity.link_history (feed, source_key, changed_by_run, person_id, link_status, rule)
select l.feed, l.source_key, :run, l.person_id, l.link_status, l.rule
from identity.link l left join worked_link w using (feed, source_key)
where w.feed is null or {CHANGED}
on conflict do nothing
"""  # noqa: S608
FORGET = "delete from identity.link l where not exists (select from worked_link w where (w.feed, w.source_key) = (l.feed, l.source_key))"
WRITE = f"""
insert into identity.link (feed, source_key, person_id, link_status, rule, evidence, decided_at, decided_by_run)
select w.feed, w.source_key, w.person_id, w.link_status, w.rule, w.evidence, :now, :run
from worked_link w left join identity.link l using (feed, source_key)
where l.feed is null or {CHANGED}
on conflict (feed, source_key) do update set person_id = excluded.person_id, link_status = excluded.link_status, rule = excluded.rule,
    evidence = excluded.evidence, decided_at = excluded.decided_at, decided_by_run = excluded.decided_by_run
"""  # noqa: S608


@dataclass(frozen=True)
class LinkCounts:
    """What a linking did: rows by status, persons in all, and what changed."""

    rows: int
    linked: int
    review: int
    unlinked: int
    persons: int
    new_persons: int
    merged_persons: int
    links_changed: int
    links_gone: int

    def as_dict(self) -> dict[str, int]:
        """The counts by name, for the run's record."""
        return asdict(self)


def link(connection: Connection, run_id: int, as_of: date | None = None) -> LinkCounts:
    """Every current row of the person feeds has its link in schema identity. Running again on the same rows changes nothing."""
    records = read_records(connection, as_of or today_date())
    decided = decide(records)
    standing = _standing_links(connection)
    assignment = assign(decided, standing, _age(connection))
    decided["person_id"] = decided["cluster"].map(assignment.person_of)
    now = now_at()
    _write_persons(connection, assignment.new, run_id)
    connection.execute(text(DRAFT))
    copy_rows(connection, "worked_link", COLUMNS, _worked(decided))
    connection.execute(text("analyze worked_link"))
    parameters = {"run": run_id, "now": now}
    connection.execute(text(REMEMBER), parameters)
    changed = connection.execute(text(WRITE), parameters).rowcount
    gone = connection.execute(text(FORGET)).rowcount
    connection.execute(text("drop table worked_link"))
    _write_merges(connection, dict(assignment.merged))
    statuses = decided["link_status"].value_counts()
    return LinkCounts(
        rows=len(decided),
        **{status: int(statuses.get(status, 0)) for status in ("linked", "review", "unlinked")},
        persons=len(assignment.person_of),
        new_persons=len(assignment.new),
        merged_persons=len(assignment.merged),
        links_changed=changed,
        links_gone=gone,
    )


def _worked(decided: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    evidence: dict[tuple[str, ...], str] = {}
    classes = ["number_class", "name_class", "birth_class"]
    for *values, number, name, birth in decided[[*KEY, "person_id", "link_status", "rule", *classes]].itertuples(index=False):
        said = (number, name, birth)
        if said not in evidence:
            evidence[said] = json.dumps({k: v for k, v in zip(("number", "name", "birth"), said, strict=True) if v})
        yield (*values, evidence[said])


def _standing_links(connection: Connection) -> pd.DataFrame:
    found = connection.execute(select(Link.feed, Link.source_key, Link.person_id)).all()
    return pd.DataFrame(found, columns=[*KEY, "person_id"])


def _age(connection: Connection) -> dict[str, int]:
    ordered = connection.execute(select(Person.person_id).order_by(Person.created_by_run, Person.person_id)).scalars()
    return {person_id: place for place, person_id in enumerate(ordered)}


def _write_persons(connection: Connection, new: tuple[str, ...], run_id: int) -> None:
    now = now_at().isoformat()
    copy_rows(connection, "identity.person", ("person_id", "created_at", "created_by_run"), ((one, now, run_id) for one in new))


def _write_merges(connection: Connection, merged: dict[str, str]) -> None:
    """Pointers from merged ids to the kept one; older pointers to a merged id follow."""
    if not merged:
        return
    connection.execute(
        text(
            "update identity.person p set merged_into = m.kept from unnest(cast(:old as text[]), cast(:kept as text[])) m (old, kept) "
            "where p.person_id = m.old or p.merged_into = m.old"
        ),
        {"old": list(merged), "kept": list(merged.values())},
    )
