from datetime import date, datetime
from typing import Any

import episodes as e
import pytest

from core.clock import SHANGHAI
from warehouse.handoffs.facts import facts_of
from warehouse.handoffs.severe_violations import severe_violation

NOVEMBER = date(2026, 11, 30)


def reached(*rows: Any, as_of: date = NOVEMBER) -> date | None:
    found = severe_violation(facts_of(e.episode(e.order(order_date=date(2026, 1, 1)), *rows), as_of), times=3, days=30)
    return found.reached_date if found else None


def refused(day: date) -> Any:
    return e.violation("3", detected_at=e.noon(day))


def left(first: date, last: date | None, **given: Any) -> Any:
    return e.violation("2", absence_start_date=first, absence_end_date=last, **given)


def approved(first: date, last: date | None, on: date) -> Any:
    return e.violation("1", absence_start_date=first, absence_end_date=last, approved_at=e.noon(on))


D1, D2, D3 = date(2026, 10, 9), date(2026, 10, 12), date(2026, 10, 20)


@pytest.mark.parametrize(
    ("rows", "day"),
    [
        ([refused(D1), refused(D2)], None),
        ([refused(D1), refused(D2), refused(D3)], D3),
        ([refused(D1), refused(D2), e.violation("4", detected_at=e.noon(D2))], None),  # two on one day are one
        ([refused(D1), refused(D2), e.drug_test(None, "4", test_planned_date=D3)], D3),
        ([refused(D1), refused(D2), e.drug_test(D3, "3")], D3),
        ([refused(D1), refused(D2), e.drug_test(NOVEMBER, "3")], NOVEMBER),  # today
        ([refused(D1), refused(D2), e.drug_test(NOVEMBER + e.DAY, "3")], None),
        ([refused(D1), refused(D2), e.drug_test(D3, "3", test_planned_date=D2)], None),  # the planned day counts first
        ([refused(D1), refused(D2), e.drug_test(D3, "5")], None),
        ([refused(D1), refused(D2), e.violation("3")], None),  # found on no day
        ([refused(D1), refused(D2), refused(NOVEMBER + e.DAY)], None),  # still to come
        ([refused(D1), refused(D2), e.drug_test(D3, "3", order_number="别的")], None),
        ([refused(D1), refused(D2), e.violation("3", detected_at=e.noon(D3), order_number="别的")], None),
    ],
)
def test_three_different_days_of_refused_or_evaded_tests_of_the_order_are_severe(rows: list[Any], day: date | None) -> None:
    assert reached(*rows) == day


@pytest.mark.parametrize(
    ("rows", "day"),
    [
        ([left(D1, D1), left(D2, D2)], None),
        ([left(D1, D1), left(D2, D2), left(D3, D3)], D3),
        ([left(D1, D1), left(D2, D2), approved(D3, D3, D3)], None),  # approved on the day it began
        ([left(D1, D1), left(D2, D2), approved(D3, None, D3 + e.DAY)], D3),  # approved the day after
        ([left(D1, D1), left(D2, D2), e.violation("1", absence_start_date=D3)], None),
        ([left(D1, D1), left(D2, D2), left(NOVEMBER + e.DAY, None)], None),
        ([left(D1, D1), left(D2, D2), left(NOVEMBER, None)], NOVEMBER),
        ([left(D1, D1), left(D1, D1, source_key="GA-WG-other"), left(D2, D2)], D2),  # events, not days
    ],
)
def test_three_leaves_without_permission_are_severe_from_the_third(rows: list[Any], day: date | None) -> None:
    assert reached(*rows) == day


@pytest.mark.parametrize(
    ("rows", "day"),
    [
        ([left(date(2026, 10, 1), date(2026, 10, 30))], None),  # thirty days
        ([left(date(2026, 10, 1), date(2026, 10, 31))], date(2026, 10, 31)),  # the thirty-first
        ([left(date(2026, 10, 1), date(2026, 10, 31), approved_at=e.noon(D1))], date(2026, 10, 31)),  # approval ends no such leave
        ([left(date(2026, 10, 1), date(2026, 10, 30)), left(date(2026, 10, 20), date(2026, 10, 30))], None),  # days are counted once
        ([left(date(2026, 10, 1), date(2026, 10, 30)), left(date(2026, 11, 5), date(2026, 11, 5))], date(2026, 11, 5)),
        ([left(date(2026, 11, 1), None)], None),  # runs until today, the thirtieth day
        ([left(date(2026, 10, 31), None)], NOVEMBER),
        ([approved(date(2026, 10, 1), None, date(2026, 10, 31))], None),  # thirty days until it was approved
        ([approved(date(2026, 10, 1), None, date(2026, 11, 1))], date(2026, 10, 31)),
    ],
)
def test_more_than_thirty_days_away_in_all_are_severe_from_the_thirty_first(rows: list[Any], day: date | None) -> None:
    assert reached(*rows) == day


def test_the_earliest_of_the_three_counters_tells_the_day() -> None:
    assert reached(left(date(2026, 10, 1), None), *(refused(day) for day in (D1, D2, D3))) == D3


def test_an_open_absence_is_severe_on_its_thirty_first_day_and_not_before() -> None:
    away = left(date(2026, 10, 1), None)
    assert [reached(away, as_of=date(2026, 10, day)) for day in (30, 31)] == [None, date(2026, 10, 31)]


def test_an_approval_just_before_midnight_belongs_to_that_day_here() -> None:
    late = datetime(2026, 10, 20, 23, 59, tzinfo=SHANGHAI)
    event = e.violation("1", absence_start_date=D3, approved_at=late)
    assert reached(left(D1, D1), left(D2, D2), event) is None


def test_the_same_event_delivered_twice_counts_once() -> None:
    event = left(D1, D1)
    assert reached(event, event, event) is None
