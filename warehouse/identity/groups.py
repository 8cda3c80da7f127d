"""Joining rows into persons without ever joining two sure numbers, or two rows that a steward keeps apart: a union-find."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

NOTHING = -1


class Groups:
    """Groups of nodes 0..size-1. Nodes below `anchor_count` are sure numbers (anchors); no rule ever joins two of them.

    The root of a group is its smallest anchor where it has one, else its smallest node, so that the order of joining never shows.
    `apart`: pairs of nodes that never share a group, whatever is asked.
    """

    def __init__(self, size: int, anchor_count: int, apart: Iterable[tuple[int, int]] = ()) -> None:
        self._parent = np.arange(size)
        self._anchor_count = anchor_count
        self._apart: dict[int, set[int]] = defaultdict(set)
        for one, other in apart:
            self._apart[one].add(other)
            self._apart[other].add(one)

    def root(self, node: int) -> int:
        """The node that stands for the group."""
        parent = self._parent
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = int(parent[node])
        return node

    def is_anchored(self, node: int) -> bool:
        """True when the node's group has a sure number."""
        return self.root(node) < self._anchor_count

    def are_apart(self, one: int, other: int) -> bool:
        """True when a steward keeps the two groups apart."""
        return bool(self._apart) and self.root(other) in self._opponents(self.root(one))

    def join(self, one: int, other: int, *, by_steward: bool = False) -> bool:
        """The two groups are one now; False when they were, are kept apart, or both have a sure number (unless a steward says so)."""
        first, second = sorted((self.root(one), self.root(other)))
        if first == second or (second < self._anchor_count and not by_steward) or self.are_apart(first, second):
            return False
        self._parent[second] = first
        if second in self._apart:
            self._apart[first] |= self._apart[second]
        return True

    def join_many(self, ones: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Joins each pair of groups in order; says which are one group afterwards."""
        return np.array(
            [self.join(a, b) or self.root(a) == self.root(b) for a, b in zip(ones.tolist(), others.tolist(), strict=True)], dtype=bool
        )

    def roots(self) -> np.ndarray:
        """The root of every node."""
        parent = self._parent
        while True:
            shorter = parent[parent]
            if (shorter == parent).all():
                self._parent = parent
                return parent.copy()
            parent = shorter

    def _opponents(self, root: int) -> set[int]:
        return {self.root(node) for node in self._apart.get(root, ())}
