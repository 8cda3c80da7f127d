"""An explanation of who is who as data: codes with parameters and lines of evidence, and its English text. No value of a person is in one.

The portal renders the same data in its own words; nothing here knows the database or the engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

WORDS = {
    # what stands
    "one_person": "{one} and {other} are one person.",
    "in_review": "{one} and {other} are not one person so far; a steward is asked.",
    "apart": "{one} and {other} are not one person.",
    "linked": "{one} is linked.",
    "review": "{one} waits for a steward.",
    "unlinked": "{one} is linked to nobody.",
    # whose, since when
    "person": "It is a row of person {person}.",
    "rows_of_person": "The person has {rows} rows in {feeds}.",
    "only_row": "It is the person's only row.",
    "decided": "So decided on {day} by run {run}.",
    "was": "Until run {run} (of {day}) it was {status} by rule {rule}, as a row of {person}.",
    "since_first": "It has been so since it was first linked.",
    "next_linking": "Its neighbours have changed since: the next linking would say {status}.",
    # why
    "row_by_rule": "{row}: rule {rule}, {because}.",
    "number_evidence": "{row}: against the holder of its number its name is {name}, its birth {birth}.",
    "steward_same": "A steward decided that {one} and {other} are one person (decision {decision}, {day}).",
    "steward_never": "A steward decided that {one} and {other} are never one person (decision {decision}, {day}).",
    "case": "An open question to the stewards: case {case}, {kind}, about {other}.",
    "case_of_row": "An open question to the stewards: case {case}, {kind}.",
    "numbers_equal": "Both rows have the same valid number.",
    "numbers_differ": "They have two different valid numbers: only the register's correction or a steward makes them one person.",
    "born_alike": "They were born on one day and have other names, as twins: twins are never linked.",
    "key_equal": "Both rows have the same {key}.",
    "through_others": "What ties them is other rows of the person.",
    "likely": "The model gives {percent} of 100 that they are one person; rows are joined from {link}, and shown to a steward from {show}.",
    "no_ground": "Nothing that could tie them is equal: a likeness of name and birth alone never ties, unless the name is rare.",
    "other_candidates": "{count} more would fit {row} as well.",
    # what would change it
    "would_join": "They would be one person with {what}.",
    "would_ask": "A steward would be asked with {what}.",
    "would_part": "They would be two persons with {what}.",
}
RULES = {
    "1": "its number is valid, and name and birth do not contradict the number's holder",
    "2": "its number is valid and the birth agrees, though the name is another",
    "3": "its number is another's too: name and birth, or sex, contradict the number's holder",
    "4": "an agency's own number is equal, and the name or the birth agrees",
    "5": "an agency's own number is equal, but name and birth are others",
    "6": "the household is equal, and name and birth agree",
    "7": "name and birth are the same, so is the county, the phone or the head of the number, and nobody else fits",
    "8": "its number is one slip from the person's, and name and birth agree",
    "9": "somebody is like it, but not surely, or not alone",
    "10": "another valid number stands with the same name and birth",
    "11": "no other row says the same person",
    "model": "all evidence together was weighed and is enough",
    "steward": "a steward decided",
    "broken": "the person's rows show two registration numbers, so one of them is somebody else's",
}
CHANGES = {
    "equal_number": "the same valid number",
    "register_correction": "a correction of the number by the register",
    "equal_name": "the same name",
    "equal_birth": "the same birth date",
    "equal_phone": "an equal phone",
    "equal_dwelling": "an equal dwelling",
    "equal_county": "an equal county",
    "steward_same": "a steward's `same`",
    "no_number": "the number taken away",
    "no_key": "the {key} taken away",
    "other_name": "another name",
    "other_birth": "another birth date",
    "no_phone": "the phone taken away",
    "no_dwelling": "the dwelling taken away",
    "no_county": "the county taken away",
    "steward_never": "a steward's `never`",
}


@dataclass(frozen=True)
class Sentence:
    """A message by its code in WORDS, and the parameters it is said with: rows as "feed key", counts, days, classes."""

    code: str
    said: Mapping[str, str | int] = field(default_factory=dict)

    def text(self) -> str:
        """The sentence in English."""
        said: dict[str, str | int] = dict(self.said)
        if "rule" in said and "because" not in said:
            said["because"] = RULES.get(str(said["rule"]), "evidence together")
        said |= {name: str(said[name]).replace("_", " ") for name in ("key", "status") if name in said}
        if "what" in said:
            said["what"] = CHANGES[str(said["what"])].format(**said)
        return WORDS[self.code].format(**said)


@dataclass(frozen=True)
class Line:
    """One level of the evidence: its name, the class it is in, and its weight in natural log-odds (None: no model weighed it)."""

    level: str
    said: str
    weight: float | None = None


@dataclass(frozen=True)
class Explanation:
    """What stands and why: `verdict` (one_person, in_review, apart; of one row linked, review, unlinked), the reasons, the evidence,
    and what would change it."""

    verdict: str
    reasons: tuple[Sentence, ...]
    evidence: tuple[Line, ...] = ()
    changes: tuple[Sentence, ...] = ()

    def text(self) -> str:
        """The whole in English, line by line."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield from (sentence.text() for sentence in self.reasons)
        if self.evidence:
            is_weighed = any(line.weight is not None for line in self.evidence)
            yield "Evidence" + (" (weights in log-odds: above 0 speaks for one person)" if is_weighed else "")
        for line in self.evidence:
            weight = "" if line.weight is None else f"{line.weight:+.2f}"
            yield f"  {line.level:20} {line.said:20} {weight}".rstrip()
        if self.changes:
            yield "What would change it"
        yield from (f"  {sentence.text()}" for sentence in self.changes)
