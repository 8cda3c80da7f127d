"""Schema handoffs: release handoffs and their flags as worked out, before they are published."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped

from warehouse.tables.base import Table, column, serial


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
    notice_date: Mapped[date | None] = column("Date of the valid notice")
    audience: Mapped[list[str]] = column("Who may see it, as audience:scope", ARRAY(Text), server_default="{}")
    as_of_date: Mapped[date] = column("Day for which it was found as it stands; unchanged since")
    worked_out_by_run: Mapped[int] = column("Run that found it so", BigInteger, ForeignKey("ops.run.run_id"))


class GoneHandoff(Table):
    """One row per handoff that is no more, with the run that last found it so; it may have come back since."""

    __tablename__ = "gone_handoff"
    __table_args__ = ({"schema": "handoffs", "comment": "One row per handoff that was no more at some run; it may have come back since"},)

    handoff_id: Mapped[str] = column("The handoff", primary_key=True)
    decision_number: Mapped[str] = column("Decision number as received")
    run_id: Mapped[int] = column("Run that last found it gone", BigInteger, ForeignKey("ops.run.run_id"))


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
    opened_at: Mapped[datetime] = column("When it was last found open after it was not, or for another date", DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = column("When it was found resolved or void", DateTime(timezone=True))
    worked_out_by_run: Mapped[int] = column("Run", BigInteger, ForeignKey("ops.run.run_id"))


class FlagEvent(Table):
    """One row per thing that happened to a flag."""

    __tablename__ = "flag_event"
    __table_args__ = (
        CheckConstraint("kind in ('opened', 'changed', 'resolved', 'void')", name="kind"),
        Index("flag_event_flag_ix", "handoff_id", "flag_code"),
        {"schema": "handoffs", "comment": "One row per thing that happened to a flag; never changed"},
    )

    event_id: Mapped[int] = serial("Number in order of happening")
    handoff_id: Mapped[str] = column("The handoff")
    flag_code: Mapped[str] = column("The flag")
    kind: Mapped[str] = column("opened, changed (severity or day), resolved or void; void and opened in one run: its date was replaced")
    severity: Mapped[str] = column("Severity it had then")
    due_date: Mapped[date | None] = column("The day it turned on then")
    as_of_date: Mapped[date] = column("Day the run looked at")
    at: Mapped[datetime] = column("When", DateTime(timezone=True))
    run_id: Mapped[int] = column("Run", BigInteger, ForeignKey("ops.run.run_id"))


class WorkedEpisode(Table):
    """One row per isolation episode that any current row speaks of, near its end or not."""

    __tablename__ = "episode"
    __table_args__ = (
        Index("episode_wakes_on_ix", "wakes_on"),
        Index("episode_handoff_id_ix", "handoff_id"),
        {"schema": "handoffs", "comment": "One row per isolation episode that any current row speaks of, near its end or not"},
    )

    number: Mapped[str] = column("Decision number as compared", primary_key=True)
    handoff_id: Mapped[str] = column("Its handoff, whether there is one yet or not")
    wakes_on: Mapped[date | None] = column("First later day on which time alone may change state or flags; empty = never")
    person_id: Mapped[str | None] = column("The person its rows agree on")
    since_date: Mapped[date | None] = column("First day of the absence; empty = not known")
    return_date: Mapped[date | None] = column("Day of return: release, else conversion, else the meeting")
    return_region_code: Mapped[str | None] = column("Region of residence told with the return")
    is_over: Mapped[bool | None] = column("The absence ended otherwise than by a return")
    shares: Mapped[str | None] = column("What it adds to the measures of its station's region: month, measure, met/counted/unknown")


class LeftRow(Table):
    """One row per roster row that had left its centre's snapshot when handoffs were last worked out."""

    __tablename__ = "left_row"
    __table_args__ = (
        {"schema": "handoffs", "comment": "One row per roster row that had left its centre's snapshot at the last working-out"},
    )

    source_key: Mapped[str] = column("Key of the roster row", primary_key=True)
    missing_since: Mapped[date] = column("First snapshot without it")


class Mark(Table):
    """One row per thing that handoffs depend on: how much of it the last completed working-out knew."""

    __tablename__ = "mark"
    __table_args__ = ({"schema": "handoffs", "comment": "One row per thing handoffs depend on: what the last working-out knew of it"},)

    name: Mapped[str] = column("The thing: a feed, snapshots, links, parameters, calendar, directory, rules, day", primary_key=True)
    seen: Mapped[str] = column("Greatest number or fingerprint")
    run_id: Mapped[int] = column("Run that last saw another", BigInteger, ForeignKey("ops.run.run_id"))
