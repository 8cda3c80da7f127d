"""Take in the detention centres' release notices and nightly rosters.

Reads    the SFTP folder detention_centers, every hour: rosters arrive before 02:00, notices at any time.
Writes   landing.batch, staging, quarantine, the receipt in outbox/detention_centers; the assets warehouse/staging/<feed>.
Rerun    safe: the same file under the same name is a duplicate and lands once, by content.
If red   an outage retries by itself: docs/runbook.md#provider-does-not-answer.
         A refused or held file waits for the data steward: docs/runbook.md#refused-batch.
"""

from airflow.sdk import dag, task

from dags.chain import DEFAULTS, DETENTION_CENTERS, at, staged


@task(outlets=[staged(feed) for feed in DETENTION_CENTERS])
def receive() -> int:
    """Every complete file is staged, held or refused, and its sender told; returns the run's number."""
    from pipeline.ingest import ingest

    return ingest("detention_centers")


@dag(schedule=at("10 * * * *"), catchup=False, max_active_runs=1, default_args=DEFAULTS, doc_md=__doc__, tags=["ingest"])
def ingest_detention_centers() -> None:
    receive()


ingest_detention_centers()
