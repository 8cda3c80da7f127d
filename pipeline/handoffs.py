"""Work out every handoff of a day, in one fenced transaction."""

from __future__ import annotations

from datetime import date

from core.clock import today_date
from core.faults import crash_point
from warehouse.database import Role, transaction
from warehouse.handoffs.aftercare import work_out_aftercare
from warehouse.handoffs.runner import work_out
from warehouse.lease import hold, take
from warehouse.registry.loading import ensure_reference_data
from warehouse.runs import run_record

LEASE = "handoffs"


def work_out_handoffs(as_of: date | None = None) -> int:
    """Schema handoffs holds every handoff and flag as of 24:00 of the day (default: today); returns the run id.

    Raises:
        ParameterNotInForce: a deadline needs a parameter without a value; nothing was written.
        LeaseLost: a newer run is working; this one wrote nothing.
    """
    with run_record("handoffs") as run:
        with transaction(Role.ETL) as connection:
            ensure_reference_data(connection)
            token = take(connection, LEASE)
        # Ingest goes on meanwhile: a row may not be there for one statement and missing for another.
        with transaction(Role.ETL, one_snapshot=True) as connection:
            hold(connection, LEASE, token)
            day = as_of or today_date()
            run.counts |= work_out(connection, day, run.run_id)
            run.counts |= work_out_aftercare(connection, day, run.run_id)
            crash_point("handoffs.before_commit")
    return run.run_id
