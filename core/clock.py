"""Time in one place: Shanghai days and UTC instants. No rule asks the clock; only the edges do, here."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from core.errors import FixConfiguration

SHANGHAI = ZoneInfo("Asia/Shanghai")


def end_of_day_at(day: date) -> datetime:
    """24:00 of a Shanghai day, as an instant in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI).astimezone(UTC)


def rehearsed_date() -> date | None:
    """The day a rehearsal or test pretends it is (GUITU_AS_OF), or None."""
    text = os.environ.get("GUITU_AS_OF", "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FixConfiguration("GUITU_AS_OF must be a day like 2026-11-20") from error


def now_at() -> datetime:
    """This instant in UTC; in a rehearsal, 24:00 of the rehearsed day."""
    day = rehearsed_date()
    return end_of_day_at(day) if day else datetime.now(UTC)


def today_date() -> date:
    """The current Shanghai day, or the rehearsed one."""
    return rehearsed_date() or datetime.now(SHANGHAI).date()
