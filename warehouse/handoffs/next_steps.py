"""What is to be done next in each state, by when and by whom. Source: domain rules, section 2, second table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from warehouse.handoffs.calendar import add_days, add_months, month_end
from warehouse.handoffs.region_parameters import ParameterMissing
from warehouse.handoffs.situation import Situation
from warehouse.handoffs.visits import is_visited


class NextStep(NamedTuple):
    """What is to be done next; `due_date` None where nothing runs, a calendar year is not loaded or a parameter has no value."""

    next_step: str
    due_date: date | None
    responsible_role: str | None


Due = Callable[[Situation], date | None]


def next_step_of(situation: Situation) -> NextStep:
    """What is to be done next; an over handoff needs nothing."""
    step, role, due = STEPS.get(situation.state.state, ("none", None, None))
    try:
        return NextStep(step, due(situation) if due else None, role)
    except ParameterMissing:  # reported by the deadlines; the step stands without a day
        return NextStep(step, None, role)


def _around_release(days: int) -> Due:
    def due(s: Situation) -> date | None:
        day = s.facts.release_or_term_date
        return add_days(day, days) if day else None

    return due


def _visit_by(s: Situation) -> date:
    month = s.today.month_start()
    return month_end(add_months(month, 1) if is_visited(s.facts, month) else month)


STEPS: dict[str, tuple[str, str | None, Due | None]] = {
    "EXPECTED": ("send_notice", "centre_officer", lambda s: s.terms.legal_latest(s.facts.term_date)),
    "NOTICED": ("acknowledge", "station_worker", lambda s: s.terms.acknowledge_by()),
    "ACKED": ("plan_pickup", "station_worker", _around_release(-1)),
    "PICKUP_SET": ("meet_at_centre", "station_worker", _around_release(0)),
    "RELEASED": ("record_handover", "station_worker", _around_release(1)),
    "UNMET": ("find_person", "police_officer", _around_release(1)),
    "PICKED_UP": ("decide_or_serve_order", "police_officer", None),
    "NO_ORDER": ("offer_help", "station_worker", None),
    "ORDER_SERVED": ("report_to_street", "station_worker", lambda s: s.terms.report_by()),
    "REPORTED": ("sign_agreement", "station_worker", lambda s: s.terms.agree_by()),
    "AGREED": ("first_talk_and_plan", "station_worker", lambda s: s.terms.talk_by()),
    "IN_REHAB": ("visit", "station_worker", _visit_by),
    "TRANSFERRED": ("accept_transfer", "station_worker", lambda s: s.terms.accept_by(s.state.since_date)),
    "SUSPENDED": ("police_decision", "police_officer", None),
    "REFUSED": ("police_decision", "police_officer", None),
    "OUT_HOSPITAL": ("await_return", "centre_officer", None),
    "ESCAPED": ("await_return", "centre_officer", None),
}
