"""The state of one working-out of who is who: groups so far, and per row which rule tied it or which doubt it raised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from warehouse.identity.evidence import Evidence
from warehouse.identity.groups import Groups
from warehouse.identity.records import NOTHING, Records
from warehouse.identity.rules import Rule
from warehouse.identity.sure_numbers import settle_numbers


@dataclass(frozen=True)
class Memory:
    """What stewards decided, as pairs of row positions: one person, or never one person."""

    same: tuple[tuple[int, int], ...] = ()
    never: tuple[tuple[int, int], ...] = ()


class Decision:
    """Groups of rows. A row that is the holder of a sure number is held by that number's node; every other row is loose.

    Arrays by row: number (code), rule (of the number), is_loose, node; tied_by (the rule that tied a loose row) and doubt_of (the
    rule that would send it to a steward), both int8 values of Rule; odds (log-odds of the model's best candidate, NaN = not
    asked) and rival (that candidate's group, -1 = none).
    """

    def __init__(self, records: Records, memory: Memory | None = None) -> None:
        memory = memory or Memory()
        self.records = records
        self.evidence = Evidence(records)
        settled = settle_numbers(records)
        self.number, self.rule = settled["number"].to_numpy(), settled["rule"].to_numpy(copy=True)
        self.name_level, self.birth_level = settled["name_level"].to_numpy(), settled["birth_level"].to_numpy()
        self.is_moved = settled["is_moved"].to_numpy()
        count = len(self.number)
        self.anchor_count = len(records.numbers)
        self.is_disputed = settled["is_disputed"].to_numpy()
        # Rows whose number says one person and their name and birth another, or might: rules 2 and 3, and disputed numbers.
        self.is_contested = (self.rule == Rule.CONTESTED) | (self.rule == Rule.NOTED) | self.is_disputed
        self.is_alone = self._single_documents()
        self.is_loose = (self.rule != Rule.HOLDER) | self.is_disputed | self.is_alone
        self._loosen(memory)
        self.node = np.where(self.is_loose, self.anchor_count + np.arange(count), self.number)
        apart = [(int(self.node[one]), int(self.node[other])) for one, other in memory.never]
        self.groups = Groups(self.anchor_count + count, self.anchor_count, apart)
        self.tied_by = np.zeros(count, dtype=np.int8)
        self.doubt_of = np.zeros(count, dtype=np.int8)
        self.odds = np.full(count, np.nan, dtype=np.float32)
        self.rival = np.full(count, NOTHING, dtype=np.int64)
        for one, other in memory.same:
            self._join_as_told(one, other)

    def _single_documents(self) -> np.ndarray:
        """Rows with a passport's number that no other row shows: it ties nobody, and a slip in it is not to be seen."""
        rows = np.bincount(self.number + 1, minlength=len(self.records.numbers) + 1)[1:]
        alone: np.ndarray = np.append((rows == 1) & (self.records.numbers == b""), False)[self.number]
        return alone

    def _loosen(self, memory: Memory) -> None:
        """Of two rows of one number that a steward keeps apart, one stands by itself, with the rows the steward ties to it: the one
        tied to fewer, or else the one that is less like the holder."""
        for pair in memory.never:
            one, other = sorted(pair, key=lambda p: (self.name_level[p], self.birth_level[p], self.evidence.row_order([p])))
            if self.number[one] != self.number[other] or self.is_loose[one] or self.is_loose[other]:
                continue
            fewer, more = sorted((self._tied_by_steward(p, memory) for p in (one, other)), key=len)
            if fewer.isdisjoint(more):
                leaving = list(fewer)
                self.is_loose[leaving], self.is_contested[leaving], self.rule[leaving] = True, True, Rule.CONTESTED

    def _tied_by_steward(self, position: int, memory: Memory) -> set[int]:
        """The row and those of its number that stewards said to be one person with it."""
        found = {position}
        while near := {p for pair in memory.same if found & set(pair) for p in pair if self.number[p] == self.number[position]} - found:
            found |= near
        return found

    def _join_as_told(self, one: int, other: int) -> None:
        if self.groups.join(int(self.node[one]), int(self.node[other]), by_steward=True):
            for position in (one, other):
                if self.is_loose[position]:
                    self.tied_by[position] = Rule.STEWARD

    def root_of(self, position: int) -> int:
        """The node that stands for the row's group."""
        return self.groups.root(int(self.node[position]))

    def join(self, mine: list[int], theirs: list[int], rule: Rule) -> bool:
        """The rows of both lists are one group now; loose ones remember the rule that first tied them. True when a group changed."""
        first = int(self.node[theirs[0]])
        has_joined = False
        for position in (*theirs, *mine):
            if self.groups.join(first, int(self.node[position])):
                has_joined = True
            elif self.groups.root(first) != self.root_of(position):
                continue
            if self.is_loose[position] and not self.tied_by[position]:
                self.tied_by[position] = rule
        return has_joined

    def doubt(self, positions: Iterable[int], rule: Rule) -> None:
        """These rows have something a steward should see, should nothing else tie them."""
        for position in positions:
            if not self.doubt_of[position]:
                self.doubt_of[position] = rule
