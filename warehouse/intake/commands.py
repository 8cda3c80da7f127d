"""The commands on centres: `python -m warehouse register-centre|disable-centre|enable-centre|centres`."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from core.clock import SHANGHAI, today_date

Command = Callable[[str, Callable[[argparse.Namespace], object], str], argparse.ArgumentParser]


def add_centres(command: Command) -> None:
    """The four commands are known to the parser."""
    added = command("register-centre", _register, "let a key push release notices for a centre; its older keys stay, for changing keys")
    added.add_argument("centre", help="the centre's organisation code, like 140100Q001")
    added.add_argument("key", type=Path, help="its public key, *.pub.pem of `python -m portal.centre_client keygen`")
    added.add_argument("--valid-from", type=date.fromisoformat, help="first day (default: today)")
    added.add_argument("--valid-to", type=date.fromisoformat, help="last day (default: open)")
    added.add_argument("--by", default=getpass.getuser(), help="who decides (default: the login)")
    for name, is_enabled, means in (
        ("disable-centre", False, "kill switch: from now on nothing of a centre (or signed by one key) is taken in"),
        ("enable-centre", True, "take back the kill switch"),
    ):
        added = command(name, partial(_switch, is_enabled=is_enabled), means)
        added.add_argument("name", help="the centre's code, or one app key")
        added.add_argument("--reason", required=True)
        added.add_argument("--by", default=getpass.getuser(), help="who decides (default: the login)")
    added = command("centres", _centres, "list centres, their keys, and who changed what")
    added.add_argument("centre", nargs="?")


def _register(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.intake.centres import read_public_key, register

    key = read_public_key(given.key)
    with transaction(Role.ETL) as connection:
        app_key = register(connection, given.centre, key, given.by, valid_from=given.valid_from, valid_to=given.valid_to)
    print(f"app key {app_key}: the centre signs with it (keyid)")


def _switch(given: argparse.Namespace, *, is_enabled: bool) -> None:
    from warehouse.database import Role, transaction
    from warehouse.intake.centres import switch

    with transaction(Role.ETL) as connection:
        count = switch(connection, given.name, given.by, given.reason, is_enabled=is_enabled)
    print(f"{given.name}: {count} key(s) {'enabled' if is_enabled else 'disabled'}" if count else f"{given.name}: it was so already")


def _centres(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.intake.centres import history, read_keys

    with transaction(Role.ETL) as connection:
        keys, events = read_keys(connection), history(connection, given.centre)
    today = today_date()
    for key in keys:
        if given.centre in {None, key.centre_code}:
            state = "disabled" if key.disabled_at else "trusted" if key.is_trusted_on(today) else "not in force"
            print(f"{key.centre_code:14}{key.app_key:34}{key.valid_from} to {key.valid_to or 'open':10}  {state}")
    for at, centre, app_key, event, by, reason in events:
        print(
            f"  {at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} {centre} {app_key or 'all keys'}: {event} by {by}"
            + (f" ({reason})" if reason else "")
        )
