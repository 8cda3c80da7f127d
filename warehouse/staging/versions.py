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
import pyarrow.csv
from sqlalchemy import Connection, text

from expectations.agreement import Feed
from warehouse.staging.prepare import Prepared

COPY_CHUNK_BYTES = 1 << 20

CLASSIFY = """
create temporary table verdict_on_versions on commit drop as
with ranked as (
    select i.*, row_number() over (partition by source_key, source_updated_at, content_hash order by batch_id, row_number) as repeat_number,
           row_number() over (partition by source_key order by source_updated_at desc, batch_id desc, row_number desc) as newness,
           lag(content_hash) over (partition by source_key, source_updated_at order by batch_id, row_number) as hash_before
    from incoming i
), compared as (
    select r.*, exists (select from {table} v where v.source_key = r.source_key and v.source_updated_at = r.source_updated_at
                        and v.content_hash = r.content_hash) as is_there,
           exists (select from {table} v where v.source_key = r.source_key and v.source_updated_at = r.source_updated_at
                   and v.content_hash <> r.content_hash) as has_other_content,
           c.source_updated_at as current_updated_at, c.source_key is not null as is_known
    from ranked r left join {table} c on c.source_key = r.source_key and c.is_current
)
select batch_id, row_number, source_key, source_updated_at, content_hash, operation_code,
       is_there or repeat_number > 1 as is_duplicate,
       not is_there and repeat_number = 1
           and (has_other_content or (hash_before is not null and hash_before <> content_hash)) as is_same_time_changed,
       operation_code = 'D' and not is_known and not is_there
           and not exists (select from incoming o
                           where o.source_key = compared.source_key and o.operation_code <> 'D') as is_unknown_delete,
       false as is_current
from compared
"""

# Of the incoming rows that are new, the newest of a key counts now unless what we have is newer; on a tie the later arrival wins.
CHOOSE_CURRENT = """
update verdict_on_versions v set is_current = true
from (
    select distinct on (source_key) batch_id, row_number, source_key, source_updated_at from verdict_on_versions
    where not is_duplicate order by source_key, source_updated_at desc, batch_id desc, row_number desc
) newest
where v.batch_id = newest.batch_id and v.row_number = newest.row_number
  and not exists (select from {table} c where c.source_key = newest.source_key and c.is_current
                  and c.source_updated_at > newest.source_updated_at)
"""

RETIRE = """
update {table} c set is_current = false from verdict_on_versions v
where v.is_current and c.source_key = v.source_key and c.is_current
"""


@dataclass(frozen=True)
class Staged:
    """What staging did with one batch: counts, the duplicates' row numbers, and warnings (row_number, source_key, code)."""

    staged_count: int
    duplicate_rows: list[int]
    warnings: pd.DataFrame


def lock_feed(connection: Connection, feed: Feed) -> None:
    """Nobody else stages rows of this feed until the transaction ends."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended(:name, 1))"), {"name": f"stage/{feed.feed}"})


def stage(connection: Connection, feed: Feed, chunks: dict[int, list[Prepared]], arrived_at: datetime) -> dict[int, Staged]:
    """Every new version of the given batches is in the feed's table, the right one current, duplicates left out.

    Args:
        chunks: prepared chunks by batch_id.
    """
    table = f"{feed.schema}.{feed.feed}"
    _copy_keys(connection, chunks)
    connection.execute(text(CLASSIFY.format(table=table)))
    connection.execute(text(CHOOSE_CURRENT.format(table=table)))
    connection.execute(text(RETIRE.format(table=table)))
    found = {batch_id: _staged(connection, batch_id, parts) for batch_id, parts in chunks.items()}
    for batch_id, parts in chunks.items():
        _copy_rows(connection, table, batch_id, parts, set(found[batch_id].duplicate_rows), _not_current(connection, batch_id), arrived_at)
    connection.execute(text("drop table incoming, verdict_on_versions"))
    return found


def _copy_keys(connection: Connection, chunks: dict[int, list[Prepared]]) -> None:
    connection.execute(
        text(
            "create temporary table incoming (batch_id bigint, row_number integer, source_key text, source_updated_at timestamptz, "
            "operation_code text, content_hash bytea) on commit drop"
        )
    )
    columns = ["batch_id", "row_number", "source_key", "source_updated_at", "operation_code", "content_hash"]
    for batch_id, parts in chunks.items():
        for part in parts:
            keys = part.staged.select(columns[1:]).add_column(0, "batch_id", pa.array([batch_id] * len(part.staged), pa.int64()))
            copy_table(connection, "incoming", keys)
    connection.execute(text("analyze incoming"))


def _staged(connection: Connection, batch_id: int, parts: list[Prepared]) -> Staged:
    odd = connection.execute(
        text(
            "select row_number, source_key, is_duplicate, is_same_time_changed, is_unknown_delete from verdict_on_versions "
            "where batch_id = :batch and (is_duplicate or is_same_time_changed or is_unknown_delete) order by row_number"
        ),
        {"batch": batch_id},
    ).all()
    duplicates = [row.row_number for row in odd if row.is_duplicate]
    warnings = [(r.row_number, r.source_key, "source_updated_at", "W_SAME_TIME_CHANGED") for r in odd if r.is_same_time_changed]
    warnings += [
        (r.row_number, r.source_key, "operation_code", "W_DELETE_UNKNOWN") for r in odd if r.is_unknown_delete and not r.is_duplicate
    ]
    total = sum(len(part.staged) for part in parts)
    return Staged(total - len(duplicates), duplicates, pd.DataFrame(warnings, columns=["row_number", "source_key", "field", "code"]))


def _not_current(connection: Connection, batch_id: int) -> set[int]:
    found = connection.execute(
        text("select row_number from verdict_on_versions where batch_id = :batch and not is_current and not is_duplicate"),
        {"batch": batch_id},
    )
    return set(found.scalars())


def _copy_rows(
    connection: Connection, table: str, batch_id: int, parts: list[Prepared], duplicates: set[int], older: set[int], arrived_at: datetime
) -> None:
    for part in parts:
        rows = part.staged
        numbers = rows.column("row_number").to_pandas()
        keep = ~numbers.isin(duplicates)
        rows = rows.filter(pa.array(keep.to_numpy()))
        count = len(rows)
        rows = rows.append_column("is_current", pa.array((~numbers[keep].isin(older)).to_numpy()))
        rows = rows.append_column("batch_id", pa.array([batch_id] * count, pa.int64()))
        rows = rows.append_column("arrived_at", pa.array([arrived_at.isoformat()] * count, pa.string()))
        copy_table(connection, table, rows)


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
