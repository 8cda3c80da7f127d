"""Amounts and counts: exact decimals from text, never a float; the unit must be the field's own."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.agreement import Field
from expectations.forms.clean import NULLS, as_booleans, clean
from expectations.forms.form import Form, Quick, Read

_NUMBER = re.compile(
    r"([+-]?)\s*(¥?)\s*(-?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)((?:\.[0-9]+)?)\s*((?:[^0-9.,+\s-][^0-9.,+-]*(?:2(?:/[^0-9]+)?)?)?)"
)
_USUAL_DECIMAL = r"^(?:0|[1-9][0-9]{0,11})\.[0-9]{2}$"
_USUAL_INTEGER = r"^(?:0|[1-9][0-9]{0,8})$"
_MONEY_SUFFIX = re.compile(r"(万?)(?:元(?:/(月|年))?)?")
_MONEY_PERIODS = {"yuan/month": "月", "yuan/year": "年"}
_EXACT = Context(prec=600)
_MONEY_PLACES, _OTHER_PLACES = 2, 6
_LONGEST_WHOLE_DECIMAL, _LONGEST_WHOLE_INTEGER = 12, 9  # digits; longer numbers are slips, and would not fit a column

WORDS = {
    "persons": ("人", "名", "口", "位"),
    "months": ("个月", "月"),
    "days": ("天", "日"),
    "times": ("次", "回"),
    "minutes": ("分钟", "分", "min"),
    "hours": ("小时", "学时", "课时", "h"),
    "dwellings": ("套", "处"),
    "vehicles": ("辆", "台"),
    "companies": ("家", "个", "户"),
    "points": ("分", "积分"),
    "cm": ("厘米", "cm", "公分"),
    "sqm": ("平方米", "平米", "m2", "平方"),
    "sqm/person": ("平方米", "平米", "m2", "平方", "平方米/人", "平米/人", "m2/人"),
}
_ALL_WORDS = frozenset(word for words in WORDS.values() for word in words) | {"年", "周", "元", "万元", "万人", "米", "mm", "毫米"}


def form_of(field: Field) -> Form:
    """The form of a money, decimal or integer field.

    Negative numbers are read where the field has `negative_when` (the caller then looks at the condition), else E_RANGE;
    numbers above `greatest` are E_RANGE.
    """
    if field.greatest is not None:
        return Form(lambda text: read_one(text, field))
    pattern = _USUAL_INTEGER if field.form == "integer" else _USUAL_DECIMAL

    def quick(texts: pa.LargeStringArray) -> Quick:
        done: np.ndarray = as_booleans(pc.match_substring_regex(texts, pattern))
        return done, None

    return Form(lambda text: read_one(text, field), quick)


def read_one(text: str, field: Field) -> Read:
    """The number in canonical text: integers plain, decimals with two places (more only outside money, where they are exact)."""
    cleaned = clean(text)
    if cleaned in NULLS:
        return None, None
    found = _NUMBER.fullmatch(cleaned)
    if not found or not (found[4] or found[5]) or (found[1] and found[3]):
        return None, "E_NUMBER"
    sign, currency, inner_sign, whole, fraction, suffix = found.groups()
    if currency and field.form != "money":
        return None, "E_NUMBER"
    unit_problem, power = _unit(suffix, field)
    if unit_problem:
        return None, unit_problem
    digits = whole.replace(",", "").lstrip("0") or "0"
    if len(digits) + len(fraction) > 500:
        return None, "E_NUMBER"
    number = Decimal(f"{'-' if '-' in (sign, inner_sign) else ''}{digits}{fraction}").scaleb(power, _EXACT)
    return _in_range(number, field, "W_UNIT" if power else None)


def _unit(suffix: str, field: Field) -> tuple[str | None, int]:
    """(E_ code or None, power of ten) for the words after the number."""
    if not suffix:
        return None, 0
    if field.form == "money":
        found = _MONEY_SUFFIX.fullmatch(suffix)
        if not found:
            return "E_NUMBER", 0
        is_right = found[2] is None or found[2] == _MONEY_PERIODS.get(field.unit or "")
        return None if is_right else "E_UNIT", 4 if found[1] else 0
    if suffix.lower() in WORDS.get(field.unit or "", ()):
        return None, 0
    return "E_UNIT" if suffix.lower() in _ALL_WORDS else "E_NUMBER", 0


def _in_range(number: Decimal, field: Field, code: str | None) -> Read:
    if field.form == "integer":
        if number != number.to_integral_value():
            return None, "E_NUMBER"
        canonical, longest = f"{number.to_integral_value():f}", _LONGEST_WHOLE_INTEGER
    else:
        places = _MONEY_PLACES if field.form == "money" else _OTHER_PLACES
        rounded = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _EXACT)
        code = code or ("W_ROUNDED" if rounded != number else None)
        number, longest = rounded, _LONGEST_WHOLE_DECIMAL
        whole, _, fraction = f"{rounded:f}".partition(".")
        canonical = f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"
    if number == 0:
        return canonical.removeprefix("-"), code
    is_too_long = len(canonical.lstrip("-").partition(".")[0]) > longest
    if is_too_long or (number < 0 and field.negative_when is None) or (field.greatest is not None and number > field.greatest):
        return None, "E_RANGE"
    return canonical, code
