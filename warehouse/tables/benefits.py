"""Schema benefits: findings and household flags as worked out, before they are published, and what they were worked out from."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from warehouse.tables.base import Table, column, serial
from warehouse.tables.finding_columns import FindingColumns, HouseholdFlagColumns

OUTCOMES = "outcome in ('likely', 'possible', 'unlikely', 'unknown')"


class Absence(Table):
    """One row per time a person was away, as known on the day it was last worked out."""

    __tablename__ = "absence"
    __table_args__ = (
        Index("absence_person_id_ix", "person_id"),
        {"schema": "benefits", "comment": "One row per time a person was away; dates and a region, nothing else"},
    )

    absence_id: Mapped[str] = column("Opaque key", primary_key=True)
    person_id: Mapped[str] = column("The person", ForeignKey("identity.person.person_id"))
    since_date: Mapped[date | None] = column("First day away; empty = not known, it counts for nothing")
    return_date: Mapped[date | None] = column("Day of return; empty = away still")
    return_region_code: Mapped[str | None] = column("Region of residence told with the return")
    is_over: Mapped[bool] = column("Ended otherwise than by a return")


class Finding(FindingColumns, Table):
    """One row per subject and benefit: what the rules say of it on the day."""

    __tablename__ = "finding"
    __table_args__ = (
        CheckConstraint(OUTCOMES, name="outcome"),
        Index("finding_household_number_ix", "household_number"),
        Index("finding_person_id_ix", "person_id"),
        {"schema": "benefits", "comment": "One row per subject and benefit: what the rules say of it on the day"},
    )

    worked_out_by_run: Mapped[int] = column("Run that found it so", BigInteger, ForeignKey("ops.run.run_id"))


class HouseholdFlag(HouseholdFlagColumns, Table):
    """One row per flag of a household."""

    __tablename__ = "household_flag"
    __table_args__ = ({"schema": "benefits", "comment": "One row per flag of a household"},)

    worked_out_by_run: Mapped[int] = column("Run that found it so", BigInteger, ForeignKey("ops.run.run_id"))


class HouseholdFlagEvent(Table):
    """One row per time a flag of a household was raised, came to show something else, or went away; never changed."""

    __tablename__ = "household_flag_event"
    __table_args__ = (
        CheckConstraint("kind in ('raised', 'changed', 'gone')", name="kind"),
        CheckConstraint("why in ('facts', 'no_subject')", name="why"),
        Index("household_flag_event_household_number_ix", "household_number", "flag_code"),
        {"schema": "benefits", "comment": "One row per time a flag of a household was raised, changed or went away; never changed"},
    )

    event_id: Mapped[int] = serial("Number in order of happening")
    household_number: Mapped[str] = column("The household, else the application the flag is about")
    flag_code: Mapped[str] = column("The flag")
    effective_date: Mapped[date] = column("From when it counted")
    neutral_reason_code: Mapped[str] = column("Neutral reason")
    kind: Mapped[str] = column("raised, changed (another before or after) or gone")
    why: Mapped[str] = column(
        "facts: what is known, the law or the day gave another answer; no_subject: the household is looked at no more"
    )
    as_of_date: Mapped[date] = column("The day it was worked out for")
    before: Mapped[dict[str, Any] | None] = column("Members and money before, as then shown (of a flag that went: as last shown)", JSONB)
    after: Mapped[dict[str, Any] | None] = column("Members and money after, in the same way", JSONB)
    run_id: Mapped[int] = column("Run that found it so; when, says the run", BigInteger, ForeignKey("ops.run.run_id"))


class ExcludedOccupation(Table):
    """One row per registered job seeker and occupation that does not fit by law; never why."""

    __tablename__ = "excluded_occupation"
    __table_args__ = (
        {"schema": "benefits", "comment": "One row per registered job seeker and occupation that does not fit by law; never why"},
    )

    person_id: Mapped[str] = column("The job seeker", ForeignKey("identity.person.person_id"), primary_key=True)
    occupation_code: Mapped[str] = column("The occupation; shown with the words 不适配岗位(依法规)", primary_key=True)


class Wake(Table):
    """One row per household or person whose findings time alone may change."""

    __tablename__ = "wake"
    __table_args__ = (
        CheckConstraint("kind in ('household', 'person')", name="kind"),
        Index("wake_wakes_on_ix", "wakes_on"),
        {"schema": "benefits", "comment": "One row per household or person whose findings time alone may change"},
    )

    kind: Mapped[str] = column("household or person", primary_key=True)
    subject: Mapped[str] = column("Household number or person id", primary_key=True)
    wakes_on: Mapped[date] = column("First later day on which a date of theirs begins to count or ceases to")


class Basis(Table):
    """One row per thing findings depend on: what the last working-out knew of it."""

    __tablename__ = "basis"
    __table_args__ = ({"schema": "benefits", "comment": "One row per thing findings depend on: what the last working-out knew of it"},)

    name: Mapped[str] = column("The thing: a feed, links, snapshots, parameters, day, rules", primary_key=True)
    seen: Mapped[str] = column("Greatest number, day or fingerprint")
    run_id: Mapped[int] = column("Run that last saw another", BigInteger, ForeignKey("ops.run.run_id"))
