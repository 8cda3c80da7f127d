"""A crowd of people who do not exist and the rows four agencies hold about them, with the truth and the errors beside every row.

    crowd(persons, seed)              a frame, for up to some hundred thousand persons
    write(path, persons, seed)        the same rows as parquet, a part at a time

Nothing here is observed: names, numbers and errors come from `stocks` and `rates`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.identity.people import People, people
from benchmarks.identity.records import COLUMNS, rows_of

__all__ = ["COLUMNS", "crowd", "late", "parts", "write"]

PART = 200_000  # persons whose rows are made at once


def crowd(persons: int, seed: int, errors: float = 1.0) -> pd.DataFrame:
    """About 2.24 rows a person; `errors` scales every error rate. The same rows for the same arguments."""
    return pd.concat(parts(persons, seed, errors), ignore_index=True)


def write(path: Path, persons: int, seed: int, errors: float = 1.0) -> int:
    """The rows of `crowd` as a parquet file, never all in memory. Returns their number."""
    writer, count = None, 0
    for part in parts(persons, seed, errors):
        table = pa.Table.from_pandas(part, preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
        count += len(part)
    if writer:
        writer.close()
    return count


def late(frame: pd.DataFrame, count: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The frame without `count` rows, and those rows: tomorrow's new records. Both keep their record ids."""
    chosen = np.zeros(len(frame), bool)
    chosen[np.random.default_rng([seed, 2]).choice(len(frame), size=count, replace=False)] = True
    return frame[~chosen].reset_index(drop=True), frame[chosen].reset_index(drop=True)


def parts(persons: int, seed: int, errors: float) -> Iterator[pd.DataFrame]:
    """The rows, some hundred thousand at a time; a household is never divided."""
    everyone = people(persons, seed)
    first_id = 0
    for low, high in _bounds(everyone):
        part = rows_of(everyone, low, high, seed, errors, first_id)
        first_id += len(part)
        yield part


def _bounds(everyone: People) -> Iterator[tuple[int, int]]:
    low, total = 0, len(everyone)
    while low < total:
        high = min(low + PART, total)
        while high < total and everyone.household[high] == everyone.household[high - 1]:
            high += 1
        yield low, high
        low = high
