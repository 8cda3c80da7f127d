"""The record of each step's run: when, what it counted, how it ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import text

from core.clock import now_at
from core.logs import timed
from warehouse.database import Role, transaction


@dataclass
class RunRecord:
    """A run that is going on; its counts are kept when it ends."""

    run_id: int
    counts: dict[str, int] = field(default_factory=dict)


@contextmanager
def run_record(step: str, provider: str | None = None, feed: str | None = None) -> Iterator[RunRecord]:
    """An ops.run row stands as running for the time of the block, then as succeeded, or failed with the kind of error."""
    with transaction(Role.ETL) as connection:
        run_id = connection.execute(
            text("insert into ops.run (step, provider, feed, started_at) values (:step, :provider, :feed, :now) returning run_id"),
            {"step": step, "provider": provider, "feed": feed, "now": now_at()},
        ).scalar_one()
    run = RunRecord(run_id)
    facts = {"run": run_id} | ({"provider": provider} if provider else {}) | ({"feed": feed} if feed else {})
    try:
        with timed(f"{step} run", **facts) as log:
            yield run
            log.update(run.counts)
    except BaseException as error:
        _close(run, "failed", type(error).__name__)
        raise
    _close(run, "succeeded", None)


def _close(run: RunRecord, state: str, error: str | None) -> None:
    with transaction(Role.ETL) as connection:
        connection.execute(
            text(
                "update ops.run set finished_at = :now, state = :state, error = :error, counts = cast(:counts as jsonb) where run_id = :run"
            ),
            {"now": now_at(), "state": state, "error": error, "counts": json.dumps(run.counts), "run": run.run_id},
        )
