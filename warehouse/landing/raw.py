"""The raw store: bytes as received, compressed and sealed, under a keyed address of their content. Written once, never changed.

The address is a keyed hash, not a plain one: a plain hash of a small predictable file would be a guessing oracle.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import zlib
from functools import cached_property
from io import FileIO
from pathlib import Path
from urllib.parse import unquote, urlparse

import fsspec

from core.errors import FixConfiguration
from core.faults import crash_point
from core.sealing import Sealer, blind_index, key_source
from core.settings import raw_url

COMPRESSION_LEVEL = 1


class RawStore:
    """Content-addressed files below GUITU_RAW_URL (a folder, or any object store fsspec knows)."""

    def __init__(self, url: str | None = None) -> None:
        self.url = (url or raw_url()).rstrip("/")
        self._sealer = Sealer("raw", key_source(), master="raw")
        self._index = blind_index("raw")
        self._durable: set[str] = set()

    def put(self, content: bytes) -> str:
        """The bytes are durably stored when this returns; gives their address. Storing them again changes nothing."""
        address = self._index.of(content).hex()
        root = self.folder
        if root is not None:
            folder = f"{root}/{address[:2]}/{address[2:4]}"
            if not os.path.exists(f"{folder}/{address}"):
                self._write_file(str(root), folder, address, self._sealed(content))
        elif not self._is_there(address):
            with fsspec.open(self._path(address), "wb") as target:
                target.write(self._sealed(content))
        return address

    def _sealed(self, content: bytes) -> bytes:
        return self._sealer.seal(zlib.compress(content, COMPRESSION_LEVEL))

    def get(self, address: str) -> bytes:
        """The bytes of an address.

        Raises:
            FixConfiguration: they are gone, or were changed (the seal does not open, or the address differs).
        """
        try:
            with fsspec.open(self._path(address), "rb") as source:
                sealed = source.read()
        except FileNotFoundError as error:
            raise FixConfiguration(f"raw bytes {address} are not in the raw store: check GUITU_RAW_URL, restore the backup") from error
        content = zlib.decompress(self._sealer.open(sealed))
        if self._index.of(content).hex() != address:
            raise FixConfiguration(f"raw bytes {address} are not what was stored: restore the backup")
        return content

    @cached_property
    def folder(self) -> Path | None:
        """The folder the bytes lie in, or None for an object store."""
        parsed = urlparse(self.url)
        return Path(unquote(parsed.path)) if parsed.scheme in {"", "file"} else None

    def _path(self, address: str) -> str:
        return f"{self.url}/{address[:2]}/{address[2:4]}/{address}"

    def _is_there(self, address: str) -> bool:
        path = self._path(address)
        filesystem, inner = fsspec.core.url_to_fs(path)
        return bool(filesystem.exists(inner))

    def _write_file(self, root: str, folder: str, address: str, sealed: bytes) -> None:
        """Write beside, flush to the disk, rename, flush the folder: a crash leaves all or nothing."""
        self._make_durably(root, folder)
        draft = f"{folder}/.{address}.{secrets.token_hex(8)}"
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
            with open(handle, "wb", buffering=0) as target:
                _write_all(target, sealed)
                os.fsync(handle)
            crash_point("landing.before_rename")
            os.rename(draft, f"{folder}/{address}")
        except OSError:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(draft)
            raise
        _flush_folder(folder)

    def _make_durably(self, root: str, folder: str) -> None:
        """The folder is there, and survives a crash; a folder this process has flushed before needs that no more."""
        if folder in self._durable and os.path.isdir(folder):
            return
        parent = os.path.dirname(folder)
        os.makedirs(folder, exist_ok=True)
        _flush_folder(parent)
        if parent not in self._durable:
            _flush_folder(root)
        self._durable |= {folder, parent}


def _write_all(target: FileIO, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[target.write(rest) :]


def _flush_folder(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
