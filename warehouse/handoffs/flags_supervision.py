"""Flags of supervision while an order runs: tests, risk, violations, lost contact, and the ends of order and control.

Source: domain rules, sections 5 and 6; 戒毒条例 7, 19, 20, 21, 23, 40, 44.
"""

from __future__ import annotations

from datetime import date

from warehouse.handoffs.calendar import add_days, add_months
from warehouse.handoffs.flag_rules import (
    CRITICAL,
    INFO,
    POLICE_OFFICER,
    STATION_WORKER,
    WARNING,
    FlagRule,
    Found,
    Seen,
    audience,
    seen,
    seen_all,
)
from warehouse.handoffs.rows import place_of
from warehouse.handoffs.severe_violations import SevereViolation, has_any, severe_violation
from warehouse.handoffs.situation import Situation
from warehouse.handoffs.states import POST_STATES
from warehouse.handoffs.testing_windows import POSITIVE, YEARS, bounds_of, is_answered, last_window_ended, window_of_today
from warehouse.handoffs.today import day_of

CONFIRMED, REFUTED = "1", "2"
LEFT_WITHOUT_LEAVE_OR_LOST = {"2", "6"}
TEST_SHOWN_DAYS = 7
CONTROL_OVER = {"7", "8"}
UNTIL_COMPLETED = (*POST_STATES, "COMPLETED")


def test_due(s: Situation) -> Found | None:
    """The window in which a test is owed ends within a week, with neither a test nor an excuse in it (戒毒条例 19)."""
    bounds = _bounds(s)
    window = window_of_today(s.facts, bounds) if bounds else None
    if window is None or not s.today.has_come(add_days(window.last_date, -TEST_SHOWN_DAYS)) or is_answered(s.facts, window):
        return None
    return Found(INFO, window.last_date, seen(s.facts.order, "order_state_code", "in force"))


def test_missed(s: Situation) -> Found | None:
    """The last window that ended has neither a test nor an excuse (戒毒条例 19)."""
    bounds = _bounds(s)
    window = last_window_ended(s.facts, bounds) if bounds else None
    if window is None or is_answered(s.facts, window):
        return None
    return Found(WARNING, window.last_date, seen(s.facts.order, "order_state_code", "in force"))


def test_positive(s: Situation) -> Found | None:
    """A test since the release was positive and no laboratory refuted it (戒毒条例 21); the station sees only a confirmed one."""
    facts = s.facts
    since = facts.release_date or facts.reported_date
    if not facts.is_in_force or since is None:
        return None
    positive = [t for t in facts.tests if t.test_result_code == POSITIVE and t.confirmation_code != REFUTED]
    found = {t.source_key: t for t in positive if t.test_date and since <= t.test_date and s.today.has_come(t.test_date)}.values()
    days = [t.test_date for t in found if t.test_date]
    if not days:
        return None
    confirmed = [t for t in found if t.confirmation_code == CONFIRMED]
    rows = seen_all(confirmed, "confirmation_code", "confirmed") or seen_all(found, "test_result_code", "positive, not confirmed")
    return Found(CRITICAL, add_days(min(days), 1), rows, see=audience("PS") if confirmed else None)


def risk_review_due(s: Situation) -> Found | None:
    """The risk of the person was not assessed again in time (practice)."""
    facts, reported = s.facts, s.facts.reported_date
    if not facts.is_in_force or reported is None:
        return None
    told = [a for a in facts.assessments if a.assessment_date and a.assessment_date >= reported and s.today.has_come(a.assessment_date)]
    last = max(told, key=lambda a: (a.assessment_date, *place_of(a)), default=None)
    if last and last.assessment_date:
        due = add_months(last.assessment_date, s.terms.order_days("risk_cycle_months", last.assessment_date))
    else:
        due = add_days(reported, s.terms.order_days("risk_first_days", reported))
    if not s.today.is_past(due):
        return None
    return Found(WARNING, due, seen(last, "assessment_date", "date") or seen(facts.order, "execution_start_date", "reported"))


def severe_violation_reached(s: Situation) -> Found | None:
    """Tests refused three times, leaves three times, or more than thirty days away in all (戒毒条例 20)."""
    found, due = _severe(s)
    return Found(CRITICAL, due, _severe_rows(found)) if found else None


def severe_violation_unreported(s: Situation) -> Found | None:
    """A severe violation was reached and the police were not told in time (戒毒条例 21, 44)."""
    found, due = _severe(s)
    if found is None or not s.today.is_past(due):
        return None
    if any(s.today.has_happened(event.police_reported_at) for event in found.events):
        return None
    told = (case.police_report_date for case in s.facts.cases)
    if any(day and day >= found.reached_date and s.today.has_come(day) for day in told):
        return None
    return Found(CRITICAL, due, _severe_rows(found) + seen(s.facts.case, "police_report_date", "empty"))


def absence_unreported(s: Situation) -> Found | None:
    """An absence without leave or a lost contact was found and the police were not told by the next working day (8必: 脱管必报)."""
    if not s.facts.is_in_force:
        return None
    overdue: list[date] = []
    rows = []
    for event in s.facts.violations:
        if event.event_type_code not in LEFT_WITHOUT_LEAVE_OR_LOST or event.detected_at is None:
            continue
        due = s.terms.calendar.add_working(day_of(event.detected_at), 1)
        if due and not s.today.has_happened(event.police_reported_at) and s.today.is_past(due):
            overdue.append(due)
            rows.append(event)
    return Found(CRITICAL, min(overdue), seen_all(rows, "police_reported_at", "empty")) if overdue else None


def contact_lost(s: Situation) -> Found | None:
    """The police register says that contact is lost (戒毒条例 19)."""
    person = s.facts.person
    if not s.facts.is_in_force or person is None or not person.is_contact_lost or not s.today.has_come(person.contact_lost_date):
        return None
    lost = person.contact_lost_date
    return Found(CRITICAL, add_days(lost, 1) if lost else None, seen(person, "contact_lost_date", "date"))


def end_notice_due(s: Situation) -> Found | None:
    """The order has run out, or was completed and the street was not told (戒毒条例 23, 40); a warning when the time is over."""
    facts, order = s.facts, s.facts.order
    if order is None:
        return None
    has_run_out = facts.is_in_force and s.today.has_come(order.execution_end_date)
    is_untold = s.state.state == "COMPLETED" and not s.today.has_come(order.street_notified_date)
    ended = order.execution_end_date or order.order_state_date
    if not (has_run_out or is_untold) or ended is None:
        return None
    due = add_days(ended, s.terms.order_days("end_notice_days", ended))
    return Found(WARNING if s.today.is_past(due) else INFO, due, seen(order, "street_notified_date", "empty"))


def control_end_due(s: Situation) -> Found | None:
    """Three years without relapse are over and dynamic control has not ended (戒毒条例 7)."""
    person = s.facts.person
    if person is None or person.clean_since_date is None or person.control_state_code in CONTROL_OVER:
        return None
    due = s.terms.control_ends_on()
    return Found(INFO, due, seen(person, "clean_since_date", "date")) if s.today.has_come(due) else None


def _bounds(s: Situation) -> tuple[date, ...] | None:
    reported = s.facts.reported_date
    if not s.facts.is_in_force or reported is None:
        return None
    return bounds_of(reported, tuple(_months_between_tests(s, reported, year) for year in YEARS))


def _months_between_tests(s: Situation, reported: date, year: int) -> int:
    return s.terms.order_days(f"test_interval_months_year_{year}", add_months(reported, 12 * (year - 1)))


def _severe(s: Situation) -> tuple[SevereViolation | None, date | None]:
    facts, order = s.facts, s.facts.order
    if not facts.is_in_force or order is None or not has_any(facts):
        return None, None
    times, days = (s.terms.order_days(name, order.order_date) for name in ("violation_times", "violation_days"))
    found = severe_violation(facts, times, days)
    if found is None:
        return None, None
    reached = found.reached_date
    return found, s.terms.calendar.add_working(reached, s.terms.order_days("violation_report_working_days", reached))


def _severe_rows(found: SevereViolation) -> tuple[Seen, ...]:
    return seen_all(found.events, "event_type_code", "counted") + seen_all(found.tests, "test_result_code", "counted")


RULES: tuple[FlagRule, ...] = (
    FlagRule("TEST_DUE", POST_STATES, STATION_WORKER, audience("SP"), "戒毒条例 19", test_due),
    FlagRule("TEST_MISSED", POST_STATES, STATION_WORKER, audience("SPK"), "戒毒条例 19", test_missed),
    FlagRule("TEST_POSITIVE", POST_STATES, POLICE_OFFICER, audience("P"), "戒毒条例 21", test_positive),
    FlagRule("RISK_REVIEW_DUE", POST_STATES, POLICE_OFFICER, audience("PS"), "practice", risk_review_due),
    FlagRule("SEVERE_VIOLATION", POST_STATES, POLICE_OFFICER, audience("PS"), "戒毒条例 20", severe_violation_reached),
    FlagRule("SEVERE_VIOLATION_UNREPORTED", POST_STATES, STATION_WORKER, audience("SPK"), "戒毒条例 21, 44", severe_violation_unreported),
    FlagRule("ABSENCE_UNREPORTED", POST_STATES, STATION_WORKER, audience("SP"), "8必", absence_unreported),
    FlagRule("CONTACT_LOST", POST_STATES, POLICE_OFFICER, audience("PS"), "戒毒条例 19", contact_lost),
    FlagRule("END_NOTICE_DUE", UNTIL_COMPLETED, POLICE_OFFICER, audience("PS"), "戒毒条例 23, 40", end_notice_due),
    FlagRule("CONTROL_END_DUE", UNTIL_COMPLETED, POLICE_OFFICER, audience("P"), "戒毒条例 7", control_end_due),
)
