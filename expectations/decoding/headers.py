"""Which column of a sheet is which field of the feed (agreement sections 1 and 8: headers, and units in headers)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from core.errors import AgreementBroken
from expectations.agreement import Feed, Field, feed
from expectations.workbook.titles import normal_title

UNITS_BY_WORD = {
    "元": "yuan",
    "人民币元": "yuan",
    "元/月": "yuan/month",
    "元每月": "yuan/month",
    "月/元": "yuan/month",
    "元/年": "yuan/year",
    "元每年": "yuan/year",
    "年/元": "yuan/year",
    "元/季": "yuan/quarter",
    "元/天": "yuan/day",
    "元/日": "yuan/day",
    "角": "jiao",
    "千元": "1000 yuan",
    "万": "10000 yuan",
    "万元": "10000 yuan",
    "万元/月": "10000 yuan/month",
    "万元/年": "10000 yuan/year",
    "百万元": "1000000 yuan",
    "美元": "dollars",
    "月": "months",
    "个月": "months",
    "年": "years",
    "周": "weeks",
    "天": "days",
    "日": "days",
    "小时": "hours",
    "学时": "hours",
    "课时": "hours",
    "分钟": "minutes",
    "秒": "seconds",
    "人": "persons",
    "名": "persons",
    "户": "households",
    "次": "times",
    "分": "points",
    "平方米": "sqm",
    "m2": "sqm",
    "平方米/人": "sqm/person",
    "平方千米": "square kilometres",
    "亩": "mu",
    "毫米": "mm",
    "mm": "mm",
    "厘米": "cm",
    "cm": "cm",
    "米": "m",
    "套": "dwellings",
    "间": "rooms",
    "辆": "vehicles",
    "台": "vehicles",
    "家": "companies",
}
"""Unit words that stand in headers, and what they count. A word that is not here is no unit."""

_AROUND_UNITS = "()[]{}【】〔〕《》<>:;,、。_-/\\|"
_UNIT_IN_BRACKETS = re.compile(r"\([^()]*\)$")


@dataclass(frozen=True)
class Layout:
    """What each column of a sheet holds: its field's name, or None for a column the agreement does not know."""

    fields: tuple[str | None, ...]
    unknown: tuple[str, ...]

    @property
    def known_count(self) -> int:
        """How many columns are agreed ones."""
        return len(self.fields) - self.fields.count(None)


@lru_cache(maxsize=64)
def titles_of(feed_name: str) -> dict[str, str]:
    """The feed's headers as they are compared, and their fields."""
    return {normal_title(f.header): f.field for f in feed(feed_name).fields}


def lay_out(asked: Feed, titles: Sequence[str], *, by_field_name: bool = False) -> Layout:
    """The titles of a sheet matched to the feed's fields; unknown ones are listed, not judged.

    A title that differs from the agreed one only in naming the same unit in other words is the agreed one.

    Raises:
        AgreementBroken: E_HEADER_UNIT where a known column stands there in another unit, E_HEADER where one stands there twice.
    """
    known = {f.field: f.field for f in asked.fields} if by_field_name else titles_of(asked.feed)
    found = [known.get(title.strip() if by_field_name else normal_title(title)) for title in titles]
    if not by_field_name:
        _place_by_unit(asked, titles, found)
    twice = {name for name in found if name and found.count(name) > 1}
    if twice:
        raise AgreementBroken("E_HEADER", f"columns that stand there twice: {_listed(asked, twice)}; keep one of each")
    unknown = tuple(_shown(title, number) for number, (title, name) in enumerate(zip(titles, found, strict=True), 1) if name is None)
    return Layout(tuple(found), unknown)


def check_complete(asked: Feed, layout: Layout) -> None:
    """Every column of an always required field is there.

    Raises:
        AgreementBroken: E_HEADER with the missing columns listed.
    """
    missing = {f.field for f in asked.fields if f.required == "always"} - set(layout.fields)
    if missing:
        raise AgreementBroken("E_HEADER", f"missing columns: {_listed(asked, missing)}; the template of {asked.feed} has them all")


def _place_by_unit(asked: Feed, titles: Sequence[str], found: list[str | None]) -> None:
    measured = [f for f in asked.fields if f.unit and f.field not in found]
    other_unit = set()
    for position, title in enumerate(titles):
        if found[position]:
            continue
        for candidate in measured:
            unit = _unit_said(candidate, normal_title(title))
            if unit == candidate.unit:
                found[position] = candidate.field
            elif unit:
                other_unit.add(candidate.field)
    if other_unit:
        raise AgreementBroken(
            "E_HEADER_UNIT", f"columns in another unit than agreed: {_listed(asked, other_unit)}; convert them and send again"
        )


def _unit_said(candidate: Field, title: str) -> str | None:
    """The unit that a title names after the field's bare name, or None where it is not such a title."""
    bare = _UNIT_IN_BRACKETS.sub("", normal_title(candidate.header))
    if not title.startswith(bare):
        return None
    rest = title.removeprefix(bare).strip(_AROUND_UNITS).removeprefix("单位").strip(_AROUND_UNITS)
    return UNITS_BY_WORD.get(rest)


def _listed(asked: Feed, names: set[str]) -> str:
    return "、".join(f.header for f in asked.fields if f.field in names)


def _shown(title: str, number: int) -> str:
    """An unknown title for the notes; where a data row stands in for the header it may hold personal values, so those are not shown."""
    shown = normal_title(title)
    return shown if shown and len(shown) <= 20 and not re.search(r"\d{4}", shown) else f"column {number}"
