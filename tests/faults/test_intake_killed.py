"""The real intake killed with SIGKILL while centres push: every notice it acknowledged is there, once, and sending again completes it."""

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).parents[1] / "database" / "portal"))
sys.path.insert(0, str(Path(__file__).parent))
import serving
from serving import Centre, Intake, envelope, notice, running_intake
from warm_intake import Start, warm_parent

from core.sealing import KeyFolder
from sandbox import postgres
from warehouse.database import Role, transaction
from warehouse.registry.loading import ensure_reference_data

CLIENTS = 8
POINTS = ("intake.after_raw_write", "intake.before_commit", "intake.after_commit", "accept.before_commit", "accept.after_commit")


@pytest.fixture
def centre(server_url: str, migrated_template: str, tmp_path: Path) -> Iterator[Centre]:
    """A registered centre in a warehouse of the test's own."""
    before = dict(os.environ)
    url = postgres.create_database(server_url, f"killed_{os.getpid()}_{abs(hash(str(tmp_path))) % 10**9}", migrated_template)
    KeyFolder(tmp_path / "keys").create_missing()
    os.environ |= {"GUITU_DATABASE_URL": url, "GUITU_KEYS": str(tmp_path / "keys"), "GUITU_RAW_URL": (tmp_path / "raw").as_uri()}
    with transaction(Role.ETL) as connection:
        ensure_reference_data(connection)
    yield Centre().registered()
    os.environ.clear()
    os.environ.update(before)


def batch(number: int) -> bytes:
    """Every third batch says something, so that both ways of taking in are killed."""
    return envelope(f"K-{number}", [notice(number), notice(f"{number}b", **({"sex_code": "?"} if number % 3 == 0 else {}))])


def push_until_killed(intake: Intake, centre: Centre, numbers: Iterator[int], acknowledged: dict[int, bytes], tried: set[int]) -> None:
    """Acknowledgements are kept the moment they come."""
    lock = threading.Lock()

    def client() -> None:
        while True:
            with lock:
                number = next(numbers)
            tried.add(number)
            try:
                answer = intake.push(centre, batch(number), f"K-{number}")
            except httpx.TransportError:
                return
            if answer.status_code == 200:
                acknowledged[number] = answer.content

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def staged() -> dict[str, int]:
    with transaction(Role.ETL) as connection:
        rows = connection.execute(text("select source_key, count(*) from sealed.release_notices group by 1")).all()
    return {row[0]: row[1] for row in rows}


Kill = Callable[[Intake, dict[int, bytes]], None]


def killed_and_complete(centre: Centre, kill: Kill, rounds: int, start: Start) -> int:
    """Rounds of pushing and killing; then everything tried is sent again. Gives how many were acknowledged before a kill."""
    numbers, acknowledged, tried = iter(range(10**9)), dict[int, bytes](), set[int]()
    for _ in range(rounds):
        with start() as intake:
            killer = threading.Thread(target=kill, args=(intake, acknowledged))
            killer.start()
            push_until_killed(intake, centre, numbers, acknowledged, tried)
            killer.join()
        there = staged()
        assert not [n for n in acknowledged if there.get(f"{serving.CENTRE}-TZ-{n}") != 1]
    with running_intake() as intake, ThreadPoolExecutor(CLIENTS) as clients:
        again = dict(zip(tried, clients.map(lambda number: intake.push(centre, batch(number), f"K-{number}"), tried), strict=True))
    assert {answer.status_code for answer in again.values()} == {200}
    assert {number: again[number].content for number in acknowledged} == acknowledged
    assert staged() == {f"{serving.CENTRE}-TZ-{n}{part}": 1 for n in tried for part in ("", "b")}
    return len(acknowledged)


def under_load(chance: random.Random) -> Kill:
    """Killed a moment after some more notices were acknowledged."""

    def kill(intake: Intake, acknowledged: dict[int, bytes]) -> None:
        enough, deadline = len(acknowledged) + chance.randrange(5, 40), time.monotonic() + 120
        while len(acknowledged) < enough and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.1))
        os.kill(intake.process.pid, signal.SIGKILL)

    return kill


def by_itself(intake: Intake, _: dict[int, bytes]) -> None:
    """Killed at the point its environment names."""
    intake.process.wait(120)


def test_everything_acknowledged_survives_a_kill_under_load(centre: Centre) -> None:
    assert killed_and_complete(centre, under_load(random.Random(1)), 1, running_intake) >= 5


@pytest.mark.slow
def test_everything_acknowledged_survives_fifty_kills_under_load(centre: Centre) -> None:
    with warm_parent() as start:
        assert killed_and_complete(centre, under_load(random.Random(20261122)), 50, start) > 500


@pytest.mark.slow
@pytest.mark.parametrize("passage", [1, 4])
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_a_named_point_loses_and_doubles_nothing(centre: Centre, point: str, passage: int) -> None:
    killed_and_complete(centre, by_itself, 1, partial(running_intake, FAULT=f"{point}#{passage}"))
