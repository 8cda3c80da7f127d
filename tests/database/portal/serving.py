"""A real intake on loopback for tests: its process, a registered centre, and signed requests sent with a plain client."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import psutil
import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.intake.settings import PUSH_PATH
from portal.signature import Signature, Tag, sign
from warehouse.database import Role, transaction
from warehouse.intake.centres import register

PUBLIC_URL = "https://intake.example"  # what centres sign for; the real address is another, as behind a proxy
CENTRE = "140100Q001"
SECONDS_TO_START = 180


def notice(number: int | str = 1, centre: str = CENTRE, **changes: Any) -> dict[str, Any]:
    """A good row of release_notices."""
    return {
        "source_key": f"{centre}-TZ-{number}",
        "operation_code": "I",
        "source_updated_at": "2026-11-18 09:15:30",
        "id_type_code": "111",
        "id_number": "14999919850312001X",
        "name": "张示例",
        "sex_code": "1",
        "notice_number": f"晋样戒通字〔2026〕第{number}号",
        "centre_code": centre,
        "decision_number": f"并公(样)强戒决字〔2024〕第{number}号",
        "decision_date": "2024-11-26",
        "expected_release_date": "2026-11-25",
        "release_type_code": "1",
        "notice_date": "2026-11-18",
        "notice_status_code": "1",
        "police_station_code": "140106510000",
        "rehabilitation_order_code": "9",
    } | changes


def envelope(batch_id: str, rows: list[Any], sender: str = CENTRE, **changes: Any) -> bytes:
    """A batch as a centre sends it."""
    said = {
        "schema_version": "2026-11",
        "feed": "release_notices",
        "sender_code": sender,
        "batch_id": batch_id,
        "exported_at": "2026-11-18T09:16:00+08:00",
        "row_count": len(rows),
        "rows": rows,
    }
    return json.dumps(said | changes, ensure_ascii=False).encode("utf-8", "surrogatepass").replace(b"\xed\xa0\x80", b"\\ud800")


@dataclass
class Centre:
    """A centre with a key pair, registered or not."""

    code: str = CENTRE
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    app_key: str = ""
    clock_ahead: timedelta = timedelta()

    def registered(self, **period: Any) -> Centre:
        """Itself, once its key is in the registry of the database GUITU_DATABASE_URL names."""
        with transaction(Role.ETL) as connection:
            self.app_key = register(connection, self.code, self.key.public_key().public_bytes_raw(), "test", **period)
        return self

    def headers(self, body: bytes, batch_id: str, path: str = PUSH_PATH, tag: Tag = Tag.PUSH, **given: str) -> dict[str, str]:
        """Headers of a signed request, fresh each time."""
        headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": batch_id} | given
        how = Signature(tag, self.app_key, self.key, uuid4().hex, datetime.now(UTC) + self.clock_ahead)
        sign("POST", PUBLIC_URL + path, headers, body, how)
        return headers


@dataclass
class Intake:
    """A running intake: its address and its process."""

    address: str
    process: subprocess.Popen[bytes] | psutil.Process
    client: httpx.Client

    def push(self, centre: Centre, body: bytes, batch_id: str) -> httpx.Response:
        """Send one batch, signed now."""
        return self.send(body, centre.headers(body, batch_id))

    def send(self, body: bytes, headers: Mapping[str, str], path: str = PUSH_PATH) -> httpx.Response:
        """Send bytes with given headers."""
        return self.client.post(self.address + path, content=body, headers=dict(headers))


@contextmanager
def pointed_to(environment: Mapping[str, str]) -> Iterator[None]:
    """The environment has these settings for the time of the block."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def intake_login(url: str) -> str:
    """A URL of the same database whose login is a member of guitu_intake and of no other role."""
    parts, name = urlsplit(url), f"only_intake_{os.getpid()}"
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1), autocommit=True) as connection:
        connection.execute(f"drop role if exists {name}")
        connection.execute(f"create role {name} login in role {Role.INTAKE}")
    return parts._replace(netloc=f"{name}@{parts.hostname}").geturl()


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_intake(**environment: str) -> Iterator[Intake]:
    """A real `python -m portal.intake` on loopback, stopped (by its own process id) at the end."""
    port = environment.get("GUITU_INTAKE_PORT") or str(free_port())
    given = os.environ | {"GUITU_INTAKE_PUBLIC_URL": PUBLIC_URL, "GUITU_INTAKE_PORT": port} | environment
    process = subprocess.Popen([sys.executable, "-m", "portal.intake"], env=given)
    address = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(timeout=60, trust_env=False) as client:
            wait_until_ready(client, address, process)
            yield Intake(address, process, client)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_ready(client: httpx.Client, address: str, process: subprocess.Popen[bytes]) -> None:
    """Returns once the intake says so."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if client.get(address + "/api/v1/intake/health").status_code == 204:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the intake did not start")
