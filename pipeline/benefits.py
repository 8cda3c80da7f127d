"""Work out the benefit findings of a day, in one fenced transaction; what handoffs know of absences comes in here."""

from __future__ import annotations

from datetime import date

from core.clock import today_date
from core.faults import crash_point
from warehouse.benefits.runner import work_out
from warehouse.database import Role, transaction
from warehouse.lease import hold, take
from warehouse.registry.loading import ensure_reference_data
from warehouse.runs import run_record

LEASE = "benefits"


def work_out_benefits(as_of: date | None = None, *, full: bool = False) -> int:
    """Schema benefits holds every finding of the day (default: today); returns the run id. Runs after the day's handoffs.

    Args:
        full: looks at every household and person instead of those touched since the last run.

    Raises:
        LeaseLost: a newer run is working; this one wrote nothing.
    """
    with run_record("benefits") as run:
        with transaction(Role.ETL) as connection:
            ensure_reference_data(connection)
            token = take(connection, LEASE)
        # Ingest goes on meanwhile: a row may not be there for one statement and missing for another.
        with transaction(Role.ETL, one_snapshot=True) as connection:
            hold(connection, LEASE, token)
            run.counts |= work_out(connection, as_of or today_date(), run.run_id, full=full)
            crash_point("benefits.before_commit")
    return run.run_id
