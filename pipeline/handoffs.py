"""Work out the handoffs of a day, and the measures that follow from them, in one fenced transaction."""

from __future__ import annotations

from datetime import date

from core.clock import today_date
from core.faults import crash_point
from warehouse.database import Role, transaction
from warehouse.handoffs.aftercare import work_out_aftercare
from warehouse.handoffs.measure_writing import write_measures
from warehouse.handoffs.runner import Difference, work_out
from warehouse.handoffs.runner import compare as compare_handoffs
from warehouse.lease import hold, take
from warehouse.registry.loading import ensure_reference_data
from warehouse.runs import run_record

LEASE = "handoffs"


def work_out_handoffs(as_of: date | None = None, *, full: bool = False) -> int:
    """Schema handoffs holds every handoff and flag as of 24:00 of the day (default: today); returns the run id.

    Args:
        full: works out every episode instead of those touched since the last time.

    Raises:
        LeaseLost: a newer run is working; this one wrote nothing.
    """
    with run_record("handoffs") as run:
        token = _take()
        # Ingest goes on meanwhile: a row may not be there for one statement and missing for another.
        with transaction(Role.ETL, one_snapshot=True) as connection:
            hold(connection, LEASE, token)
            day = as_of or today_date()
            run.counts |= work_out(connection, day, run.run_id, full=full)
            run.counts |= work_out_aftercare(connection, day, run.run_id) | write_measures(connection, day)
            crash_point("handoffs.before_commit")
    return run.run_id


def compare(as_of: date | None = None) -> list[Difference]:
    """What working out everything would leave otherwise than what was touched does; nothing is written."""
    with run_record("handoffs-compare") as run:
        token = _take()
        with transaction(Role.ETL, one_snapshot=True) as connection:
            hold(connection, LEASE, token)
            differing = compare_handoffs(connection, as_of or today_date(), run.run_id)
            connection.rollback()
        run.counts["differing"] = len(differing)
    return differing


def _take() -> int:
    with transaction(Role.ETL) as connection:
        ensure_reference_data(connection)
        return take(connection, LEASE)
