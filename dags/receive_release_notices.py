"""Carry pushed release notices through to their flags as soon as they are acknowledged.

Reads    landing.push, on the intake's bell (PostgreSQL NOTIFY) and, should a bell be missed, every ten seconds.
Writes   identity.*, handoffs.*, published.* and the outbox, by the same steps as at night; the asset warehouse/published.
Rerun    safe: a batch is carried once; one whose run failed is called for again after two minutes.
If red   the notices are acknowledged and kept, and the nightly run carries them too: docs/runbook.md#notices-are-not-carried-through.
"""

from datetime import timedelta

from airflow.sdk import dag, task

from dags.arrivals import PUSHED_NOTICES
from dags.chain import DEFAULTS, PUBLISHED


# One task, not four: between two tasks Airflow takes longer than all the work on a notice. Tried again after 5, 10, 20, 40 and 80
# seconds: somebody waits for it, and other runs of its steps are waited for inside.
@task(outlets=[PUBLISHED], retry_delay=timedelta(seconds=5), max_retry_delay=timedelta(minutes=2))
def carry_through() -> int:
    """Links, handoffs, flags and messages of every waiting notice are published; returns how many batches."""
    from pipeline.arrivals import carry_notices

    return carry_notices()


@dag(schedule=[PUSHED_NOTICES], catchup=False, max_active_runs=1, default_args=DEFAULTS, doc_md=__doc__, tags=["intake"])
def receive_release_notices() -> None:
    carry_through()


receive_release_notices()
