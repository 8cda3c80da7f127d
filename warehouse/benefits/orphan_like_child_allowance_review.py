"""Whether the allowance of a child without support in fact is due for a review because its family changed. Never an automatic stop.

Source: 民发〔2019〕62号. What changed is not said: the desk reads 家庭情况变化, 请复核, and the allowance goes on until it decides.
"""

from __future__ import annotations

import numpy as np

from warehouse.benefits.answers import FALSE, MISSING, TRUE, answer, bit
from warehouse.benefits.facts import NO_DAY, NOBODY, day_number, past, younger
from warehouse.benefits.finding import RETURN_FEED, Condition, Findings, Told
from warehouse.benefits.grouping import any_by
from warehouse.benefits.single_person_dibao import member_findings
from warehouse.benefits.situation import Situation
from warehouse.benefits.telling import HOUSEHOLDS, MEMBERS, changed_on, key_of

CATEGORY, DECIDED = 71, (2, 3)
MAJORITY = 18
CITATION = "民发〔2019〕62号"
WORDS = "家庭情况变化, 请复核"


def orphan_like_child_allowance_review(situation: Situation) -> Findings:
    """A review for every member under 18 of a household with such an allowance in force."""
    members = situation.members
    rows = np.flatnonzero(members.is_member & younger(members.age, MAJORITY) & _is_allowed(situation)[members.household])
    is_known, is_back, is_all_away = (column[rows] for column in _parents(situation))
    missing = np.full(len(rows), bit("parent_state"))

    def tell(place: int) -> Told:
        row = int(rows[place])
        if not is_known[place]:
            return Told("parent_state", None, MEMBERS, key_of(situation, MEMBERS, row), changed_on(situation, MEMBERS, row))
        return Told("parent_state", WORDS if is_back[place] else None, RETURN_FEED)

    conditions = (
        Condition("OC1", answer(np.where(is_known, TRUE, MISSING), missing), CITATION, tell),
        Condition("OC2", answer(np.where(is_back, TRUE, np.where(is_known & is_all_away, FALSE, MISSING)), missing), CITATION, tell),
    )
    return member_findings(situation, "orphan_like_child_allowance_review", rows, conditions)


def _is_allowed(situation: Situation) -> np.ndarray:
    rows = situation.facts[HOUSEHOLDS]
    holds = past(rows["application_date"].to_numpy(), day_number(situation.as_of))
    holds &= (rows["category_code"] == CATEGORY).to_numpy() & rows["household_state_code"].isin(DECIDED).to_numpy()
    return any_by(rows["household_number"].to_numpy(), holds, len(situation.facts.households))


def _parents(situation: Situation) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By member row: a named parent is known with an absence or return; one is back; all known ones are away."""
    facts, where = situation.facts, situation.whereabouts
    told = facts["parents"]
    child, parent = rows_of_keys(situation, told["source_key"].to_numpy()), told["person_id"].to_numpy()
    count = len(situation.members.household)
    has_known_state = (where.is_away | (where.return_day != NO_DAY))[parent]
    child = np.where((parent == NOBODY) | ~has_known_state, NOBODY, child)
    is_known = any_by(child, np.ones(len(child), dtype=bool), count)
    is_back = any_by(child, where.is_returned[parent], count)
    is_not_away = any_by(child, ~where.is_away[parent], count)
    return is_known, is_back, is_known & ~is_not_away


def rows_of_keys(situation: Situation, keys: np.ndarray) -> np.ndarray:
    """The member row with each key; NOBODY where it is not among the facts."""
    wanted = {str(key) for key in keys}
    found = situation.facts[MEMBERS]["source_key"]
    rows = {str(found.iat[row]): row for row in np.flatnonzero(found.isin(list(wanted)).to_numpy()).tolist()}
    return np.array([rows.get(str(key), NOBODY) for key in keys], dtype=np.int64)
