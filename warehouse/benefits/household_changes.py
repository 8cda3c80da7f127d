"""What changed in the members of a household: who came back, died, is away or moved out, and the household before and after each.

Source: 社会救助法 18, 46; 民发〔2021〕57号 7. One member gives one change: death before absence before a move.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from warehouse.benefits.facts import NO_DAY, NO_REGION, NOBODY, day_number, past, younger
from warehouse.benefits.grouping import at
from warehouse.benefits.membership import AWAY, LOOKED_AT_CATEGORIES, RETURNED, SPOUSE, first_digits
from warehouse.benefits.scenarios import Scenarios, scenarios_of, with_marks
from warehouse.benefits.situation import Situation

PAID = (2, 3)
MAJORITY = 18
# In the order in which changes of one day stand.
RETURN, ENTRY, DEATH, MOVE = 2, 3, 4, 5
REASONS = {RETURN: "M2", ENTRY: "M3", DEATH: "M4", MOVE: "M5"}


@dataclass(frozen=True)
class Changes:
    """Every change of an active household, in order of household, day, reason and member row.

    `before` and `after` are places in `scenarios`: each change starts where the one before it ended.
    """

    household: np.ndarray
    day: np.ndarray
    reason: np.ndarray
    row: np.ndarray
    before: np.ndarray
    after: np.ndarray
    scenarios: Scenarios

    def __len__(self) -> int:
        return len(self.household)


def changes_of(situation: Situation) -> Changes:
    """The changes of all active households looked at; the first starts from those recorded as counted."""
    day, reason = _change_of_rows(situation)
    households = situation.households
    is_active = (households.is_active & households.is_looked_at)[situation.members.household]
    row = np.flatnonzero(is_active & (reason > 0))
    household = situation.members.household[row]
    order = np.lexsort((row, reason[row], day[row], household))
    row, household = row[order], household[order]
    with_change, first, sizes = np.unique(household, return_index=True, return_counts=True)
    place = np.arange(len(row)) - np.repeat(first, sizes)
    start = first + np.arange(len(with_change))  # one scenario more than changes for each household
    before = np.repeat(start, sizes) + place
    recorded = situation.members.is_listed & situation.members.is_recorded_counted
    base = scenarios_of(situation, np.repeat(with_change, sizes + 1), recorded)
    # A change holds in the scenario behind it and in all later ones of its household.
    later = np.repeat(sizes, sizes) - place
    scenario = np.repeat(before + 1, later) + _count_up(later)
    marked = with_marks(base, scenario, np.repeat(row, later), np.repeat(reason[row] == RETURN, later))
    return Changes(household, day[row], reason[row], row, before, before + 1, marked)


def _count_up(sizes: np.ndarray) -> np.ndarray:
    """0, 1, ... for each size, one block after the other."""
    return np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def _change_of_rows(situation: Situation) -> tuple[np.ndarray, np.ndarray]:
    """Day and reason (0: none) of what changed for each member row."""
    members, where = situation.members, situation.whereabouts
    is_recorded = members.is_recorded_counted
    death = at(death_days(situation), members.person, NO_DAY)
    joined = situation.facts.column("assistance_members", "household_join_date")
    entry = np.maximum(at(where.away_since, members.person, NO_DAY), joined)
    is_paid = is_paid_to(situation)[members.household]
    moved = _move_days(situation)
    kinds = (
        (RETURN, members.line == RETURNED, at(where.return_day, members.person, NO_DAY)),
        (DEATH, members.is_listed & is_recorded & (death != NO_DAY), death),
        (ENTRY, members.is_member & is_recorded & (members.line == AWAY) & is_paid, entry),
        (MOVE, members.is_member & is_recorded & (moved != NO_DAY), moved),
    )
    holds = [condition for _, condition, _ in kinds]
    return np.select(holds, [days for _, _, days in kinds], NO_DAY), np.select(holds, [kind for kind, _, _ in kinds], 0)


def is_paid_to(situation: Situation) -> np.ndarray:
    """By household: a row of a category looked at is in payment."""
    rows = situation.facts["assistance_households"]
    holds = past(rows["application_date"].to_numpy(), day_number(situation.as_of))
    holds &= rows["category_code"].isin(LOOKED_AT_CATEGORIES).to_numpy() & rows["household_state_code"].isin(PAID).to_numpy()
    found = np.zeros(len(situation.facts.households), dtype=bool)
    found[rows["household_number"].to_numpy()[holds]] = True
    return found


def death_days(situation: Situation) -> np.ndarray:
    """By person the earliest day of death told by the day looked at; NO_DAY for the living."""
    deaths = situation.facts["deaths"]
    person, day = deaths["person_id"].to_numpy(), deaths["change_date"].to_numpy()
    holds = past(day, day_number(situation.as_of)) & (person != NOBODY)
    earliest = np.full(len(situation.facts.persons), np.iinfo(np.int32).max, dtype=np.int32)
    np.minimum.at(earliest, person[holds], day[holds])
    return np.where(earliest == np.iinfo(np.int32).max, NO_DAY, earliest).astype(np.int32)


def _move_days(situation: Situation) -> np.ndarray:
    """By member row the latest day of a move out of the household's county since joining; NO_DAY where none counts.

    A spouse and a minor count wherever they live.
    """
    facts, members = situation.facts, situation.members
    rows, moves = facts["assistance_members"], facts["moves"]
    latest = np.full(len(members.household), NO_DAY, dtype=np.int32)
    told = past(moves["change_date"].to_numpy(), day_number(situation.as_of)) & (moves["new_region_code"] != NO_REGION).to_numpy()
    told &= (moves["person_id"] != NOBODY).to_numpy()
    if not told.any():
        return latest
    mover, day, county = (moves[name].to_numpy()[told] for name in ("person_id", "change_date", "new_region_code"))
    by_person = np.argsort(members.person, kind="stable")
    first = np.searchsorted(members.person[by_person], mover)
    sizes = np.searchsorted(members.person[by_person], mover, side="right") - first
    row = by_person[np.repeat(first, sizes) + _count_up(sizes)]
    day, county = np.repeat(day, sizes), np.repeat(county, sizes)
    joined = rows["household_join_date"].to_numpy()[row]
    home = first_digits(situation.households.region[members.household[row]], 6)
    is_free = (rows["relationship_code"].to_numpy() == SPOUSE) | younger(members.age, MAJORITY)
    counts = ((joined == NO_DAY) | (day > joined)) & (first_digits(county, 6) != home) & ~is_free[row]
    np.maximum.at(latest, row[counts], day[counts])
    return latest


def effect_of_release(changes: Changes, place: int) -> dict[str, Any]:
    """What one return changes for its household: members, income for each head and payable before and after, in neutral words.

    More members without income lower the income for each head; what somebody earns or owns may raise it.

    Raises:
        ValueError: the change is no return.
    """
    if changes.reason[place] != RETURN:
        raise ValueError("only a return has this effect")
    facts = changes.scenarios.situation.facts
    returned = np.datetime64(int(changes.day[place]), "D")
    return {
        "household_number": facts.households[int(changes.household[place])],
        "words": f"返家日期 {returned}",
        "before": changes.scenarios.shown(int(changes.before[place])),
        "after": changes.scenarios.shown(int(changes.after[place])),
    }
