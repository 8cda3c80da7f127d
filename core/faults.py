"""Named points at which a test may kill the process, to prove that running again loses and doubles nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def crash_point(name: str) -> None:
    """Die by SIGKILL when the environment's FAULT names this point; otherwise do nothing.

    ``FAULT=name#2`` dies at the second passage. With FAULT_LOG set, the name is appended there, so that a test can list
    the points a run passes.
    """
    log = os.environ.get("FAULT_LOG")
    if log:
        with Path(log).open("a", encoding="ascii") as passed:
            passed.write(name + "\n")
    wanted, _, nth = os.environ.get("FAULT", "").partition("#")
    if wanted != name:
        return
    _passages[name] = _passages.get(name, 0) + 1
    if _passages[name] >= int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)


_passages: dict[str, int] = {}
