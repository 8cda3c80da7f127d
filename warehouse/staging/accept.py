"""The fate of a landed delivery: refused, held, or its rows staged and set aside, in one transaction with its receipt.

Rows of one delivery become visible together. Running this again changes nothing: a decided batch is left as it is.
Source: agreement sections 2 and 9.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import pandas as pd
from sqlalchemy import Connection, text

from core.clock import now_at
from core.errors import AgreementBroken, RejectBatch
from core.faults import crash_point
from core.logs import log_event
from expectations.agreement import Feed, feeds
from expectations.decoding import decode_chunks
from expectations.delivery import Decoded, Delivery
from expectations.verdict import FILE_FORMS, Tally, file_rules
from warehouse.database import Role, transaction
from warehouse.landing.batches import LandedBatch, load
from warehouse.landing.raw import RawStore
from warehouse.staging.prepare import Prepared, prepare
from warehouse.staging.quarantine import write_expectations, write_problems, write_quarantine
from warehouse.staging.receipts import write_receipt
from warehouse.staging.snapshots import apply_silence, guard_codes_in_use, guard_shrink
from warehouse.staging.versions import Staged, lock_feed, stage

CHUNK_ROWS = 100_000
AfterStaging = Callable[[Connection, datetime | None], None]


@dataclass(frozen=True)
class Outcome:
    """What became of a delivery: its state, the code when it was not accepted, and the newest source_updated_at it staged."""

    batch_id: int
    state: str
    code: str | None = None
    newest_updated_at: datetime | None = None


def accept(batch_id: int, store: RawStore, *, after: AfterStaging | None = None, overruled: str | None = None) -> Outcome:
    """The batch is decided and its sender's receipt written; a part of a delivery waits for the last part.

    Args:
        after: called in the same transaction once rows are staged, with the newest source_updated_at (a watermark moves there).
        overruled: the hold (``H_``) a steward has decided to accept.
    """
    with transaction(Role.ETL) as connection:
        batch = load(connection, batch_id, store, lock=True)
        if batch.state not in {"landed", "held"} or (batch.state == "held" and overruled is None):
            return Outcome(batch_id, batch.state)
        group = _whole_delivery(connection, batch, store)
        if group is None:
            return Outcome(batch_id, batch.state)
        try:
            with connection.begin_nested():
                newest = _take_in(connection, group, overruled)
        except AgreementBroken as error:
            _refuse(connection, group, error)
            crash_point("accept.before_refusal_commit")
            return Outcome(batch_id, "held" if error.is_hold else "rejected", error.code)
        except RejectBatch as error:
            _refuse(connection, group, AgreementBroken("E_FORMAT", str(error)))
            return Outcome(batch_id, "rejected", "E_FORMAT")
        if after:
            after(connection, newest)
        state = connection.execute(text("select state from landing.batch where batch_id = :id"), {"id": batch_id}).scalar_one()
        crash_point("accept.before_commit")
    crash_point("accept.after_commit")
    return Outcome(batch_id, state, newest_updated_at=newest)


def _whole_delivery(connection: Connection, batch: LandedBatch, store: RawStore) -> list[LandedBatch] | None:
    """The batch alone; of a delivery in parts all of them, or None while one is missing."""
    part = batch.delivery.part
    if part is None:
        return [batch]
    stem = _without_part(batch.delivery.name)
    ids = connection.execute(
        text(
            "select distinct on (part_number) batch_id from landing.batch where provider = :provider and feed = :feed and state in "
            "('landed', 'held') "
            "and part_count = :count and regexp_replace(name, '_p[0-9]+[.]', '.') = :stem order by part_number, batch_id desc"
        ),
        {"provider": batch.delivery.provider, "feed": batch.delivery.feed, "count": part[1], "stem": stem},
    ).scalars()
    found = [batch if i == batch.batch_id else load(connection, i, store, lock=True) for i in ids]
    return found if len(found) == part[1] else None


def _without_part(name: str) -> str:
    import re

    return re.sub(r"_p[0-9]+[.]", ".", name)


def _take_in(connection: Connection, group: list[LandedBatch], overruled: str | None) -> datetime | None:
    first = group[0]
    feed = _agreed_feed(first.delivery)
    chunks = {batch.batch_id: list(_prepared(feed, batch)) for batch in group}
    everything = [part for parts in chunks.values() for part in parts]
    if first.delivery.form in FILE_FORMS:
        for code, detail in file_rules(sum((part.tally for part in everything), Tally())):
            _unless(overruled, AgreementBroken(code, detail))
    _check_sender(feed, first.delivery, everything)
    present = pd.concat([part.present_keys for part in everything]) if everything else pd.Series(dtype="object")
    lock_feed(connection, feed)
    day, scope = first.delivery.snapshot_date, first.delivery.scope
    row_count = sum(part.row_count for part in everything)
    if day is not None:
        _guard(partial(guard_shrink, connection, feed, scope, day, row_count), overruled)
        _guard(partial(guard_codes_in_use, connection, feed, present), overruled)
    arrived_at = first.received_at
    staged = stage(connection, feed, chunks, arrived_at)
    crash_point("accept.after_staging")
    for batch in group:
        _record(connection, feed, batch, chunks[batch.batch_id], staged[batch.batch_id])
    if day is not None:
        vanished = apply_silence(connection, feed, scope, day, group[-1].batch_id, present, arrived_at)
        _note_snapshot(connection, feed, scope, group[-1], row_count, vanished)
    crash_point("accept.after_snapshot")
    return _newest(everything)


def _agreed_feed(delivery: Delivery) -> Feed:
    if delivery.refusal:
        raise AgreementBroken(delivery.refusal, "refused when it arrived; see the code's next step")
    if delivery.feed not in feeds():
        raise AgreementBroken("E_NAME", "the delivery names no agreed feed")
    return feeds()[delivery.feed]


def _prepared(feed: Feed, batch: LandedBatch) -> Iterator[Prepared]:
    """The batch's chunks, read and judged; a large delivery on every core."""
    decoded = decode_chunks(feed, batch.delivery, CHUNK_ROWS)
    work = partial(_prepare_chunk, feed.feed, batch.received_at)
    if len(batch.delivery.content) < 20_000_000 or (os.cpu_count() or 1) == 1:
        yield from map(work, decoded)
        return
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        yield from pool.map(work, decoded)


def _prepare_chunk(feed_name: str, arrived_at: datetime, decoded: Decoded) -> Prepared:
    return prepare(feeds()[feed_name], decoded, arrived_at)


def _unless(overruled: str | None, error: AgreementBroken) -> None:
    if error.code != overruled:
        raise error


def _guard(check: Callable[[], None], overruled: str | None) -> None:
    try:
        check()
    except AgreementBroken as error:
        _unless(overruled, error)


def _check_sender(feed: Feed, delivery: Delivery, parts: list[Prepared]) -> None:
    if feed.sender_field is None or delivery.sender_code is None:
        return
    others = set().union(*(part.sender_codes for part in parts)) - {delivery.sender_code} if parts else set()
    if others:
        raise AgreementBroken(
            "E_SENDER",
            f"{feed.sender_field} in {len(others)} other values than the sender's own code; send each sender's rows under its own name",
        )


def _record(connection: Connection, feed: Feed, batch: LandedBatch, parts: list[Prepared], staged: Staged) -> None:
    """The batch row, quarantine, problems, expectation counts and receipt say what happened."""
    row_count = sum(part.row_count for part in parts)
    quarantined = sum(len(part.quarantined) for part in parts)
    warnings = sum(int((part.problems["severity"] == "warning").sum()) for part in parts) + len(staged.warnings)
    rejects = sum(int((part.quarantined["state"] == "rejected").sum()) for part in parts)
    write_quarantine(connection, feed, batch, parts)
    write_problems(connection, feed, batch, parts, staged.warnings)
    write_expectations(connection, feed, batch, parts)
    connection.execute(
        text(
            "update landing.batch set state = :state, code = null, detail = null, row_count = :rows, staged_count = :staged, "
            "duplicate_count = :duplicates, "
            "duplicate_rows = coalesce((select range_agg(int4range(n, n + 1)) from unnest(cast(:numbers as integer[])) n), '{}'), "
            "quarantined_count = :quarantined, warning_count = :warnings, notes = cast(:notes as jsonb), finished_at = :now where "
            "batch_id = :id"
        ),
        {
            "state": "accepted_with_errors" if rejects else "accepted",
            "rows": row_count,
            "staged": staged.staged_count,
            "duplicates": len(staged.duplicate_rows),
            "numbers": staged.duplicate_rows,
            "quarantined": quarantined,
            "warnings": warnings,
            "notes": json.dumps(parts[0].notes if parts else {}, ensure_ascii=False, default=str),
            "now": now_at(),
            "id": batch.batch_id,
        },
    )
    write_receipt(connection, batch)
    log_event("batch accepted", batch=batch.batch_id, feed=feed.feed, rows=row_count, staged=staged.staged_count, quarantined=quarantined)


def _note_snapshot(connection: Connection, feed: Feed, scope: str, batch: LandedBatch, row_count: int, vanished: int) -> None:
    connection.execute(
        text(
            "insert into ops.snapshot (feed, scope, snapshot_date, batch_id, row_count, vanished_count) values (:feed, :scope, "
            ":day, :batch, :rows, :vanished) "
            "on conflict (feed, scope, snapshot_date) do update set batch_id = :batch, row_count = :rows, vanished_count = :vanished"
        ),
        {
            "feed": feed.feed,
            "scope": scope,
            "day": batch.delivery.snapshot_date,
            "batch": batch.batch_id,
            "rows": row_count,
            "vanished": vanished,
        },
    )


def _newest(parts: list[Prepared]) -> datetime | None:
    newest = [part.newest_updated_at for part in parts if part.newest_updated_at is not None]
    return max(newest) if newest else None


def _refuse(connection: Connection, group: list[LandedBatch], error: AgreementBroken) -> None:
    for batch in group:
        connection.execute(
            text(
                "update landing.batch set state = :state, code = :code, detail = :detail, finished_at = :now, "
                "row_count = case when :held then row_count else coalesce(declared_rows, 0) end where batch_id = :id"
            ),
            {
                "state": "held" if error.is_hold else "rejected",
                "held": error.is_hold,
                "code": error.code,
                "detail": error.detail,
                "now": now_at(),
                "id": batch.batch_id,
            },
        )
        write_receipt(connection, batch)
        log_event("batch refused", batch=batch.batch_id, feed=batch.delivery.feed or "unknown", code=error.code)
