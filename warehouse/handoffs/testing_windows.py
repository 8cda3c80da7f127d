"""Test windows of an order: in which consecutive periods from the report a test is owed (practice: 12, 6 and 4 in three years)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from warehouse.handoffs.calendar import add_months
from warehouse.handoffs.facts import Facts
from warehouse.handoffs.rows import DrugTest

TESTED, POSITIVE, NOT_TESTED_WITH_REASON = {"0", "1", "2"}, "1", "5"
YEARS = (1, 2, 3)


class Window(NamedTuple):
    """One period in which a test is owed, both days included."""

    first_date: date
    last_date: date


@lru_cache(maxsize=1 << 14)
def bounds_of(reported: date, months_by_year: tuple[int, ...]) -> tuple[date, ...]:
    """The first day of every window, and the day after the last one; a window never crosses the end of a rehabilitation year."""
    starts = [12 * year + month for year, step in enumerate(months_by_year) for month in range(0, 12, step)]
    return tuple(add_months(reported, months) for months in (*starts, 12 * len(months_by_year)))


def window_of_today(facts: Facts, bounds: tuple[date, ...]) -> Window | None:
    """The window that holds the facts' day; None before the first and after the last."""
    return _window(bounds, facts.today.days_come(bounds) - 1)


def last_window_ended(facts: Facts, bounds: tuple[date, ...]) -> Window | None:
    """The last window that ended before the facts' day; None while the first one runs."""
    return _window(bounds, facts.today.days_come(bounds) - 2)


def is_answered(facts: Facts, window: Window) -> bool:
    """A test was done in the window, or one planned in it was not done for a good reason."""
    return any(_answers(facts, window, test) for test in facts.tests)


def _answers(facts: Facts, window: Window, test: DrugTest) -> bool:
    if test.test_result_code in TESTED:
        day = test.test_date
    elif test.test_result_code == NOT_TESTED_WITH_REASON and test.excuse_code:
        day = test.test_planned_date
    else:
        return False
    return day is not None and window.first_date <= day <= window.last_date and facts.today.has_come(day)


def _window(bounds: tuple[date, ...], position: int) -> Window | None:
    if not 0 <= position < len(bounds) - 1:
        return None
    return Window(bounds[position], bounds[position + 1] - timedelta(days=1))
