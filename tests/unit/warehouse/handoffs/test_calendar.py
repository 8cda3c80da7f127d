from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.handoffs.calendar import WorkingCalendar, add_months

FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)
DAYS = {FIRST + timedelta(days=n): chinese_calendar.is_workday(FIRST + timedelta(days=n)) for n in range((LAST - FIRST).days + 1)}


@pytest.fixture
def calendar() -> WorkingCalendar:
    return WorkingCalendar(DAYS)


def test_the_state_councils_2026_days_off_and_make_up_days_are_the_calendars(calendar: WorkingCalendar) -> None:
    off = {date(2026, 1, 1), date(2026, 2, 16), date(2026, 4, 6), date(2026, 5, 5), date(2026, 6, 19), date(2026, 9, 25), date(2026, 10, 7)}
    make_up = {date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10)}
    assert not any(calendar.is_working(day) for day in off)
    assert all(calendar.is_working(day) for day in make_up)


@pytest.mark.parametrize(
    ("lead_days", "kind", "legal", "safe"),
    [
        (3, "calendar", date(2026, 10, 3), date(2026, 9, 30)),
        (3, "working", date(2026, 9, 28), date(2026, 9, 28)),
        (7, "working", date(2026, 9, 21), date(2026, 9, 21)),
    ],
)
def test_a_release_in_the_october_holiday_has_the_printed_deadlines(
    calendar: WorkingCalendar, lead_days: int, kind: str, legal: date, safe: date
) -> None:
    assert calendar.legal_latest(date(2026, 10, 6), lead_days, kind) == legal
    assert calendar.safe_latest(date(2026, 10, 6), lead_days, kind) == safe


def test_fifteen_days_from_a_service_on_20_september_roll_over_the_holiday(calendar: WorkingCalendar) -> None:
    assert calendar.roll(date(2026, 9, 20) + timedelta(days=15)) == date(2026, 10, 8)


def test_a_year_that_is_not_loaded_gives_none_and_is_named(calendar: WorkingCalendar) -> None:
    assert calendar.add_working(date(2026, 12, 30), 3) is None
    assert calendar.roll(date(2027, 1, 2)) is None
    assert calendar.safe_latest(date(2027, 1, 6), 3, "calendar") is None
    assert calendar.missing_years == {2027}


def test_calendar_days_stand_without_a_calendar() -> None:
    assert WorkingCalendar({}).legal_latest(date(2030, 5, 10), 3, "calendar") == date(2030, 5, 7)


def test_a_year_with_a_day_missing_is_not_loaded() -> None:
    holed = {day: is_working for day, is_working in DAYS.items() if day != date(2025, 7, 1)}
    assert WorkingCalendar(holed).roll(date(2025, 3, 1)) is None


@pytest.mark.parametrize(
    ("start", "months", "found"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2025, 12, 15), 1, date(2026, 1, 15)),
        (date(2023, 2, 28), 36, date(2026, 2, 28)),
    ],
)
def test_months_end_on_the_same_day_or_the_months_last(start: date, months: int, found: date) -> None:
    assert add_months(start, months) == found


IN_THE_MIDDLE = st.dates(date(2024, 6, 1), date(2026, 6, 1))


@given(IN_THE_MIDDLE, st.integers(1, 40))
def test_a_number_of_working_days_forth_and_back_comes_to_the_day_itself_when_it_works(day: date, count: int) -> None:
    calendar = WorkingCalendar(DAYS)
    ahead = calendar.add_working(day, count)
    assert ahead is not None
    counted = sum(is_working for other, is_working in DAYS.items() if day < other <= ahead)
    assert counted == count
    assert DAYS[ahead]
    if DAYS[day]:
        assert calendar.before_working(ahead, count) == day
