"""How far a completed run has read a pulled feed; moved only in the transaction that stages its last rows.

Source: agreement section 4; promise: pulls miss nothing at the edges.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text


def watermark(connection: Connection, provider: str, feed: str) -> datetime | None:
    """Greatest source_updated_at of the last completed run, or None before the first."""
    return connection.execute(
        text("select source_updated_at from ops.watermark where provider = :provider and feed = :feed"),
        {"provider": provider, "feed": feed},
    ).scalar()


def move_watermark(connection: Connection, provider: str, feed: str, reached: datetime, run_id: int) -> None:
    """The watermark stands at `reached`, or stays where it is when that is further."""
    connection.execute(
        text(
            "insert into ops.watermark (provider, feed, source_updated_at, run_id) values (:provider, :feed, :reached, :run) "
            "on conflict (provider, feed) do update set source_updated_at = excluded.source_updated_at, run_id = excluded.run_id "
            "where excluded.source_updated_at > ops.watermark.source_updated_at"
        ),
        {"provider": provider, "feed": feed, "reached": reached, "run": run_id},
    )
