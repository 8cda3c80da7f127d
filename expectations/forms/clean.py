"""What happens to every text before its form is looked at: private-use characters, NFKC, trimming; and the texts that mean null."""

from __future__ import annotations

import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.forms.private_use import TO_UNICODE

TRIMMED = " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\u00a0\u2028\u2029\u3000\u200b\u200c\u200d\u2060\ufeff"
NULLS = frozenset({"", "无", "不详", "未知", "/", "-", "--", "—", "NULL", "null", "N/A", "NaN", "空"})
LONGEST_TEXT = 500

# Printable ASCII, common ideographs and a few signs that NFKC leaves alone; no blank at either end.
_SAFE = r"!-~\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}·、。〔〕《》【】"
_SAFE_TEXT = f"^[{_SAFE}](?:[ {_SAFE}]*[{_SAFE}])?$"


def clean(text: str) -> str:
    """The text without U+0000, after the private-use table, NFKC and trimming. Cleaning twice changes nothing."""
    text = text.replace("\0", "")  # no column can hold it
    if text.isascii():
        return text.strip(TRIMMED)
    # The table comes first: its vertical forms are themselves compatibility characters.
    return unicodedata.normalize("NFKC", text.translate(TO_UNICODE)).strip(TRIMMED)


def is_clean(texts: pa.LargeStringArray) -> np.ndarray:
    """True where `clean` certainly changes nothing, the text is not a null form and not over 500 characters."""
    safe = pc.and_(pc.match_substring_regex(texts, _SAFE_TEXT), pc.less_equal(pc.utf8_length(texts), LONGEST_TEXT))
    null = pc.is_in(texts, value_set=pa.array(sorted(NULLS), pa.large_string()))
    return as_booleans(pc.and_(safe, pc.invert(null)))


def as_booleans(mask: pa.BooleanArray) -> np.ndarray:
    """The mask as numpy booleans, null as False."""
    result: np.ndarray = pc.fill_null(mask, False).to_numpy(zero_copy_only=False)
    return result
