"""The zip archive of a workbook, opened with suspicion, and its XML parts, read without entities."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO
from xml.parsers import expat

MOST_PARTS = 2_000
LARGEST_DIRECTORY = 4 << 20
LARGEST_PART = 2 << 30
LARGEST_WHOLE = 3 << 30
LARGEST_RATIO = 250
"""Sheets of repeated rows shrink to about a fiftieth; deflate's own limit, which bombs reach, is about 1,030."""
_RATIO_COUNTS_FROM = 4 << 20
_CHUNK = 1 << 18
_END_RECORD = b"PK\x05\x06"


class Refused(Exception):
    """The workbook is not read; the text says why, in our words only."""


class Archive:
    """The parts of a workbook by name, case ignored as the format does."""

    def __init__(self, file: BinaryIO) -> None:
        """Open the archive and check what its directory claims.

        Raises:
            Refused: not a zip archive, encrypted, packed in an unusual way, too many parts or too large ones, or a name twice.
        """
        _check_end_record(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
            raise Refused("the file is no readable .xlsx archive") from error
        entries = self._zip.infolist()
        self._names = {entry.filename.lower(): entry for entry in entries}
        if len(self._names) != len(entries):
            raise Refused("the archive has a part twice")
        if sum(entry.file_size for entry in entries) > LARGEST_WHOLE:
            raise Refused("the archive unpacks to more than is read")
        for entry in entries:
            _check_entry(entry)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._names

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of one part, piece by piece, never more than its directory entry says.

        Raises:
            Refused: the part is not there, or its bytes are not what the directory says.
        """
        if name not in self:
            raise Refused("a part of the workbook is missing")
        try:
            with self._zip.open(self._names[name.lower()]) as part:
                while piece := part.read(_CHUNK):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError) as error:
            raise Refused("the archive is damaged, or its parts are not what its directory says") from error

    def parse(
        self,
        name: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        """Read one XML part to its end, calling back with local names.

        Raises:
            Refused: the part is missing, damaged, or no plain XML.
        """
        local = LocalNames()
        parser = plain_parser()
        parser.StartElementHandler = lambda tag, attributes: start(local[tag], attributes)
        if end:
            parser.EndElementHandler = lambda tag: end(local[tag])
        if text:
            parser.CharacterDataHandler = text
        for _ in self.feed(name, parser):
            pass

    def feed(self, name: str, parser: expat.XMLParserType) -> Iterator[None]:
        """Give one XML part to a parser, coming back after every piece so that the caller can take what was found, or stop.

        Raises:
            Refused: the part is missing, damaged, or no plain XML.
        """
        try:
            for piece in self.chunks(name):
                parser.Parse(piece, False)
                yield
            parser.Parse(b"", True)
            yield
        except expat.ExpatError as error:
            raise Refused("a part of the workbook is no plain XML") from error


def plain_parser() -> expat.XMLParserType:
    """A parser that refuses document types, and with them every entity of a file's own."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


class LocalNames(dict[str, str]):
    """Element names without their namespace prefix, remembered."""

    def __missing__(self, name: str) -> str:
        return name.rpartition(":")[2] if len(self) > 1000 else self.setdefault(name, name.rpartition(":")[2])


def local_attribute(attributes: dict[str, str], name: str) -> str | None:
    """An attribute's value, whatever namespace prefix stands before its name."""
    return next((value for key, value in attributes.items() if key.rpartition(":")[2] == name), None)


def part_path(base: str, target: str) -> str:
    """The name in the archive of a relationship's target, seen from the part `base`."""
    path = target if target.startswith("/") else posixpath.join(posixpath.dirname(base), target)
    return posixpath.normpath(path).lstrip("/")


def _check_end_record(file: BinaryIO) -> None:
    """Refuse a directory too large to be read before anything reads it."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(max(0, size - (1 << 16) - 22))
    tail = file.read()
    found = tail.rfind(_END_RECORD)
    if found < 0 or len(tail) < found + 22:
        raise Refused("the file is no readable .xlsx archive")
    parts = int.from_bytes(tail[found + 10 : found + 12], "little")
    directory = int.from_bytes(tail[found + 12 : found + 16], "little")
    if parts > MOST_PARTS or directory > LARGEST_DIRECTORY:
        raise Refused("the archive has more parts than a workbook needs")
    file.seek(0)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & 0x1:
        raise Refused("the workbook is protected by a password; save it without and send it again")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Refused("the archive is packed in a way that .xlsx files are not")
    if entry.file_size > LARGEST_PART:
        raise Refused("a part of the workbook is larger than is read")
    if entry.file_size > _RATIO_COUNTS_FROM and entry.file_size > LARGEST_RATIO * max(entry.compress_size, 1):
        raise Refused("a part of the workbook unpacks to far more than it weighs")


def _refuse_doctype(*_: object) -> None:
    raise Refused("a part of the workbook declares a document type, which workbooks never do")
