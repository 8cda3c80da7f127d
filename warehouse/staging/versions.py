"""Versions of rows: which incoming rows are duplicates, which version counts now, and what a snapshot says by silence.

Everything here works inside the caller's transaction, one feed at a time (a lock by feed).
Source: agreement section 2.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from sqlalchemy import Connection, text

from expectations.agreement import Feed
from warehouse.staging.prepare import Prepared

COPY_CHUNK_BYTES = 1 << 20
LOCK = text("select pg_advisory_xact_lock(hashtextextended(:name, 1))")
WARNING_COLUMNS = ["row_number", "source_key", "field", "code"]

# The feed's table is asked once; what follows works on the few versions that share a key with the chunk.
FIND_KNOWN = """
create temporary table known_version on commit drop as
select v.source_key, v.source_updated_at, v.content_hash, v.is_current from {table} v
where v.source_key in (select source_key from incoming)
"""

CLASSIFY = """
create temporary table verdict_on_versions on commit drop as
with ranked as (
    select i.*, row_number() over (partition by source_key, source_updated_at, content_hash order by row_number) as repeat_number,
           lag(content_hash) over (partition by source_key, source_updated_at order by row_number) as hash_before
    from incoming i
), compared as (
    select r.*, exists (select from known_version v where v.source_key = r.source_key and v.source_updated_at = r.source_updated_at
                        and v.content_hash = r.content_hash) as is_there,
           exists (select from known_version v where v.source_key = r.source_key and v.source_updated_at = r.source_updated_at
                   and v.content_hash <> r.content_hash) as has_other_content,
           exists (select from known_version v where v.source_key = r.source_key) as is_known
    from ranked r
)
select row_number, source_key, source_updated_at, content_hash, operation_code,
       is_there or repeat_number > 1 as is_duplicate,
       not is_there and repeat_number = 1
           and (has_other_content or (hash_before is not null and hash_before <> content_hash)) as is_same_time_changed,
       operation_code = 'D' and not is_known
           and not exists (select from incoming o
                           where o.source_key = compared.source_key and o.operation_code <> 'D') as is_unknown_delete,
       false as is_current
from compared
"""

# Of the incoming rows that are new, the newest of a key counts now unless what we have is newer; on a tie the later arrival wins.
CHOOSE_CURRENT = """
update verdict_on_versions v set is_current = true
from (
    select distinct on (source_key) row_number, source_key, source_updated_at from verdict_on_versions
    where not is_duplicate order by source_key, source_updated_at desc, row_number desc
) newest
where v.row_number = newest.row_number
  and not exists (select from known_version c where c.source_key = newest.source_key and c.is_current
                  and c.source_updated_at > newest.source_updated_at)
"""

RETIRE = """
update {table} c set is_current = false from verdict_on_versions v, known_version k
where v.is_current and k.source_key = v.source_key and k.is_current and c.source_key = v.source_key and c.is_current
"""


@dataclass(frozen=True)
class Staged:
    """What staging did with a chunk: rows loaded, the duplicates' row numbers, and warnings (row_number, source_key, field, code)."""

    staged_count: int
    duplicate_rows: list[int]
    warnings: pd.DataFrame


@dataclass(frozen=True)
class Exceptions:
    """Row numbers of duplicates and of versions that are not current, and the warnings; usually few."""

    duplicates: list[int]
    older: list[int]
    warnings: pd.DataFrame


def lock_feed(connection: Connection, feed: Feed) -> None:
    """Nobody else stages rows of this feed until the transaction ends."""
    connection.execute(LOCK, {"name": f"stage/{feed.feed}"})


def stage(connection: Connection, feed: Feed, batch_id: int, chunk: Prepared, arrived_at: datetime) -> Staged:
    """Every new version of the chunk is in the feed's table, the right one current, duplicates left out."""
    table = f"{feed.schema}.{feed.feed}"
    _copy_keys(connection, chunk)
    known_count = connection.execute(text(FIND_KNOWN.format(table=table))).rowcount
    if known_count == 0 and _is_all_new(chunk):
        found = Exceptions([], [], pd.DataFrame(columns=WARNING_COLUMNS))
    else:
        found = _classify(connection, table)
    staged_count = _copy_rows(connection, table, batch_id, chunk, found, arrived_at)
    connection.execute(text("drop table incoming, known_version"))
    return Staged(staged_count, found.duplicates, found.warnings)


def _is_all_new(chunk: Prepared) -> bool:
    """True when no key comes twice and nothing is deleted: with no version known, every row simply is the current one."""
    keys, operations = chunk.staged.column("source_key"), chunk.staged.column("operation_code")
    return pc.count_distinct(keys).as_py() == len(keys) and not pc.any(pc.equal(operations, "D")).as_py()


def _classify(connection: Connection, table: str) -> Exceptions:
    connection.execute(text("analyze incoming, known_version"))
    connection.execute(text(CLASSIFY))
    connection.execute(text(CHOOSE_CURRENT))
    connection.execute(text(RETIRE.format(table=table)))
    found = _exceptions(connection)
    connection.execute(text("drop table verdict_on_versions"))
    return found


def _copy_keys(connection: Connection, chunk: Prepared) -> None:
    connection.execute(
        text(
            "create temporary table incoming (row_number integer, source_key text, source_updated_at timestamptz, "
            "operation_code text, content_hash bytea) on commit drop"
        )
    )
    copy_table(
        connection, "incoming", chunk.staged.select(["row_number", "source_key", "source_updated_at", "operation_code", "content_hash"])
    )


def _exceptions(connection: Connection) -> Exceptions:
    odd = connection.execute(
        text(
            "select row_number, source_key, is_duplicate, is_same_time_changed, is_unknown_delete, is_current from verdict_on_versions "
            "where is_duplicate or is_same_time_changed or is_unknown_delete or not is_current order by row_number"
        )
    ).all()
    duplicates = [row.row_number for row in odd if row.is_duplicate]
    older = [row.row_number for row in odd if not row.is_duplicate and not row.is_current]
    warnings = [(r.row_number, r.source_key, "source_updated_at", "W_SAME_TIME_CHANGED") for r in odd if r.is_same_time_changed]
    warnings += [
        (r.row_number, r.source_key, "operation_code", "W_DELETE_UNKNOWN") for r in odd if r.is_unknown_delete and not r.is_duplicate
    ]
    return Exceptions(duplicates, older, pd.DataFrame(warnings, columns=WARNING_COLUMNS))


def _copy_rows(connection: Connection, table: str, batch_id: int, chunk: Prepared, found: Exceptions, arrived_at: datetime) -> int:
    rows = chunk.staged
    if found.duplicates:
        rows = rows.filter(pc.invert(pc.is_in(rows.column("row_number"), pa.array(found.duplicates, pa.int32()))))
    count = len(rows)
    is_current = pc.invert(pc.is_in(rows.column("row_number"), pa.array(found.older, pa.int32())))
    rows = rows.append_column("is_current", is_current)
    rows = rows.append_column("batch_id", pa.array([batch_id] * count, pa.int64()))
    rows = rows.append_column("arrived_at", pa.array([arrived_at.isoformat()] * count, pa.string()))
    copy_table(connection, table, rows)
    return count


def copy_table(connection: Connection, table: str, rows: pa.Table) -> None:
    """The Arrow rows are in the table, by COPY; an unquoted empty cell is NULL, a quoted one the empty text."""
    if len(rows) == 0:
        return
    columns = ", ".join(f'"{name}"' for name in rows.column_names)
    driver = connection.connection.driver_connection
    if driver is None:  # pragma: no cover - SQLAlchemy types it as optional
        raise RuntimeError("no driver connection")
    with driver.cursor() as cursor, cursor.copy(f"copy {table} ({columns}) from stdin (format csv)") as copy:
        for block in _csv_blocks(rows):
            copy.write(block)


def _csv_blocks(rows: pa.Table) -> Iterator[memoryview]:
    options = pa.csv.WriteOptions(include_header=False)
    for batch in rows.to_batches(max_chunksize=20_000):
        sink = io.BytesIO()
        pa.csv.write_csv(batch, sink, options)
        whole = sink.getbuffer()
        for start in range(0, len(whole), COPY_CHUNK_BYTES):
            yield whole[start : start + COPY_CHUNK_BYTES]
