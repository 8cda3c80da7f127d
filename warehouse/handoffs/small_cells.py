"""Hiding small counts in statistics that leave the responsible desk: counts below five, and a second cell beside each.

A single hidden cell could be had back from the total of its row, so another is hidden with it. Own desks see every count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import NamedTuple, TypeVar

from warehouse.handoffs.measure_sums import KpiRow

LEAST_SHOWN = 5
Cell = TypeVar("Cell", bound=Hashable)


class SharedKpi(NamedTuple):
    """One measure of a region and month as it may be shared; None is hidden."""

    region_code: str
    month: str
    kpi_code: str
    numerator: int | None
    denominator: int | None
    unknown_count: int | None


def hidden_cells(counts: Mapping[Cell, int], *, is_total_shown: bool = True) -> set[Cell]:
    """Which cells of one sum are hidden: those below five, then the smallest others until none can be worked out.

    With the total shown, at least two are hidden and together they are five or more; without it, at least one is, so that the
    total cannot be added up. Nothing is hidden where the total is shown and no count is small.
    """
    order = sorted(counts, key=lambda cell: (counts[cell], str(cell)))
    hidden = [cell for cell in order if counts[cell] < LEAST_SHOWN]
    if not is_total_shown:
        return set(hidden or order[:1])
    others = iter(order[len(hidden) :])
    while hidden and (len(hidden) < 2 or sum(counts[cell] for cell in hidden) < LEAST_SHOWN):
        following = next(others, None)
        if following is None:
            break
        hidden.append(following)
    return set(hidden)


def shared(rows: Iterable[KpiRow]) -> list[SharedKpi]:
    """The measures as they may be shared: in each column, month and measure no region's count below five can be read or worked out."""
    given = list(rows)
    columns = ("numerator", "denominator", "unknown_count")
    hidden = {column: _hidden_regions(given, column) for column in columns}
    return [SharedKpi(*row[:3], *(None if row[:3] in hidden[column] else getattr(row, column) for column in columns)) for row in given]


def _hidden_regions(rows: list[KpiRow], column: str) -> set[tuple[str, ...]]:
    by_parent: dict[tuple[str | None, str, str], dict[tuple[str, ...], int]] = defaultdict(dict)
    for row in rows:
        by_parent[_parent(row.region_code), row.month, row.kpi_code][row[:3]] = getattr(row, column)
    hidden: set[tuple[str, ...]] = set()
    # Parents first: whether a parent's count is shown decides what its children may show.
    for (parent, month, code), counts in sorted(by_parent.items(), key=lambda item: _level(item[0][0])):
        if parent is None:
            hidden |= {cell for cell, count in counts.items() if count < LEAST_SHOWN}
        else:
            hidden |= hidden_cells(counts, is_total_shown=(parent, month, code) not in hidden)
    return hidden


def _parent(region_code: str) -> str | None:
    if region_code.endswith("0000"):
        return None
    return region_code[:2] + "0000" if region_code.endswith("00") else region_code[:4] + "00"


def _level(region_code: str | None) -> int:
    return 0 if region_code is None else 1 if region_code.endswith("0000") else 2
