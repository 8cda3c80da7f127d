"""Yes or no, in the spellings the agencies use; `无` is an answer here, not a null."""

from __future__ import annotations

from expectations.agreement import CodeList
from expectations.forms import codes
from expectations.forms.form import Form, Read

YES_OR_NO = CodeList(
    "boolean",
    {"1": "是", "0": "否"},
    {"Y": "1", "N": "0", "true": "1", "false": "0", "有": "1", "无": "0", "√": "1", "×": "0"},
)
_CANONICAL = {"1": "true", "0": "false"}


def _form() -> Form:
    read_code = codes.form_of(YES_OR_NO).read_one

    def read_one(text: str) -> Read:
        code, problem = read_code(text)
        # Yes and no have no letter case of their own: `TRUE` and `y` are the agreed forms, not a bent code.
        is_letters = problem == "W_CODE_FORM" and not any(c.isdigit() for c in text)
        return (None if code is None else _CANONICAL[code]), None if is_letters else problem

    return Form(read_one)


FORM = _form()
