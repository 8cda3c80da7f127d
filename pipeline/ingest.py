"""Take in what a provider has: land every delivery, decide it, move the watermark, tell the sender.

A crash at any point is answered by running again: what is landed is not landed twice, what is decided stays decided, and a
watermark moves only in the transaction that stages the last rows of its run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial

from connectors.sources import Source, open_source
from core.errors import FixConfiguration
from core.faults import crash_point
from core.logs import log_event
from expectations.delivery import Delivery
from warehouse.database import Role, transaction
from warehouse.landing.batches import is_known, land, waiting
from warehouse.landing.raw import RawStore
from warehouse.runs import RunRecord, run_record
from warehouse.staging.accept import accept
from warehouse.staging.receipts import mark_delivered, undelivered
from warehouse.staging.watermarks import moving_to, watermark


def ingest(provider: str, feed: str | None = None) -> int:
    """Everything new of a provider (or of one pulled feed) is landed and decided; returns the (last) run id.

    Raises:
        SourceUnavailable: the provider did not answer; what it gave before is kept, the watermark stays.
        SourceChanged: its answer is not the agreed one.
        FixConfiguration: the provider has no such stream.
    """
    source, run_id = open_source(provider), 0
    if feed is not None and feed not in source.streams:
        raise FixConfiguration(f"{provider} is fetched by {', '.join(source.streams)}, not by {feed}")
    for stream in source.streams:
        if feed in {None, stream}:
            with run_record("ingest", provider, stream if source.has_watermark else None) as run:
                _ingest(source, stream, RawStore(), run)
                run_id = run.run_id
    return run_id


def _ingest(source: Source, stream: str, store: RawStore, run: RunRecord) -> None:
    provider = source.provider
    with transaction(Role.ETL) as connection:
        left_over = waiting(connection, provider, stream if source.has_watermark else None)
        since = watermark(connection, provider, stream)
    outcomes = [accept(batch_id, store) for batch_id in left_over]
    newest = since
    for delivery, is_last in _with_last(source.fetch(stream, since, partial(_is_known, provider))):
        batch_id, is_new = land(delivery, store)
        run.counts["deliveries"] = run.counts.get("deliveries", 0) + 1
        run.counts["new_deliveries"] = run.counts.get("new_deliveries", 0) + is_new
        moves = source.has_watermark and is_last and all(outcome.code is None for outcome in outcomes)
        outcome = accept(batch_id, store, after=moving_to(provider, stream, newest, run.run_id) if moves else None)
        newest = max(filter(None, (newest, outcome.newest_updated_at)), default=None)
        outcomes.append(outcome)
        crash_point("ingest.after_delivery")
    _tell_senders(source)
    run.counts |= Counter(outcome.state for outcome in outcomes)


def _with_last(deliveries: Iterable[Delivery]) -> Iterator[tuple[Delivery, bool]]:
    """Each delivery with whether it is the last of its run."""
    previous: Delivery | None = None
    for delivery in deliveries:
        if previous is not None:
            yield previous, False
        previous = delivery
    if previous is not None:
        yield previous, True


def _is_known(provider: str, name: str, size_bytes: int, modified_at: float) -> bool:
    with transaction(Role.ETL) as connection:
        return is_known(connection, provider, name, size_bytes, datetime.fromtimestamp(modified_at, UTC))


def _tell_senders(source: Source) -> None:
    """Receipts lie in the sender's outbox, where it has one; what could not be put there is put there by the next run."""
    if source.put_receipt is None:
        return
    with transaction(Role.ETL) as connection:
        told = undelivered(connection, source.provider)
    for receipt in told:
        source.put_receipt(receipt.name, json.dumps(receipt.receipt, ensure_ascii=False, indent=1).encode(), receipt.rejected_csv)
        with transaction(Role.ETL) as connection:
            mark_delivered(connection, receipt.batch_id)
    if told:
        log_event("receipts delivered", provider=source.provider, receipts=len(told))
