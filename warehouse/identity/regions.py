"""Region codes through time: which present-day region a code of GB/T 2260 means, on the day it was written or on any day.

Codes of organisations have twelve digits too and are never given to these functions: the agreement says per column whether a
code is a region's (its form is `regions`) or an organisation's. The six digits inside an identity number are no region codes
either: they stay what they were at birth.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np

from expectations.forms.regions import names_by_code

_HISTORY = Path(__file__).parent / "data" / "region_history.csv"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A code as it was used before: until when, by whom, and the code that took its place (a city's, where it was divided)."""

    code: str
    name: str
    valid_from: date | None
    valid_to: date
    new_code: str


@lru_cache(maxsize=1)
def history() -> Mapping[str, tuple[Earlier, ...]]:
    """What each code was before, earliest first. A code here may be in use today, for another region."""
    found: dict[str, list[Earlier]] = defaultdict(list)
    with _HISTORY.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(line for line in lines if not line.startswith("#")):
            opened = date.fromisoformat(row["valid_from"]) if row["valid_from"] else None
            found[row["code"]].append(Earlier(row["code"], row["name"], opened, date.fromisoformat(row["valid_to"]), row["new_code"]))
    return {code: tuple(sorted(earlier, key=lambda one: one.valid_to)) for code, earlier in found.items()}


def present_day(codes: Sequence[str | None] | np.ndarray, on: date | None = None, streets: Collection[str] = frozenset()) -> np.ndarray:
    """The present-day code of each code.

    Args:
        codes: 6, 9 or 12 digits; distinct ones, best. Something else stays as it is.
        on: the day on which the codes were written; decides only for codes that were given again to another region.
        streets: the codes of nine digits that exist, from the station directory; other codes of nine digits are cut to six.

    Returns:
        Object array of codes. A county that became another: its code, and the rest of a longer code behind it only where the
        county's code did not change, for streets are numbered anew. A county that was divided: the city's. A code nobody knows stays.
    """
    return np.array([_present(code, on, streets) if code else None for code in codes], dtype=object)


def _present(code: str, on: date | None, streets: Collection[str]) -> str:
    if not (code.isdecimal() and len(code) in (6, 9, 12)):
        return code
    county = present_county(code[:6], on)
    if county != code[:6] or (len(code) == 9 and code not in streets):
        return county
    return code


@lru_cache(maxsize=1 << 16)
def present_county(code: str, on: date | None = None) -> str:
    """The present-day code of six digits for one of six digits; the same where nothing is known of it."""
    present, current, day = names_by_code(), code, on
    seen: set[str] = set()
    while current not in seen:
        seen.add(current)
        change = _change_of(current, day, is_present=current in present)
        if change is None:
            break
        current, day = change.new_code, max(change.valid_to, day) if day else None
    if current not in present and code not in history():
        return code
    while current not in present and (above := parent(current)):
        current = above
    return current


def counties(codes: Sequence[str]) -> list[str]:
    """The county by which rows are compared, of codes of 6, 9 or 12 digits; "" for everything else.

    It is the present-day county. One that was divided stays under its own old code: its city would make neighbours of all its
    counties. The day of writing is not asked: no code was given again to another region after 1995 (GB/T 2260).
    """
    return [_county(code[:6]) if len(code) in (6, 9, 12) and code.isdecimal() else "" for code in codes]


def _county(code: str) -> str:
    present = present_county(code)
    return code if present.endswith("00") else present


def _change_of(code: str, on: date | None, *, is_present: bool) -> Earlier | None:
    earlier = history().get(code, ())
    if is_present:
        return next((one for one in earlier if on is not None and on <= one.valid_to), None)
    return next((one for one in earlier if on is None or on <= one.valid_to), earlier[-1] if earlier else None)


def parent(code: str) -> str | None:
    """The region above: the community's street, the street's county, the county's city, the city's province; None above that."""
    if len(code) in (9, 12):
        return code[:-3]
    if code[4:] != "00":
        return code[:4] + "00"
    return code[:2] + "0000" if code[2:4] != "00" else None
