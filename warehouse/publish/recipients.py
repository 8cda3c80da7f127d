"""Who is told: addresses by audience, area and period. Registered by an operator, ended but never removed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from sqlalchemy import Connection, Row, text

from core.clock import now_at
from core.errors import FixConfiguration
from warehouse.tables.outbox import AUDIENCES

BY_AREA = ("police", "coordinator")
WHOLE_SYSTEM = ("operator", "steward")
IN_FORCE = "r.valid_from <= :as_of and (r.valid_to is null or r.valid_to >= :as_of)"
"""Condition on outbox.recipient r: it is told on the day."""
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_MAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+")


@dataclass(frozen=True)
class Address:
    """An address to be told. `scope`: an organisation code, a region, or empty, by audience."""

    audience: str
    scope: str
    address: str
    valid_from: date
    valid_to: date | None = None

    @property
    def channel(self) -> str:
        """`webhook` for an http address, else `email`."""
        return "webhook" if self.address.startswith(("http://", "https://")) else "email"


def checked(given: Address) -> Address:
    """The address with its scope in the stored form (a region without padding).

    Raises:
        FixConfiguration: an unknown audience, a scope that does not fit it, no usable address.
    """
    if given.audience not in AUDIENCES:
        raise FixConfiguration(f"there is no audience {given.audience}: one of {', '.join(AUDIENCES)}")
    if (given.scope == "") != (given.audience in WHOLE_SYSTEM):
        raise FixConfiguration(f"{given.audience} is told for {'everything: leave the scope empty' if given.scope else 'a scope: name it'}")
    scope = given.scope
    if given.audience in BY_AREA:
        if not re.fullmatch(r"\d{2}|\d{4}|\d{6}|\d{9}|\d{12}", scope):
            raise FixConfiguration(f"{given.audience} is told for a region: 2, 4, 6, 9 or 12 digits")
        scope = region_prefix(scope)
    if given.channel == "email" and not _MAIL.fullmatch(given.address):
        raise FixConfiguration("the address is neither a mail address nor an https address")
    sent = urlsplit(given.address)
    if given.channel == "webhook" and sent.scheme != "https" and sent.hostname not in LOOPBACK:
        raise FixConfiguration("a webhook beyond this machine must be https")
    return Address(given.audience, scope, given.address, given.valid_from, given.valid_to)


def region_prefix(region: str) -> str:
    """A region code without its padding: 140000 is 14, 140100 is 1401, 140106003000 is 140106003."""
    for length in (2, 4, 6, 9):
        if len(region) > length and set(region[length:]) == {"0"}:
            return region[:length]
    return region


def register(connection: Connection, given: Address, by: str) -> int:
    """The address is told from its first day on, beginning with what is open then; gives its number. Safe to repeat."""
    address = checked(given)
    return int(
        connection.execute(
            text(
                "insert into outbox.recipient (audience, scope, channel, address, valid_from, valid_to, registered_at, registered_by) "
                "values (:audience, :scope, :channel, :address, :valid_from, :valid_to, :now, :by) "
                "on conflict (audience, scope, channel, address, valid_from) do update set valid_to = excluded.valid_to "
                "returning recipient_id"
            ),
            {**address.__dict__, "channel": address.channel, "now": now_at(), "by": by},
        ).scalar_one()
    )


def end(connection: Connection, recipient_id: int, last_day: date) -> None:
    """The recipient is told until the end of `last_day`; what waits for it after that is not sent.

    Raises:
        FixConfiguration: there is no such recipient, or its first day is later.
    """
    changed = connection.execute(
        text("update outbox.recipient set valid_to = :day where recipient_id = :id and valid_from <= :day"),
        {"id": recipient_id, "day": last_day},
    )
    if not changed.rowcount:
        raise FixConfiguration(f"no recipient {recipient_id} begins on or before {last_day}")


def addresses_in(file: Path) -> list[Address]:
    """The addresses of a YAML file: a list of audience, scope, address, valid_from and, where it ends, valid_to.

    Raises:
        FixConfiguration: the file cannot be read or is no such list.
    """
    try:
        read = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise FixConfiguration(f"{file.name} cannot be read as YAML ({type(error).__name__})") from error
    if not isinstance(read, list):
        raise FixConfiguration(f"{file.name} must be a list of recipients")
    return [_address(file, number, one) for number, one in enumerate(read, 1)]


def _address(file: Path, number: int, one: Mapping[str, Any]) -> Address:
    try:
        ends = one.get("valid_to")
        return checked(Address(one["audience"], str(one.get("scope") or ""), one["address"], one["valid_from"], ends))
    except (KeyError, TypeError, AttributeError) as error:
        raise FixConfiguration(f"{file.name}, entry {number}: audience, address and valid_from (a day) must be there") from error


def registered(connection: Connection) -> list[Row[Any]]:
    """Every recipient, newest last."""
    return list(
        connection.execute(
            text("select recipient_id, audience, scope, channel, address, valid_from, valid_to from outbox.recipient order by recipient_id")
        )
    )
