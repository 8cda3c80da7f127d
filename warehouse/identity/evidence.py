"""Evidence between rows: what two sets of rows say of name, birth and number, looked up quickly by position."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np

from warehouse.identity.births import BirthLikeness, birth_likeness
from warehouse.identity.id_numbers import birth_of
from warehouse.identity.names import Likeness, likeness
from warehouse.identity.records import NOTHING, Records

NO_BIRTH = 0


class Evidence:
    """The columns of `Records` as arrays, with `birth` as ordinal days (0 = none)."""

    def __init__(self, records: Records) -> None:
        self.records = records
        rows = records.rows
        days = rows["birth_date"].to_numpy().astype("datetime64[D]")
        self.birth = np.where(np.isnat(days), NO_BIRTH, days.astype("int64") + date(1970, 1, 1).toordinal())
        self.name = rows["name"].to_numpy()
        self.number = rows["number"].to_numpy()
        self.text = np.where(self.number == NOTHING, rows["text_number"].to_numpy(), NOTHING)
        self.feed = rows["feed"].to_numpy()
        self.source_key = rows["source_key"].to_numpy()

    def births_of(self, positions: Iterable[int], anchor: int = NOTHING) -> set[date]:
        """Birth dates the rows and the anchor's number tell."""
        told = {date.fromordinal(int(self.birth[p])) for p in positions if self.birth[p] != NO_BIRTH}
        number = self.records.numbers[anchor] if anchor != NOTHING else None
        return told | ({birth_of(number)} if number else set())

    def names_of(self, positions: Iterable[int]) -> set[str]:
        """Name keys the rows tell."""
        return {self.records.names[code] for code in {int(self.name[p]) for p in positions} if code != NOTHING}

    def texts_of(self, positions: Iterable[int]) -> set[str]:
        """Numbers as read, of rows without a sure one."""
        return {self.records.number_texts[code] for code in {int(self.text[p]) for p in positions} if code in self.records.number_texts}

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
        return min((str(self.feed[p]), str(self.source_key[p])) for p in positions)
