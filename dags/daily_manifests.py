"""Sign every night, for each registered centre, what came from it on the day that is over.

Reads    landing.batch and the raw bytes themselves, so that a digest also says that we still hold them.
Writes   landing.manifest, where the intake gives it to the centre.
Rerun    safe: a manifest stands once it is made; missed nights are made up for.
If red   received bytes are gone or were changed, and the message says which: docs/runbook.md#bytes-are-gone.
         An outage of the database retries by itself.
"""

from airflow.sdk import dag, task

from dags.chain import DEFAULTS, at


@task
def sign() -> int:
    """Every registered centre has its manifest; returns the run's number."""
    from pipeline.manifests import write_manifests

    return write_manifests()


@dag(schedule=at("30 0 * * *"), catchup=False, max_active_runs=1, default_args=DEFAULTS, doc_md=__doc__, tags=["operate"])
def daily_manifests() -> None:
    sign()


daily_manifests()
