"""Schemas staging and sealed: one table per feed, made from the agreement; every version of every row is kept.

Nothing is declared here field by field: a field added to a feed's YAML becomes a column when the warehouse is migrated.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from expectations.agreement import COMMON_FIELDS, Feed, Field, feeds
from warehouse.tables.base import metadata

feed_metadata = MetaData(naming_convention=metadata.naming_convention)

# Numbers of decisions and orders as they are compared, in SQL: `warehouse.identity.document_numbers.normal_number`, to the letter.
SAME_NUMBER = (
    r"translate(regexp_replace(normalize({0}, NFKC), '[\u0009-\u000d\u001c-\u0020\u0085\u1680\u2028\u2029]', '', 'g'), "
    "'[]【】()', '〔〕〔〕〔〕')"
)
# By which numbers a feed's current rows are looked up when a row of another feed has changed.
LOOKED_UP_BY: dict[str, tuple[str, ...]] = {
    "release_notices": ("decision_number",),
    "centre_roster": ("decision_number",),
    "community_orders": ("decision_number", "order_number", "registration_number"),
    "aftercare_cases": ("decision_number", "order_number", "case_number"),
    "aftercare_services": ("case_number",),
    "points_ledger": ("case_number",),
    "registered_persons": ("registration_number",),
    "drug_tests": ("order_number",),
    "leave_violations": ("order_number",),
    "risk_assessments": ("order_number",),
}
DOCUMENT_NUMBERS = frozenset({"decision_number", "order_number"})

# Feeds whose current rows are read household by household.
ASKED_BY_HOUSEHOLD = frozenset({"assistance_households", "assistance_members", "means_checks", "public_housing", "temporary_assistance"})
# First day of the month a service belongs to (warehouse/handoffs/aftercare_services.py), in Shanghai; stations count by it.
SERVICE_MONTH = "date_trunc('month', coalesce(service_done_at, service_planned_at, source_updated_at) at time zone 'Asia/Shanghai')"
TYPES: dict[str, type[TypeEngine[Any]]] = {
    "date": Date,
    "boolean": Boolean,
    "money": Numeric,
    "decimal": Numeric,
    "integer": BigInteger,
    "list": JSONB,
}


def sealed_column(field: str) -> str:
    """Name of the column with the encrypted value of a sealed field."""
    return f"{field}_sealed"


def index_column(field: str) -> str:
    """Name of the column with the blind index of an indexed field."""
    return f"{field}_index"


def as_compared(field: str, alias: str = "") -> str:
    """The field in SQL as its values are compared: numbers of documents normalised, others as they are."""
    column = f"{alias}.{field}" if alias else field
    return SAME_NUMBER.format(column) if field in DOCUMENT_NUMBERS else column


def value_columns(field: Field) -> list[Column[object]]:
    """The columns one field of the agreement has in its staging table."""
    what = f"{field.header}: {field.note}" if field.note else field.header
    if not field.is_sealed:
        kind = DateTime(timezone=True) if field.form == "datetime" else TYPES.get(field.form, Text)()
        return [Column(field.field, kind, comment=what)]
    columns: list[Column[object]] = [Column(sealed_column(field.field), LargeBinary, comment=f"{what} (sealed)")]
    if field.is_indexed:
        columns.append(Column(index_column(field.field), LargeBinary, comment=f"Blind index of {field.header}"))
    return columns


@cache
def staging_table(name: str) -> Table:
    """The staging table of a feed: one row per version of a source row."""
    feed: Feed = feeds()[name]
    columns: list[Column[object]] = [
        Column("version_id", BigInteger, Identity(always=True), primary_key=True, comment="Number of the version"),
        Column("source_key", Text, nullable=False, comment="Key of the row in the feed"),
        Column("source_updated_at", DateTime(timezone=True), nullable=False, comment="When the source last changed it; orders versions"),
        Column("operation_code", Text, nullable=False, comment="I, U or D"),
        Column("batch_id", BigInteger, nullable=False, comment="Delivery it came in (landing.batch)"),
        Column("row_number", Integer, comment="Data row in the delivery; empty for a silent deletion found by a snapshot"),
        Column("arrived_at", DateTime(timezone=True), nullable=False, comment="When it arrived here"),
        Column("content_hash", LargeBinary, nullable=False, comment="Keyed hash of the row as read; equal rows are duplicates"),
        Column("is_current", Boolean, nullable=False, comment="True for the version that counts now"),
        Column("missing_since", Date, comment="First snapshot day or key list that no longer had it; empty while it is there"),
        Column("received_sealed", LargeBinary, comment="Texts as received where they differ from what was read, JSON, sealed"),
    ]
    if "id_number" in feed.by_name:
        columns.append(Column("id_key_index", LargeBinary, comment="Blind index of the valid or derived 18-digit number"))
    for field in feed.fields:
        if field.field not in COMMON_FIELDS:
            columns.extend(value_columns(field))
    lookups = [
        Index(f"{name}_{field}_ix", text(f"({as_compared(field)})"), postgresql_where=text("is_current"))
        for field in LOOKED_UP_BY.get(name, ())
    ]
    table = Table(
        name, feed_metadata, *columns, *lookups, schema=feed.schema, comment=f"{feed.means}; one row per version of a {feed.grain}"
    )
    Index(f"{name}_version_uq", table.c.source_key, table.c.source_updated_at, table.c.content_hash, unique=True)
    Index(f"{name}_current_uq", table.c.source_key, unique=True, postgresql_where=text("is_current"))
    if name in ASKED_BY_HOUSEHOLD:
        Index(f"{name}_household_ix", table.c.household_number, postgresql_where=text("is_current"))
    if name == "aftercare_services":
        Index(f"{name}_station_month_ix", table.c.station_code, text(f"({SERVICE_MONTH})"), postgresql_where=text("is_current"))
    Index(f"{name}_batch_ix", table.c.batch_id, postgresql_using="brin")  # batches come in order; a B-tree would cost each row
    return table


def staging_tables() -> list[Table]:
    """All 22 staging tables."""
    return [staging_table(name) for name in feeds()]
