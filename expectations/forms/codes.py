"""Codes of a code list: as code, label, both together, synonym, or a form of the code that only one code can mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from expectations.agreement import CodeList
from expectations.forms.clean import NULLS, clean
from expectations.forms.form import Form, Read

SEPARATORS = ("-", "_", ":", ".", " ")
_BLANKS_AROUND_SEPARATOR = re.compile(r"\s*([-_:.() ])\s*")
_WHOLE_DECIMAL = re.compile(r"([0-9]+)\.0+")
_TWO_DIGITS = re.compile(r"[0-9]{2}")


def form_of(codes: CodeList) -> Form:
    """The form of one code list. Few distinct texts are expected, so there is no quick reading."""
    exact, loose = _spellings_of(tuple(codes.codes.items()), tuple(codes.synonyms.items()))

    def read_one(text: str) -> Read:
        cleaned = clean(text)
        if cleaned in exact:
            return exact[cleaned], None
        if cleaned in NULLS:
            return None, None
        tight = _BLANKS_AROUND_SEPARATOR.sub(r"\1", cleaned)
        if tight in exact:
            return exact[tight], None
        finer = _by_first_digit(codes, cleaned)
        if finer:
            return finer, None
        if codes.pattern and re.fullmatch(codes.pattern, cleaned, re.ASCII):
            return cleaned, None
        whole = _WHOLE_DECIMAL.fullmatch(tight)
        found = loose.get((whole[1] if whole else tight).casefold(), frozenset())
        return (next(iter(found)), "W_CODE_FORM") if len(found) == 1 else (None, "E_CODE")

    return Form(read_one)


@lru_cache(maxsize=256)
def _spellings_of(
    labels: tuple[tuple[str, str], ...], synonyms: tuple[tuple[str, str], ...]
) -> tuple[dict[str, str], Mapping[str, frozenset[str]]]:
    """Exact and loose spellings; the same list is asked for with every small delivery."""
    codes = CodeList("", dict(labels), dict(synonyms))
    return _exact(codes), _loose(codes)


def _words(codes: CodeList) -> dict[str, list[str]]:
    """Code to the words that mean it: its label and synonyms, cleaned."""
    words = {code: [clean(label)] for code, label in codes.codes.items()}
    for word, code in codes.synonyms.items():
        if code in words:
            words[code].append(clean(word))
    return words


def _spellings(code: str, word: str) -> list[str]:
    return [*(f"{code}{separator}{word}" for separator in SEPARATORS), f"{word}({code})", f"{code}({word})"]


def _exact(codes: CodeList) -> dict[str, str]:
    """Every text that is one code without doubt. A code wins over a word that is spelled like it."""
    exact: dict[str, str] = {}
    for code, words in _words(codes).items():
        for word in words:
            exact.setdefault(word, code)
            for spelling in _spellings(code, word):
                exact.setdefault(_BLANKS_AROUND_SEPARATOR.sub(r"\1", spelling), code)
                exact.setdefault(spelling, code)
    return exact | {code: code for code in codes.codes}


def _loose(codes: CodeList) -> Mapping[str, frozenset[str]]:
    """Other case, lost leading zeros: to every code that could be meant, `1.0` being looked up as `1`."""
    found: dict[str, set[str]] = {}
    for code, words in _words(codes).items():
        short = code.lstrip("0") or "0"
        for spelling in (code, short, *words, *(s for word in words for s in _spellings(short, word))):
            found.setdefault(spelling.casefold(), set()).add(code)
    return {text: frozenset(meant) for text, meant in found.items()}


def _by_first_digit(codes: CodeList, text: str) -> str | None:
    """The one code of a two-digit list whose first digit is that of a finer standard code."""
    if not codes.by_first_digit or not _TWO_DIGITS.fullmatch(text):
        return None
    same = [code for code in codes.codes if code[0] == text[0]]
    return same[0] if len(same) == 1 else None
