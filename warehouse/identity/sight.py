"""How one group of rows looks from another: the levels the model weighs, with their words and weights, for an explanation.

Everything is compared with the engine's own functions, at the point where sure numbers and keys have spoken and likeness has not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from warehouse.identity.births import BirthLikeness, birth_levels
from warehouse.identity.candidates import Rows
from warehouse.identity.comparison import (
    GIVEN_NAME_ONLY,
    LEVELS,
    NAME_HOMOPHONE,
    NAME_PART,
    NAME_SAME,
    NAME_SHAPE,
    NAME_VARIANT,
    NONE,
    compare,
    has_ground,
    number_levels,
    profiles,
)
from warehouse.identity.crowd import Crowd
from warehouse.identity.decision import Decision
from warehouse.identity.explanation import Line
from warehouse.identity.id_numbers import NumberLikeness
from warehouse.identity.model import Model
from warehouse.identity.records import BUSINESS_KEYS, NOTHING

_NAME_WORDS = {
    NAME_SAME: "same",
    NAME_VARIANT: "variant",
    NAME_HOMOPHONE: "homophone",
    NAME_SHAPE: "shape",
    NAME_PART: "part",
    GIVEN_NAME_ONLY: "given name only",
    0: "different",
}
_BIRTH_WORDS = {level - 1: level.word for level in BirthLikeness if level}
_NUMBER_WORDS = {level - 1: level.word.replace("_", " ") for level in NumberLikeness if level}
_AGREEMENT_WORDS = {0: "different", 1: "same"}
_WORDS = {
    "name": _NAME_WORDS,
    "birth": _BIRTH_WORDS,
    "number": _NUMBER_WORDS,
    **dict.fromkeys(("sex", "phone", "dwelling", "county", "same_feed"), _AGREEMENT_WORDS),
}
_TITLES = {"same_feed": "feed", "rivals": "others as good", "rows": "rows compared"}


@dataclass(frozen=True)
class Sight:
    """What a loose row's group and another's say of each other: `lines` with weights; `posterior` beside all other candidates;
    `has_ground`: could be joined at all; `rivals`: others of as good a name and birth (2 = two or more)."""

    lines: tuple[Line, ...]
    posterior: float
    has_ground: bool
    rivals: int


def sight(decision: Decision, model: Model, position: int, other: int) -> Sight | None:
    """How the group of the loose row `position` looks at the group of `other`, among all persons that are loaded.

    None where nothing is left to look at: both rows are of one group, or the first is held by a number.
    """
    crowd = Crowd(decision)
    group = decision.groups.roots()[decision.node]
    if group[position] == group[other] or group[position] < decision.anchor_count:
        return None
    others = np.unique(np.append(group[group < decision.anchor_count], group[other]))
    pairs = pd.DataFrame({"node": np.zeros(len(others), dtype=np.int32), "group": others.astype(np.int64)})
    mine, theirs = np.flatnonzero(group == group[position]), np.flatnonzero(np.isin(group, others))
    records = decision.records
    compared = compare(
        pairs,
        profiles(_lines(crowd.rows, mine, node=np.zeros(len(mine), dtype=np.int32)), "node"),
        profiles(_lines(crowd.rows, theirs, group=group[theirs].astype(np.int64)), "group"),
        records.names,
        records.rows_of_names(),
        records.rows_in_all(),
        decision.anchor_count,
    )
    groups = compared.pairs["group"].to_numpy()
    numbers = np.append(records.numbers, b"")[np.where(groups < decision.anchor_count, groups, len(records.numbers))].astype("S18")
    number_levels(
        compared, _text(crowd, mine), numbers, np.array([_text(crowd, np.flatnonzero(group == g))[0] for g in groups], dtype=object)
    )
    odds = model.log_odds(compared.levels).astype(np.float64)
    place = int(np.flatnonzero(groups == group[other])[0])
    likelihood = np.exp(np.minimum(odds, 30))
    levels = compared.levels[place]
    weights = model.weights(compared.levels[[place]])[0]
    lines = tuple(_worded(levels, weights))
    rivals = int(compared.level("rivals")[place])
    return Sight(lines, float(likelihood[place] / (1 + likelihood.sum())), bool(has_ground(compared)[place]), rivals)


def plain_lines(decision: Decision, one: int, other: int) -> tuple[Line, ...]:
    """What two rows say of each other where rules and no model decide: levels without weights."""
    rows, evidence = decision.records.rows, decision.evidence
    number = decision.number
    anchor = int(number[one]) if number[one] == number[other] and number[one] != NOTHING else NOTHING
    name, _ = evidence.compare([one], [other], anchor)
    days = Crowd(decision).rows.birth
    birth = BirthLikeness(int(birth_levels(days[[one]], days[[other]])[0]))
    found = [(title, level.word if level else "not known") for title, level in (("name", name), ("birth", birth))]
    if NOTHING not in (number[one], number[other]):
        found.append(("number", "same" if number[one] == number[other] else "other"))
    for column, title in (("phone", "phone"), ("house", "dwelling"), *((key, key.replace("_", " ")) for key in BUSINESS_KEYS)):
        values = rows[column].to_numpy()[[one, other]]
        if NOTHING not in values:
            found.append((title, "same" if values[0] == values[1] else "different"))
    return tuple(Line(level, said) for level, said in found)


def _lines(rows: Rows, positions: np.ndarray, **owner: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({name: getattr(rows, name)[positions] for name in Rows.__dataclass_fields__} | owner)


def _text(crowd: Crowd, positions: np.ndarray) -> np.ndarray:
    """The damaged number of a group, as an array of one; "" = none."""
    told = [text for text in crowd.texts_of(positions) if text]
    return np.array([min(told, default="")], dtype=object)


def _worded(levels: np.ndarray, weights: np.ndarray) -> Iterator[Line]:
    """Every level in words, the weightiest first; what stands without evidence comes last."""
    found = []
    for name, level, weight in zip(LEVELS, levels.tolist(), weights.tolist(), strict=False):
        if name == "namesakes":
            said = f"in {4**level} rows or more" if level else "rare"
        elif name in {"rivals", "rows"}:
            said = str(level)
        else:
            said = "not known" if level == NONE else _WORDS[name][level]
        found.append(Line(_TITLES.get(name, name), said, weight))
    yield from sorted(found, key=lambda line: -abs(line.weight or 0.0))
    yield Line("baseline", "any two rows", float(weights[-1]))
