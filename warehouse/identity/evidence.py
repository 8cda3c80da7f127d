"""Evidence between rows: what two sets of rows say of name, birth and number, looked up quickly by position."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np

from warehouse.identity.births import NO_DAY, BirthLikeness, birth_likeness
from warehouse.identity.id_numbers import birth_of
from warehouse.identity.names import Likeness, likeness
from warehouse.identity.records import NOTHING, Records

EPOCH = date(1970, 1, 1).toordinal()


class Evidence:
    """The columns of `Records` as arrays."""

    def __init__(self, records: Records) -> None:
        self.records = records
        rows = records.rows
        self.birth = rows["birth"].to_numpy()
        self.name = rows["name"].to_numpy()
        self.text = rows["text_number"].to_numpy()
        self.feed_names = list(rows["feed"].cat.categories)
        self.feed = rows["feed"].cat.codes.to_numpy()
        self.feed_order = np.argsort(np.argsort(self.feed_names))[self.feed] if self.feed_names else self.feed
        self.source_key = rows["source_key"]

    def births_of(self, positions: Iterable[int], anchor: int = NOTHING) -> set[date]:
        """Birth dates the rows and the anchor's number tell."""
        told = {date.fromordinal(EPOCH + int(self.birth[p])) for p in positions if self.birth[p] != NO_DAY}
        number = self.records.numbers[anchor] if anchor != NOTHING else b""
        return told | ({birth_of(number.decode())} if number else set())

    def names_of(self, positions: Iterable[int]) -> set[str]:
        """Name keys the rows tell."""
        return {self.records.names.keys[code] for code in {int(self.name[p]) for p in positions} if code != NOTHING}

    def compare(self, mine: list[int], theirs: list[int], anchor: int = NOTHING) -> tuple[Likeness, BirthLikeness]:
        """The best likeness of names and of births between two sets of rows."""
        ours, others = self.births_of(mine), self.births_of(theirs, anchor)
        birth = max((birth_likeness(one, other) for one in ours for other in others), default=BirthLikeness.NONE)
        aliases = self.records.aliases.get(anchor, frozenset()) if anchor != NOTHING else frozenset()
        is_same = birth is BirthLikeness.SAME
        names = (likeness(a, b, is_birth_same=is_same, aliases=aliases) for a in self.names_of(mine) for b in self.names_of(theirs))
        return max(names, default=Likeness.NONE), birth

    def row_order(self, positions: Iterable[int]) -> tuple[str, str]:
        """A steady place for a set of rows, whatever order they came in."""
        return min((self.feed_of(p), str(self.source_key.iat[p])) for p in positions)

    def feed_of(self, position: int) -> str:
        """The feed of a row."""
        return str(self.feed_names[self.feed[position]])
