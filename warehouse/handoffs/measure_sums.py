"""Shares of handoffs summed to measures of regions, and how shares are written down. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import NamedTuple

from warehouse.handoffs.measures import MonthShares, Share

REGION_DIGITS, PARENT_DIGITS = 6, (4, 2)


class KpiRow(NamedTuple):
    """One measure of a region and month."""

    region_code: str
    month: str
    kpi_code: str
    numerator: int
    denominator: int
    unknown_count: int


def written(months: Iterable[MonthShares]) -> str | None:
    """`202610 PICKUP_RATE 1/1/0, VISIT_RATE 0/1/1; 202611 ...`: month, measures, met/counted/unknown; None for no share at all."""
    texts = (f"{one.month} {', '.join(f'{code} {s.met}/{s.counted}/{s.unknown}' for code, s in one.shares)}" for one in months)
    return "; ".join(texts) or None


@lru_cache(maxsize=1 << 16)
def read(text: str) -> tuple[MonthShares, ...]:
    """The shares that `written` wrote."""
    months = (part.split(" ", 1) for part in text.split("; "))
    return tuple(MonthShares(month, tuple(map(_read_share, shares.split(", ")))) for month, shares in months)


def _read_share(text: str) -> tuple[str, Share]:
    code, numbers = text.split(" ")
    met, counted, unknown = map(int, numbers.split("/"))
    return code, Share(met, counted, unknown)


def regions_above(region_code: str) -> tuple[str, ...]:
    """The region's six digits and its parents of four and two digits, padded with 0; each once."""
    six = region_code[:REGION_DIGITS]
    return tuple(dict.fromkeys([six, *(six[:digits].ljust(REGION_DIGITS, "0") for digits in PARENT_DIGITS)]))


def summed(groups: Iterable[tuple[str, str, int]], months: Collection[str], region_of: Callable[[str], str | None]) -> list[KpiRow]:
    """The measures of every region with a share in these months (yyyymm), in order of region, month and measure.

    Args:
        groups: station_code, shares as written, and how many handoffs have exactly these.
        region_of: the station's region; a station without one adds to no region.
    """
    of_station: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for station_code, text, count in groups:
        for one in read(text):
            if one.month not in months:
                continue
            for code, share in one.shares:
                _add(of_station[station_code, one.month, code], share, count)
    sums: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for (station_code, month, code), total in of_station.items():
        region = region_of(station_code)
        for region_code in regions_above(region) if region else ():
            _add(sums[region_code, month, code], total, 1)
    return [KpiRow(*key, *total) for key, total in sorted(sums.items())]


def _add(total: list[int], numbers: Iterable[int], times: int) -> None:
    for place, number in enumerate(numbers):
        total[place] += number * times
