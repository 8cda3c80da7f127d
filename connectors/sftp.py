"""A provider's SFTP server: listing, bounded reads and atomic writes, behind a pinned host key. What the files are is `folder`'s.

asyncssh inside, plain calls outside: a background loop lives as long as the `with` block.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import stat
import threading
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, TypeVar

import asyncssh

from connectors.folder import Listed
from core.errors import FixConfiguration, GuituError, MissingSecret, SourceChanged, SourceUnavailable

CHUNK_BYTES = 64 * 1024
T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """Seconds for connecting, for one listing or small action and for one file; and how many names a listing may hold."""

    connect_seconds: float = 30
    action_seconds: float = 60
    file_seconds: float = 1800
    max_names: int = 100_000


class Server:
    """An open SFTP session. Every call raises SourceUnavailable or SourceChanged, never a foreign error."""

    def __init__(self, loop: asyncio.AbstractEventLoop, client: asyncssh.SFTPClient, root: str, limits: Limits) -> None:
        self._loop, self._client, self._root, self._limits = loop, client, root.rstrip("/"), limits

    def listing(self, folder: str) -> list[Listed]:
        """The files and links of a folder. Subfolders are left alone.

        Raises:
            FileNotFoundError: the folder is not there.
            SourceChanged: it holds too many names, or a name is a path.
        """
        return _run(self._loop, self._listing(f"{self._root}/{folder}"), self._limits.action_seconds)

    def read(self, folder: str, name: str, greatest: int) -> bytes:
        """The bytes of one file, at most `greatest`.

        Raises:
            FileNotFoundError: it is not there any more.
            SourceChanged: it is larger.
        """
        return _run(self._loop, self._read(f"{self._root}/{folder}/{name}", greatest), self._limits.file_seconds)

    def write(self, folder: str, name: str, content: bytes) -> None:
        """A file of this name and content is there, never half of it: written beside, then renamed over."""
        _run(self._loop, self._write(f"{self._root}/{folder}", name, content), self._limits.action_seconds)

    async def _listing(self, path: str) -> list[Listed]:
        found: list[Listed] = []
        async for entry in self._client.scandir(path):
            name, attributes = _text(entry.filename), entry.attrs
            if name in {".", ".."}:
                continue
            if "/" in name or "\\" in name or "\0" in name:
                raise SourceChanged("the SFTP server lists a name that is a path; nothing was read")
            if len(found) >= self._limits.max_names:
                raise SourceChanged(f"the SFTP folder holds over {self._limits.max_names} names")
            kind = stat.S_IFMT(attributes.permissions or 0)
            if kind in {0, stat.S_IFREG, stat.S_IFLNK}:  # 0: the server does not say
                found.append(Listed(name, attributes.size or 0, float(attributes.mtime or 0), is_link=kind == stat.S_IFLNK))
        return found

    async def _read(self, path: str, greatest: int) -> bytes:
        received: list[bytes] = []
        size = 0
        async with self._client.open(path, "rb", encoding=None) as file:
            while chunk := await file.read(CHUNK_BYTES):
                size += len(chunk)
                if size > greatest:
                    raise SourceChanged(f"a file on the SFTP server is larger than {greatest} bytes")
                received.append(chunk)  # type: ignore[arg-type]  # bytes: no encoding was asked for
        return b"".join(received)

    async def _write(self, path: str, name: str, content: bytes) -> None:
        await self._client.makedirs(path, exist_ok=True)
        draft = f"{path}/.{token_hex(8)}.tmp"
        async with self._client.open(draft, "wb") as file:
            await file.write(content)
        await self._client.posix_rename(draft, f"{path}/{name}")


@contextmanager
def session(connection: Mapping[str, str], limits: Limits = Limits()) -> Iterator[Server]:
    """An SFTP session for the time of the block.

    `connection`: host, login, host_key (``ssh-ed25519 AAAA...`` or its base64 part), password or key_file, optional port and folder.

    Raises:
        SourceUnavailable: no connection, or a deadline passed.
        SourceChanged: the server shows another host key.
        MissingSecret, FixConfiguration: the connection is incomplete, or the login is refused.
    """
    missing = [name for name in ("host", "login", "host_key") if not connection.get(name)]
    if missing or not (connection.get("password") or connection.get("key_file")):
        raise MissingSecret(f"the SFTP connection has no {', '.join(missing) or 'password or key_file'}")
    with _background_loop() as loop:
        opened = _run(loop, _connected(connection, limits), limits.connect_seconds)
        try:
            client = _run(loop, _sftp_client(opened), limits.connect_seconds)
            yield Server(loop, client, connection.get("folder") or "", limits)
        finally:
            _run(loop, _closed(opened), limits.connect_seconds)


@contextmanager
def _background_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop in a thread of its own; when the block ends, what still runs on it is cancelled and everything is closed."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def stay() -> None:
        is_over = asyncio.Event()
        started.set_result((asyncio.get_running_loop(), is_over))
        await is_over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(stay()), name="sftp", daemon=True)
    thread.start()
    loop, is_over = started.result()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(is_over.set)
        thread.join()


async def _closed(opened: asyncssh.SSHClientConnection) -> None:
    opened.abort()
    await opened.wait_closed()


async def _sftp_client(opened: asyncssh.SSHClientConnection) -> asyncssh.SFTPClient:
    return await opened.start_sftp_client()


async def _connected(connection: Mapping[str, str], limits: Limits) -> asyncssh.SSHClientConnection:
    key_file = connection.get("key_file")
    return await asyncssh.connect(
        connection["host"],
        int(connection.get("port") or 22),
        username=connection["login"],
        password=connection.get("password"),
        client_keys=[key_file] if key_file else None,
        known_hosts=([pinned_key(connection["host_key"])], [], []),
        agent_path=None,
        config=None,
        proxy_command=None,
        connect_timeout=limits.connect_seconds,
        login_timeout=limits.connect_seconds,
        keepalive_interval=15,
    )


def pinned_key(text: str) -> asyncssh.SSHKey:
    """The host key of a connection, from ``type base64`` or the base64 alone (which names its own type).

    Raises:
        FixConfiguration: it is no public key.
    """
    blob = text.split()[1] if len(text.split()) > 1 else text.strip()
    try:
        raw = base64.b64decode(blob, validate=True)
        kind = raw[4 : 4 + int.from_bytes(raw[:4], "big")].decode("ascii")
        return asyncssh.import_public_key(f"{kind} {blob}")
    except (asyncssh.KeyImportError, binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise FixConfiguration("host_key of the SFTP connection is not a public key like `ssh-ed25519 AAAA...`") from error


def _run(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T], seconds: float) -> T:
    """The result of `work` on the session's loop, within so many seconds; foreign errors by family, their texts left behind.

    Late work is told to stop and not waited for: its own clearing up may hang on the same server until the session is cut.
    """
    running = asyncio.run_coroutine_threadsafe(work, loop)
    try:
        return running.result(seconds)
    except GuituError:
        raise
    except asyncssh.SFTPNoSuchFile as error:
        raise FileNotFoundError("not there on the SFTP server") from error
    except asyncssh.HostKeyNotVerifiable:
        raise SourceChanged("the SFTP server's host key is not the pinned one: is this the provider?") from None
    except asyncssh.PermissionDenied:
        raise FixConfiguration("the SFTP server refuses our login") from None
    except (asyncssh.SFTPPermissionDenied, asyncssh.SFTPBadMessage, asyncssh.SFTPOpUnsupported) as error:
        raise SourceChanged(f"the SFTP server does not allow what is agreed ({type(error).__name__})") from None
    except (asyncssh.Error, OSError, EOFError, TimeoutError, ValueError) as error:
        running.cancel()
        raise SourceUnavailable(f"the SFTP server gave no complete answer ({type(error).__name__})") from None


def _text(name: str | bytes) -> str:
    return name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
