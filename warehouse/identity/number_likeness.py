"""How near a damaged or failing identity number comes to a whole one, or to another damaged one: one pair, or columns of pairs.

Nothing here says what a valid number is, and no level here is a link by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import IntEnum

import numpy as np
import pandas as pd

from expectations.forms.id_number import check_digits, has_checksum

EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]")
FIFTEEN = re.compile(r"[0-9]{15}")
SEVENTEEN = re.compile(r"[0-9]{16}[0-9X]")
_SWAPPED_X = re.compile(r"[0-9]{16}X[0-9]")
SCIENTIFIC = re.compile(r"([0-9])(?:\.([0-9]+))?[eE]\+?17")
MASKED = re.compile(r"(?=.*[*x]|.*X.)[0-9*xX]{18}")
_OF_CENTURY = [*range(6), *range(8, 17)]  # the places of an 18-digit number that one of 15 has
# Two texts damaged by two slips differ in so many places; from there on they are two numbers.
_TWO_SLIPS = 4
_AT_ONCE = 1 << 18


class NumberLikeness(IntEnum):
    """How near a damaged number comes to another; the greater, the nearer. NONE: it says too little."""

    NONE = 0
    CONTRADICTS = 1
    HEAD = 2
    """What is left of it agrees, six digits or more."""
    PREFIX15 = 3
    """The first 15 digits agree."""
    ONE_SLIP = 4
    """One digit wrong, two neighbours swapped, or one digit lost."""
    SAME = 5

    @property
    def word(self) -> str:
        """The level as evidence shows it."""
        return self.name.lower()


def number_likeness(damaged: str, number: str) -> NumberLikeness:
    """How near a text without a key comes to an 18-character number with a right check digit.

    A text of full length more than one slip away contradicts, unless a spreadsheet rounded it and 15 digits agree.
    """
    if damaged == number:
        return NumberLikeness.SAME
    if EIGHTEEN.fullmatch(damaged):
        if not has_checksum(damaged) and _is_slip(damaged, number):
            return NumberLikeness.ONE_SLIP
        is_prefix = is_failing(damaged) and is_rounded(damaged) and agreeing_digits(damaged, number) == 15
        return NumberLikeness.PREFIX15 if is_prefix else NumberLikeness.CONTRADICTS
    if FIFTEEN.fullmatch(damaged):
        return _short_likeness(damaged, number)
    if SEVENTEEN.fullmatch(damaged):
        return NumberLikeness.ONE_SLIP if agreeing_digits(damaged, number) else NumberLikeness.CONTRADICTS
    if _SWAPPED_X.fullmatch(damaged) and _is_slip(damaged, number):
        return NumberLikeness.ONE_SLIP
    return _partial_likeness(damaged, number) if _is_partial(damaged) else NumberLikeness.NONE


def _short_likeness(damaged: str, number: str) -> NumberLikeness:
    short = number[:6] + number[8:17]
    if number[6:8] != "19" or not (damaged == short or _is_slip(damaged, short)):
        return NumberLikeness.CONTRADICTS
    return NumberLikeness.SAME if damaged == short else NumberLikeness.ONE_SLIP


def _is_slip(one: str, other: str) -> bool:
    places = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(places) != 2:
        return len(places) == 1
    first, second = places
    return second == first + 1 and one[first] + one[second] == other[second] + other[first]


def _shown_prefix(damaged: str) -> int:
    """How many digits the text shows before the first it hides."""
    if found := SCIENTIFIC.fullmatch(damaged):
        return 1 + len(found[2] or "")
    return next((place for place, character in enumerate(damaged) if _is_mask(character, place)), len(damaged))


def _of_shown(digits: int, prefix: int) -> NumberLikeness:
    if prefix >= 15:
        return NumberLikeness.PREFIX15
    return NumberLikeness.HEAD if digits >= 6 else NumberLikeness.NONE


def text_likeness(one: str, other: str) -> NumberLikeness:
    """How near two texts without keys come to each other.

    Equal texts are SAME only where all digits are there: equal rounded ones agree in 15 digits, equal scientific or masked
    ones in what they show. Two slips in one number are no contradiction.
    """
    for partial, whole in ((one, other), (other, one)):
        if _is_partial(partial):
            return _partial_likeness(partial, whole)
    if one == other:
        return NumberLikeness.PREFIX15 if is_failing(one) and is_rounded(one) else NumberLikeness.SAME
    short, long = sorted((one, other), key=len)
    if FIFTEEN.fullmatch(long):
        return NumberLikeness.ONE_SLIP if len(short) == 15 and _is_slip(short, long) else NumberLikeness.NONE
    if not EIGHTEEN.fullmatch(long):
        return NumberLikeness.NONE
    if EIGHTEEN.fullmatch(short):
        return _full_likeness(short, long)
    near = number_likeness(short, long)
    return near if near > NumberLikeness.CONTRADICTS else NumberLikeness.NONE


def _full_likeness(one: str, other: str) -> NumberLikeness:
    if _is_slip(one, other):
        return NumberLikeness.ONE_SLIP
    if one[:15] == other[:15]:
        return NumberLikeness.PREFIX15
    differing = sum(a != b for a, b in zip(one, other, strict=True))
    return NumberLikeness.NONE if differing <= _TWO_SLIPS else NumberLikeness.CONTRADICTS


def _is_partial(text: str) -> bool:
    return bool(SCIENTIFIC.fullmatch(text) or MASKED.fullmatch(text))


def _partial_likeness(partial: str, other: str) -> NumberLikeness:
    """Of a scientific or masked text beside another: two that hide something say nothing of each other unless they are equal."""
    if partial != other and not EIGHTEEN.fullmatch(other):
        return NumberLikeness.NONE
    digits = _count_shown(partial) if partial == other else agreeing_digits(partial, other)
    return NumberLikeness.CONTRADICTS if digits is None else _of_shown(digits, _shown_prefix(partial))


def agreement_levels(damaged: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """`number_likeness` of each pair.

    Args:
        damaged: texts as read (object or str), None or "" where there is none.
        keys: 18-character keys (S18), b"" where there is none.

    Returns:
        int8 values of NumberLikeness; NONE where either is missing.
    """
    codes, texts = pd.factorize(np.asarray(damaged, dtype=object))
    levels = np.zeros(len(codes), dtype=np.int8)
    if not len(texts):
        return levels
    is_whole = np.array([bool(EIGHTEEN.fullmatch(text)) for text in texts])
    written = np.array([text if whole else "0" * 18 for text, whole in zip(texts, is_whole, strict=True)], dtype="S18")
    matrix = _matrix(written)
    is_failing_text = is_whole & (check_digits(matrix[:, :17]) != matrix[:, 17])
    is_rounded_text = is_failing_text & are_rounded(matrix)
    has_both = (codes >= 0) & (keys != b"")
    whole = np.flatnonzero(has_both & is_whole[codes])
    for start in range(0, len(whole), _AT_ONCE):
        part = whole[start : start + _AT_ONCE]
        mine = codes[part]
        levels[part] = _whole_levels(matrix[mine], _matrix(keys[part]), is_failing_text[mine], is_rounded_text[mine])
    rest = np.flatnonzero(has_both & ~is_whole[codes])
    if len(rest):
        of_key, distinct = pd.factorize(keys[rest].astype("U18"))
        levels[rest] = _of_distinct_pairs(number_likeness, codes[rest], of_key, texts, distinct)
    return levels


def _whole_levels(texts: np.ndarray, keys: np.ndarray, is_failing_text: np.ndarray, is_rounded_text: np.ndarray) -> np.ndarray:
    differ = texts != keys
    count = differ.sum(axis=1)
    first = np.minimum(differ.argmax(axis=1), 16)
    row = np.arange(len(texts))
    is_crossed = (texts[row, first] == keys[row, first + 1]) & (texts[row, first + 1] == keys[row, first])
    is_slip = (count == 1) | ((count == 2) & differ[row, first + 1] & is_crossed)
    levels = np.full(len(texts), NumberLikeness.CONTRADICTS, dtype=np.int8)
    levels[is_rounded_text & ~differ[:, :15].any(axis=1)] = NumberLikeness.PREFIX15
    levels[is_failing_text & is_slip] = NumberLikeness.ONE_SLIP
    levels[count == 0] = NumberLikeness.SAME
    return levels


def _matrix(keys: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(keys.astype("S18")).view(np.uint8).reshape(-1, 18)


def text_agreement_levels(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`text_likeness` of each pair of texts as read (object or str, None or "" = none), as int8 values of NumberLikeness."""
    codes, texts = pd.factorize(np.concatenate([np.asarray(a, dtype=object), np.asarray(b, dtype=object)]))
    one, other = codes[: len(a)], codes[len(a) :]
    levels = np.zeros(len(a), dtype=np.int8)
    both = np.flatnonzero((one >= 0) & (other >= 0))
    levels[both] = _of_distinct_pairs(text_likeness, one[both], other[both], texts, texts)
    return levels


def _of_distinct_pairs(
    likeness: Callable[[str, str], NumberLikeness], a: np.ndarray, b: np.ndarray, texts: np.ndarray, others: np.ndarray
) -> np.ndarray:
    pair, distinct = pd.factorize(a.astype(np.int64) * len(others) + b)
    levels = [
        likeness(texts[x], others[y]) for x, y in zip(*(part.tolist() for part in np.divmod(distinct, max(len(others), 1))), strict=True)
    ]
    return np.array(levels, dtype=np.int8)[pair]


def _count_shown(text: str) -> int:
    if SCIENTIFIC.fullmatch(text):
        return _shown_prefix(text)
    return sum(not _is_mask(character, place) for place, character in enumerate(text))


def is_failing(text: str) -> bool:
    """True for a number of full length whose check digit is wrong, by a slip or by a spreadsheet's rounding."""
    return bool(EIGHTEEN.fullmatch(text)) and not has_checksum(text)


def is_rounded(text: str) -> bool:
    """True where a failing number looks as a spreadsheet leaves it: three zeros at the end, or a multiple of 16."""
    return text.endswith("000") or (text[-1] != "X" and int(text) % 16 == 0)


def are_rounded(matrix: np.ndarray) -> np.ndarray:
    """`is_rounded` of each row of 18 bytes."""
    # 10,000 is a multiple of 16, so the last four digits tell.
    tail = (matrix[:, 14:].astype(np.int32) - ord("0")) @ np.array([1000, 100, 10, 1])
    result: np.ndarray = (matrix[:, 17] != ord("X")) & ((tail % 16 == 0) | (tail % 1000 == 0))
    return result


def one_slip_away(text: str) -> Iterator[str]:
    """Every number with a right check digit that is one digit or one swap of neighbours away from `text`, each once."""
    seen = {text}
    for position, digit in enumerate(text):
        for other in "0123456789" if position < 17 else "0123456789X":
            yield from _if_new(text[:position] + other + text[position + 1 :], seen)
        if position < 17 and digit != text[position + 1]:
            yield from _if_new(text[:position] + text[position + 1] + digit + text[position + 2 :], seen)


def _if_new(number: str, seen: set[str]) -> Iterator[str]:
    if number not in seen and has_checksum(number):
        seen.add(number)
        yield number


def agreeing_digits(damaged: str, number: str) -> int | None:
    """How many leading digits of a damaged number are true for `number`; None when it contradicts it.

    A spreadsheet keeps the first 15 digits (written out) or the first six (scientific form); a mask keeps what it shows.
    """
    scientific = SCIENTIFIC.fullmatch(damaged)
    if scientific:
        kept = scientific[1] + (scientific[2] or "")
        return len(kept) if len(kept) <= 17 and _rounds_to(kept, number) else None
    if MASKED.fullmatch(damaged) and len(damaged) == len(number):
        shown = [(a, b) for place, (a, b) in enumerate(zip(damaged, number, strict=True)) if not _is_mask(a, place)]
        return len(shown) if all(a == b for a, b in shown) else None
    if len(damaged) == 18 and damaged[:15].isdecimal():
        return 15 if damaged[:15] == number[:15] else None
    if SEVENTEEN.fullmatch(damaged):
        return 17 if damaged in {number[:i] + number[i + 1 :] for i in range(18)} else None
    return None


def _is_mask(character: str, place: int) -> bool:
    return character in "*x" or (character == "X" and place < 17)


def _rounds_to(kept: str, number: str) -> bool:
    places = len(kept)
    head, rest = int(number[:places]), number[places]
    return int(kept) in {head, head + (rest >= "5")}
