"""Numbers of decisions and orders as they are compared."""

from __future__ import annotations

import unicodedata

_BRACKETS = str.maketrans(dict.fromkeys("[【（(", "〔") | dict.fromkeys("]】）)", "〕"))


def normal_number(text: str) -> str:
    """A document number as it is compared: half-width, without spaces, every bracket as 〔〕."""
    return "".join(unicodedata.normalize("NFKC", text).split()).translate(_BRACKETS)
