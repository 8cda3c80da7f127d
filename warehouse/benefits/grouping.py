"""Columns by group: any, sum, latest, first, and values at the places another column names. Exact whole numbers only."""

from __future__ import annotations

from typing import Any

import numpy as np

from warehouse.benefits.facts import NO_DAY, NOBODY


def any_by(group: np.ndarray, holds: np.ndarray, count: int) -> np.ndarray:
    """For each of `count` groups: does it hold for any row of the group; rows of group NOBODY are left out."""
    found = np.zeros(count, dtype=bool)
    found[group[holds & (group != NOBODY)]] = True
    return found


def sum_by(group: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """The int64 sum of each group; rows of group NOBODY are left out."""
    total = np.zeros(count, dtype=np.int64)
    is_somebody = group != NOBODY
    np.add.at(total, group[is_somebody], values[is_somebody])
    return total


def latest_by(group: np.ndarray, days: np.ndarray, holds: np.ndarray, count: int) -> np.ndarray:
    """The latest day of each group among the rows where it holds; NO_DAY where there is none."""
    latest = np.full(count, NO_DAY, dtype=np.int32)
    chosen = holds & (group != NOBODY)
    np.maximum.at(latest, group[chosen], days[chosen])
    return latest


def latest_row_by(group: np.ndarray, days: np.ndarray, holds: np.ndarray, count: int) -> np.ndarray:
    """The row of the latest day of each group where it holds, then the last in order of rows; -1 where there is none."""
    last = np.full(count, -1, dtype=np.int64)
    order = np.lexsort((np.arange(len(group)), days, group))
    order = order[(holds & (group != NOBODY))[order]]
    last[group[order]] = order
    return last


def first_by(group: np.ndarray, holds: np.ndarray, count: int) -> np.ndarray:
    """The first row of each group where it holds, in order of rows; -1 where there is none."""
    first = np.full(count, -1, dtype=np.int64)
    rows = np.flatnonzero(holds & (group != NOBODY))[::-1]
    first[group[rows]] = rows
    return first


def at(values: np.ndarray, places: np.ndarray, nothing: Any) -> np.ndarray:
    """Values at places; `nothing` where the place is negative."""
    if len(values) == 0:
        return np.full(len(places), nothing)
    return np.where(places >= 0, values[np.maximum(places, 0)], nothing).astype(values.dtype)
