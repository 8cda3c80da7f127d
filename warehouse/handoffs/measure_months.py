"""The months whose measures can still change, and which days lie in them: up to the month's end, or up to D while it runs."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from warehouse.handoffs.calendar import add_months, month_end
from warehouse.handoffs.today import Today


@dataclass(frozen=True, slots=True)
class Month:
    """One month seen from a day: E is its last day, or D where the month is not over. Asks `today`, so that a handoff wakes in time."""

    code: str  # yyyymm
    first_date: date
    last_date: date
    today: Today

    def is_by_end(self, day: date | None) -> bool:
        """day <= E; False for no day."""
        return day is not None and day <= self.last_date and self.today.has_come(day)

    def holds(self, day: date | None) -> bool:
        """The day lies in the month and is not after E; False for no day."""
        return day is not None and self.first_date <= day <= self.last_date and self.today.has_come(day)

    def ends_after(self, day: date) -> bool:
        """E > day."""
        return day < self.last_date and self.today.is_past(day)

    def is_within_days(self, day: date, days: int) -> bool:
        """The day is E or one of the `days` - 1 days before it."""
        return self.is_by_end(day) and not self.ends_after(day + timedelta(days=days - 1))

    def is_within_year(self, day: date | None) -> bool:
        """The day is not after E and twelve months from it are not over at E."""
        return day is not None and self.is_by_end(day) and not self.is_by_end(add_months(day, 12))

    def days_by_end(self, days: tuple[date, ...]) -> int:
        """How many of the days, given in order, are not after E."""
        by_last = bisect_right(days, self.last_date)
        return min(by_last, self.today.days_come(days[:by_last]))


def changing_months(today: Today) -> tuple[Month, Month]:
    """The month before D's and D's own; earlier ones keep what was last worked out."""
    before, own = _months(today.month_start())
    return Month(*before, today), Month(*own, today)


@lru_cache(maxsize=1 << 10)
def _months(first: date) -> tuple[tuple[str, date, date], ...]:
    firsts = (add_months(first, -1), first)
    return tuple((f"{day:%Y%m}", day, month_end(day)) for day in firsts)
