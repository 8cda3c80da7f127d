"""Puts rows straight into staging, as an accepted delivery leaves them, for tests of what comes after."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, text, update

from core.sealing import blind_index, sealer
from expectations.agreement import feeds
from expectations.forms.id_number import key_of
from warehouse.tables.feeds import index_column, sealed_column, staging_table

UPDATED = datetime(2026, 9, 1, tzinfo=UTC)
AS_OF = date(2026, 11, 20)


def stage(connection: Connection, feed_name: str, source_key: str, **fields: Any) -> None:
    """The row is the current version of its key; an earlier one is history."""
    feed, table = feeds()[feed_name], staging_table(feed_name)
    connection.execute(update(table).where(table.c.source_key == source_key).values(is_current=False))
    number = connection.execute(text(f"select count(*) from {feed.schema}.{feed_name}")).scalar_one()
    values: dict[str, Any] = {
        "source_key": source_key,
        "source_updated_at": fields.pop("source_updated_at", UPDATED),
        "operation_code": fields.pop("operation_code", "I"),
        "batch_id": 1,
        "row_number": 1,
        "arrived_at": fields.pop("arrived_at", UPDATED),
        "content_hash": number.to_bytes(16, "big"),
        "is_current": True,
        "missing_since": fields.pop("missing_since", None),
    }
    if fields.get("id_number"):
        fields.setdefault("id_type_code", "111")
        values["id_key_index"] = blind_index("id_number").of_texts([key_of(fields["id_number"], AS_OF)])[0]
    for name, value in fields.items():
        field = feed.by_name[name]
        if not field.is_sealed:
            values[name] = value
            continue
        values[sealed_column(name)] = sealer(f"{feed.schema}.{feed_name}.{name}").seal_texts([value])[0]
        if field.is_indexed:
            values[index_column(name)] = blind_index(name).of_texts([value])[0]
    connection.execute(table.insert().values(values))


def withdraw(connection: Connection, feed_name: str, source_key: str) -> None:
    """The source deleted the row."""
    stage(connection, feed_name, source_key, operation_code="D")
