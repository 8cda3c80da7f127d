"""Schema published: what desks read. Names and columns are doors that stay; columns may be added.

Tables, filled by one transaction of warehouse.publish; rejected_rows, warnings and feed_health are views over what is kept
elsewhere (warehouse/migrations).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import DateTime, Index, Numeric
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from warehouse.tables.base import Table, column
from warehouse.tables.finding_columns import FindingColumns, HouseholdFlagColumns

SCHEMA = "published"


class SourceLinks(Table):
    """One row per source record of a person feed."""

    __tablename__ = "source_links"
    __table_args__ = ({"schema": SCHEMA, "comment": "One row per source record of a person feed"},)

    feed: Mapped[str] = column("The feed", primary_key=True)
    source_key: Mapped[str] = column("The row's key", primary_key=True)
    person_id: Mapped[str] = column("The person")
    link_status: Mapped[str] = column("linked, review or unlinked")


class Handoffs(Table):
    """One row per handoff."""

    __tablename__ = "handoffs"
    __table_args__ = (Index("handoffs_station_code_ix", "station_code"), {"schema": SCHEMA, "comment": "One row per handoff"})

    handoff_id: Mapped[str] = column("The handoff", primary_key=True)
    person_id: Mapped[str | None] = column("The person")
    decision_number: Mapped[str] = column("Decision number")
    centre_code: Mapped[str | None] = column("The centre that releases")
    station_code: Mapped[str | None] = column("The station responsible")
    expected_release_date: Mapped[date | None] = column("Earliest expected day")
    actual_released_at: Mapped[datetime | None] = column("Actual release", DateTime(timezone=True))
    state: Mapped[str] = column("State")
    state_since_date: Mapped[date | None] = column("Since when")
    next_step: Mapped[str | None] = column("What is to be done next")
    next_due_date: Mapped[date | None] = column("By when")
    responsible_role: Mapped[str | None] = column("By whom")


class HandoffFlags(Table):
    """One row per flag of a handoff."""

    __tablename__ = "handoff_flags"
    __table_args__ = ({"schema": SCHEMA, "comment": "One row per flag of a handoff"},)

    handoff_id: Mapped[str] = column("The handoff", primary_key=True)
    flag_code: Mapped[str] = column("The flag", primary_key=True)
    person_id: Mapped[str | None] = column("The person")
    severity: Mapped[str] = column("critical, warning or info")
    due_date: Mapped[date | None] = column("The day it turns on")
    status: Mapped[str] = column("open, resolved or void")
    owner_role: Mapped[str] = column("Who acts")
    evidence: Mapped[dict[str, Any]] = column("Where it stems from; no values", JSONB)


class Findings(FindingColumns, Table):
    """One row per subject and benefit."""

    __tablename__ = "findings"
    __table_args__ = (
        Index("findings_household_number_ix", "household_number"),
        Index("findings_person_id_ix", "person_id"),
        {"schema": SCHEMA, "comment": "One row per subject and benefit"},
    )


class HouseholdFlags(HouseholdFlagColumns, Table):
    """One row per flag of a household."""

    __tablename__ = "household_flags"
    __table_args__ = ({"schema": SCHEMA, "comment": "One row per flag of a household"},)


class ExcludedOccupations(Table):
    """One row per registered job seeker and occupation that does not fit by law; never why. For the employment desk alone."""

    __tablename__ = "excluded_occupations"
    __table_args__ = (
        {"schema": SCHEMA, "comment": "One row per registered job seeker and occupation that does not fit by law; never why"},
    )

    person_id: Mapped[str] = column("The job seeker", primary_key=True)
    occupation_code: Mapped[str] = column("The occupation; shown with the words 不适配岗位(依法规)", primary_key=True)


class CaseFlags(Table):
    """One row per flag of an aftercare case."""

    __tablename__ = "case_flags"
    __table_args__ = ({"schema": SCHEMA, "comment": "One row per flag of an aftercare case"},)

    case_number: Mapped[str] = column("The case", primary_key=True)
    flag_code: Mapped[str] = column("The flag", primary_key=True)
    person_id: Mapped[str | None] = column("The person")
    station_code: Mapped[str] = column("The station")
    severity: Mapped[str] = column("critical, warning or info")
    due_date: Mapped[date | None] = column("The day it turns on")
    status: Mapped[str] = column("open, resolved or void")
    owner_role: Mapped[str] = column("Who acts")
    evidence: Mapped[dict[str, Any]] = column("Where it stems from; no values", JSONB)
    case_reference: Mapped[str] = column("What the case is called in messages; nothing can be read from it")


class PointsBalances(Table):
    """One row per case with points."""

    __tablename__ = "points_balances"
    __table_args__ = ({"schema": SCHEMA, "comment": "One row per case with points"},)

    case_number: Mapped[str] = column("The case", primary_key=True)
    person_id: Mapped[str | None] = column("The person")
    station_code: Mapped[str] = column("The station")
    balance: Mapped[int] = column("Points left")
    earned_12_months: Mapped[int] = column("Points earned in twelve months")
    redeemed_12_months: Mapped[int] = column("Points redeemed in twelve months")
    redeemed_by_family_12_months: Mapped[int] = column("Of these by the family")
    last_entry_date: Mapped[date | None] = column("Day of the last entry")


class ServiceCounts(Table):
    """One row per station, month, kind, need and mode of service."""

    __tablename__ = "service_counts"
    __table_args__ = ({"schema": SCHEMA, "comment": "One row per station, month, kind, need and mode of service"},)

    station_code: Mapped[str] = column("The station", primary_key=True)
    month: Mapped[str] = column("yyyymm", primary_key=True)
    service_kind_code: Mapped[str] = column("Kind", primary_key=True)
    need_code: Mapped[str] = column("Need; empty when none", primary_key=True)
    service_mode_code: Mapped[str] = column("Mode; empty when none", primary_key=True)
    planned: Mapped[int] = column("Planned")
    done: Mapped[int] = column("Done")
    refused: Mapped[int] = column("Refused")
    not_met: Mapped[int] = column("Not met")
    postponed: Mapped[int] = column("Postponed")
    minutes: Mapped[int] = column("Minutes in all")


class Kpis(Table):
    """One row per region, month and measure."""

    __tablename__ = "kpis"
    __table_args__ = ({"schema": SCHEMA, "comment": "One row per region, month and measure"},)

    region_code: Mapped[str] = column("Region", primary_key=True)
    month: Mapped[str] = column("yyyymm", primary_key=True)
    kpi_code: Mapped[str] = column("Measure", primary_key=True)
    numerator: Mapped[int] = column("Numerator", Numeric)
    denominator: Mapped[int] = column("Denominator", Numeric)
    unknown_count: Mapped[int] = column("Members of the denominator for whom the fact is absent")
