"""Servers of the demo are found and stopped by their own recorded number, whatever happened in between."""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from sandbox import processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
PARENT = [sys.executable, "-c", "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GUITU_HOME", str(tmp_path))
    return tmp_path


def recorded(home: Path, name: str) -> int:
    return int(json.loads((home / "run" / f"{name}.json").read_text())["pid"])


def eventually(is_so: Callable[[], object]) -> bool:
    deadline = time.monotonic() + 10
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return bool(is_so())


def test_a_server_is_started_once_and_stopped_by_its_number(home: Path) -> None:
    processes.start("sleeper", SLEEP, os.environ)
    first = recorded(home, "sleeper")
    processes.start("sleeper", SLEEP, os.environ)
    assert recorded(home, "sleeper") == first
    assert processes.is_running("sleeper")
    assert processes.stop("sleeper") == ["sleeper"]
    assert not psutil.pid_exists(first)
    assert not processes.is_running("sleeper")


def test_stopping_what_does_not_run_is_no_error() -> None:
    assert processes.stop("nobody", "nobody-else") == []


def test_what_a_server_started_ends_with_it(home: Path) -> None:
    processes.start("parent", PARENT, os.environ)
    family = psutil.Process(recorded(home, "parent"))
    assert eventually(family.children)
    child = family.children()[0]
    processes.stop("parent")
    assert eventually(lambda: not child.is_running())


def test_a_server_that_does_not_listen_is_killed_when_patience_ends(home: Path) -> None:
    processes.start("deaf", DEAF, os.environ)
    assert eventually(lambda: "deaf" in processes.last_words("deaf"))
    pid = recorded(home, "deaf")
    assert processes.stop("deaf", patience_seconds=0.6) == ["deaf"]
    assert not psutil.pid_exists(pid)


def test_a_number_that_is_somebody_elses_now_is_left_alone(home: Path) -> None:
    (home / "run").mkdir()
    ours = psutil.Process()
    (home / "run" / "old.json").write_text(json.dumps({"pid": ours.pid, "born": ours.create_time() - 1000}))
    assert not processes.is_running("old")
    assert processes.stop("old") == []
    assert ours.is_running()


def test_a_server_that_ends_while_starting_shows_the_end_of_its_log() -> None:
    processes.start("broken", [sys.executable, "-c", "print('no port left')"], os.environ)
    with pytest.raises(processes.NotStarted, match="no port left"):
        processes.wait_until("broken", lambda: False, 20, pause_seconds=0.05)
    processes.stop("broken")


def test_a_server_that_does_not_answer_in_time_is_not_waited_for_for_ever() -> None:
    processes.start("mute", SLEEP, os.environ)
    with pytest.raises(processes.NotStarted, match="did not answer within"):
        processes.wait_until("mute", lambda: False, 0.2, pause_seconds=0.05)
    processes.stop("mute")
