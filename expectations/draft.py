"""Rows while they are being read: canonical values, the codes given so far, and where the text received must be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from expectations.agreement import COMMON_FIELDS
from expectations.delivery import no_problems
from expectations.forms.columns import TEXT, Column, to_pandas


@dataclass
class Draft:
    """One row per received row, index = row_number; one code per cell at most, an E_ code replacing a W_ code."""

    index: pd.Index
    values: dict[str, pd.Series] = field(default_factory=dict)
    texts: dict[str, pa.LargeStringArray] = field(default_factory=dict)
    codes: dict[str, np.ndarray] = field(default_factory=dict)
    differs: dict[str, np.ndarray] = field(default_factory=dict)

    def add(self, name: str, texts: pa.LargeStringArray, column: Column) -> None:
        """The field's column as its form read it."""
        self.values[name], self.texts[name] = to_pandas(column.values, self.index), texts
        if column.codes is not None:
            self.codes[name] = column.codes
        if column.differs is not None:
            self.differs[name] = column.differs

    def mark(self, name: str, rows: np.ndarray, code: str) -> None:
        """Give the cells of `rows` (booleans) a code; their values stay."""
        if rows.any():
            self.codes.setdefault(name, np.full(len(self.index), None, dtype=object))[rows] = code

    def unmark(self, name: str, rows: np.ndarray) -> None:
        """Take the codes of the cells of `rows` back."""
        if name in self.codes:
            self.codes[name][rows] = None

    def reject(self, name: str, rows: np.ndarray, code: str) -> None:
        """Refuse the cells of `rows`: null, with the code, the text received kept."""
        self.mark(name, rows, code)
        self.clear(name, rows)

    def clear(self, name: str, rows: np.ndarray) -> None:
        """Null in the cells of `rows`, the text received kept."""
        if rows.any():
            self.values[name] = self.values[name].mask(rows)
            self.differs[name] = self.differs.get(name, False) | rows

    def frame(self) -> pd.DataFrame:
        """The canonical values of all fields."""
        return pd.DataFrame(self.values, index=self.index)

    def received(self) -> pd.DataFrame:
        """The texts received where they differ; only the columns that have such a cell, empty texts left out."""
        return pd.DataFrame({name: self._received(name, rows) for name, rows in self.differs.items() if rows.any()}, index=self.index)

    def _received(self, name: str, rows: np.ndarray) -> pd.Series:
        texts = self.texts[name]
        if not rows.all():
            texts = pc.if_else(pa.array(rows), texts, pa.scalar(None, TEXT))
        return to_pandas(texts, self.index)

    def problems(self, is_delete: np.ndarray) -> pd.DataFrame:
        """Every code by row and field; of rows that delete only those of the three common fields."""
        found = [self._problems(name, codes, is_delete) for name, codes in self.codes.items()]
        found = [one for one in found if len(one)]
        if not found:
            return no_problems()
        return pd.concat(found, ignore_index=True).sort_values("row_number", kind="stable", ignore_index=True)

    def _problems(self, name: str, codes: np.ndarray, is_delete: np.ndarray) -> pd.DataFrame:
        given = pd.notna(codes) if name in COMMON_FIELDS else pd.notna(codes) & ~is_delete
        columns: Mapping[str, object] = {
            "row_number": self.index.to_numpy()[given].astype("int64"),
            "field": np.full(int(given.sum()), name, dtype=object),
            "code": codes[given],
        }
        return pd.DataFrame(columns).astype({"field": object, "code": object})
