"""Rules 4 to 6: rows without a sure number, tied by the agencies' own keys and by the household."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from warehouse.identity.births import BirthLikeness
from warehouse.identity.decision import Decision
from warehouse.identity.names import Likeness
from warehouse.identity.records import BUSINESS_KEYS, NOTHING
from warehouse.identity.rules import Rule

HOUSEHOLD = "household_number"
HEAD_FEED = "assistance_households"
Fits = Callable[[Decision, list[int], list[int], int], bool]


def join_by_keys(decision: Decision) -> bool:
    """Every loose row is tied to the person its business keys and household point to; True when anything was tied."""
    joined = [_join_by(decision, key, Rule.CASE_KEY, fits_by_case_key) for key in BUSINESS_KEYS if key != HOUSEHOLD]
    return any([*joined, _join_by(decision, HOUSEHOLD, Rule.HOUSEHOLD, fits_by_household)])


def fits_by_case_key(decision: Decision, mine: list[int], theirs: list[int], anchor: int) -> bool:
    """Rule 4: an equal business key, and the name not different or the birth the same."""
    name, birth = decision.evidence.compare(mine, theirs, anchor)
    return name > Likeness.DIFFERENT or birth is BirthLikeness.SAME


def fits_by_household(decision: Decision, mine: list[int], theirs: list[int], anchor: int) -> bool:
    """Rule 6: the same household, name the same or a variant, and birth the same or near.

    The head's own row has no birth date by agreement, and is always a member row too: there the name is enough.
    """
    name, birth = decision.evidence.compare(mine, theirs, anchor)
    is_of_head = any(decision.evidence.feed_of(p) == HEAD_FEED for p in (*mine, *theirs))
    return name >= Likeness.VARIANT and (birth >= BirthLikeness.NEAR or (birth is BirthLikeness.NONE and is_of_head))


def _join_by(decision: Decision, key: str, rule: Rule, fits: Fits) -> bool:
    return sum(_join_members(decision, members, rule, fits) for members in _groups_with_loose_rows(decision, key)) > 0


def _groups_with_loose_rows(decision: Decision, key: str) -> Iterator[np.ndarray]:
    """Positions of the rows sharing a value of the key, for values that at least one loose row has."""
    values = decision.records.rows[key].to_numpy()
    loose = np.unique(values[decision.is_loose & (values != NOTHING)])
    positions = np.flatnonzero(np.isin(values, loose))
    order = positions[np.argsort(values[positions], kind="stable")]
    yield from (part for part in np.split(order, np.flatnonzero(np.diff(values[order])) + 1) if len(part) > 1)


def _join_members(decision: Decision, members: np.ndarray, rule: Rule, fits: Fits) -> bool:
    anchored, loose = _by_root(decision, members)
    has_joined = False
    unplaced = []
    for mine in loose:
        fitting = [root for root, theirs in anchored.items() if fits(decision, mine, theirs, root)]
        if len(fitting) == 1:
            has_joined |= decision.join(mine, anchored[fitting[0]], rule)
        elif fitting:
            decision.doubt(mine, Rule.DOUBTFUL)
        else:
            unplaced.append(mine)
            if anchored and rule is Rule.CASE_KEY:
                decision.doubt(mine, Rule.KEY_CONFLICT)
    for mine in unplaced:
        if len(mine) > 1 and fits(decision, mine, mine, NOTHING):
            has_joined |= decision.join(mine, mine, rule)
    for one, other in combinations(unplaced, 2):
        if fits(decision, one, other, NOTHING):
            has_joined |= decision.join(one, other, rule)
    return has_joined


def _by_root(decision: Decision, members: np.ndarray) -> tuple[dict[int, list[int]], list[list[int]]]:
    """Members by anchored person, and the loose ones in bundles that say the same of themselves, in a steady order."""
    anchored: dict[int, list[int]] = defaultdict(list)
    loose: dict[tuple[int, ...], list[int]] = defaultdict(list)
    evidence = decision.evidence
    for position in members.tolist():
        root = decision.root_of(position)
        if decision.groups.is_anchored(root):
            anchored[root].append(position)
        else:
            said = (evidence.name, evidence.birth, evidence.text, decision.number)
            signature = tuple(int(column[position]) for column in said)
            loose[signature].append(position)
    return dict(sorted(anchored.items())), sorted(loose.values(), key=evidence.row_order)
