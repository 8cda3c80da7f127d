"""The fate of a landed delivery: refused, held, or its rows staged and set aside, in one transaction with its receipt.

Rows of one delivery become visible together. Running this again changes nothing: a decided batch is left as it is.
Source: agreement sections 2 and 9.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, text

from core.clock import now_at
from core.errors import AgreementBroken, RejectBatch
from core.faults import crash_point
from core.logs import log_event
from expectations.agreement import Feed
from expectations.verdict import FILE_FORMS, file_rules
from warehouse.database import Role, transaction
from warehouse.landing.batches import LandedBatch, load
from warehouse.landing.raw import RawStore
from warehouse.staging.delivery import UNDECIDED, PreparedDelivery, whole_delivery
from warehouse.staging.prepare import Prepared
from warehouse.staging.quarantine import without_repeats, write_expectations, write_problems, write_quarantine
from warehouse.staging.receipts import write_receipt
from warehouse.staging.snapshots import apply_silence, guard_codes_in_use, guard_shrink
from warehouse.staging.versions import Staged, lock_feed, stage

PULLED_FORMS = ("page", "table")
AfterStaging = Callable[[Connection, datetime | None], object]


@dataclass(frozen=True)
class Outcome:
    """What became of a delivery: its state, the code when it was not accepted, and the newest source_updated_at it staged."""

    batch_id: int
    state: str
    code: str | None = None
    newest_updated_at: datetime | None = None


def accept(batch_id: int, store: RawStore, *, after: AfterStaging | None = None, role: Role = Role.ETL) -> Outcome:
    """The batch is decided and its sender's receipt written; a part of a delivery waits for the last part.

    A held batch is decided again only when a steward has accepted its hold (ops.steward_decision).

    Args:
        after: called in the same transaction once rows are staged, with the newest source_updated_at (a watermark moves there).
        role: whose rights are enough for the feed of this batch.
    """
    with transaction(role) as connection:
        batch = load(connection, batch_id, store, lock=True)
        overruled = _overruled(connection, batch_id)
        if batch.state not in UNDECIDED or (batch.state == "held" and batch.code not in overruled):
            return Outcome(batch_id, batch.state)
        parts = whole_delivery(connection, batch, store)
        if parts is None:
            return Outcome(batch_id, batch.state)
        delivery = PreparedDelivery(parts)
        try:
            with connection.begin_nested():
                _take_in(connection, delivery, overruled)
        except RejectBatch as error:
            refusal = error if isinstance(error, AgreementBroken) else AgreementBroken("E_FORMAT", str(error))
            _refuse(connection, [part for part in parts if part.state in UNDECIDED], refusal, delivery.row_counts)
            crash_point("accept.before_refusal_commit")
            return Outcome(batch_id, "held" if refusal.is_hold else "rejected", refusal.code)
        if after:
            after(connection, delivery.newest_updated_at)
        state = connection.execute(text("select state from landing.batch where batch_id = :id"), {"id": batch_id}).scalar_one()
        crash_point("accept.before_commit")
    crash_point("accept.after_commit")
    return Outcome(batch_id, state, newest_updated_at=delivery.newest_updated_at)


def _overruled(connection: Connection, batch_id: int) -> frozenset[str]:
    """Holds of this batch that a steward has accepted."""
    found = connection.execute(text("select code from ops.steward_decision where batch_id = :id and decision = 'accept'"), {"id": batch_id})
    return frozenset(found.scalars())


def _take_in(connection: Connection, delivery: PreparedDelivery, overruled: frozenset[str]) -> None:
    """Stage chunk by chunk while the next ones are read, then judge the whole: a refusal rolls the staging back."""
    feed, last = delivery.feed, delivery.batches[-1]
    day, scope = last.delivery.snapshot_date, last.delivery.scope
    lock_feed(connection, feed)
    staged: dict[int, list[Staged]] = {}
    for batch, chunk in delivery.prepare():
        if batch.state in UNDECIDED:
            done = stage(connection, feed, batch.batch_id, chunk, last.received_at)
            is_pulled = batch.delivery.form in PULLED_FORMS
            chunk, duplicates = without_repeats(connection, feed, chunk, done.duplicate_rows, is_pulled=is_pulled)
            staged.setdefault(batch.batch_id, []).append(replace(done, duplicate_rows=duplicates))
        delivery.keep(batch, chunk)
    crash_point("accept.after_staging")
    _unless(overruled, partial(_check_file, delivery))
    _check_sender(delivery)
    if day is not None:
        _unless(overruled, partial(guard_shrink, connection, feed, scope, day, delivery.row_count))
        _unless(overruled, partial(guard_codes_in_use, connection, feed, delivery.present_keys))
    for batch in delivery.undecided:
        _record(connection, feed, batch, delivery.chunks[batch.batch_id], staged[batch.batch_id])
    if day is not None:
        vanished = apply_silence(connection, feed, scope, day, last.batch_id, delivery.present_keys, last.received_at)
        _note_snapshot(connection, feed, last, delivery.row_count, vanished)
    crash_point("accept.after_snapshot")


def _unless(overruled: frozenset[str], check: Callable[[], None]) -> None:
    """Run a check that may hold the delivery; a hold that a steward has accepted is passed over."""
    try:
        check()
    except AgreementBroken as error:
        if error.code not in overruled:
            raise


def _check_file(delivery: PreparedDelivery) -> None:
    if delivery.batches[0].delivery.form in FILE_FORMS:
        for code, detail in file_rules(delivery.tally):
            raise AgreementBroken(code, detail)


def _check_sender(delivery: PreparedDelivery) -> None:
    sender = delivery.batches[0].delivery.sender_code
    if delivery.feed.sender_field is None or sender is None:
        return
    others = delivery.sender_codes - {sender}
    if others:
        raise AgreementBroken(
            "E_SENDER",
            f"{delivery.feed.sender_field} has {len(others)} values that are not the sender's own code; "
            "send each sender's rows under its own name",
        )


def _record(connection: Connection, feed: Feed, batch: LandedBatch, parts: list[Prepared], staged: list[Staged]) -> None:
    """The batch row, quarantine, problems, expectation counts and receipt say what happened."""
    row_count = sum(part.row_count for part in parts)
    quarantined = sum(len(part.quarantined) for part in parts)
    warnings = sum(int((part.problems["severity"] == "warning").sum()) for part in parts)
    warnings += sum(len(chunk.warnings) for chunk in staged)
    duplicates = [number for chunk in staged for number in chunk.duplicate_rows]
    rejects = sum(int((part.quarantined["state"] == "rejected").sum()) for part in parts)
    write_quarantine(connection, feed, batch, parts)
    write_problems(connection, feed, batch, [*(part.problems for part in parts), *(chunk.warnings for chunk in staged)])
    write_expectations(connection, feed, batch, parts)
    connection.execute(
        text(
            "update landing.batch set state = :state, code = null, detail = null, row_count = :rows, staged_count = :staged, "
            "duplicate_count = :duplicates, "
            "duplicate_rows = coalesce((select range_agg(int4range(n, n + 1)) from unnest(cast(:numbers as integer[])) n), '{}'), "
            "quarantined_count = :quarantined, warning_count = :warnings, notes = cast(:notes as jsonb), finished_at = :now, "
            "decided_order = nextval('landing.batch_decided_order') where batch_id = :id"
        ),
        {
            "state": "accepted_with_errors" if rejects else "accepted",
            "rows": row_count,
            "staged": sum(chunk.staged_count for chunk in staged),
            "duplicates": len(duplicates),
            "numbers": duplicates,
            "quarantined": quarantined,
            "warnings": warnings,
            "notes": json.dumps(parts[0].notes if parts else {}, ensure_ascii=False, default=str),
            "now": now_at(),
            "id": batch.batch_id,
        },
    )
    write_receipt(connection, batch)
    log_event(
        "batch accepted",
        batch=batch.batch_id,
        feed=feed.feed,
        rows=row_count,
        staged=sum(chunk.staged_count for chunk in staged),
        quarantined=quarantined,
    )


def _note_snapshot(connection: Connection, feed: Feed, batch: LandedBatch, row_count: int, vanished: int) -> None:
    connection.execute(
        text(
            "insert into ops.snapshot (feed, scope, snapshot_date, batch_id, row_count, vanished_count) values (:feed, :scope, "
            ":day, :batch, :rows, :vanished) "
            "on conflict (feed, scope, snapshot_date) do update set batch_id = :batch, row_count = :rows, vanished_count = :vanished"
        ),
        {
            "feed": feed.feed,
            "scope": batch.delivery.scope,
            "day": batch.delivery.snapshot_date,
            "batch": batch.batch_id,
            "rows": row_count,
            "vanished": vanished,
        },
    )


def _refuse(connection: Connection, batches: list[LandedBatch], error: AgreementBroken, row_counts: dict[int, int]) -> None:
    """The batches are held or rejected, with the rows they are known to have; nothing of them is loaded."""
    for batch in batches:
        connection.execute(
            text(
                "update landing.batch set state = :state, code = :code, detail = :detail, finished_at = :now, "
                "row_count = coalesce(cast(:rows as integer), declared_rows, case when :held then null else 0 end), "
                "decided_order = nextval('landing.batch_decided_order') where batch_id = :id"
            ),
            {
                "state": "held" if error.is_hold else "rejected",
                "held": error.is_hold,
                "rows": row_counts.get(batch.batch_id),
                "code": error.code,
                "detail": error.detail,
                "now": now_at(),
                "id": batch.batch_id,
            },
        )
        write_receipt(connection, batch)
        log_event("batch refused", batch=batch.batch_id, feed=batch.delivery.feed or "unknown", code=error.code)
