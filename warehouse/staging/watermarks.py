"""How far a completed run has read a pulled feed; moved only in the transaction that stages its last rows.

Source: agreement section 4; promise: pulls miss nothing at the edges.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, text

from core.clock import now_at


def watermark(connection: Connection, provider: str, feed: str) -> datetime | None:
    """Greatest source_updated_at of the last completed run, or None before the first."""
    return connection.execute(
        text("select source_updated_at from ops.watermark where provider = :provider and feed = :feed"),
        {"provider": provider, "feed": feed},
    ).scalar()


def moving_to(provider: str, feed: str, so_far: datetime | None, run_id: int) -> Callable[[Connection, datetime | None], None]:
    """What the transaction that stages a run's last rows calls to move the watermark.

    Args:
        so_far: the newest source_updated_at of the run's rows before these.
    """

    def move(connection: Connection, newest: datetime | None) -> None:
        reached = max(filter(None, (so_far, newest)), default=None)
        if reached is not None:
            # A row may be a little ahead of our clock (W_CLOCK); the next run must not start in the future.
            move_watermark(connection, provider, feed, min(reached, now_at()), run_id)

    return move


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
