"""The SFTP server where the detention centres and the employment bureau leave their files and find their receipts.

One folder is its whole world (chroot); the warehouse's account reads everything and writes only under outbox/.
"""

from __future__ import annotations

import asyncio
import hmac
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncssh


@dataclass(frozen=True)
class Account:
    """Who may log in: by password, or by one of the public keys."""

    login: str
    password: str
    public_keys: tuple[asyncssh.SSHKey, ...] = ()


class _Door(asyncssh.SSHServer):
    def __init__(self, account: Account) -> None:
        self._account = account

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return username == self._account.login and hmac.compare_digest(password.encode(), self._account.password.encode())

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == self._account.login and key in self._account.public_keys


def _shelves(root: Path) -> type[asyncssh.SFTPServer]:
    class Shelves(asyncssh.SFTPServer):
        """Files under `root`; writing only in outbox/."""

        def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
            super().__init__(channel, chroot=str(root).encode())

        def _writable(self, path: bytes) -> None:
            if not self.map_path(path).startswith(str(root).encode() + b"/outbox/"):
                raise asyncssh.SFTPPermissionDenied("only outbox/ is for writing")

        def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
            if pflags & ~asyncssh.FXF_READ:
                self._writable(path)
            return super().open(path, pflags, attrs)

        def open56(self, path: bytes, desired_access: int, flags: int, attrs: asyncssh.SFTPAttrs) -> object:
            if desired_access & ~(asyncssh.ACE4_READ_DATA | asyncssh.ACE4_READ_ATTRIBUTES):
                self._writable(path)
            return super().open56(path, desired_access, flags, attrs)

        def remove(self, path: bytes) -> None:
            self._writable(path)
            super().remove(path)

        def rename(self, oldpath: bytes, newpath: bytes) -> None:
            self._writable(oldpath)
            self._writable(newpath)
            super().rename(oldpath, newpath)

        def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
            self._writable(oldpath)
            self._writable(newpath)
            super().posix_rename(oldpath, newpath)

        def symlink(self, oldpath: bytes, newpath: bytes) -> None:
            raise asyncssh.SFTPPermissionDenied("no links here")

    return Shelves


def host_key(state: Path) -> asyncssh.SSHKey:
    """The server's key, made once and kept in the state folder."""
    path = state / "sftp_host_key"
    if not path.exists():
        made = asyncssh.generate_private_key("ssh-ed25519")
        path.touch(mode=0o600)
        path.write_bytes(made.export_private_key())
    return asyncssh.read_private_key(path)


@contextmanager
def running(root: Path, key: asyncssh.SSHKey, account: Account, host: str, port: int) -> Iterator[int]:
    """The server answers on host:port (0: any free one) for the time of the block; yields the port."""
    started: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        is_over = asyncio.Event()
        async with asyncssh.listen(
            host, port, server_factory=lambda: _Door(account), server_host_keys=[key], sftp_factory=_shelves(root), allow_scp=False
        ) as acceptor:
            started.set_result((acceptor.get_port(), asyncio.get_running_loop(), is_over))
            await is_over.wait()

    def stay() -> None:
        try:
            asyncio.run(serve())
        except OSError as error:
            started.set_exception(error)

    thread = threading.Thread(target=stay, name="sftp-server", daemon=True)
    thread.start()
    found_port, loop, is_over = started.result(20)
    try:
        yield found_port
    finally:
        loop.call_soon_threadsafe(is_over.set)
        thread.join(10)
