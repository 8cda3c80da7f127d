"""Whole columns of text as Arrow arrays: in from pandas, read by a form, and fixed-width texts as byte matrices.

Columns leave as pandas `str` (Arrow-backed): a missing value is NaN for pandas, null for Arrow, None after `.to_pylist()`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from expectations.forms.form import Form

TEXT = pa.large_string()


@dataclass(frozen=True)
class Column:
    """One field read: canonical texts, codes by position (object array with None), and where the text received differs."""

    values: pa.LargeStringArray
    codes: np.ndarray | None
    differs: np.ndarray | None


def to_arrow(column: pd.Series) -> pa.LargeStringArray:
    """The column as Arrow text; anything missing is null.

    U+0000, which PostgreSQL cannot hold, goes; a lone surrogate, which no encoding can hold, becomes `?`. The raw bytes keep both.
    """
    try:
        array = pa.array(column, type=TEXT, from_pandas=True)
    except UnicodeEncodeError:
        array = pa.array([t.encode("utf-8", "replace").decode() if isinstance(t, str) else None for t in column], TEXT)
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], TEXT)
    return pc.replace_substring(array, "\0", "") if _has_nul(array) else array


def _has_nul(texts: pa.LargeStringArray) -> bool:
    offsets = _offsets(texts)
    content = texts.buffers()[2]
    if content is None or offsets[0] == offsets[-1]:
        return False
    return not np.frombuffer(content, dtype=np.uint8)[offsets[0] : offsets[-1]].all()


def _offsets(texts: pa.LargeStringArray) -> np.ndarray:
    """Where each text begins in the data buffer, and where the last one ends."""
    if not len(texts):
        return np.zeros(1, dtype=np.int64)
    return np.frombuffer(texts.buffers()[1], dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]


def to_pandas(array: pa.Array, index: pd.Index) -> pd.Series:
    """The Arrow texts as a pandas `str` column, without a copy."""
    return pd.Series(pd.array(array, dtype="str"), index=index)


def read_column(texts: pa.LargeStringArray, form: Form) -> Column:
    """Every text read by the form: the quick way where it is sure, each other distinct text once by `read_one`."""
    open_texts = pc.is_valid(texts).to_numpy(zero_copy_only=False)
    if form.quick is None or not open_texts.any():
        return _read_distinct(texts, form)
    done, quick_values = form.quick(texts)
    rest = np.flatnonzero(open_texts & ~done)
    base = texts if quick_values is None else quick_values
    differs = None if quick_values is None else done
    if not len(rest):
        return Column(base, None, differs)
    read = _read_distinct(texts.take(pa.array(rest)), form)
    mask = np.zeros(len(texts), dtype=bool)
    mask[rest] = True
    return Column(
        pc.replace_with_mask(base, pa.array(mask), read.values),
        _spread(read.codes, rest, len(texts)),
        _either(differs, read.differs, rest, len(texts)),
    )


def _read_distinct(texts: pa.LargeStringArray, form: Form) -> Column:
    encoded = texts.dictionary_encode()
    distinct = encoded.dictionary.to_pylist()
    read = [form.read_one(text) for text in distinct]
    values, codes = [value for value, _ in read], [code for _, code in read]
    if values == distinct and not any(codes):
        return Column(texts, None, None)
    indices = encoded.indices.to_numpy(zero_copy_only=False) if not encoded.null_count else encoded.indices.fill_null(-1).to_numpy()
    # One more place at the end, reached by index -1: the null cells have neither a code nor a difference.
    differing = np.array([value != text and text != "" for value, text in zip(values, distinct, strict=True)] + [False])
    coded = np.array([*codes, None], dtype=object)
    return Column(
        pa.array(values, TEXT).take(encoded.indices),
        coded[indices] if any(codes) else None,
        differing[indices] if differing.any() else None,
    )


def _spread(codes: np.ndarray | None, places: np.ndarray, size: int) -> np.ndarray | None:
    if codes is None:
        return None
    result = np.full(size, None, dtype=object)
    result[places] = codes
    return result


def _either(first: np.ndarray | None, second: np.ndarray | None, places: np.ndarray, size: int) -> np.ndarray | None:
    if second is None:
        return first
    result = np.zeros(size, dtype=bool) if first is None else first.copy()
    result[places] |= second
    return result


def bytes_of_width(texts: pa.LargeStringArray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The positions of the texts of exactly `width` bytes, and those texts as a matrix of bytes (position, width)."""
    offsets = _offsets(texts)
    fits = np.diff(offsets) == width
    if texts.null_count:
        fits &= pc.is_valid(texts).to_numpy(zero_copy_only=False)
    places = np.flatnonzero(fits)
    if not len(places):
        return places, np.zeros((0, width), dtype=np.uint8)
    content = np.frombuffer(texts.buffers()[2], dtype=np.uint8)
    if len(places) == len(texts):
        return places, content[offsets[0] : offsets[-1]].reshape(-1, width)
    return places, content[offsets[places][:, None] + np.arange(width)]


def texts_of_bytes(matrix: np.ndarray, places: np.ndarray, size: int) -> pa.LargeStringArray:
    """`size` texts: row i of the matrix stands at `places[i]` (ascending), everything else is null."""
    lengths = np.zeros(size, dtype=np.int64)
    lengths[places] = matrix.shape[1]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    present = np.zeros(size, dtype=bool)
    present[places] = True
    valid = pa.array(present).buffers()[1] if len(places) < size else None
    data = pa.py_buffer(np.ascontiguousarray(matrix, dtype=np.uint8))
    return pa.LargeStringArray.from_buffers(size, pa.py_buffer(offsets), data, valid)


def digits_of(matrix: np.ndarray, first: int, last: int) -> np.ndarray:
    """The number written in columns first..last (last not included); only meaningful where they are digits."""
    result = np.zeros(len(matrix), dtype=np.int64)
    for place in range(first, last):
        result = result * 10 + (matrix[:, place].astype(np.int64) - 48)
    return result


def are_digits(matrix: np.ndarray, places: list[int]) -> np.ndarray:
    """True for the rows whose columns `places` are all ASCII digits."""
    part = matrix[:, places]
    return np.asarray(((part >= 48) & (part <= 57)).all(axis=1))
