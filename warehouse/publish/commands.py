"""The commands on messages and alerts: `python -m warehouse register-recipient|load-recipients|recipients|end-recipient|dead-letters|
send-again|alerts|acknowledge-alert`."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Callable
from datetime import date
from pathlib import Path

from core.clock import SHANGHAI, today_date

Command = Callable[[str, Callable[[argparse.Namespace], object], str], argparse.ArgumentParser]
AUDIENCES = ("station", "centre", "police", "coordinator", "operator", "steward", "organization")


def add_messages(command: Command) -> None:
    """The eight commands are known to the parser."""
    added = command("register-recipient", _register, "tell an address of what opens in its scope, from what is open now on")
    added.add_argument("audience", choices=AUDIENCES)
    added.add_argument("scope", help='code (station, centre, organization), region (police, coordinator), "" for operator and steward')
    added.add_argument("address", help="mail address of the office, or https address of a webhook")
    added.add_argument("--valid-from", type=date.fromisoformat, help="first day (default: today)")
    added.add_argument("--valid-to", type=date.fromisoformat, help="last day (default: open)")
    added.add_argument("--by", default=getpass.getuser(), help="who decides (default: the login)")
    added = command("load-recipients", _load, "register the recipients of a YAML file; safe to repeat")
    added.add_argument("file", type=Path)
    added.add_argument("--by", default=getpass.getuser(), help="who decides (default: the login)")
    command("recipients", _recipients, "list who is told")
    added = command("end-recipient", _end, "tell a recipient no more after a day")
    added.add_argument("recipient", type=int)
    added.add_argument("--last-day", type=date.fromisoformat, help="default: today")
    command("dead-letters", _dead_letters, "list the messages that could not be delivered, without their text")
    added = command("send-again", _send_again, "make a dead letter due again")
    added.add_argument("message", type=int)
    command("alerts", _alerts, "list what is not as it should be; exit status 1 while something of it is not taken in hand")
    added = command("acknowledge-alert", _acknowledge, "take an alert in hand: it stays open until it is over, and is told no more")
    added.add_argument("alert", type=int)
    added.add_argument("--reason", required=True, help="what is being done, in words; no person")
    added.add_argument("--by", default=getpass.getuser(), help="who (default: the login)")


def _register(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.publish.recipients import Address, register

    address = Address(given.audience, given.scope, given.address, given.valid_from or today_date(), given.valid_to)
    with transaction(Role.PUBLISHER) as connection:
        number = register(connection, address, given.by)
    print(f"recipient {number}")


def _load(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.publish.recipients import addresses_in, register

    addresses = addresses_in(given.file)
    with transaction(Role.PUBLISHER) as connection:
        for address in addresses:
            register(connection, address, given.by)
    print(f"{len(addresses)} recipients")


def _recipients(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.publish.recipients import registered

    with transaction(Role.PUBLISHER) as connection:
        found = registered(connection)
    for one in found:
        until = f" to {one.valid_to}" if one.valid_to else ""
        print(f"{one.recipient_id:>6}  {one.audience:12}{one.scope:14}{one.address}  from {one.valid_from}{until}")
    print(f"{len(found)} recipients")


def _end(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.publish.recipients import end

    last_day = given.last_day or today_date()
    with transaction(Role.PUBLISHER) as connection:
        end(connection, given.recipient, last_day)
    print(f"recipient {given.recipient} is told until {last_day}")


def _dead_letters(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.publish.delivery import dead_letters

    with transaction(Role.OPERATOR) as connection:
        found = dead_letters(connection)
    for one in found:
        print(
            f"{one.message_id:>8}  {one.audience} {one.scope}  {one.channel}  given up {one.given_up_at:%Y-%m-%d %H:%M}  {one.last_error}"
        )
    print(f"{len(found)} dead letters")


def _send_again(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.publish.delivery import send_again

    with transaction(Role.PUBLISHER) as connection:
        send_again(connection, given.message)
    print(f"message {given.message} is due again")


def _alerts(given: argparse.Namespace) -> int:
    from warehouse.alerts import KINDS, open_alerts
    from warehouse.database import Role, transaction

    with transaction(Role.OPERATOR) as connection:
        found = open_alerts(connection)
    for one in found:
        about = "  ".join(part for part in (one.organization_code, one.subject, str(one.number) if one.number > 1 else "") if part)
        print(f"{one.alert_id:>6}  {one.kind:18}{about}  since {one.opened_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}")
        print(f"        {KINDS[one.kind].means_en}; {KINDS[one.kind].step}")
        if one.acknowledged_at:
            print(f"        in hand: {one.acknowledgement} ({one.acknowledged_by}, {one.acknowledged_at.astimezone(SHANGHAI):%Y-%m-%d})")
    new = sum(one.acknowledged_at is None for one in found)
    print(f"{len(found)} alerts, {new} of them not taken in hand")
    return int(new > 0)


def _acknowledge(given: argparse.Namespace) -> None:
    from warehouse.alerts import acknowledge
    from warehouse.database import Role, transaction

    with transaction(Role.OPERATOR) as connection:
        acknowledge(connection, given.alert, given.by, given.reason)
    print(f"alert {given.alert} is in hand; it closes by itself when it is over")
