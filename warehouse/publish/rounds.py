"""When a message goes out, and when a failed one is tried again; pure functions of the instant.

Critical flags go at once. Everything else waits for a round: 08:00 Shanghai time, so that a recipient has one message a day; a
warning may also go at 14:00. Which rounds there are is our choice; at once and once a day are the promise.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from core.clock import SHANGHAI

ROUNDS = {"info": (time(8),), "warning": (time(8), time(14))}
"""Severity to the Shanghai times at which it is told."""

PAUSES = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=12),
    timedelta(hours=24),
    timedelta(hours=24),
)
"""Between attempts: three days in all, long enough for a weekend without a mail server."""

SENDING = timedelta(minutes=10)
"""After this an attempt that told no outcome counts as cut off, and the message is sent again under the same key."""


def next_rounds(severity: str, now: datetime, count: int = 3) -> list[datetime]:
    """The next instants at which this severity is told, strictly after `now`."""
    today = now.astimezone(SHANGHAI).date()
    days = (today + timedelta(days=n) for n in range(count + 1))
    rounds = (datetime.combine(day, at, SHANGHAI) for day in days for at in ROUNDS[severity])
    return [at for at in rounds if at > now][:count]


def next_try_at(attempts: int, now: datetime) -> datetime | None:
    """When to try again after so many attempts; None when it is given up (a dead letter)."""
    return now + PAUSES[attempts - 1] if attempts <= len(PAUSES) else None
