"""Schema handoffs: release handoffs and their flags as worked out, before they are published."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped

from warehouse.tables.base import Table, column


class Handoff(Table):
    """One row per isolation episode that is near its end or has ended."""

    __tablename__ = "handoff"
    __table_args__ = ({"schema": "handoffs", "comment": "One row per isolation episode that is near its end or has ended"},)

    handoff_id: Mapped[str] = column("First 16 hex digits of SHA-256 of the normalised decision number", primary_key=True)
    person_id: Mapped[str | None] = column("The person, where the rows agree on one", ForeignKey("identity.person.person_id"))
    decision_number: Mapped[str] = column("Decision number as received")
    centre_code: Mapped[str | None] = column("The centre that releases")
    station_code: Mapped[str | None] = column("The station responsible")
    expected_release_date: Mapped[date | None] = column("Earliest expected day")
    actual_released_at: Mapped[datetime | None] = column("Actual release", DateTime(timezone=True))
    state: Mapped[str] = column("State of the handoff")
    state_since_date: Mapped[date | None] = column("Since when")
    next_step: Mapped[str | None] = column("What is to be done next")
    next_due_date: Mapped[date | None] = column("By when")
    responsible_role: Mapped[str | None] = column("By whom")
    audience: Mapped[list[str]] = column("Who may see it, as audience:scope", ARRAY(Text), server_default="{}")
    as_of_date: Mapped[date] = column("Day it was worked out for")
    worked_out_by_run: Mapped[int] = column("Run", BigInteger, ForeignKey("ops.run.run_id"))


class Flag(Table):
    """One row per flag of a handoff that is or was open."""

    __tablename__ = "flag"
    __table_args__ = (
        CheckConstraint("severity in ('critical', 'warning', 'info')", name="severity"),
        CheckConstraint("status in ('open', 'resolved', 'void')", name="status"),
        {"schema": "handoffs", "comment": "One row per flag of a handoff that is or was open"},
    )

    handoff_id: Mapped[str] = column("The handoff", primary_key=True)
    flag_code: Mapped[str] = column("The flag", primary_key=True)
    person_id: Mapped[str | None] = column("The person")
    severity: Mapped[str] = column("critical, warning or info")
    due_date: Mapped[date | None] = column("The day it turns on")
    status: Mapped[str] = column("open, resolved or void")
    owner_role: Mapped[str] = column("Who acts")
    evidence: Mapped[dict[str, Any]] = column("Rows, fields and value classes it stems from, rule version, parameters; no values", JSONB)
    first_open_at: Mapped[datetime] = column("When it was first found open", DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = column("When it was found resolved or void", DateTime(timezone=True))
    worked_out_by_run: Mapped[int] = column("Run", BigInteger, ForeignKey("ops.run.run_id"))
