"""Keeps `identity.record` in step with the staged versions, and builds what linking compares out of it.

Everything happens in the caller's transaction. Which rows count now is said by staging; what they tell is made ready by `prepared`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
from sqlalchemy import Connection, text

from core.sealing import sealer
from expectations.agreement import Feed
from warehouse.identity.prepared import FORM, STORED, Prepared, prepare
from warehouse.identity.reading import CHANGES_FEED, REGISTER_FEED, read_changes, read_told
from warehouse.identity.records import person_feeds
from warehouse.staging.columns import bytea_literals
from warehouse.staging.versions import copy_table

AT_ONCE = 250_000
# From so many new records on, the index of the keys is built anew rather than fed.
MANY = 100_000
VALUE_PLACE = "identity.value.sealed"
KINDS = {"name": "name_code", "number": "number_code", "text": "text_code", "phone": "phone_code"}
_COLUMNS = ", ".join(STORED)
_NEWS = ", ".join(f"{name} = excluded.{name}" for name in STORED if name not in {"feed", "source_key"})
_SAID = [name for name in STORED if name not in {"feed", "source_key", "version_id"}]
# A new version that says the same of its person touches nobody; but a register row may tell of former names beside it.
UNTOUCHED = f"""
delete from touched_record t using old_record o, worked_record w
where (o.feed, o.source_key) = (t.feed, t.source_key) and (w.feed, w.source_key) = (t.feed, t.source_key)
  and o.feed not in ('{CHANGES_FEED}', '{REGISTER_FEED}')
  and ({", ".join(f"o.{name}" for name in _SAID)}) is not distinct from ({", ".join(f"w.{name}" for name in _SAID)})
"""  # noqa: S608

FORGET_LOOSE = """
delete from identity.loose_record l using old_record o where l.record_id = o.record_id
and not exists (select from worked_record w where (w.feed, w.source_key) = (o.feed, o.source_key))
"""
WORKED = "(select r.record_id, r.keys from worked_record w join identity.record r using (feed, source_key))"
KEYS_OF = "select k.key, r.record_id from {} r cross join lateral (select distinct key from unnest(r.keys) key) k"


@dataclass(frozen=True)
class Touched:
    """Records made or made anew, and records that are gone; temp table `touched_record` (feed, source_key) names them."""

    changed: int
    gone: int


def refresh(connection: Connection, as_of: date, *, complete: bool = False) -> Touched:
    """`identity.record` has what the current versions of the person feeds tell.

    The temp tables `touched_record` (feed, source_key), `old_record` and `worked_record` (rows as they were and are) last until
    the transaction ends.

    Args:
        complete: compares every version instead of those that came since the last time.
    """
    begin(connection)
    for feed in person_feeds():
        changed = _changed_versions(connection, feed, complete=complete)
        for start in range(0, len(changed), AT_ONCE):
            part = changed[start : start + AT_ONCE]
            told = read_told(connection, feed, part)
            changes = read_changes(connection, {feed.feed: part}) if feed.feed == CHANGES_FEED else ()
            put(connection, prepare(told, as_of, changes))
    return finish(connection)


def begin(connection: Connection) -> None:
    """The temp tables of a refresh stand empty."""
    connection.execute(text("drop table if exists touched_record, old_record, worked_record, worked_value, value_change"))
    connection.execute(
        text("create temporary table touched_record (feed text, source_key text, primary key (feed, source_key)) on commit drop")
    )
    connection.execute(
        text(f"create temporary table worked_record on commit drop as select {_COLUMNS} from identity.record with no data")  # noqa: S608
    )
    connection.execute(text("create temporary table worked_value (kind text, code bigint, sealed bytea) on commit drop"))


def put(connection: Connection, prepared: Prepared) -> None:
    """The prepared rows are among those that `finish` stores."""
    copy_table(connection, "worked_record", prepared.rows)
    seal = sealer(VALUE_PLACE)
    for values in prepared.values:
        sealed = bytea_literals(seal.seal_texts([one or "" for one in values.texts]))
        kinds = pa.DictionaryArray.from_arrays(pa.array([0] * len(sealed), pa.int32()), pa.array([values.kind])).cast(pa.string())
        copy_table(connection, "worked_value", pa.table({"kind": kinds, "code": pa.array(values.codes.view("int64")), "sealed": sealed}))


def finish(connection: Connection) -> Touched:
    """What was put replaces the records of the same rows; touched rows that were not put are gone."""
    run = connection.execute
    changed = run(text("insert into touched_record select feed, source_key from worked_record on conflict do nothing")).rowcount
    run(text("analyze touched_record, worked_record"))
    look_up(connection, rows=changed <= MANY)
    run(
        text(
            "create temporary table old_record on commit drop as "
            "select r.* from identity.record r join touched_record using (feed, source_key)"
        )
    )
    run(text(UNTOUCHED))
    run(text(FORGET_LOOSE))
    gone = run(
        text(
            "delete from identity.record r using touched_record t where (r.feed, r.source_key) = (t.feed, t.source_key) "
            "and not exists (select from worked_record w where (w.feed, w.source_key) = (t.feed, t.source_key))"
        )
    ).rowcount
    run(
        text(
            f"insert into identity.record ({_COLUMNS}) select {_COLUMNS} from worked_record "  # noqa: S608
            f"on conflict (feed, source_key) do update set {_NEWS}"
        )
    )
    _keep_keys(connection, is_bulk=changed > MANY)
    _count_values(connection)
    return Touched(changed, gone)


def _keep_keys(connection: Connection, *, is_bulk: bool) -> None:
    """`identity.record_key` has the keys of the records as they are now."""
    (_renew_keys if is_bulk else _change_keys)(connection)


def _renew_keys(connection: Connection) -> None:
    run = connection.execute
    run(text("select identity.drop_record_keys()"))
    run(text("delete from identity.record_key k using old_record o where k.record_id = o.record_id"))
    run(text(f"insert into identity.record_key (key, record_id) {KEYS_OF.format(WORKED)}"))
    run(text("select identity.build_record_keys()"))
    run(text("analyze identity.record, identity.record_key"))


def _change_keys(connection: Connection) -> None:
    run = connection.execute
    for name, source in (("key_then", "old_record"), ("key_now", WORKED)):
        run(text(f"create temporary table {name} on commit drop as {KEYS_OF.format(source)}"))
    run(text("analyze key_then, key_now"))
    gone = "select key, record_id from key_then except select key, record_id from key_now"
    new = "select key, record_id from key_now except select key, record_id from key_then"
    run(text(f"delete from identity.record_key k using ({gone}) g where (k.key, k.record_id) = (g.key, g.record_id)"))  # noqa: S608
    run(text(f"insert into identity.record_key (key, record_id) {new}"))
    run(text("drop table key_then, key_now"))


def look_up(connection: Connection, *, rows: bool = True) -> None:
    """Large tables are asked row by row over their indexes for the rest of the transaction, or (False) as the planner likes."""
    connection.execute(text(f"set local enable_seqscan = {'off' if rows else 'on'}"))
    # Statements of milliseconds are not worth compiling, nor their few rows a sort on disk.
    connection.execute(text(f"set local jit = {'off' if rows else 'on'}"))
    connection.execute(text("set local work_mem = '64MB'"))


def open_values(connection: Connection, kind: str, codes: Sequence[int] | None) -> dict[int, str]:
    """The values of one kind by code; those of `codes`, or (None) all."""
    wanted = "" if codes is None else " and code = any(%(codes)s)"
    with connection.connection.driver_connection.cursor(binary=True) as cursor:  # type: ignore[union-attr]
        cursor.execute(f"select code, sealed from identity.value where kind = %(kind)s{wanted}", {"kind": kind, "codes": codes})  # noqa: S608
        found = cursor.fetchall()
    opened = sealer(VALUE_PLACE).open_texts([sealed for _, sealed in found])
    return {code: value or "" for (code, _), value in zip(found, opened, strict=True)}


def _changed_versions(connection: Connection, feed: Feed, *, complete: bool) -> list[int]:
    """Versions to be made into records; notes their keys and those of rows that are gone, and how far this looked."""
    table, told = f"{feed.schema}.{feed.feed}", {"feed": feed.feed}
    seen = connection.execute(
        text("select form, version_id, snapshot_batch_id from identity.prepared_feed where feed = :feed"), told
    ).one_or_none()
    snapshot = connection.execute(text("select coalesce(max(batch_id), 0) from ops.snapshot where feed = :feed"), told).scalar_one()
    newest = connection.execute(text(f"select coalesce(max(version_id), 0) from {table}")).scalar_one()  # noqa: S608
    is_new_form = seen is not None and seen.form != FORM
    if complete or seen is None or is_new_form or snapshot != seen.snapshot_batch_id:
        found = _compare_all(connection, table, feed.feed, is_new_form=is_new_form)
    else:
        found = _compare_new(connection, table, feed.feed, seen.version_id)
    connection.execute(
        text(
            "insert into identity.prepared_feed (feed, form, version_id, snapshot_batch_id) values (:feed, :form, :newest, :snapshot) "
            "on conflict (feed) do update set form = excluded.form, version_id = excluded.version_id, "
            "snapshot_batch_id = excluded.snapshot_batch_id where (prepared_feed.form, prepared_feed.version_id, "
            "prepared_feed.snapshot_batch_id) is distinct from (excluded.form, excluded.version_id, excluded.snapshot_batch_id)"
        ),
        told | {"form": FORM, "newest": newest, "snapshot": snapshot},
    )
    return found


def _compare_all(connection: Connection, table: str, feed: str, *, is_new_form: bool) -> list[int]:
    """A full snapshot may make an old version count again: then watermarks say nothing and every row is compared."""
    counts_now = f"select from {table} v where v.source_key = r.source_key and v.is_current and v.operation_code <> 'D'"
    connection.execute(
        text(
            "insert into touched_record select feed, source_key from identity.record r "  # noqa: S608
            f"where feed = :feed and not exists ({counts_now})"
        ),
        {"feed": feed},
    )
    found = connection.execute(
        text(
            f"select v.version_id from {table} v left join identity.record r on r.feed = :feed and r.source_key = v.source_key "  # noqa: S608
            "where v.is_current and v.operation_code <> 'D' and (:all or r.version_id is distinct from v.version_id) order by 1"
        ),
        {"feed": feed, "all": is_new_form},
    )
    return list(found.scalars())


def _compare_new(connection: Connection, table: str, feed: str, since: int) -> list[int]:
    """Staging takes one delivery of a feed after the other, so that versions become visible in the order of their numbers."""
    found = connection.execute(
        text(
            f"select version_id, source_key, operation_code from {table} where version_id > :since and is_current order by version_id"  # noqa: S608
        ),
        {"since": since},
    ).all()
    gone = [row.source_key for row in found if row.operation_code == "D"]
    connection.execute(
        text("insert into touched_record select feed, source_key from identity.record where feed = :feed and source_key = any(:gone)"),
        {"feed": feed, "gone": gone},
    )
    return [row.version_id for row in found if row.operation_code != "D"]


def _count_values(connection: Connection) -> None:
    """Every value of a record stands once with the number of its records; values of no record are gone."""
    counted = " union all ".join(
        f"select '{kind}' as kind, {code} as code, {sign} as n from {table} where {code} is not null"  # noqa: S608
        for kind, code in KINDS.items()
        for table, sign in (("worked_record", 1), ("old_record", -1))
    )
    connection.execute(
        text(
            f"create temporary table value_change on commit drop as select kind, code, sum(n) as n from ({counted}) c group by kind, code"  # noqa: S608
        )
    )
    connection.execute(text("analyze value_change"))
    connection.execute(
        text(
            "update identity.value v set record_count = record_count + c.n from value_change c "
            "where (v.kind, v.code) = (c.kind, c.code) and c.n <> 0"
        )
    )
    connection.execute(
        text(
            "insert into identity.value (kind, code, sealed, record_count) select distinct on (w.kind, w.code) "
            "w.kind, w.code, w.sealed, c.n "
            "from worked_value w join value_change c using (kind, code) where c.n > 0 union all "
            "select kind, code, null, n from value_change where kind = 'phone' and n > 0 on conflict (kind, code) do nothing"
        )
    )
    connection.execute(
        text("delete from identity.value v using value_change c where (v.kind, v.code) = (c.kind, c.code) and v.record_count <= 0")
    )
    connection.execute(text("drop table worked_value"))


def touch(connection: Connection, keys: Iterable[tuple[str, str]]) -> None:
    """These rows count as touched although nothing about them changed: a steward decided."""
    pairs = list(keys)
    connection.execute(
        text(
            "insert into touched_record select feed, source_key from identity.record join unnest(cast(:feeds as text[]), "
            "cast(:keys as text[])) u (feed, source_key) using (feed, source_key) on conflict do nothing"
        ),
        {"feeds": [feed for feed, _ in pairs], "keys": [key for _, key in pairs]},
    )
