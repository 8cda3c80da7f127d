"""What one handoff adds to the measures of a month: the eight musts (8必) and the rates of the seeds' reports.

Source: domain rules, sections 7 and 8. Each measure answers with a share: met, counted, unknown. Unknown is apart from both: a fact
that nobody told is no failure. Sums over regions are in measure_sums.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple

from warehouse.handoffs.calendar import add_days
from warehouse.handoffs.measure_facts import (
    Recent,
    is_in_force_at_end,
    is_in_force_from_start,
    is_left_out,
    is_long_over,
    last_window_ended,
    pickup_in_time,
    recent_of,
    windows_ended_in,
)
from warehouse.handoffs.measure_months import Month, changing_months
from warehouse.handoffs.region_parameters import ParameterMissing
from warehouse.handoffs.situation import Situation
from warehouse.handoffs.testing_windows import Window, is_answered

VISIT, MOTIVE, DONE = "12", "15", "1"
LEFT_OR_LOST = {"2", "6"}
FILE_ITEMS = frozenset(f"{number:02}" for number in range(1, 9))
MOTIVE_DAYS, FILE_DAYS, FOLLOW_DAYS = 30, 30, 31
REPORT_WITHIN = timedelta(hours=24)


class Share(NamedTuple):
    """How many of a measure's members met it, are counted in its denominator, and are unknown."""

    met: int
    counted: int
    unknown: int


MET, MISSED, UNKNOWN = Share(1, 1, 0), Share(0, 1, 0), Share(0, 1, 1)
ASIDE = Share(0, 0, 1)  # unknown whether it is counted at all: shown beside the denominator


def _told(is_met: bool | None) -> Share:
    return UNKNOWN if is_met is None else MET if is_met else MISSED


def notice_on_time(s: Situation, _: Month, __: Recent) -> Share | None:
    """Of the releases of the month: a notice came, and not after the legal latest day (戒毒条例 34). No notice is not on time."""
    notice = s.facts.notice
    if notice is None or notice.notice_date is None:
        return MISSED
    legal = s.terms.legal_latest(notice.expected_release_date)
    return _told(legal is None or notice.notice_date <= legal)


def pickup_rate(s: Situation, _: Month, __: Recent) -> Share | None:
    """出所必接: of the releases of the month, met at the gate within 24 hours; unknown where nobody says whether."""
    return _told(pickup_in_time(s.facts))


def agree_rate(s: Situation, _: Month, __: Recent) -> Share | None:
    """协议必签: of the reports of the month, an agreement in time that does not outlast the order; unknown without an agreement."""
    facts = s.facts
    due = s.terms.agree_by()
    if facts.agreed_date is None or due is None:
        return UNKNOWN
    signed = [c.agreement_end_date for c in facts.cases if c.agreement_date == facts.agreed_date and c.agreement_end_date]
    ends = facts.order.execution_end_date if facts.order else None
    return _told(facts.agreed_date <= due and (ends is None or not signed or max(signed) <= ends))


def motive_rate(s: Situation, month: Month, _: Recent) -> Share | None:
    """动机必建: of the agreements thirty days old in the month, a motivation assessment by then; unknown where none was tried."""
    agreed = s.facts.agreed_date
    due = add_days(agreed, MOTIVE_DAYS) if agreed else None
    if agreed is None or due is None or not month.holds(due):
        return None
    tried = [(day, result) for day, kind, result in recent_of(s.facts, agreed).services if kind == MOTIVE]
    return _told(any(result == DONE and agreed <= day <= due for day, result in tried) if tried else None)


def follow_rate(s: Situation, month: Month, recent: Recent) -> Share | None:
    """个案必跟: of the agreements in force, a worker, a plan, and a service done in the last 31 days; unknown where one is not told."""
    case = s.facts.case
    if not month.is_by_end(s.facts.agreed_date):
        return None
    if case is None or not case.worker_number or not month.is_by_end(case.plan_date):
        return UNKNOWN
    if recent.is_service_within(month, FOLLOW_DAYS, DONE):
        return MET
    return MISSED if recent.is_service_within(month, FOLLOW_DAYS) else UNKNOWN


def visit_rate(s: Situation, month: Month, recent: Recent) -> Share | None:
    """每月必访: of those in force all month and agreed before it, a visit in the month; unknown where none was even tried."""
    if not _is_all_month(s, month):
        return None
    tried = [result for day, kind, result in recent.services if kind == VISIT and month.holds(day)]
    return _told(DONE in tried if tried else None)


def test_rate(s: Situation, month: Month, recent: Recent) -> Share | None:
    """尿检必做: of the test windows that ended in the month, a test or a good excuse; unknown where no row tells of the window."""
    facts, order = s.facts, s.facts.order
    if order is None:
        return None
    shares = []
    for window in windows_ended_in(recent.bounds(s), month):
        if order.order_date > window.last_date or not is_in_force_at_end(facts, _until(window, month)):
            continue
        has_row = any(window.first_date <= day <= window.last_date for day in recent.test_days)
        shares.append(_told(is_answered(facts, window) if has_row else None))
    return Share(*(sum(column) for column in zip(*shares, strict=True))) if shares else None


def report_absence_rate(s: Situation, month: Month, recent: Recent) -> Share | None:
    """脱管必报: of absences and lost contacts found in the month, told to the police within 24 hours; unknown where not told."""
    shares = []
    for day, event in recent.events:
        if event.event_type_code not in LEFT_OR_LOST or not month.holds(day) or event.detected_at is None:
            continue
        told = event.police_reported_at
        is_told = told is not None and month.today.has_happened(told)
        shares.append(_told(told - event.detected_at <= REPORT_WITHIN if told and is_told else None))
    return Share(*(sum(column) for column in zip(*shares, strict=True))) if shares else None


def file_rate(s: Situation, month: Month, _: Recent) -> Share | None:
    """档案必全: of the agreements in force for thirty days, all eight items on file; unknown where no item is told."""
    agreed = s.facts.agreed_date
    if agreed is None or not month.is_by_end(add_days(agreed, FILE_DAYS)):
        return None
    items = {item for case in s.facts.cases for item in case.file_item_codes}
    return _told(items >= FILE_ITEMS if items else None)


def execution_rate(s: Situation, month: Month, _: Recent) -> Share | None:
    """执行率: of the orders in force whose day to report has come, an agreement; who reported under an order not served is unknown."""
    facts = s.facts
    if facts.served_date is None:
        return ASIDE if month.is_by_end(facts.reported_date) else None
    return _told(month.is_by_end(facts.agreed_date)) if month.is_by_end(s.terms.report_by()) else None


def report_on_time(s: Situation, month: Month, _: Recent) -> Share | None:
    """Of those due to report in the month (戒毒条例 38), reported by then; who reported under an order not served is unknown."""
    facts = s.facts
    if facts.order is None:
        return None
    if facts.served_date is None:
        return ASIDE if month.holds(facts.reported_date) else None
    due = s.terms.report_by()
    if due is None or not month.holds(due):
        return None
    return _told(facts.reported_date is not None and facts.reported_date <= due)


def control_rate(s: Situation, month: Month, recent: Recent) -> Share | None:
    """管控率: of those in force all month, visited, no test missed, contact not lost; unknown without any service or test row."""
    if not _is_all_month(s, month):
        return None
    if not any(month.holds(day) for day, _, _ in recent.services) and not any(month.holds(day) for day in recent.test_days):
        return UNKNOWN
    is_visited = any(kind == VISIT and result == DONE and month.holds(day) for day, kind, result in recent.services)
    person = s.facts.person
    is_lost = bool(person and person.is_contact_lost and month.is_by_end(person.contact_lost_date))
    return _told(is_visited and not is_lost and not _is_test_missed(s, month, recent))


def retention_rate(s: Situation, month: Month, recent: Recent) -> Share | None:
    """巩固率: of orders in force or completed within a year, tested within it without relapse; unknown where nothing was seen."""
    if not _is_kept_in_view(s, month):
        return None
    is_tested, has_relapsed = recent.seen_within_year(s.facts, month)
    return MISSED if has_relapsed else MET if is_tested else UNKNOWN


def relapse_rate(s: Situation, month: Month, recent: Recent) -> Share | None:
    """复吸率: of the released who were tested or seen to relapse within a year, the relapsed; the others stand beside."""
    if not month.is_by_end(s.facts.release_date):
        return None
    is_tested, has_relapsed = recent.seen_within_year(s.facts, month)
    if has_relapsed or is_tested:
        return MET if has_relapsed else MISSED
    return ASIDE if _is_kept_in_view(s, month) else None


def _is_all_month(s: Situation, month: Month) -> bool:
    agreed = s.facts.agreed_date
    return agreed is not None and agreed < month.first_date and is_in_force_from_start(s.facts, month)


def _is_kept_in_view(s: Situation, month: Month) -> bool:
    order = s.facts.order
    if order is not None and order.order_state_code == "4" and month.is_within_year(order.order_state_date):
        return True
    return is_in_force_at_end(s.facts, month)


def _until(window: Window, month: Month) -> Month:
    return Month(month.code, window.first_date, window.last_date, month.today)


def _is_test_missed(s: Situation, month: Month, recent: Recent) -> bool:
    """The last window that ended before E has neither test nor excuse."""
    window = last_window_ended(recent.bounds(s), month)
    return window is not None and not is_answered(s.facts, window)


Measure = Callable[[Situation, Month, Recent], Share | None]
OF_RELEASES: tuple[tuple[str, Measure], ...] = (("NOTICE_ON_TIME", notice_on_time), ("PICKUP_RATE", pickup_rate))
OF_REPORTS: tuple[tuple[str, Measure], ...] = (("AGREE_RATE", agree_rate),)
OF_ORDERS_IN_FORCE: tuple[tuple[str, Measure], ...] = (
    ("EXECUTION_RATE", execution_rate),
    ("CONTROL_RATE", control_rate),
    ("VISIT_RATE", visit_rate),
    ("FILE_RATE", file_rate),
    ("FOLLOW_RATE", follow_rate),
)
OF_ALL: tuple[tuple[str, Measure], ...] = (
    ("REPORT_ON_TIME", report_on_time),
    ("RETENTION_RATE", retention_rate),
    ("RELAPSE_RATE", relapse_rate),
    ("TEST_RATE", test_rate),
    ("REPORT_ABSENCE_RATE", report_absence_rate),
    ("MOTIVE_RATE", motive_rate),
)
MEASURES = (*OF_RELEASES, *OF_REPORTS, *OF_ORDERS_IN_FORCE, *OF_ALL)
MUSTS = {
    "MUST_PICKUP": "PICKUP_RATE",
    "MUST_AGREE": "AGREE_RATE",
    "MUST_MOTIVE": "MOTIVE_RATE",
    "MUST_FOLLOW": "FOLLOW_RATE",
    "MUST_VISIT": "VISIT_RATE",
    "MUST_TEST": "TEST_RATE",
    "MUST_REPORT": "REPORT_ABSENCE_RATE",
    "MUST_FILE": "FILE_RATE",
}


class MonthShares(NamedTuple):
    """What a handoff adds to the measures of a month; measures it has no part in are left out."""

    month: str
    shares: tuple[tuple[str, Share], ...]


def shares_of(s: Situation) -> tuple[MonthShares, ...]:
    """The handoff's shares in the months that can still change; a measure that needs a parameter nobody loaded is left out."""
    facts = s.facts
    if (facts.release_date is None and facts.order is None and facts.reported_date is None) or is_long_over(s):
        return ()
    months = changing_months(s.today)
    recent = recent_of(facts, months[0].first_date - timedelta(days=FOLLOW_DAYS))
    found = []
    for month in months:
        if is_left_out(s, month):
            continue
        shares = tuple((code, share) for code, measure in _measures(s, month) if (share := _share(measure, s, month, recent)))
        if shares:
            found.append(MonthShares(month.code, shares))
    return tuple(found)


def _measures(s: Situation, month: Month) -> Iterator[tuple[str, Measure]]:
    """The measures that may count the handoff in the month."""
    if month.holds(s.facts.release_date):
        yield from OF_RELEASES
    if month.holds(s.facts.reported_date):
        yield from OF_REPORTS
    if is_in_force_at_end(s.facts, month):
        yield from OF_ORDERS_IN_FORCE
    yield from OF_ALL


def _share(measure: Measure, s: Situation, month: Month, recent: Recent) -> Share | None:
    try:
        return measure(s, month, recent)
    except ParameterMissing:
        return None
