"""Schema outbox: who is told what, and what became of each message. References, codes and dates; no names and no numbers of persons."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped

from warehouse.tables.base import Table, column, serial

AUDIENCES = ("station", "centre", "police", "coordinator", "operator", "steward", "organization")
CHANNELS = ("email", "webhook")
MESSAGE_STATES = ("waiting", "sending", "sent", "dropped", "dead")


class Recipient(Table):
    """One row per address that is told, for one audience and area and one period."""

    __tablename__ = "recipient"
    __table_args__ = (
        UniqueConstraint("audience", "scope", "channel", "address", "valid_from"),
        CheckConstraint(f"audience in {AUDIENCES}", name="audience"),
        CheckConstraint(f"channel in {CHANNELS}", name="channel"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="period"),
        CheckConstraint("(scope = '') = (audience in ('operator', 'steward'))", name="scope_where_there_is_one"),
        {"schema": "outbox", "comment": "One row per address that is told, for one audience and area and one period"},
    )

    recipient_id: Mapped[int] = serial("Number in order of registering")
    audience: Mapped[str] = column("station, centre, police, coordinator, operator, steward or organization")
    scope: Mapped[str] = column(
        "Organisation code (station, centre, organization), region prefix without padding (police, coordinator), else empty"
    )
    channel: Mapped[str] = column("email or webhook")
    address: Mapped[str] = column("Mail address of the office, or https address")
    valid_from: Mapped[date] = column("First day it is told")
    valid_to: Mapped[date | None] = column("Last day; empty = open")
    registered_at: Mapped[datetime] = column("When", DateTime(timezone=True))
    registered_by: Mapped[str] = column("Who registered it")
    included_at: Mapped[datetime | None] = column("When it was first told what was open already", DateTime(timezone=True))


class Opening(Table):
    """One row per time a flag of a handoff or of an aftercare case opened for readers."""

    __tablename__ = "opening"
    __table_args__ = (
        CheckConstraint("severity in ('critical', 'warning', 'info')", name="severity"),
        Index("opening_open_uq", "about_id", "flag_code", unique=True, postgresql_where=text("closed_at is null")),
        {"schema": "outbox", "comment": "One row per time a flag of a handoff or of an aftercare case opened for readers"},
    )

    opening_id: Mapped[int] = serial("Number in order of opening")
    about_id: Mapped[str] = column("The handoff or the case")
    flag_code: Mapped[str] = column("The flag")
    severity: Mapped[str] = column("Highest severity that was told")
    audience: Mapped[list[str] | None] = column("Whom it concerned when it was told, as audience:scope; empty until then", ARRAY(Text))
    see: Mapped[list[str] | None] = column("Letters of the audiences that see the flag and were told; empty until then", JSONB)
    flag_opened_at: Mapped[datetime] = column(
        "opened_at of the flag in schema handoffs: another one is another opening", DateTime(timezone=True)
    )
    opened_at: Mapped[datetime] = column("When readers first saw it", DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = column("When readers no longer saw it open, or open for another date", DateTime(timezone=True))
    escalated_date: Mapped[date | None] = column("Day the coordinator was last told that it is overdue")


class Message(Table):
    """One row per message to one recipient; its text is made at the first attempt and kept for the others."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("recipient_id", "occasion"),
        UniqueConstraint("message_key"),
        CheckConstraint(f"state in {MESSAGE_STATES}", name="state"),
        CheckConstraint("(state in ('waiting', 'sending')) = (finished_at is null)", name="finished_when_decided"),
        Index("message_due_ix", "next_try_at", postgresql_where=text("state in ('waiting', 'sending')")),
        {"schema": "outbox", "comment": "One row per message to one recipient"},
    )

    message_id: Mapped[int] = serial("Number in order of making")
    message_key: Mapped[UUID] = column("What the receiver knows it by; the same at every attempt", server_default=text("gen_random_uuid()"))
    recipient_id: Mapped[int] = column("To whom", BigInteger, ForeignKey("outbox.recipient.recipient_id"))
    occasion: Mapped[str] = column("urgent/<publication token>, or round/<instant it is due>")
    made_at: Mapped[datetime] = column("When it was first written", DateTime(timezone=True))
    state: Mapped[str] = column("waiting, sending, sent, dropped (nothing left to tell) or dead", server_default="waiting")
    attempts: Mapped[int] = column("Attempts begun", server_default="0")
    failures: Mapped[int] = column("Attempts the receiver's side failed; too many make it dead", server_default="0")
    next_try_at: Mapped[datetime] = column("Not before", DateTime(timezone=True))
    subject: Mapped[str | None] = column("Subject as sent")
    body: Mapped[str | None] = column("Text as sent")
    content: Mapped[dict[str, Any] | None] = column("The same for machines, as sent", JSONB)
    finished_at: Mapped[datetime | None] = column("When it was sent or given up", DateTime(timezone=True))
    last_error: Mapped[str | None] = column("What the last attempt met; never a value")


class Item(Table):
    """One row per thing told to one recipient; what was told once is not told again."""

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("recipient_id", "opening_id", "alert_id", "reason", postgresql_nulls_not_distinct=True),
        CheckConstraint("num_nonnulls(opening_id, alert_id) = 1", name="one_thing"),
        Index("item_message_id_ix", "message_id"),
        {"schema": "outbox", "comment": "One row per thing told to one recipient"},
    )

    item_id: Mapped[int] = serial("Number")
    recipient_id: Mapped[int] = column("To whom", BigInteger, ForeignKey("outbox.recipient.recipient_id"))
    opening_id: Mapped[int | None] = column("The flag that opened", BigInteger, ForeignKey("outbox.opening.opening_id"))
    alert_id: Mapped[int | None] = column("Or the alert", BigInteger, ForeignKey("ops.alert.alert_id"))
    reason: Mapped[str] = column("critical, warning, info; overdue/<day>; unsent/<day>; or alert")
    message_id: Mapped[int] = column("In which message", BigInteger, ForeignKey("outbox.message.message_id"))


class Attempt(Table):
    """One row per attempt to deliver a message; one without an end was cut off, and is followed by another."""

    __tablename__ = "attempt"
    __table_args__ = (
        CheckConstraint("outcome in ('sent', 'failed', 'refused')", name="outcome"),
        {"schema": "outbox", "comment": "One row per attempt to deliver a message"},
    )

    message_id: Mapped[int] = column("The message", BigInteger, ForeignKey("outbox.message.message_id"), primary_key=True)
    number: Mapped[int] = column("Which attempt", primary_key=True)
    started_at: Mapped[datetime] = column("When it began", DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = column("When its outcome was known", DateTime(timezone=True))
    outcome: Mapped[str | None] = column("sent, failed (tried again) or refused (not tried again)")
    error: Mapped[str | None] = column("What it met; never a value")
