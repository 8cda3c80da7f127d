"""The centres' public keys in memory, read again every two seconds in the background; the database has the last word at commit."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from core.clock import today_date
from core.logs import log_event
from warehouse.database import Role, transaction
from warehouse.intake.centres import CentreKey, read_keys
from warehouse.intake.push import IntakeUnavailable, unavailable_when_the_server_is

REFRESH_SECONDS = 2.0


class TrustedKeys:
    """Keys by app key. A key's registration, end or kill switch is seen two seconds later at most; until the first reading nobody
    can be told apart, which is our fault and not the sender's."""

    def __init__(self) -> None:
        self._keys: Mapping[str, CentreKey] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._refresh, name="centre keys", daemon=True)

    def start(self) -> None:
        """Read once, then again and again until `stop`."""
        self._read()
        self._thread.start()

    def stop(self) -> None:
        """The background reading ends."""
        self._stop.set()
        self._thread.join()

    def find(self, app_key: str) -> bytes | None:
        """The public key of this name if it is trusted today.

        Raises:
            IntakeUnavailable: no keys could be read so far.
        """
        if self._keys is None:
            raise IntakeUnavailable("the registry of centres cannot be read")
        key = self._keys.get(app_key)
        return key.public_key if key and key.is_trusted_on(today_date()) else None

    def centre_of(self, app_key: str) -> str:
        """The centre of a key that `find` has found."""
        return (self._keys or {})[app_key].centre_code

    def _refresh(self) -> None:
        while not self._stop.wait(REFRESH_SECONDS):
            self._read()

    def _read(self) -> None:
        try:
            with unavailable_when_the_server_is(), transaction(Role.INTAKE) as connection:
                self._keys = {key.app_key: key for key in read_keys(connection)}
        except Exception as error:  # noqa: BLE001 - whatever it is, the next reading comes: a thread that ended would keep old keys
            log_event("the registry of centres cannot be read", error=type(error).__name__)
