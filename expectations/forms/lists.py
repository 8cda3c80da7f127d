"""Lists: a JSON array, or items joined by `;` `；` `、` `|`; each item is read by its own form."""

from __future__ import annotations

import json
import re

from expectations.agreement import Field
from expectations.forms.clean import clean
from expectations.forms.form import Form, Read

_JOINTS = re.compile("[;；、|]")
_NONE = "无"


def form_of(field: Field, item: Form) -> Form:
    """The form of a list of `item`s; the canonical text is a JSON array of strings, without blanks."""
    return Form(lambda text: read_one(text, item, is_none_empty=field.field == "former_names"))


def read_one(text: str, item: Form, is_none_empty: bool = False) -> Read:
    """The items in their order; one refused item refuses the list. `is_none_empty`: 无 is the empty list, not null."""
    given = items_of(text)
    if not given and not (is_none_empty and clean(text) == "[]"):
        return None, None
    if is_none_empty and given in ([_NONE], []):
        return "[]", None
    values, warning = [], None
    for one in given:
        value, code = item.read_one(one)
        if code and code.startswith("E_"):
            return None, code
        warning = warning or code
        if value is not None:
            values.append(value)
    return (json.dumps(values, ensure_ascii=False, separators=(",", ":")), warning) if values else (None, warning)


def items_of(text: str) -> list[str]:
    """The items as received; empty ones are left out."""
    trimmed = clean(text)
    if trimmed.startswith("["):
        try:
            # Not the cleaned text: NFKC could make a quotation mark out of a character inside an item.
            array = json.loads(text[text.index("[") : text.rindex("]") + 1])
        except (ValueError, RecursionError):
            array = None
        if isinstance(array, list) and all(isinstance(one, (str, int)) or one is None for one in array):
            return [one for one in map(_storable, array) if clean(one)]
    return [one for one in _JOINTS.split(text) if clean(one)]


def _storable(item: str | int | None) -> str:
    """JSON escapes can hold what no UTF-8 text and no PostgreSQL column can: lone surrogates and U+0000."""
    return "" if item is None else str(item).encode("utf-8", "replace").decode().replace("\0", "")
