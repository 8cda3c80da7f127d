"""Schema quarantine: rows set aside with their reasons, and warnings of rows that were loaded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index
from sqlalchemy.orm import Mapped

from warehouse.tables.base import Table, column, serial


class QuarantinedRow(Table):
    """One row per received row that was not loaded."""

    __tablename__ = "row"
    __table_args__ = (
        CheckConstraint("state in ('rejected', 'held')", name="state"),
        Index("row_feed_source_key_ix", "feed", "source_key"),
        Index("row_received_hash_ix", "received_hash"),
        {"schema": "quarantine", "comment": "One row per received row that was not loaded"},
    )

    batch_id: Mapped[int] = column("Delivery it came in", BigInteger, ForeignKey("landing.batch.batch_id"), primary_key=True)
    row_number: Mapped[int] = column("Data row in the delivery, from 1", primary_key=True)
    provider: Mapped[str] = column("The agency that delivered")
    feed: Mapped[str] = column("The feed")
    source_key: Mapped[str | None] = column("The row's key where it could be read")
    state: Mapped[str] = column("rejected (its sender repairs it) or held (a steward decides)")
    received_sealed: Mapped[bytes] = column("The row as received, JSON, sealed")
    received_hash: Mapped[bytes] = column("Keyed hash of the row as received; equal rows pulled again are duplicates")
    quarantined_at: Mapped[datetime] = column("When it was set aside", DateTime(timezone=True))


class Problem(Table):
    """One row per reason or warning given to a received row."""

    __tablename__ = "problem"
    __table_args__ = (
        CheckConstraint("severity in ('reject', 'hold', 'warning')", name="severity"),
        Index("problem_batch_id_row_number_ix", "batch_id", "row_number"),
        Index("problem_severity_ix", "severity", "feed"),
        {"schema": "quarantine", "comment": "One row per reason or warning given to a received row"},
    )

    problem_id: Mapped[int] = serial("Number")
    batch_id: Mapped[int] = column("Delivery", BigInteger, ForeignKey("landing.batch.batch_id"))
    row_number: Mapped[int] = column("Data row in the delivery, from 1")
    provider: Mapped[str] = column("The agency that delivered")
    feed: Mapped[str] = column("The feed")
    source_key: Mapped[str | None] = column("The row's key where it could be read")
    field: Mapped[str | None] = column("The field, empty for the whole row")
    code: Mapped[str] = column("The agreement's code")
    severity: Mapped[str] = column("reject, hold or warning")
