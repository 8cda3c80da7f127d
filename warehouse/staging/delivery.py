"""A whole delivery, all its parts together, decoded and prepared; a large one on every core."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import islice
from multiprocessing import get_context

import pandas as pd
from sqlalchemy import Connection, text

from core.errors import AgreementBroken
from expectations.agreement import Feed, feeds
from expectations.decoding import decode_chunks
from expectations.delivery import Decoded
from expectations.verdict import Tally
from warehouse.landing.batches import LandedBatch, load
from warehouse.landing.raw import RawStore
from warehouse.staging.prepare import Prepared, prepare

CHUNK_ROWS = 100_000
UNDECIDED = ("landed", "held")
PARALLEL_FROM_BYTES = 20_000_000


class PreparedDelivery:
    """The batches of one delivery in part order; its rows are read, judged and sealed chunk by chunk.

    What `keep` was given stays: counts, keys and problems of every chunk, but not its rows.

    Attributes:
        feed: the agreed feed, set once `prepare` has begun.
        chunks: kept chunks by batch_id, their `staged` rows emptied.
    """

    def __init__(self, batches: list[LandedBatch]) -> None:
        self.batches = batches
        self.chunks: dict[int, list[Prepared]] = {}

    @property
    def feed(self) -> Feed:
        """The agreed feed.

        Raises:
            AgreementBroken: the delivery was refused on arrival or names no feed.
        """
        delivery = self.batches[0].delivery
        if delivery.refusal:
            raise AgreementBroken(delivery.refusal, "refused when it arrived; see the code's next step")
        if delivery.feed not in feeds():
            raise AgreementBroken("E_NAME", "the delivery names no agreed feed")
        return feeds()[delivery.feed]

    def prepare(self) -> Iterator[tuple[LandedBatch, Prepared]]:
        """Yield every chunk with its batch; a large delivery is worked on by every core while the caller stages.

        Raises:
            AgreementBroken: the delivery as a whole cannot be read.
            SourceChanged: its envelope is not the agreed one.
        """
        for batch in self.batches:
            for chunk in _prepared(self.feed, batch):
                yield batch, chunk

    def keep(self, batch: LandedBatch, chunk: Prepared) -> None:
        """Remember what a chunk counted; its rows are let go."""
        self.chunks.setdefault(batch.batch_id, []).append(replace(chunk, staged=chunk.staged.slice(0, 0)))

    @property
    def everything(self) -> list[Prepared]:
        """All kept chunks of all parts."""
        return [chunk for chunks in self.chunks.values() for chunk in chunks]

    @property
    def undecided(self) -> list[LandedBatch]:
        """The batches to take in: where one part is sent again, the others are already loaded and only complete the snapshot."""
        return [batch for batch in self.batches if batch.state in UNDECIDED]

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


def _prepared(feed: Feed, batch: LandedBatch) -> Iterator[Prepared]:
    from expectations.suites import warm  # seconds to import: only who judges pays

    decoded = decode_chunks(feed, batch.delivery, CHUNK_ROWS)
    work = partial(_prepare_chunk, feed.feed, batch.received_at)
    workers = os.cpu_count() or 1
    if len(batch.delivery.content) < PARALLEL_FROM_BYTES or workers == 1:
        yield from map(work, decoded)
        return
    warm(feed)  # before the fork: every worker would import and build the suite again
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        ahead = deque(pool.submit(work, chunk) for chunk in islice(decoded, workers))
        while ahead:
            done = ahead.popleft().result()
            ahead.extend(pool.submit(work, chunk) for chunk in islice(decoded, 1))
            yield done


def _prepare_chunk(feed_name: str, arrived_at: datetime, decoded: Decoded) -> Prepared:
    return prepare(feeds()[feed_name], decoded, arrived_at)
