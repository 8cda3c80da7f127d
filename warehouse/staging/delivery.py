"""A whole delivery, all its parts together, decoded and prepared; a large one on every core."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from multiprocessing import get_context

import pandas as pd
from sqlalchemy import Connection, text

from core.errors import AgreementBroken
from expectations.agreement import Feed, feeds
from expectations.decoding import decode_chunks
from expectations.delivery import Decoded, Delivery
from expectations.verdict import Tally
from warehouse.landing.batches import LandedBatch, load
from warehouse.landing.raw import RawStore
from warehouse.staging.prepare import Prepared, prepare

CHUNK_ROWS = 100_000
UNDECIDED = ("landed", "held")
PARALLEL_FROM_BYTES = 20_000_000


@dataclass(frozen=True)
class PreparedDelivery:
    """The batches of one delivery in part order, with their prepared chunks by batch_id."""

    feed: Feed
    batches: list[LandedBatch]
    chunks: dict[int, list[Prepared]]

    @property
    def undecided(self) -> list[LandedBatch]:
        """The batches to take in: where one part is sent again, the others are already loaded and only complete the snapshot."""
        return [batch for batch in self.batches if batch.state in UNDECIDED]

    @property
    def everything(self) -> list[Prepared]:
        """All chunks of all parts."""
        return [chunk for chunks in self.chunks.values() for chunk in chunks]

    @property
    def row_counts(self) -> dict[int, int]:
        """Rows received, by batch_id."""
        return {batch_id: sum(chunk.row_count for chunk in chunks) for batch_id, chunks in self.chunks.items()}

    @property
    def row_count(self) -> int:
        """Rows received in all."""
        return sum(self.row_counts.values())

    @property
    def tally(self) -> Tally:
        """What the file rules look at."""
        return sum((chunk.tally for chunk in self.everything), Tally())

    @property
    def present_keys(self) -> pd.Series:
        """source_key of every row that was received, loaded or not."""
        return pd.concat([chunk.present_keys for chunk in self.everything], ignore_index=True)

    @property
    def sender_codes(self) -> set[str]:
        """Sender codes that good rows name."""
        return set().union(*(chunk.sender_codes for chunk in self.everything))

    @property
    def newest_updated_at(self) -> datetime | None:
        """Greatest source_updated_at to load."""
        return max((chunk.newest_updated_at for chunk in self.everything if chunk.newest_updated_at), default=None)


def whole_delivery(connection: Connection, batch: LandedBatch, store: RawStore) -> list[LandedBatch] | None:
    """The batch alone; of a delivery in parts all of them, or None while one is missing."""
    part = batch.delivery.part
    if part is None:
        return [batch]
    ids = connection.execute(
        text(
            "select distinct on (part_number) batch_id from landing.batch where provider = :provider and feed = :feed "
            "and state <> 'rejected' and part_count = :count and regexp_replace(name, '_p[0-9]+[.]', '.') = :stem "
            "order by part_number, batch_id desc"
        ),
        {
            "provider": batch.delivery.provider,
            "feed": batch.delivery.feed,
            "count": part[1],
            "stem": re.sub(r"_p[0-9]+[.]", ".", batch.delivery.name),
        },
    ).scalars()
    found = [batch if i == batch.batch_id else load(connection, i, store, lock=True) for i in ids]
    return found if len(found) == part[1] else None


def prepare_delivery(batches: list[LandedBatch]) -> PreparedDelivery:
    """Every row of the delivery is read, judged and sealed.

    Raises:
        AgreementBroken: the delivery as a whole cannot be read.
        SourceChanged: its envelope is not the agreed one.
    """
    feed = _agreed_feed(batches[0].delivery)
    return PreparedDelivery(feed, batches, {batch.batch_id: list(_prepared(feed, batch)) for batch in batches})


def _agreed_feed(delivery: Delivery) -> Feed:
    if delivery.refusal:
        raise AgreementBroken(delivery.refusal, "refused when it arrived; see the code's next step")
    if delivery.feed not in feeds():
        raise AgreementBroken("E_NAME", "the delivery names no agreed feed")
    return feeds()[delivery.feed]


def _prepared(feed: Feed, batch: LandedBatch) -> Iterator[Prepared]:
    from expectations.suites import warm  # seconds to import: only who judges pays

    decoded = decode_chunks(feed, batch.delivery, CHUNK_ROWS)
    work = partial(_prepare_chunk, feed.feed, batch.received_at)
    if len(batch.delivery.content) < PARALLEL_FROM_BYTES or (os.cpu_count() or 1) == 1:
        yield from map(work, decoded)
        return
    warm(feed)  # before the fork: every worker would import and build the suite again
    with ProcessPoolExecutor(max_workers=os.cpu_count(), mp_context=get_context("fork")) as pool:
        yield from pool.map(work, decoded)


def _prepare_chunk(feed_name: str, arrived_at: datetime, decoded: Decoded) -> Prepared:
    return prepare(feeds()[feed_name], decoded, arrived_at)
