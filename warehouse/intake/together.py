"""Many plain batches in one transaction: what a busy minute looks like, and the only path that is fast.

Taken together are batches of notices that are all new and about which there is nothing to say (`expectations.plain`); their fate
is known before anything is written. Every other batch (a correction, a repeat, a doubt) goes the ordinary way of
`warehouse.intake.pushes`, and so does everything when two of them collide. What is written is the same either way, but for one thing:
the counts of expectations stand with the first batch of those taken together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import pyarrow as pa
from sqlalchemy import Connection, TextClause, text

from core.clock import SHANGHAI, now_at
from core.errors import RejectBatch
from core.faults import crash_point
from core.logs import log_event
from expectations.agreement import Feed
from expectations.decoding.messages import read_envelope
from expectations.plain import PlainRow, kept_counts, plain_rows, promises_kept_by_rule
from warehouse.intake.answers import Decided, Sent, push_answer, read_notices
from warehouse.intake.centres import trusted
from warehouse.intake.push import CHANNEL, Answer, Desk, Push, durable_transaction
from warehouse.staging.columns import bytea_literals
from warehouse.staging.prepare import AGREED_FORMS, seal_received, staged_table
from warehouse.staging.versions import copy_table, lock_feed

MOST_ROWS = 2_000
_AGREED = {name: re.compile(pattern) for name, pattern in AGREED_FORMS.items()}


class Collision(Exception):
    """Somebody else took in one of these batches at the same moment: each goes the ordinary way. Nothing was written."""


@dataclass(frozen=True)
class Plain:
    """A batch that may be taken together with others, and its rows."""

    push: Push
    rows: list[PlainRow]

    @property
    def keys(self) -> list[str]:
        """source_key of its rows."""
        return [str(row.values["source_key"]) for row in self.rows]


def plain_of(push: Push) -> Plain | None:
    """The batch as one that may be taken together with others, or None."""
    if push.is_upload or not promises_kept_by_rule(push.feed):
        return None
    try:
        rows = plain_rows(push.feed, push.envelope or read_envelope(push.feed, push.delivery.content), now_at())
    except RejectBatch:
        return None
    sender_field = push.feed.sender_field
    if not rows or (sender_field and {row.values[sender_field] for row in rows} != {push.sender_code}):
        return None
    return Plain(push, rows)


def one_group(found: Mapping[int, Plain]) -> dict[int, Plain]:
    """The first batches, in order and by place, that share no notice, no nonce and no batch_id with one another."""
    group: dict[int, Plain] = {}
    seen: set[tuple[str, ...]] = set()
    count = 0
    for place, plain in found.items():
        keys = {("key", key) for key in plain.keys}
        marks = keys | {("nonce", plain.push.app_key, plain.push.nonce), ("batch", plain.push.batch_id)}
        if len(keys) == len(plain.rows) and not seen & marks and count + len(plain.rows) <= MOST_ROWS:
            group[place] = plain
            seen |= marks
            count += len(plain.rows)
    return group


class Together:
    """Takes groups of plain batches in; keeps a thread that waits for the disk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="raw")

    def take(self, found: Mapping[int, Plain]) -> dict[int, Answer]:
        """Batches of these, by place, that are now durable, staged and answered; the others wait for the ordinary way.

        Raises:
            Collision: somebody else took in one of them at the same moment; nothing was written but raw bytes.
        """
        offered = one_group(found)
        if not offered:
            return {}
        # While the disk is waited for, what comes next is made ready: most often all are new, then nothing of it is done under the lock.
        storing = self._writer.submit(self._desk.store.put_together, [plain.push.delivery.content for plain in offered.values()])
        feed = next(iter(offered.values())).push.feed
        prepared = _staged(feed, offered.values())
        addresses = dict(zip(offered, storing.result(), strict=True))
        crash_point("intake.after_raw_write")
        with durable_transaction() as connection:
            lock_feed(connection, feed)
            new = _new_ones(connection, feed, offered)
            if not new:
                return {}
            received_at = now_at()
            group = list(new.values())
            answers = [self._answer(plain, received_at) for plain in group]
            ids = _insert(connection, feed, group, [addresses[place] for place in new], answers, received_at)
            _stage(connection, feed, prepared if len(group) == len(offered) else _staged(feed, group), group, ids, received_at)
            crash_point("intake.before_commit")
        crash_point("intake.after_commit")
        log_event("batches accepted together", batches=len(group), first=ids[0], rows=sum(len(plain.rows) for plain in group))
        given = zip(new, answers, ids, strict=True)
        return {place: Answer(200, answer, batch_id, is_repeat=False) for place, answer, batch_id in given}

    def _answer(self, plain: Plain, received_at: datetime) -> str:
        push, fate = plain.push, Decided("accepted", None, len(plain.rows), len(plain.rows), 0)
        told = read_notices((row.values for row in plain.rows), self._desk.days.now())
        return push_answer(Sent(push.sender_code, push.batch_id, push.body_sha256, received_at), fate, told, self._desk.sign)


def _new_ones(connection: Connection, feed: Feed, offered: Mapping[int, Plain]) -> dict[int, Plain]:
    """Those whose key is trusted and of which neither batch, nonce nor any notice is known; a glance, the inserts have the last word."""
    pushes = [plain.push for plain in offered.values()]
    given = {
        "app_keys": [p.app_key for p in pushes],
        "nonces": [p.nonce for p in pushes],
        "senders": [p.sender_code for p in pushes],
        "batches": [p.batch_id for p in pushes],
        "keys": [key for plain in offered.values() for key in plain.keys],
    }
    found = connection.execute(_known(f"{feed.schema}.{feed.feed}"), given).all()
    known = {(row.kind, row.one, row.other) for row in found}
    are_trusted = trusted(connection, given["app_keys"])
    return {place: plain for place, plain in offered.items() if plain.push.app_key in are_trusted and not known & _marks(plain)}


def _marks(plain: Plain) -> set[tuple[str, str, str]]:
    push = plain.push
    notices_ = {("notice", key, "") for key in plain.keys}
    return notices_ | {("nonce", push.app_key, push.nonce), ("batch", push.sender_code, push.batch_id)}


@lru_cache(maxsize=4)
def _known(table: str) -> TextClause:
    return text(KNOWN.format(table=table))


# Row by row, so that each is looked up in its index whatever the planner believes of tables that grow while it looks away.
KNOWN = """
select 'notice' as kind, one, '' as other from unnest(cast(:keys as text[])) as given (one)
    cross join lateral (select from {table} known where known.source_key = one limit 1) as known
union all
select 'nonce', one, other from unnest(cast(:app_keys as text[]), cast(:nonces as text[])) as given (one, other)
    cross join lateral (select from landing.nonce known where (known.app_key, known.nonce) = (one, other) limit 1) as known
union all
select 'batch', one, other from unnest(cast(:senders as text[]), cast(:batches as text[])) as given (one, other)
    cross join lateral (select from landing.push known where (known.sender_code, known.batch_id) = (one, other) limit 1) as known
"""


def _insert(
    connection: Connection, feed: Feed, group: Sequence[Plain], addresses: list[str], answers: list[str], received_at: datetime
) -> list[int]:
    """Nonces are used up; batches and pushes stand, answered, with receipts and counts; listeners are told. Landing numbers in order."""
    pushes = [plain.push for plain in group]
    kept = kept_counts(feed, [row for plain in group for row in plain.rows])
    batches = [
        {
            "name": plain.push.delivery.name,
            "sender": plain.push.sender_code,
            "count": len(plain.rows),
            "exported": str(plain.push.delivery.exported_at),
            "address": address,
            "size": len(plain.push.delivery.content),
            "app_key": plain.push.app_key,
            "nonce": plain.push.nonce,
            "answer": answer,
            "receipt": _receipt(plain, received_at),
        }
        for plain, address, answer in zip(group, addresses, answers, strict=True)
    ]
    results = [
        {"expectation": promise.aspect, "field": promise.field or "", "severity": promise.severity, "checked": count}
        for promise, count in kept
    ]
    given = {
        "batches": json.dumps(batches),
        "results": json.dumps(results),
        "now": received_at,
        "provider": feed.provider,
        "feed": feed.feed,
        "notes": json.dumps({"unknown_columns": []}),
        "channel": CHANNEL,
    }
    rows = connection.execute(INSERT, given).all()
    if len(rows) != len(pushes) or {row.nonce_count for row in rows} | {row.push_count for row in rows} != {len(pushes)}:
        raise Collision
    ids = {(row.sender_code, row.name): row.batch_id for row in rows}
    return [ids[p.sender_code, p.delivery.name] for p in pushes]


INSERT = text("""
with given as materialized (
    select * from json_to_recordset(cast(:batches as json)) as given (name text, sender text, count integer, exported timestamptz,
        address text, size bigint, app_key text, nonce text, answer text, receipt jsonb)
), nonces as (
    insert into landing.nonce (app_key, nonce, seen_at) select app_key, nonce, :now from given on conflict do nothing returning 1
), batches as (
    insert into landing.batch (provider, feed, name, form, sender_code, declared_rows, exported_at, content_address, size_bytes,
        received_at, state, row_count, staged_count, notes, finished_at, decided_order)
    select :provider, :feed, name, 'push', sender, count, exported, address, size, :now, 'accepted', count, count,
        cast(:notes as jsonb), :now, nextval('landing.batch_decided_order')
    from given on conflict do nothing returning batch_id, name, sender_code
), pushes as (
    insert into landing.push (sender_code, batch_id, landing_batch_id, content_address, app_key, received_at, status, answer)
    select sender, name, batches.batch_id, address, app_key, :now, 200, answer
    from given join batches using (name) on conflict do nothing returning 1
), receipts as (
    insert into ops.receipt (batch_id, receipt, written_at)
    select batch_id, receipt, :now from given join batches using (name)
), results as (
    insert into ops.expectation_result (batch_id, feed, expectation, field, severity, checked, failed, judged_at)
    select (select min(batch_id) from batches), :feed, expectation, field, severity, checked, 0, :now
    from json_to_recordset(cast(:results as json)) as kept (expectation text, field text, severity text, checked integer)
    where exists (select from batches)
)
select batch_id, name, sender_code, (select count(*) from nonces) as nonce_count, (select count(*) from pushes) as push_count,
    pg_notify(:channel, cast(batch_id as text))
from batches
""")


def _staged(feed: Feed, group: Collection[Plain]) -> pa.Table:
    """The columns of the staging table that the rows themselves tell."""
    rows = [row for plain in group for row in plain.rows]
    numbers = [number for plain in group for number in range(1, len(plain.rows) + 1)]
    values = {field.field: [row.values[field.field] for row in rows] for field in feed.fields}
    received = {position: told for position, row in enumerate(rows) if (told := _worth_keeping(feed, row.received))}
    sealed = bytea_literals(seal_received(feed, received, len(rows)))
    table = staged_table(feed, numbers, values, [row.id_key for row in rows], sealed)
    return table.append_column("is_current", pa.array([True] * len(rows)))


def _stage(connection: Connection, feed: Feed, table: pa.Table, group: Sequence[Plain], ids: list[int], received_at: datetime) -> None:
    batch_ids = [batch_id for plain, batch_id in zip(group, ids, strict=True) for _ in plain.rows]
    table = table.append_column("batch_id", pa.array(batch_ids, pa.int64()))
    table = table.append_column("arrived_at", pa.array([received_at.isoformat()] * len(table), pa.string()))
    copy_table(connection, f"{feed.schema}.{feed.feed}", table)


def _worth_keeping(feed: Feed, received: Mapping[str, str]) -> dict[str, str]:
    """Texts as received, but for those whose form follows from the value (as `warehouse.staging.prepare` leaves them out)."""
    agreed = ((name, told, _AGREED.get(feed.by_name[name].form)) for name, told in received.items())
    return {name: told for name, told, form in agreed if form is None or not form.search(told)}


def _receipt(plain: Plain, received_at: datetime) -> Mapping[str, object]:
    """What `warehouse.staging.receipts` writes of an accepted batch."""
    at = received_at.astimezone(SHANGHAI).isoformat(timespec="seconds")
    counts = {"rows": len(plain.rows), "accepted": len(plain.rows), "duplicates": 0, "rejected": 0, "warnings": 0}
    said = {"file": plain.push.delivery.name, "sha256": plain.push.body_sha256, "state": "accepted", "error_code": None}
    return {**said, **counts, "received_at": at, "finished_at": at}
