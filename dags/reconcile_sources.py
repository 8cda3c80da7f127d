"""Compare once a month what the sources list with what we hold.

Reads    every key of the pulled feeds, the loads of the front-end database, the staged rows.
Writes   missing_since on rows a source no longer lists; warnings W_ORPHAN for rows whose partner never came; ops.run.
Rerun    safe: marks and warnings are set once.
If red   an outage retries by itself: docs/runbook.md#provider-does-not-answer.
"""

from airflow.sdk import dag, task

from dags.chain import DEFAULTS, at


@task
def compare() -> int:
    """Keys, loads and partners are compared; returns the run's number."""
    from pipeline.reconcile import reconcile

    return reconcile()


@dag(schedule=at("0 5 6 * *"), catchup=False, max_active_runs=1, default_args=DEFAULTS, doc_md=__doc__, tags=["operate"])
def reconcile_sources() -> None:
    compare()


reconcile_sources()
