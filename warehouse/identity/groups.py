"""Joining rows into persons without ever joining two sure numbers: a union-find whose groups hold at most one."""

from __future__ import annotations

import numpy as np

NOTHING = -1


class Groups:
    """Groups of nodes 0..size-1. Nodes below `anchor_count` are sure numbers (anchors); no group ever holds two of them.

    The root of a group is its anchor where it has one, else its smallest node, so that the order of joining never shows.
    """

    def __init__(self, size: int, anchor_count: int) -> None:
        self._parent = np.arange(size)
        self._anchor_count = anchor_count

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

    def join(self, one: int, other: int) -> bool:
        """The two groups are one now; False when they were, or when both have a sure number (nothing happens then)."""
        first, second = sorted((self.root(one), self.root(other)))
        if first == second or second < self._anchor_count:
            return False
        self._parent[second] = first
        return True

    def roots(self) -> np.ndarray:
        """The root of every node."""
        parent = self._parent
        while True:
            shorter = parent[parent]
            if (shorter == parent).all():
                self._parent = parent
                return parent.copy()
            parent = shorter
