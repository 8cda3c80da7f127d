"""Flags until the day of release: contact, notice, receiver, route. Source: domain rules, section 5; 戒毒条例 33, 34, 37; 禁毒法 47."""

from __future__ import annotations

from datetime import date

from warehouse.handoffs.calendar import add_days, add_months
from warehouse.handoffs.facts import Facts, day_of, is_held
from warehouse.handoffs.flag_rules import (
    CENTRE_OFFICER,
    COORDINATOR,
    CRITICAL,
    INFO,
    OPERATOR,
    STATION_WORKER,
    WARNING,
    FlagRule,
    Found,
    Seen,
    audience,
    seen,
)
from warehouse.handoffs.routing import BY_CASE, BY_STREET, places_differ
from warehouse.handoffs.rows import Notice, RosterRow
from warehouse.handoffs.situation import Situation
from warehouse.handoffs.states import PRE_STATES

EARLY_RELEASE = "2"
NOT_ASSESSED = {None, "0"}
ROUTE_SOUGHT_DAYS = 30
UNTIL_MET = (*PRE_STATES, "RELEASED", "UNMET")


def precontact_due(s: Situation) -> Found | None:
    """The month before release has begun and where the person goes, or the diagnosis, is not known yet (practice)."""
    term, roster = s.facts.term_date, s.facts.roster
    if term is None or roster is None:
        return None
    if roster.destination_region_code and roster.diagnosis_result_code not in NOT_ASSESSED:
        return None
    due = add_days(term, -s.terms.centre_days("precontact_days", term))
    if not s.today.has_come(due) or s.today.has_come(term):
        return None
    empty = "diagnosis_result_code" if roster.destination_region_code else "destination_region_code"
    return Found(INFO, due, seen(roster, empty, "empty"))


def notice_missing(s: Situation) -> Found | None:
    """No valid notice although the last working day to send one has come (戒毒条例 34); critical from the legal latest day."""
    facts = s.facts
    if facts.notice or not _is_told(facts):
        return None
    legal = s.terms.legal_latest(facts.term_date)
    if not s.today.has_come(s.terms.safe_latest(facts.term_date) or legal):
        return None
    rows = seen(facts.roster, "expected_release_date", "date") + seen(facts.withdrawn, "notice_status_code", "withdrawn")
    return Found(CRITICAL if s.today.has_come(legal) else WARNING, legal, rows)


def notice_late(s: Situation) -> Found | None:
    """The notice is dated after the legal latest day (戒毒条例 34); an early release explains it (33)."""
    notice = s.facts.notice
    if notice is None or notice.notice_date is None:
        return None
    legal = s.terms.legal_latest(notice.expected_release_date)
    if legal is None or notice.notice_date <= legal:
        return None
    rows = seen(notice, "notice_date", "after legal latest")
    is_early = notice.release_type_code == EARLY_RELEASE
    return Found(INFO, legal, rows, "EARLY_RELEASE") if is_early else Found(WARNING, legal, rows)


def delivery_late(s: Situation) -> Found | None:
    """The notice is dated in time and reached us after the legal latest day: the channel was late, not the centre."""
    notice = s.facts.notice
    if notice is None or notice.notice_date is None or not s.today.has_happened(notice.first_arrived_at):
        return None
    legal = s.terms.legal_latest(notice.expected_release_date)
    arrived = day_of(notice.first_arrived_at) if notice.first_arrived_at else None
    if legal is None or arrived is None or not notice.notice_date <= legal < arrived:
        return None
    return Found(INFO, legal, seen(notice, "notice_date", "in time, arrived late"))


def notice_conflict(s: Situation) -> Found | None:
    """Two valid notices, or the notice and the roster, expect the release on different days; the earlier one is safe."""
    facts = s.facts
    told: list[Notice | RosterRow] = [*facts.valid_notices]
    if facts.notice and facts.roster and is_held(facts.roster):
        told.append(facts.roster)
    if len({row.expected_release_date for row in told if row.expected_release_date}) < 2:
        return None
    rows = tuple(one for row in told for one in seen(row, "expected_release_date", "differs"))
    return Found(CRITICAL, s.terms.legal_latest(facts.expected_date), rows)


def term_implausible(s: Situation) -> Found | None:
    """Release is expected before one year or after three years and the days of escape since the decision (禁毒法 47)."""
    expected, notice, roster = s.facts.expected_date, s.facts.notice, s.facts.roster
    decided_in = notice if notice and notice.decision_date else roster
    decided = decided_in.decision_date if decided_in else None
    if expected is None or decided is None:
        return None
    latest = add_days(add_months(decided, 36), (roster.escape_days or 0) if roster else 0)
    if add_months(decided, 12) <= expected <= latest:
        return None
    told = notice if notice and notice.expected_release_date == expected else roster
    return Found(WARNING, expected, seen(decided_in, "decision_date", "date") + seen(told, "expected_release_date", "implausible"))


def ack_overdue(s: Situation) -> Found | None:
    """The station has neither acknowledged the notice in time nor planned the pick-up."""
    facts = s.facts
    if facts.notice is None or facts.acknowledged_at or facts.has_plan:
        return None
    due = s.terms.acknowledge_by()
    if not s.today.is_past(due):
        return None
    rows = seen(facts.notice, "notice_date", "date") + seen(facts.case, "notice_acknowledged_at", "empty")
    return Found(WARNING, due, rows)


def pickup_unassigned(s: Situation) -> Found | None:
    """The day before release has come and nobody is set to meet the person (戒毒条例 34)."""
    facts = s.facts
    due = _day_before(facts)
    if facts.has_plan or not _is_told(facts) or not s.today.has_come(due):
        return None
    rows = seen(facts.notice or facts.roster or facts.withdrawn, "expected_release_date", "date")
    return Found(CRITICAL, due, rows + seen(facts.case, "pickup_planned_at", "empty"))


def no_receiver(s: Situation) -> Found | None:
    """No relative is known and no pick-up is planned in the last days before release (社会救助法 37)."""
    facts = s.facts
    if facts.roster is None or facts.roster.has_kin or facts.has_plan or facts.term_date is None:
        return None
    if not s.today.has_come(add_days(facts.term_date, -s.terms.centre_days("no_receiver_days", facts.term_date))):
        return None
    return Found(WARNING, _day_before(facts), seen(facts.roster, "kin_name", "empty"))


def route_unknown(s: Situation) -> Found | None:
    """No station serves any of the person's places; outside our province the region is named for the export."""
    facts = s.facts
    if s.route.station_code or facts.term_date is None or not s.today.has_come(add_days(facts.term_date, -ROUTE_SOUGHT_DAYS)):
        return None
    rows = seen(facts.notice, "residence_region_code", "no station") + seen(facts.roster, "residence_region_code", "no station")
    return Found(WARNING, _day_before(facts), rows, f"REGION:{s.route.region_code}" if s.route.region_code else None)


def jurisdiction_conflict(s: Situation) -> Found | None:
    """Two stations could be responsible: they serve the place equally, or the notice's and the register's residence (戒毒条例 37)."""
    facts = s.facts
    if facts.case or s.route.basis in {BY_CASE, BY_STREET} or not (s.route.is_tie or places_differ(facts, s.stations)):
        return None
    rows = seen(facts.notice, "residence_region_code", "two stations") + seen(facts.person, "residence_region_code", "two stations")
    return Found(CRITICAL, _day_before(facts), rows)


def release_not_confirmed(s: Situation) -> Found | None:
    """The expected day is over and nobody has told of the release (戒毒条例 34)."""
    facts = s.facts
    if not s.today.is_past(facts.expected_date):
        return None
    rows = seen(facts.notice, "actual_released_at", "empty") + seen(facts.roster, "expected_release_date", "date")
    return Found(CRITICAL, facts.expected_date, rows)


def roster_left_unknown(s: Situation) -> Found | None:
    """The centre's latest snapshot no longer has the person, who was there before, and nobody said why (agreement section 2)."""
    roster = s.facts.roster
    if roster is None or not is_held(roster) or not s.today.has_come(roster.missing_since):
        return None
    return Found(WARNING, roster.missing_since, (Seen("centre_roster", roster.source_key, "custody_state_code", "left the snapshot"),))


def _is_told(facts: Facts) -> bool:
    return facts.expected_date is not None or facts.withdrawn is not None


def _day_before(facts: Facts) -> date | None:
    return add_days(facts.term_date, -1) if facts.term_date else None


RULES: tuple[FlagRule, ...] = (
    FlagRule("PRECONTACT_DUE", PRE_STATES, CENTRE_OFFICER, audience("CS"), "practice", precontact_due),
    FlagRule("NOTICE_MISSING", PRE_STATES, CENTRE_OFFICER, audience("CSPK"), "戒毒条例 34", notice_missing),
    FlagRule("NOTICE_LATE", UNTIL_MET, CENTRE_OFFICER, audience("CSPK"), "戒毒条例 34, 33", notice_late),
    FlagRule("DELIVERY_LATE", UNTIL_MET, OPERATOR, audience("OK"), "house rule", delivery_late),
    FlagRule("NOTICE_CONFLICT", PRE_STATES, CENTRE_OFFICER, audience("CSP"), "house rule", notice_conflict),
    FlagRule("TERM_IMPLAUSIBLE", PRE_STATES, CENTRE_OFFICER, audience("CP"), "禁毒法 47", term_implausible),
    FlagRule("ACK_OVERDUE", PRE_STATES, STATION_WORKER, audience("SK"), "house rule", ack_overdue),
    FlagRule("PICKUP_UNASSIGNED", PRE_STATES, STATION_WORKER, audience("SPK"), "戒毒条例 34", pickup_unassigned),
    FlagRule("NO_RECEIVER", PRE_STATES, STATION_WORKER, audience("SCP"), "社会救助法 37", no_receiver),
    FlagRule("ROUTE_UNKNOWN", PRE_STATES, COORDINATOR, audience("KCP"), "house rule", route_unknown),
    FlagRule("JURISDICTION_CONFLICT", (*UNTIL_MET, "PICKED_UP"), COORDINATOR, audience("KSP"), "戒毒条例 37", jurisdiction_conflict),
    FlagRule("RELEASE_NOT_CONFIRMED", PRE_STATES, CENTRE_OFFICER, audience("CSP"), "戒毒条例 34", release_not_confirmed),
    FlagRule("ROSTER_LEFT_UNKNOWN", PRE_STATES, CENTRE_OFFICER, audience("CP"), "agreement 2", roster_left_unknown),
)
