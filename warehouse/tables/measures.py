"""Schema handoffs, beside the handoffs themselves: flags of aftercare cases, points, service counts, and the measures."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped

from warehouse.tables.base import Table, column

SCHEMA = "handoffs"


class CaseFlag(Table):
    """One row per flag of an aftercare case that is or was open."""

    __tablename__ = "case_flag"
    __table_args__ = (
        CheckConstraint("severity in ('critical', 'warning', 'info')", name="severity"),
        CheckConstraint("status in ('open', 'resolved', 'void')", name="status"),
        Index("case_flag_open_ix", "flag_code", postgresql_where=text("status = 'open'")),
        {"schema": SCHEMA, "comment": "One row per flag of an aftercare case that is or was open"},
    )

    case_number: Mapped[str] = column("The case", primary_key=True)
    flag_code: Mapped[str] = column("The flag", primary_key=True)
    case_reference: Mapped[str] = column("What the case is called in messages; nothing can be read from it")
    person_id: Mapped[str | None] = column("The person")
    station_code: Mapped[str] = column("The station")
    severity: Mapped[str] = column("critical, warning or info")
    due_date: Mapped[date | None] = column("The day it turns on")
    status: Mapped[str] = column("open, resolved or void")
    owner_role: Mapped[str] = column("Who acts")
    evidence: Mapped[dict[str, Any]] = column(
        "Rows, fields and value classes it stems from, rule version, organisations told (tell), who may see it (see); no values", JSONB
    )
    audience: Mapped[list[str]] = column("Whom it concerns, as audience:scope", ARRAY(Text))
    first_open_at: Mapped[datetime] = column("When it was first found open", DateTime(timezone=True))
    opened_at: Mapped[datetime] = column("When it was last found open after it was not, or for a later report", DateTime(timezone=True))
    closed_at: Mapped[datetime | None] = column("When it was found resolved or void", DateTime(timezone=True))
    worked_out_by_run: Mapped[int] = column("Run that last changed it", BigInteger, ForeignKey("ops.run.run_id"))


class PointsBalance(Table):
    """One row per case with points."""

    __tablename__ = "points_balance"
    __table_args__ = ({"schema": SCHEMA, "comment": "One row per case with points"},)

    case_number: Mapped[str] = column("The case", primary_key=True)
    person_id: Mapped[str | None] = column("The person")
    station_code: Mapped[str] = column("The station")
    balance: Mapped[int] = column("Points left, as the latest entry tells")
    earned_12_months: Mapped[int] = column("Points earned in twelve months")
    redeemed_12_months: Mapped[int] = column("Points redeemed in twelve months")
    redeemed_by_family_12_months: Mapped[int] = column("Of these by the family")
    last_entry_date: Mapped[date | None] = column("Day of the last entry")


class ServiceCount(Table):
    """One row per station, month, kind, need and mode of service."""

    __tablename__ = "service_count"
    __table_args__ = ({"schema": SCHEMA, "comment": "One row per station, month, kind, need and mode of service"},)

    station_code: Mapped[str] = column("The station", primary_key=True)
    month: Mapped[str] = column("yyyymm", primary_key=True)
    service_kind_code: Mapped[str] = column("Kind", primary_key=True)
    need_code: Mapped[str] = column("Need; empty when none", primary_key=True)
    service_mode_code: Mapped[str] = column("Mode; empty when none", primary_key=True)
    planned: Mapped[int] = column("Planned")
    done: Mapped[int] = column("Done")
    refused: Mapped[int] = column("Refused")
    not_met: Mapped[int] = column("Nobody met")
    postponed: Mapped[int] = column("Postponed")
    minutes: Mapped[int] = column("Minutes of those done")


class AftercareMark(Table):
    """One row per thing aftercare depends on: how far it has been worked out, and for which day."""

    __tablename__ = "aftercare_mark"
    __table_args__ = (
        {"schema": SCHEMA, "comment": "One row per thing aftercare depends on: how far it has been worked out, for which day"},
    )

    feed: Mapped[str] = column("The feed, or rules", primary_key=True)
    version_id: Mapped[int] = column("Greatest version worked out; of the rules their version", BigInteger)
    as_of_date: Mapped[date] = column("Day it was worked out for")
    run_id: Mapped[int] = column("Run", BigInteger, ForeignKey("ops.run.run_id"))


class AftercareCase(Table):
    """One row per aftercare case that time alone may change."""

    __tablename__ = "aftercare_case"
    __table_args__ = (
        Index("aftercare_case_wakes_on_ix", "wakes_on"),
        {"schema": SCHEMA, "comment": "One row per aftercare case of which time alone may change a flag, a balance or a count"},
    )

    case_number: Mapped[str] = column("The case", primary_key=True)
    wakes_on: Mapped[date] = column("First later day on which the same rows may say something else")


class Kpi(Table):
    """One row per region, month and measure; months that no longer change keep what was last worked out."""

    __tablename__ = "kpi"
    __table_args__ = ({"schema": SCHEMA, "comment": "One row per region, month and measure"},)

    region_code: Mapped[str] = column("Region; parents padded with 0", primary_key=True)
    month: Mapped[str] = column("yyyymm", primary_key=True)
    kpi_code: Mapped[str] = column("Measure", primary_key=True)
    numerator: Mapped[int] = column("Numerator", Numeric)
    denominator: Mapped[int] = column("Denominator", Numeric)
    unknown_count: Mapped[int] = column("Members for whom the fact is absent")
