"""landing.batch: a delivery is received when its bytes and its row are durable, and only then.

Landing says nothing about the content. A delivery that came before, under the same name with the same bytes, is counted and
not landed again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from core.clock import now_at
from core.faults import crash_point
from expectations.delivery import Delivery, DeliveryForm
from warehouse.database import Role, transaction
from warehouse.landing.raw import RawStore

COLUMNS = (
    "provider, feed, name, form, sender_code, snapshot_date, scope, part_number, part_count, declared_rows, declared_sha256, refusal, "
    "exported_at"
)


@dataclass(frozen=True)
class LandedBatch:
    """A delivery that is stored, with what landing knows about it."""

    batch_id: int
    content_address: str
    received_at: datetime
    state: str
    code: str | None
    delivery: Delivery


def land(delivery: Delivery, store: RawStore) -> tuple[int, bool]:
    """The delivery is durable; gives its batch_id and whether it is new.

    Safe to repeat: a unique key (name, content, what the .ok declares) decides, not a look before the insert.
    """
    address = store.put(delivery.content)
    crash_point("landing.after_raw_write")
    with transaction(Role.ETL) as connection:
        batch_id, is_new = insert_batch(connection, delivery, address)
        crash_point("landing.before_commit")
    crash_point("landing.after_commit")
    return batch_id, is_new


def insert_batch(connection: Connection, delivery: Delivery, address: str) -> tuple[int, bool]:
    """The delivery, whose bytes are stored under `address`, has its row; gives batch_id and whether it is new."""
    row = connection.execute(
        text(
            f"insert into landing.batch ({COLUMNS}, content_address, size_bytes, received_at) values (:provider, :feed, :name, :form, "
            ":sender_code, :snapshot_date, :scope, :part_number, :part_count, :declared_rows, :declared_sha256, :refusal, :exported_at, "
            ":content_address, :size_bytes, :received_at) on conflict on constraint batch_delivery_uq "
            "do update set delivered_count = landing.batch.delivered_count + 1 returning batch_id, delivered_count"
        ),
        {
            "provider": delivery.provider,
            "feed": delivery.feed,
            "name": delivery.name,
            "form": delivery.form,
            "sender_code": delivery.sender_code,
            "snapshot_date": delivery.snapshot_date,
            "scope": delivery.scope,
            "part_number": delivery.part[0] if delivery.part else None,
            "part_count": delivery.part[1] if delivery.part else None,
            "declared_rows": delivery.declared_rows,
            "declared_sha256": delivery.declared_sha256,
            "refusal": delivery.refusal,
            "exported_at": delivery.exported_at,
            "content_address": address,
            "size_bytes": len(delivery.content),
            "received_at": now_at(),
        },
    ).one()
    return row.batch_id, row.delivered_count == 1


def load(connection: Connection, batch_id: int, store: RawStore, *, lock: bool = False) -> LandedBatch:
    """A landed batch with its bytes; with `lock`, nobody else can decide it until this transaction ends."""
    row = connection.execute(
        text(
            f"select {COLUMNS}, batch_id, content_address, received_at, state, code from landing.batch where batch_id = :id"
            + (" for update" if lock else "")
        ),
        {"id": batch_id},
    ).one()
    form: DeliveryForm = row.form
    delivery = Delivery(
        provider=row.provider,
        feed=row.feed,
        name=row.name,
        form=form,
        content=store.get(row.content_address),
        sender_code=row.sender_code,
        snapshot_date=row.snapshot_date,
        scope=row.scope,
        part=(row.part_number, row.part_count) if row.part_number is not None else None,
        declared_rows=row.declared_rows,
        declared_sha256=row.declared_sha256,
        exported_at=row.exported_at,
        refusal=row.refusal,
    )
    return LandedBatch(row.batch_id, row.content_address, row.received_at, row.state, row.code, delivery)


def waiting(connection: Connection, provider: str, feed: str | None = None) -> list[int]:
    """Batches that are landed and not yet decided, in order of arrival."""
    return list(
        connection.execute(
            text(
                "select batch_id from landing.batch where state = 'landed' and provider = :provider "
                "and (cast(:feed as text) is null or feed = :feed) order by batch_id"
            ),
            {"provider": provider, "feed": feed},
        ).scalars()
    )


def is_known(connection: Connection, provider: str, name: str, size_bytes: int, modified_at: datetime) -> bool:
    """True when a delivery of this name and size was landed over a day after it was last modified, so that fetching it again
    cannot show anything new; a day, because the sender's clock is not ours.
    """
    found = connection.execute(
        text(
            "select 1 from landing.batch where provider = :provider and name = :name and size_bytes = :size "
            "and received_at > cast(:modified as timestamptz) + interval '1 day' limit 1"
        ),
        {"provider": provider, "name": name, "size": size_bytes, "modified": modified_at},
    )
    return found.first() is not None


def last_snapshot_before(connection: Connection, feed: str, scope: str, day: date) -> tuple[date, int] | None:
    """Day and row count of the newest accepted snapshot up to `day`, or None."""
    row = connection.execute(
        text(
            "select snapshot_date, row_count from ops.snapshot where feed = :feed and scope = :scope and snapshot_date <= :day "
            "order by snapshot_date desc limit 1"
        ),
        {"feed": feed, "scope": scope, "day": day},
    ).first()
    return (row.snapshot_date, row.row_count) if row else None
