"""The intake of the demo: `python -m portal.intake` as a background process on loopback, behind no proxy."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import requests

from sandbox import processes
from sandbox.ports import move_if_taken, port_of

NAME = "intake"
SECONDS_TO_START = 180


def address() -> str:
    """Where centres push; kept over a stop."""
    return f"http://127.0.0.1:{port_of(NAME)}"


def keys_address() -> str:
    """Where anybody finds the keys that receipts are checked with (JWKS)."""
    return f"{address()}/api/v1/intake/keys"


def choose_port() -> None:
    """While the intake does not run, its kept port is moved if somebody else listens there now."""
    if not processes.is_running(NAME):
        move_if_taken(NAME)


def start(environment: Mapping[str, str]) -> None:
    """The intake runs; one that ran already is kept. Wait for it with `wait_until_ready`."""
    own = {"GUITU_INTAKE_PUBLIC_URL": address(), "GUITU_INTAKE_HOST": "127.0.0.1", "GUITU_INTAKE_PORT": str(port_of(NAME))}
    processes.start(NAME, [sys.executable, "-m", "portal.intake"], {**environment, **own})


def wait_until_ready() -> None:
    """It answers, and can store.

    Raises:
        processes.NotStarted: it ended, or did not answer in time.
    """
    processes.wait_until(NAME, _is_healthy, SECONDS_TO_START)


def _is_healthy() -> bool:
    session = requests.Session()
    session.trust_env = False
    try:
        return session.get(f"{address()}/api/v1/intake/health", timeout=5).status_code == 204
    except requests.RequestException:
        return False
