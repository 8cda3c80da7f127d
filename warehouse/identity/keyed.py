"""Keyed codes: 64 bits that are equal where two values are, and say nothing to whoever has not the key.

A code of one value is cut from its blind index; a code of several is mixed from theirs, whole columns at once. What is equal
here is equal in `candidates`, under the same name.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.sealing import blind_index
from warehouse.identity.births import NO_DAY
from warehouse.identity.name_characters import PLAIN, sounds
from warehouse.identity.names import NOTHING, Names

NONE = np.uint64(0)
_DAYS_BEFORE_1970 = 1 << 16


def codes_of(kind: str, texts: Sequence[str | None] | np.ndarray) -> np.ndarray:
    """The code of each text (uint64), NONE for none and for the empty text. `kind` keeps equal texts of two kinds apart."""
    index = blind_index(f"identity.{kind}")
    return np.array([int.from_bytes(index.of(text)[:8], "big") | 1 if text else 0 for text in texts], dtype=np.uint64)


def mixed(kind: str, *columns: np.ndarray) -> np.ndarray:
    """One code for what the columns of codes say together; NONE where one of them is."""
    result = np.full(len(columns[0]), int.from_bytes(blind_index("identity.mixed").of(kind)[:8], "big"), dtype=np.uint64)
    is_missing = np.zeros(len(result), dtype=bool)
    for column in columns:
        result = _stirred(result ^ column)
        is_missing |= column == NONE
    result |= np.uint64(1)
    result[is_missing] = NONE
    return result


def _stirred(values: np.ndarray) -> np.ndarray:
    """SplitMix64's last steps: every bit depends on every bit."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


class NameCodes:
    """The codes of distinct names (`keys`): `name`, `plain`, `sound` and `given`, NONE for placeholders in all but the first."""

    def __init__(self, names: Names) -> None:
        keys = self.keys = list(names.keys)
        said = ~names.is_placeholder
        first: dict[str, str] = {}
        self.name = codes_of("name", keys)
        self.plain = codes_of("plain", [key.translate(PLAIN) if is_said else None for key, is_said in zip(keys, said, strict=True)])
        self.sound = codes_of("sound", [_sound(key, first) if is_said else None for key, is_said in zip(keys, said, strict=True)])
        has_given = said & (names.given != NOTHING)
        self.given = codes_of("given", [key[1:] if is_given else None for key, is_given in zip(keys, has_given, strict=True)])


def _sound(key: str, first: dict[str, str]) -> str:
    for character in key:
        if character not in first:
            first[character] = next(iter(sounds(character)), character)
    return "|".join([first[character] for character in key])


def number_parts(texts: Sequence[str]) -> np.ndarray:
    """The codes of the parts of numbers of 18 characters that survive a slip (uint64, texts x 3), NONE for all other texts."""
    whole = [text if len(text) == 18 and text.isascii() and text[:17].isdecimal() else None for text in texts]
    parts = (
        ("first fifteen digits", [text and text[:15] for text in whole]),
        ("digits 9 to 17", [text and text[8:17] for text in whole]),
        ("county and sequence", [text and text[:6] + text[15:] for text in whole]),
    )
    return np.column_stack([codes_of(kind, told) for kind, told in parts]) if len(texts) else np.zeros((0, 3), dtype=np.uint64)


def row_codes(
    names: dict[str, np.ndarray], birth: np.ndarray, phone: np.ndarray, house: np.ndarray, county: np.ndarray
) -> list[np.ndarray]:
    """The codes of `candidates.row_keys`: one column each.

    Args:
        names: plain, sound and given codes by row.
        birth: days since 1970-01-01, NO_DAY = none.
        phone, house: codes by row.
        county: six digits, -1 = none.
    """
    plain, sound, given = names["plain"], names["sound"], names["given"]
    told = np.where(birth == NO_DAY, 0, birth.astype(np.int64) + _DAYS_BEFORE_1970)
    day = told.astype(np.uint64)
    year = np.where(told == 0, 0, told // 366 + 1).astype(np.uint64)
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
        mixed("name as written alike, county, and about the year of birth", plain, place, year),
    ]
