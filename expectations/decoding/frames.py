"""Decoded columns on their way from a form's module to the caller: Arrow inside, pandas at the door."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from expectations.delivery import PROBLEM_COLUMNS, Decoded

Problem = tuple[int, str | None, str]
"""row_number, field, code."""


@dataclass
class Columns:
    """All rows of one delivery: `table` one string column per agreed field that is there (empty cell = null), in row order."""

    table: pa.Table
    problems: list[Problem] = field(default_factory=list)
    notes: dict[str, object] = field(default_factory=dict)


def text_table(names: Sequence[str], columns: Sequence[Sequence[str | None]]) -> pa.Table:
    """Lists of texts as string columns; empty text becomes null."""
    arrays = [pa.array([cell or None for cell in column], pa.string()) for column in columns]
    return pa.Table.from_arrays(arrays, names=list(names))


def without_nul(columns: Columns) -> Columns:
    """The same rows with every cell that holds a NUL character emptied and marked E_TYPE; no database can keep such a text."""
    table = columns.table
    for position, name in enumerate(table.column_names):
        broken = pc.fill_null(pc.match_substring(table.column(position), "\x00"), False)
        if not pc.any(broken).as_py():
            continue
        columns.problems += [(int(row) + 1, name, "E_TYPE") for row in pc.indices_nonzero(broken).to_pylist()]
        table = table.set_column(position, name, pc.if_else(broken, pa.scalar(None, pa.string()), table.column(position)))
    columns.table = table
    return columns


def problem_frame(problems: Sequence[Problem]) -> pd.DataFrame:
    """Problems as a frame sorted by row_number, in the dtypes of `expectations.delivery.no_problems`."""
    ordered = sorted(problems, key=lambda found: (found[0], found[1] or "", found[2]))
    numbers, fields, codes = zip(*ordered, strict=True) if ordered else ((), (), ())
    return pd.DataFrame(
        {
            name: pd.Series(values, dtype=dtype)
            for name, values, dtype in zip(PROBLEM_COLUMNS, (numbers, fields, codes), ("int64", "object", "object"), strict=True)
        }
    )


def in_chunks(columns: Columns, rows_per_chunk: int) -> Iterator[Decoded]:
    """The rows in pieces with running row numbers, each with its own problems; the notes stand on every piece. At least one piece."""
    problems, notes = problem_frame(columns.problems), columns.notes
    for start in range(0, max(columns.table.num_rows, 1), rows_per_chunk):
        piece = columns.table.slice(start, rows_per_chunk)
        first, behind = problems["row_number"].searchsorted([start + 1, start + piece.num_rows + 1])
        yield _decoded(piece, start, problems.iloc[first:behind].reset_index(drop=True), notes)


def _decoded(table: pa.Table, start: int, problems: pd.DataFrame, notes: Mapping[str, object]) -> Decoded:
    rows = table.to_pandas()
    rows.index = pd.RangeIndex(start + 1, start + table.num_rows + 1, name="row_number")
    return Decoded(rows=rows, problems=problems, row_count=table.num_rows, notes=notes)
