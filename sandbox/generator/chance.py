"""Seeded chance: one independent stream per subject, so that enriching one story leaves the others as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Chance(Random):
    """A stream of chance with the few draws a province needs."""

    def happens(self, share: float) -> bool:
        """True in about `share` (0 to 1) of the calls."""
        return self.random() < share

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One key, drawn by its weight."""
        return self.choices(list(weights), list(weights.values()))[0]

    def day_between(self, first: date, last: date) -> date:
        """A day from first to last, both included; `first` when the range is empty."""
        return first + timedelta(days=self.randint(0, max(0, (last - first).days)))

    def days_after(self, day: date, least: int, most: int) -> date:
        """A day `least` to `most` days after `day`."""
        return day + timedelta(days=self.randint(least, most))

    def office_time(self, day: date, first_hour: int = 8, last_hour: int = 19) -> datetime:
        """A moment of that day within office hours, Asia/Shanghai, without zone."""
        return datetime.combine(day, time(self.randint(first_hour, last_hour), self.randint(0, 59), self.randint(0, 59)))

    def some(self, items: Sequence[T], least: int, most: int) -> tuple[T, ...]:
        """`least` to `most` different items, in the order given."""
        chosen = set(self.sample(range(len(items)), min(len(items), self.randint(least, most))))
        return tuple(item for number, item in enumerate(items) if number in chosen)


def stream(seed: int, subject: str) -> Chance:
    """The stream of one subject: the same seed and subject give the same draws on every machine."""
    return Chance(f"guitu/{seed}/{subject}")
