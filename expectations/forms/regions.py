"""Region codes of GB/T 2260 and below: digits as received, or a name that only one present region has.

Old codes stay as they are: which region a code means on a day is worked out by the identity layer. Nothing is refused for
being unknown to our list; it serves names only.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from expectations.forms.clean import NULLS, clean
from expectations.forms.form import Form, Read

_LIST = Path(__file__).with_name("regions.csv")
_DIGITS = re.compile(r"([0-9]{12}|[0-9]{9}|[0-9]{6})(\.0+)?")
_WITH_NAME = re.compile(r"([0-9]{12}|[0-9]{9}|[0-9]{6})[-_:. ]+([^0-9]+)|([^0-9]+)\(([0-9]{12}|[0-9]{9}|[0-9]{6})\)")
_BLANKS = re.compile(r"\s+")


def read_one(text: str) -> Read:
    """The code of 6 or 12 digits (9 are cut to 6); a unique name gives its code with W_REGION_NAME; else E_CODE."""
    cleaned = clean(text)
    if cleaned in NULLS:
        return None, None
    digits = _DIGITS.fullmatch(cleaned)
    if digits:
        return _without_street(digits[1]), "W_CODE_FORM" if digits[2] else None
    both = _WITH_NAME.fullmatch(cleaned)
    if both:
        return _agreeing(both[1] or both[4], both[2] or both[3])
    code = codes_by_name().get(_BLANKS.sub("", cleaned))
    return (code, "W_REGION_NAME") if code else (None, "E_CODE")


def _without_street(digits: str) -> str:
    """Nine digits name a street in a code that no other register uses; the county is what they are agreed to mean."""
    return digits[:6] if len(digits) == 9 else digits


def _agreeing(digits: str, name: str) -> Read:
    """Code and name together: as with every code, they must not contradict each other where our list knows the code."""
    known = names_by_code().get(digits) if len(digits) == 6 else None
    if known and not _BLANKS.sub("", name).endswith(known):
        return None, "E_CODE"
    return _without_street(digits), None


@lru_cache(maxsize=1)
def names_by_code() -> Mapping[str, str]:
    """Present six-digit codes to their own names."""
    with _LIST.open(encoding="utf-8", newline="") as lines:
        return {row["code"]: row["name"] for row in csv.DictReader(line for line in lines if not line.startswith("#"))}


@lru_cache(maxsize=1)
def codes_by_name() -> Mapping[str, str]:
    """Names, alone and behind the names above them, to the code, for the names only one region has."""
    names = names_by_code()
    found: dict[str, set[str]] = {}
    for code, name in names.items():
        above = [names[up] for up in (code[:2] + "0000", code[:4] + "00") if up in names and up != code]
        for spelling in {name, *(upper + name for upper in above), "".join(above) + name}:
            found.setdefault(spelling, set()).add(code)
    return {spelling: next(iter(codes)) for spelling, codes in found.items() if len(codes) == 1}


FORM = Form(read_one)
