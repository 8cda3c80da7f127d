"""Rows that come twice, rows entered by mistake and deleted again, and deletions of rows nobody sent."""

from __future__ import annotations

from datetime import timedelta

from sandbox.generator.chance import Chance
from sandbox.generator.mess.batches import Batch
from sandbox.generator.mess.identity import DAMAGING
from sandbox.generator.rows import Row


class Repeats:
    """Adds repeats to batches of increments; snapshots and front-end tables hold each key once."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._mistakes = 0

    def add(self, batch: Batch) -> None:
        """About one row in two hundred twice, and one in three hundred deleted again."""
        if batch.is_snapshot or batch.medium == "share":
            return
        for row in [r for r in batch.rows if self._chance.happens(0.005) and not DAMAGING & set(r.error_classes)]:
            batch.rows.insert(batch.rows.index(row) + 1, row)
        for row in [r for r in batch.rows if self._chance.happens(0.003) and not r.raw and r.person is not None]:
            self._mistake(batch, row)
        if batch.medium == "api" and batch.rows:
            stranger = batch.rows[-1].copy(operation_code="D", source_key=self._free_key(batch.rows[-1]))
            stranger.person = None
            batch.rows.append(stranger)

    def _mistake(self, batch: Batch, row: Row) -> None:
        """The same row entered under a second key, and that key deleted a little later."""
        key = self._free_key(row)
        wrong = row.copy(source_key=key, operation_code="I")
        wrong.person = None
        gone = wrong.copy(operation_code="D", source_updated_at=min(row.updated_at + timedelta(minutes=7), batch.sent_at))
        at = batch.rows.index(row) + 1
        batch.rows[at:at] = [wrong, gone]

    def _free_key(self, row: Row) -> str:
        self._mistakes += 1
        stem = row.key.rstrip("0123456789")
        width = len(row.key) - len(stem)
        return f"{stem}{8 * 10 ** (width - 1) + self._mistakes:0{width}d}"
