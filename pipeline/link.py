"""Work out which source records speak of the same person, in one fenced transaction."""

from __future__ import annotations

import pandas as pd

from core.faults import crash_point
from warehouse.database import Role, transaction
from warehouse.identity.link import compare as compare_links
from warehouse.identity.link import link as link_records
from warehouse.lease import hold, take
from warehouse.runs import run_record

LEASE = "link"


def link(*, full: bool = False, retrain: bool = False) -> int:
    """Every staged record about a person has its link; returns the run id.

    Args:
        full: decides every record again instead of the neighbourhood of what came since the last time.
        retrain: with `full`, trains the model anew.

    Raises:
        LeaseLost: a newer run is linking; this one wrote nothing.
    """
    with run_record("link") as run:
        with transaction(Role.ETL) as connection:
            token = take(connection, LEASE)
        # Ingest goes on meanwhile: a row may not be there for one statement and missing for another.
        with transaction(Role.ETL, one_snapshot=True) as connection:
            hold(connection, LEASE, token)
            run.counts |= link_records(connection, run.run_id, full=full, retrain=retrain).as_dict()
            crash_point("link.before_commit")
    return run.run_id


def compare() -> pd.DataFrame:
    """The rows that a full linking would decide otherwise than they stand, before and after; nothing is written."""
    with run_record("link-compare") as run:
        with transaction(Role.ETL) as connection:
            token = take(connection, LEASE)
        with transaction(Role.ETL, one_snapshot=True) as connection:
            hold(connection, LEASE, token)
            differing = compare_links(connection, run.run_id)
            connection.rollback()
        run.counts["links_differing"] = len(differing)
    return differing
