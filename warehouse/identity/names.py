"""Names of persons: the key by which they are compared, and how alike two names are.

The received text is never changed; a key stands beside it. No level of likeness is a link by itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opencc import OpenCC

DOTS = "·\u2022\u2027\u30fb\uff65\u2219\u22c5\u0387\u2e31\u2024\uff0e.。-"
_DOTS = str.maketrans(dict.fromkeys(DOTS, "·"))
_BLANKS = re.compile(r"[\s\u200b-\u200d\u2060\ufeff]+")
_UNREADABLE = frozenset("?□*■\ufffd○〓")
_PLACEHOLDER = re.compile(r"\S{0,2}某{1,2}|未取名|未命名|无名氏")
# Characters of names written one for the other in registers: old or second-scheme forms, and pairs that different traditional
# forms fall together in. Each group is one name.
VARIANTS = (
    *("阎闫", "肖萧", "付傅", "戴代", "后後", "余馀", "钟锺", "叶葉", "范範", "沈沉", "丘邱", "宁甯", "佘畲", "逯禄", "晁鼂", "欧区"),
    *("芦卢", "桔橘", "峰峯", "群羣", "昆崑", "炳昺", "晖辉", "岩巖", "栖棲", "咏詠", "升昇", "秋龝", "喆哲", "堃坤", "珮佩", "于於"),
)
# Characters taken for each other by eye.
LOOK_ALIKES = (
    *("己已巳", "未末", "士土", "日曰", "天夭", "王玉", "大太", "人入", "千干于", "刀力", "午牛", "田由甲申", "戊戌戍", "今令", "贝见"),
    *("住佳", "免兔", "侯候", "侍待", "折拆", "拔拨", "晴睛", "清请情", "博搏", "栋拣", "冶治", "冷泠", "准淮", "凉谅", "梁粱"),
    *("鸟乌", "史吏", "束柬", "风凤", "崇祟", "茶荼", "荣萦", "莹萤", "彤彬", "彦颜", "晓哓", "炯烔", "帅师", "宇字", "官宫"),
    *("延廷", "建健", "材村林", "杨扬", "汪江", "洋样", "海侮", "涛祷", "玲铃", "玫玖", "娟捐", "婷停", "钢纲", "铭名", "锋峰"),
    *("鹏朋", "明朋", "伟纬", "俊峻", "倩情", "芳芬", "苗笛", "菁青", "萍苹", "蓉容", "薇微徽", "辉挥", "静净", "瑞端", "永水"),
)


class Likeness(IntEnum):
    """How alike two names are; the greater, the more alike. NONE: a placeholder, no evidence at all."""

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
        return not self.bare or bool(_PLACEHOLDER.fullmatch(self.key))


def name_keys(texts: Sequence[str]) -> list[str]:
    """The key of each name: half-width, no blanks, one kind of dot, simplified characters, Latin in upper case."""
    cleaned = [_BLANKS.sub("", unicodedata.normalize("NFKC", text).translate(_DOTS)).upper() for text in texts]
    return _to_simplified().convert("\n".join(cleaned)).split("\n") if cleaned else []


@lru_cache(maxsize=1)
def _to_simplified() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


def bare_keys(texts: Sequence[str]) -> list[str]:
    """The second key of each name: without dots, which some registers drop. Names of one bare key are the same name."""
    return [key.replace("·", "") for key in name_keys(texts)]


@lru_cache(maxsize=1 << 18)
def prepared(key: str) -> Name:
    """A key made ready to be compared."""
    bare = key.replace("·", "")
    return Name(key, bare, bare.translate(_PLAIN))


def likeness(one: str, other: str, *, is_birth_same: bool = False, aliases: frozenset[str] = frozenset()) -> Likeness:
    """How alike two name keys are.

    Args:
        is_birth_same: lets another surname with the same given name count as PART.
        aliases: keys of the names that the holder of `other` is known to have had; `one` among them counts as ALIAS.
    """
    if one == other and one and not prepared(one).is_placeholder:
        return Likeness.SAME
    found = _likeness(*sorted((one, other)))
    if found is not Likeness.DIFFERENT:
        return found
    if one in aliases:
        return Likeness.ALIAS
    if is_birth_same and len(one) == len(other) >= 3 and one[1:] == other[1:]:
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
    if _sounds_alike(a.bare, b.bare):
        return Likeness.HOMOPHONE
    if _looks_alike(a.plain, b.plain):
        return Likeness.SHAPE
    return Likeness.PART if _is_cut(a, b) else Likeness.DIFFERENT


def _has_unreadable(one: str, other: str) -> bool:
    """The readable places agree, at most one place is unreadable, and at least two characters were read."""
    if len(one) != len(other):
        return False
    differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(differing) == 1 and len(one) >= 2 and bool(_UNREADABLE & set(differing[0]))


def _sounds_alike(one: str, other: str) -> bool:
    return len(one) == len(other) and all(a == b or bool(_sounds(a) & _sounds(b)) for a, b in zip(one, other, strict=True))


@lru_cache(maxsize=1 << 16)
def _sounds(character: str) -> frozenset[str]:
    from pypinyin import Style, pinyin

    if not "\u3400" <= character <= "\U0003ffff":
        return frozenset()
    return frozenset(pinyin(character, style=Style.NORMAL, heteronym=True)[0])


def _looks_alike(one: str, other: str) -> bool:
    if len(one) != len(other):
        return False
    differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    return len(differing) == 1 and differing[0] in _LOOK_ALIKE_PAIRS


def _is_cut(one: Name, other: Name) -> bool:
    short, long = sorted((one, other), key=lambda name: len(name.bare))
    return 2 <= len(short.bare) < len(long.bare) and long.bare.startswith(short.bare)


def _plain_table() -> dict[int, str]:
    return {ord(character): group[0] for group in VARIANTS for character in group[1:]}


_PLAIN = _plain_table()
_LOOK_ALIKE_PAIRS = frozenset((a, b) for group in LOOK_ALIKES for a in group for b in group if a != b)
