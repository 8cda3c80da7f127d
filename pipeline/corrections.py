"""Every day: ask the senders, in their receipts, to check what contradicts itself in their own rows."""

from __future__ import annotations

from core.clock import today_date
from warehouse.database import Role, transaction
from warehouse.identity.corrections import tell
from warehouse.runs import run_record


def tell_corrections() -> int:
    """What a sender should check stands in its receipts, each thing once; returns the run id."""
    with run_record("corrections") as run, transaction(Role.ETL, one_snapshot=True) as connection:
        run.counts["corrections"] = tell(connection, run.run_id, today_date())
    return run.run_id
