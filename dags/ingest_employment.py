"""Take in the employment service's files.

Reads    the SFTP folder employment, every morning: its files come weekly and monthly, on their own days.
Writes   landing.batch, staging, quarantine, the receipt in outbox/employment; the assets warehouse/staging/<feed>.
Rerun    safe: the same file under the same name is a duplicate and lands once, by content.
If red   an outage retries by itself: docs/runbook.md#provider-does-not-answer.
         A refused or held file waits for the data steward: docs/runbook.md#refused-batch.
"""

from airflow.sdk import dag, task

from dags.chain import DEFAULTS, EMPLOYMENT, at, staged


@task(outlets=[staged(feed) for feed in EMPLOYMENT])
def receive() -> int:
    """Every complete file is staged, held or refused, and its sender told; returns the run's number."""
    from pipeline.ingest import ingest

    return ingest("employment")


@dag(schedule=at("0 5 * * *"), catchup=False, max_active_runs=1, default_args=DEFAULTS, doc_md=__doc__, tags=["ingest"])
def ingest_employment() -> None:
    receive()


ingest_employment()
