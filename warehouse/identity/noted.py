"""Rows that stay with the number they show because nobody else fits them: noted rows, disputed numbers, passports seen once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from warehouse.identity.births import BirthLikeness
from warehouse.identity.decision import Decision
from warehouse.identity.records import NOTHING
from warehouse.identity.rules import Rule


def keep_single_documents(decision: Decision) -> None:
    """A passport that one row alone shows is that row's own, where nothing else says whose it is."""
    for position in np.flatnonzero(decision.is_alone & (decision.tied_by == Rule.NONE) & (decision.doubt_of == Rule.NONE)).tolist():
        if decision.groups.join(int(decision.number[position]), int(decision.node[position])):
            decision.tied_by[position] = Rule.HOLDER


def keep_noted_rows(decision: Decision) -> None:
    """Rows of a disputed number, and of another name but the number's birth day (rule 2), stay with the number unless somebody
    else fits them or might, or they live and telephone elsewhere. Without that day they must live or telephone where it does."""
    is_free = decision.is_loose & (decision.tied_by == Rule.NONE) & (decision.doubt_of == Rule.NONE)
    phone, house = (_against_holder(decision, column) for column in ("phone", "house"))
    is_elsewhere = (phone == _OTHER) & (house != _SAME)
    is_near = (phone == _SAME) | (house == _SAME)
    is_kept = (decision.rule == Rule.NOTED) & ~is_elsewhere & ((decision.birth_level == BirthLikeness.SAME) | is_near)
    for rule, wanted in ((Rule.HOLDER, decision.is_disputed), (Rule.NOTED, is_kept)):
        for position in np.flatnonzero(is_free & wanted).tolist():
            if decision.groups.join(int(decision.number[position]), int(decision.node[position])):
                decision.tied_by[position] = rule
    decision.rule[decision.is_contested & (decision.tied_by != Rule.HOLDER) & (decision.tied_by != Rule.NOTED)] = Rule.CONTESTED


_SAME, _OTHER = 1, 0


def _against_holder(decision: Decision, column: str) -> np.ndarray:
    """Noted rows: _SAME where the number's holder has the row's phone or dwelling, _OTHER where it has only others; else -1."""
    is_noted = decision.rule == Rule.NOTED
    is_theirs = np.zeros(decision.anchor_count + 1, dtype=bool)
    is_theirs[decision.number[is_noted]] = True
    at = np.flatnonzero(is_theirs[decision.number] & (decision.records.rows[column].to_numpy() != NOTHING))
    frame = pd.DataFrame({"number": decision.number[at], column: decision.records.rows[column].to_numpy()[at]}, index=at)
    held, mine = frame[decision.rule[at] == Rule.HOLDER].drop_duplicates(), frame[is_noted[at]]
    is_known = mine["number"].isin(held["number"]).to_numpy()
    is_same = pd.MultiIndex.from_frame(mine).isin(pd.MultiIndex.from_frame(held))
    found = np.full(len(decision.number), NOTHING)
    found[mine.index[is_known]] = np.where(is_same[is_known], _SAME, _OTHER)
    return found
