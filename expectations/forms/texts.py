"""Free text, numbers of documents and other opaque keys: cleaned, null forms taken out, nothing else."""

from __future__ import annotations

import pyarrow as pa

from expectations.forms.clean import LONGEST_TEXT, NULLS, clean, is_clean
from expectations.forms.form import Form, Quick, Read


def read_one(text: str) -> Read:
    """The cleaned text; null forms give null, over 500 characters E_LENGTH."""
    cleaned = clean(text)
    if cleaned in NULLS:
        return None, None
    if len(cleaned) > LONGEST_TEXT:
        return None, "E_LENGTH"
    return cleaned, None


def quick(texts: pa.LargeStringArray) -> Quick:
    """Texts that are clean already."""
    return is_clean(texts), None


FORM = Form(read_one, quick)
