"""Rebuilding from the raw bytes: the same deliveries, decided in the same order, give the same staging.

The hash leaves out what differs in every encryption (sealed values) and the numbering of versions and batches; sealed values that
matter are in it through their blind index and the content hash.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text

from core.errors import FixConfiguration
from expectations.agreement import feeds
from warehouse.database import Role, transaction
from warehouse.landing.raw import RawStore
from warehouse.staging.accept import accept
from warehouse.tables.feeds import staging_table

AS_RECEIVED = (
    "batch_id",
    "provider",
    "feed",
    "name",
    "form",
    "sender_code",
    "snapshot_date",
    "scope",
    "part_number",
    "part_count",
    "declared_rows",
    "declared_sha256",
    "refusal",
    "exported_at",
    "content_address",
    "size_bytes",
    "received_at",
    "delivered_count",
)
FATES = ("state", "code", "row_count", "staged_count", "duplicate_count", "quarantined_count", "warning_count", "duplicate_rows")
NUMBERING = ("version_id", "batch_id")


def staging_hash(connection: Connection) -> dict[str, str]:
    """Order-free hash per feed of every version staged, of every problem (`quarantine`), and of every delivery's fate (`landing`)."""
    hashes = {feed: _hash(connection, f"{feeds()[feed].schema}.{feed}", _hashed_columns(feed)) for feed in feeds()}
    hashes["quarantine"] = _hash(connection, "quarantine.problem", ["row_number", "source_key", "field", "code", "severity"])
    hashes["landing"] = _hash(connection, "landing.batch", list(FATES))
    return hashes


def _hashed_columns(feed: str) -> list[str]:
    return [c.name for c in staging_table(feed).columns if c.name not in NUMBERING and not c.name.endswith("_sealed")]


def _hash(connection: Connection, table: str, columns: list[str]) -> str:
    """Rows name their delivery by its name and address: numbers given by the database differ after a crash or a lost race."""
    listed = ", ".join(["b.provider", "b.name", "b.content_address", *(f't."{name}"' for name in columns)])
    row = connection.execute(
        text(
            f"select count(*) as rows, coalesce(sum(hashtextextended(row({listed})::text, 0)::numeric), 0) as total "
            f"from {table} t join landing.batch b using (batch_id)"
        )
    ).one()
    return f"{row.rows}:{row.total}"


def replay(target_url: str, store: RawStore) -> dict[str, tuple[str, str]]:
    """Staging of the empty, migrated database `target_url` is rebuilt from the raw bytes of this one.

    Returns:
        The feeds whose hash differs, with both hashes; empty when the rebuilt staging is the same.

    Raises:
        FixConfiguration: the target already holds deliveries.
    """
    with transaction(Role.ETL) as connection:
        batches = _rows(connection, "select * from landing.batch order by batch_id")
        decisions = _rows(connection, "select * from ops.steward_decision order by decision_id")
        ours = staging_hash(connection)
    rejected = {decision["batch_id"]: decision["code"] for decision in decisions if decision["decision"] == "reject"}
    decided = sorted((batch for batch in batches if batch["decided_order"] is not None), key=lambda batch: batch["decided_order"])
    with _database(target_url):
        _copy("landing.batch", batches, AS_RECEIVED)
        _copy("ops.steward_decision", decisions, tuple(decisions[0]) if decisions else ())
        for batch in decided:
            accept(batch["batch_id"], store)
            if batch["batch_id"] in rejected:
                _repeat_rejection(batch["batch_id"], rejected[batch["batch_id"]])
        with transaction(Role.ETL) as connection:
            theirs = staging_hash(connection)
    return {name: (ours[name], theirs[name]) for name in ours if ours[name] != theirs[name]}


def _rows(connection: Connection, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(text(query)).mappings()]


def _copy(table: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    with transaction(Role.ETL) as connection:
        if connection.execute(text(f"select 1 from {table} limit 1")).first():
            raise FixConfiguration(f"replay needs an empty, migrated database; {table} of this one already has rows")
        if rows:
            connection.execute(
                text(
                    f"insert into {table} ({', '.join(columns)}) overriding system value "
                    f"values ({', '.join(':' + name for name in columns)})"
                ),
                [{name: row[name] for name in columns} for row in rows],
            )


def _repeat_rejection(batch_id: int, code: str) -> None:
    with transaction(Role.ETL) as connection:
        connection.execute(
            text(
                "update landing.batch set state = 'rejected', code = :code, row_count = coalesce(row_count, declared_rows, 0) where "
                "batch_id = :id"
            ),
            {"id": batch_id, "code": code},
        )


@contextmanager
def _database(url: str) -> Iterator[None]:
    """Every connection of the block goes to `url`."""
    before = os.environ.get("GUITU_DATABASE_URL")
    os.environ["GUITU_DATABASE_URL"] = url
    try:
        yield
    finally:
        if before is None:
            del os.environ["GUITU_DATABASE_URL"]
        else:
            os.environ["GUITU_DATABASE_URL"] = before
