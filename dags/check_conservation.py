"""Prove every day that each received row has exactly one fate.

Reads    landing.batch, staging, sealed, quarantine.
Writes   ops.run.
Rerun    safe: it only counts.
If red   rows are unaccounted for: docs/runbook.md#conservation-does-not-hold.
"""

from airflow.sdk import dag, task

from dags.chain import DEFAULTS, at


@task
def count_fates() -> int:
    """Received = published + superseded + duplicates + quarantined + pending; returns the run's number."""
    from pipeline.conservation import check_conservation as check

    return check()


@dag(schedule=at("30 6 * * *"), catchup=False, max_active_runs=1, default_args=DEFAULTS, doc_md=__doc__, tags=["operate"])
def check_conservation() -> None:
    count_fates()


check_conservation()
