"""Messages to other systems: one signed JSON document, posted.

The body is ``{"message_id", "message", "proof"}``; `proof` is a compact JWS under our key over the very text of `message`, so that a
receiver can show to anybody what it was told and when. The same message_id may come twice: the receiver keeps the first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from connectors.transport import Limits, post
from core.errors import NotAllowed, SourceUnavailable

LIMITS = Limits(connect_seconds=5, read_seconds=15, total_seconds=20, max_bytes=64 * 1024)
TRY_AGAIN = {408, 425, 429}


class DeliveryRefused(NotAllowed):
    """The receiver will not take this message, now or later: its address or its rights must be mended."""


def send(url: str, message_id: str, message: Mapping[str, Any], sign: Callable[[bytes], str], ca: str | None = None) -> None:
    """The receiver answered 2xx: it has the message.

    Raises:
        SourceUnavailable: no answer, 408, 425, 429 or 5xx; the same message may be sent again.
        SourceChanged: the server's certificate is not one we trust, or its answer is not plain.
        DeliveryRefused: any other answer; sending again changes nothing.
    """
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    body = json.dumps(
        {"message_id": message_id, "message": message, "proof": sign(text.encode())}, ensure_ascii=False, separators=(",", ":")
    )
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": message_id}
    answer = post(url, body.encode(), headers, ca, LIMITS)
    if 200 <= answer.status < 300:
        return
    if answer.status in TRY_AGAIN or answer.status >= 500:
        raise SourceUnavailable(f"the webhook answered {answer.status}")
    raise DeliveryRefused(f"the webhook answered {answer.status}: is its address right?")
