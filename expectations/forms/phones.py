"""Telephone numbers: digits of the first number in the cell; the others stay in the text received."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from expectations.forms.clean import NULLS, as_booleans, clean
from expectations.forms.form import Form, Quick, Read

_BETWEEN = re.compile(r"[,;/、|\\]|或|和|转")
_DECORATION = re.compile(r"[\s\-()\u2010-\u2015]+")
_COUNTRY_APART = re.compile(r"86(?:-|\s)")
_COUNTRY = re.compile(r"(?:(?:\+|00)86)+|86(?=1[3-9][0-9]{9}$)")
_TWO_MOBILES = re.compile(r"(1[3-9][0-9]{9})1[3-9][0-9]{9}")
_SHORTEST, _LONGEST = 3, 16
_MOBILE = r"^1[3-9][0-9]{9}$"


def read_one(text: str) -> Read:
    """The digits; a scientific form or anything else without a plain number is E_NUMBER."""
    cleaned = clean(text)
    if cleaned in NULLS or cleaned == "0":
        return None, None
    first = next((part for part in (p.strip() for p in _BETWEEN.split(cleaned)) if part), "")
    digits = _digits(first)
    if len(digits) > _LONGEST:
        digits = _digits(first.split()[0])
    if not re.fullmatch("[0-9]+", digits) or not _SHORTEST <= len(digits) <= _LONGEST:
        return None, "E_NUMBER"
    return digits, None


def _digits(number: str) -> str:
    """The number without country code, blanks, dashes and brackets; of two mobile numbers run together the first."""
    number = re.sub(r"\.0+$", "", number)
    if _COUNTRY_APART.match(number):
        number = number[2:]
    compact = _DECORATION.sub("", number)
    while found := _COUNTRY.match(compact):
        compact = compact[found.end() :]
    two = _TWO_MOBILES.fullmatch(compact)
    return two[1] if two else compact


def quick(texts: pa.LargeStringArray) -> Quick:
    """Plain mobile numbers."""
    return as_booleans(pc.match_substring_regex(texts, _MOBILE)), None


FORM = Form(read_one, quick)
