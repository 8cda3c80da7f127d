"""The post of the demo: a mail server on loopback that puts every letter into a folder, and fictional offices that are told."""

from __future__ import annotations

import json
import smtplib
import sys
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from core.settings import local_state
from sandbox import processes
from sandbox.ports import move_if_taken, port_of

NAME = "mailbox"
SECONDS_TO_START = 60


def folder() -> Path:
    """The letters, one file each (Maildir)."""
    return local_state() / "mail" / "letters"


def start(environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The mail server answers; gives the connection by which Airflow's tasks find it.

    Raises:
        processes.NotStarted: it did not come up.
    """
    if not processes.is_running(NAME):
        move_if_taken(NAME)
    folder().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    listen = f"127.0.0.1:{port_of(NAME)}"
    # -n: it never was anybody but who started the demo.
    server = [sys.executable, "-m", "aiosmtpd", "-n", "-l", listen, "-c", "aiosmtpd.handlers.Mailbox", str(folder())]
    processes.start(NAME, server, environment)
    processes.wait_until(NAME, _answers, SECONDS_TO_START)
    return {"mail": {"host": "127.0.0.1", "port": str(port_of(NAME)), "sender": "guitu@demo.example", "security": "none"}}


def recipients(centres: Iterable[str], since: date) -> Path:
    """A file for `python -m warehouse load-recipients`: the operator, the province's coordinator, and each of these centres."""
    codes = sorted(centres)
    offices = [
        ("operator", "", "operator"),
        *(("coordinator", region, f"coordinator-{region}") for region in sorted({c[:2] for c in codes})),
    ]
    offices += [("centre", code, f"centre-{code}") for code in codes]
    lines = [
        f"- {{audience: {audience}, scope: {json.dumps(scope)}, address: {box}@demo.example, valid_from: {since}}}"
        for audience, scope, box in offices
    ]
    path = local_state() / "mail" / "recipients.yaml"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_text("\n".join(lines) + "\n")
    return path


def letter_count() -> int:
    """How many letters lie in the folder."""
    return sum(1 for place in ("new", "cur") for _ in (folder() / place).glob("*"))


def _answers() -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", port_of(NAME), timeout=5) as session:
            return session.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False
