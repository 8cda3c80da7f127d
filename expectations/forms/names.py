"""Names of persons: kept as received after cleaning; the match key is worked out beside, in the identity layer."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from expectations.forms.clean import NULLS, as_booleans, clean
from expectations.forms.form import Form, Quick, Read

LONGEST_NAME = 100
_BROKEN = re.compile("[?□\ufffd]")
_PLACEHOLDER = re.compile(r"\S{0,2}某{1,2}|未取名|未命名|无名氏")
_USUAL = r"^[\x{4E00}-\x{9FFF}]{2,20}(?:·[\x{4E00}-\x{9FFF}]{1,20})*$"
_NOT_USUAL = pa.array(["未取名", "未命名", "无名氏", *(n for n in NULLS if len(n) > 1)], pa.large_string())


def read_one(text: str) -> Read:
    """The name; broken characters and placeholders are kept with a warning, over 100 characters E_LENGTH."""
    cleaned = clean(text)
    if cleaned in NULLS:
        return None, None
    if len(cleaned) > LONGEST_NAME:
        return None, "E_LENGTH"
    if _BROKEN.search(cleaned):
        return cleaned, "W_NAME_BROKEN"
    return cleaned, "W_NAME_PLACEHOLDER" if _PLACEHOLDER.fullmatch(cleaned) else None


def quick(texts: pa.LargeStringArray) -> Quick:
    """Names of common ideographs, with or without middle dots, that are no placeholder."""
    usual = pc.and_(pc.match_substring_regex(texts, _USUAL), pc.less_equal(pc.utf8_length(texts), LONGEST_NAME))
    odd = pc.or_(pc.match_substring(texts, "某"), pc.is_in(texts, value_set=_NOT_USUAL))
    return as_booleans(pc.and_(usual, pc.invert(odd))), None


FORM = Form(read_one, quick)
