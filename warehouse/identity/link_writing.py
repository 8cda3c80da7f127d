"""Writing what a linking decided: links that changed with their history, and what happened to persons. Untouched rows stay as they are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, text

from core.clock import now_at
from warehouse.bulk import copy_rows
from warehouse.identity.persons import KEY, Assignment
from warehouse.staging.versions import copy_table

COLUMNS = (*KEY, "person_id", "link_status", "rule", "evidence", "is_loose")
DRAFT = f"""
create temporary table worked_link on commit drop as
select {", ".join(COLUMNS)}, 0::bigint as record_id from identity.link with no data
"""  # noqa: S608
NEW, OLD = (", ".join(f"{side}.{name}" for name in COLUMNS[2:]) for side in "wl")
CHANGED = f"({OLD}) is distinct from ({NEW})"
# In a whole linking every row was decided; else only touched rows can be gone.
GONE_OF_ALL = (
    "select feed, source_key from identity.link l where not exists "
    "(select from worked_link w where (w.feed, w.source_key) = (l.feed, l.source_key))"
)
GONE_OF_TOUCHED = (
    "select l.feed, l.source_key from touched_record t join identity.link l using (feed, source_key) where not exists "
    "(select from identity.record r where (r.feed, r.source_key) = (l.feed, l.source_key))"
)
REMEMBER = f"""
insert into identity.link_history (feed, source_key, changed_by_run, person_id, link_status, rule, decided_at, changed_at)
select l.feed, l.source_key, :run, l.person_id, l.link_status, l.rule, l.decided_at, cast(:now as timestamptz)
from worked_link w join identity.link l using (feed, source_key) where {CHANGED}
union all
select l.feed, l.source_key, :run, l.person_id, l.link_status, l.rule, l.decided_at, cast(:now as timestamptz)
from gone_link g join identity.link l using (feed, source_key)
on conflict do nothing
"""  # noqa: S608
WRITE = f"""
insert into identity.link ({", ".join(COLUMNS)}, decided_at, decided_by_run)
select {", ".join(f"w.{name}" for name in COLUMNS)}, :now, :run from worked_link w left join identity.link l using (feed, source_key)
where l.feed is null or {CHANGED}
on conflict (feed, source_key) do update set {", ".join(f"{name} = excluded.{name}" for name in COLUMNS[2:])},
    decided_at = excluded.decided_at, decided_by_run = excluded.decided_by_run
"""  # noqa: S608
LOOSEN = "insert into identity.loose_record (record_id) select record_id from worked_link where is_loose on conflict do nothing"
FASTEN = "delete from identity.loose_record l using worked_link w where l.record_id = w.record_id and not w.is_loose"
MOVED = "select count(*) from worked_link w join identity.link l using (feed, source_key) where w.person_id <> l.person_id"
FORGET = "delete from identity.link l using gone_link g where (l.feed, l.source_key) = (g.feed, g.source_key)"
NOTE = """
insert into identity.person_event (person_id, kind, other_person_id, run_id, at)
select person_id, kind, other, :run, :now from happened order by kind, person_id
"""


@dataclass(frozen=True)
class Written:
    """Links that changed or are new, links that are gone, and rows that moved from one person to another."""

    changed: int
    gone: int
    moved: int


def write(connection: Connection, decided: pd.DataFrame, assignment: Assignment, run_id: int, *, is_whole: bool) -> Written:
    """The links of the decided rows are as decided; only those that changed are written, with what they were before."""
    run, parameters = connection.execute, {"run": run_id, "now": now_at()}
    created = ((one, parameters["now"], run_id) for one in assignment.new)
    copy_rows(connection, "identity.person", ("person_id", "created_at", "created_by_run"), created)
    run(text(DRAFT))
    copy_table(connection, "worked_link", _worked(decided))
    run(text("create temporary table gone_link on commit drop as " + (GONE_OF_ALL if is_whole else GONE_OF_TOUCHED)))
    run(text("analyze worked_link, gone_link"))
    moved = run(text(MOVED)).scalar_one()
    run(text(REMEMBER), parameters)
    changed = run(text(WRITE), parameters).rowcount
    gone = run(text(FORGET)).rowcount
    run(text(LOOSEN))
    run(text(FASTEN))
    run(text("drop table worked_link, gone_link"))
    _write_merges(connection, assignment)
    _note(connection, assignment, parameters)
    return Written(changed, gone, moved)


def _worked(decided: pd.DataFrame) -> pa.Table:
    classes = ["number_class", "name_class", "birth_class"]
    of_row = decided.groupby(classes, sort=False, observed=True).ngroup().to_numpy()
    said = decided[classes].drop_duplicates().itertuples(index=False)
    words = [json.dumps({k: v for k, v in zip(("number", "name", "birth"), one, strict=True) if v}) for one in said]
    evidence = pa.DictionaryArray.from_arrays(pa.array(of_row), pa.array(words)).cast(pa.string())
    texts = {name: pa.array(decided[name].astype(str).to_numpy(dtype=object), pa.string()) for name in COLUMNS[:5]}
    return pa.table(
        {
            **texts,
            "evidence": evidence,
            "is_loose": pa.array(decided["is_loose"].to_numpy()),
            "record_id": pa.array(decided["record_id"].to_numpy()),
        }
    )


def _write_merges(connection: Connection, assignment: Assignment) -> None:
    """Pointers from merged ids to the kept one; older pointers to a merged id follow. A revived id points nowhere."""
    if assignment.revived:
        connection.execute(
            text("update identity.person set merged_into = null where person_id = any(:ids)"), {"ids": list(assignment.revived)}
        )
    if assignment.merged:
        pairs = "unnest(cast(:old as text[]), cast(:kept as text[])) m (old, kept)"
        for pointing in ("p.person_id", "p.merged_into"):
            connection.execute(
                text(f"update identity.person p set merged_into = m.kept from {pairs} where {pointing} = m.old"),  # noqa: S608
                {"old": list(assignment.merged), "kept": list(assignment.merged.values())},
            )


def _note(connection: Connection, assignment: Assignment, parameters: dict[str, object]) -> None:
    """Events of persons: created, merged, split, revived."""
    connection.execute(text("create temporary table happened (person_id text, kind text, other text) on commit drop"))
    copy_rows(connection, "happened", ("person_id", "kind", "other"), _events(assignment))
    connection.execute(text(NOTE), parameters)
    connection.execute(text("drop table happened"))


def _events(assignment: Assignment) -> Iterable[tuple[str, str, str | None]]:
    yield from ((one, "created", None) for one in assignment.new)
    yield from ((old, "merged", kept) for old, kept in assignment.merged.items())
    yield from ((one, "split", left) for one, left in assignment.split.items())
    yield from ((one, "revived", assignment.split.get(one)) for one in assignment.revived)
