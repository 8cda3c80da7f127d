"""The public security bureau: six feeds pulled page by page over its signed REST interface (agreement section 4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.rest import Client, CursorExpired, open_client
from core.clock import SHANGHAI, now_at
from core.errors import SourceChanged, SourceUnavailable
from expectations.delivery import Delivery

PROVIDER = "public_security"
OVERLAP = timedelta(hours=48)  # the gap between the networks re-orders and delays rows
ROWS_A_PAGE = 500
KEYS_A_PAGE = 5_000
LOCAL_TIME = "%Y-%m-%d %H:%M:%S"
FROM_THE_BEGINNING = "1970-01-01 00:00:00"

Page = tuple[bytes, list[dict[str, Any]]]


def fetch(feed: str, since: datetime | None, connection: dict[str, str], client: Client | None = None) -> Iterator[Delivery]:
    """Yield every page changed since 48 hours before the watermark `since` (None: from the beginning), as received.

    When the server forgets our cursor the reading starts again from the watermark, once.

    Raises:
        SourceUnavailable: no answer, 429 or 5xx after the client's own retries, or the cursor expired twice.
        SourceChanged: the envelope is not the agreed one, rows are out of order, or a cursor came twice.
        FixConfiguration: the connection or its credentials are wrong.
    """
    client = client or open_client(connection)
    run_started = datetime.now(SHANGHAI).strftime("%Y%m%dT%H%M%S.%f")  # the real clock, also in a rehearsal: names never repeat
    query = {"updated_since": asked_from(since)}
    pages = _started_again(feed, lambda: _in_order(feed, client.pages(feed, f"/api/v1/feeds/{feed}", query, ROWS_A_PAGE)))
    for number, (body, rows) in enumerate(pages, start=1):
        yield Delivery(PROVIDER, feed, f"{feed}/{run_started}/{number:05d}", "page", body, declared_rows=len(rows))


def keys(feed: str, connection: dict[str, str], client: Client | None = None) -> Iterator[list[tuple[str, datetime]]]:
    """Yield (source_key, source_updated_at in UTC) of all rows not deleted, in lists of up to 5,000; a key may come twice.

    Raises:
        As `fetch`; SourceChanged also for a row without a readable key and time.
    """
    client = client or open_client(connection)
    for _, rows in _started_again(feed, lambda: client.pages(feed, f"/api/v1/feeds/{feed}/keys", {}, KEYS_A_PAGE)):
        yield [_key(feed, row) for row in rows]


def asked_from(since: datetime | None) -> str:
    """The `updated_since` for a stored watermark. A watermark in the future (a row with a wrong clock) counts as now, or every
    later row would be missed."""
    if since is None:
        return FROM_THE_BEGINNING
    return (min(since, now_at()) - OVERLAP).astimezone(SHANGHAI).strftime(LOCAL_TIME)


def _started_again(feed: str, pages: Callable[[], Iterator[Page]]) -> Iterator[Page]:
    """The pages, from the start once more when the server forgot our cursor."""
    try:
        yield from pages()
        return
    except CursorExpired:
        pass
    try:
        yield from pages()
    except CursorExpired as error:
        raise SourceUnavailable(f"{feed}: the cursor expired again after a fresh start") from error


def _in_order(feed: str, pages: Iterator[Page]) -> Iterator[Page]:
    """Pages whose times never go back. Keys within one second are not compared: their order depends on the server's collation.
    A row without a readable time is the reader's to reject, not a broken page."""
    latest = ""
    for body, rows in pages:
        for row in rows:
            at = row.get("source_updated_at")
            if isinstance(at, str) and re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", at):
                if at < latest:
                    raise SourceChanged(f"{feed}: rows are not in the order of source_updated_at; pages may have been missed")
                latest = at
        yield body, rows


def _key(feed: str, row: dict[str, Any]) -> tuple[str, datetime]:
    try:
        at = datetime.strptime(row["source_updated_at"], LOCAL_TIME).replace(tzinfo=SHANGHAI)
        return str(row["source_key"]), at.astimezone(UTC)
    except (KeyError, TypeError, ValueError):
        raise SourceChanged(f"{feed}: a row of the keys listing has no source_key or readable source_updated_at") from None
