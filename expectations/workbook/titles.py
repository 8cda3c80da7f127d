"""How column titles and marker words of a sheet are compared. Standard library only: the workbook's child process uses it too."""

from __future__ import annotations

import re
import unicodedata

_NOT_COMPARED = re.compile("[\\s*\u200b-\u200d\u2060\ufeff]+")


def normal_title(text: str) -> str:
    """A title after NFKC, without spaces, line breaks, zero-width characters and `*` (agreement section 1)."""
    return _NOT_COMPARED.sub("", unicodedata.normalize("NFKC", text))
