"""Schema landing: one row per delivery as received; the bytes lie encrypted in the raw store."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Sequence, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE, JSONB
from sqlalchemy.orm import Mapped

from warehouse.tables.base import Table, column, metadata, serial

decided_order = Sequence("batch_decided_order", schema="landing", metadata=metadata)
BATCH_STATES = ("landed", "accepted", "accepted_with_errors", "held", "rejected")


class Batch(Table):
    """One row per delivery (file, push, page) of one feed."""

    __tablename__ = "batch"
    __table_args__ = (
        # The same bytes under another .ok are another delivery: a file refused for a wrong .ok comes back unchanged.
        UniqueConstraint(
            "provider",
            "feed",
            "name",
            "content_address",
            "declared_rows",
            "declared_sha256",
            "refusal",
            name="batch_delivery_uq",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint(f"state in {BATCH_STATES}", name="state"),
        CheckConstraint("state in ('landed', 'held') or row_count is not null", name="decided_batches_are_counted"),
        Index("batch_waiting_ix", "batch_id", postgresql_where=text("state in ('landed', 'held')")),
        {"schema": "landing", "comment": "One row per delivery of one feed, as received"},
    )

    batch_id: Mapped[int] = serial("Number in order of arrival")
    provider: Mapped[str] = column("The agency that delivered")
    feed: Mapped[str] = column("The feed; empty when the name did not tell")
    name: Mapped[str] = column("File name, push batch_id, or name of the pulled page")
    form: Mapped[str] = column("csv, xlsx, push, page or table: how the bytes are decoded")
    sender_code: Mapped[str | None] = column("Organisation that sent it, where a feed has many senders")
    snapshot_date: Mapped[date | None] = column("Full snapshot: the day whose state at 24:00 it shows")
    scope: Mapped[str] = column("Full snapshot: what it is complete for; else empty", server_default="")
    part_number: Mapped[int | None] = column("Number of this part of a delivery in parts")
    part_count: Mapped[int | None] = column("Count of the parts")
    declared_rows: Mapped[int | None] = column("Rows the sender says it holds")
    declared_sha256: Mapped[str | None] = column("SHA-256 the sender says the bytes have")
    refusal: Mapped[str | None] = column("Code the receiving edge already knew, refusing the whole delivery")
    exported_at: Mapped[datetime | None] = column("When the sender says it was made", DateTime(timezone=True))
    content_address: Mapped[str] = column("Keyed address of the raw bytes, hexadecimal; behind an @ that of a file shared with others")
    size_bytes: Mapped[int] = column("Length of the bytes as received", BigInteger)
    received_at: Mapped[datetime] = column("When the bytes were durably stored", DateTime(timezone=True))
    delivered_count: Mapped[int] = column("How many times these very bytes came under this name", server_default="1")
    state: Mapped[str] = column("landed, accepted, accepted_with_errors, held or rejected", server_default="landed")
    code: Mapped[str | None] = column("Why it is held or rejected")
    detail: Mapped[str | None] = column("What is wrong and what to do, without any received value")
    row_count: Mapped[int | None] = column("Data rows received")
    staged_count: Mapped[int] = column("Rows staged as versions", server_default="0")
    duplicate_count: Mapped[int] = column("Rows that were there already, to the letter", server_default="0")
    quarantined_count: Mapped[int] = column("Rows rejected or held one by one", server_default="0")
    warning_count: Mapped[int] = column("Warnings given", server_default="0")
    duplicate_rows: Mapped[Any] = column("Row numbers of the duplicates", INT4MULTIRANGE, server_default="{}")
    notes: Mapped[dict[str, Any]] = column("Counts and names for the receipt: unknown columns, skipped rows", JSONB, server_default="{}")
    finished_at: Mapped[datetime | None] = column("When its fate was decided", DateTime(timezone=True))
    decided_order: Mapped[int | None] = column("Order in which fates were decided; a replay follows it", BigInteger)
