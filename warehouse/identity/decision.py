"""The state of one working-out of who is who: groups so far, and per row which rule tied it or which doubt it raised."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from warehouse.identity.evidence import Evidence
from warehouse.identity.groups import Groups
from warehouse.identity.records import NOTHING, Records
from warehouse.identity.sure_numbers import settle_numbers


class Decision:
    """Groups of rows. A row with a sure number is held by that number's node; every other row is loose, a node of its own."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.evidence = Evidence(records)
        self.settled: pd.DataFrame = settle_numbers(records)
        holder = self.settled["holder"].to_numpy()
        self.anchor_count = len(records.numbers)
        self.is_loose = holder == NOTHING
        self.node = np.where(self.is_loose, self.anchor_count + np.arange(len(holder)), holder)
        self.groups = Groups(self.anchor_count + len(holder), self.anchor_count)
        self.tied_by: dict[int, str] = {}
        self.doubts: dict[int, str] = {}

    def root_of(self, position: int) -> int:
        """The node that stands for the row's group."""
        return self.groups.root(int(self.node[position]))

    def join(self, mine: list[int], theirs: list[int], rule: str) -> bool:
        """The rows of both lists are one group now; loose ones remember the rule that first tied them. True when a group changed."""
        first = int(self.node[theirs[0]])
        has_joined = False
        for position in (*theirs, *mine):
            has_joined |= self.groups.join(first, int(self.node[position]))
            if self.is_loose[position]:
                self.tied_by.setdefault(position, rule)
        return has_joined

    def doubt(self, positions: Iterable[int], rule: str) -> None:
        """These rows have something a steward should see, should nothing else tie them."""
        for position in positions:
            self.doubts.setdefault(position, rule)
