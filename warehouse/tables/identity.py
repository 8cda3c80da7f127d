"""Schema identity: persons, and which row of which feed is whose."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from warehouse.tables.base import Table, column


class Person(Table):
    """One row per person we know of; the id is opaque and stays."""

    __tablename__ = "person"
    __table_args__ = ({"schema": "identity", "comment": "One row per person we know of; the id is opaque and stays"},)

    person_id: Mapped[str] = column("Opaque id, never reused", primary_key=True)
    created_at: Mapped[datetime] = column("When first seen", DateTime(timezone=True))
    created_by_run: Mapped[int] = column("Run that made it", BigInteger, ForeignKey("ops.run.run_id"))
    merged_into: Mapped[str | None] = column("The person this one turned out to be", ForeignKey("identity.person.person_id"))


class Link(Table):
    """One row per source record of a person feed: whose it is and by which evidence."""

    __tablename__ = "link"
    __table_args__ = (
        CheckConstraint("link_status in ('linked', 'review', 'unlinked')", name="status"),
        Index("link_person_id_ix", "person_id"),
        {"schema": "identity", "comment": "One row per source record of a person feed: whose it is and by which evidence"},
    )

    feed: Mapped[str] = column("The feed", primary_key=True)
    source_key: Mapped[str] = column("The row's key", primary_key=True)
    person_id: Mapped[str] = column("The person", ForeignKey("identity.person.person_id"))
    link_status: Mapped[str] = column("linked, review or unlinked")
    rule: Mapped[str] = column("Number of the evidence rule that decided (identity rules 1 to 11)")
    evidence: Mapped[dict[str, Any]] = column("Classes of evidence, never values", JSONB, server_default="{}")
    decided_at: Mapped[datetime] = column("When", DateTime(timezone=True))
    decided_by_run: Mapped[int] = column("Run that decided", BigInteger, ForeignKey("ops.run.run_id"))


class LinkHistory(Table):
    """One row per change of a link."""

    __tablename__ = "link_history"
    __table_args__ = (
        Index("link_history_feed_source_key_ix", "feed", "source_key"),
        {"schema": "identity", "comment": "One row per change of a link"},
    )

    feed: Mapped[str] = column("The feed", primary_key=True)
    source_key: Mapped[str] = column("The row's key", primary_key=True)
    changed_by_run: Mapped[int] = column("Run that changed it", BigInteger, ForeignKey("ops.run.run_id"), primary_key=True)
    person_id: Mapped[str | None] = column("The person before")
    link_status: Mapped[str | None] = column("The status before")
    rule: Mapped[str | None] = column("The rule before")
