"""Proof that a row stands in the raw bytes it is said to come from; the bytes are opened, no value leaves."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Connection

from core.errors import FixConfiguration
from expectations.agreement import feeds
from expectations.decoding import decode
from warehouse.handoffs.lineage import Ground
from warehouse.landing.batches import load
from warehouse.landing.raw import RawStore

DELIVERIES_HELD = 64


class RawRows:
    """Deliveries decoded again from their raw bytes, the last few kept."""

    def __init__(self, connection: Connection, store: RawStore) -> None:
        self._connection = connection
        self._store = store
        self._keys = lru_cache(DELIVERIES_HELD)(self._decoded_keys)

    def has(self, ground: Ground) -> bool:
        """True when the bytes at the ground's address open and their row of that number has the ground's key."""
        if ground.row_number is None or ground.content_address is None:
            return False
        try:
            return self._keys(ground.batch_id, ground.feed).get(ground.row_number) == ground.source_key
        except FixConfiguration:
            return False

    def _decoded_keys(self, batch_id: int, feed: str) -> dict[int, str]:
        delivery = load(self._connection, batch_id, self._store).delivery
        keys = decode(feeds()[feed], delivery).rows["source_key"]
        return {int(number): str(key).strip() for number, key in keys.items()}
