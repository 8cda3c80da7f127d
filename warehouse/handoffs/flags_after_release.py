"""Flags from the release to the signed agreement: handover, documents, order, report, transfer.

Source: domain rules, section 5; 禁毒法 48; 戒毒条例 14, 16, 21, 22, 34, 38, 44.
"""

from __future__ import annotations

from datetime import date

from warehouse.handoffs.calendar import add_days
from warehouse.handoffs.facts import Facts, is_held
from warehouse.handoffs.flag_rules import (
    CENTRE_OFFICER,
    CRITICAL,
    INFO,
    POLICE_OFFICER,
    STATION_WORKER,
    WARNING,
    FlagRule,
    Found,
    audience,
    seen,
    seen_all,
)
from warehouse.handoffs.situation import Situation
from warehouse.handoffs.states import POST_STATES, said_no_order
from warehouse.handoffs.today import day_of

DONE = "1"
DOCUMENTS_OF_THE_CENTRE = {"01", "02"}
REPORT_SHOWN_DAYS = 5


def released_unmet(s: Situation) -> Found | None:
    """The person was released, nobody met them, and nobody has seen them since (戒毒条例 34)."""
    facts, release = s.facts, s.facts.release_date
    if facts.handover != "unmet" or release is None or facts.reported_date or _was_served_after(s, release):
        return None
    told = [c for c in facts.cases if c.pickup_result_code]
    row = seen(told[-1], "pickup_result_code", "not met") if told else seen(facts.release_notice, "receiver_type_code", "nobody")
    return Found(CRITICAL, add_days(release, 1), row)


def handover_unknown(s: Situation) -> Found | None:
    """The day of release is over and nobody has told whether the person was met."""
    facts = s.facts
    if facts.handover or facts.reported_date or not s.today.is_past(facts.term_date):
        return None
    return Found(WARNING, _day_after(facts), seen(facts.case or facts.release_notice or facts.notice, _handover_field(facts), "empty"))


def docs_overdue(s: Situation) -> Found | None:
    """The centre's decision and certificate are not in the file in the working days its region sets; elsewhere no such rule."""
    due = s.terms.documents_by()
    if not s.today.is_past(due) or items_on_file(s.facts) >= DOCUMENTS_OF_THE_CENTRE:
        return None
    return Found(WARNING, due, seen(s.facts.case, "file_item_codes", "lacks 01 or 02"))


def order_undetermined(s: Situation) -> Found | None:
    """Released, and neither an order nor the word that there will be none is known (禁毒法 48)."""
    facts = s.facts
    if facts.order or not s.today.is_past(facts.release_date) or said_no_order(facts):
        return None
    return Found(WARNING, _day_after(facts), seen(facts.release_notice or facts.notice, "rehabilitation_order_code", "not 0"))


def order_not_served(s: Situation) -> Found | None:
    """The order is in force, the person is released, and the order has not been served (戒毒条例 38)."""
    facts = s.facts
    if not facts.is_in_force or facts.served_date or facts.reported_date or not s.today.is_past(facts.release_date):
        return None
    return Found(INFO, _day_after(facts), seen(facts.order, "served_date", "empty"))


def report_due(s: Situation) -> Found | None:
    """The last days to report at the street have come (戒毒条例 38)."""
    due = _report_by(s)
    if due is None or not s.today.has_come(add_days(due, -REPORT_SHOWN_DAYS)) or s.today.is_past(due):
        return None
    return Found(INFO, due, seen(s.facts.order, "served_date", "date"))


def report_overdue(s: Situation) -> Found | None:
    """The order was served and the person has not reported in time (戒毒条例 14, 38)."""
    due = _report_by(s)
    return Found(CRITICAL, due, seen(s.facts.order, "served_date", "date")) if s.today.is_past(due) else None


def refusal_unreported(s: Situation) -> Found | None:
    """The report is overdue and the street has not told the police at once (戒毒条例 21, 44)."""
    facts, due = s.facts, _report_by(s)
    if due is None or not s.today.is_past(due) or any(s.today.has_come(c.police_report_date) for c in facts.cases):
        return None
    tell_by = s.terms.calendar.add_working(due, s.terms.order_days("refusal_report_working_days", due))
    if not s.today.is_past(tell_by):
        return None
    return Found(CRITICAL, tell_by, seen(facts.order, "served_date", "date") + seen(facts.case, "police_report_date", "empty"))


def agreement_missing(s: Situation) -> Found | None:
    """The person reported and no agreement was signed promptly (戒毒条例 16, 44)."""
    facts = s.facts
    if not facts.is_in_force or facts.reported_date is None or facts.agreed_date:
        return None
    due = s.terms.agree_by()
    return Found(WARNING, due, seen(facts.case, "agreement_date", "empty")) if s.today.is_past(due) else None


def transfer_pending(s: Situation) -> Found | None:
    """The case left for another station and nobody there has accepted it (戒毒条例 22); a warning when the time is over."""
    due = s.terms.accept_by(s.state.since_date)
    left = [c for c in s.facts.cases if s.today.has_come(c.transfer_date) and not s.today.has_come(c.transfer_accepted_date)]
    rows = seen_all(left, "transfer_accepted_date", "empty") or seen(s.facts.order, "order_state_code", "moved")
    return Found(WARNING if s.today.is_past(due) else INFO, due, rows)


def source_conflict(s: Situation) -> Found | None:
    """A notice tells of the release and the centre's latest snapshot, taken later, still has the person."""
    facts, roster, release = s.facts, s.facts.roster, s.facts.release_date
    if facts.release_notice is None or roster is None or release is None or not is_held(roster):
        return None
    # A snapshot dated after the day is not known on it, and the person was still shown until then.
    if roster.snapshot_date is None or s.today.has_come(roster.missing_since):
        return None
    due = add_days(release, 1)
    if not (roster.snapshot_date > due and s.today.is_past(due)):
        return None
    rows = seen(facts.release_notice, "actual_released_at", "released") + seen(roster, "custody_state_code", "in custody")
    return Found(WARNING, due, rows)


def items_on_file(facts: Facts) -> set[str]:
    """File items of all cases together."""
    return {item for case in facts.cases for item in case.file_item_codes}


def _was_served_after(s: Situation, release: date) -> bool:
    done = (service.service_done_at for service in s.facts.services if service.service_result_code == DONE)
    return any(at and day_of(at) > release and s.today.has_happened(at) for at in done)


def _day_after(facts: Facts) -> date | None:
    day = facts.release_or_term_date
    return add_days(day, 1) if day else None


def _handover_field(facts: Facts) -> str:
    return "pickup_result_code" if facts.case else "receiver_type_code"


def _report_by(s: Situation) -> date | None:
    """The day to report by while the duty runs: an order in force and served, and no report yet."""
    return s.terms.report_by() if s.facts.is_in_force and s.facts.served_date and not s.facts.reported_date else None


RULES: tuple[FlagRule, ...] = (
    FlagRule("RELEASED_UNMET", POST_STATES, POLICE_OFFICER, audience("SPK"), "戒毒条例 34", released_unmet),
    FlagRule("HANDOVER_UNKNOWN", POST_STATES, STATION_WORKER, audience("SCP"), "house rule", handover_unknown),
    FlagRule("DOCS_OVERDUE", POST_STATES, CENTRE_OFFICER, audience("SC"), "regional", docs_overdue),
    FlagRule("ORDER_UNDETERMINED", POST_STATES, POLICE_OFFICER, audience("PS"), "禁毒法 48", order_undetermined),
    FlagRule("ORDER_NOT_SERVED", POST_STATES, POLICE_OFFICER, audience("PS"), "戒毒条例 38", order_not_served),
    FlagRule("REPORT_DUE", POST_STATES, STATION_WORKER, audience("SP"), "戒毒条例 38", report_due),
    FlagRule("REPORT_OVERDUE", POST_STATES, STATION_WORKER, audience("SPK"), "戒毒条例 14, 38", report_overdue),
    FlagRule("REFUSAL_UNREPORTED", POST_STATES, STATION_WORKER, audience("SPK"), "戒毒条例 21, 44", refusal_unreported),
    FlagRule("AGREEMENT_MISSING", POST_STATES, STATION_WORKER, audience("SK"), "戒毒条例 16, 44", agreement_missing),
    FlagRule("TRANSFER_PENDING", ("TRANSFERRED",), STATION_WORKER, audience("SK"), "戒毒条例 22", transfer_pending),
    FlagRule("SOURCE_CONFLICT", POST_STATES, CENTRE_OFFICER, audience("CPT"), "house rule", source_conflict),
)
