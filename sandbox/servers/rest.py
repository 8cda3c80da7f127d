"""The public security bureau's REST interface (agreement section 4), played from `api/*.jsonl` of a province directory.

Written from the agreement, not from our connector: it checks signatures its own way. Bad days are switched per feed in a
settings file that is read at every request.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qsl, quote

import uvicorn
from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, Response

from core.clock import SHANGHAI
from expectations.agreement import SCHEMA_VERSION, feeds

CURSOR_SECONDS = 24 * 3600
CLOCK_SECONDS = 300
NONCE_SECONDS = 600
GREATEST_LIMIT = {"rows": 500, "keys": 5_000}
Place = tuple[str, str, int]


class Refused(Exception):
    """An answer other than 200, in the agreed form."""

    def __init__(self, status: int, error_code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error_code)
        self.status, self.error_code, self.message, self.headers = status, error_code, message, dict(headers or {})


@dataclass
class Bureau:
    """What the bureau knows: its rows, its partners' keys, and what they asked lately.

    `bad_days`: a JSON file ``{"drug_tests": {"mood": "error", "every": 3}}``; moods: error (500), wait (429), slow, html,
    expired_cursor (410), repeated_cursor. `every`: each so-many-th request of the feed is bad (1: all).
    """

    province: Path
    secrets: Mapping[str, str]
    bad_days: Path | None = None
    requests_a_minute: int = 60
    cursor_seconds: float = CURSOR_SECONDS
    now: Callable[[], float] = time.time
    cursor_key: bytes = field(default_factory=lambda: token_hex(16).encode())
    asked: dict[str, deque[float]] = field(default_factory=dict)
    nonces: dict[str, float] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    read_at: dict[str, tuple[float, list[tuple[Place, dict[str, Any]]]]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def rows(self, feed: str) -> list[tuple[Place, dict[str, Any]]]:
        """All rows of a feed with their place in the order; read again when the file changed."""
        path = self.province / "api" / f"{feed}.jsonl"
        if not path.is_file():
            return []
        changed_at = path.stat().st_mtime
        if self.read_at.get(feed, (0.0, []))[0] != changed_at:
            lines = path.read_text("utf-8").split("\n")
            given = [json.loads(line) for line in lines if line.strip()]
            placed = [((str(row.get("source_updated_at") or ""), str(row.get("source_key") or ""), n), row) for n, row in enumerate(given)]
            self.read_at[feed] = changed_at, sorted(placed, key=lambda item: item[0])
        return self.read_at[feed][1]

    def mood(self, feed: str) -> str | None:
        """How this request of a feed goes wrong today, or None."""
        if self.bad_days is None or not self.bad_days.is_file():
            return None
        bad = json.loads(self.bad_days.read_text("utf-8")).get(feed)
        self.counts[feed] += 1
        return bad["mood"] if bad and self.counts[feed] % int(bad.get("every", 1)) == 0 else None

    def check(self, request: Request) -> None:
        """The request is signed by a partner, new, in time, and within the pace.

        Raises:
            Refused: 401 or 429.
        """
        headers, moment = request.headers, self.now()
        app_key, timestamp, nonce = headers.get("x-app-key", ""), headers.get("x-timestamp", ""), headers.get("x-nonce", "")
        secret = self.secrets.get(app_key)
        if secret is None or not timestamp.isdecimal() or abs(int(timestamp) / 1000 - moment) > CLOCK_SECONDS:
            raise Refused(401, "SIGNATURE", "unknown app key or clock difference over 300 s")
        expected = hmac.new(secret.encode(), _canonical(request, timestamp, nonce).encode(), hashlib.sha256).hexdigest()
        if len(nonce) != 32 or not hmac.compare_digest(expected, headers.get("x-signature", "")):
            raise Refused(401, "SIGNATURE", "wrong signature")
        with self.lock:
            self.nonces = {used: at for used, at in self.nonces.items() if moment - at < NONCE_SECONDS}
            if nonce in self.nonces:
                raise Refused(401, "NONCE", "nonce used before")
            self.nonces[nonce] = moment
            lately = self.asked.setdefault(app_key, deque())
            while lately and moment - lately[0] >= 60:
                lately.popleft()
            if len(lately) >= self.requests_a_minute:
                raise Refused(429, "TOO_MANY", "60 requests a minute", {"Retry-After": str(int(60 - (moment - lately[0])) + 1)})
            lately.append(moment)

    def page(self, feed: str, kind: str, query: Mapping[str, str]) -> dict[str, Any]:
        """One page of rows or keys.

        Raises:
            Refused: 400, 404 or 410.
        """
        if feed not in feeds() or feeds()[feed].provider != "public_security":
            raise Refused(404, "UNKNOWN_FEED", "no such feed")
        limit = _limit(query, kind)
        listed = self.rows(feed) if kind == "rows" else _current_keys(self.rows(feed))
        start = bisect_left(listed, self._from(feed, kind, query), key=lambda item: item[0])
        chosen, has_more = listed[start : start + limit], start + limit < len(listed)
        return {
            "schema_version": SCHEMA_VERSION,
            "feed": feed,
            "server_time": datetime.fromtimestamp(self.now(), SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
            "rows": [row for _, row in chosen],
            "next_cursor": self._cursor(feed, kind, listed[start + limit][0]) if has_more else None,
            "has_more": has_more,
        }

    def _from(self, feed: str, kind: str, query: Mapping[str, str]) -> Place:
        cursor, since = query.get("cursor", ""), query.get("updated_since", "")
        if bool(cursor) == bool(since) and (kind == "rows" or since):
            raise Refused(400, "PARAMETERS", "either updated_since or cursor")
        if not cursor:
            try:
                datetime.strptime(since or "1970-01-01 00:00:00", "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 only its form is looked at
            except ValueError as error:
                raise Refused(400, "PARAMETERS", "updated_since is yyyy-mm-dd hh:mm:ss") from error
            return since, "", 0
        try:
            said, tag = base64.urlsafe_b64decode(cursor).rsplit(b"|", 1)
            if not hmac.compare_digest(tag.decode("ascii"), self._tag(said)):
                raise ValueError("not our tag")
            of_feed, of_kind, issued_at, at, key, number = json.loads(said)
        except ValueError as error:
            raise Refused(400, "PARAMETERS", "no cursor of ours") from error
        if (of_feed, of_kind) != (feed, kind):
            raise Refused(400, "PARAMETERS", "no cursor of ours for this feed")
        if self.now() - issued_at > self.cursor_seconds:
            raise Refused(410, "CURSOR_EXPIRED", "start again from your watermark")
        return at, key, number

    def _cursor(self, feed: str, kind: str, place: Place) -> str:
        said = json.dumps([feed, kind, self.now(), *place]).encode()
        return base64.urlsafe_b64encode(said + b"|" + self._tag(said).encode()).decode()

    def _tag(self, said: bytes) -> str:
        return hmac.new(self.cursor_key, said, hashlib.sha256).hexdigest()


def _limit(query: Mapping[str, str], kind: str) -> int:
    text = query.get("limit") or "200"
    if not text.isdecimal() or not 1 <= int(text) <= GREATEST_LIMIT[kind]:
        raise Refused(400, "PARAMETERS", f"limit is 1 to {GREATEST_LIMIT[kind]}")
    return int(text)


def _current_keys(listed: list[tuple[Place, dict[str, Any]]]) -> list[tuple[Place, dict[str, Any]]]:
    """Key and time of the latest version of every row that is not deleted, by key."""
    latest = {place[1]: (place, row) for place, row in listed}
    return sorted(
        (
            ((key, "", 0), {"source_key": key, "source_updated_at": place[0]})
            for key, (place, row) in latest.items()
            if not _is_deleted(row)
        ),
        key=lambda item: item[0],
    )


def _is_deleted(row: Mapping[str, Any]) -> bool:
    return str(row.get("operation_code") or "").strip()[:1] in {"D", "d", "删"}


def _canonical(request: Request, timestamp: str, nonce: str) -> str:
    query = request.scope["query_string"].decode("ascii")
    pairs = sorted((name.encode(), value.encode()) for name, value in parse_qsl(query, keep_blank_values=True))
    said = "&".join(quote(name, safe="-._~") + "=" + quote(value, safe="-._~") for name, value in pairs)
    path = request.scope.get("raw_path", b"").split(b"?")[0].decode("ascii")
    return "\n".join((request.method, path, said, timestamp, nonce, hashlib.sha256(b"").hexdigest()))


def application(bureau: Bureau) -> FastAPI:
    """The bureau's web application."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    async def answer(request: Request, feed: str, kind: str) -> Response:
        try:
            return await run_in_threadpool(_answer, bureau, request, feed, kind)
        except Refused as refused:
            body = {"error_code": refused.error_code, "message": refused.message, "request_id": token_hex(8)}
            return JSONResponse(body, refused.status, refused.headers)

    @app.get("/api/v1/feeds/{feed}")
    async def rows(request: Request, feed: str) -> Response:
        return await answer(request, feed, "rows")

    @app.get("/api/v1/feeds/{feed}/keys")
    async def keys(request: Request, feed: str) -> Response:
        return await answer(request, feed, "keys")

    return app


def _answer(bureau: Bureau, request: Request, feed: str, kind: str) -> Response:
    bureau.check(request)
    mood = bureau.mood(feed)
    if mood == "error":
        raise Refused(500, "INTERNAL", "something broke")
    if mood == "wait":
        raise Refused(429, "TOO_MANY", "busy", {"Retry-After": "1"})
    if mood == "html":
        return HTMLResponse("<html><body>系统维护中</body></html>")
    if mood == "expired_cursor" and "cursor" in request.query_params:
        raise Refused(410, "CURSOR_EXPIRED", "start again from your watermark")
    if mood == "slow":
        time.sleep(45)
    page = bureau.page(feed, kind, request.query_params)
    if mood == "repeated_cursor" and "cursor" in request.query_params:
        page |= {"next_cursor": request.query_params["cursor"], "has_more": True}
    return JSONResponse(page)


@contextmanager
def running(bureau: Bureau, host: str, port: int, certificate: Path | None = None) -> Iterator[int]:
    """The bureau answers on host:port (0: any free one) for the time of the block; yields the port. `certificate`: a PEM file
    with key and chain."""
    config = uvicorn.Config(
        application(bureau),
        host,
        port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
        ssl_keyfile=certificate,
        ssl_certfile=certificate,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="bureau", daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError(f"the bureau's server did not start on {host}:{port}")
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(5)
        server.force_exit = True
        thread.join(5)
