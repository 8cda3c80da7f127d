"""Look every morning for what the centres should have sent: gaps in batch numbers, silent months, rosters, notices that are due.

Reads    landing.batch, ops.snapshot, staging.station_directory, published.handoff_flags.
Writes   outbox.alert, and messages to operators and centres for the next round.
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


# After the rosters are due (06:00) and before the morning's round of messages (08:00).
@dag(schedule=at("15 6 * * *"), catchup=False, max_active_runs=1, default_args=DEFAULTS, doc_md=__doc__, tags=["operate"])
def look_for_unsent() -> None:
    look()


look_for_unsent()
