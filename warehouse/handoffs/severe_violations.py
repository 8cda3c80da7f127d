"""Counters of a severe violation per order: tests refused or evaded, leaves without permission, days away.

Source: domain rules, section 6; 戒毒条例 20: reached at three times ("以上" includes the number), and at more than thirty days in all
("超过" does not). Delivered counts such as absence_days are never used.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from warehouse.handoffs.facts import Facts, is_same_number
from warehouse.handoffs.rows import DrugTest, LeaveViolation
from warehouse.handoffs.today import day_of

LEAVE, LEFT_WITHOUT_LEAVE, REFUSED_OR_EVADED = "1", "2", {"3", "4"}
TEST_REFUSED_OR_EVADED = {"3", "4"}
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SevereViolation:
    """A reached counter: since when, and the events and tests that were counted in any of the three."""

    reached_date: date
    events: tuple[LeaveViolation, ...]
    tests: tuple[DrugTest, ...]


def severe_violation(facts: Facts, times: int, days: int) -> SevereViolation | None:
    """The earliest day on which the order's refusals or leaves reached `times` or the days away passed `days`; None before it."""
    events = {event.source_key: event for event in facts.violations}.values()
    refused_events = [event for event in events if event.event_type_code in REFUSED_OR_EVADED and _detected(facts, event)]
    refused_tests = {test.source_key: test for test in facts.tests if _refused_on(facts, test)}.values()
    refusal_days = {_detected(facts, event) for event in refused_events} | {_refused_on(facts, test) for test in refused_tests}
    leaves = [(first, event) for event in events if (first := _left_on(facts, event))]
    reached = [
        _nth(sorted(day for day in refusal_days if day), times),
        _nth(sorted(first for first, _ in leaves), times),
        _nth(_days_away(facts, leaves), days + 1),
    ]
    known = [day for day in reached if day]
    if not known:
        return None
    return SevereViolation(min(known), tuple(refused_events) + tuple(event for _, event in leaves), tuple(refused_tests))


def has_any(facts: Facts) -> bool:
    """Anything is told that a counter could count."""
    return bool(facts.violations) or any(test.test_result_code in TEST_REFUSED_OR_EVADED for test in facts.tests)


def _nth(days: list[date], number: int) -> date | None:
    return days[number - 1] if len(days) >= number else None


def _detected(facts: Facts, event: LeaveViolation) -> date | None:
    return day_of(event.detected_at) if event.detected_at and facts.today.has_happened(event.detected_at) else None


def _refused_on(facts: Facts, test: DrugTest) -> date | None:
    if test.test_result_code not in TEST_REFUSED_OR_EVADED:
        return None
    if facts.order is None or not is_same_number(test.order_number, facts.order.order_number):
        return None
    day = test.test_planned_date or test.test_date
    return day if facts.today.has_come(day) else None


def _left_on(facts: Facts, event: LeaveViolation) -> date | None:
    """The first day of an absence without permission: type 2, or a leave approved only after it began."""
    first = event.absence_start_date
    if first is None or not facts.today.has_come(first):
        return None
    if event.event_type_code == LEAVE:
        return first if event.approved_at and day_of(event.approved_at) > first else None
    return first if event.event_type_code == LEFT_WITHOUT_LEAVE else None


def _days_away(facts: Facts, leaves: list[tuple[date, LeaveViolation]]) -> list[date]:
    away: set[date] = set()
    for first, event in leaves:
        is_late_leave = event.event_type_code == LEAVE and event.approved_at
        end = day_of(event.approved_at) - ONE_DAY if is_late_leave and event.approved_at else event.absence_end_date
        last = facts.today.capped(end)
        away.update(first + timedelta(days=n) for n in range((last - first).days + 1))
    return sorted(away)
