"""Identity numbers: kept, marked where damaged or failing, never repaired; and the key that alone may link.

Source: GB 11643 (checksum ISO 7064 MOD 11-2). Regions and sex are no part of validity: codes valid at birth may be gone.
"""

from __future__ import annotations

import re
from datetime import date
from operator import mul

import numpy as np
import pyarrow as pa

from expectations.forms.clean import LONGEST_TEXT, NULLS, clean
from expectations.forms.columns import are_digits, bytes_of_width, digits_of
from expectations.forms.dates import is_in_calendar
from expectations.forms.form import Form, Quick, Read

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
OLDEST_YEARS = 130
# Numbers of the identity card family; passports (414) and "other or none" (999) are opaque and never a key.
KEY_TYPES = frozenset({"111", "113", "511", "553"})
FOREIGN_RESIDENT = re.compile(r"[A-Za-z]{3}[0-9]{12}")
_ZERO = ord("0")
_INSIDE = re.compile(r"[\s\u200b-\u200d\u2060\ufeff\-\u2010-\u2015\u2212]+")
_LEADING_QUOTES = "'`\u2018\u2019"
_LIKE_X = "xХхΧχ×*#"
_EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]")
_FIFTEEN = re.compile(r"[0-9]{15}")
_DAMAGED = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]+|[0-9]{17}|[0-9]+\.0*|.*\*.*|[0-9]{2,}[xX]{3,}[0-9xX]*")


def form_of(as_of: date) -> Form:
    """The form of id_number on a day: births after it, or 130 years before, are no birth dates."""
    return Form(lambda text: read_one(text, as_of), lambda texts: quick(texts, as_of))


def key_form_of(as_of: date) -> Form:
    """From a number as read to its `id_key`."""
    return Form(lambda number: (key_of(number, as_of), None), lambda texts: quick(texts, as_of))


def read_one(text: str, as_of: date) -> Read:
    """The number as `written`; W_ID_DAMAGED or W_ID_CHECKSUM where it cannot be trusted."""
    number, error = written(text)
    return (None, error) if number is None else (number, _doubt(number, as_of))


def written(text: str) -> Read:
    """The number without blanks, dashes and leading quote, its last character X where that is meant; E_LENGTH where it is none."""
    cleaned = clean(text)
    if cleaned in NULLS or cleaned == "0":
        return None, None
    number = clean(_INSIDE.sub("", cleaned).lstrip(_LEADING_QUOTES))
    if number in NULLS or number == "0":
        return None, None
    if len(number) > LONGEST_TEXT:
        return None, "E_LENGTH"
    if number[-1] in _LIKE_X and has_checksum(number[:-1] + "X"):
        number = number[:-1] + "X"
    return number, None


def _doubt(number: str, as_of: date) -> str | None:
    if _EIGHTEEN.fullmatch(number):
        if has_checksum(number):
            return None if has_birth_date(number, as_of) else "W_ID_CHECKSUM"
        is_rounded = number.endswith("000") or (number[-1] != "X" and int(number) % 16 == 0)
        return "W_ID_DAMAGED" if is_rounded else "W_ID_CHECKSUM"
    if _FIFTEEN.fullmatch(number):
        return None if has_birth_date(derived18(number), as_of) else "W_ID_CHECKSUM"
    return "W_ID_DAMAGED" if _DAMAGED.fullmatch(number) else "W_ID_CHECKSUM"


def key_of(number: str, as_of: date) -> str | None:
    """The 18-digit number that may link by itself: a valid one, or the one derived from 15 digits; else None."""
    if _EIGHTEEN.fullmatch(number):
        return number if has_checksum(number) and has_birth_date(number, as_of) else None
    if _FIFTEEN.fullmatch(number):
        longer = derived18(number)
        return longer if has_birth_date(longer, as_of) else None
    return None


def has_checksum(number: str) -> bool:
    """True for 18 characters whose last is the check digit of the others."""
    return bool(_EIGHTEEN.fullmatch(number)) and check_digit(number[:17]) == number[17]


def check_digit(first17: str) -> str:
    """The 18th character for 17 digits."""
    if len(first17) != len(WEIGHTS):
        raise ValueError("a check digit is that of 17 digits")
    return CHECK_DIGITS[sum(map(mul, map(int, first17), WEIGHTS)) % 11]


def check_digits(first17: np.ndarray) -> np.ndarray:
    """The 18th character for each row of 17 digits; bytes (uint8)."""
    total = (first17.astype(np.int32) - _ZERO) @ np.array(WEIGHTS, dtype=np.int32)
    return np.frombuffer(CHECK_DIGITS.encode(), dtype=np.uint8)[total % 11]


def derived18(number: str) -> str:
    """The 18-digit form of a 15-digit number: the century 19 and the check digit added."""
    first17 = number[:6] + "19" + number[6:]
    return first17 + check_digit(first17)


def has_birth_date(number: str, as_of: date) -> bool:
    """True when digits 7 to 14 are a real day, not after `as_of` and at most 130 years before."""
    try:
        birth = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return birth <= as_of and as_of.year - birth.year <= OLDEST_YEARS


def quick(texts: pa.LargeStringArray, as_of: date) -> Quick:
    """Valid 18-digit numbers, written without anything else."""
    places, matrix = bytes_of_width(texts, 18)
    done = np.zeros(len(texts), dtype=bool)
    done[places[_is_valid(matrix, as_of)]] = True
    return done, None


def _is_valid(matrix: np.ndarray, as_of: date) -> np.ndarray:
    last = matrix[:, 17]
    shaped = are_digits(matrix, list(range(17))) & (((last >= 48) & (last <= 57)) | (last == ord("X")))
    years, months, days = digits_of(matrix, 6, 10), digits_of(matrix, 10, 12), digits_of(matrix, 12, 14)
    is_past = years * 10000 + months * 100 + days <= as_of.year * 10000 + as_of.month * 100 + as_of.day
    is_living = as_of.year - years <= OLDEST_YEARS
    has_check = check_digits(matrix[:, :17]) == last
    result: np.ndarray = shaped & has_check & is_in_calendar(years, months, days) & is_past & is_living
    return result
