"""Look through the day for what the centres should have sent: batches, silent months, rosters, notices that are due.

Reads    landing.batch, landing.declaration, ops.snapshot, staging.station_directory, published.handoff_flags.
Writes   ops.alert, and messages to operators and centres for the next round.
Rerun    safe: an alert stands once, until what it misses has come.
If red   an outage of the database retries by itself; anything else: docs/runbook.md#something-was-not-sent.
"""

from airflow.sdk import dag, task

from dags.chain import DEFAULTS, at


@task
def look() -> int:
    """Alerts stand for exactly what is missing; returns the run's number."""
    from pipeline.notify import look_for_unsent as look_now

    return look_now()


# First after rosters and declarations are due (06:00) and before the morning's round of messages (08:00); then as declarations come.
@dag(schedule=at("15 6,10,14,18,22 * * *"), catchup=False, max_active_runs=1, default_args=DEFAULTS, doc_md=__doc__, tags=["operate"])
def look_for_unsent() -> None:
    look()


look_for_unsent()
