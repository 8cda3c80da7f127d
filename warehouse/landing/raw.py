"""The raw store: bytes as received, compressed and sealed, under a keyed address of their content. Written once, never changed.

The address is a keyed hash, not a plain one: a plain hash of a small predictable file would be a guessing oracle.

Small contents that arrive together may share one file, a pack: then one wait for the disk is enough for all of them. The address of
such a content is ``<keyed hash of the content>@<keyed hash of the pack>``.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import zlib
from collections.abc import Iterator, Sequence
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
# Whoever reads one content of a pack reads the whole pack.
LARGEST_IN_A_PACK_BYTES = 64 * 1024
_LENGTH_BYTES = 4


def is_same_content(address: str, other: str) -> bool:
    """True when two addresses are of the same bytes, wherever each lies."""
    return address.partition("@")[0] == other.partition("@")[0]


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
        self._write(_place(address), content)
        return address

    def put_together(self, contents: Sequence[bytes]) -> list[str]:
        """As `put` for each, in order, but small ones share a pack."""
        small = [content for content in contents if len(content) <= LARGEST_IN_A_PACK_BYTES]
        if len(small) < 2:
            return [self.put(content) for content in contents]
        packed = b"".join(len(content).to_bytes(_LENGTH_BYTES) + content for content in small)
        pack = self._index.of(packed).hex()
        self._write(_place_of_pack(pack), packed)
        return [
            f"{self._index.of(content).hex()}@{pack}" if len(content) <= LARGEST_IN_A_PACK_BYTES else self.put(content)
            for content in contents
        ]

    def _write(self, place: str, content: bytes) -> None:
        root = self.folder
        if root is not None:
            if os.path.exists(f"{root}/{place}"):
                _flush_folder(os.path.dirname(f"{root}/{place}"))  # whoever wrote it may not have come to that yet
            else:
                self._write_file(str(root), place, self._sealed(content))
        elif not self._is_there(place):
            with fsspec.open(f"{self.url}/{place}", "wb") as target:
                target.write(self._sealed(content))

    def _sealed(self, content: bytes) -> bytes:
        return self._sealer.seal(zlib.compress(content, COMPRESSION_LEVEL))

    def get(self, address: str) -> bytes:
        """The bytes of an address.

        Raises:
            FixConfiguration: they are gone, or were changed (the seal does not open, or the address differs).
        """
        alone, _, pack = address.partition("@")
        content = self._read(_place_of_pack(pack) if pack else _place(alone), address)
        for part in _parts(content) if pack else [content]:
            if self._index.of(part).hex() == alone:
                return part
        raise FixConfiguration(f"raw bytes {address} are not what was stored: restore the backup")

    def _read(self, place: str, address: str) -> bytes:
        try:
            with fsspec.open(f"{self.url}/{place}", "rb") as source:
                sealed = source.read()
        except FileNotFoundError as error:
            raise FixConfiguration(f"raw bytes {address} are not in the raw store: check GUITU_RAW_URL, restore the backup") from error
        return zlib.decompress(self._sealer.open(sealed))

    @cached_property
    def folder(self) -> Path | None:
        """The folder the bytes lie in, or None for an object store."""
        parsed = urlparse(self.url)
        return Path(unquote(parsed.path)) if parsed.scheme in {"", "file"} else None

    def _is_there(self, place: str) -> bool:
        filesystem, inner = fsspec.core.url_to_fs(f"{self.url}/{place}")
        return bool(filesystem.exists(inner))

    def _write_file(self, root: str, place: str, sealed: bytes) -> None:
        """Write beside, flush to the disk, rename, flush the folder: a crash leaves all or nothing."""
        folder, _, name = f"{root}/{place}".rpartition("/")
        self._make_durably(root, folder)
        draft = f"{folder}/.{name}.{secrets.token_hex(8)}"
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
            with open(handle, "wb", buffering=0) as target:
                _write_all(target, sealed)
                os.fsync(handle)
            crash_point("landing.before_rename")
            os.rename(draft, f"{folder}/{name}")
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


def _place(address: str) -> str:
    return f"{address[:2]}/{address[2:4]}/{address}"


def _place_of_pack(pack: str) -> str:
    return f"packs/{pack[:2]}/{pack}"


def _parts(packed: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(packed):
        begin = start + _LENGTH_BYTES
        start = begin + int.from_bytes(packed[start:begin])
        yield packed[begin:start]


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
