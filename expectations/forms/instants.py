"""Instants: a date with a time of day. Without a zone the text is Shanghai time; the canonical text is UTC."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import numpy as np
import pyarrow as pa

from expectations.forms import dates
from expectations.forms.clean import NULLS, clean
from expectations.forms.columns import are_digits, bytes_of_width, digits_of, texts_of_bytes
from expectations.forms.form import Form, Quick, Read

_PATTERN = np.frombuffer(b"0000-00-00T00:00:00+00:00", dtype=np.uint8)


def form_of(is_open_ended: bool) -> Form:
    """The form of an instant; see `dates.form_of`."""
    return Form(lambda text: read_one(text, is_open_ended), quick)


def read_one(text: str, is_open_ended: bool = False) -> Read:
    """The instant as ISO 8601 in UTC; 24:00:00 is the next day's 00:00; without a time 00:00 and W_TIME_MISSING."""
    cleaned = clean(text)
    if cleaned in NULLS or cleaned == "0":
        return None, None
    if cleaned == dates.OPEN_WORD:
        return None, None if is_open_ended else "E_DATE"
    try:
        day, clock = dates.local_day_and_time(cleaned)
        if day in dates.EMPTY_DAYS:
            return None, None
        if day in dates.OPEN_DAYS:
            return None, None if is_open_ended else "E_DATE"
        midnight = datetime.combine(dates.real_day(day), time(), dates.SHANGHAI_TIME)
    except dates.Refused as refused:
        return None, refused.code
    if clock is None:
        return _canonical(midnight), "W_TIME_MISSING"
    hour, minute, second, microsecond, _ = clock
    return _canonical(midnight + timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microsecond)), None


def _canonical(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def quick(texts: pa.LargeStringArray) -> Quick:
    """Texts `yyyy-mm-dd hh:mm:ss` (Shanghai, also with T between) as UTC; see `dates.QUICK_YEARS`."""
    places, matrix = bytes_of_width(texts, 19)
    good = _is_second(matrix)
    places, matrix = places[good], matrix[good]
    done = np.zeros(len(texts), dtype=bool)
    done[places] = True
    return done, texts_of_bytes(_in_utc(matrix), places, len(texts))


def _is_second(matrix: np.ndarray) -> np.ndarray:
    shaped = are_digits(matrix, [11, 12, 14, 15, 17, 18]) & (matrix[:, 13] == 58) & (matrix[:, 16] == 58) & np.isin(matrix[:, 10], (32, 84))
    in_range = (digits_of(matrix, 11, 13) < 24) & (digits_of(matrix, 14, 16) < 60) & (digits_of(matrix, 17, 19) < 60)
    result: np.ndarray = shaped & in_range & dates.is_day(matrix)
    return result


def _in_utc(local: np.ndarray) -> np.ndarray:
    """The byte rows eight hours earlier, in the canonical spelling."""
    result = np.tile(_PATTERN, (len(local), 1))
    result[:, :10], result[:, 11:19] = local[:, :10], local[:, 11:19]
    hours = digits_of(local, 11, 13) - 8
    is_day_before = hours < 0
    hours = hours % 24
    result[:, 11], result[:, 12] = 48 + hours // 10, 48 + hours % 10
    early = np.flatnonzero(is_day_before)
    if len(early):
        result[early, :10] = _day_before(local[early])
    return result


def _day_before(local: np.ndarray) -> np.ndarray:
    months = (digits_of(local, 0, 4) - 1970) * 12 + digits_of(local, 5, 7) - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]") + (digits_of(local, 8, 10) - 2)
    result: np.ndarray = np.datetime_as_string(days, unit="D").astype("S10").view(np.uint8).reshape(-1, 10)
    return result
