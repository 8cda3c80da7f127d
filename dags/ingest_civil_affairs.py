"""Take in the six feeds of civil affairs from their front-end database.

Reads    schema `share` of the front-end database at 04:00, each table in one repeatable-read transaction.
Writes   landing.batch, staging, quarantine; the asset warehouse/staging/<feed> once a feed's run is complete.
Rerun    safe: raw bytes and rows land once, by content; a load still running there is left for the next night.
If red   an outage retries by itself, and other feeds go on meanwhile: docs/runbook.md#provider-does-not-answer.
         A missing table or column is for an engineer: docs/runbook.md#provider-changed-its-form.
"""

from airflow.sdk import dag, task

from dags.chain import CIVIL_AFFAIRS, DEFAULTS, at, staged


@task
def receive(feed: str) -> int:
    """The feed's new rows are staged or quarantined; returns the run's number."""
    from pipeline.ingest import ingest

    return ingest("civil_affairs", feed)


@dag(schedule=at("0 4 * * *"), catchup=False, max_active_runs=1, default_args=DEFAULTS, doc_md=__doc__, tags=["ingest"])
def ingest_civil_affairs() -> None:
    for feed in CIVIL_AFFAIRS:
        receive.override(task_id=f"receive_{feed}", outlets=[staged(feed)])(feed)


ingest_civil_affairs()
