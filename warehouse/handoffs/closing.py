"""What becomes of a flag that is open no more: resolved through a fact, or void. Source: domain rules, section 5."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from warehouse.handoffs.states import CLOSED_STATES, LINES, PRE_STATES

RESOLVED, VOID = "resolved", "void"
# The table of states from its last line to its first: the furthest milestone, or an end, stands last.
PLACE = {state: place for place, state in enumerate([*reversed(PRE_STATES), *(state for state, _ in reversed(LINES))])}


@dataclass(frozen=True, slots=True)
class Standing:
    """What a flag depends on beyond its rows: the handoff's state, its expected day and the day of its notice."""

    state: str
    expected_date: date | None
    notice_date: date | None


def status_of_closed(before: Standing | None, now: Standing | None, *, is_row_gone: bool) -> str:
    """`resolved` where a fact ended the flag; `void` where the handoff is over or gone, a row it stood on was deleted, or a date replaced.

    A date that moves together with the next milestone (the notice that was missing tells another day) is not replaced: the
    milestone resolved the flag.

    Args:
        before: when the flag was last open; None where that is not known.
        now: None where there is no handoff any more.
        is_row_gone: a row of its evidence was deleted.
    """
    if now is None or now.state in CLOSED_STATES or is_row_gone:
        return VOID
    if before is None or PLACE[now.state] > PLACE[before.state]:
        return RESOLVED
    return VOID if is_replaced(before.expected_date, now.expected_date) or is_replaced(before.notice_date, now.notice_date) else RESOLVED


def is_replaced(before: date | None, now: date | None) -> bool:
    """A known day gave way to another known day."""
    return before is not None and now is not None and before != now
