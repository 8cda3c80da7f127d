"""Schema ops: how the machinery is doing; no person in it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from warehouse.tables.base import Table, column, serial


class Run(Table):
    """One row per run of a step."""

    __tablename__ = "run"
    __table_args__ = (
        CheckConstraint("state in ('running', 'succeeded', 'failed')", name="state"),
        {"schema": "ops", "comment": "One row per run of a step"},
    )

    run_id: Mapped[int] = serial("Number in order of start")
    step: Mapped[str] = column("ingest, link, steward, corrections, handoffs, benefits, publish, replay")
    provider: Mapped[str | None] = column("The provider, for ingest")
    feed: Mapped[str | None] = column("The feed, for pulled feeds")
    started_at: Mapped[datetime] = column("Start", DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = column("End", DateTime(timezone=True))
    state: Mapped[str] = column("running, succeeded or failed", server_default="running")
    counts: Mapped[dict[str, Any]] = column("Counts of what it did", JSONB, server_default="{}")
    error: Mapped[str | None] = column("Kind of error it ended with; never a value")


class Watermark(Table):
    """One row per pulled feed: how far a completed run has read."""

    __tablename__ = "watermark"
    __table_args__ = ({"schema": "ops", "comment": "One row per pulled feed: how far a completed run has read"},)

    provider: Mapped[str] = column("The provider", primary_key=True)
    feed: Mapped[str] = column("The feed", primary_key=True)
    source_updated_at: Mapped[datetime] = column("Greatest source_updated_at of the completed run", DateTime(timezone=True))
    run_id: Mapped[int] = column("The run that set it", BigInteger, ForeignKey("ops.run.run_id"))


class Lease(Table):
    """One row per kind of work that only the newest run may finish."""

    __tablename__ = "lease"
    __table_args__ = ({"schema": "ops", "comment": "One row per kind of work that only the newest run may finish"},)

    name: Mapped[str] = column("The work: publish, link, ingest/<provider>", primary_key=True)
    token: Mapped[int] = column("Fencing token, rising with every taking", BigInteger)
    taken_at: Mapped[datetime] = column("When it was last taken", DateTime(timezone=True))


class ExpectationResult(Table):
    """One row per expectation judged on one delivery; counts only."""

    __tablename__ = "expectation_result"
    __table_args__ = (
        Index("expectation_result_feed_ix", "feed", "judged_at"),
        {"schema": "ops", "comment": "One row per expectation judged on one delivery; counts only"},
    )

    batch_id: Mapped[int] = column("Delivery", BigInteger, ForeignKey("landing.batch.batch_id"), primary_key=True)
    expectation: Mapped[str] = column("What was expected", primary_key=True)
    field: Mapped[str] = column("Of which field; empty for the row or the delivery", primary_key=True)
    feed: Mapped[str] = column("The feed")
    severity: Mapped[str] = column("critical or warning")
    checked: Mapped[int] = column("Rows checked")
    failed: Mapped[int] = column("Rows that failed")
    judged_at: Mapped[datetime] = column("When", DateTime(timezone=True))


class Snapshot(Table):
    """One row per accepted full snapshot."""

    __tablename__ = "snapshot"
    __table_args__ = ({"schema": "ops", "comment": "One row per accepted full snapshot"},)

    feed: Mapped[str] = column("The feed", primary_key=True)
    scope: Mapped[str] = column("What it is complete for: a centre, a region or empty for the whole feed", primary_key=True)
    snapshot_date: Mapped[date] = column("The day whose state at 24:00 it shows", primary_key=True)
    batch_id: Mapped[int] = column("Its (last) delivery", BigInteger, ForeignKey("landing.batch.batch_id"))
    row_count: Mapped[int] = column("Rows of the snapshot")
    vanished_count: Mapped[int] = column("Keys that were in the last snapshot and are not in this one", server_default="0")


class Receipt(Table):
    """One row per delivery whose fate was told to its sender."""

    __tablename__ = "receipt"
    __table_args__ = ({"schema": "ops", "comment": "One row per delivery whose fate was told to its sender"},)

    batch_id: Mapped[int] = column("Delivery", BigInteger, ForeignKey("landing.batch.batch_id"), primary_key=True)
    receipt: Mapped[dict[str, Any]] = column("What the sender sees (agreement section 9)", JSONB)
    rejected_csv: Mapped[bytes | None] = column("The table of rejected rows, UTF-8 with BOM, no values")
    written_at: Mapped[datetime] = column("When it was made", DateTime(timezone=True))
    delivered_at: Mapped[datetime | None] = column("When it lay in the sender's outbox", DateTime(timezone=True))


class StewardDecision(Table):
    """One row per decision of a steward on a held delivery."""

    __tablename__ = "steward_decision"
    __table_args__ = (
        CheckConstraint("decision in ('accept', 'reject')", name="decision"),
        {"schema": "ops", "comment": "One row per decision of a steward on a held delivery"},
    )

    decision_id: Mapped[int] = serial("Number")
    batch_id: Mapped[int] = column("Delivery", BigInteger, ForeignKey("landing.batch.batch_id"))
    decision: Mapped[str] = column("accept or reject")
    code: Mapped[str] = column("The hold that was decided")
    reason: Mapped[str] = column("Why, in the steward's words")
    decided_by: Mapped[str] = column("Who decided")
    decided_at: Mapped[datetime] = column("When", DateTime(timezone=True))


class Alert(Table):
    """One row per thing that is not as it should be and an operator sees to; closed when it is over."""

    __tablename__ = "alert"
    __table_args__ = (
        Index("alert_open_uq", "kind", "organization_code", "subject", unique=True, postgresql_where=text("closed_at is null")),
        CheckConstraint("(acknowledged_at is null) = (acknowledged_by is null)", name="acknowledged_by_somebody"),
        {"schema": "ops", "comment": "One row per thing that is not as it should be and an operator sees to; closed when it is over"},
    )

    alert_id: Mapped[int] = serial("Number in order of opening")
    kind: Mapped[str] = column("What: one of the kinds of warehouse/alerts.py")
    organization_code: Mapped[str] = column("The sender; else the organisation, county or region it is about; or empty")
    subject: Mapped[str] = column("What is missing: a batch_id, a month, a day, an audience, a parameter, a year; or empty")
    count: Mapped[int] = column("How many, where it is counted", server_default="1")
    opened_at: Mapped[datetime] = column("When it was noticed", DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = column("When it was over", DateTime(timezone=True))
    acknowledged_at: Mapped[datetime | None] = column("When somebody took it in hand; it is told no more", DateTime(timezone=True))
    acknowledged_by: Mapped[str | None] = column("Who")
    acknowledgement: Mapped[str | None] = column("What is being done, in words")


class Publication(Table):
    """One row per switch of the published tables."""

    __tablename__ = "publication"
    __table_args__ = ({"schema": "ops", "comment": "One row per switch of the published tables"},)

    publication_id: Mapped[int] = serial("Number")
    as_of_date: Mapped[date] = column("The day the published facts are worked out for")
    token: Mapped[int] = column("Fencing token it was published under", BigInteger)
    published_at: Mapped[datetime] = column("When", DateTime(timezone=True))
    counts: Mapped[dict[str, Any]] = column("Rows inserted, changed and removed, by table", JSONB)
