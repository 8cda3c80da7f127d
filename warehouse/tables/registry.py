"""Schema registry: dated parameters, working days and the texts of codes."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, DateTime, ForeignKey
from sqlalchemy.orm import Mapped

from warehouse.tables.base import Table, column


class Parameter(Table):
    """One row per parameter of a rule."""

    __tablename__ = "parameter"
    __table_args__ = ({"schema": "registry", "comment": "One row per parameter of a rule"},)

    name: Mapped[str] = column("Name used by the rules", primary_key=True)
    means: Mapped[str] = column("What it means")
    unit: Mapped[str] = column("Unit")
    source: Mapped[str] = column("Law or notice it stems from")
    default_national: Mapped[bool] = column("A region without a value uses region 000000")
    optional: Mapped[bool] = column("Absent means 0 or off, and the reason says so")
    loaded_at: Mapped[datetime] = column("When it was loaded so", DateTime(timezone=True))
    loaded_by: Mapped[str] = column("Who loaded it so")


class ReplacedParameter(Table):
    """One row per parameter as it was before a later file said something else of it; never changed."""

    __tablename__ = "replaced_parameter"
    __table_args__ = ({"schema": "registry", "comment": "One row per parameter as it was before a later file; never changed"},)

    name: Mapped[str] = column("Name used by the rules", primary_key=True)
    replaced_at: Mapped[datetime] = column("When it was replaced", DateTime(timezone=True), primary_key=True)
    replaced_by: Mapped[str] = column("Who loaded the file that replaced it")
    means: Mapped[str] = column("What it meant")
    unit: Mapped[str] = column("Unit it had")
    source: Mapped[str] = column("Law or notice it stemmed from")
    default_national: Mapped[bool] = column("A region without a value used region 000000")
    optional: Mapped[bool] = column("Absent meant 0 or off")
    loaded_at: Mapped[datetime] = column("When it had been loaded", DateTime(timezone=True))
    loaded_by: Mapped[str] = column("Who had loaded it")


class ParameterValue(Table):
    """One row per value of a parameter for a region, residence and period."""

    __tablename__ = "parameter_value"
    __table_args__ = (
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="period"),
        {"schema": "registry", "comment": "One row per value of a parameter for a region, residence and period"},
    )

    name: Mapped[str] = column("The parameter", ForeignKey("registry.parameter.name"), primary_key=True)
    region: Mapped[str] = column("Region prefix; 000000 = the nation", primary_key=True)
    residence: Mapped[str] = column("urban, rural or any", primary_key=True)
    valid_from: Mapped[date] = column("First day", primary_key=True)
    valid_to: Mapped[date | None] = column("Last day; empty = open")
    amount: Mapped[str] = column("The value as text: number or word")
    document: Mapped[str] = column("The document it stands in; SAMPLE when invented")
    loaded_at: Mapped[datetime] = column("When it was loaded", DateTime(timezone=True))
    loaded_by: Mapped[str] = column("Who loaded it")


class ReplacedParameterValue(Table):
    """One row per value that a later file replaced under the same name, region, residence and first day; never changed."""

    __tablename__ = "replaced_parameter_value"
    __table_args__ = ({"schema": "registry", "comment": "One row per value that a later file replaced; never changed"},)

    name: Mapped[str] = column("The parameter", primary_key=True)
    region: Mapped[str] = column("Region prefix; 000000 = the nation", primary_key=True)
    residence: Mapped[str] = column("urban, rural or any", primary_key=True)
    valid_from: Mapped[date] = column("First day", primary_key=True)
    replaced_at: Mapped[datetime] = column("When it was replaced", DateTime(timezone=True), primary_key=True)
    replaced_by: Mapped[str] = column("Who loaded the file that replaced it")
    valid_to: Mapped[date | None] = column("Last day it had; empty = open")
    amount: Mapped[str] = column("The value it had")
    document: Mapped[str] = column("The document it stood in")
    loaded_at: Mapped[datetime] = column("When it had been loaded", DateTime(timezone=True))
    loaded_by: Mapped[str] = column("Who had loaded it")


class JobRestriction(Table):
    """One row per occupation that the law bars to some."""

    __tablename__ = "job_restriction"
    __table_args__ = ({"schema": "registry", "comment": "One row per occupation that the law bars to some; only codes ever leave it"},)

    occupation_code: Mapped[str] = column("Occupation", primary_key=True)
    name: Mapped[str] = column("Its name")
    bar: Mapped[str] = column("Whom the law bars; never shown to an employment desk")
    applies_to: Mapped[str] = column("Which fact of a person brings it about")
    source: Mapped[str] = column("The law")
    loaded_at: Mapped[datetime] = column("When it was loaded", DateTime(timezone=True))
    loaded_by: Mapped[str] = column("Who loaded it")


class CalendarDay(Table):
    """One row per day of a loaded year."""

    __tablename__ = "calendar_day"
    __table_args__ = ({"schema": "registry", "comment": "One row per day of a loaded year"},)

    day: Mapped[date] = column("The day in Asia/Shanghai", primary_key=True)
    is_working: Mapped[bool] = column("True on working days, make-up days included")
    source: Mapped[str] = column("Where it stems from")


class CodeMessage(Table):
    """One row per code of the agreement: what it means and what the sender does."""

    __tablename__ = "code_message"
    __table_args__ = ({"schema": "registry", "comment": "One row per code of the agreement: what it means and what the sender does"},)

    code: Mapped[str] = column("The code", primary_key=True)
    message: Mapped[str] = column("Meaning and next step; never a value")
