"""What a node and a group say of each other, as a short row of levels; equal rows of levels are one pattern.

The levels are the model's whole view of a pair, and what an explanation shows. Larger is more alike; NONE is not known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from warehouse.identity.births import birth_levels
from warehouse.identity.id_numbers import NumberLikeness, agreement_levels, text_agreement_levels
from warehouse.identity.joins import cursor
from warehouse.identity.names import Likeness, Names, name_levels, same_given
from warehouse.identity.records import NOTHING

# Every level a pair is described by. `direction`: 1 = more of it never speaks against one person, 0 = either way.
LEVELS = {
    "name": 1,
    "birth": 1,
    "sex": 1,
    "phone": 1,
    "dwelling": 1,
    "county": 1,
    "number": 1,
    "same_feed": 0,
    "namesakes": 0,
    "rivals": 0,
    "rows": 0,
}
NONE = -1
GIVEN_NAME_ONLY = 1
# Names: 0 different, 1 given name only, then likeness; births and numbers from their likeness; the others 0 differs, 1 agrees.
_NAME_LEVEL = np.array([NONE, 0, 2, 2, 3, 4, 5, 6], dtype=np.int8)
_BIRTH_LEVEL = np.array([NONE, 0, 1, 2], dtype=np.int8)
NAME_PART, NAME_SHAPE, NAME_HOMOPHONE, NAME_VARIANT, NAME_SAME = (
    int(_NAME_LEVEL[level]) for level in (Likeness.PART, Likeness.SHAPE, Likeness.HOMOPHONE, Likeness.VARIANT, Likeness.SAME)
)
BIRTH_NEAR, BIRTH_SAME = 1, 2
NUMBER_CONTRADICTS, NUMBER_HEAD, NUMBER_PREFIX15, NUMBER_ONE_SLIP, NUMBER_SAME = (int(level) - 1 for level in list(NumberLikeness)[1:])
MOST_NAMESAKES = 7
# A rare name stands in at most one row of so many, and in so few rows (a level) that a shared birth day is no coincidence.
ROWS_PER_RARE_NAME, MOST_RARE = 2_000, 4
# More rows than these leave no name rarer.
ROWS_UNTIL_RARE = ROWS_PER_RARE_NAME * 4**MOST_RARE
PROFILE = ("name", "birth", "phone", "house", "hukou", "residence", "sex", "feed")


@dataclass(frozen=True)
class Compared:
    """Pairs and their levels: `pairs` (node, group), `levels` int8 (pairs x LEVELS), both in the same order; `rare_up_to`: the
    level of namesakes up to which a name is rare among all rows."""

    pairs: pd.DataFrame
    levels: np.ndarray
    rare_up_to: int = NONE

    def level(self, name: str) -> np.ndarray:
        """One level of every pair."""
        column: np.ndarray = self.levels[:, list(LEVELS).index(name)]
        return column

    def only(self, keep: np.ndarray) -> Compared:
        """Some of the pairs."""
        return Compared(self.pairs.iloc[keep].reset_index(drop=True), self.levels[keep], self.rare_up_to)


def profiles(rows: pd.DataFrame, owner: str) -> pd.DataFrame:
    """What the rows of each owner say, each thing once: PROFILE, `position` of one such row and `seen` (how many)."""
    said = ", ".join((f'"{owner}"', *PROFILE))
    connection = cursor()
    connection.register("rows", rows)
    query = f"select {said}, min(position) as position, count(*) as seen from rows group by {said} order by 1, position"  # noqa: S608
    found = connection.execute(query).fetchnumpy()
    connection.close()
    return pd.DataFrame(found)


def compare(
    pairs: pd.DataFrame, mine: pd.DataFrame, theirs: pd.DataFrame, names: Names, namesakes: np.ndarray, all_rows: int, anchor_count: int
) -> Compared:
    """The levels of every pair that has rows on both sides, but for `number` (see `number_levels`).

    Args:
        pairs: node, group, ordered.
        mine, theirs: profiles by `node` and by `group`; a node's own row among `theirs` is left out.
        namesakes: rows per name code, of `all_rows` in all.
        anchor_count: groups below are persons with a sure number; only they are rivals.
    """
    pairs = pairs.assign(pair=np.arange(len(pairs), dtype=np.int32))
    joined = pairs.merge(mine[["node", "position"]].assign(a=np.arange(len(mine), dtype=np.int32)), on="node").drop(columns="node")
    joined = joined.merge(
        theirs[["group", "position", "seen"]].assign(b=np.arange(len(theirs), dtype=np.int32)), on="group", suffixes=("", "_b")
    )
    joined = joined[(joined["position"] != joined["position_b"]) | (joined["seen"] > 1)]
    joined = joined[["pair", "a", "b"]].sort_values("pair", kind="stable")
    pair, a, b = (joined[name].to_numpy() for name in ("pair", "a", "b"))
    starts = np.flatnonzero(np.diff(pair, prepend=-1))
    kept = pairs.iloc[pair[starts]]
    columns = _row_levels(names, mine, theirs, a, b)
    columns["same_feed"] = (mine["feed"].to_numpy()[a] == theirs["feed"].to_numpy()[b]).astype(np.int8)
    columns["namesakes"] = _magnitude(np.append(namesakes, 0)[mine["name"].to_numpy()[a]])
    best = {name: np.maximum.reduceat(column, starts) if len(starts) else column for name, column in columns.items()}
    counts = np.diff(np.append(starts, len(pair)))
    best["rows"] = np.minimum(counts, 4).astype(np.int8)
    best["number"] = np.full(len(starts), NONE, dtype=np.int8)
    best["rivals"] = _rivals(kept["node"].to_numpy(), best["name"], best["birth"], kept["group"].to_numpy() < anchor_count)
    levels = np.column_stack([best[name] for name in LEVELS]) if len(starts) else np.zeros((0, len(LEVELS)), dtype=np.int8)
    rare = NONE if all_rows < ROWS_PER_RARE_NAME else min(int(_magnitude(np.array([all_rows // ROWS_PER_RARE_NAME]))[0]), MOST_RARE)
    return Compared(kept[["node", "group"]].reset_index(drop=True), levels, rare)


def _row_levels(names: Names, mine: pd.DataFrame, theirs: pd.DataFrame, a: np.ndarray, b: np.ndarray) -> dict[str, np.ndarray]:
    def both(name: str) -> tuple[np.ndarray, np.ndarray]:
        return mine[name].to_numpy()[a], theirs[name].to_numpy()[b]

    name = _NAME_LEVEL[name_levels(names, *both("name"))]
    name[(name == 0) & same_given(names, *both("name"))] = GIVEN_NAME_ONLY
    counties = [
        _agreement(mine[one].to_numpy()[a], theirs[other].to_numpy()[b])
        for one in ("hukou", "residence")
        for other in ("hukou", "residence")
    ]
    return {
        "name": name,
        "birth": _BIRTH_LEVEL[birth_levels(*both("birth"))],
        "sex": _agreement(*both("sex"), nothing=0),
        "phone": _agreement(*both("phone")),
        "dwelling": _agreement(*both("house")),
        "county": np.maximum.reduce(counties),
    }


def _agreement(one: np.ndarray, other: np.ndarray, nothing: int = NOTHING) -> np.ndarray:
    return np.where((one == nothing) | (other == nothing), NONE, one == other).astype(np.int8)


def _magnitude(counts: np.ndarray) -> np.ndarray:
    """How many rows have the name, in steps of four times."""
    return np.minimum(np.log2(np.maximum(counts, 1)) // 2, MOST_NAMESAKES).astype(np.int8)


def _rivals(node: np.ndarray, name: np.ndarray, birth: np.ndarray, is_person: np.ndarray) -> np.ndarray:
    """How many other persons have as good a name and birth for the node (0, 1, 2 or more)."""
    is_good = (name >= NAME_HOMOPHONE) & (birth == BIRTH_SAME) & is_person
    good = np.bincount(node[is_good], minlength=int(node.max(initial=-1)) + 1)
    return np.minimum(good[node] - is_good, 2).astype(np.int8)


def number_levels(compared: Compared, texts: np.ndarray, numbers: np.ndarray, group_texts: np.ndarray) -> np.ndarray:
    """The level of the node's damaged number against the group's: its sure number (`numbers`, S18 by pair, b"" = none) or else
    its own damaged one (`group_texts` by pair). Sets and returns the column."""
    node = compared.pairs["node"].to_numpy()
    level = np.zeros(len(node), dtype=np.int8)
    text = texts[node]
    has_text = text != ""
    sure, damaged = has_text & (numbers != b""), has_text & (numbers == b"") & (group_texts != "")
    level[sure] = agreement_levels(text[sure], numbers[sure])
    level[damaged] = text_agreement_levels(text[damaged], group_texts[damaged])
    compared.levels[:, list(LEVELS).index("number")] = level - 1
    return compared.level("number")


def is_same_name_and_birth(compared: Compared) -> np.ndarray:
    """Pairs that rule 7 may join: name and birth the same."""
    same: np.ndarray = (compared.level("name") == NAME_SAME) & (compared.level("birth") == BIRTH_SAME)
    return same


def has_ground(compared: Compared) -> np.ndarray:
    """Pairs that may be joined at all: never by a damaged number alone, and by name and birth alone only where the name is rare.

    Under another given name only where two feeds, neither of which has rows of both, tell one birth day and one phone of few: twins
    share these too, but usually stand in one feed, each under the own name.
    """
    lives_there = (compared.level("phone") == 1) | (compared.level("dwelling") == 1)
    supported = lives_there | (compared.level("county") == 1) | (compared.level("number") >= NUMBER_PREFIX15)
    is_named = compared.level("name") >= NAME_PART
    is_rare = is_same_name_and_birth(compared) & (compared.level("namesakes") <= compared.rare_up_to) & (compared.level("rivals") == 0)
    supported |= is_rare & (compared.level("sex") != 0) & (compared.level("number") != NUMBER_CONTRADICTS)
    is_renamed = (compared.level("name") == GIVEN_NAME_ONLY) & (compared.level("birth") == BIRTH_SAME)
    is_called_otherwise = (compared.level("name") == 0) & (compared.level("birth") == BIRTH_SAME) & (compared.level("sex") != 0)
    is_called_otherwise &= (compared.level("phone") == 1) & (compared.level("same_feed") == 0)
    ground: np.ndarray = np.where(is_named, supported, (is_renamed & lives_there) | is_called_otherwise)
    return ground


def is_worth_showing(compared: Compared) -> np.ndarray:
    """Pairs that a steward could say anything of: a like name, or one place."""
    shown: np.ndarray = (compared.level("name") >= NAME_PART) | (compared.level("phone") == 1) | (compared.level("dwelling") == 1)
    return shown
