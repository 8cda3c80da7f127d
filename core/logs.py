"""One line when a step ends: an event in words plus ids, counts and durations. Never a person's value."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager


def log_event(event: str, **facts: object) -> None:
    """Write one line: the event and its ids and counts."""
    logging.getLogger("guitu").info("%s %s", event, " ".join(f"{k}={v}" for k, v in facts.items()))


@contextmanager
def timed(event: str, **facts: object) -> Iterator[dict[str, object]]:
    """Log `event` with its duration when the block ends; the block may add counts to the yielded dict."""
    started = time.monotonic()
    yield facts
    log_event(event, **facts, seconds=round(time.monotonic() - started, 2))
