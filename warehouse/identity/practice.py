"""Labels for the model that cost nobody's time: rows with a sure number look for their person as if they had none.

A sample of holders' rows hides its number, or damages it the way spreadsheets and typists do; the hidden number says which
candidate was right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from warehouse.identity.births import NO_DAY
from warehouse.identity.decision import Decision
from warehouse.identity.id_numbers import births_of

MOST_ROWS = 60_000
LARGEST_SHARE = 0.35
# Most dates on rows with a number are copied from it and agree by construction; rows without one have typed dates.
DATES_COPIED_SHARE = 0.7
# One in so many shows neither date nor sex, as a row does whose number is somebody else's.
ONE_IN_IS_BARE = 5


def _hidden(number: str, seed: int) -> str:
    return ""


def _rounded(number: str, seed: int) -> str:
    return number[:15] + "000"


def _scientific(number: str, seed: int) -> str:
    return f"{number[0]}.{number[1:6]}E+17"


def _mistyped(number: str, seed: int) -> str:
    place = seed // 11 % 17
    return number[:place] + str((int(number[place]) + 1 + seed // 191 % 9) % 10) + number[place + 1 :]


DAMAGES = (_hidden, _hidden, _hidden, _rounded, _scientific, _mistyped)


@dataclass(frozen=True)
class Practice:
    """Rows that practise: position, what they show (birth, sex, texts: the damaged number, "" = none), own (their true group), weight."""

    position: np.ndarray
    birth: np.ndarray
    sex: np.ndarray
    texts: np.ndarray
    own: np.ndarray
    weight: np.ndarray


def practise(decision: Decision) -> Practice:
    """A steady sample: which rows practise, and how, depends on their keys alone, never on their order."""
    numbers = decision.records.numbers
    own_day = np.append(births_of(numbers), NO_DAY)[decision.number]
    birth = decision.evidence.birth
    # Rows of another name but the number's day are mostly aliases and slips, which nothing else would teach.
    is_alias = decision.is_contested & (birth == own_day)
    able = np.flatnonzero((~decision.is_loose | is_alias) & (own_day != NO_DAY))
    share = min(LARGEST_SHARE, MOST_ROWS / max(len(able), 1))
    drawn = pd.util.hash_array(decision.evidence.source_key.iloc[able].to_numpy(dtype=object), categorize=False)
    is_drawn = drawn < share * 2.0**64
    sample, seeds = able[is_drawn], drawn[is_drawn] // np.uint64(7)
    shown = numbers[decision.number[sample]].tolist()
    texts = np.array(
        [DAMAGES[seed % len(DAMAGES)](number.decode(), seed) for number, seed in zip(shown, seeds.tolist(), strict=True)], dtype=object
    )
    birth, sex = birth[sample], decision.records.rows["sex"].to_numpy()[sample]
    weight = np.where((birth != NO_DAY) & (birth != own_day[sample]), 1 / (1 - DATES_COPIED_SHARE), 1.0)
    is_bare = seeds // np.uint64(len(DAMAGES)) % np.uint64(ONE_IN_IS_BARE) == 0
    sex = np.where(is_bare | (sexes_in_texts(texts) > 0), 0, sex).astype(sex.dtype)
    return Practice(sample, np.where(is_bare, NO_DAY, birth), sex, texts, decision.groups.roots()[decision.number[sample]], weight)


def sexes_in_texts(texts: np.ndarray) -> np.ndarray:
    """The sex that numbers of full length say, however damaged (1 male, 2 female, 0 = nothing)."""
    whole = np.array([text[16] if len(text) == 18 else "" for text in texts.tolist()], dtype="U1")
    is_digit = np.char.isdigit(whole)
    found = np.zeros(len(texts), dtype=np.int8)
    found[is_digit] = 2 - whole[is_digit].astype(np.int8) % 2
    return found
