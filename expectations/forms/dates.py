"""Calendar days of Asia/Shanghai: every spelling with one meaning is read, every other one is refused by name."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa

from expectations.forms.clean import NULLS, clean
from expectations.forms.columns import are_digits, bytes_of_width, digits_of
from expectations.forms.form import Form, Quick, Read

SHANGHAI_TIME = timezone(timedelta(hours=8))  # the agreement: no summer time, also not in the years that had it
IMPOSSIBLE_DAYS = frozenset({(0, 0, 0), (1900, 1, 0)})
EMPTY_DAYS = IMPOSSIBLE_DAYS | {(1900, 1, 1), (1899, 12, 30), (1899, 12, 31)}
OPEN_DAYS = frozenset({(9999, 12, 31), (2099, 12, 31)})
OPEN_WORD = "长期"
EARLIEST_YEAR = 1800  # no record of these feeds is older; an earlier year is a slip of the keyboard
# Both ends of what the quick readings are sure of: nothing that can mean "no date" lies between.
QUICK_YEARS = (1901, 2098)

_SEPARATED = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_CHINESE = re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})(?=日)")
_NUMERALS = re.compile("([〇○零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})(?=日)")
_TIME = re.compile(
    r"(?:[T日]|\s)\s*([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?\s*(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?", re.IGNORECASE
)
_AMBIGUOUS = re.compile(r"[0-9]{5}(?:\.[0-9]+)?|[0-9]{1,2}([-/.])[0-9]{1,2}\1(?:[0-9]{4}|[0-9]{2})")
_SIX_DIGITS = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})")
_PART = re.compile(
    r"[0-9]{4}(?:[-/.][0-9]{1,2})?|[0-9]{4}年(?:[0-9]{1,2}月?)?|[0-9]{1,2}月(?:[0-9]{1,2}[日号]?)?"
    r"|[〇○零一二三四五六七八九]{4}年?(?:[一二三四五六七八九十]{1,2}月?)?"
)
_LUNAR = re.compile("农历|阴历|[正冬腊]月|闰|初[一二三四五六七八九十]|廿|除夕")
_DIGIT = {**{c: str(i) for i, c in enumerate("〇一二三四五六七八九")}, "零": "0", "○": "0"}

Day = tuple[int, int, int]
Clock = tuple[int, int, int, int, timezone | None]
"""Hour, minute, second, microsecond and the zone written, if any."""


class Refused(Exception):
    """The text is no date of this agreement; `code` says which way."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def form_of(is_open_ended: bool) -> Form:
    """The form of a date field; `is_open_ended` fields read 9999-12-31, 2099-12-31 and 长期 as null."""
    return Form(lambda text: read_one(text, is_open_ended), quick)


def read_one(text: str, is_open_ended: bool = False) -> Read:
    """The day as yyyy-mm-dd; a time of day is cut with W_TIME_CUT; refused texts give their E_ code."""
    cleaned = clean(text)
    if cleaned in NULLS or cleaned == "0":
        return None, None
    if cleaned == OPEN_WORD:
        return None, None if is_open_ended else "E_DATE"
    try:
        day, clock = local_day_and_time(cleaned)
        if day in EMPTY_DAYS:
            return None, None
        if day in OPEN_DAYS:
            return None, None if is_open_ended else "E_DATE"
        return real_day(day).isoformat(), "W_TIME_CUT" if clock and any(clock[:4]) else None
    except Refused as refused:
        return None, refused.code


def local_day_and_time(cleaned: str) -> tuple[Day, Clock | None]:
    """Like `split`, in Shanghai time: where a zone is written, day and time are those of the instant meant.

    Raises:
        Refused: no whole date is written there, or with a zone no instant.
    """
    day, clock = split(cleaned)
    if clock is None or clock[4] is None or day in IMPOSSIBLE_DAYS:
        return day, clock
    hour, minute, second, microsecond, zone = clock
    try:
        midnight = datetime(*day, tzinfo=zone)
        at = (midnight + timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microsecond)).astimezone(SHANGHAI_TIME)
    except (ValueError, OverflowError) as error:
        raise Refused("E_DATE") from error
    return (at.year, at.month, at.day), (at.hour, at.minute, at.second, at.microsecond, SHANGHAI_TIME)


def split(cleaned: str) -> tuple[Day, Clock | None]:
    """Year, month and day as written, not yet checked against the calendar, and the time of day if one is there.

    Raises:
        Refused: no whole date is written there.
    """
    for pattern in (_SEPARATED, _COMPACT, _CHINESE):
        found = pattern.match(cleaned)
        if found:
            groups = [g for g in found.groups() if g[0].isdigit()]
            return _with_time((int(groups[0]), int(groups[1]), int(groups[2])), cleaned[found.end() :], cleaned)
    found = _NUMERALS.match(cleaned)
    if found:
        year = int("".join(_DIGIT[c] for c in found[1]))
        return _with_time((year, _counted(found[2]), _counted(found[3])), cleaned[found.end() :], cleaned)
    raise Refused(_why_not(cleaned))


def _with_time(day: Day, rest: str, cleaned: str) -> tuple[Day, Clock | None]:
    if rest in ("", "日"):
        return day, None
    found = _TIME.fullmatch(rest)
    if not found:
        raise Refused(_why_not(cleaned))
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    microsecond = int((found[4] or "0")[:6].ljust(6, "0"))
    is_midnight_at_end = hour == 24 and not (minute or second or microsecond)
    if (hour > 23 and not is_midnight_at_end) or minute > 59 or second > 59:
        raise Refused("E_DATE")
    return day, (hour, minute, second, microsecond, _zone(found[5]))


def _zone(text: str | None) -> timezone | None:
    if text is None:
        return None
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) > 14 or int(digits[2:]) > 59:
        raise Refused("E_DATE")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _counted(numeral: str) -> int:
    """一 to 三十一 as a number; 0 for anything that only looks like one."""
    tens, ten, ones = numeral.rpartition("十")
    if not ten:
        return int(_DIGIT[ones]) if len(ones) == 1 else 0
    if len(tens) > 1 or len(ones) > 1 or tens == "十":
        return 0
    return 10 * (int(_DIGIT[tens]) if tens else 1) + (int(_DIGIT[ones]) if ones else 0)


def real_day(day: Day) -> date:
    """The day, if the calendar has it.

    Raises:
        Refused: E_DATE.
    """
    try:
        found = date(*day)
    except ValueError as error:
        raise Refused("E_DATE") from error
    if found.year < EARLIEST_YEAR:
        raise Refused("E_DATE")
    return found


def _why_not(cleaned: str) -> str:
    if _LUNAR.search(cleaned) or _PART.fullmatch(cleaned):
        return "E_DATE_PART"
    six = _SIX_DIGITS.fullmatch(cleaned)
    if six:
        # 201113 could be a day of 2020 or nothing; 202401 can only be a year and a month.
        is_only_month = six[1] in {"19", "20"} and 1 <= int(six[3]) <= 12 and not 1 <= int(six[2]) <= 12
        return "E_DATE_PART" if is_only_month else "E_DATE_AMBIGUOUS"
    return "E_DATE_AMBIGUOUS" if _AMBIGUOUS.fullmatch(cleaned) else "E_DATE"


def quick(texts: pa.LargeStringArray) -> Quick:
    """Texts that are `yyyy-mm-dd` of a real day in `QUICK_YEARS`."""
    places, matrix = bytes_of_width(texts, 10)
    done = np.zeros(len(texts), dtype=bool)
    done[places[is_day(matrix)]] = True
    return done, None


def is_day(matrix: np.ndarray) -> np.ndarray:
    """True for the byte rows that begin with `yyyy-mm-dd`, a real day in `QUICK_YEARS`."""
    good = are_digits(matrix, [0, 1, 2, 3, 5, 6, 8, 9]) & (matrix[:, 4] == 45) & (matrix[:, 7] == 45)
    years, months, days = digits_of(matrix, 0, 4), digits_of(matrix, 5, 7), digits_of(matrix, 8, 10)
    result: np.ndarray = good & (years >= QUICK_YEARS[0]) & (years <= QUICK_YEARS[1]) & is_in_calendar(years, months, days)
    return result


def is_in_calendar(years: np.ndarray, months: np.ndarray, days: np.ndarray) -> np.ndarray:
    """True where year, month and day make a day of the Gregorian calendar."""
    is_leap = ((years % 4 == 0) & (years % 100 != 0)) | (years % 400 == 0)
    lengths = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[np.where((months >= 1) & (months <= 12), months, 0)]
    result: np.ndarray = (days >= 1) & (days <= lengths + ((months == 2) & is_leap))
    return result
