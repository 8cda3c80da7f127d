"""The bureau's request signature (agreement section 7.1): HMAC-SHA256 over a canonical string, new for every request sent."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Iterable
from urllib.parse import quote, unquote, urlsplit

from requests import PreparedRequest
from requests.auth import AuthBase


def encoded_query(query: Iterable[tuple[str, str]]) -> str:
    """The query as it is sent and signed: sorted, RFC 3986 percent-encoded (a space is %20)."""
    pairs = sorted((name.encode(), value.encode()) for name, value in query)
    return "&".join(f"{quote(name, safe='-._~')}={quote(value, safe='-._~')}" for name, value in pairs)


def canonical_string(method: str, url: str, timestamp: str, nonce: str, body: bytes) -> str:
    """The six parts that are signed, joined by LF; path and query as they stand in `url`, the query sorted."""
    sent = urlsplit(url)
    query = (_pair(part) for part in sent.query.split("&") if part)
    return "\n".join((method, sent.path, encoded_query(query), timestamp, nonce, hashlib.sha256(body).hexdigest()))


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return unquote(name), unquote(value)


def signature(secret: str, canonical: str) -> str:
    """Lower-case hex of HMAC-SHA256 over the canonical string."""
    return hmac.digest(secret.encode(), canonical.encode(), "sha256").hex()


class SignedRequest(AuthBase):
    """Signs each request at the moment it is sent, so that a retry has a new timestamp and nonce."""

    def __init__(
        self,
        app_key: str,
        secret: str,
        now_seconds: Callable[[], float] = time.time,
        new_nonce: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        self._app_key, self._secret = app_key, secret
        self._now_seconds, self._new_nonce = now_seconds, new_nonce

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        body = request.body or b""
        timestamp, nonce = str(int(self._now_seconds() * 1000)), self._new_nonce()
        canonical = canonical_string(
            request.method or "", request.url or "", timestamp, nonce, body.encode() if isinstance(body, str) else body
        )
        request.headers["X-App-Key"] = self._app_key
        request.headers["X-Timestamp"] = timestamp
        request.headers["X-Nonce"] = nonce
        request.headers["X-Signature"] = signature(self._secret, canonical)
        return request
