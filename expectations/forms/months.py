"""Months: yyyymm. Six digits are always year and month here, never a short date."""

from __future__ import annotations

import re

from expectations.forms import dates
from expectations.forms.clean import NULLS, clean
from expectations.forms.form import Form, Read

_SPELLINGS = (
    re.compile(r"([0-9]{4})([0-9]{2})"),
    re.compile(r"([0-9]{4})[-/]([0-9]{1,2})"),
    re.compile(r"([0-9]{4})年([0-9]{1,2})月"),
)
_OPEN_MONTHS = frozenset({(9999, 12), (2099, 12)})
_EARLIEST_YEAR, _LATEST_YEAR = 1900, 2100


def form_of(is_open_ended: bool) -> Form:
    """The form of a month; a field that ends something reads 999912 and 209912 as null."""
    return Form(lambda text: read_one(text, is_open_ended))


def read_one(text: str, is_open_ended: bool = False) -> Read:
    """The month as yyyymm, also from a full date; anything else gives the date codes."""
    cleaned = clean(text)
    if cleaned in NULLS:
        return None, None
    for spelling in _SPELLINGS:
        found = spelling.fullmatch(cleaned)
        if found:
            return _month(int(found[1]), int(found[2]), is_open_ended)
    if cleaned == "0":
        return None, "E_DATE"
    day, code = dates.read_one(cleaned, is_open_ended)
    if day is None:
        return None, code
    month, refused = _month(int(day[:4]), int(day[5:7]), is_open_ended)
    # A full date is never ambiguous: out of range it is a wrong date.
    return month, "E_DATE" if refused else code


def _month(year: int, month: int, is_open_ended: bool) -> Read:
    if (year, month) in _OPEN_MONTHS:
        return None, None if is_open_ended else "E_DATE"
    if not 1 <= month <= 12:
        return None, "E_DATE"
    # 240105 has the digits of a month of the year 2401, but nobody means that.
    return (f"{year:04d}{month:02d}", None) if _EARLIEST_YEAR <= year <= _LATEST_YEAR else (None, "E_DATE_AMBIGUOUS")
