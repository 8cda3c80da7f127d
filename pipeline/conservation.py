"""Every day: prove that each received row has exactly one fate."""

from __future__ import annotations

from core.errors import FixConfiguration
from warehouse.database import Role, transaction
from warehouse.runs import run_record
from warehouse.staging.conservation import broken_batches, feed_totals


class RowsUnaccounted(FixConfiguration):
    """A received row has no fate, or two."""


def check_conservation() -> int:
    """Nothing was lost and nothing counted twice; returns the run id.

    Raises:
        RowsUnaccounted: the deliveries that do not add up.
    """
    with run_record("conservation") as run:
        with transaction(Role.ETL) as connection:
            totals, broken = feed_totals(connection), broken_batches(connection)
        run.counts["feeds"] = len(totals)
        run.counts["broken_batches"] = len(broken)
        differing = [str(total["feed"]) for total in totals if total["difference"]]
        if broken or differing:
            raise RowsUnaccounted(
                f"batches {[batch.batch_id for batch in broken]}, feeds {differing}: "
                "run `python -m warehouse check-conservation`, then replay"
            )
    return run.run_id
