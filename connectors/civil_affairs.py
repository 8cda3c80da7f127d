"""Civil affairs (and the housing bureau behind its platform): six tables of a front-end database, read each night (section 5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connectors import frontend_database as database
from core.clock import SHANGHAI
from expectations.agreement import feeds
from expectations.delivery import Delivery

PROVIDER = "civil_affairs"


def fetch(
    feed: str,
    since: datetime | None,
    connection: dict[str, str],
    deadlines: database.Deadlines = database.Deadlines(),  # noqa: B008 frozen
) -> Iterator[Delivery]:
    """Yield every page of 5,000 rows changed since 48 hours before the watermark `since` (None: all), by (source_updated_at,
    source_key), all from one snapshot of the table. Rows of loads still running are left for the next night.

    Raises:
        SourceUnavailable: no connection, or the server did not answer in time.
        SourceChanged: the table or a column is not there or not as agreed.
        FixConfiguration: the connection or its account is wrong.
    """
    run_started = datetime.now(SHANGHAI).strftime("%Y%m%dT%H%M%S.%f")  # the real clock, also in a rehearsal: names never repeat
    with database.reading(connection, deadlines) as opened:
        for number, (content, row_count) in enumerate(database.pages(feed, since, opened), start=1):
            yield Delivery(PROVIDER, feed, f"{feed}/{run_started}/{number:05d}", "table", content, declared_rows=row_count)


def keys(
    feed: str,
    connection: dict[str, str],
    deadlines: database.Deadlines = database.Deadlines(),  # noqa: B008 frozen
) -> Iterator[list[tuple[str, datetime]]]:
    """Yield (source_key, source_updated_at in UTC) of all rows, also those with operation D, in lists of up to 5,000.

    Raises: as `fetch`.
    """
    with database.reading(connection, deadlines) as opened:
        yield from database.keys(feed, opened)


def differences(
    connection: dict[str, str],
    since: datetime | None = None,
    deadlines: database.Deadlines = database.Deadlines(),  # noqa: B008 frozen
) -> list[database.BatchDifference]:
    """What `share.batches` says and the tables do not hold, for loads exported since 48 hours before `since`.

    Raises: as `fetch`.
    """
    own = [agreed.feed for agreed in feeds().values() if agreed.provider == PROVIDER]
    with database.reading(connection, deadlines) as opened:
        return database.differences(own, since, opened)
