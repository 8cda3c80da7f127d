"""The state of a handoff: the first line of the table that holds, and what is to be done next by whom.

Source: domain rules, section 2; ends and interruptions before milestones, the furthest milestone before the nearer ones, so
that facts may arrive in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from warehouse.handoffs.calendar import add_days, add_months, month_end
from warehouse.handoffs.deadlines import Deadlines
from warehouse.handoffs.facts import Facts, day_of

VISIT, DONE = "12", "1"


class Phase(StrEnum):
    """What a state means for due dates: before release, after it, halted, or over."""

    PRE = "PRE"
    POST = "POST"
    FROZEN = "FROZEN"
    CLOSED = "CLOSED"


PRE_STATES = ("PICKUP_SET", "ACKED", "NOTICED", "EXPECTED")
POST_STATES = ("TRANSFERRED", "IN_REHAB", "AGREED", "REPORTED", "ORDER_SERVED", "NO_ORDER", "PICKED_UP", "UNMET", "RELEASED")
FROZEN_STATES = ("SUSPENDED", "OUT_HOSPITAL", "ESCAPED")


@dataclass(frozen=True)
class State:
    """A state and the day since when; `since_date` None where no source tells."""

    state: str
    since_date: date | None

    @property
    def phase(self) -> Phase:
        """The phase the state lies in."""
        for phase, states in ((Phase.PRE, PRE_STATES), (Phase.POST, POST_STATES), (Phase.FROZEN, FROZEN_STATES)):
            if self.state in states:
                return phase
        return Phase.CLOSED


@dataclass(frozen=True)
class NextStep:
    """What is to be done next; `due_date` None where nothing runs or a calendar year is not loaded."""

    next_step: str
    due_date: date | None
    responsible_role: str | None


Since = tuple[bool, date | None]
NO: Since = (False, None)


def state_of(facts: Facts, window_days: int) -> State:
    """The state of a handoff whose term date is known; `window_days`: how long before release a handoff is shown."""
    for state, line in LINES:
        holds, since = line(facts)
        if holds:
            return State(state, since)
    shown_since = add_days(facts.term_date, -window_days) if facts.term_date else None
    if facts.has_plan:
        acknowledged = day_of(facts.acknowledged_at) if facts.acknowledged_at else None
        return State("PICKUP_SET", acknowledged or (facts.notice.notice_date if facts.notice else None) or shown_since)
    if facts.acknowledged_at:
        return State("ACKED", day_of(facts.acknowledged_at))
    if facts.notice:
        return State("NOTICED", facts.notice.notice_date)
    return State("EXPECTED", shown_since)


def _order_in(*codes: str) -> Callable[[Facts], Since]:
    def line(facts: Facts) -> Since:
        order = facts.order
        if order and order.order_state_code in codes and order.order_state_date and order.order_state_date <= facts.as_of:
            return True, order.order_state_date
        return NO

    return line


def _deceased(facts: Facts) -> Since:
    return facts.died_date is not None, facts.died_date


def _control_ended(facts: Facts) -> Since:
    person, term = facts.person, facts.term_date
    if person is None or term is None or person.control_state_code != "7" or person.control_state_date is None:
        return NO
    return term <= person.control_state_date <= facts.as_of, person.control_state_date


def _transferred(facts: Facts) -> Since:
    accepted = [c for c in facts.cases if c.transfer_accepted_date and c.transfer_accepted_date <= facts.as_of]
    open_transfers = [c.transfer_date for c in facts.cases if c.transfer_date and c.transfer_date <= facts.as_of and c not in accepted]
    if open_transfers:
        return True, max(open_transfers)
    return NO if accepted else _order_in("5")(facts)


def _in_rehab(facts: Facts) -> Since:
    days = (facts.agreed_date, facts.talk_date, facts.planned_date)
    known = [day for day in days if day]
    return (True, max(known)) if facts.order and len(known) == len(days) else NO


def _agreed(facts: Facts) -> Since:
    return facts.agreed_date is not None and facts.order is not None, facts.agreed_date


def _reported(facts: Facts) -> Since:
    return facts.reported_date is not None and facts.order is not None, facts.reported_date


def _served(facts: Facts) -> Since:
    return facts.served_date is not None, facts.served_date


def _no_order(facts: Facts) -> Since:
    said_no = any(n and n.rehabilitation_order_code == "0" for n in (facts.notice, facts.release_notice))
    return facts.release_date is not None and facts.order is None and said_no, facts.release_date


def _picked_up(facts: Facts) -> Since:
    return facts.handover == "met", day_of(facts.picked_up_at) if facts.picked_up_at else facts.release_date


def _unmet(facts: Facts) -> Since:
    return facts.handover == "unmet", facts.release_date


def _released(facts: Facts) -> Since:
    return facts.release_date is not None, facts.release_date


def _left_by(facts: Facts, release_type: str) -> date | None:
    left = (n.actual_released_at for n in facts.notices if n.release_type_code == release_type)
    return max((day_of(at) for at in left if at and at < facts.until_at), default=None)


def _custody(facts: Facts, code: str) -> date | None:
    row = facts.roster
    if row is None or row.custody_state_code != code or row.custody_state_date is None or row.custody_state_date > facts.as_of:
        return None
    return row.custody_state_date


def _withdrawn_for(facts: Facts, *reasons: str) -> Since:
    if facts.notice or facts.withdrawn is None or facts.withdrawn.cancel_reason_code not in reasons:
        return NO
    return True, facts.withdrawn.notice_date


def _converted(facts: Facts) -> Since:
    left = _left_by(facts, "4")
    return left is not None, left


def _justice(facts: Facts) -> Since:
    left = _left_by(facts, "6") or _custody(facts, "5")
    return (True, left) if left else _withdrawn_for(facts, "2")


def _out_hospital(facts: Facts) -> Since:
    left = _left_by(facts, "5") or _custody(facts, "2")
    return (True, left) if left else _withdrawn_for(facts, "3")


def _escaped(facts: Facts) -> Since:
    left = _custody(facts, "4")
    return left is not None, left


def _cancelled(facts: Facts) -> Since:
    is_held = facts.roster is not None and facts.roster.custody_state_code in {"1", "2", "3", "4"}
    return NO if is_held else _withdrawn_for(facts, "5", "9")


LINES: tuple[tuple[str, Callable[[Facts], Since]], ...] = (
    ("DECEASED", _deceased),
    ("CONTROL_ENDED", _control_ended),
    ("COMPLETED", _order_in("4")),
    ("TERMINATED", _order_in("3")),
    ("SUSPENDED", _order_in("2")),
    ("REFUSED", _order_in("6")),
    ("TRANSFERRED", _transferred),
    ("IN_REHAB", _in_rehab),
    ("AGREED", _agreed),
    ("REPORTED", _reported),
    ("ORDER_SERVED", _served),
    ("NO_ORDER", _no_order),
    ("PICKED_UP", _picked_up),
    ("UNMET", _unmet),
    ("RELEASED", _released),
    ("CONVERTED", _converted),
    ("JUSTICE", _justice),
    ("OUT_HOSPITAL", _out_hospital),
    ("ESCAPED", _escaped),
    ("CANCELLED", _cancelled),
)


def next_step_of(state: State, facts: Facts, deadlines: Deadlines) -> NextStep:
    """What is to be done next in this state, by when and by whom."""
    step, role, due = STEPS.get(state.state, ("none", None, None))
    return NextStep(step, due(state, facts, deadlines) if due else None, role)


Due = Callable[[State, Facts, Deadlines], date | None]


def _around_release(days: int) -> Due:
    def due(_: State, facts: Facts, __: Deadlines) -> date | None:
        day = facts.release_date or facts.term_date
        return add_days(day, days) if day else None

    return due


def _visit_due(_: State, facts: Facts, __: Deadlines) -> date | None:
    visits = (s for s in facts.services if s.service_kind_code == VISIT and s.service_result_code == DONE and s.service_done_at)
    month = facts.as_of.replace(day=1)
    is_visited = any(month <= day_of(s.service_done_at) <= facts.as_of for s in visits if s.service_done_at)
    return month_end(add_months(month, 1) if is_visited else month)


STEPS: dict[str, tuple[str, str | None, Due | None]] = {
    "EXPECTED": ("send_notice", "centre_officer", lambda _, f, d: d.legal_latest(f, f.term_date)),
    "NOTICED": ("acknowledge", "station_worker", lambda _, f, d: d.acknowledge_by(f)),
    "ACKED": ("plan_pickup", "station_worker", _around_release(-1)),
    "PICKUP_SET": ("meet_at_centre", "station_worker", _around_release(0)),
    "RELEASED": ("record_handover", "station_worker", _around_release(1)),
    "UNMET": ("find_person", "police_officer", _around_release(1)),
    "PICKED_UP": ("decide_or_serve_order", "police_officer", None),
    "NO_ORDER": ("offer_help", "station_worker", None),
    "ORDER_SERVED": ("report_to_street", "station_worker", lambda _, f, d: d.report_by(f)),
    "REPORTED": ("sign_agreement", "station_worker", lambda _, f, d: d.agree_by(f)),
    "AGREED": ("first_talk_and_plan", "station_worker", lambda _, f, d: d.talk_by(f)),
    "IN_REHAB": ("visit", "station_worker", _visit_due),
    "TRANSFERRED": ("accept_transfer", "station_worker", lambda s, f, d: d.accept_by(f, s.since_date)),
    "SUSPENDED": ("police_decision", "police_officer", None),
    "REFUSED": ("police_decision", "police_officer", None),
    "OUT_HOSPITAL": ("await_return", "centre_officer", None),
    "ESCAPED": ("await_return", "centre_officer", None),
}
