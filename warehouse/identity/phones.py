"""Telephone numbers as columns: the mobile number in each text, which families and grid workers share and operators give again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.forms.clean import as_booleans
from expectations.forms.phones import read_one

_PLAIN = r"^1[3-9][0-9]{9}$"
# With country code, and blanks or dashes where people put them; the value form reads the same digits out of it.
_DECORATED = r"^(?:(?:\+|00)?86[ -]?)?(1[3-9][0-9])[ -]?([0-9]{4})[ -]?([0-9]{4})$"
_FIRST, _LAST = 13_000_000_000, 19_999_999_999


def read_phones(texts: Sequence[str | None] | np.ndarray | pa.Array | pa.ChunkedArray) -> np.ndarray:
    """The mobile number of each distinct text as int64, 11 digits beginning 13 to 19; 0 where there is none."""
    received = texts if isinstance(texts, (pa.Array, pa.ChunkedArray)) else pa.array(texts, pa.large_string(), from_pandas=True)
    column = (received.combine_chunks() if isinstance(received, pa.ChunkedArray) else received).cast(pa.large_string())
    column = pc.replace_substring_regex(column, _DECORATED, r"\1\2\3")
    is_plain = as_booleans(pc.match_substring_regex(column, _PLAIN))
    result = np.zeros(len(column), dtype=np.int64)
    result[is_plain] = pc.cast(column.filter(pa.array(is_plain)), pa.int64()).to_numpy()
    rest = np.flatnonzero(~is_plain & column.is_valid().to_numpy(zero_copy_only=False))
    for place, text in zip(rest.tolist(), column.take(pa.array(rest)).to_pylist(), strict=True):
        digits = read_one(text)[0]
        if digits and len(digits) == 11 and _FIRST <= int(digits) <= _LAST:
            result[place] = int(digits)
    return result
