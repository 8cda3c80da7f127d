"""The day a handoff is looked at: it answers comparisons and remembers when the first of its answers will change.

Rules learn the day in no other way, so between two days without a change of any answer they take the same branches and come to
the same result: `wakes_on` cannot be too late. A threshold that turns out not to matter only wakes a handoff for nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from core.clock import SHANGHAI, end_of_day_at

ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=1 << 12)
def _ends_at(day: date) -> datetime:
    """24:00 of a Shanghai day; in UTC as the rows' instants are, so that the two are compared as they stand."""
    return end_of_day_at(day).astimezone(UTC)


@lru_cache(maxsize=1 << 8)
def _month_of(day: date) -> tuple[date, date]:
    """The first day of the day's month and of the next."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def day_of(instant: datetime) -> date:
    """The Shanghai day of an instant."""
    return instant.astimezone(SHANGHAI).date()


def starts_at(day: date) -> datetime:
    """0:00 of a Shanghai day, as an instant."""
    return _ends_at(day - ONE_DAY)


class Today:
    """The day D (24:00 of it is A), asked by the rules."""

    __slots__ = ("_comes", "_day", "_goes", "_until")

    def __init__(self, as_of: date) -> None:
        self._day = as_of
        self._until = _ends_at(as_of)
        self._comes = date.max  # the next day one asked `has_come` about
        self._goes = date.max  # the next day one asked `is_past` about

    @property
    def as_of(self) -> date:
        """The day itself, for results and messages; a rule that compares it would sleep too long."""
        return self._day

    @property
    def wakes_on(self) -> date | None:
        """The first later day on which any answer given so far would be another; None when time alone changes nothing."""
        after = self._goes + ONE_DAY if self._goes < date.max else date.max
        first = min(self._comes, after)
        return first if first < date.max else None

    def has_come(self, day: date | None) -> bool:
        """D >= day; False for no day."""
        if day is None:
            return False
        if day <= self._day:
            return True
        if day < self._comes:
            self._comes = day
        return False

    def is_past(self, day: date | None) -> bool:
        """D > day; False for no day."""
        if day is None:
            return False
        if day < self._day:
            return True
        if day < self._goes:
            self._goes = day
        return False

    def has_happened(self, instant: datetime | None) -> bool:
        """The instant is before A; False for none."""
        if instant is None:
            return False
        if instant < self._until:
            return True
        self.has_come(day_of(instant))
        return False

    def month_start(self) -> date:
        """The first day of D's month."""
        first, after = _month_of(self._day)
        self.has_come(after)
        return first

    def days_come(self, days: tuple[date, ...]) -> int:
        """How many of the days, given in order, have come."""
        come = bisect_right(days, self._day)
        if come < len(days):
            self.has_come(days[come])
        return come

    def capped(self, day: date | None) -> date:
        """The earlier of D and the day; D for no day (what runs on grows until today)."""
        if day is not None and self.has_come(day):
            return day
        self.has_come(self._day + ONE_DAY)
        return self._day
