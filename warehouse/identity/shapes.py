"""Texts that differ only in their numbers, looked at once: each is its shape and the runs of digits in it.

A shape has one digit in place of each run, which says the how-manieth run it is. What is done with shapes must treat a run
of digits as it treats one digit, whichever: then it may be done with the few shapes instead of the many texts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

_MOST_RUNS = 10
_ZERO = ord("0")


@dataclass(frozen=True, eq=False)
class Shaped:
    """Texts as shapes with runs of digits.

    `shapes`: distinct texts; `codes`: the place of each text's shape (int32); `first_run`: which run of `content`, in order, is
    each text's first; `starts` and `lengths`: where each run stands in `content` (bytes).
    """

    shapes: pa.LargeStringArray
    codes: np.ndarray
    first_run: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    content: np.ndarray

    @classmethod
    def of(cls, texts: pa.LargeStringArray) -> Shaped:
        """The shapes of texts without nulls."""
        offsets, content = _parts(texts)
        is_digit = (content >= _ZERO) & (content <= _ZERO + 9)
        is_first, is_last = is_digit.copy(), is_digit.copy()
        is_first[1:] &= ~is_digit[:-1]
        is_last[:-1] &= ~is_digit[1:]
        if len(content):  # of neighbouring texts, one may end and the next begin with a digit
            edges = offsets[1:-1][(offsets[1:-1] > 0) & (offsets[1:-1] < len(content))]
            is_first[edges] = is_digit[edges]
            is_last[edges - 1] = is_digit[edges - 1]
        starts = np.flatnonzero(is_first)
        first_run = np.searchsorted(starts, offsets)
        order = np.arange(len(starts)) - np.repeat(first_run[:-1], np.diff(first_run))
        shape = content.copy()
        shape[starts] = _ZERO + order % _MOST_RUNS
        dropped = is_digit & ~is_first
        ends = offsets - np.searchsorted(np.flatnonzero(dropped), offsets)
        coded = _column(ends, shape[~dropped]).dictionary_encode()
        return cls(coded.dictionary, coded.indices.to_numpy(), first_run, starts, np.flatnonzero(is_last) + 1 - starts, content)

    @property
    def has_many_runs(self) -> np.ndarray:
        """True for the texts with more runs than one digit can tell apart; what is filled in for them means nothing."""
        result: np.ndarray = np.diff(self.first_run) > _MOST_RUNS
        return result

    def filled(self, templates: pa.LargeStringArray) -> pa.LargeStringArray:
        """Each text's template, one per shape, with the runs where the shape's digits stand in it; null where that is null."""
        taken = templates.take(pa.array(self.codes))
        offsets, content = _parts(taken)
        is_digit = (content >= _ZERO) & (content <= _ZERO + 9)
        at = np.flatnonzero(is_digit)
        before = np.searchsorted(at, offsets)
        run = np.repeat(self.first_run[:-1], np.diff(before)) + (content[at] - _ZERO)
        lengths = self.lengths[run]
        ends = np.append(0, np.cumsum(lengths))
        grown = np.append(0, np.cumsum(lengths - 1))
        within = np.arange(ends[-1])
        to = within + np.repeat(at + grown[:-1] - ends[:-1], lengths)
        result = np.empty(len(content) + grown[-1], dtype=np.uint8)
        is_other = np.ones(len(result), dtype=bool)
        is_other[to] = False
        result[to] = self.content[within + np.repeat(self.starts[run] - ends[:-1], lengths)]
        result[is_other] = content[~is_digit]
        return _column(offsets + grown[before], result, taken)


def _parts(texts: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """Where each text begins and the last ends, and the bytes of all."""
    if not len(texts):
        return np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.uint8)
    _, places, data = texts.buffers()
    offsets = np.frombuffer(places, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    content = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, dtype=np.uint8)
    return offsets - offsets[0], content[offsets[0] : offsets[-1]]


def _column(offsets: np.ndarray, content: np.ndarray, like: pa.Array | None = None) -> pa.LargeStringArray:
    """Texts of these bytes, null where those of `like` are."""
    is_valid = None if like is None or not like.null_count else like.is_valid().buffers()[1]
    data = pa.py_buffer(np.ascontiguousarray(content))
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets.astype(np.int64)), data, is_valid)
