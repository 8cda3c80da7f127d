"""Send the messages that are due: critical flags as soon as they are published, everything else in its round.

Reads    outbox.*.
Writes   outbox.*; mail through the office's server, signed messages to webhooks.
Rerun    safe: a message is sent at least once, under the same key at every attempt.
If red   a mail server that refuses us or is not set is for an engineer: docs/runbook.md#messages-do-not-go-out.
         What one receiver refuses turns nothing red: python -m warehouse dead-letters.
"""

from airflow.sdk import AssetOrTimeSchedule, dag, task

from dags.chain import DEFAULTS, PUBLISHED, at


@task
def send_due() -> int:
    """Every due message was sent, or has its next attempt; returns the run's number."""
    from pipeline.notify import send_messages

    return send_messages()


@dag(
    schedule=AssetOrTimeSchedule(timetable=at("*/5 * * * *"), assets=PUBLISHED),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    doc_md=__doc__,
    tags=["operate"],
)
def notify() -> None:
    send_due()


notify()
