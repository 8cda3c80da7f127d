"""Rows that come twice, rows entered by mistake and deleted again, and deletions of rows nobody sent."""

from __future__ import annotations

from datetime import timedelta

from sandbox.generator.chance import Chance
from sandbox.generator.mess.batches import Batch
from sandbox.generator.mess.identity import DAMAGING
from sandbox.generator.rows import Row


class Repeats:
    """Adds repeats to increments; snapshots hold each key once, front-end tables too, with the deleted rows still in them."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._mistakes = 0

    def add(self, batch: Batch) -> None:
        """About one row in two hundred twice, and one in three hundred entered by mistake and deleted again."""
        if batch.is_snapshot:
            return
        rows: list[Row] = []
        for row in batch.rows:
            rows.append(row)
            if batch.medium != "share" and self._chance.happens(0.005) and not DAMAGING & set(row.error_classes):
                rows.append(row)
            if self._chance.happens(0.003) and not row.raw and row.person is not None:
                rows += self._mistake(row, batch)
        if batch.medium == "api" and rows:
            rows.append(self._deleted(rows[-1], self._free_key(rows[-1])))
        batch.rows[:] = rows

    def _mistake(self, row: Row, batch: Batch) -> list[Row]:
        """The same row entered under a second key, and that key deleted a little later; a table shows only the end of it."""
        key = self._free_key(row)
        wrong = row.copy(source_key=key, operation_code="I")
        wrong.person = None
        gone = self._deleted(row, key)
        gone.values["source_updated_at"] = min(row.updated_at + timedelta(minutes=7), batch.sent_at)
        return [gone] if batch.medium == "share" else [wrong, gone]

    @staticmethod
    def _deleted(row: Row, key: str) -> Row:
        deleted = row.copy(source_key=key, operation_code="D")
        deleted.person = None
        return deleted

    def _free_key(self, row: Row) -> str:
        self._mistakes += 1
        stem = row.key.rstrip("0123456789")
        width = len(row.key) - len(stem)
        return f"{stem}{8 * 10 ** (width - 1) + self._mistakes:0{width}d}"
