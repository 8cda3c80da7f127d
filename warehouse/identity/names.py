"""Names of persons: the key by which they are compared, and whole columns of pairs compared at once.

The received text is never changed; a key stands beside it. No level of likeness is a link by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from warehouse.identity.characters import flat_characters, simplified, untouched
from warehouse.identity.name_characters import LOOK_ALIKE_PAIRS, PLACEHOLDER, PLAIN, UNREADABLE, is_han, is_latin_letter, sounds
from warehouse.identity.name_likeness import AFTER_A_SIGN, BEFORE_A_SIGN, LONGEST_TURNED, SHORTEST_SLIP
from warehouse.identity.name_likeness import Likeness as Likeness
from warehouse.identity.name_likeness import likeness as likeness

DOTS = "·\u2022\u2027\u30fb\uff65\u2219\u22c5\u0387\u2e31\u2024\uff0e.。-"
_DOTS = str.maketrans(dict.fromkeys(DOTS, "·"))
_BLANKS = re.compile(r"[\s\u200b-\u200d\u2060\ufeff]+")
NOTHING = -1
_AT_ONCE = 1 << 18
_PACKED = 4  # characters of a name that go into one 64-bit number


def name_keys(texts: Sequence[str]) -> list[str]:
    """The key of each name: half-width, no blanks, one kind of dot, simplified characters, Latin in upper case.

    Most names are their own key; only those with a character that may change go the long way.
    """
    keys = list(texts)
    characters, lengths = flat_characters(keys)
    if len(characters):
        row = np.repeat(np.arange(len(keys)), lengths)
        changing = np.unique(row[~untouched(characters, _long_keys)]).tolist()
        for place, key in zip(changing, _long_keys([keys[place] for place in changing]), strict=True):
            keys[place] = key
    return keys


def _long_keys(texts: list[str]) -> list[str]:
    return [_BLANKS.sub("", text.translate(_DOTS)).upper() for text in simplified(texts)]


def bare_keys(texts: Sequence[str]) -> list[str]:
    """The second key of each name: without dots, which some registers drop. Names of one bare key are the same name."""
    return [key.replace("·", "") for key in name_keys(texts)]


@dataclass(frozen=True, eq=False)
class Names:
    """Distinct bare keys, made ready to be compared in pairs; a name is meant by its place among `keys`, its code.

    `characters`: the distinct characters as sorted code points; `text`: all names, one behind the other, as places among
    `characters`; `start` and `length`: where each name stands in `text`. The other columns have one value per name; those of
    codes (int32, -1 = none) are equal for two names exactly where the names agree in what the column is about.
    """

    keys: Sequence[str]
    characters: np.ndarray
    text: np.ndarray
    start: np.ndarray
    length: np.ndarray

    @classmethod
    def prepare(cls, keys: Sequence[str]) -> Names:
        """The names of these bare keys, each of which is given once."""
        points, lengths = flat_characters(keys)
        is_present = np.zeros(0x110000, dtype=bool)
        is_present[points] = True
        is_present[[ord(first) for first in PLAIN.values()]] = True
        characters = np.flatnonzero(is_present)
        place = np.zeros(0x110000, dtype=np.int32)
        place[characters] = np.arange(len(characters))
        start = np.cumsum(lengths) - lengths
        return cls(keys, characters, place[points], start, lengths.astype(np.int32))

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def code_of(self) -> dict[str, int]:
        """The code of each key."""
        return {key: code for code, key in enumerate(self.keys)}

    @cached_property
    def is_placeholder(self) -> np.ndarray:
        """True where the key names nobody."""
        may_be = self._has(np.isin(self.characters, [ord(character) for character in "某未无"]))
        result = self.length == 0
        for place in np.flatnonzero(may_be).tolist():
            result[place] = PLACEHOLDER.fullmatch(self.keys[place]) is not None
        return result

    @cached_property
    def is_latin(self) -> np.ndarray:
        """True where the key is written in Latin letters."""
        return self._has(self._of_characters(is_latin_letter)) & ~self._has(self._of_characters(is_han))

    @cached_property
    def is_plain_chinese(self) -> np.ndarray:
        """True where the key is a Chinese name of a surname and one to three signs."""
        is_other = self._has(~self._of_characters(is_han))
        result: np.ndarray = (self.length > 0) & (self.length <= LONGEST_TURNED) & ~is_other
        return result

    @cached_property
    def first(self) -> np.ndarray:
        """The first character of each key."""
        return np.append(self.text, 0)[self.start]

    @cached_property
    def last(self) -> np.ndarray:
        """The last character of each key."""
        return np.append(self.text, 0)[self.start + np.maximum(self.length - 1, 0)]

    @cached_property
    def is_before_a_sign(self) -> np.ndarray:
        """True for the characters that make a name for every day with a sign behind them."""
        return self._of_characters(BEFORE_A_SIGN.__contains__)

    @cached_property
    def is_after_a_sign(self) -> np.ndarray:
        """True for those that stand behind the sign."""
        return self._of_characters(AFTER_A_SIGN.__contains__)

    @cached_property
    def plain(self) -> np.ndarray:
        """Codes of the key with variants unified."""
        return _codes(self.plain_text, self.start, self.length)

    @cached_property
    def sound(self) -> np.ndarray:
        """Codes of the most common readings without tones, character by character."""
        first: dict[str, int] = {}
        as_sound = [
            first.setdefault(readings[0] if readings else chr(point), place) for place, (point, readings) in enumerate(self._sounds)
        ]
        return _codes(np.array(as_sound, dtype=np.int32)[self.text], self.start, self.length)

    @cached_property
    def given(self) -> np.ndarray:
        """Codes of what follows the first character, of names of three characters or more that are not in Latin letters."""
        has_given = (self.length >= 3) & ~self.is_latin & ~self.is_placeholder
        return np.where(has_given, _codes(self.text, self.start + 1, np.maximum(self.length - 1, 0)), NOTHING).astype(np.int32)

    @cached_property
    def turned(self) -> np.ndarray:
        """Codes equal for plain keys that are each other with the end put first; only Latin names and those of 2 to 4 characters."""
        is_long = (self.length > LONGEST_TURNED) & self.is_latin
        is_short = (self.length >= 2) & (self.length <= LONGEST_TURNED)
        first = self.start.copy()
        turned = self.plain_text.copy()
        for length in range(2, LONGEST_TURNED + 1):
            at = self.start[self.length == length][:, None] + np.arange(length)
            turned[at] = _least_turn(self.plain_text[at])
        for place in np.flatnonzero(is_long).tolist():
            span = slice(first[place], first[place] + self.length[place])
            written = self.plain_text[span].tolist()
            turned[span] = min(written[at:] + written[:at] for at in range(len(written)))
        return np.where(is_short | is_long, _codes(turned, first, self.length), NOTHING).astype(np.int32)

    @cached_property
    def plain_text(self) -> np.ndarray:
        """`text` with variants unified."""
        plain = np.arange(len(self.characters), dtype=np.int32)
        for point, first in PLAIN.items():
            at = np.searchsorted(self.characters, point)
            if at < len(plain) and self.characters[at] == point:
                plain[at] = np.searchsorted(self.characters, ord(first))
        return plain[self.text]

    @cached_property
    def is_unreadable(self) -> np.ndarray:
        """True for the characters that stand for one nobody could read."""
        return self._of_characters(UNREADABLE.__contains__)

    @cached_property
    def look_alikes(self) -> np.ndarray:
        """Pairs of characters taken for each other by eye, each as `pair_of`."""
        place = {chr(point): at for at, point in enumerate(self.characters.tolist())}
        known = [(place[a], place[b]) for a, b in LOOK_ALIKE_PAIRS if a in place and b in place]
        return self.pair_of(*np.array(known, dtype=np.int64).reshape(-1, 2).T)

    def pair_of(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """One number for each pair of characters."""
        result: np.ndarray = one.astype(np.int64) * len(self.characters) + other
        return result

    @cached_property
    def readings(self) -> np.ndarray:
        """All readings of each character, one bit each, in rows of uint64."""
        bit: dict[str, int] = {}
        of_character = [[bit.setdefault(reading, len(bit)) for reading in readings] for _, readings in self._sounds]
        result = np.zeros((len(of_character), len(bit) // 64 + 1), dtype=np.uint64)
        for place, bits in enumerate(of_character):
            for at in bits:
                result[place, at // 64] |= np.uint64(1 << at % 64)
        return result

    @cached_property
    def _sounds(self) -> list[tuple[int, tuple[str, ...]]]:
        return [(point, sounds(chr(point))) for point in self.characters.tolist()]

    def _of_characters(self, is_one: object) -> np.ndarray:
        return np.array([is_one(chr(point)) for point in self.characters.tolist()], dtype=bool)  # type: ignore[operator]

    def _has(self, wanted: np.ndarray) -> np.ndarray:
        """True for the names with one of the wanted characters."""
        found = np.zeros(len(self.keys), dtype=bool)
        places = np.flatnonzero(wanted[self.text])
        found[np.searchsorted(self.start, places, side="right") - 1] = True
        return found & (self.length > 0)


def name_levels(names: Names, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`likeness` of each pair of names, without aliases and without regard to births.

    Args:
        a: codes of `names`, -1 where there is no name.
        b: the same, of the same length.

    Returns:
        int8 values of Likeness.
    """
    levels = np.empty(len(a), dtype=np.int8)
    for start in range(0, len(a), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        levels[part] = _levels(names, np.asarray(a[part]), np.asarray(b[part]))
    return levels


def same_given(names: Names, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """True for pairs of names with the same given name of two characters or more; with an equal birth that is a PART."""
    result: np.ndarray = (a != NOTHING) & (b != NOTHING)
    result[result] = (names.given[a[result]] == names.given[b[result]]) & (names.given[a[result]] != NOTHING)
    return result


def _levels(names: Names, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    levels = np.full(len(a), Likeness.DIFFERENT, dtype=np.int8)
    if not len(names):
        return np.zeros(len(a), dtype=np.int8)
    levels[names.plain[a] == names.plain[b]] = Likeness.VARIANT
    levels[a == b] = Likeness.SAME
    levels[(a == NOTHING) | (b == NOTHING) | names.is_placeholder[a] | names.is_placeholder[b]] = Likeness.NONE
    rest = np.flatnonzero(levels == Likeness.DIFFERENT)
    lengths = names.length[a[rest]], names.length[b[rest]]
    is_equal = lengths[0] == lengths[1]
    for length in np.unique(lengths[0][is_equal]).tolist():
        of_length = rest[is_equal & (lengths[0] == length)]
        levels[of_length] = _levels_of_length(names, a[of_length], b[of_length], length)
    cut = rest[~is_equal]
    levels[cut[_are_cut(names, a[cut], b[cut]) | _have_lost_a_sign(names, a[cut], b[cut])]] = Likeness.PART
    other = rest[levels[rest] == Likeness.DIFFERENT]
    levels[other[_are_called(names, a[other], b[other]) | _are_called(names, b[other], a[other])]] = Likeness.ALIAS
    _raise_slips(names, a, b, rest, levels)
    return levels


def _levels_of_length(names: Names, a: np.ndarray, b: np.ndarray, length: int) -> np.ndarray:
    differing, one, other = _differences(names.plain_text, names.start[a], names.start[b], length)
    levels = np.full(len(a), Likeness.DIFFERENT, dtype=np.int8)
    is_turned = (names.turned[a] == names.turned[b]) & (names.turned[a] != NOTHING)
    levels[is_turned | ((differing == 1) & np.isin(names.pair_of(one, other), names.look_alikes))] = Likeness.SHAPE
    levels[_sound_alike(names, a, b, length)] = Likeness.HOMOPHONE
    levels[is_turned & names.is_latin[a] & names.is_latin[b]] = Likeness.VARIANT
    if length >= 2:
        differing, one, other = _differences(names.text, names.start[a], names.start[b], length)
        levels[(differing == 1) & (names.is_unreadable[one] | names.is_unreadable[other])] = Likeness.PART
    return levels


def _differences(text: np.ndarray, a: np.ndarray, b: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How many places differ, and the two characters of the last such place."""
    count, one, other = np.zeros(len(a), dtype=np.int32), np.zeros(len(a), dtype=np.int32), np.zeros(len(a), dtype=np.int32)
    for at in range(length):
        x, y = text[a + at], text[b + at]
        differ = x != y
        count += differ
        one, other = np.where(differ, x, one), np.where(differ, y, other)
    return count, one, other


def _sound_alike(names: Names, a: np.ndarray, b: np.ndarray, length: int) -> np.ndarray:
    """True where every place agrees or has a reading in common."""
    result = np.zeros(len(a), dtype=bool)
    alive = np.arange(len(a))
    for at in range(length):
        x, y = names.text[names.start[a[alive]] + at], names.text[names.start[b[alive]] + at]
        agree = x == y
        rest = np.flatnonzero(~agree)
        agree[rest] = (names.readings[x[rest]] & names.readings[y[rest]]).any(axis=1)
        alive = alive[agree]
    result[alive] = True
    return result


def _are_cut(names: Names, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """True where the shorter name, of two characters or more, begins the longer one."""
    shorter = np.minimum(names.length[a], names.length[b])
    result = np.zeros(len(a), dtype=bool)
    alive = np.flatnonzero(shorter >= 2)
    for at in range(int(shorter.max(initial=0))):
        result[alive[shorter[alive] == at]] = True
        alive = alive[shorter[alive] > at]
        alive = alive[names.text[names.start[a[alive]] + at] == names.text[names.start[b[alive]] + at]]
    result[alive] = True
    return result


def _have_lost_a_sign(names: Names, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """True where a Chinese name is the other without one sign of its given name."""
    is_shorter = names.length[a] < names.length[b]
    short, long = np.where(is_shorter, a, b), np.where(is_shorter, b, a)
    result: np.ndarray = names.is_plain_chinese[long] & names.is_plain_chinese[short]
    result &= (names.length[short] >= 2) & (names.length[long] == names.length[short] + 1)
    for length in range(2, LONGEST_TURNED):
        at = np.flatnonzero(result & (names.length[short] == length))
        signs = names.text[names.start[short[at]][:, None] + np.arange(length)]
        whole = names.text[names.start[long[at]][:, None] + np.arange(length + 1)]
        before = np.logical_and.accumulate(signs == whole[:, :-1], axis=1).sum(axis=1)
        behind = np.logical_and.accumulate((signs == whole[:, 1:])[:, ::-1], axis=1).sum(axis=1)
        result[at] = (before >= 1) & (before + behind >= length)
    return result


def _are_called(names: Names, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """True where `a` is what somebody of the name `b` is called at home."""
    result = (names.length[a] == 2) & names.is_plain_chinese[b] & (names.length[b] >= 2)
    first, last = names.first[a], names.last[a]
    result &= names.is_before_a_sign[first] | names.is_after_a_sign[last]
    at = np.flatnonzero(result)
    result[at] = False
    for place in range(1, LONGEST_TURNED):
        has = at[names.length[b[at]] > place]
        sign = names.text[names.start[b[has]] + place]
        result[has] |= (names.is_before_a_sign[first[has]] & (last[has] == sign)) | (
            names.is_after_a_sign[last[has]] & (first[has] == sign)
        )
    return result


def _raise_slips(names: Names, a: np.ndarray, b: np.ndarray, among: np.ndarray, levels: np.ndarray) -> None:
    """Latin names one slip apart become SHAPE where they were less and no place is unreadable."""
    x, y = names.length[a[among]], names.length[b[among]]
    is_possible = names.is_latin[a[among]] & names.is_latin[b[among]] & (np.minimum(x, y) >= SHORTEST_SLIP) & (np.abs(x - y) <= 1)
    is_possible &= (levels[among] == Likeness.DIFFERENT) | (x != y)
    places = among[is_possible]
    if len(places):
        written = [[names.keys[code] for code in codes[places].tolist()] for codes in (a, b)]
        levels[places[cpdist(*written, scorer=OSA.distance, score_cutoff=1) == 1]] = Likeness.SHAPE


def _least_turn(rows: np.ndarray) -> np.ndarray:
    """Of each row the turn that comes first in order, for rows of at most four characters."""
    best = rows.copy()
    for at in range(1, rows.shape[1]):
        turn = np.roll(rows, at, axis=1)
        is_less = _in_order(turn) < _in_order(best)
        best[is_less] = turn[is_less]
    return best


def _in_order(rows: np.ndarray) -> np.ndarray:
    packed = np.zeros(len(rows), dtype=np.uint64)
    for column in rows.T:
        packed = packed << np.uint64(16) | column.astype(np.uint64)
    return packed


def _codes(text: np.ndarray, start: np.ndarray, length: np.ndarray) -> np.ndarray:
    """One int32 code per name, equal where the spans of `text` are equal."""
    codes = np.empty(len(start), dtype=np.int32)
    is_short = (length <= _PACKED) & (text.max(initial=0) < 0xFFFF)
    short, long = np.flatnonzero(is_short), np.flatnonzero(~is_short)
    packed = np.zeros(len(short), dtype=np.uint64)
    for at in range(_PACKED):
        has = length[short] > at
        packed[has] = packed[has] << np.uint64(16) | (text[start[short[has]] + at] + 1).astype(np.uint64)
    codes[short], distinct = pd.factorize(packed)
    spans = [text[s : s + n].tobytes() for s, n in zip(start[long].tolist(), length[long].tolist(), strict=True)]
    codes[long] = pd.factorize(np.array(spans, dtype=object))[0] + len(distinct)
    return codes
