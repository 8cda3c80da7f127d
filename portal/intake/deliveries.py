"""From an authenticated request to a delivery, refused where envelope or file name do not say what the signature says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from core.errors import AgreementBroken, RejectBatch
from expectations.agreement import feed as agreed_feed
from expectations.decoding.messages import Envelope, read_envelope
from expectations.decoding.names import parse_name
from expectations.delivery import Delivery
from expectations.forms import instants
from portal.intake.problems import foreign, malformed
from portal.intake.settings import FEED, PROVIDER
from warehouse.intake.push import Push

BATCH_ID = re.compile(r"[!-~]{1,100}")


@dataclass(frozen=True)
class Received:
    """An authenticated request: whose key signed it, with which nonce and Idempotency-Key; `file_name` for an upload."""

    app_key: str
    centre_code: str
    nonce: str
    idempotency_key: str
    body: bytes
    body_sha256: str
    file_name: str | None = None


def push_of(received: Received) -> Push:
    """The batch or file as a delivery of the centre whose key signed it.

    Raises:
        Problem: 400 where envelope or name is not as agreed, 403 where it names another centre.
    """
    is_upload = received.file_name is not None
    envelope = None if is_upload else _envelope(received)
    delivery = _batch(received, envelope) if envelope else _file(received)
    return Push(delivery, received.app_key, received.nonce, received.body_sha256, is_upload, envelope)


def _envelope(received: Received) -> Envelope:
    try:
        return read_envelope(agreed_feed(FEED), received.body)
    except AgreementBroken:  # its detail repeats the number received
        raise malformed("row_count is not the number of rows in the batch") from None
    except RejectBatch as error:
        raise malformed(str(error)) from None


def _batch(received: Received, envelope: Envelope) -> Delivery:
    if envelope.sender_code != received.centre_code:
        raise foreign()
    if not BATCH_ID.fullmatch(envelope.batch_id):
        raise malformed("batch_id has 1 to 100 visible ASCII characters")
    if envelope.batch_id != received.idempotency_key:
        raise malformed("Idempotency-Key is not the batch_id of the batch")
    return Delivery(
        PROVIDER,
        FEED,
        envelope.batch_id,
        "push",
        received.body,
        sender_code=envelope.sender_code,
        declared_rows=len(envelope.rows),
        exported_at=_instant(envelope.exported_at),
    )


def _instant(received: str) -> datetime:
    value, code = instants.read_one(received)
    if value is None or (code and code.startswith("E_")):
        raise malformed("exported_at is no time like 2026-11-20T09:16:00+08:00")
    return datetime.fromisoformat(value)


def _file(received: Received) -> Delivery:
    name = received.file_name or ""
    if name != received.idempotency_key:
        raise malformed("Idempotency-Key is not the file's name")
    try:
        named = parse_name(PROVIDER, name)
    except AgreementBroken as error:
        raise malformed(error.detail) from None
    if named.feed != FEED:
        raise malformed(f"only files of {FEED} are taken here")
    if named.sender_code != received.centre_code:
        raise foreign()
    return Delivery(PROVIDER, FEED, name, named.form, received.body, sender_code=named.sender_code)
