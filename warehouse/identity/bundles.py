"""Growing persons out of rows that no sure number holds: two bundles join only where nobody in them is set apart from anybody."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

# Below these log-odds two members are set apart; between it and joining they are merely not close.
APART_BELOW = -2.0


class Bundles:
    """Bundles of members by what was said of their pairs: (one, other, log-odds). Pairs that were never compared say nothing."""

    def __init__(self, pairs: Iterable[tuple[int, int, float]]) -> None:
        self._bundle: dict[int, int] = {}
        self._members: dict[int, list[int]] = {}
        self._apart: dict[int, set[int]] = defaultdict(set)
        for one, other, odds in pairs:
            if odds < APART_BELOW:
                self._apart[one].add(other)
                self._apart[other].add(one)

    def join(self, one: int, other: int) -> bool:
        """The bundles of both are one now; False when they were, or when two of their members are set apart."""
        first, second = sorted((self._of(one), self._of(other)), key=lambda bundle: (-len(self._members[bundle]), bundle))
        if first == second or any(
            self._apart[member] & set(self._members[first]) for member in self._members[second] if member in self._apart
        ):
            return False
        for member in self._members.pop(second):
            self._bundle[member] = first
            self._members[first].append(member)
        return True

    def _of(self, member: int) -> int:
        if member not in self._bundle:
            self._bundle[member] = member
            self._members[member] = [member]
        return self._bundle[member]
