"""A paged, signed REST interface as section 4 of the agreement describes it: asking, waiting, paging. Which feeds and since when
is `public_security`'s; one request's own limits are `transport`'s.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_chain, wait_fixed

from connectors import transport
from connectors.signing import SignedRequest, encoded_query
from core.errors import FixConfiguration, MissingSecret, SourceChanged, SourceUnavailable
from expectations.agreement import SCHEMA_VERSION

RETRY_DELAYS_SECONDS = (1, 2, 4, 8, 16)
MAX_WAIT_SECONDS = 3600
MAX_WAITS_IN_A_ROW = 10
REQUESTS_A_MINUTE = 60
MAX_PAGES = 50_000
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class CursorExpired(SourceUnavailable):
    """The server forgot our place (410)."""


class Pace:
    """At most so many requests in any 60 seconds, over all threads of this process."""

    def __init__(
        self, a_minute: int = REQUESTS_A_MINUTE, now: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._sent: deque[float] = deque(maxlen=a_minute)
        self._now, self._sleep, self._lock = now, sleep, threading.Lock()

    def wait(self) -> None:
        """Return when the next request may be sent."""
        with self._lock:
            if len(self._sent) == self._sent.maxlen:
                pause = self._sent[0] + 60 - self._now()
                if pause > 0:
                    self._sleep(pause)
            self._sent.append(self._now())


_paces: dict[tuple[str, str], Pace] = {}


@dataclass(frozen=True)
class Client:
    """One provider's REST interface. `retry_delays` and `sleep` are seams for tests; `connection` as in docs of `open_client`."""

    base_url: str
    auth: SignedRequest
    pace: Pace
    ca: str | None = None
    limits: transport.Limits = field(default_factory=transport.Limits)
    retry_delays: tuple[float, ...] = RETRY_DELAYS_SECONDS
    sleep: Callable[[float], None] = time.sleep
    max_pages: int = MAX_PAGES

    def get(self, path: str, query: dict[str, str]) -> transport.Answer:
        """The 200 answer to one question, after retries and waits.

        Raises:
            CursorExpired: 410.
            SourceUnavailable: no answer or 5xx after the retries, or told to wait too long or too often.
            SourceChanged: any other answer that the agreement does not know.
            FixConfiguration: 401 or 403.
        """
        for _ in range(MAX_WAITS_IN_A_ROW):
            answer = self._answer(f"{self.base_url}{path}?{encoded_query(query.items())}")
            if answer.status == 200:
                return answer
            if answer.status != 429:
                raise _refusal(answer.status, path)
            self.sleep(_pause_seconds(answer, path))
        raise SourceUnavailable(f"{path}: {MAX_WAITS_IN_A_ROW} times in a row told to wait (429)")

    def _answer(self, url: str) -> transport.Answer:
        attempts = Retrying(
            stop=stop_after_attempt(len(self.retry_delays) + 1),
            wait=wait_chain(*(wait_fixed(seconds) for seconds in self.retry_delays)) if self.retry_delays else wait_fixed(0),
            retry=retry_if_exception_type(SourceUnavailable),
            sleep=self.sleep,
            reraise=True,
        )
        return attempts(self._once, url)

    def _once(self, url: str) -> transport.Answer:
        self.pace.wait()
        answer = transport.get(url, self.auth, self.ca, self.limits)
        if answer.status >= 500:
            raise SourceUnavailable(f"{urlsplit(url).path}: the server answers {answer.status}")
        return answer

    def pages(self, feed: str, path: str, query: dict[str, str], limit: int) -> Iterator[tuple[bytes, list[dict[str, Any]]]]:
        """Yield (exact body, rows) of every page until has_more is false.

        Raises:
            SourceChanged: the envelope is not the agreed one, a cursor came twice, a page brought nothing new, or no end came.
            And everything `get` raises.
        """
        seen: set[str] = set()
        last: object = None
        for _ in range(self.max_pages):
            answer = self.get(path, query | {"limit": str(limit)})
            rows, cursor = _envelope(answer, feed)
            yield answer.content, rows
            if cursor is None:
                return
            if cursor in seen:
                raise SourceChanged(f"{feed}: the same cursor came twice; the bureau must look at its paging")
            if not rows or rows[-1] == last:
                raise SourceChanged(f"{feed}: a page promises more but brought nothing new; the bureau must look at its paging")
            seen.add(cursor)
            last = rows[-1]
            query = {"cursor": cursor}
        raise SourceChanged(f"{feed}: no end after {self.max_pages} pages; the bureau must look at its paging")


def open_client(connection: dict[str, str], **seams: Any) -> Client:
    """A client for a connection: host, port, login (app key), password (secret), optional schema (https) and ca (a PEM file).

    Raises:
        MissingSecret: host, login or password is not there.
        FixConfiguration: plain http to anything but this machine.
    """
    missing = [name for name in ("host", "login", "password") if not connection.get(name)]
    if missing:
        raise MissingSecret(f"the connection of public_security has no {', '.join(missing)}")
    scheme, host, port = connection.get("schema") or "https", connection["host"], connection.get("port")
    if scheme != "https" and not (scheme == "http" and host in LOOPBACK):
        raise FixConfiguration("the connection of public_security must use https")
    base_url = f"{scheme}://{host}" + (f":{port}" if port else "")
    pace = seams.pop("pace", None) or _paces.setdefault((base_url, connection["login"]), Pace())
    return Client(base_url, SignedRequest(connection["login"], connection["password"]), pace, connection.get("ca"), **seams)


def _refusal(status: int, path: str) -> Exception:
    if status == 410:
        return CursorExpired(f"{path}: the cursor expired (410)")
    if status in {401, 403}:
        return FixConfiguration(f"{path}: the server answers {status}: check app key, secret, this machine's clock and the granted feeds")
    if 300 <= status < 400:
        return SourceChanged(f"{path}: the server sends us elsewhere ({status}); redirects are not followed")
    return SourceChanged(f"{path}: the server answers {status}, which the agreement does not know here")


def _pause_seconds(answer: transport.Answer, path: str) -> int:
    told = answer.headers.get("Retry-After", "").strip()
    seconds = int(told) if re.fullmatch(r"[0-9]{1,9}", told) else 60
    if seconds > MAX_WAIT_SECONDS:
        raise SourceUnavailable(f"{path}: told to wait {seconds} s (429)")
    return seconds


def _envelope(answer: transport.Answer, feed: str) -> tuple[list[dict[str, Any]], str | None]:
    """The rows of a page and the cursor of the next one (None on the last)."""
    kind, _, parameters = answer.headers.get("Content-Type", "").lower().partition(";")
    charset = parameters.partition("charset=")[2].strip(' "')
    if kind.strip() != "application/json" or charset not in {"", "utf-8"}:
        raise SourceChanged(f"{feed}: the answer is not JSON in UTF-8")
    try:
        page = json.loads(answer.content.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise SourceChanged(f"{feed}: the answer is not JSON in UTF-8 ({type(error).__name__})") from None
    if not isinstance(page, dict) or page.get("schema_version") != SCHEMA_VERSION or page.get("feed") != feed:
        raise SourceChanged(f"{feed}: the envelope is not that of schema version {SCHEMA_VERSION} of this feed")
    rows, has_more, cursor = page.get("rows"), page.get("has_more"), page.get("next_cursor")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SourceChanged(f"{feed}: the envelope has no list of rows")
    if has_more is False and cursor is None:
        return rows, None
    if has_more is True and isinstance(cursor, str) and cursor:
        return rows, cursor
    raise SourceChanged(f"{feed}: has_more and next_cursor do not agree")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
