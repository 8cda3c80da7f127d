"""Work out which source records speak of the same person.

Reads    the current staged rows of every feed about persons.
Writes   identity.*; the asset warehouse/identity/links.
Rerun    safe: the same rows give the same persons, and a person's number is never used again.
If red   an outage of the database retries by itself; anything else: docs/runbook.md#linking-fails.
"""

from airflow.sdk import AssetAny, dag, task

from dags.chain import DEFAULTS, FEEDS, LINKS, staged


@task(outlets=[LINKS])
def link_records() -> int:
    """Every staged record about a person has its link; returns the run's number."""
    from pipeline.link import link

    return link()


@dag(
    schedule=AssetAny(*(staged(feed) for feeds in FEEDS.values() for feed in feeds)),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    doc_md=__doc__,
    tags=["warehouse"],
)
def link_persons() -> None:
    link_records()


link_persons()
