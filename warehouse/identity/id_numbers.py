"""Identity numbers as evidence: what a good one says, and how near a damaged or failing one comes to it.

What is valid is said by `expectations.forms.id_number` alone. Whole columns are compared in `number_likeness`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

import numpy as np
import pyarrow as pa

from expectations.forms.columns import are_digits, bytes_of_width
from expectations.forms.id_number import FOREIGN_RESIDENT, check_digits, quick, written
from warehouse.identity.births import NO_DAY
from warehouse.identity.number_likeness import FIFTEEN, MASKED, SEVENTEEN, are_rounded
from warehouse.identity.number_likeness import NumberLikeness as NumberLikeness
from warehouse.identity.number_likeness import agreeing_digits as agreeing_digits
from warehouse.identity.number_likeness import agreement_levels as agreement_levels
from warehouse.identity.number_likeness import is_failing as is_failing
from warehouse.identity.number_likeness import one_slip_away as one_slip_away
from warehouse.identity.number_likeness import text_agreement_levels as text_agreement_levels

# A text that is no valid number and stands in more rows than this names nobody: it was typed to fill the field.
ROWS_PER_TEXT = 8


class NumberKind(IntEnum):
    """What a number as received is; only VALID, DERIVED and FOREIGN ones may have a key."""

    NONE = 0
    VALID = 1
    DERIVED = 2
    """15 digits with a real birth date; its key has 18."""
    FOREIGN = 3
    """A permanent resident's: three letters and 12 digits (no key), or valid and beginning with 9."""
    ROUNDED = 4
    SCIENTIFIC = 5
    SEVENTEEN = 6
    MASKED = 7
    FAILING = 8
    """18 characters with another check digit."""
    NO_DATE = 9
    """A right check digit, or 15 digits, and no real birth date."""
    OTHER = 10


@dataclass(frozen=True, eq=False)
class NumberColumn:
    """Numbers as columns, one value per text given.

    `text`: as read, without blanks and dashes (object, None = none); `key`: the 18 characters that may link (S18, b"" = none);
    `kind`: int8 values of NumberKind.
    """

    text: np.ndarray
    key: np.ndarray
    kind: np.ndarray


def read_numbers(texts: Sequence[str | None] | np.ndarray | pa.Array | pa.ChunkedArray, as_of: date) -> NumberColumn:
    """The numbers of distinct texts as received; births after `as_of` are none."""
    received = texts if isinstance(texts, (pa.Array, pa.ChunkedArray)) else pa.array(texts, pa.large_string(), from_pandas=True)
    received = received.combine_chunks() if isinstance(received, pa.ChunkedArray) else received
    column = received.cast(pa.large_string())
    text = column.to_numpy(zero_copy_only=False).copy()
    key, kind = _read_plain(column, as_of)
    rest = np.flatnonzero((kind == NumberKind.NONE) & column.is_valid().to_numpy(zero_copy_only=False))
    numbers = [written(received_text)[0] for received_text in text[rest].tolist()]
    text[rest] = numbers
    key[rest], kind[rest] = _read_plain(pa.array(numbers, pa.large_string()), as_of)
    for place in rest[kind[rest] == NumberKind.NONE].tolist():
        if text[place] is not None:
            kind[place] = next((of_form for form, of_form in _FORMS if form.fullmatch(text[place])), NumberKind.OTHER)
    return NumberColumn(text, key, kind)


def _read_plain(column: pa.LargeStringArray, as_of: date) -> tuple[np.ndarray, np.ndarray]:
    """Keys and kinds of the numbers of 18 characters, and of the 15 digits with a key, written without anything else."""
    key = np.zeros(len(column), dtype="S18")
    kind = np.zeros(len(column), dtype=np.int8)
    is_valid, _ = quick(column, as_of)
    key[is_valid] = _as_keys(bytes_of_width(column.filter(pa.array(is_valid)), 18)[1])
    kind[is_valid] = np.where(key[is_valid].astype("S1") == b"9", NumberKind.FOREIGN, NumberKind.VALID)
    others = np.flatnonzero(~is_valid)
    rest = column.take(pa.array(others))
    places, keys = _derived(rest, as_of)
    key[others[places]], kind[others[places]] = keys, NumberKind.DERIVED
    places, kinds = _failing(rest)
    kind[others[places]] = kinds
    return key, kind


def _derived(column: pa.LargeStringArray, as_of: date) -> tuple[np.ndarray, np.ndarray]:
    """The places of the plain 15-digit numbers with a real birth date, and their keys."""
    places, matrix = bytes_of_width(column, 15)
    is_shaped = are_digits(matrix, list(range(15)))
    places, matrix = places[is_shaped], matrix[is_shaped]
    century = np.broadcast_to(np.frombuffer(b"19", dtype=np.uint8), (len(matrix), 2))
    first17 = np.hstack([matrix[:, :6], century, matrix[:, 6:]])
    longer = _as_keys(np.hstack([first17, check_digits(first17)[:, None]]))
    is_real, _ = quick(pa.array(longer.astype("U18"), pa.large_string()), as_of)
    return places[is_real], longer[is_real]


def _failing(column: pa.LargeStringArray) -> tuple[np.ndarray, np.ndarray]:
    """The places of the plain 18-character numbers, none of which has a key, and their kinds."""
    places, matrix = bytes_of_width(column, 18)
    last = matrix[:, 17]
    is_shaped = are_digits(matrix, list(range(17))) & (((last >= 48) & (last <= 57)) | (last == ord("X")))
    places, matrix = places[is_shaped], matrix[is_shaped]
    is_right = check_digits(matrix[:, :17]) == matrix[:, 17]
    return places, np.where(is_right, NumberKind.NO_DATE, np.where(are_rounded(matrix), NumberKind.ROUNDED, NumberKind.FAILING))


def _as_keys(matrix: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(matrix).view("S18").ravel()


def births_of(keys: np.ndarray) -> np.ndarray:
    """int32 days since 1970-01-01 of the births inside 18-character keys (S18); NO_DAY where there is no key."""
    places, digits = _digits_of_keys(keys)
    at = np.array([1000, 100, 10, 1])
    years, months, days = digits[:, 6:10] @ at, digits[:, 10:12] @ at[2:], digits[:, 12:14] @ at[2:]
    result = np.full(len(keys), NO_DAY, dtype=np.int32)
    first = ((years - 1970) * 12 + months - 1).astype("datetime64[M]").astype("datetime64[D]")
    result[places] = first.astype(np.int32) + days - 1
    return result


def sexes_of(keys: np.ndarray) -> np.ndarray:
    """int8: 1 male, 2 female, 0 where there is no key."""
    places, digits = _digits_of_keys(keys)
    result = np.zeros(len(keys), dtype=np.int8)
    result[places] = 2 - digits[:, 16] % 2
    return result


def _digits_of_keys(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    places = np.flatnonzero(keys != b"")
    matrix = np.ascontiguousarray(keys[places].astype("S18")).view(np.uint8).reshape(-1, 18)
    return places, matrix[:, :17].astype(np.int32) - 48


def birth_of(number: str) -> date:
    """The birth date inside a valid 18-digit number."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def sex_of(number: str) -> str:
    """The sex code inside a valid 18-digit number: 1 male, 2 female."""
    return "1" if int(number[16]) % 2 else "2"


_FORMS = (
    (FIFTEEN, NumberKind.NO_DATE),
    (FOREIGN_RESIDENT, NumberKind.FOREIGN),
    (re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+"), NumberKind.SCIENTIFIC),
    (SEVENTEEN, NumberKind.SEVENTEEN),
    (MASKED, NumberKind.MASKED),
    (re.compile(r".*\*.*"), NumberKind.MASKED),
)
