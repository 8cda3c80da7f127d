"""Schema identity: what every source record says of a person, ready to be compared, and the models that compared it.

No value of a person lies open here: names and numbers are sealed once each, everything else is a keyed code or a class.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ARRAY, BigInteger, Boolean, CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped

from warehouse.tables.base import Table, column, serial


class Record(Table):
    """One row per current source record of a person feed: its evidence, ready to be compared."""

    __tablename__ = "record"
    __table_args__ = (
        Index("record_source_uq", "feed", "source_key", unique=True),
        Index("record_phone_code_ix", "phone_code", "name_code", postgresql_where=text("phone_code is not null")),
        {"schema": "identity", "comment": "One row per current source record of a person feed: its evidence, ready to be compared"},
    )

    record_id: Mapped[int] = serial("Number of the record, in order of arrival")
    feed: Mapped[str] = column("The feed")
    source_key: Mapped[str] = column("The row's key")
    version_id: Mapped[int] = column("The version it was made of", BigInteger)
    number_code: Mapped[int | None] = column("Keyed code of the sure number", BigInteger)
    text_code: Mapped[int | None] = column("Keyed code of the damaged number", BigInteger)
    name_code: Mapped[int | None] = column("Keyed code of the name", BigInteger)
    phone_code: Mapped[int | None] = column("Keyed code of the phone", BigInteger)
    house_code: Mapped[int | None] = column("Keyed code of the dwelling", BigInteger)
    registration_number_code: Mapped[int | None] = column("Keyed code", BigInteger)
    order_number_code: Mapped[int | None] = column("Keyed code of the number as compared", BigInteger)
    decision_number_code: Mapped[int | None] = column("Keyed code of the number as compared", BigInteger)
    case_number_code: Mapped[int | None] = column("Keyed code", BigInteger)
    job_seeker_number_code: Mapped[int | None] = column("Keyed code", BigInteger)
    household_number_code: Mapped[int | None] = column("Keyed code", BigInteger)
    place_code: Mapped[int | None] = column("Keyed code of name and county", BigInteger)
    seeking_code: Mapped[int | None] = column("The same, as rows without a birth date have it among their keys", BigInteger)
    birth_date: Mapped[date | None] = column("As told, not from the number")
    sex: Mapped[int] = column("1 male, 2 female, 0 not told", SmallInteger)
    hukou_region: Mapped[int | None] = column("County, six digits")
    residence_region: Mapped[int | None] = column("County, six digits")
    register_codes: Mapped[list[int]] = column("Codes of the numbers that a correction of the register names", ARRAY(BigInteger))
    keys: Mapped[list[int]] = column("Every code by which other records find this one", ARRAY(BigInteger))


class RecordKey(Table):
    """One row per code by which a record is found."""

    __tablename__ = "record_key"
    __table_args__ = ({"schema": "identity", "comment": "One row per code by which a record is found; kept in step with its keys"},)

    key: Mapped[int] = column("Keyed code of a value, or of several together", BigInteger, primary_key=True, autoincrement=False)
    record_id: Mapped[int] = column("The record (identity.record)", BigInteger, primary_key=True, autoincrement=False)


class LooseRecord(Table):
    """One row per record that no sure number holds."""

    __tablename__ = "loose_record"
    __table_args__ = ({"schema": "identity", "comment": "One row per record that no sure number holds; kept in step with the links"},)

    record_id: Mapped[int] = column("The record (identity.record)", BigInteger, primary_key=True, autoincrement=False)


class Value(Table):
    """One row per distinct name, number, damaged number or phone of the records."""

    __tablename__ = "value"
    __table_args__ = (
        CheckConstraint("kind in ('name', 'number', 'phone', 'text')", name="kind"),
        {"schema": "identity", "comment": "One row per distinct name, number, damaged number or phone of the records; sealed"},
    )

    kind: Mapped[str] = column("name, number, text (a damaged number) or phone", primary_key=True)
    code: Mapped[int] = column("Keyed code of the value", BigInteger, primary_key=True, autoincrement=False)
    sealed: Mapped[bytes | None] = column("The value as compared, sealed; empty for phones, which are only counted", LargeBinary)
    record_count: Mapped[int] = column("Records that have it", server_default="0")


class PreparedFeed(Table):
    """One row per person feed: how far its versions have been made into records."""

    __tablename__ = "prepared_feed"
    __table_args__ = ({"schema": "identity", "comment": "One row per person feed: how far its versions have been made into records"},)

    feed: Mapped[str] = column("The feed", primary_key=True)
    form: Mapped[int] = column("Form of the records; another form of ours makes them all anew")
    version_id: Mapped[int] = column("Greatest version looked at", BigInteger)
    snapshot_batch_id: Mapped[int] = column("Last full snapshot looked at (landing.batch), 0 = none", BigInteger)


class Model(Table):
    """One row per model that linking trained."""

    __tablename__ = "model"
    __table_args__ = (
        Index("model_active_uq", "is_active", unique=True, postgresql_where=text("is_active")),
        {"schema": "identity", "comment": "One row per model that linking trained; no value of a person is in one"},
    )

    model_id: Mapped[int] = serial("Number of the model")
    body: Mapped[bytes] = column("The model in its library's open form", LargeBinary)
    trained_at: Mapped[datetime] = column("When", DateTime(timezone=True))
    trained_by_run: Mapped[int] = column("Linking that trained it", BigInteger, ForeignKey("ops.run.run_id"))
    row_count: Mapped[int] = column("Records it was trained on", BigInteger)
    is_active: Mapped[bool] = column("True for the one in use", Boolean)
