"""A whole province from one directory (agreement section 10), for rehearsals and tests: every feed without a server.

Reads push/, files/<provider>/, api/ and share/ and nothing else. The same rules as over the wire hold where they can: .ok files,
parts, file order, running loads of the front-end database.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path

from connectors import folder as files
from core.clock import end_of_day_at, now_at
from core.errors import FixConfiguration
from expectations.agreement import feed as agreed_feed
from expectations.agreement import feeds
from expectations.delivery import Delivery

PAGE_LINES = 500
TABLE_ROWS = 5_000
PULLED_FROM = {"public_security": "api", "civil_affairs": "share"}


def fetch(provider: str, folder: Path, feed: str | None = None, is_known: files.IsKnown | None = None) -> Iterator[Delivery]:
    """Yield everything one provider (or one of its feeds) has in the directory, in agreement order.

    Pushes come in file name order, then files by the date in their name; rows in pages of 500 lines or 5,000 table rows.
    A file without .ok is refused (E_NO_OK) when the day in its name ended over 24 hours before now (GUITU_AS_OF).

    Raises:
        FixConfiguration: the directory is not there.
    """
    if not folder.is_dir():
        raise FixConfiguration(f"the province directory {folder} is not there: set PROVINCE to one")
    kind = PULLED_FROM.get(provider)
    if kind:
        pages = _pages if kind == "api" else _tables
        for agreed in feeds().values():
            if agreed.provider == provider and feed in {None, agreed.feed}:
                yield from pages(folder, agreed.feed)
        return
    if provider == "detention_centers":
        yield from (d for d in _pushes(folder / "push", is_known) if feed in {None, d.feed})
    for delivery in _files(provider, folder / "files" / provider, is_known):
        if feed in {None, delivery.feed}:
            yield delivery


def _files(provider: str, folder: Path, is_known: files.IsKnown | None) -> Iterator[Delivery]:
    found = files.Folder(files.local_listing(folder), files.local_reader(folder), _has_waited, with_ok=provider != "community")
    yield from files.deliveries(provider, found, is_known)


def _has_waited(listed: files.Listed, file_date: date | None) -> bool:
    """By the day in its name: a copied directory has no useful modification times. Without a day there is nothing to wait for."""
    return file_date is None or now_at() - end_of_day_at(file_date) >= timedelta(seconds=files.WAIT_FOR_OK_SECONDS)


def _pushes(folder: Path, is_known: files.IsKnown | None) -> Iterator[Delivery]:
    read = files.local_reader(folder)
    for listed in sorted(files.local_listing(folder), key=lambda listed: listed.name):
        if listed.is_link or not listed.name.endswith(".json") or (is_known and is_known(listed.name, listed.size, listed.modified_at)):
            continue
        content = read(listed.name, files.MAX_FILE_BYTES)
        yield _with_envelope(Delivery("detention_centers", "release_notices", listed.name, "push", content))


def _with_envelope(delivery: Delivery) -> Delivery:
    """Sender, row count and time from the envelope where it can be read; its judgement belongs to the decoder."""
    try:
        envelope = json.loads(delivery.content)
        exported_at = datetime.fromisoformat(envelope["exported_at"])
        return replace(
            delivery, sender_code=str(envelope["sender_code"]), declared_rows=int(envelope["row_count"]), exported_at=exported_at
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return delivery


def _pages(folder: Path, feed: str) -> Iterator[Delivery]:
    path = folder / "api" / f"{feed}.jsonl"
    if not path.is_file():
        return
    with path.open("rb") as lines:
        for number, page in enumerate(_batched(lines, PAGE_LINES), start=1):
            yield Delivery("public_security", feed, f"{feed}/province/{number:05d}", "page", b"".join(page))


def _tables(folder: Path, feed: str) -> Iterator[Delivery]:
    path = folder / "share" / f"{feed}.csv"
    if not path.is_file():
        return
    running_from = _running_from(folder / "share" / "batches.csv", feed)
    records = _records(path)
    header = next(records, b"")
    position = next(csv.reader([header.decode("utf-8-sig", "replace")]), []).index("source_updated_at") if running_from else 0
    rows = (r for r in records if not running_from or _cell(r, position) < running_from)
    for number, page in enumerate(_batched(rows, TABLE_ROWS), start=1):
        yield Delivery(agreed_feed(feed).provider, feed, f"{feed}/province/{number:05d}", "table", header + b"".join(page))


def _batched(items: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    remaining = iter(items)
    while page := list(islice(remaining, size)):
        yield page


def _records(path: Path) -> Iterator[bytes]:
    """The CSV records of a file as their bytes; a record goes on while a quote is open."""
    with path.open("rb") as lines:
        record = b""
        for line in lines:
            record += line
            if record.count(b'"') % 2 == 0:
                yield record
                record = b""
        if record:
            yield record


def _cell(record: bytes, position: int) -> str:
    cells = next(csv.reader([record.decode("utf-8", "replace")]), [])
    return next(islice(cells, position, None), "")


def _running_from(path: Path, feed: str) -> str | None:
    """The earliest source_updated_at of a load still running; its rows are left for the next night."""
    if not path.is_file():
        return None
    with path.open(encoding="utf-8-sig", newline="") as lines:
        running = [row["min_updated_at"] for row in csv.DictReader(lines) if row["feed"] == feed and not row["exported_at"]]
    return min((text for text in running if text), default=None)
