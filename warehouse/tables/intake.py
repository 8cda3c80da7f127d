"""Who may push, and what was pushed: centres with their keys (schema registry), batches with their answers (schema landing)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from warehouse.tables.base import Table, column, serial


class Centre(Table):
    """One row per detention centre that may push."""

    __tablename__ = "centre"
    __table_args__ = ({"schema": "registry", "comment": "One row per detention centre that may push"},)

    centre_code: Mapped[str] = column("The centre's organisation code", primary_key=True)
    disabled_at: Mapped[datetime | None] = column("Since when nothing of it is taken in; empty = it may push", DateTime(timezone=True))


class CentreKey(Table):
    """One row per public key of a centre; several may be in force at once, so that keys can be changed without a gap."""

    __tablename__ = "centre_key"
    __table_args__ = (
        CheckConstraint("octet_length(public_key) = 32", name="ed25519"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="period"),
        {"schema": "registry", "comment": "One row per public key of a centre"},
    )

    app_key: Mapped[str] = column("Name of the key: keyid of the signature", primary_key=True)
    centre_code: Mapped[str] = column("The only centre it may push for", ForeignKey("registry.centre.centre_code"))
    public_key: Mapped[bytes] = column("Ed25519 public key, 32 bytes", LargeBinary, unique=True)
    valid_from: Mapped[date] = column("First day it counts")
    valid_to: Mapped[date | None] = column("Last day it counts; empty = open")
    disabled_at: Mapped[datetime | None] = column("Since when this key is not trusted; empty = trusted", DateTime(timezone=True))


class CentreEvent(Table):
    """One row per change to a centre or one of its keys; never changed."""

    __tablename__ = "centre_event"
    __table_args__ = (
        CheckConstraint("event in ('registered', 'validity changed', 'disabled', 'enabled')", name="event"),
        Index("centre_event_centre_code_ix", "centre_code"),
        {"schema": "registry", "comment": "One row per change to a centre or one of its keys; never changed"},
    )

    event_id: Mapped[int] = serial("Number in order of happening")
    centre_code: Mapped[str] = column("The centre", ForeignKey("registry.centre.centre_code"))
    app_key: Mapped[str | None] = column("The key; empty = the centre as a whole", ForeignKey("registry.centre_key.app_key"))
    event: Mapped[str] = column("registered, validity changed, disabled or enabled")
    reason: Mapped[str | None] = column("Why, in words")
    done_by: Mapped[str] = column("Who did it")
    done_at: Mapped[datetime] = column("When", DateTime(timezone=True))


class Push(Table):
    """One row per pushed batch: the unique key makes its effect happen once, the answer is given again to every repeat."""

    __tablename__ = "push"
    __table_args__ = (
        Index("push_landing_batch_id_ix", "landing_batch_id"),
        Index("push_not_carried_ix", "landing_batch_id", postgresql_where=text("carried_at is null")),
        CheckConstraint("(status is null) = (answer is null)", name="answer_is_whole"),
        {"schema": "landing", "comment": "One row per pushed batch"},
    )

    sender_code: Mapped[str] = column("The centre that pushed", primary_key=True)
    batch_id: Mapped[str] = column("The sender's own batch_id (or the name of an uploaded file)", primary_key=True)
    landing_batch_id: Mapped[int | None] = column(
        "The delivery as landed; never empty once committed", BigInteger, ForeignKey("landing.batch.batch_id")
    )
    content_address: Mapped[str] = column("Keyed address of the bytes: the same batch_id with another one is refused")
    app_key: Mapped[str] = column("The key that signed it", ForeignKey("registry.centre_key.app_key"))
    received_at: Mapped[datetime] = column("When it was durably stored", DateTime(timezone=True))
    status: Mapped[int | None] = column("HTTP status of the answer; empty while undecided")
    answer: Mapped[str | None] = column("The answer as first given, JSON without any received personal value")
    taken_up_at: Mapped[datetime | None] = column("When a run last began to carry it on to handoffs", DateTime(timezone=True))
    carried_at: Mapped[datetime | None] = column("When what follows from it was published", DateTime(timezone=True))


class Nonce(Table):
    """One row per nonce a key has used; kept for ever, so that no captured request is taken twice."""

    __tablename__ = "nonce"
    __table_args__ = ({"schema": "landing", "comment": "One row per nonce a key has used"},)

    app_key: Mapped[str] = column("The key", ForeignKey("registry.centre_key.app_key"), primary_key=True)
    nonce: Mapped[str] = column("The nonce of a signature that was right", primary_key=True)
    seen_at: Mapped[datetime] = column("When", DateTime(timezone=True))


class Manifest(Table):
    """One row per centre and day: what we say came from it, signed; never changed."""

    __tablename__ = "manifest"
    __table_args__ = ({"schema": "landing", "comment": "One row per centre and day: what we say came from it, signed; never changed"},)

    sender_code: Mapped[str] = column("The centre", ForeignKey("registry.centre.centre_code"), primary_key=True)
    day: Mapped[date] = column("The Shanghai day on which the deliveries were received", primary_key=True)
    batch_count: Mapped[int] = column("Deliveries it lists")
    content: Mapped[str] = column("Compact JWS under our key: ids, digests and row counts, nothing of their content")
    made_at: Mapped[datetime] = column("When it was made, after the day was over", DateTime(timezone=True))


class Declaration(Table):
    """One row per statement of a centre about a day of its own; of one key and day the last counts; never changed."""

    __tablename__ = "declaration"
    __table_args__ = (
        Index("declaration_sender_code_day_ix", "sender_code", "day"),
        {
            "schema": "landing",
            "comment": "One row per statement of a centre about a day of its own; of one key and day the last counts; never changed",
        },
    )

    declaration_id: Mapped[int] = serial("Number in order of arrival")
    sender_code: Mapped[str] = column("The centre", ForeignKey("registry.centre.centre_code"))
    day: Mapped[date] = column("The Shanghai day it is about")
    app_key: Mapped[str] = column("The key that signed it", ForeignKey("registry.centre_key.app_key"))
    received_at: Mapped[datetime] = column("When it came", DateTime(timezone=True))
    body_sha256: Mapped[str] = column("SHA-256 of the statement as received, hexadecimal")
    batches: Mapped[dict[str, str]] = column(
        "Object: batch_id to the SHA-256 of its bytes, of every batch the centre means to have sent", JSONB
    )
