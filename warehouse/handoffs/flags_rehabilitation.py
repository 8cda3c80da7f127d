"""Flags of the station's care after the agreement: first talk, benefits, file, visits. Source: domain rules, section 5; 8必."""

from __future__ import annotations

from datetime import date

from warehouse.handoffs.calendar import add_days, add_months, month_end
from warehouse.handoffs.flag_rules import INFO, STATION_WORKER, WARNING, FlagRule, Found, audience, seen
from warehouse.handoffs.flags_after_release import items_on_file
from warehouse.handoffs.situation import Situation
from warehouse.handoffs.states import POST_STATES
from warehouse.handoffs.visits import is_visited

BENEFIT_HELP, DONE = "32", "1"
WHOLE_FILE = {f"{number:02}" for number in range(1, 9)}


def first_talk_due(s: Situation) -> Found | None:
    """The agreement is signed and the first talk has not been held; a warning when its time is over (practice)."""
    if s.facts.talk_date or not _is_agreed(s):
        return None
    due = s.terms.talk_by()
    return Found(WARNING if s.today.is_past(due) else INFO, due, seen(s.facts.case, "agreement_date", "date"))


def benefit_check_due(s: Situation) -> Found | None:
    """Nobody has helped the person to ask for benefits since the agreement (禁毒法 52, 戒毒条例 7)."""
    if not _is_agreed(s):
        return None
    due = s.terms.after_agreement("benefit_check_days")
    if not s.today.is_past(due) or _is_benefit_help_given(s):
        return None
    return Found(WARNING, due, seen(s.facts.case, "agreement_date", "date"))


def file_incomplete(s: Situation) -> Found | None:
    """One of the eight file items is still missing (8必: 档案必全)."""
    if not _is_agreed(s):
        return None
    due = s.terms.after_agreement("file_days")
    if not s.today.is_past(due) or items_on_file(s.facts) >= WHOLE_FILE:
        return None
    return Found(INFO, due, seen(s.facts.case, "file_item_codes", "incomplete"))


def visit_due(s: Situation) -> Found | None:
    """The last days of a month after the agreement's have come without a visit (8必: 每月必访)."""
    month, agreed = s.today.month_start(), s.facts.agreed_date
    if not _is_agreed(s) or agreed is None or agreed >= month:
        return None
    if not s.today.has_come(_shown_from(s, month)) or is_visited(s.facts, month):
        return None
    return Found(INFO, month_end(month), seen(s.facts.case, "agreement_date", "date"))


def visit_overdue(s: Situation) -> Found | None:
    """The whole month before went by without a visit (8必: 每月必访)."""
    before, agreed = add_months(s.today.month_start(), -1), s.facts.agreed_date
    if not _is_agreed(s) or agreed is None or agreed >= before or is_visited(s.facts, before):
        return None
    return Found(WARNING, month_end(before), seen(s.facts.case, "agreement_date", "date"))


def _is_agreed(s: Situation) -> bool:
    return s.facts.is_in_force and s.facts.agreed_date is not None


def _shown_from(s: Situation, month: date) -> date | None:
    """The day of this month from which a missing visit is shown; None in a month too short to have it."""
    day = add_days(month, s.terms.station_days("visit_due_from_day", month) - 1)
    return day if day <= month_end(month) else None


def _is_benefit_help_given(s: Situation) -> bool:
    helped = [x for x in s.facts.services if x.service_kind_code == BENEFIT_HELP and x.service_result_code == DONE]
    return any(s.today.has_happened(service.service_done_at) for service in helped)


RULES: tuple[FlagRule, ...] = (
    FlagRule("FIRST_TALK_DUE", POST_STATES, STATION_WORKER, audience("S"), "practice", first_talk_due),
    FlagRule("BENEFIT_CHECK_DUE", POST_STATES, STATION_WORKER, audience("S"), "禁毒法 52, 戒毒条例 7", benefit_check_due),
    FlagRule("FILE_INCOMPLETE", POST_STATES, STATION_WORKER, audience("S"), "8必", file_incomplete),
    FlagRule("VISIT_DUE", POST_STATES, STATION_WORKER, audience("S"), "8必", visit_due),
    FlagRule("VISIT_OVERDUE", POST_STATES, STATION_WORKER, audience("SK"), "8必", visit_overdue),
)
