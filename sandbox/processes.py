"""Servers of the demo as recorded processes: each is started once, found again by its own number, and stopped by it.

A record is a small file under var/run: the process number and the instant it was born, so that a number given to somebody
else after a restart of the machine is never taken for ours.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from core.settings import PROJECT, local_state


def start(name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
    """The command runs in the background under `name`, its output in var/logs/<name>.log. One that runs already is kept."""
    if is_running(name):
        return
    log_file(name).parent.mkdir(parents=True, exist_ok=True)
    with log_file(name).open("ab") as log:
        # A session of its own: Ctrl-C in the demo's terminal is for the demo, which then stops its servers in order.
        process = subprocess.Popen(
            command,
            env=dict(environment),
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _started[name] = process
    _record(name).parent.mkdir(parents=True, exist_ok=True)
    _record(name).write_text(json.dumps({"pid": process.pid, "born": psutil.Process(process.pid).create_time()}))


def is_running(name: str) -> bool:
    """True while the recorded process lives."""
    return _process(name) is not None


def recorded(prefix: str) -> list[str]:
    """The names that begin so and have a record, running or not."""
    return sorted(path.stem for path in _record(prefix).parent.glob(f"{prefix}*.json"))


def stop(*names: str, patience_seconds: float = 30) -> list[str]:
    """None of these servers runs, nor anything they started; returns those that did.

    All are asked at once by SIGTERM, again after a third of the patience (Airflow's DAG processor now and then survives
    the first), and killed when it ends.
    """
    asked = {name: process for name in names if (process := _process(name))}
    family = [member for process in asked.values() for member in (process, *process.children(recursive=True))]
    waiting = list(asked.values())
    for share in (1 / 3, 2 / 3):
        for process in waiting:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        _, waiting = psutil.wait_procs(waiting, patience_seconds * share)
    _, left_over = psutil.wait_procs(family, 0)
    for member in left_over:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(left_over, 10)
    for name in names:
        _record(name).unlink(missing_ok=True)
        if name in _started:
            _started.pop(name).poll()
    return list(asked)


def log_file(name: str) -> Path:
    """Where the output of this server is kept."""
    return local_state() / "logs" / f"{name}.log"


def last_words(name: str, lines: int = 15) -> str:
    """The end of a server's log, for a message on why it did not start."""
    try:
        return "\n".join(log_file(name).read_text("utf-8", "replace").splitlines()[-lines:])
    except FileNotFoundError:
        return "(no log)"


def wait_until(name: str, is_ready: Callable[[], bool], patience_seconds: float, pause_seconds: float = 0.5) -> None:
    """`is_ready()` has answered true.

    Raises:
        NotStarted: the server ended, or did not answer in time; the message holds the end of its log.
    """
    deadline = time.monotonic() + patience_seconds
    while not is_ready():
        if not is_running(name):
            raise NotStarted(f"{name} ended while it was starting; see {log_file(name)}:\n{last_words(name)}")
        if time.monotonic() > deadline:
            raise NotStarted(f"{name} did not answer within {patience_seconds:.0f} s; see {log_file(name)}:\n{last_words(name)}")
        time.sleep(pause_seconds)


class NotStarted(RuntimeError):
    """A server of the demo did not come up."""


_started: dict[str, subprocess.Popen[bytes]] = {}
"""Children of this very process, kept so that each is waited for and none is called forgotten."""


def _record(name: str) -> Path:
    return local_state() / "run" / f"{name}.json"


def _process(name: str) -> psutil.Process | None:
    try:
        record = json.loads(_record(name).read_text())
        process = psutil.Process(record["pid"])
        is_ours = abs(process.create_time() - record["born"]) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, ValueError, KeyError, psutil.NoSuchProcess):
        return None
    return process if is_ours else None
