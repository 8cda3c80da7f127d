"""The state of a handoff: the first line of the table that holds.

Source: domain rules, section 2; ends and interruptions before milestones, the furthest milestone before the nearer ones, so
that facts may arrive in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from warehouse.handoffs.calendar import add_days
from warehouse.handoffs.facts import Facts, day_of, is_held


class Phase(StrEnum):
    """What a state means for due dates: before release, after it, halted, or over."""

    PRE = "PRE"
    POST = "POST"
    FROZEN = "FROZEN"
    CLOSED = "CLOSED"


PRE_STATES = ("PICKUP_SET", "ACKED", "NOTICED", "EXPECTED")
POST_STATES = ("TRANSFERRED", "IN_REHAB", "AGREED", "REPORTED", "ORDER_SERVED", "NO_ORDER", "PICKED_UP", "UNMET", "RELEASED")
FROZEN_STATES = ("SUSPENDED", "OUT_HOSPITAL", "ESCAPED")


CLOSED_STATES = ("DECEASED", "CONTROL_ENDED", "COMPLETED", "TERMINATED", "REFUSED", "CONVERTED", "JUSTICE", "CANCELLED")
PHASES = {
    **dict.fromkeys(PRE_STATES, Phase.PRE),
    **dict.fromkeys(POST_STATES, Phase.POST),
    **dict.fromkeys(FROZEN_STATES, Phase.FROZEN),
    **dict.fromkeys(CLOSED_STATES, Phase.CLOSED),
}


class State(NamedTuple):
    """A state and the day since when; `since_date` None where no source tells."""

    state: str
    since_date: date | None

    @property
    def phase(self) -> Phase:
        """The phase the state lies in."""
        return PHASES[self.state]


Since = tuple[bool, date | None]
NO: Since = (False, None)


def state_of(facts: Facts, window_days: int | None) -> State:
    """The state of a handoff whose term date is known.

    `window_days`: how long before release a handoff is shown; None where no parameter tells, then nor does an expected one's day.
    """
    for state, line in LINES:
        holds, since = line(facts)
        if holds:
            return State(state, since)
    shown_since = add_days(facts.term_date, -window_days) if facts.term_date and window_days is not None else None
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
        if order and order.order_state_code in codes and facts.today.has_come(order.order_state_date):
            return True, order.order_state_date
        return NO

    return line


def _deceased(facts: Facts) -> Since:
    return facts.died_date is not None, facts.died_date


def _control_ended(facts: Facts) -> Since:
    person, term = facts.person, facts.term_date
    if person is None or term is None or person.control_state_code != "7" or person.control_state_date is None:
        return NO
    return term <= person.control_state_date and facts.today.has_come(person.control_state_date), person.control_state_date


def _transferred(facts: Facts) -> Since:
    today = facts.today
    is_accepted, left = False, []
    for case in facts.cases:
        if today.has_come(case.transfer_accepted_date):
            is_accepted = True
        elif case.transfer_date and today.has_come(case.transfer_date):
            left.append(case.transfer_date)
    if left:
        return True, max(left)
    return NO if is_accepted else _moved(facts)


_moved = _order_in("5")


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


def said_no_order(facts: Facts) -> bool:
    """The notice, or the one that told the release, says that no rehabilitation is ordered."""
    return any(n is not None and n.rehabilitation_order_code == "0" for n in (facts.notice, facts.release_notice))


def _no_order(facts: Facts) -> Since:
    return facts.release_date is not None and facts.order is None and said_no_order(facts), facts.release_date


def _picked_up(facts: Facts) -> Since:
    return facts.handover == "met", day_of(facts.picked_up_at) if facts.picked_up_at else facts.release_date


def _unmet(facts: Facts) -> Since:
    return facts.handover == "unmet", facts.release_date


def _released(facts: Facts) -> Since:
    return facts.release_date is not None, facts.release_date


def _left_by(facts: Facts, release_type: str) -> date | None:
    left = [n.actual_released_at for n in facts.notices if n.release_type_code == release_type]
    return max((day_of(at) for at in left if at and facts.today.has_happened(at)), default=None)


def _custody(facts: Facts, code: str) -> date | None:
    row = facts.roster
    if row is None or row.custody_state_code != code or not facts.today.has_come(row.custody_state_date):
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
    return NO if facts.roster and is_held(facts.roster) else _withdrawn_for(facts, "5", "9")


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
