"""Many rows to and from PostgreSQL in one go (COPY and arrays); which rows and why is decided elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """The rows stand in the table (name and columns are ours, never from outside), in the caller's transaction."""
    driver = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"copy {table} ({', '.join(columns)}) from stdin") as copy:  # type: ignore[union-attr]
        for row in rows:
            copy.write_row(row)
