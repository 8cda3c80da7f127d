"""One line when a step ends: an event in words plus ids, counts and durations. Never a person's value."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def show_events() -> None:
    """Our own lines reach standard error, a library's only from warnings on: theirs may hold values."""
    shown = logging.StreamHandler(sys.stderr)
    shown.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    ours = logging.getLogger("guitu")
    ours.setLevel(logging.INFO)
    ours.propagate = False
    ours.handlers = [shown]
    theirs = logging.StreamHandler(sys.stderr)
    theirs.setLevel(logging.WARNING)  # on the handler: some libraries set their own loggers to INFO
    logging.getLogger().handlers = [theirs]


def log_event(event: str, **facts: object) -> None:
    """Write one line: the event and its ids and counts."""
    logging.getLogger("guitu").info("%s %s", event, " ".join(f"{k}={v}" for k, v in facts.items()))


@contextmanager
def timed(event: str, **facts: object) -> Iterator[dict[str, object]]:
    """Log `event` with its duration when the block ends; the block may add counts to the yielded dict."""
    started = time.monotonic()
    yield facts
    log_event(event, **facts, seconds=round(time.monotonic() - started, 2))
