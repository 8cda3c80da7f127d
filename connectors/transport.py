"""One HTTP request that no server can hold up, blow up or send elsewhere.

Total deadline over every phase, size cap while streaming, no redirects, no proxies and no CA bundle from the environment, no
compression (a small answer stays small). What an answer means is the caller's matter.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from core.errors import SourceChanged, SourceUnavailable

CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """How long one request may take in each phase (seconds) and how large an answer may be."""

    connect_seconds: float = 10
    read_seconds: float = 30
    total_seconds: float = 120
    max_bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """Status, headers and the exact body bytes."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class _Deadline:
    """Cuts the socket in use when the time is over: a server that drips header bytes never trips a read timeout."""

    def __init__(self) -> None:
        self.sockets: list[socket.socket] = []
        self.has_passed = False

    def watch(self, connected: socket.socket | None) -> None:
        if connected is not None:
            self.sockets.append(connected)
            if self.has_passed:
                self._cut()

    def _cut(self) -> None:
        self.has_passed = True
        for connected in self.sockets:
            with suppress(OSError):
                socket.socket.shutdown(connected, socket.SHUT_RDWR)  # below TLS: wakes a thread blocked in either

    @contextmanager
    def of(self, seconds: float) -> Iterator[None]:
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


class _OneConnection(HTTPAdapter):
    """Connections tell the deadline which socket they use."""

    def __init__(self, deadline: _Deadline) -> None:
        self._deadline = deadline
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        deadline = self._deadline

        class Http(urllib3.connection.HTTPConnection):
            def connect(self) -> None:
                super().connect()
                deadline.watch(self.sock)

        class Https(urllib3.connection.HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                deadline.watch(self.sock)

        class HttpPool(urllib3.HTTPConnectionPool):
            ConnectionCls = Http

        class HttpsPool(urllib3.HTTPSConnectionPool):
            ConnectionCls = Https

        self.poolmanager.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}


def get(url: str, auth: AuthBase, ca: str | None, limits: Limits) -> Answer:
    """The server's answer to one GET, whatever its status.

    Raises:
        SourceUnavailable: no connection, a deadline passed, the answer was cut off.
        SourceChanged: the certificate is not the agreed one, the answer is compressed or larger than agreed.
    """
    return _ask("GET", url, ca, limits, auth=auth)


def post(url: str, body: bytes, headers: Mapping[str, str], ca: str | None, limits: Limits) -> Answer:
    """The server's answer to one POST, whatever its status; errors as of `get`."""
    return _ask("POST", url, ca, limits, data=body, headers=headers)


def _ask(method: str, url: str, ca: str | None, limits: Limits, **sent: Any) -> Answer:
    deadline = _Deadline()
    with requests.Session() as session, deadline.of(limits.total_seconds):
        session.trust_env = False
        session.mount("https://", _OneConnection(deadline))
        session.mount("http://", _OneConnection(deadline))
        session.headers.update({"Accept": "application/json", "Accept-Encoding": "identity"})
        started = time.monotonic()
        try:
            with session.request(
                method,
                url,
                **sent,
                verify=ca or True,
                allow_redirects=False,
                stream=True,
                timeout=(limits.connect_seconds, limits.read_seconds),
            ) as response:
                content = _body(response, started, limits)
                if deadline.has_passed:
                    raise SourceUnavailable(f"no complete answer within {limits.total_seconds} s")
                return Answer(response.status_code, response.headers, content)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise _as_ours(error) from error


def _body(response: requests.Response, started: float, limits: Limits) -> bytes:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise SourceChanged("the answer is compressed although only plain answers are agreed")
    received, size = [], 0
    while chunk := response.raw.read1(CHUNK_BYTES):  # one receive at a time: read() would wait for a full chunk
        size += len(chunk)
        if size > limits.max_bytes:
            raise SourceChanged(f"the answer is larger than {limits.max_bytes} bytes")
        if time.monotonic() - started > limits.total_seconds:
            raise SourceUnavailable(f"no complete answer within {limits.total_seconds} s")
        received.append(chunk)
    declared = response.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared) != size:
        raise SourceUnavailable("the answer was cut off")
    return b"".join(received)


def _as_ours(error: BaseException) -> Exception:
    """Foreign errors by family. Their texts can repeat what the server sent: only the class name is kept."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return SourceChanged("the server's certificate is not from the agreed authority: is this the provider?")
        cause = cause.__cause__ or cause.__context__
    return SourceUnavailable(f"no complete answer ({type(error).__name__})")
