"""Work out who is coming home, when, to which station, and what is missing.

Reads    identity.* and the staged rows on stays, releases and aftercare.
Writes   handoffs.*; the asset warehouse/handoffs.
Rerun    safe: states and flags are worked out anew from the facts and the day.
If red   a missing parameter or calendar year is for an engineer: docs/runbook.md#parameter-missing.
         An outage of the database retries by itself.
"""

from airflow.sdk import AssetOrTimeSchedule, dag, task

from dags.chain import DEFAULTS, HANDOFFS, LINKS, at


@task(outlets=[HANDOFFS])
def states_and_flags() -> int:
    """Every handoff has today's state and flags; returns the run's number."""
    from pipeline.handoffs import work_out_handoffs as work_out

    return work_out()


# Also by the clock: a new day alone can make a notice late. Every hour, so that a missed midnight is made up for; without anything
# new a run finds nothing to do.
@dag(
    schedule=AssetOrTimeSchedule(timetable=at("5 * * * *"), assets=LINKS),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    doc_md=__doc__,
    tags=["warehouse"],
)
def work_out_handoffs() -> None:
    states_and_flags()


work_out_handoffs()
