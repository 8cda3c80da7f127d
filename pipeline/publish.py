"""Publish what is worked out, in one fenced switch."""

from __future__ import annotations

from datetime import date

from core.clock import today_date
from warehouse.publish.switch import publish as switch
from warehouse.publish.switch import take_token
from warehouse.runs import run_record


def publish(as_of: date | None = None) -> int:
    """The published tables show the newest links, handoffs and flags; returns the run id.

    Raises:
        LeaseLost: a newer run is publishing; this one wrote nothing.
    """
    with run_record("publish") as run:
        run.counts |= switch(as_of or today_date(), take_token())
    return run.run_id
