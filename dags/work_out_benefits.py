"""Work out who may be entitled to what, and which households changed.

Reads    identity.*, handoffs.* (as days of leaving and returning only) and the staged rows of assistance, checks, work and housing.
Writes   benefits.*; the asset warehouse/benefits.
Rerun    safe: findings are worked out anew from the facts, the parameters and the day.
If red   a parameter file that does not fit is for an engineer: docs/runbook.md#parameter-missing.
         An outage of the database retries by itself.
"""

from airflow.sdk import dag, task

from dags.chain import BENEFITS, DEFAULTS, HANDOFFS


@task(outlets=[BENEFITS])
def findings_and_changes() -> int:
    """Every household and person looked at has today's findings; returns the run's number."""
    from pipeline.benefits import work_out_benefits as work_out

    return work_out()


# After handoffs, which run whenever links change and every night: a return changes the household.
@dag(schedule=[HANDOFFS], catchup=False, max_active_runs=1, default_args=DEFAULTS, doc_md=__doc__, tags=["warehouse"])
def work_out_benefits() -> None:
    findings_and_changes()


work_out_benefits()
