"""Numbers of decisions and orders as they are compared."""

from __future__ import annotations

import re
import unicodedata

# Most numbers come as they are compared; seeing that is five times quicker than writing them anew.
_TO_CHANGE = re.compile(r"[\s\[\]【】（）()]")
_BRACKETS = str.maketrans(dict.fromkeys("[【（(", "〔") | dict.fromkeys("]】）)", "〕"))


def normal_number(text: str) -> str:
    """A document number as it is compared: half-width, without spaces, every bracket as 〔〕."""
    if _TO_CHANGE.search(text) is None and unicodedata.is_normalized("NFKC", text):
        return text
    return "".join(unicodedata.normalize("NFKC", text).split()).translate(_BRACKETS)
