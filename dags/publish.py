"""Publish what was worked out, in one switch.

Reads    identity.*, handoffs.*, benefits.*.
Writes   published.*, in one transaction under a fencing token; the asset warehouse/published.
Rerun    safe: the same facts publish nothing new, and a run that was overtaken writes nothing.
If red   readers keep the last published state, whole: docs/runbook.md#publish-fails.
"""

from airflow.sdk import AssetAny, dag, task

from dags.chain import BENEFITS, DEFAULTS, HANDOFFS, PUBLISHED


@task(outlets=[PUBLISHED])
def switch() -> int:
    """Readers see the new state; returns the run's number."""
    from pipeline.publish import publish as publish_now

    return publish_now()


# Handoffs do not wait for benefits: a release may be tomorrow.
@dag(
    schedule=AssetAny(HANDOFFS, BENEFITS),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    doc_md=__doc__,
    tags=["warehouse"],
)
def publish() -> None:
    switch()


publish()
