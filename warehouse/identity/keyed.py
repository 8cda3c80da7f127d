"""Keyed codes: 64 bits that are equal where two values are, and say nothing to whoever has not the key.

A code of one value is SipHash under a key of this installation; a code of several is mixed from theirs, whole columns at once. What
is equal here is equal in `candidates`, under the same name.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.sealing import blind_index
from warehouse.identity.births import NO_DAY
from warehouse.identity.candidates import DECADE_DAYS
from warehouse.identity.name_characters import sounds
from warehouse.identity.names import NOTHING, Names

NONE = np.uint64(0)
_DAYS_BEFORE_1970 = 1 << 16
_WHOLE_NUMBER = r"^[0-9]{17}[\x00-\x7F]$"


def codes_of(kind: str, texts: Sequence[str | None] | np.ndarray | pa.Array) -> np.ndarray:
    """The code of each text (uint64), NONE for none and for the empty text. `kind` keeps equal texts of two kinds apart."""
    values = texts.to_numpy(zero_copy_only=False) if isinstance(texts, pa.Array) else np.array([*texts, ""], dtype=object)[:-1]
    is_told = np.array([bool(value) for value in values], dtype=bool)
    codes = np.zeros(len(values), dtype=np.uint64)
    if is_told.any():
        # pandas' hash of texts is SipHash-2-4; the key has 16 characters, here 96 bits of a blind index.
        key = b64encode(_secret(f"key of {kind}", 12)).decode()
        codes[is_told] = pd.util.hash_array(values[is_told].astype(object), hash_key=key, categorize=False) | np.uint64(1)
    return codes


def _secret(name: str, size: int) -> bytes:
    return blind_index("identity.codes").of(name)[:size]


def mixed(kind: str, *columns: np.ndarray) -> np.ndarray:
    """One code for what the columns of codes say together; NONE where one of them is."""
    result = np.full(len(columns[0]), _start(kind), dtype=np.uint64)
    is_missing = np.zeros(len(result), dtype=bool)
    for column in columns:
        result = _stirred(result ^ column)
        is_missing |= column == NONE
    result |= np.uint64(1)
    result[is_missing] = NONE
    return result


def _start(kind: str) -> np.uint64:
    return np.uint64(int.from_bytes(_secret(f"start of {kind}", 8), "big"))


def _stirred(values: np.ndarray) -> np.ndarray:
    """SplitMix64's last steps: every bit depends on every bit."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


class NameCodes:
    """The codes of distinct names (`keys`): `name`, `plain`, `sound` and `given`, NONE for placeholders in all but the first."""

    def __init__(self, names: Names) -> None:
        self.keys = list(names.keys)
        characters = [chr(point) for point in names.characters.tolist()]
        written = codes_of("character", characters)
        heard = codes_of("character", [next(iter(sounds(character)), character) for character in characters])
        said = ~names.is_placeholder
        self.name = codes_of("name", self.keys)
        self.plain = _spelled("plain", written[names.plain_text], names.start, np.where(said, names.length, 0))
        self.sound = _spelled("sound", heard[names.text], names.start, np.where(said, names.length, 0))
        has_given = said & (names.given != NOTHING)
        self.given = _spelled("given", written[names.text], names.start + 1, np.where(has_given, names.length - 1, 0))


def _spelled(kind: str, codes: np.ndarray, start: np.ndarray, length: np.ndarray) -> np.ndarray:
    """One code for each span of character codes; NONE for the empty one."""
    result = np.full(len(start), _start(kind), dtype=np.uint64)
    for at in range(int(length.max(initial=0))):
        has = np.flatnonzero(length > at)
        result[has] = _stirred(result[has] ^ codes[start[has] + at])
    return np.where(length > 0, result | np.uint64(1), NONE)


def number_parts(texts: Sequence[str]) -> np.ndarray:
    """The codes of the parts of numbers of 18 characters that survive a slip (uint64, texts x 3), NONE for all other texts."""
    column = pa.array(texts, pa.string())
    whole = pc.if_else(pc.match_substring_regex(column, _WHOLE_NUMBER), column, "")
    parts = {
        "first fifteen digits": pc.utf8_slice_codeunits(whole, 0, 15),
        "digits 9 to 17": pc.utf8_slice_codeunits(whole, 8, 17),
        "county and sequence": pc.binary_join_element_wise(
            pc.utf8_slice_codeunits(whole, 0, 6), pc.utf8_slice_codeunits(whole, 15, 18), ""
        ),
    }
    return np.column_stack([codes_of(kind, part) for kind, part in parts.items()])


def row_codes(
    names: dict[str, np.ndarray], birth: np.ndarray, phone: np.ndarray, house: np.ndarray, county: np.ndarray
) -> list[np.ndarray]:
    """The codes of `candidates.row_keys`: one column each, but for the last key, which `place_codes` has.

    Args:
        names: plain, sound and given codes by row.
        birth: days since 1970-01-01, NO_DAY = none.
        phone, house: codes by row.
        county: six digits, -1 = none.
    """
    plain, sound, given = names["plain"], names["sound"], names["given"]
    told = np.where(birth == NO_DAY, 0, birth.astype(np.int64) + _DAYS_BEFORE_1970)
    day = told.astype(np.uint64)
    decade = np.where(told == 0, 0, told // DECADE_DAYS + 1).astype(np.uint64)
    place = (county.astype(np.int64) + 1).astype(np.uint64)
    return [
        mixed("name as written alike, and birth", plain, day),
        mixed("sound of the name, and birth", sound, day),
        mixed("given name, and birth", given, day),
        mixed("phone, and birth", phone, day),
        mixed("dwelling, and birth", house, day),
        mixed("sound of the name, and phone", sound, phone),
        mixed("sound of the name, and dwelling", sound, house),
        mixed("given name, and phone", given, phone),
        mixed("given name, and dwelling", given, house),
        mixed("name as written alike, county, and about the decade of birth", plain, place, decade),
    ]


def place_codes(plain: np.ndarray, county: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Name as written alike, and county: the code by which any row is found, and the one by which a row is that looks this way."""
    place = (county.astype(np.int64) + 1).astype(np.uint64)
    return mixed("name as written alike, and county", plain, place), mixed("looking by name and county", plain, place)
