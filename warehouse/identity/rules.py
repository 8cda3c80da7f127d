"""The rules that tie, doubt or part rows, by their number in the evidence table (identity rules 1 to 11), and ours beyond it."""

from __future__ import annotations

from enum import IntEnum


class Rule(IntEnum):
    """Why a row is whose it is. As text: the table's number, or the word of what is not in the table."""

    NONE = 0
    HOLDER = 1
    """A sure number, and name and birth not against it."""
    NOTED = 2
    """A sure number with its birth day under another name."""
    CONTESTED = 3
    """A number whose holder is somebody else."""
    CASE_KEY = 4
    KEY_CONFLICT = 5
    HOUSEHOLD = 6
    ALIKE = 7
    """Name and birth the same, and one of first digits, place or phone."""
    ONE_SLIP = 8
    DOUBTFUL = 9
    TWO_NUMBERS = 10
    ALONE = 11
    MODEL = 12
    STEWARD = 13
    BROKEN = 14
    """Tied to a person with more than one registration number."""

    @property
    def text(self) -> str:
        """As links and review cases name it."""
        return "" if self is Rule.NONE else str(self.value) if self <= Rule.ALONE else self.name.lower()


TEXTS = [rule.text for rule in Rule]
