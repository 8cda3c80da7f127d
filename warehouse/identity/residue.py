"""Rules 7 to 9: rows whose number is missing, damaged or failing, tied to the one person who fits, or left for a steward."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np
import pandas as pd

from warehouse.identity.births import BirthLikeness
from warehouse.identity.decision import Decision
from warehouse.identity.evidence import NO_BIRTH
from warehouse.identity.id_numbers import agreeing_digits, is_failing, one_slip_away
from warehouse.identity.names import Likeness
from warehouse.identity.records import NOTHING, PLACES
from warehouse.identity.sure_numbers import CONTESTED

PREFIX_DIGITS = 15
PERSONS_PER_PHONE = 5
Members = dict[int, list[int]]


def join_by_likeness(decision: Decision) -> None:
    """Every loose group that fits exactly one person is that person's; with a second candidate it is left in doubt."""
    loose, members = _loose_groups(decision)
    if not loose:
        return
    numbers = {number: code for code, number in enumerate(decision.records.numbers) if number}
    alike = _alike(decision, loose)
    support = _Support(decision, members)
    for root in sorted(loose, key=lambda r: decision.evidence.row_order(loose[r])):
        mine = loose[root]
        near = _one_slip_candidates(decision, mine, numbers, members)
        fitting = near or [c for c in alike.get(root, ()) if c not in loose and support.is_possible(mine, c)]
        if len(fitting) == 1 and (near or support.is_supported(root, fitting[0])):
            decision.join(mine, members[fitting[0]], "8" if near else "7")
        elif fitting:
            decision.doubt(mine, "9")
    _join_loose_to_loose(decision, loose, alike, support)


def _loose_groups(decision: Decision) -> tuple[Members, Members]:
    """Rows by group: the groups without a sure or contested number, and all groups that could matter to them."""
    roots = decision.groups.roots()[decision.node]
    contested = set(roots[(decision.settled["rule"] == CONTESTED).to_numpy()].tolist())
    positions = np.flatnonzero(roots >= decision.anchor_count)
    loose: Members = defaultdict(list)
    for position in positions.tolist():
        if roots[position] not in contested:
            loose[int(roots[position])].append(position)
    return dict(loose), _Rows(roots)


class _Rows(dict[int, list[int]]):
    """Rows of a group, looked up when first asked for."""

    def __init__(self, roots: np.ndarray) -> None:
        super().__init__()
        self._order = np.argsort(roots, kind="stable")
        self._sorted = roots[self._order]

    def __missing__(self, root: int) -> list[int]:
        first, last = np.searchsorted(self._sorted, [root, root + 1])
        self[root] = self._order[first:last].tolist()
        return self[root]


def _alike(decision: Decision, loose: Members) -> dict[int, list[int]]:
    """Per loose group the other groups with a row of the same name and birth date."""
    evidence, numbers = decision.evidence, decision.records.numbers
    roots = decision.groups.roots()[decision.node]
    frame = pd.DataFrame({"root": roots, "name": evidence.name, "birth": evidence.birth})
    wanted = frame[frame["root"].isin(list(loose))]
    wanted = wanted[(wanted["name"] != NOTHING) & (wanted["birth"] != NO_BIRTH)].drop_duplicates()
    others = frame[frame["name"].isin(wanted["name"].unique())].drop_duplicates()
    anchors = others[others["root"] < decision.anchor_count][["root", "name"]].drop_duplicates()
    anchors["birth"] = [max((d.toordinal() for d in evidence.births_of((), root)), default=NO_BIRTH) for root in anchors["root"]]
    others = pd.concat([others, anchors[[numbers[root] is not None for root in anchors["root"]]]], ignore_index=True).drop_duplicates()
    pairs = wanted.merge(others, on=["name", "birth"], suffixes=("", "_other"))
    pairs = pairs[pairs["root"] != pairs["root_other"]][["root", "root_other"]].drop_duplicates().sort_values(["root", "root_other"])
    found: dict[int, list[int]] = defaultdict(list)
    for root, other in zip(pairs["root"].tolist(), pairs["root_other"].tolist(), strict=True):
        found[root].append(other)
    return dict(found)


def _one_slip_candidates(decision: Decision, mine: list[int], numbers: dict[str, int], members: Members) -> list[int]:
    """Rule 8: persons whose number is one slip from a failing one, name the same or a variant, birth the same or near."""
    found = set()
    for text in decision.evidence.texts_of(mine):
        if not is_failing(text):
            continue
        for number in one_slip_away(text):
            anchor = numbers.get(number, NOTHING)
            if anchor == NOTHING or not members[anchor]:
                continue
            name, birth = decision.evidence.compare(mine, members[anchor], anchor)
            if name >= Likeness.VARIANT and birth >= BirthLikeness.NEAR:
                found.add(anchor)
    return sorted(found)


class _Support:
    """What may stand beside an equal name and birth date: first 15 digits, place or phone."""

    def __init__(self, decision: Decision, members: Members) -> None:
        self._decision, self._members = decision, members
        rows = decision.records.rows
        self._places = [rows[name].astype("object").where(rows[name].notna(), "").to_numpy() for name in PLACES]
        self._phone = rows["phone"].to_numpy()
        persons = pd.DataFrame({"phone": self._phone, "name": decision.evidence.name}).drop_duplicates()
        shared = Counter(persons["phone"].tolist())
        self._shared_phones = {phone for phone, count in shared.items() if count > PERSONS_PER_PHONE}

    def is_possible(self, mine: list[int], candidate: int) -> bool:
        """False when a damaged or failing number contradicts the candidate's."""
        return all(self._digits(text, candidate) is not None for text in self._decision.evidence.texts_of(mine))

    def is_supported(self, root: int, candidate: int) -> bool:
        """True when the first 15 digits, a place or a phone agree."""
        mine, theirs = self._members[root], self._members[candidate]
        texts = self._decision.evidence.texts_of(mine)
        has_digits = any((self._digits(text, candidate) or 0) >= PREFIX_DIGITS for text in texts)
        return has_digits or bool(self._places_of(mine) & self._places_of(theirs)) or bool(self._phones_of(mine) & self._phones_of(theirs))

    def _digits(self, text: str, candidate: int) -> int | None:
        """Leading digits of `text` that agree with the candidate; None when they contradict it, 0 when nothing can be said."""
        number = self._decision.records.numbers[candidate] if candidate < self._decision.anchor_count else None
        if number:
            return agreeing_digits(text, number)
        texts = self._decision.evidence.texts_of(self._members[candidate])
        if not texts:
            return 0
        return PREFIX_DIGITS if any(text[:PREFIX_DIGITS] == other[:PREFIX_DIGITS] for other in texts) else None

    def _places_of(self, positions: Iterable[int]) -> set[str]:
        return {column[p][:6] for column in self._places for p in positions if column[p]}

    def _phones_of(self, positions: Iterable[int]) -> set[int]:
        return {int(self._phone[p]) for p in positions} - self._shared_phones - {NOTHING}


def _join_loose_to_loose(decision: Decision, loose: Members, alike: dict[int, list[int]], support: _Support) -> None:
    """Two loose groups that support each other and nobody else are one person."""
    open_roots = {root for root in loose if decision.groups.root(root) >= decision.anchor_count}
    possible = {root: [c for c in alike.get(root, ()) if c in open_roots and support.is_possible(loose[root], c)] for root in open_roots}
    fitting = {root: [c for c in found if support.is_supported(root, c)] for root, found in possible.items()}
    for root in sorted(open_roots):
        if any(other not in loose for other in alike.get(root, ())):
            continue
        if len(fitting[root]) == 1 and fitting[fitting[root][0]] == [root]:
            decision.join(loose[root], loose[fitting[root][0]], "7")
        elif possible[root]:
            decision.doubt(loose[root], "9")
