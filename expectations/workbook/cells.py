"""What one stored cell says as text, by the kind of its column (agreement sections 6 and 8)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from expectations.workbook.archive import Refused
from expectations.workbook.parts import DateStyles
from expectations.workbook.sheet import Cell

Kind = Literal["text", "id", "month", "date", "datetime", "other"]
LONGEST_EXACT = 15
"""Digits that a number cell keeps; the rest are zeros that Excel made up."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}\.?[0-9]{0,400}|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,3})?")
_LAST_SERIAL = 2_958_466
_FICTIONAL_DAY = 60
"""The serial of 1900-02-29, which the 1900 system has and the calendar has not."""


@dataclass(frozen=True)
class CellReader:
    """Reads the cells of one workbook."""

    strings: list[str]
    styles: DateStyles
    is_1904: bool

    def read(self, cell: Cell, kind: Kind) -> tuple[str, str | None]:
        """The cell's text and the code of what is wrong with it; the text is empty where it cannot be taken.

        Raises:
            Refused: the cell points to a shared string that is not there.
        """
        code, style, stored, is_formula = cell
        if code == "s" and stored:
            return self._shared(stored), None
        if code == "e" or (is_formula and not stored and (stored is None or code != "str")):
            return "", "E_FORMULA"
        if code in ("str", "inlineStr"):
            return stored or "", None
        stored = (stored or "").strip()
        if not stored:
            return "", None
        if code == "b":
            return ("", "E_TYPE") if kind in ("text", "id", "month") else ("true" if stored in ("1", "true") else "false", None)
        if code == "d":
            return ("", "E_TYPE") if kind in ("text", "id") else (stored.replace("T", " "), None)
        return self._number(stored, style, kind)

    def _shared(self, stored: str) -> str:
        if not (stored.isascii() and stored.isdigit() and len(stored) < 9 and int(stored) < len(self.strings)):
            raise Refused("a cell points to a text that is not there")
        return self.strings[int(stored)]

    def _number(self, stored: str, style: str, kind: Kind) -> tuple[str, str | None]:
        if not _NUMBER.fullmatch(stored):
            return "", "E_TYPE"
        if kind in ("date", "datetime"):
            return day_text(stored, self.is_1904, self._shows(self.styles.times, style)), None
        if kind == "other":
            return shortest_decimal(stored), None
        if self._shows(self.styles.dates, style):
            return (day_text(stored, self.is_1904, False), None) if kind == "month" else ("", "E_TYPE")
        return _text_from_number(shortest_decimal(stored), kind)

    @staticmethod
    def _shows(styles: frozenset[int], style: str) -> bool:
        return style.isascii() and style.isdigit() and len(style) < 9 and int(style) in styles


def _text_from_number(number: str, kind: Kind) -> tuple[str, str | None]:
    """A number where text was agreed: short whole numbers are their digits; longer ones are what Excel would show of them."""
    digits = number.removeprefix("-")
    if digits.isdigit() and len(digits) <= LONGEST_EXACT:
        return number, "W_NUMERIC_TEXT"
    if kind != "id":
        return "", "E_TYPE"
    mantissa, _, exponent = f"{Decimal(number):.5E}".partition("E")
    return f"{mantissa}E{exponent}", None


def shortest_decimal(stored: str) -> str:
    """The shortest decimal that is the stored double, without exponent: ``1234.5``, ``-3``, ``0.3``."""
    if stored.isdigit() and len(stored) <= LONGEST_EXACT:
        return str(int(stored))
    number = float(stored)
    if number in (float("inf"), float("-inf")):
        return stored
    text = f"{Decimal(repr(number)):f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"


def day_text(stored: str, is_1904: bool, shows_time: bool) -> str:
    """A serial day as ``2024-01-05`` or, with a time of day or a style that shows one, ``2024-01-05 08:30:00``.

    A number beyond the calendar of the format (20240105) is not a serial day and stays its digits.
    """
    serial = float(stored)
    if not 0 <= serial < _LAST_SERIAL:
        return shortest_decimal(stored)
    days, seconds = divmod(round(serial * 86_400), 86_400)
    if is_1904:
        day = (date(1904, 1, 1) + timedelta(days)).isoformat()
    elif days == 0:
        day = "1900-01-00"
    elif days == _FICTIONAL_DAY:
        day = "1900-02-29"
    else:
        day = (date(1899, 12, 31 if days < _FICTIONAL_DAY else 30) + timedelta(days)).isoformat()
    return f"{day} {timedelta(seconds=seconds)!s:0>8}" if seconds or shows_time else day
