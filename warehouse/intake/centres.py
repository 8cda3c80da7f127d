"""The registry of centres: which key may push for which centre, since when, until when, and who decided it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import Connection, text

from core.app_keys import CENTRE_CODE, app_key_of
from core.clock import now_at, today_date
from core.errors import FixConfiguration
from core.logs import log_event


@dataclass(frozen=True)
class CentreKey:
    """A public key (32 bytes) and the centre it may push for; `disabled_at`: the key's or its centre's kill switch, whichever is set."""

    app_key: str
    centre_code: str
    public_key: bytes
    valid_from: date
    valid_to: date | None
    disabled_at: datetime | None

    def is_trusted_on(self, day: date) -> bool:
        """True when signatures of this key count on this day."""
        return self.disabled_at is None and self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def read_public_key(file: Path) -> bytes:
    """The 32 bytes of an Ed25519 public key in a PEM file.

    Raises:
        FixConfiguration: unreadable, not PEM, a private key, or another algorithm.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise FixConfiguration(f"{file.name} cannot be read: {error.strerror}") from error
    if b"PRIVATE KEY" in content:
        raise FixConfiguration(f"{file.name} holds a private key, which never leaves the centre: have a new pair made, ask for *.pub.pem")
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise FixConfiguration(f"{file.name} holds no public key in PEM form") from error
    if not isinstance(key, Ed25519PublicKey):
        raise FixConfiguration(f"{file.name} holds another kind of key: Ed25519 is agreed")
    return key.public_bytes_raw()


def register(
    connection: Connection, centre_code: str, public_key: bytes, by: str, *, valid_from: date | None = None, valid_to: date | None = None
) -> str:
    """The key may push for the centre in its period; returns its app key. Keys registered before stay, so that keys can overlap.

    Safe to repeat; the same key with another period changes the period. A disabled key or centre stays disabled.

    Raises:
        FixConfiguration: the code is no centre's code, the period is empty, or the key belongs to another centre.
    """
    if not CENTRE_CODE.fullmatch(centre_code):
        raise FixConfiguration("a centre's code has 6 digits, a capital letter and 3 digits, like 140100Q001")
    first = valid_from or today_date()
    if valid_to and valid_to < first:
        raise FixConfiguration(f"the key would end ({valid_to}) before it begins ({first})")
    app_key = app_key_of(centre_code, public_key)
    owner = connection.execute(text("select centre_code from registry.centre_key where public_key = :key"), {"key": public_key}).scalar()
    if owner not in {None, centre_code}:
        raise FixConfiguration(f"this key is registered for {owner}: every centre needs its own pair (`centre_client keygen`)")
    connection.execute(text("insert into registry.centre (centre_code) values (:code) on conflict do nothing"), {"code": centre_code})
    before = connection.execute(
        text("select valid_from, valid_to from registry.centre_key where app_key = :key for update"), {"key": app_key}
    ).first()
    period = {"key": app_key, "from": valid_from or (before.valid_from if before else first), "to": valid_to}
    if before is None:
        connection.execute(
            text(
                "insert into registry.centre_key (app_key, centre_code, public_key, valid_from, valid_to) "
                "values (:key, :code, :public, :from, :to)"
            ),
            period | {"code": centre_code, "public": public_key},
        )
        _note(connection, centre_code, app_key, "registered", by, None)
    elif (before.valid_from, before.valid_to) != (period["from"], valid_to):
        connection.execute(text("update registry.centre_key set valid_from = :from, valid_to = :to where app_key = :key"), period)
        _note(connection, centre_code, app_key, "validity changed", by, None)
    return app_key


def switch(connection: Connection, name: str, by: str, reason: str, *, is_enabled: bool) -> int:
    """The kill switch: from this commit on nothing signed by the key (or by any key of the centre) is taken in, or it is again.

    Args:
        name: an app key, or a centre's code for all of it.

    Returns:
        How many trusted keys that stops or starts; switching twice is 0.

    Raises:
        FixConfiguration: nobody of that name, or no reason.
    """
    if not reason.strip():
        raise FixConfiguration("say why: --reason TEXT")
    known = [key for key in read_keys(connection) if name in {key.app_key, key.centre_code}]
    if not known:
        raise FixConfiguration(f"no centre and no key is called {name}: `python -m warehouse centres` lists them")
    table, column = ("centre", "centre_code") if name == known[0].centre_code else ("centre_key", "app_key")
    changed = connection.execute(
        text(f"update registry.{table} set disabled_at = :at where {column} = :name and (disabled_at is null) <> :enabled"),
        {"at": None if is_enabled else now_at(), "name": name, "enabled": is_enabled},
    ).rowcount
    if not changed:
        return 0
    whole = table == "centre"
    _note(connection, known[0].centre_code, None if whole else name, "enabled" if is_enabled else "disabled", by, reason)
    return len(known)


def read_keys(connection: Connection) -> list[CentreKey]:
    """Every key ever registered, by centre and first day."""
    return [CentreKey(*row) for row in connection.execute(text(f"{_SELECT} order by k.centre_code, k.valid_from, k.app_key"))]


def trusted(connection: Connection, app_keys: Iterable[str]) -> set[str]:
    """Which of these keys are trusted now, as far as committed; asked in the transaction that takes their batches in."""
    found = connection.execute(_OF_KEYS, {"keys": sorted(set(app_keys))})
    today = today_date()
    return {key.app_key for key in (CentreKey(*row) for row in found) if key.is_trusted_on(today)}


def history(connection: Connection, centre_code: str | None = None) -> list[tuple[datetime, str, str | None, str, str, str | None]]:
    """When, centre, key, what, by whom, why; oldest first."""
    found = connection.execute(
        text(
            "select done_at, centre_code, app_key, event, done_by, reason from registry.centre_event "
            "where cast(:code as text) is null or centre_code = :code order by event_id"
        ),
        {"code": centre_code},
    )
    return [(r.done_at, r.centre_code, r.app_key, r.event, r.done_by, r.reason) for r in found]


_SELECT = (
    "select k.app_key, k.centre_code, k.public_key, k.valid_from, k.valid_to, coalesce(k.disabled_at, c.disabled_at) "
    "from registry.centre_key k join registry.centre c using (centre_code)"
)
_OF_KEYS = text(f"{_SELECT} where k.app_key = any(:keys)")


def _note(connection: Connection, centre_code: str, app_key: str | None, event: str, by: str, reason: str | None) -> None:
    connection.execute(
        text(
            "insert into registry.centre_event (centre_code, app_key, event, reason, done_by, done_at) "
            "values (:code, :key, :event, :reason, :by, :at)"
        ),
        {"code": centre_code, "key": app_key, "event": event, "reason": reason, "by": by, "at": now_at()},
    )
    log_event(f"centre {event}", centre=centre_code, key=app_key or "all")
