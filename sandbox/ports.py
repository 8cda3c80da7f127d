"""The loopback ports of this installation's servers: each keeps its own over a stop, so that what others were told stays true."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from core.settings import local_state

WANTED = {"intake": 8090, "mailbox": 8025}


def port_of(name: str) -> int:
    """The port kept for this server, chosen on first use."""
    kept = _kept()
    if name not in kept:
        kept[name] = free_port(WANTED[name])
        _path().parent.mkdir(parents=True, exist_ok=True)
        _path().write_text(json.dumps(kept))
    return kept[name]


def move_if_taken(name: str) -> None:
    """For a server that does not run: its port is another one if somebody else listens there now."""
    port = port_of(name)
    _path().write_text(json.dumps(_kept() | {name: free_port(port)}))


def free_port(wanted: int) -> int:
    """`wanted` if nobody listens there, else one the system gives."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on loopback")


def _kept() -> dict[str, int]:
    try:
        kept: dict[str, int] = json.loads(_path().read_text())
    except FileNotFoundError:
        return {}
    return kept


def _path() -> Path:
    return local_state() / "ports.json"
