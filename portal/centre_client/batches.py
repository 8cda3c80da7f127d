"""What is sent: a JSON batch as it is, or the rows of a CSV or XLSX file as batches of at most 500, always under the same batch_id."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from core.clock import SHANGHAI
from core.errors import FixConfiguration, RejectBatch
from expectations.agreement import SCHEMA_VERSION
from expectations.agreement import feed as agreed_feed
from expectations.decoding import decode
from expectations.decoding.messages import MOST_PUSHED_ROWS, read_envelope
from expectations.delivery import Delivery, DeliveryForm

FEED = agreed_feed("release_notices")
BATCH_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")


def batches_of(file: Path, centre_code: str) -> dict[str, bytes]:
    """Batches by batch_id, as they are sent. The same file always gives the same batch_ids.

    Raises:
        FixConfiguration: unreadable, no batch of this centre, or no file with the agreed headers; the message says what is wrong.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise FixConfiguration(f"{file} cannot be read: {error.strerror}") from error
    try:
        return _of_json(file, content, centre_code) if file.suffix.lower() == ".json" else _of_table(file, content, centre_code)
    except RejectBatch as error:
        raise FixConfiguration(f"{file.name}: {error}") from error


def nil_batch(month: str, centre_code: str) -> dict[str, bytes]:
    """A month (yyyymm) without releases, told as such."""
    if not re.fullmatch(r"[0-9]{4}(0[1-9]|1[0-2])", month):
        raise FixConfiguration("a month is told like 202611")
    return _envelope(f"{centre_code}-{month}-nil", centre_code, [])


def _of_json(file: Path, content: bytes, centre_code: str) -> dict[str, bytes]:
    envelope = read_envelope(FEED, content)
    if envelope.sender_code != centre_code:
        raise FixConfiguration(f"{file.name}: sender_code is not {centre_code}, whose key this is")
    if not BATCH_ID.fullmatch(envelope.batch_id):
        raise FixConfiguration(f"{file.name}: batch_id has 1 to 100 letters, digits, dots, dashes or underscores")
    return {envelope.batch_id: content}


def _of_table(file: Path, content: bytes, centre_code: str) -> dict[str, bytes]:
    form: DeliveryForm = "xlsx" if file.suffix.lower() == ".xlsx" else "csv"
    decoded = decode(FEED, Delivery(FEED.provider, FEED.feed, file.name, form, content))
    if len(decoded.problems):
        raise FixConfiguration(
            f"{file.name}: rows {', '.join(str(n) for n in sorted(set(decoded.problems['row_number'])))} cannot be read as cells "
            f"({', '.join(sorted(set(decoded.problems['code'])))}): repair them first"
        )
    rows = [{k: v for k, v in row.items() if isinstance(v, str)} for row in decoded.rows.to_dict("records")]
    name = f"{centre_code}-{hashlib.sha256(content).hexdigest()[:16]}"
    found: dict[str, bytes] = {}
    for number, start in enumerate(range(0, max(len(rows), 1), MOST_PUSHED_ROWS), 1):
        found |= _envelope(f"{name}-{number:02}", centre_code, rows[start : start + MOST_PUSHED_ROWS])
    return found


def _envelope(batch_id: str, centre_code: str, rows: list[dict[Any, str]]) -> dict[str, bytes]:
    said = {
        "schema_version": SCHEMA_VERSION,
        "feed": FEED.feed,
        "sender_code": centre_code,
        "batch_id": batch_id,
        "exported_at": datetime.now(SHANGHAI).isoformat(timespec="seconds"),
        "row_count": len(rows),
        "rows": rows,
    }
    return {batch_id: json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()}
