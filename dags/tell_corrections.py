"""Ask the senders every day to check what contradicts itself in their own rows.

Reads    staging, sealed.
Writes   identity.correction, ops.receipt; the receipts go out with the next ingest of each sender.
Rerun    safe: nothing is told twice.
If red   an outage of the database retries by itself; anything else: docs/runbook.md#doubtful-identity.
"""

from airflow.sdk import dag, task

from dags.chain import DEFAULTS, at


@task
def write_into_receipts() -> int:
    """What a sender should check stands in its receipts; returns the run's number."""
    from pipeline.corrections import tell_corrections as tell

    return tell()


@dag(schedule=at("30 5 * * *"), catchup=False, max_active_runs=1, default_args=DEFAULTS, doc_md=__doc__, tags=["operate"])
def tell_corrections() -> None:
    write_into_receipts()


tell_corrections()
