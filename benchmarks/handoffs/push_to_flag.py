"""Seconds from a signed push to an open flag in published.handoff_flags, through the intake and a whole Airflow.

`python -m benchmarks.handoffs.push_to_flag`: the demo's province and its Airflow in a folder of their own, the intake beside them.
First one notice after the other, each once the flag of the one before is there; then as many at once. Aim: p95 under 10 s.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import requests

from core.settings import PROJECT
from portal.centre_client.asking import fetch_keys
from portal.centre_client.place import Place, make_keys
from portal.centre_client.sending import enqueue, send
from sandbox import databases
from sandbox.ports import free_port
from warehouse.handoffs.facts import handoff_id

AS_OF = date(2026, 11, 20)
CENTRE = "140100Q001"
SECONDS_TO_WAIT = 300


def main() -> int:
    """Print both figures; 0 when the aim is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notices", type=int, default=50)
    parser.add_argument("--persons", type=int, default=400, help="registered persons of the province")
    parser.add_argument("--home", type=Path, help="keep the demo here and leave it running, for another measurement")
    given = parser.parse_args()
    with _home(given.home) as home:
        os.environ |= {"GUITU_HOME": str(home), "GUITU_AS_OF": AS_OF.isoformat()}
        _run("-m", "sandbox", "demo", "--persons", str(given.persons))
        os.environ["GUITU_DATABASE_URL"] = databases.start().warehouse
        with _intake(home) as place, psycopg.connect(_libpq(), autocommit=True) as connection:
            fetch_keys(place)
            _push_and_wait(place, connection, _batches("w", 2))  # the first run of a DAG is parsed and compiled
            singly = [seconds for one in _batches("s", given.notices) for seconds in _push_and_wait(place, connection, [one])]
            together = _push_and_wait(place, connection, _batches("t", given.notices))
        _print("one after the other", singly)
        _print("all at once", together)
    return int(_quantile(singly, 0.95) >= 10)


@contextmanager
def _home(kept: Path | None) -> Iterator[Path]:
    if kept:
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="guitu-bench-", ignore_cleanup_errors=True) as folder:
        try:
            yield Path(folder)
        finally:
            os.environ.pop("GUITU_DATABASE_URL", None)
            _run("-m", "sandbox", "stop")


@contextmanager
def _intake(home: Path) -> Iterator[Place]:
    """The intake serves, and knows the centre whose folder this is."""
    port = free_port(0)
    url = f"http://127.0.0.1:{port}"
    place = Place(home / "centre")
    public_file, _ = make_keys(place, CENTRE, url, None)
    _run("-m", "warehouse", "register-centre", CENTRE, str(public_file))
    environment = os.environ | {"GUITU_INTAKE_PUBLIC_URL": url, "GUITU_INTAKE_PORT": str(port)}
    with (home / "intake.log").open("ab") as log:
        serving = subprocess.Popen([sys.executable, "-m", "portal.intake"], env=environment, cwd=PROJECT, stdout=log, stderr=log)
    try:
        _wait_for(f"{url}/api/v1/intake/health")
        yield place
    finally:
        serving.terminate()
        serving.wait(60)


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=5).status_code == 204:
                return
        except requests.RequestException:
            pass
        time.sleep(0.5)
    raise TimeoutError("the intake does not answer")


def _batches(series: str, count: int) -> list[tuple[str, str, bytes]]:
    """Batches of one notice each, on a release tomorrow that nobody has planned for: (handoff_id, batch_id, content)."""
    return [_batch(f"{os.getpid()}{series}{number:04}") for number in range(count)]


def _batch(name: str) -> tuple[str, str, bytes]:
    decision = f"并公(样)强戒决字〔2024〕第{name}号"
    row: dict[str, Any] = {
        "source_key": f"{CENTRE}-TZ-{name}",
        "operation_code": "I",
        "source_updated_at": "2026-11-20 09:15:30",
        "id_type_code": "999",
        "name": "张示例",
        "sex_code": "1",
        "birth_date": "1985-03-12",
        "residence_region_code": "140106003002",
        "notice_number": f"晋样戒通字〔2026〕第{name}号",
        "centre_code": CENTRE,
        "decision_number": decision,
        "decision_date": "2024-11-26",
        "expected_release_date": "2026-11-21",
        "release_type_code": "1",
        "notice_date": "2026-11-20",
        "notice_status_code": "1",
        "police_station_code": "140106510000",
        "rehabilitation_order_code": "9",
    }
    batch_id = f"{CENTRE}-20261120-{name}"
    envelope = {
        "schema_version": "2026-11",
        "feed": "release_notices",
        "sender_code": CENTRE,
        "batch_id": batch_id,
        "exported_at": "2026-11-20T09:16:00+08:00",
        "row_count": 1,
        "rows": [row],
    }
    return handoff_id(decision), batch_id, json.dumps(envelope, ensure_ascii=False).encode()


def _push_and_wait(place: Place, connection: psycopg.Connection[Any], batches: list[tuple[str, str, bytes]]) -> list[float]:
    """Seconds from the beginning of each push until its flag is open for readers."""
    began = {}
    for _, batch_id, content in batches:
        enqueue(place, batch_id, content)
    with ThreadPoolExecutor(8) as centres:
        for wanted, batch_id, _ in batches:
            began[wanted] = time.monotonic()
            centres.submit(send, place, batch_id, lambda line: print(line, file=sys.stderr), once=True)
    seen: dict[str, float] = {}
    deadline = time.monotonic() + SECONDS_TO_WAIT
    while missing := sorted(began.keys() - seen.keys()):
        for (found,) in connection.execute(
            "select distinct handoff_id from published.handoff_flags where status = 'open' and handoff_id = any(%s)", (missing,)
        ).fetchall():
            seen[found] = time.monotonic() - began[found]
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(missing)} of {len(batches)} notices have no flag after {SECONDS_TO_WAIT} s")
        time.sleep(0.05)
    return [seen[wanted] for wanted, _, _ in batches]


def _print(how: str, seconds: list[float]) -> None:
    print(
        f"push to open flag, {len(seconds)} notices {how}: p50 {statistics.median(seconds):.1f} s, p95 {_quantile(seconds, 0.95):.1f} s, "
        f"max {max(seconds):.1f} s",
        flush=True,
    )


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _libpq() -> str:
    return os.environ["GUITU_DATABASE_URL"].replace("postgresql+psycopg://", "postgresql://", 1)


def _run(*command: str) -> None:
    subprocess.run([sys.executable, *command], cwd=PROJECT, check=True)


if __name__ == "__main__":
    sys.exit(main())
