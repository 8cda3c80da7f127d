"""Identity numbers as evidence: what a good one says, and how near a damaged or failing one comes to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from expectations.forms.id_number import has_checksum

_EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]")
_SCIENTIFIC = re.compile(r"([0-9])(?:\.([0-9]+))?[eE]\+?17")


def birth_of(number: str) -> date:
    """The birth date inside a valid 18-digit number."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def sex_of(number: str) -> str:
    """The sex code inside a valid 18-digit number: 1 male, 2 female."""
    return "1" if int(number[16]) % 2 else "2"


def is_failing(text: str) -> bool:
    """True for a number of full length whose check digit is wrong, by a slip or by a spreadsheet's rounding."""
    return bool(_EIGHTEEN.fullmatch(text)) and not has_checksum(text)


def is_rounded(text: str) -> bool:
    """True where a failing number looks as a spreadsheet leaves it: three zeros at the end, or a multiple of 16."""
    return text.endswith("000") or (text[-1] != "X" and int(text) % 16 == 0)


def one_slip_away(text: str) -> Iterator[str]:
    """Every number with a right check digit that is one digit or one swap of neighbours away from `text`, each once."""
    seen = {text}
    for position, digit in enumerate(text):
        for other in "0123456789" if position < 17 else "0123456789X":
            yield from _if_new(text[:position] + other + text[position + 1 :], seen)
        if position < 17 and digit != text[position + 1]:
            yield from _if_new(text[:position] + text[position + 1] + digit + text[position + 2 :], seen)


def _if_new(number: str, seen: set[str]) -> Iterator[str]:
    if number not in seen and has_checksum(number):
        seen.add(number)
        yield number


def agreeing_digits(damaged: str, number: str) -> int | None:
    """How many leading digits of a damaged number are true for `number`; None when it contradicts it.

    A spreadsheet keeps the first 15 digits (written out) or the first six (scientific form); a mask keeps what it shows.
    """
    scientific = _SCIENTIFIC.fullmatch(damaged)
    if scientific:
        kept = scientific[1] + (scientific[2] or "")
        return len(kept) if _rounds_to(kept, number) else None
    if "*" in damaged and len(damaged) == len(number):
        shown = [(a, b) for a, b in zip(damaged, number, strict=True) if a != "*"]
        return len(shown) if all(a == b for a, b in shown) else None
    if len(damaged) == 18 and damaged[:15].isdecimal():
        return 15 if damaged[:15] == number[:15] else None
    if len(damaged) == 17 and damaged.isdecimal():
        return 17 if damaged in {number[:i] + number[i + 1 :] for i in range(18)} else None
    return None


def _rounds_to(kept: str, number: str) -> bool:
    places = len(kept)
    head, rest = int(number[:places]), number[places]
    return int(kept) in {head, head + (rest >= "5")}
