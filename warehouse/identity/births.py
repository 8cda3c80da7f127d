"""Birth dates: how alike two of them are."""

from __future__ import annotations

from datetime import date
from enum import IntEnum
from functools import lru_cache


class BirthLikeness(IntEnum):
    """How alike two birth dates are; NONE: one of them is not known."""

    NONE = 0
    DIFFERENT = 1
    NEAR = 2
    SAME = 3

    @property
    def word(self) -> str:
        """The level as evidence shows it."""
        return self.name.lower()


def birth_likeness(one: date | None, other: date | None) -> BirthLikeness:
    """How alike two birth dates are.

    NEAR is one slip: one digit, day and month swapped, 1 January for a day of that year, the lunar date of the same day, or
    one year off.
    """
    if one is None or other is None:
        return BirthLikeness.NONE
    if one == other:
        return BirthLikeness.SAME
    return BirthLikeness.NEAR if _is_near(*sorted((one, other))) else BirthLikeness.DIFFERENT


@lru_cache(maxsize=1 << 16)
def _is_near(one: date, other: date) -> bool:
    digits = sum(a != b for a, b in zip(f"{one:%Y%m%d}", f"{other:%Y%m%d}", strict=True))
    is_same_year = one.year == other.year
    return (
        digits == 1
        or (is_same_year and (one.month, one.day) == (other.day, other.month))
        or (is_same_year and (1, 1) in {(one.month, one.day), (other.month, other.day)})
        or (abs(one.year - other.year) == 1 and (one.month, one.day) == (other.month, other.day))
        or _lunar(one) == (other.year, other.month, other.day)
        or _lunar(other) == (one.year, one.month, one.day)
    )


@lru_cache(maxsize=1 << 16)
def _lunar(day: date) -> tuple[int, int, int] | None:
    from lunardate import LunarDate

    try:
        lunar = LunarDate.from_solar_date(day.year, day.month, day.day)
    except ValueError:  # outside 1900 to 2099, where the package's table ends
        return None
    return lunar.year, lunar.month, lunar.day
