"""How each row of a reading stands to each promise of its feed: kept, broken with a code, or not touched by it. Decides nothing.

A row with the wrong number of cells stands in no other promise: what its cells mean is not known. A deletion stands only in the
promises of the three common fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from expectations.agreement import COMMON_FIELDS, Feed, Field
from expectations.conditions import holds
from expectations.delivery import Reading
from expectations.neutral import NEUTRALITY_CODE, holds_banned_word
from expectations.promises import KEPT, Promise, can_be_due, is_always_due, missing_code, promises


@dataclass(frozen=True)
class Standing:
    """Where the rows stand to one promise: `kept_count` rows keep it; `row_numbers` and `codes`, side by side, name each breach.

    A row may be named twice with two codes; rows neither kept nor named are not touched by the promise. Plain arrays, because
    a notice of one row stands to a hundred promises too and has to be answered in milliseconds.
    """

    promise: Promise
    kept_count: int
    row_numbers: np.ndarray
    codes: np.ndarray

    @property
    def broken_count(self) -> int:
        """Rows that break the promise."""
        return len(np.unique(self.row_numbers))

    @property
    def states(self) -> set[str]:
        """Every state a row is in, by this promise."""
        return {*self.codes, KEPT} if self.kept_count else set(self.codes)

    def only(self, failing: frozenset[str]) -> Standing:
        """The same with only the breaches in `failing`; rows with other breaches alone count as keeping the promise."""
        if not len(self.codes):
            return self
        stays = np.isin(self.codes.astype(str), list(failing))
        forgiven = self.broken_count - len(np.unique(self.row_numbers[stays]))
        return Standing(self.promise, self.kept_count + forgiven, self.row_numbers[stays], self.codes[stays])


def standings(feed: Feed, reading: Reading, problems: pd.DataFrame) -> Iterator[Standing]:
    """Yield one standing per promise of the feed, in the order of `promises`.

    Args:
        reading: the rows; one of them per index value.
        problems: row_number, field, code of every problem of these rows, the decoder's and the reader's.

    Raises:
        ValueError: a problem names a row that is not in the reading.
    """
    rows = _Rows(feed, reading, problems)
    for promise in promises(feed):
        yield rows.row_standing(promise) if promise.field is None else rows.field_standing(promise)


@dataclass(frozen=True)
class _Cells:
    """One field over all rows, as masks: where its promises apply, it is due, it is given, it was refused."""

    applies: np.ndarray
    due: np.ndarray
    given: np.ndarray
    refused: np.ndarray
    positions: np.ndarray
    codes: np.ndarray


class _Rows:
    def __init__(self, feed: Feed, reading: Reading, problems: pd.DataFrame) -> None:
        self.feed, self.values, self.derived = feed, reading.values, reading.derived
        self.row_numbers = reading.values.index.to_numpy()
        positions = reading.values.index.get_indexer(pd.Index(problems["row_number"]))
        if (positions < 0).any():
            raise ValueError(f"{feed.feed}: {int((positions < 0).sum())} problems name a row that was not read")
        codes = problems["code"].to_numpy(dtype=object)
        is_of_row = problems["field"].isna().to_numpy()
        self.row_positions, self.row_codes = positions[is_of_row], codes[is_of_row]
        self.by_field = {
            field: (positions[where], codes[where])
            for field, where in problems.reset_index(drop=True).groupby("field", sort=False).indices.items()
        }
        self.fits = np.ones(len(self.values), dtype=bool)
        self.fits[self.row_positions[_starts(self.row_codes, "E_")]] = False
        deletion = self.values["operation_code"].isin(["D"]).to_numpy(dtype=bool)
        self.stays = self.fits & ~deletion
        self._cells: dict[str, _Cells] = {}

    def row_standing(self, promise: Promise) -> Standing:
        prefix, total = ("E_", len(self.values)) if promise.aspect == "columns_fit" else ("W_", int(self.fits.sum()))
        where = _starts(self.row_codes, prefix)
        broken_count = len(np.unique(self.row_positions[where]))
        return Standing(promise, total - broken_count, self.row_numbers[self.row_positions[where]], self.row_codes[where])

    def field_standing(self, promise: Promise) -> Standing:
        field = self.feed.by_name[str(promise.field)]
        cells = self._cells_of(field)
        at, codes = cells.positions, cells.codes
        refusal, touched = _starts(codes, "E_"), cells.applies[at]
        match promise.aspect:
            case "given_when_due":
                due = cells.applies & cells.due
                missing = due & ~cells.given & ~cells.refused
                return self._with_code(promise, due, missing, missing_code(field))
            case "read_when_due":
                return self._standing(promise, cells, cells.due, touched & refusal & cells.due[at])
            case "read_if_given":
                return self._standing(promise, cells, ~cells.due, touched & refusal & ~cells.due[at])
            case "neutral_words":
                read = cells.applies & cells.given
                return self._with_code(promise, read, read & holds_banned_word(self._column(field.field)), NEUTRALITY_CODE)
            case _:
                return self._standing(promise, cells, True, touched & _starts(codes, "W_"))

    def _standing(self, promise: Promise, cells: _Cells, among: np.ndarray | bool, is_breach: np.ndarray) -> Standing:
        read = cells.applies & cells.given & ~cells.refused & among
        read[cells.positions[is_breach]] = False
        return Standing(promise, int(read.sum()), self.row_numbers[cells.positions[is_breach]], cells.codes[is_breach])

    def _with_code(self, promise: Promise, touched: np.ndarray, broken: np.ndarray, code: str) -> Standing:
        row_numbers = self.row_numbers[broken]
        return Standing(promise, int((touched & ~broken).sum()), row_numbers, np.full(len(row_numbers), code, dtype=object))

    def _column(self, name: str) -> pd.Series:
        return self.values[name] if name in self.values else pd.Series(None, index=self.values.index, dtype=object)

    def _cells_of(self, field: Field) -> _Cells:
        if field.field not in self._cells:
            self._cells = {field.field: self._work_out(field)}  # promises come field by field: one set of masks is enough
        return self._cells[field.field]

    def _work_out(self, field: Field) -> _Cells:
        positions, codes = self.by_field.get(field.field, (np.empty(0, dtype=np.intp), np.empty(0, dtype=object)))
        refused = np.zeros(len(self.values), dtype=bool)
        refused[positions[_starts(codes, "E_")]] = True
        return _Cells(
            applies=self.fits if field.field in COMMON_FIELDS else self.stays,
            due=self._due(field),
            given=self._column(field.field).notna().to_numpy(),
            refused=refused,
            positions=positions,
            codes=codes,
        )

    def _due(self, field: Field) -> np.ndarray:
        if is_always_due(field):
            return np.ones(len(self.values), dtype=bool)
        if not can_be_due(field):
            return np.zeros(len(self.values), dtype=bool)
        return holds(field.when or (), self.values, self.derived).to_numpy()


def _starts(codes: np.ndarray, prefix: str) -> np.ndarray:
    return np.fromiter((code.startswith(prefix) for code in codes), dtype=bool, count=len(codes))
