"""Every row as it is compared where rules end: what may be believed of it, and the damaged numbers that may still be somebody's."""

from __future__ import annotations

import numpy as np

from warehouse.identity.births import NO_DAY
from warehouse.identity.candidates import Rows
from warehouse.identity.decision import Decision
from warehouse.identity.id_numbers import ROWS_PER_TEXT, births_of, sexes_of
from warehouse.identity.practice import sexes_in_texts
from warehouse.identity.records import NOTHING

PERSONS_PER_PHONE = 5


class Crowd:
    """Every row as it is compared, and the damaged numbers that may still be somebody's."""

    def __init__(self, decision: Decision) -> None:
        self.decision, self.records = decision, decision.records
        rows, records = self.records.rows, self.records
        birth, sex = decision.evidence.birth.copy(), rows["sex"].to_numpy().copy()
        self._own_day, self._own_sex = births_of(records.numbers), sexes_of(records.numbers).astype(sex.dtype)
        phone = rows["phone"].to_numpy()
        is_shared = np.append(records.names_of_phones() > PERSONS_PER_PHONE, False)[phone]
        self.rows = Rows(
            position=np.arange(len(rows), dtype=np.int32),
            name=rows["name"].to_numpy(),
            birth=birth,
            phone=np.where(is_shared, NOTHING, phone).astype(np.int32),
            house=rows["house"].to_numpy(),
            hukou=rows["hukou_region"].to_numpy(),
            residence=rows["residence_region"].to_numpy(),
            sex=sex,
            feed=decision.evidence.feed,
        )
        is_filler = records.rows_of_texts() > ROWS_PER_TEXT
        self.text = np.append(np.where(is_filler, NOTHING, np.arange(len(is_filler))), NOTHING)[decision.evidence.text]
        self.believe(~decision.is_loose)
        self._doubt()

    def believe(self, wanted: np.ndarray) -> None:
        """These rows have the date and sex of their number, which outrank the fields."""
        positions = np.flatnonzero(wanted & (self.decision.number != NOTHING))
        number = self.decision.number[positions]
        positions, number = positions[self._own_day[number] != NO_DAY], number[self._own_day[number] != NO_DAY]
        self.rows.birth[positions], self.rows.sex[positions] = self._own_day[number], self._own_sex[number]

    def _doubt(self) -> None:
        """Nothing is believed that may be copied from a number that is somebody else's, nor the sex that a damaged number says."""
        positions = np.flatnonzero(self.decision.is_contested & (self.decision.number != NOTHING))
        number = self.decision.number[positions]
        self.rows.birth[positions[self.rows.birth[positions] == self._own_day[number]]] = NO_DAY
        self.rows.sex[positions[self.rows.sex[positions] == self._own_sex[number]]] = 0
        damaged = np.flatnonzero(self.decision.evidence.text != NOTHING)
        said = sexes_in_texts(self.records.texts)[self.decision.evidence.text[damaged]]
        self.rows.sex[damaged[self.rows.sex[damaged] == said]] = 0

    def texts_of(self, positions: np.ndarray) -> np.ndarray:
        """The damaged number of each row, "" where it has none."""
        texts: np.ndarray = np.append(self.records.texts, "")[self.text[positions]]
        return texts
