"""Intakes that stand at once: a parent loads everything an intake needs, and each intake is a fork of it that then starts as ever.

Only the seconds of loading are saved. A fork runs `portal.intake.__main__.main` in a process of its own, with a port, connections and
files of its own, and SIGKILL ends it like any other.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "database" / "portal"))
from serving import PUBLIC_URL, SECONDS_TO_START, Intake, free_port

from portal.intake.settings import HEALTH_PATH

Start = Callable[[], AbstractContextManager[Intake]]


@contextmanager
def warm_parent() -> Iterator[Start]:
    """Gives what starts an intake by forking; all of them are gone at the end."""
    environment = os.environ | {"GUITU_INTAKE_PUBLIC_URL": PUBLIC_URL, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, __file__], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        try:
            assert parent.stdout is not None
            assert parent.stdout.readline() == "ready\n"
            yield lambda: _forked(parent)
        finally:
            parent.kill()


@contextmanager
def _forked(parent: subprocess.Popen[str]) -> Iterator[Intake]:
    assert parent.stdin is not None
    assert parent.stdout is not None
    port = free_port()
    parent.stdin.write(f"{port}\n")
    parent.stdin.flush()
    process = psutil.Process(int(parent.stdout.readline()))
    try:
        with httpx.Client(timeout=60, trust_env=False) as client:
            intake = Intake(f"http://127.0.0.1:{port}", process, client)
            _wait_until_ready(intake)
            yield intake
    finally:
        if process.is_running():
            process.kill()
        assert parent.stdout.readline() == "ended\n"


def _wait_until_ready(intake: Intake) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline and intake.process.is_running():
        try:
            if intake.client.get(intake.address + HEALTH_PATH).status_code == 204:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError("the intake did not start")


def main() -> None:
    """Fork an intake for every port read; tell its process id, and when it has ended."""
    import portal.intake.app  # noqa: F401 - loaded, not started: connections belong to the fork
    from expectations.agreement import feed
    from expectations.suites import warm
    from portal.intake import __main__ as intake
    from portal.intake.settings import FEED

    warm(feed(FEED))
    print("ready", flush=True)
    for port in sys.stdin:
        child = os.fork()
        if child == 0:
            os.environ["GUITU_INTAKE_PORT"] = port.strip()
            sys.stdout = sys.stderr
            os._exit(intake.main())
        print(child, flush=True)
        os.waitpid(child, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    main()
