"""Birth dates: how alike two of them are, one pair at a time or as columns of days since 1970-01-01."""

from __future__ import annotations

from datetime import date, timedelta
from enum import IntEnum
from functools import lru_cache

import numpy as np

NO_DAY = -(2**31)
"""The day of a birth that is not known."""

_EPOCH = date(1970, 1, 1).toordinal()
# Days that have a place in the tables below; other days are worked out one by one, and have no lunar date.
_FIRST = date(1850, 1, 1).toordinal() - _EPOCH
_LAST = date(2149, 12, 31).toordinal() - _EPOCH
# Where the lunar package's table begins and ends; outside it the package answers without an error, and wrongly.
_LUNAR_FIRST, _LUNAR_LAST = date(1900, 1, 31), date(2100, 2, 8)
_AT_ONCE = 1 << 19


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


def birth_levels(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """`birth_likeness` of each pair of days.

    Args:
        one: int32 days since 1970-01-01, NO_DAY where not known.
        other: the same, of the same length.

    Returns:
        int8 values of BirthLikeness.
    """
    levels = np.full(len(one), BirthLikeness.DIFFERENT, dtype=np.int8)
    levels[one == other] = BirthLikeness.SAME
    levels[(one == NO_DAY) | (other == NO_DAY)] = BirthLikeness.NONE
    unequal = np.flatnonzero(levels == BirthLikeness.DIFFERENT)
    for start in range(0, len(unequal), _AT_ONCE):
        part = unequal[start : start + _AT_ONCE]
        levels[part[_are_near(one[part], other[part])]] = BirthLikeness.NEAR
    return levels


def day_of(birth: date | None) -> int:
    """The day as `birth_levels` takes it."""
    return NO_DAY if birth is None else birth.toordinal() - _EPOCH


@lru_cache(maxsize=1 << 16)
def _is_near(one: date, other: date) -> bool:
    digits = sum(a != b for a, b in zip(one.isoformat(), other.isoformat(), strict=True))
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

    if not _LUNAR_FIRST <= day <= _LUNAR_LAST:
        return None
    lunar = LunarDate.from_solar_date(day.year, day.month, day.day)
    return lunar.year, lunar.month, lunar.day


def _are_near(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    a, b = _written(one), _written(other)
    hex_a, hex_b = _spelled(a), _spelled(b)
    near = _differ_in_one_digit(hex_a, hex_b) | (np.abs(a - b) == 10000)
    is_same_year = (hex_a >> 16) == (hex_b >> 16)
    is_swapped = ((hex_a & 0xFF) == ((hex_b >> 8) & 0xFF)) & (((hex_a >> 8) & 0xFF) == (hex_b & 0xFF))
    is_first = ((hex_a & 0xFFFF) == 0x0101) | ((hex_b & 0xFFFF) == 0x0101)
    near |= is_same_year & (is_swapped | is_first)
    rest = np.flatnonzero(~near)
    if len(rest):
        near[rest] = (_lunar_written(one[rest]) == b[rest]) | (_lunar_written(other[rest]) == a[rest])
    return near


def _differ_in_one_digit(hex_a: np.ndarray, hex_b: np.ndarray) -> np.ndarray:
    differing = hex_a ^ hex_b
    marks = (differing | differing >> 1 | differing >> 2 | differing >> 3) & 0x11111111
    result: np.ndarray = (marks != 0) & (marks & (marks - 1) == 0)
    return result


def _written(days: np.ndarray) -> np.ndarray:
    """Each day as the number yyyymmdd."""
    if days.min() >= _FIRST and days.max() <= _LAST:
        return _written_table()[days - _FIRST]
    return _write(days)


@lru_cache(maxsize=1)
def _written_table() -> np.ndarray:
    return _write(np.arange(_FIRST, _LAST + 1, dtype=np.int32))


def _write(days: np.ndarray) -> np.ndarray:
    at = days.astype("datetime64[D]")
    months = at.astype("datetime64[M]")
    month = months.astype(np.int32)
    result: np.ndarray = (month // 12 + 1970) * 10000 + (month % 12 + 1) * 100 + (at - months).astype(np.int32) + 1
    return result


def _spelled(written: np.ndarray) -> np.ndarray:
    """The number with one decimal digit in each half byte."""
    result = np.zeros(len(written), dtype=np.uint32)
    rest = written.astype(np.uint32)
    for shift in range(0, 32, 4):
        result |= (rest % 10) << np.uint32(shift)
        rest = rest // 10
    return result


def _lunar_written(days: np.ndarray) -> np.ndarray:
    """The lunar date of each day as yyyymmdd; 0 where none is known."""
    place = days.astype(np.int64) - _FIRST
    result: np.ndarray = np.where((place >= 0) & (place <= _LAST - _FIRST), _lunar_table()[np.clip(place, 0, _LAST - _FIRST)], 0)
    return result


@lru_cache(maxsize=1)
def _lunar_table() -> np.ndarray:
    """Lunar yyyymmdd of every day from _FIRST to _LAST, asked once a month: months have 29 or 30 days."""
    table = np.zeros(_LAST - _FIRST + 1, dtype=np.int32)
    day = _LUNAR_FIRST
    while (first := _lunar(day)) is not None:
        thirtieth = _lunar(day + timedelta(days=29))
        length = 30 if thirtieth and thirtieth[2] == 30 else 29
        place = day.toordinal() - _EPOCH - _FIRST
        table[place : place + length] = first[0] * 10000 + first[1] * 100 + np.arange(1, length + 1)
        day += timedelta(days=length)
    return table
