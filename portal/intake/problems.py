"""What is answered when nothing is taken: RFC 9457 problem details, in words that help and never repeat a received value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.responses import JSONResponse, Response

PROBLEM = "application/problem+json"
ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(eq=False)
class Problem(Exception):
    """An answer other than the agreed one; raised by whoever finds it out."""

    status: int
    title: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """As sent."""
        body = {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}
        return JSONResponse(body, self.status, {**ALWAYS, **self.headers}, PROBLEM)


def malformed(detail: str) -> Problem:
    """400: no batch of the agreed form."""
    return Problem(400, "Not the agreed form", detail)


def unsigned(detail: str) -> Problem:
    """401: not proven to be the centre's. The Date header of every answer shows our clock."""
    return Problem(401, "Signature refused", detail, {"WWW-Authenticate": "Signature"})


def foreign() -> Problem:
    """403: signed by a key of another centre."""
    return Problem(403, "Not this key's centre", "sender_code does not belong to the app key that signed: each centre sends for itself")


def other_content() -> Problem:
    """409: this batch_id had other content."""
    return Problem(409, "batch_id was used", "this batch_id was received with other content, which stays: give changed rows a new batch_id")


def too_large(limit: int) -> Problem:
    """413, and the connection ends: the rest is not read."""
    return Problem(413, "Too large", f"a batch has at most {limit} bytes and 500 rows: send several", {"Connection": "close"})


def too_slow() -> Problem:
    """408: the body did not come in time."""
    return Problem(408, "Too slow", "the body did not arrive in time; nothing is stored, send again", {"Connection": "close"})


def too_many(seconds: int) -> Problem:
    """429: this key alone fills the queue."""
    return Problem(
        429, "Too many at once", "too many batches of this key are waiting; nothing is stored, send again later", _after(seconds)
    )


def unavailable(seconds: int) -> Problem:
    """503: nothing is stored, the same batch can be sent again."""
    return Problem(503, "Not now", "nothing is stored; send the same batch again later", _after(seconds))


def broken() -> Problem:
    """500: our fault; the engineer sees what."""
    return Problem(500, "Our fault", "nothing can be said about this batch; send it again, and tell us if this stays")


def _after(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}
