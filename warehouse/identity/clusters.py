"""Who is who: sure numbers first, then business keys, households and the narrow rules for damaged numbers. Pure deciding.

Source: evidence rules 1 to 11. Rows that no rule ties to anybody are persons of their own; what contradicts goes to review.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import pandas as pd

from warehouse.identity.births import BirthLikeness, birth_likeness
from warehouse.identity.groups import Groups
from warehouse.identity.id_numbers import agreeing_digits, birth_of, is_failing, one_slip_away
from warehouse.identity.names import Likeness, likeness
from warehouse.identity.records import BUSINESS_KEYS, NOTHING, PLACES, Records
from warehouse.identity.sure_numbers import CONTESTED, settle_numbers

CASE_KEYS = tuple(key for key in BUSINESS_KEYS if key != "household_number")
HEAD_FEED = "assistance_households"
SHARED_BY_MANY = 5
LINKED, REVIEW, UNLINKED = "linked", "review", "unlinked"


@dataclass(frozen=True)
class Profile:
    """What is known of a group of rows: name keys, births, present places (6 digits), phones."""

    names: frozenset[str]
    births: frozenset[object]
    places: frozenset[str]
    phones: frozenset[int]


@dataclass
class Decision:
    """Groups so far, and per row the rule that tied it (empty = none yet) and notes for evidence."""

    records: Records
    settled: pd.DataFrame
    groups: Groups
    node: np.ndarray
    tied_by: dict[int, str] = field(default_factory=dict)
    doubts: dict[int, str] = field(default_factory=dict)

    def join(self, one: int, other: int, rule: str) -> bool:
        """Join two nodes' groups; the loose nodes remember the rule that first tied them."""
        if not self.groups.join(one, other):
            return False
        for node in (one, other):
            if node >= len(self.records.numbers):
                self.tied_by.setdefault(node, rule)
        return True


def decide(records: Records) -> pd.DataFrame:
    """One line per row of `records`: cluster (equal for rows of one person), link_status, rule, and classes of evidence.

    The order of the rows never matters, except for the cluster's number, which means nothing.
    """
    settled = settle_numbers(records)
    anchor_count = len(records.numbers)
    holder = settled["holder"].to_numpy()
    node = np.where(holder != NOTHING, holder, anchor_count + np.arange(len(holder)))
    decision = Decision(records, settled, Groups(anchor_count + len(holder), anchor_count), node)
    for _ in range(3):
        if not any([_join_by_case_keys(decision), _join_by_household(decision)]):
            break
    _join_by_likeness(decision)
    return _verdicts(decision)


# ---- rules 4 and 5: business keys


def _join_by_case_keys(decision: Decision) -> bool:
    return any([_join_members(decision, members, "4", _fits_by_key) for key in CASE_KEYS for members in _loose_groups(decision, key)])


def _loose_groups(decision: Decision, key: str) -> Iterator[np.ndarray]:
    """Positions of the rows sharing a value of `key`, for values with at least one row that no sure number holds."""
    values = decision.records.rows[key].to_numpy()
    loose = np.unique(values[(decision.settled["holder"].to_numpy() == NOTHING) & (values != NOTHING)])
    positions = np.flatnonzero(np.isin(values, loose) & (values != NOTHING))
    order = positions[np.argsort(values[positions], kind="stable")]
    yield from (part for part in np.split(order, np.flatnonzero(np.diff(values[order])) + 1) if len(part) > 1)


def _join_members(decision: Decision, members: np.ndarray, rule: str, fits: object) -> bool:
    """Tie the loose groups among `members` to the one they fit: anchored groups first, a tie of several anchors is a doubt."""
    by_root: dict[int, list[int]] = defaultdict(list)
    for position in members:
        by_root[decision.groups.root(int(decision.node[position]))].append(int(position))
    anchored = sorted((root for root in by_root if decision.groups.is_anchored(root)), key=lambda r: (-len(by_root[r]), r))
    loose = sorted((root for root in by_root if root not in set(anchored)), key=lambda r: (-len(by_root[r]), _identity(decision, by_root[r])))
    has_joined = False
    waiting = []
    for root in loose:
        fitting = [anchor for anchor in anchored if fits(decision, by_root[root], by_root[anchor], anchor)]  # type: ignore[operator]
        if len(fitting) == 1:
            has_joined |= decision.join(by_root[root][0] + len(decision.records.numbers), fitting[0], rule)
        elif fitting:
            _doubt(decision, by_root[root], "9")
        else:
            waiting.append(root)
            if anchored and rule == "4":
                _doubt(decision, by_root[root], "5")
    for one, other in combinations(waiting, 2):
        if fits(decision, by_root[other], by_root[one], NOTHING):  # type: ignore[operator]
            has_joined |= decision.join(_loose_node(decision, by_root[one]), _loose_node(decision, by_root[other]), rule)
            for position in (*by_root[one], *by_root[other]):
                decision.tied_by.setdefault(int(decision.node[position]), rule)
    return has_joined


def _loose_node(decision: Decision, positions: list[int]) -> int:
    return int(decision.node[positions[0]])


def _identity(decision: Decision, positions: list[int]) -> tuple[str, str]:
    rows = decision.records.rows
    return min((str(rows["feed"].iat[p]), str(rows["source_key"].iat[p])) for p in positions)


def _doubt(decision: Decision, positions: Iterable[int], rule: str) -> None:
    for position in positions:
        decision.doubts.setdefault(position, rule)


def _compared(decision: Decision, mine: list[int], theirs: list[int], anchor: int) -> tuple[Likeness, BirthLikeness]:
    """The best likeness of names and births between two sets of rows (and the number's own birth date)."""
    records = decision.records
    births = {_birth(decision, p) for p in theirs}
    number = records.numbers[anchor] if anchor != NOTHING else None
    if number:
        births.add(birth_of(number))
    birth = max((birth_likeness(_birth(decision, p), other) for p in mine for other in births), default=BirthLikeness.NONE)
    aliases = records.aliases.get(anchor, frozenset()) if anchor != NOTHING else frozenset()
    pairs = {(_name(decision, p), _name(decision, q)) for p in mine for q in theirs}
    names = (likeness(a, b, is_birth_same=birth is BirthLikeness.SAME, aliases=aliases) for a, b in pairs if a and b)
    return max(names, default=Likeness.NONE), birth


def _birth(decision: Decision, position: int) -> object:
    value = decision.records.rows["birth_date"].iat[position]
    return None if pd.isna(value) else value.date()


def _name(decision: Decision, position: int) -> str:
    code = decision.records.rows["name"].iat[position]
    return decision.records.names[code] if code != NOTHING else ""


def _fits_by_key(decision: Decision, mine: list[int], theirs: list[int], anchor: int) -> bool:
    name, birth = _compared(decision, mine, theirs, anchor)
    return name not in (Likeness.DIFFERENT, Likeness.NONE) or birth is BirthLikeness.SAME
