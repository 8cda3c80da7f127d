"""A sick or hostile provider's server ends in the right error family, soon, in little memory, and nothing wrong comes out of it.

Each case is labelled with what the server does; the family stands beside it.
"""

import asyncio
import gc
import gzip
import itertools
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncssh
import psutil
import psycopg
import pytest
import trustme

from connectors import civil_affairs, folder, frontend_database, public_security, rest, sftp, sftp_files
from connectors.transport import Limits
from core.errors import FixConfiguration, GuituError, SourceChanged, SourceUnavailable
from expectations.delivery import Delivery
from sandbox.servers import frontend_database as front_end

SOON_SECONDS = 10
LIMITS = Limits(connect_seconds=1, read_seconds=0.4, total_seconds=0.8, max_bytes=1024 * 1024)
Script = Iterator[bytes | float | str]
Player = Callable[[int, str], Script]


class RawServer:
    """Plays a script per connection: bytes are sent, a float is a pause, "hang" waits for the other side, "reset" cuts hard."""

    def __init__(self, player: Player, context: ssl.SSLContext | None = None) -> None:
        self.player, self.context = player, context
        self.requests: list[str] = []
        self.sent_bytes = 0
        self.is_over = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.threads = [threading.Thread(target=self._accept, daemon=True)]
        self.threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self.socket.accept()
            except OSError:
                return
            self.threads.append(threading.Thread(target=self._serve, args=(accepted,), daemon=True))
            self.threads[-1].start()

    def _serve(self, accepted: socket.socket) -> None:
        with suppress(OSError), accepted:
            accepted.settimeout(SOON_SECONDS)
            wrapped = self.context.wrap_socket(accepted, server_side=True) if self.context else accepted
            with wrapped:
                self._play(wrapped, *self._request(wrapped))

    def _request(self, accepted: socket.socket) -> tuple[int, str]:
        received = b""
        while b"\r\n\r\n" not in received:
            more = accepted.recv(65536)
            if not more:
                break
            received += more
        self.requests.append(received.split(b" ")[1].decode() if received.count(b" ") > 1 else "")
        return len(self.requests) - 1, self.requests[-1]

    def _play(self, accepted: socket.socket, number: int, path: str) -> None:
        for step in self.player(number, path):
            if self.is_over.is_set():
                return
            if isinstance(step, bytes):
                accepted.sendall(step)
                self.sent_bytes += len(step)
            elif isinstance(step, float):
                time.sleep(step)
            elif step == "hang":
                self.is_over.wait(SOON_SECONDS)
            else:
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return

    def close(self) -> None:
        self.is_over.set()
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for thread in self.threads:
            thread.join(2)


@contextmanager
def playing(player: Player, context: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    server = RawServer(player, context)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def ends_soon_in(family: type[Exception]) -> Iterator[None]:
    """The block raises exactly this family, quickly, and memory stays where it was (within 64 MiB)."""
    started, before = time.monotonic(), psutil.Process().memory_info().rss
    with pytest.raises(GuituError) as caught:
        yield
    assert isinstance(caught.value, family), f"{type(caught.value).__name__}: {caught.value}"
    assert not any(canary in str(caught.value) for canary in ("CANARY", "张示例"))
    assert time.monotonic() - started < SOON_SECONDS
    assert psutil.Process().memory_info().rss - before < 64 * 1024 * 1024


def http(body: bytes, *, status: str = "200 OK", headers: str = "", kind: str = "application/json", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + body


def envelope(rows: object = (), cursor: object = None, has_more: object = None, **changes: object) -> bytes:
    page = {"schema_version": "2026-11", "feed": "drug_tests", "server_time": "2026-11-20 08:00:00", "rows": rows}
    page |= {"next_cursor": cursor, "has_more": cursor is not None if has_more is None else has_more} | changes
    return json.dumps(page).encode()


def row(number: int, at: str = "2026-11-20 08:00:00") -> dict[str, str]:
    return {"source_key": f"CANARY-{number}", "source_updated_at": at}


def page(*rows: dict[str, str], cursor: object = None) -> bytes:
    return http(envelope(list(rows), cursor))


GOOD = page(row(1))
HALF = http(envelope([row(1)]), length=5_000)


def always(*steps: bytes | float | str) -> Player:
    return lambda number, path: iter(steps)


def drip(content: bytes) -> Player:
    return lambda number, path: (step for byte in content for step in (bytes([byte]), 0.05))


def endless(head: bytes, piece: bytes) -> Player:
    return lambda number, path: itertools.chain([head], itertools.repeat(piece))


def by_page(answer: Callable[[int], bytes]) -> Player:
    return lambda number, path: iter([answer(number)])


def gzipped(content: bytes) -> bytes:
    return http(gzip.compress(content), headers="Content-Encoding: gzip\r\n")


REST_CASES: dict[str, tuple[Player, type[Exception]]] = {
    "hangs after the request": (always("hang"), SourceUnavailable),
    "hangs in the status line": (always(b"HTTP/1.1 20", "hang"), SourceUnavailable),
    "hangs in the headers": (always(b"HTTP/1.1 200 OK\r\nContent-Ty", "hang"), SourceUnavailable),
    "hangs in the body": (always(HALF, "hang"), SourceUnavailable),
    "drips the headers": (drip(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 400), SourceUnavailable),
    "drips the body": (drip(GOOD), SourceUnavailable),
    "resets before an answer": (always("reset"), SourceUnavailable),
    "resets in the headers": (always(b"HTTP/1.1 200 OK\r\n", 0.05, "reset"), SourceUnavailable),
    "resets in the body": (always(HALF, 0.05, "reset"), SourceUnavailable),
    "closes in the body": (always(HALF), SourceUnavailable),
    "closes without an answer": (always(), SourceUnavailable),
    "cuts a chunked body": (
        always(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n{"),
        SourceUnavailable,
    ),
    "speaks no HTTP": (always(b"220 mail ready CANARY\r\n"), SourceUnavailable),
    "500 storm": (always(http(b"", status="500 Oops")), SourceUnavailable),
    "503 storm with a page": (always(http(envelope([row(1)]), status="503 Busy")), SourceUnavailable),
    "429 storm": (always(http(b"", status="429 Wait", headers="Retry-After: 1\r\n")), SourceUnavailable),
    "429 without Retry-After": (always(http(b"", status="429 Wait")), SourceUnavailable),
    "429 for thirty years": (always(http(b"", status="429 Wait", headers="Retry-After: 999999999\r\n")), SourceUnavailable),
    "410 at every start": (always(http(b"", status="410 Gone")), SourceUnavailable),
    "endless headers": (endless(b"HTTP/1.1 200 OK\r\n", b"X-A: CANARY\r\n" * 100), SourceUnavailable),
    "one endless header": (endless(b"HTTP/1.1 200 OK\r\nX-A: ", b"a" * 65536), SourceUnavailable),
    "truncated JSON": (always(http(envelope([row(1)])[:-20])), SourceChanged),
    "an HTML page": (always(http(b"<html>CANARY</html>", kind="text/html")), SourceChanged),
    "an HTML page called JSON": (always(http(b"<html>CANARY</html>")), SourceChanged),
    "GB18030 bytes": (always(http('{"name": "张示例"}'.encode("gb18030"))), SourceChanged),
    "a declared GBK charset": (always(http(envelope([row(1)]), kind="application/json; charset=gbk")), SourceChanged),
    "UTF-16": (always(http(envelope([row(1)]).decode().encode("utf-16"))), SourceChanged),
    "a byte order mark": (always(http(b"\xef\xbb\xbf" + envelope([row(1)]))), SourceChanged),
    "a gzip bomb": (always(gzipped(b"0" * 200_000_000)), SourceChanged),
    "gzip that says nothing": (always(http(gzip.compress(envelope([row(1)])))), SourceChanged),
    "an endless body": (endless(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b"[" * 65536), SourceChanged),
    "a 10 GB body": (lambda number, path: itertools.chain([http(b"", length=10**10)], itertools.repeat(b" " * 65536)), SourceChanged),
    "an empty body": (always(http(b"")), SourceChanged),
    "204": (always(http(b"", status="204 No Content")), SourceChanged),
    "404": (always(http(b'{"error_code": "CANARY"}', status="404 Not Found")), SourceChanged),
    "400": (always(http(b"CANARY", status="400 Bad")), SourceChanged),
    "403": (always(http(b"", status="403 Forbidden")), FixConfiguration),
    "401": (always(http(b"", status="401 Unauthorized")), FixConfiguration),
    "another feed": (always(http(envelope([row(1)], feed="registered_persons"))), SourceChanged),
    "another schema version": (always(http(envelope([row(1)], schema_version="2027-01"))), SourceChanged),
    "a list instead of an envelope": (always(http(b"[]")), SourceChanged),
    "rows that are none": (always(http(envelope({"a": 1}))), SourceChanged),
    "rows that are no objects": (always(http(envelope(["CANARY"]))), SourceChanged),
    "more without a cursor": (always(http(envelope([row(1)], has_more=True))), SourceChanged),
    "a cursor without more": (always(http(envelope([row(1)], "c", has_more=False))), SourceChanged),
    "a number as cursor": (always(http(envelope([row(1)], 7))), SourceChanged),
    "deep JSON": (always(http(b"[" * 200_000)), SourceChanged),
    "NaN": (always(http(envelope([row(1)], server_time=float("nan")))), SourceChanged),
    "a number of 10,000 digits": (always(http(b'{"rows": ' + b"1" * 10_000 + b"}")), SourceChanged),
    "the same cursor again": (by_page(lambda n: page(row(n), cursor="same")), SourceChanged),
    "cursors in a ring": (by_page(lambda n: page(row(n), cursor=f"c{n % 3}")), SourceChanged),
    "the same page under new cursors": (by_page(lambda n: page(row(1), cursor=f"c{n}")), SourceChanged),
    "empty pages without end": (by_page(lambda n: page(cursor=f"c{n}")), SourceChanged),
    "new pages without end": (by_page(lambda n: page(row(n), cursor=f"c{n}")), SourceChanged),
    "rows going back in time": (always(page(row(1), row(2, "2026-11-19 08:00:00"))), SourceChanged),
    "a page going back in time": (
        by_page(lambda n: page(row(n, f"2026-11-{20 - n} 08:00:00"), cursor=f"c{n}")),
        SourceChanged,
    ),
}


def client_of(port: int, **changes: str) -> rest.Client:
    connection = {"schema": "http", "host": "127.0.0.1", "port": str(port), "login": "key", "password": "sample"} | changes
    return rest.open_client(
        connection, limits=LIMITS, retry_delays=(0.0,), sleep=lambda seconds: None, pace=rest.Pace(10_000), max_pages=50
    )


def pulled(client: rest.Client) -> list[Delivery]:
    return list(public_security.fetch("drug_tests", None, {}, client))


@pytest.mark.parametrize("label", REST_CASES)
def test_the_bureaus_server(label: str) -> None:
    player, family = REST_CASES[label]
    with playing(player) as server, ends_soon_in(family):
        pulled(client_of(server.port))
    assert server.sent_bytes < 16 * LIMITS.max_bytes


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_a_redirect_to_another_host_is_not_followed(status: str) -> None:
    with playing(always(GOOD)) as elsewhere:
        answer = http(b"", status=status, headers=f"Location: http://127.0.0.1:{elsewhere.port}/latest/meta-data\r\n")
        with playing(always(answer)) as server, ends_soon_in(SourceChanged):
            pulled(client_of(server.port))
        assert elsewhere.requests == []


def test_a_cursor_that_is_an_address_stays_a_parameter() -> None:
    pages = [page(row(1), cursor="http://169.254.169.254/?x=1&limit=9#"), page(row(2))]
    with playing(by_page(lambda n: pages[n])) as server:
        assert len(pulled(client_of(server.port))) == 2
    asked = urlsplit(server.requests[1])
    assert (asked.path, parse_qs(asked.query)["cursor"]) == ("/api/v1/feeds/drug_tests", ["http://169.254.169.254/?x=1&limit=9#"])


def test_a_proxy_or_netrc_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with playing(always(GOOD)) as proxy, playing(always(GOOD)) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert len(pulled(client_of(server.port))) == 1
        assert proxy.requests == []


def test_nobody_listening_is_an_outage() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with ends_soon_in(SourceUnavailable):
        pulled(client_of(port))


def test_plain_http_beyond_this_machine_is_refused_before_anything_is_sent() -> None:
    with ends_soon_in(FixConfiguration):
        rest.open_client({"schema": "http", "host": "bureau.example", "login": "a", "password": "b"})


@pytest.mark.parametrize("first", ["500 Oops", "429 Wait"])
def test_after_one_bad_answer_the_same_question_is_asked_again(first: str) -> None:
    answers = [http(b"", status=first, headers="Retry-After: 3\r\n"), GOOD]
    paused: list[float] = []
    with playing(by_page(lambda n: answers[n])) as server:
        client = rest.open_client(
            {"schema": "http", "host": "127.0.0.1", "port": str(server.port), "login": "k", "password": "s"},
            sleep=paused.append,
            pace=rest.Pace(10_000),
        )
        assert len(pulled(client)) == 1
    assert server.requests[0] == server.requests[1]
    assert paused == [3 if first.startswith("429") else 1]


def test_an_outage_is_retried_after_1_2_4_8_16_seconds_and_then_given_up() -> None:
    paused: list[float] = []
    with playing(always(http(b"", status="502 Bad"))) as server:
        client = rest.open_client(
            {"schema": "http", "host": "127.0.0.1", "port": str(server.port), "login": "k", "password": "s"},
            sleep=paused.append,
            pace=rest.Pace(10_000),
        )
        with ends_soon_in(SourceUnavailable):
            pulled(client)
    assert paused == [1, 2, 4, 8, 16]
    assert len(server.requests) == 6


# TLS


@contextmanager
def tls(name: str = "127.0.0.1", **issued: object) -> Iterator[tuple[trustme.CA, ssl.SSLContext]]:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **issued).configure_cert(context)  # type: ignore[arg-type]
    yield authority, context


def test_the_agreed_authority_is_trusted(tmp_path: Path) -> None:
    with tls() as (authority, context), playing(always(GOOD), context) as server:
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        assert len(pulled(client_of(server.port, schema="https", ca=str(tmp_path / "ca.pem")))) == 1


@pytest.mark.parametrize("label", ["another authority", "another host name", "expired", "only the system's authorities"])
def test_a_server_with_a_wrong_certificate_is_not_the_provider(tmp_path: Path, label: str) -> None:
    issued = {"not_after": datetime(2020, 1, 1, tzinfo=UTC)} if label == "expired" else {}
    with tls("other.example" if label == "another host name" else "127.0.0.1", **issued) as (authority, context):
        trusted = trustme.CA() if label == "another authority" else authority
        trusted.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        ca = {} if label.startswith("only") else {"ca": str(tmp_path / "ca.pem")}
        with playing(always(GOOD), context) as server, ends_soon_in(SourceChanged):
            pulled(client_of(server.port, schema="https", **ca))
        assert server.requests == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("steps", [("hang",), (b"\x16\x03\x01\x40", "hang"), (b"HTTP/1.1 200 OK\r\n\r\n",), ("reset",)])
def test_a_sick_tls_handshake_is_an_outage(steps: tuple[bytes | str, ...]) -> None:
    with raw_greeting(*steps) as port, ends_soon_in(SourceUnavailable):
        pulled(client_of(port, schema="https"))
    gc.collect()  # Python's ssl leaves a socket that was reset before its handshake to the collector: let it warn here


@contextmanager
def raw_greeting(*steps: bytes | float | str) -> Iterator[int]:
    """A server that speaks first (or never) and reads no request."""
    server = RawServer.__new__(RawServer)
    server._request = lambda accepted: (0, "")  # type: ignore[method-assign]
    RawServer.__init__(server, always(*steps))
    try:
        yield server.port
    finally:
        server.close()


# SFTP


ROSTER = "centre_roster_140100Q001_20261120.csv"
SFTP_LIMITS = sftp.Limits(connect_seconds=2, action_seconds=0.6, file_seconds=0.6, max_names=200)
GOOD_OK = b"rows=1\nsha256=" + b"0" * 64 + b"\n"


class Shelves(asyncssh.SFTPServer):
    """A well-behaved server of one roster; the cases spoil it."""

    names: tuple[bytes, ...] = (ROSTER.encode(), ROSTER.encode() + b".ok")
    size = 6
    permissions = 0o100644

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        if not path.endswith(b"detention_centers"):
            raise asyncssh.SFTPNoSuchFile("no such folder")
        for name in self.names:
            yield asyncssh.SFTPName(name, attrs=self.attributes())

    def attributes(self) -> asyncssh.SFTPAttrs:
        return asyncssh.SFTPAttrs(type=asyncssh.FILEXFER_TYPE_REGULAR, size=self.size, permissions=self.permissions, mtime=1, atime=1)

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self.attributes()

    stat = lstat

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        return path

    def read(self, file_obj: bytes, offset: int, size: int) -> object:
        content = GOOD_OK if file_obj.endswith(b".ok") else b"CANARY"
        return content[offset : offset + size]

    def close(self, file_obj: object) -> None:
        pass


def spoiled(**parts: object) -> type[Shelves]:
    return type("Spoiled", (Shelves,), parts)


async def _forever(self: Shelves, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
    for number in itertools.count():
        yield asyncssh.SFTPName(b"%d.csv" % number, attrs=self.attributes())


async def _stuck(*_: object) -> bytes:
    await asyncio.sleep(60)
    return b""


async def _stuck_listing(self: Shelves, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
    await asyncio.sleep(60)
    yield asyncssh.SFTPName(b"late.csv", attrs=self.attributes())


async def _no_folder(self: Shelves, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
    raise asyncssh.SFTPNoSuchFile("CANARY")
    yield  # an iterator that fails


def _cut_off(self: Shelves, file_obj: bytes, offset: int, size: int) -> bytes:
    self.channel.get_connection().abort()
    return b""


def _denied(self: Shelves, path: bytes, pflags: int, attrs: object) -> object:
    raise asyncssh.SFTPPermissionDenied("CANARY")


def _failed(self: Shelves, file_obj: bytes, offset: int, size: int) -> bytes:
    raise asyncssh.SFTPFailure("CANARY")


def _named(*names: bytes) -> type[Shelves]:
    return spoiled(names=(*Shelves.names, *names))


SFTP_CASES: dict[str, tuple[type[Shelves], type[Exception]]] = {
    "a name that climbs out": (_named(b"../../etc/passwd.csv"), SourceChanged),
    "an absolute name": (_named(b"/etc/passwd"), SourceChanged),
    "a name with backslashes": (_named(b"..\\..\\boot.csv"), SourceChanged),
    "a name with a zero byte": (_named(b"a\0.csv"), SourceChanged),
    "names without end": (spoiled(scandir=_forever), SourceChanged),
    "a listing that hangs": (spoiled(scandir=_stuck_listing), SourceUnavailable),
    "a link": (spoiled(permissions=0o120777), SourceChanged),
    "no such folder": (spoiled(scandir=_no_folder), SourceChanged),
    "a file of 10 GB": (spoiled(size=10**10), SourceChanged),
    "a file that never ends": (spoiled(read=lambda self, file_obj, offset, size: b"x" * size), SourceChanged),
    "a file that hangs": (spoiled(read=_stuck), SourceUnavailable),
    "a connection cut in a file": (spoiled(read=_cut_off), SourceUnavailable),
    "a file nobody may open": (spoiled(open=_denied), SourceChanged),
    "a file that cannot be read": (spoiled(read=_failed), SourceUnavailable),
}


class _Open(asyncssh.SSHServer):
    def begin_auth(self, username: str) -> bool:
        return False


@contextmanager
def sftp_server(shelves: type[asyncssh.SFTPServer], door: type[asyncssh.SSHServer] = _Open) -> Iterator[dict[str, str]]:
    """An SFTP server in a thread of its own; yields the connection to it."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    started: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        is_over = asyncio.Event()
        async with asyncssh.listen("127.0.0.1", 0, server_factory=door, server_host_keys=[key], sftp_factory=shelves) as acceptor:
            started.set_result((acceptor.get_port(), asyncio.get_running_loop(), is_over))
            await is_over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    port, loop, is_over = started.result(10)
    try:
        yield {
            "host": "127.0.0.1",
            "port": str(port),
            "login": "guitu",
            "password": "sample",
            "host_key": key.export_public_key().decode().split()[1],
        }
    finally:
        loop.call_soon_threadsafe(is_over.set)
        thread.join(5)


def received(connection: dict[str, str]) -> list[Delivery]:
    return list(sftp_files.fetch("detention_centers", connection, limits=SFTP_LIMITS))


@pytest.fixture(autouse=True)
def small_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MAX_FILE_BYTES", 4 * 1024 * 1024)


def test_the_well_behaved_sftp_server_of_these_cases_is_read() -> None:
    with sftp_server(Shelves) as connection:
        (found,) = received(connection)
    assert (found.name, found.content, found.refusal, found.declared_rows) == (ROSTER, b"CANARY", None, 1)


@pytest.mark.parametrize("label", SFTP_CASES)
def test_the_sftp_server(label: str) -> None:
    shelves, family = SFTP_CASES[label]
    with sftp_server(shelves) as connection, ends_soon_in(family):
        received(connection)


def test_another_host_key_is_refused_before_the_password_is_sent() -> None:
    asked: list[str] = []

    class Curious(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            asked.append(password)
            return True

    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with sftp_server(Shelves, Curious) as connection:
        with ends_soon_in(SourceChanged):
            received(connection | {"host_key": other})
        assert asked == []
        assert len(received(connection)) == 1
    assert asked == ["sample"]


def test_a_refused_login_is_the_engineers_matter() -> None:
    with sftp_server(Shelves, asyncssh.SSHServer) as connection, ends_soon_in(FixConfiguration):
        received(connection)


@pytest.mark.parametrize("label", ["hangs", "speaks no SSH", "closes", "drips its banner", "resets", "is not there"])
def test_an_ssh_server_that_does_not_get_as_far_as_its_key(label: str) -> None:
    steps: dict[str, tuple[bytes | float | str, ...]] = {
        "hangs": ("hang",),
        "speaks no SSH": (b"HTTP/1.1 400 CANARY\r\n\r\n",),
        "closes": (),
        "drips its banner": tuple(itertools.chain.from_iterable((b"x", 0.05) for _ in range(200))),
        "resets": ("reset",),
        "is not there": (),
    }
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with raw_greeting(*steps[label]) as port:
        given = {"host": "127.0.0.1", "port": str(port), "login": "a", "password": "b", "host_key": key}
        if label != "is not there":
            with ends_soon_in(SourceUnavailable):
                received(given)
    if label == "is not there":
        with ends_soon_in(SourceUnavailable):
            received(given)


# the front-end database


QUICK = frontend_database.Deadlines(connect_seconds=2, statement_seconds=0.4)


@pytest.fixture
def front_end_connection(database_url: str, tmp_path: Path) -> dict[str, str]:
    return front_end.load(database_url, tmp_path, "sample")


@pytest.fixture
def owner(database_url: str, front_end_connection: dict[str, str]) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url.replace("+psycopg", "", 1), autocommit=True) as opened:
        opened.execute(
            "insert into share.means_checks (source_key, source_updated_at, name)"
            " select 'K' || n, timestamp '2026-11-01', 'CANARY' from generate_series(1, 6000) n"
        )
        yield opened


DATABASE_CASES: dict[str, tuple[str, type[Exception]]] = {
    "a table is missing": ("drop table share.means_checks", SourceChanged),
    "the list of loads is missing": ("drop table share.batches", SourceChanged),
    "a column is missing": ("alter table share.means_checks drop column name", SourceChanged),
    "the schema is missing": ("drop schema share cascade", SourceChanged),
    "the time is text": ("alter table share.means_checks alter source_updated_at type text", SourceChanged),
    "a text is a number": ("alter table share.means_checks alter sex_code type integer using 1", SourceChanged),
    "our right is gone": ("revoke select on share.means_checks from share_reader", FixConfiguration),
    "a page is too large": ("update share.means_checks set name = repeat('x', 10000) where source_key like 'K1%'", SourceChanged),
    "the time of a load is no time": (
        "alter table share.batches alter min_updated_at type text;"
        "insert into share.batches (feed, batch_id, min_updated_at) values ('means_checks', 'B', 'CANARY')",
        SourceChanged,
    ),
}


@pytest.mark.parametrize("label", DATABASE_CASES)
def test_the_front_end_database(
    label: str, front_end_connection: dict[str, str], owner: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement, family = DATABASE_CASES[label]
    monkeypatch.setattr(frontend_database, "MAX_PAGE_BYTES", 4 * 1024 * 1024)
    owner.execute(statement)  # type: ignore[call-overload]
    with ends_soon_in(family):
        list(civil_affairs.fetch("means_checks", None, front_end_connection, frontend_database.Deadlines(2, 5)))


def test_a_locked_table_is_an_outage(front_end_connection: dict[str, str], owner: psycopg.Connection) -> None:
    with owner.transaction():
        owner.execute("lock table share.means_checks in access exclusive mode")
        with ends_soon_in(SourceUnavailable):
            list(civil_affairs.fetch("means_checks", None, front_end_connection, QUICK))


def test_a_server_that_ends_our_session_between_two_pages_is_an_outage(
    front_end_connection: dict[str, str], owner: psycopg.Connection
) -> None:
    pages = civil_affairs.fetch("means_checks", None, front_end_connection)
    assert next(pages).declared_rows == 5_000
    owner.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'share_reader' and datname = current_database()")
    with ends_soon_in(SourceUnavailable):
        next(pages)


@pytest.mark.parametrize("after_bytes", [0, 20, 500, 50_000])
def test_a_database_that_hangs_is_cut_from_our_side(
    after_bytes: int, front_end_connection: dict[str, str], owner: psycopg.Connection
) -> None:
    with hanging_proxy(front_end_connection, after_bytes) as port, ends_soon_in(SourceUnavailable):
        list(civil_affairs.fetch("means_checks", None, front_end_connection | {"host": "127.0.0.1", "port": str(port)}, QUICK))


@contextmanager
def hanging_proxy(connection: dict[str, str], after_bytes: int) -> Iterator[int]:
    """Passes so many bytes of the server's answers on, then goes silent without closing."""
    listening, is_over = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def serve() -> None:
        with suppress(OSError), listening.accept()[0] as client, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(Path(connection["host"]) / f".s.PGSQL.{connection.get('port') or 5432}"))
            upward = threading.Thread(target=pump, args=(client, server, None), daemon=True)
            upward.start()
            pump(server, client, after_bytes)
            is_over.wait(SOON_SECONDS)

    def pump(source: socket.socket, target: socket.socket, budget: int | None) -> None:
        with suppress(OSError):
            while (budget is None or budget > 0) and (chunk := source.recv(4096 if budget is None else min(4096, budget))):
                target.sendall(chunk)
                budget = None if budget is None else budget - len(chunk)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        is_over.set()
        listening.close()
        thread.join(2)


@pytest.mark.parametrize("steps", [("hang",), (b"N", "hang"), (b"N",), (b"CANARY, not PostgreSQL",), ("reset",)])
def test_a_database_server_that_does_not_speak_tls_is_not_read(steps: tuple[bytes | str, ...]) -> None:
    with raw_greeting(*steps) as port, ends_soon_in(SourceUnavailable):
        given = {"host": "127.0.0.1", "port": str(port), "login": "a", "password": "b", "schema": "c"}
        list(civil_affairs.fetch("means_checks", None, given, QUICK))


def test_there_are_at_least_forty_labelled_cases() -> None:
    assert len(REST_CASES) + len(SFTP_CASES) + len(DATABASE_CASES) >= 70
