"""Explanations have words for everything the code says, and no word that nothing says."""

import re
from pathlib import Path

import pytest

from warehouse.identity.explanation import CHANGES, RULES, WORDS, Explanation, Line, Sentence
from warehouse.identity.rules import TEXTS

IDENTITY = Path(__file__).resolve().parents[4] / "warehouse" / "identity"
SOURCES = {path.stem: path.read_text("utf-8") for path in IDENTITY.glob("*.py")}
SAYING = "\n".join(SOURCES[name] for name in ("explain", "recorded", "what_if"))
# Verdicts and statuses are their own codes; those of decisions and places are put together.
MADE = {"one_person", "in_review", "apart", "linked", "review", "unlinked", "steward_same", "steward_never"}


def test_every_sentence_has_its_words_and_every_word_its_sentence() -> None:
    assert set(re.findall(r'Sentence\(\s*"(\w+)"', SAYING)) | MADE == set(WORDS)


def test_every_rule_has_its_words() -> None:
    assert set(RULES) == set(TEXTS) - {""}


def test_every_change_has_its_words() -> None:
    tried = set(re.findall(r'yield\s*\(?\s*"(\w+)",', SAYING))
    made = {f"{how}_{what}" for how in ("equal", "no") for what in ("phone", "dwelling")}
    assert tried | made == set(CHANGES)


@pytest.mark.parametrize("code", sorted(WORDS))
def test_every_sentence_can_be_said(code: str) -> None:
    names = {name for name in re.findall(r"\{(\w+)\}", WORDS[code]) if name != "because"}
    told = Sentence(code, {name: "equal_phone" if name == "what" else "1" for name in names}).text()
    assert "{" not in told
    assert told.endswith(".")


def test_weights_are_shown_where_there_are_any() -> None:
    found = Explanation("apart", (Sentence("numbers_equal"),), (Line("name", "same", 1.5), Line("birth", "not known")))
    assert found.text().splitlines() == [
        "Both rows have the same valid number.",
        "Evidence (weights in log-odds: above 0 speaks for one person)",
        "  name                 same                 +1.50",
        "  birth                not known",
    ]
