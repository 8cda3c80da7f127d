"""What lies ready in a provider's folder, in which order, and as which deliveries.

Listing and reading belong to the caller (SFTP, a local folder, a province directory); names and .ok files to
`expectations.decoding.names`.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

from core.errors import AgreementBroken, SourceChanged
from expectations.decoding.names import NamedFile, OkFile, parse_name, parse_ok
from expectations.delivery import Delivery, DeliveryForm

MAX_FILE_BYTES = 512 * 1024 * 1024  # a province's month of insurance rows is about 150 MiB
MAX_OK_BYTES = 4096
WAIT_FOR_OK_SECONDS = 24 * 3600

IsKnown = Callable[[str, int, float], bool]


@dataclass(frozen=True)
class Listed:
    """One file of a listing; `modified_at` in seconds since 1970. A link is listed and never followed."""

    name: str
    size: int
    modified_at: float
    is_link: bool = False


@dataclass(frozen=True)
class Folder:
    """A folder as a connector sees it: what is in it, how to read one file (at most so many bytes), whether a file (with the
    day in its name) has waited 24 hours, and whether its files come with .ok at all."""

    listing: Sequence[Listed]
    read: Callable[[str, int], bytes]
    has_waited: Callable[[Listed, date | None], bool]
    with_ok: bool = True


@dataclass(frozen=True)
class _Found:
    listed: Listed
    named: NamedFile | str  # or the agreement's code for a name that is none
    ok: OkFile | None
    is_known: bool


def deliveries(provider: str, folder: Folder, is_known: IsKnown | None = None) -> Iterator[Delivery]:
    """Yield every file that is complete, by (date in the name, sequence, name); the station directory before all others.

    `is_known(name, size, modified_at)` is asked once for each data file; a file it answers True for is not read again.
    `modified_at` is the later of the file's and its .ok file's, so that a corrected .ok counts as news. Parts come only when
    all are there, and then all of them. A file without .ok waits, after 24 hours it comes with refusal E_NO_OK; one with a
    name outside the agreement comes with feed "" and the refusal E_NAME or E_FORMAT.

    Raises:
        SourceChanged: after all other files were yielded, one was larger than `MAX_FILE_BYTES`, or the folder held links.
    """
    oversize = []
    for _, group in groupby(_found(provider, folder, is_known), key=_delivery_name):
        files = list(group)
        if all(f.is_known for f in files):
            continue
        refusal = _refusal(files, folder)
        if refusal == "wait":
            continue
        count = next((f.ok.parts for f in reversed(files) if f.ok and f.ok.parts), None)
        for found in files:
            if found.listed.size > MAX_FILE_BYTES:
                oversize.append(found.listed.name)
                continue
            try:
                content = folder.read(found.listed.name, MAX_FILE_BYTES)
            except FileNotFoundError:  # its sender took it away between listing and reading
                continue
            yield _delivery(provider, found, content, refusal, count)
    links = sum(listed.is_link for listed in folder.listing)
    if oversize or links:
        raise SourceChanged(f"{provider}: not read: {len(oversize)} file(s) over {MAX_FILE_BYTES} bytes, {links} link(s); ask the sender")


def _found(provider: str, folder: Folder, is_known: IsKnown | None) -> list[_Found]:
    by_name = {listed.name: listed for listed in folder.listing if not listed.is_link}
    files = []
    for listed in by_name.values():
        if listed.name.endswith(".ok") or listed.name.startswith("."):
            continue
        ok_listed = by_name.get(listed.name + ".ok")
        changed_at = max(listed.modified_at, ok_listed.modified_at if ok_listed else 0.0)
        known = is_known is not None and is_known(listed.name, listed.size, changed_at)
        ok = _read_ok(folder, ok_listed) if ok_listed else None
        files.append(_Found(listed, _parsed_name(provider, listed.name), ok, known))
    return sorted(files, key=_order)


def _parsed_name(provider: str, name: str) -> NamedFile | str:
    try:
        return parse_name(provider, name)
    except AgreementBroken as error:
        return error.code


def _read_ok(folder: Folder, listed: Listed) -> OkFile | None:
    """A half-written or malformed .ok is none: it is written last and may still be growing."""
    try:
        return parse_ok(folder.read(listed.name, MAX_OK_BYTES))
    except (AgreementBroken, FileNotFoundError):
        return None


def _order(found: _Found) -> tuple[bool, date, int, str]:
    if isinstance(found.named, str):
        return True, date.min, 0, found.listed.name
    return found.named.feed != "station_directory", found.named.file_date, found.named.sequence, found.listed.name


def _delivery_name(found: _Found) -> str:
    """The name without the part number: the parts of one delivery share it."""
    has_part = isinstance(found.named, NamedFile) and found.named.part
    return re.sub(r"_p\d\d(?=\.)", "", found.listed.name) if has_part else found.listed.name


def _refusal(files: Sequence[_Found], folder: Folder) -> str | None:
    """None when the delivery is complete, "wait" when it may still become so, otherwise the agreement's code."""
    first = files[0].named
    if not folder.with_ok:
        return first if isinstance(first, str) else None
    has_waited = all(folder.has_waited(f.listed, _file_date(f)) for f in files)
    if isinstance(first, str):
        return first if files[0].ok or has_waited else "wait"
    if all(f.ok for f in files) and _has_all_parts(files):
        return None
    return "E_NO_OK" if has_waited else "wait"


def _file_date(found: _Found) -> date | None:
    return found.named.file_date if isinstance(found.named, NamedFile) else None


def _has_all_parts(files: Sequence[_Found]) -> bool:
    numbers = [f.named.part for f in files if isinstance(f.named, NamedFile) and f.named.part]
    if not numbers:
        return True
    counts = {f.ok.parts for f in files if f.ok and f.ok.parts}
    return len(counts) == 1 and set(numbers) == set(range(1, counts.pop() + 1))


def _delivery(provider: str, found: _Found, content: bytes, refusal: str | None, count: int | None) -> Delivery:
    name, named, ok = found.listed.name, found.named, found.ok
    declared_rows, declared_sha256 = (ok.rows, ok.sha256) if ok else (None, None)
    form: DeliveryForm = "xlsx" if name.lower().endswith(".xlsx") else "csv"
    if isinstance(named, str):
        return Delivery(provider, "", name, form, content, declared_rows=declared_rows, declared_sha256=declared_sha256, refusal=refusal)
    return Delivery(
        provider=provider,
        feed=named.feed,
        name=name,
        form=named.form,
        content=content,
        sender_code=named.sender_code,
        snapshot_date=named.snapshot_date,
        scope=named.scope,
        part=(named.part, count) if named.part and count else None,
        declared_rows=declared_rows,
        declared_sha256=declared_sha256,
        refusal=refusal,
    )


def local_listing(folder: Path) -> list[Listed]:
    """The files and links of a local folder; none when it is not there."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        stats = [(entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
    kinds = {stat.S_IFREG, stat.S_IFLNK}
    return [Listed(name, s.st_size, s.st_mtime, stat.S_ISLNK(s.st_mode)) for name, s in stats if stat.S_IFMT(s.st_mode) in kinds]


def local_reader(folder: Path) -> Callable[[str, int], bytes]:
    """Reads one file of a local folder, never through a link, at most so many bytes.

    Raises (when called):
        FileNotFoundError: it is not there any more.
        SourceChanged: it is larger than allowed, or a link.
    """

    def read(name: str, greatest: int) -> bytes:
        try:
            descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise SourceChanged("a file of the folder became a link or cannot be opened: look at the drop folder") from error
        with os.fdopen(descriptor, "rb") as file:
            content = file.read(greatest + 1)
        if len(content) > greatest:
            raise SourceChanged(f"a file grew over {greatest} bytes while it was read: ask the sender for parts")
        return content

    return read
