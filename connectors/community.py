"""The stations' uploads and the station directory: files without .ok that the portal keeps in one folder (agreement section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from connectors import folder as files
from core.errors import FixConfiguration
from expectations.delivery import Delivery

PROVIDER = "community"


def fetch(folder: Path, is_known: files.IsKnown | None = None) -> Iterator[Delivery]:
    """Yield every file not known yet: the station directory first, then by (date, sequence, name).

    The portal puts a file there whole (rename), so there is nothing to wait for.

    Raises:
        FixConfiguration: the folder is not there.
        SourceChanged: a file became a link while it was read, or (at the end) one was too large to read.
    """
    if not folder.is_dir():
        raise FixConfiguration(f"the folder for community uploads is not there: {folder}")
    seen = files.Folder(files.local_listing(folder), files.local_reader(folder), lambda listed, file_date: True, with_ok=False)
    yield from files.deliveries(PROVIDER, seen, is_known)
