"""How alike two names are, one pair at a time; whole columns of pairs are compared in `names`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from rapidfuzz.distance import OSA

from warehouse.identity.name_characters import LOOK_ALIKE_PAIRS, PLACEHOLDER, PLAIN, UNREADABLE, is_han, is_latin_letter, sounds

# Below this many letters one edit makes another name: Lee, Lea.
SHORTEST_SLIP = 5
# Longer Chinese names are those of minorities, which have no surname to exchange and no short forms like these.
LONGEST_TURNED = 4
# What makes a name for every day of one sign of a given name: 小宇 and 宇儿 of 浩宇.
BEFORE_A_SIGN, AFTER_A_SIGN = frozenset("小大老阿"), frozenset("儿子")


class Likeness(IntEnum):
    """How alike two names are; the greater, the more alike. NONE: a placeholder, no evidence at all.

    Names in Latin letters have two levels of their own meaning: VARIANT is surname and given name exchanged, SHAPE one slip of
    typing. Of Chinese names, exchanged ones are SHAPE: a surname at the end is rare but may be a name.
    """

    NONE = 0
    DIFFERENT = 1
    ALIAS = 2
    PART = 3
    SHAPE = 4
    HOMOPHONE = 5
    VARIANT = 6
    SAME = 7

    @property
    def word(self) -> str:
        """The level as evidence shows it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Name:
    """A name ready to be compared: `key`, `bare` (without dots), `plain` (variants unified)."""

    key: str
    bare: str
    plain: str

    @property
    def is_placeholder(self) -> bool:
        """True when it names nobody."""
        return not self.bare or bool(PLACEHOLDER.fullmatch(self.key))

    @property
    def is_latin(self) -> bool:
        """True when it is written in Latin letters."""
        return any(map(is_latin_letter, self.bare)) and not any(map(is_han, self.bare))


@lru_cache(maxsize=1 << 18)
def prepared(key: str) -> Name:
    """A key made ready to be compared."""
    bare = key.replace("·", "")
    return Name(key, bare, bare.translate(PLAIN))


def likeness(one: str, other: str, *, is_birth_same: bool = False, aliases: frozenset[str] = frozenset()) -> Likeness:
    """How alike two name keys are.

    Args:
        is_birth_same: lets another surname with the same given name count as PART.
        aliases: keys of the names that the holder of `other` is known to have had; `one` among them counts as ALIAS, as does a name
            for every day made of the other's given name.
    """
    if one == other and one and not prepared(one).is_placeholder:
        return Likeness.SAME
    found = _likeness(*sorted((one, other)))
    if found is not Likeness.DIFFERENT:
        return found
    if one in aliases:
        return Likeness.ALIAS
    if is_birth_same and len(one) == len(other) >= 3 and one[1:] == other[1:] and not prepared(one).is_latin:
        return Likeness.PART
    return Likeness.DIFFERENT


@lru_cache(maxsize=1 << 18)
def _likeness(one: str, other: str) -> Likeness:
    a, b = prepared(one), prepared(other)
    if a.is_placeholder or b.is_placeholder:
        return Likeness.NONE
    if a.key == b.key or a.bare == b.bare:
        return Likeness.SAME
    if a.plain == b.plain:
        return Likeness.VARIANT
    if _has_unreadable(a.bare, b.bare):
        return Likeness.PART
    is_latin = a.is_latin and b.is_latin
    if is_latin and _is_turned(a.plain, b.plain):
        return Likeness.VARIANT
    if _sounds_alike(a.bare, b.bare):
        return Likeness.HOMOPHONE
    if _looks_alike(a.plain, b.plain) or _is_turned(a.plain, b.plain) or (is_latin and _is_slip(a.bare, b.bare)):
        return Likeness.SHAPE
    if _is_cut(a, b) or _has_lost_a_sign(a, b):
        return Likeness.PART
    return Likeness.ALIAS if _is_called(a, b) or _is_called(b, a) else Likeness.DIFFERENT


def _has_unreadable(one: str, other: str) -> bool:
    """The readable places agree, at most one place is unreadable, and at least two characters were read."""
    if len(one) != len(other):
        return False
    differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(differing) == 1 and len(one) >= 2 and bool(UNREADABLE & set(differing[0]))


def _sounds_alike(one: str, other: str) -> bool:
    return len(one) == len(other) and all(a == b or not set(sounds(a)).isdisjoint(sounds(b)) for a, b in zip(one, other, strict=True))


def _looks_alike(one: str, other: str) -> bool:
    if len(one) != len(other):
        return False
    differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(differing) == 1 and differing[0] in LOOK_ALIKE_PAIRS


def _is_turned(one: str, other: str) -> bool:
    """Surname and given name exchanged: with the blank gone, the one begins in the middle of the other."""
    is_short_or_latin = len(one) <= LONGEST_TURNED or prepared(one).is_latin
    return len(one) == len(other) >= 2 and is_short_or_latin and other in one + one


def _is_slip(one: str, other: str) -> bool:
    """One letter wrong, lost, added, or swapped with its neighbour, in names long enough for that to be a slip."""
    return min(len(one), len(other)) >= SHORTEST_SLIP and OSA.distance(one, other, score_cutoff=1) == 1


def _is_cut(one: Name, other: Name) -> bool:
    short, long = sorted((one, other), key=lambda name: len(name.bare))
    return 2 <= len(short.bare) < len(long.bare) and long.bare.startswith(short.bare)


def _has_lost_a_sign(one: Name, other: Name) -> bool:
    """Of a Chinese given name of two signs or more, one is not there: 王明 of 王建明."""
    short, long = sorted((one.bare, other.bare), key=len)
    if len(short) < 2 or len(long) != len(short) + 1 or not _is_plain_chinese(long) or not _is_plain_chinese(short):
        return False
    return any(long[:at] + long[at + 1 :] == short for at in range(1, len(long)))


def _is_called(one: Name, other: Name) -> bool:
    """`one` is what somebody of the name `other` is called at home: a sign of the given name with 小 before it or 儿 after it."""
    short, given = one.bare, other.bare[1:]
    if len(short) != 2 or not given or not _is_plain_chinese(other.bare):
        return False
    return (short[0] in BEFORE_A_SIGN and short[1] in given) or (short[1] in AFTER_A_SIGN and short[0] in given)


def _is_plain_chinese(bare: str) -> bool:
    return len(bare) <= LONGEST_TURNED and all(map(is_han, bare))
