"""Visits of a case by month, for 每月必访 (8必) and the next step. A refused visit or one that met nobody is an attempt, not a visit."""

from __future__ import annotations

from datetime import date

from warehouse.handoffs.calendar import add_months
from warehouse.handoffs.facts import Facts
from warehouse.handoffs.today import starts_at

VISIT, DONE = "12", "1"


def is_visited(facts: Facts, month: date) -> bool:
    """A visit of any mode was done in the month (its first day is given), by 24:00 of the facts' day."""
    first, after = starts_at(month), starts_at(add_months(month, 1))
    for service in facts.services:
        if service.service_kind_code == VISIT and service.service_result_code == DONE:
            at = service.service_done_at
            if at and first <= at < after and facts.today.has_happened(at):
                return True
    return False
