"""May anything come in at all? A full disk or a silent database is told before a body is read."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

from core.logs import log_event
from warehouse.database import Role, transaction
from warehouse.intake.push import unavailable_when_the_server_is
from warehouse.landing.raw import RawStore

# A tenth of a small volume; of a large one, a gigabyte is room enough for every batch that could be on its way.
LEAST_FREE_SHARE, LEAST_FREE_BYTES = 0.1, 1 << 30
LOOK_EVERY_SECONDS = 0.5

_looked: dict[str, tuple[float, bool]] = {}


def has_disk_space(store: RawStore) -> bool:
    """False while the raw store's volume is nearly full; an object store looks after itself."""
    folder = store.folder
    if folder is None:
        return True
    at, found = _looked.get(store.url, (0.0, True))
    if time.monotonic() - at > LOOK_EVERY_SECONDS or not at:
        found = _has_space(folder)
        _looked[store.url] = (time.monotonic(), found)
    return found


def _has_space(folder: Path) -> bool:
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    usage = shutil.disk_usage(existing)
    return usage.free > min(LEAST_FREE_BYTES, usage.total * LEAST_FREE_SHARE)


async def is_database_ready() -> bool:
    """True when a transaction can be had."""
    return await asyncio.to_thread(_is_ready)


def _is_ready() -> bool:
    try:
        with unavailable_when_the_server_is(), transaction(Role.INTAKE):
            return True
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing can be taken in: a missing role no more than a silent server
        log_event("the database is not ready for the intake", error=type(error).__name__)
        return False
