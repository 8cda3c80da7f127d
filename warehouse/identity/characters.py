"""Characters before they mean anything: the first normalisation of received text, and columns of single characters.

The private-use table of GB 18030 and the order of the steps are those of `expectations.forms.clean`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from expectations.forms.private_use import TO_UNICODE

if TYPE_CHECKING:
    from opencc import OpenCC

_ASIDE = "\u2028"  # stands between texts that are converted in one call; itself a blank that no key keeps
_TABLE_END = 0x10000
_PRIVATE_USE = re.compile(f"[{''.join(map(chr, TO_UNICODE))}]")


def normal(text: str) -> str:
    """The text after the private-use table and NFKC, which also makes radicals (2F00-2FD5) and F900-FAFF ordinary characters."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFKC", text.translate(TO_UNICODE) if _PRIVATE_USE.search(text) else text)


def simplified(texts: Sequence[str]) -> list[str]:
    """Each text normal and in simplified characters; a line separator in it is lost."""
    if not texts:
        return []
    joined = _ASIDE.join(normal(text).replace(_ASIDE, "") for text in texts)
    return _to_simplified().convert(joined).split(_ASIDE)


@lru_cache(maxsize=1)
def _to_simplified() -> OpenCC:
    from opencc import OpenCC

    return OpenCC("t2s")


def flat_characters(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """All characters of all texts as uint32 code points, one text behind the other, and the length of each text (int64)."""
    joined = "".join(texts).encode("utf-32-le", "surrogatepass")
    return np.frombuffer(joined, dtype=np.uint32), np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))


def untouched(characters: np.ndarray, convert: Callable[[list[str]], list[str]]) -> np.ndarray:
    """True for the characters that `convert` leaves alone, by themselves; never for one beyond the Basic Multilingual Plane."""
    table = _untouched_table(convert)
    result: np.ndarray = table[np.minimum(characters, _TABLE_END)]
    return result


@cache
def _untouched_table(convert: Callable[[list[str]], list[str]]) -> np.ndarray:
    """Asked of every ideograph, ASCII letter and digit; others, among them all that NFKC may join, count as touched."""
    asked = [chr(point) for start, end in ((0x30, 0x5B), (0x3400, 0xA000)) for point in range(start, end)]
    table = np.zeros(_TABLE_END + 1, dtype=bool)
    table[[ord(one) for one, other in zip(asked, convert(asked), strict=True) if one == other]] = True
    return table
