"""Codes of organisations: shape only. Whether the directory knows the code on the event's date is not a matter of form."""

from __future__ import annotations

import re

from expectations.forms.clean import NULLS, clean
from expectations.forms.form import Form, Read

_CODE = "[0-9A-Za-z]{2,32}"
_ALONE = re.compile(_CODE)
_WITH_NAME = re.compile(rf"({_CODE})[-_:. ]+[^0-9A-Za-z].*|[^()]*[^()0-9A-Za-z]\(({_CODE})\)|({_CODE})\([^()]*[^()0-9A-Za-z]\)")
_WHOLE_DECIMAL = re.compile(r"([0-9]{2,32})\.0+")


def read_one(text: str) -> Read:
    """The code in upper case; with a name beside it, in lower case or as `140106003000.0` it is W_CODE_FORM; else E_CODE."""
    cleaned = clean(text)
    if cleaned in NULLS:
        return None, None
    if _ALONE.fullmatch(cleaned):
        return cleaned.upper(), None if cleaned == cleaned.upper() else "W_CODE_FORM"
    found = _WHOLE_DECIMAL.fullmatch(cleaned) or _WITH_NAME.fullmatch(cleaned)
    if not found:
        return None, "E_CODE"
    return next(g for g in found.groups() if g).upper(), "W_CODE_FORM"


FORM = Form(read_one)
