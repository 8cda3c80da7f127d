"""Take in the six feeds of the public-security bureau, page by page.

Reads    the bureau's REST interface, each feed from its last watermark minus 48 hours.
Writes   landing.batch, staging, quarantine; the asset warehouse/staging/<feed> once a feed's run is complete.
Rerun    safe: raw bytes and rows land once, by content; the watermark moves in the rows' own transaction.
If red   an outage retries by itself, and other feeds go on meanwhile: docs/runbook.md#provider-does-not-answer.
         A changed envelope or signature is for an engineer: docs/runbook.md#provider-changed-its-form.
"""

from airflow.sdk import dag, task

from dags.chain import DEFAULTS, PUBLIC_SECURITY, at, staged


@task
def receive(feed: str) -> int:
    """The feed's new rows are staged or quarantined; returns the run's number."""
    from pipeline.ingest import ingest

    return ingest("public_security", feed)


@dag(schedule=at("0 2 * * *"), catchup=False, max_active_runs=1, default_args=DEFAULTS, doc_md=__doc__, tags=["ingest"])
def ingest_public_security() -> None:
    for feed in PUBLIC_SECURITY:
        receive.override(task_id=f"receive_{feed}", outlets=[staged(feed)])(feed)


ingest_public_security()
