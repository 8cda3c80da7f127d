"""Take in what the aftercare stations uploaded.

Reads    the upload folder community, every hour of the working day.
Writes   landing.batch, staging, quarantine, the receipt shown in the portal; the assets warehouse/staging/<feed>.
Rerun    safe: the same file under the same name is a duplicate and lands once, by content.
If red   an outage retries by itself: docs/runbook.md#provider-does-not-answer.
         A refused or held file waits for the data steward: docs/runbook.md#refused-batch.
"""

from airflow.sdk import dag, task

from dags.chain import COMMUNITY, DEFAULTS, at, staged


@task(outlets=[staged(feed) for feed in COMMUNITY])
def receive() -> int:
    """Every complete file is staged, held or refused, and its sender told; returns the run's number."""
    from pipeline.ingest import ingest

    return ingest("community")


@dag(schedule=at("20 7-21 * * *"), catchup=False, max_active_runs=1, default_args=DEFAULTS, doc_md=__doc__, tags=["ingest"])
def ingest_community() -> None:
    receive()


ingest_community()
