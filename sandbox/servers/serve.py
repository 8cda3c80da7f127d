"""Starts all five providers from one province directory and says how to reach them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from sandbox.servers import files, frontend_database, rest, sftp

APP_KEY = "guitu-warehouse"


@dataclass(frozen=True)
class Places:
    """Where the servers listen (`bind`), under which name others reach them, and on which ports (0: any free one)."""

    bind: str = "127.0.0.1"
    name: str = "127.0.0.1"
    rest_port: int = 0
    sftp_port: int = 0
    requests_a_minute: int = 60


@contextmanager
def serving(
    province: Path, state: Path, database_url: str | None = None, places: Places = Places(), pushing: Collection[str] = ()
) -> Iterator[dict[str, dict[str, str]]]:
    """The providers run for the time of the block; yields (and writes to `state`/connections.json, readable by its owner only)
    the connection of each provider. Without a database, civil_affairs is left out. A state folder may be used again. Centres that
    are `pushing` upload no notices, only their rosters."""
    state = state.resolve()
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    files.fill(province, state, pushing)
    secret, certificate = _secret(state), _certificate(state, places.name)
    key, account = sftp.host_key(state), sftp.Account("guitu", secret)
    bureau = rest.Bureau(province, {APP_KEY: secret}, state / "bad_days.json", places.requests_a_minute)
    with (
        rest.running(bureau, places.bind, places.rest_port, certificate) as rest_port,
        sftp.running(state / "sftp", key, account, places.bind, places.sftp_port) as sftp_port,
    ):
        sftp_connection = {
            "host": places.name,
            "port": str(sftp_port),
            "login": account.login,
            "password": account.password,
            "host_key": key.export_public_key().decode("ascii").split()[1],
        }
        connections = {
            "detention_centers": sftp_connection,
            "public_security": {
                "schema": "https",
                "host": places.name,
                "port": str(rest_port),
                "login": APP_KEY,
                "password": secret,
                "ca": str(state / "ca.pem"),
            },
            "employment": sftp_connection,
            "community": {"folder": str(state / "community")},
        }
        if database_url:
            connections["civil_affairs"] = frontend_database.load(database_url, province, secret)
        _write_private(state / "connections.json", json.dumps(connections, indent=1))
        yield connections


def _secret(state: Path) -> str:
    path = state / "secret"
    if not path.exists():
        _write_private(path, secrets.token_hex(16))
    return path.read_text("ascii")


def _certificate(state: Path, name: str) -> Path:
    """A certificate of a private authority for this name; the authority's own stands beside it as ca.pem."""
    path = state / f"server_{name}.pem"
    if not path.exists():
        authority = trustme.CA()
        issued = authority.issue_cert(*dict.fromkeys((name, "127.0.0.1", "localhost")))
        authority.cert_pem.write_to_path(str(state / "ca.pem"))
        _write_private(path, "")
        issued.private_key_and_cert_chain_pem.write_to_path(str(path))
    return path


def _write_private(path: Path, text: str) -> None:
    draft = path.with_name(path.name + ".draft")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
