"""Working days and deadlines: arithmetic over a dated table. A year that is not loaded gives None, never a guess from weekends."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

DayKind = Literal["calendar", "working"]


@lru_cache(maxsize=1 << 16)
def add_days(day: date, days: int) -> date:
    """The day `days` calendar days later (earlier when negative)."""
    return day + timedelta(days=days)


@lru_cache(maxsize=1 << 16)
def add_months(day: date, months: int) -> date:
    """The same day of the month `months` later, or the month's last day where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=1 << 12)
def month_end(day: date) -> date:
    """The last day of the day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


@dataclass(frozen=True)
class WorkingCalendar:
    """Working days of the loaded years, from a table day -> is it a working day.

    A period excludes its first day. Every question that needs a year not loaded is answered None and the year is kept in
    `missing_years`, for the operator's alert CALENDAR_MISSING:<year>.
    """

    days: Mapping[date, bool]
    missing_years: set[int] = field(default_factory=set, compare=False)
    _working: tuple[date, ...] = field(init=False, repr=False, compare=False)
    _years: frozenset[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_working", tuple(sorted(day for day, is_working in self.days.items() if is_working)))
        counts: dict[int, int] = {}
        for day in self.days:
            counts[day.year] = counts.get(day.year, 0) + 1
        complete = (year for year, count in counts.items() if count == date(year, 12, 31).timetuple().tm_yday)
        object.__setattr__(self, "_years", frozenset(complete))

    def is_working(self, day: date) -> bool | None:
        """True on a working day, make-up days included; None when the year is not loaded."""
        return self.days[day] if self._knows(day, day) else None

    def add_working(self, day: date, days: int) -> date | None:
        """The `days`-th working day after `day` (at least 1); `day` itself is not counted."""
        return self._at(bisect_right(self._working, day) + days - 1, day)

    def before_working(self, day: date, days: int) -> date | None:
        """The `days`-th working day before `day` (at least 1); `day` itself is not counted."""
        return self._at(bisect_left(self._working, day) - days, day)

    def roll(self, day: date) -> date | None:
        """`day` if it is a working day, else the next one."""
        return self._at(bisect_left(self._working, day), day)

    def last_working(self, day: date) -> date | None:
        """`day` if it is a working day, else the one before."""
        return self._at(bisect_right(self._working, day) - 1, day)

    def legal_latest(self, release: date, lead_days: int, kind: DayKind) -> date | None:
        """The last day on which a notice of a release on `release` is in time (戒毒条例 34: calendar days; some regions: working days)."""
        return add_days(release, -lead_days) if kind == "calendar" else self.before_working(release, lead_days)

    def safe_latest(self, release: date, lead_days: int, kind: DayKind) -> date | None:
        """The last working day on or before the legal latest day."""
        latest = self.legal_latest(release, lead_days, kind)
        return self.last_working(latest) if latest else None

    def _at(self, position: int, start: date) -> date | None:
        if not 0 <= position < len(self._working):
            beyond = max(self._years, default=start.year) + 1 if position > 0 else min(self._years, default=start.year) - 1
            self.missing_years.add(start.year if start.year not in self._years else beyond)
            return None
        found = self._working[position]
        return found if self._knows(min(start, found), max(start, found)) else None

    def _knows(self, first: date, last: date) -> bool:
        if first.year == last.year and first.year in self._years:
            return True
        unknown = [year for year in range(first.year, last.year + 1) if year not in self._years]
        self.missing_years.update(unknown)
        return not unknown
