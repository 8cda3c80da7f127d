"""One more release notice while everything runs: pushed, acknowledged, and seen as a flag by readers, with the seconds that took.

The person is nobody: no number, the sample name of all forms, released tomorrow, and no station knows of a plan.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg

from expectations.agreement import SCHEMA_VERSION
from sandbox import processes
from sandbox.centres import Centre, push_command

SECONDS_TO_ANSWER = 120
SECONDS_TO_SEE = 300


class NotSeen(RuntimeError):
    """No answer, or no flag, within the time; the push itself goes on."""


@dataclass(frozen=True)
class Notice:
    """One notice as a batch of its own."""

    batch_id: str
    decision_number: str
    content: bytes


@dataclass(frozen=True)
class Seen:
    """Seconds from the client's start to the receipt, and from the receipt to the flags (`codes`) that readers see."""

    to_receipt_seconds: float
    to_flag_seconds: float
    codes: Sequence[str]


def earlier_count(centre: Centre) -> int:
    """How many such notices this centre has sent so far."""
    return len(list(_folder(centre).glob("*.json")))


def push(centre: Centre, as_of: date, database: str, environment: Mapping[str, str], say: Callable[[str], None]) -> Seen:
    """A new notice was acknowledged, and its flags are published.

    Raises:
        NotSeen: either did not happen in time; the message says where to look.
    """
    notice = notice_of(centre, earlier_count(centre) + 1, as_of)
    path = _folder(centre) / f"{notice.batch_id}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(notice.content)
    _until(lambda: not processes.is_running(centre.name), SECONDS_TO_ANSWER)
    began = time.monotonic()
    processes.start(centre.name, push_command(centre, [path]), environment)
    if not _until(lambda: centre.is_answered(notice.batch_id), SECONDS_TO_ANSWER):
        raise NotSeen(f"{centre.code} has no answer after {SECONDS_TO_ANSWER} s; see {processes.log_file(centre.name)}")
    answered = time.monotonic()
    say(f"{centre.code}: acknowledged, signed receipt kept; waiting for its flags in published.handoff_flags")
    with psycopg.connect(database, autocommit=True) as connection:
        if not _until(lambda: bool(_open_flags(connection, notice)), SECONDS_TO_SEE):
            raise NotSeen(f"no flag after {SECONDS_TO_SEE} s; the notice is kept: look at the runs of receive_release_notices in Airflow")
        seen = time.monotonic()
        return Seen(answered - began, seen - answered, _open_flags(connection, notice))


def notice_of(centre: Centre, number: int, as_of: date) -> Notice:
    """The batch: numbered after the province's own, at a place that occurs in the province.

    Raises:
        NotSeen: no notice of this centre names a place that could be used.
    """
    place = next(_places(centre.batches.values()), None)
    if place is None:
        raise NotSeen(f"no notice of {centre.code} names a police station by its code")
    decision_date = as_of - timedelta(days=725)
    decision_number = f"样公演强戒决字〔{decision_date.year}〕第{number}号"
    batch_id = f"{centre.code}-{as_of:%Y%m%d}-{_last_serial(centre) + number:05}"
    row = {
        "source_key": f"{centre.code}-TZ-9{number:05}",
        "operation_code": "I",
        "source_updated_at": f"{as_of} 09:15:30",
        "id_type_code": "999",
        "name": "张示例",
        "sex_code": "1",
        "birth_date": f"19{60 + number % 40}-03-12",
        **place,
        "notice_number": f"样戒演通字〔{as_of.year}〕第{number}号",
        "centre_code": centre.code,
        "decision_number": decision_number,
        "decision_date": f"{decision_date}",
        "expected_release_date": f"{as_of + timedelta(days=1)}",
        "release_type_code": "1",
        "notice_date": f"{as_of}",
        "notice_status_code": "1",
        "rehabilitation_order_code": "9",
    }
    envelope = {
        "schema_version": SCHEMA_VERSION,
        "feed": "release_notices",
        "sender_code": centre.code,
        "batch_id": batch_id,
        "exported_at": f"{as_of}T09:16:00+08:00",
        "row_count": 1,
        "rows": [row],
    }
    return Notice(batch_id, decision_number, json.dumps(envelope, ensure_ascii=False).encode())


def _places(batches: Any) -> Iterator[dict[str, str]]:
    """Where persons of these batches live and who is their police, newest first."""
    for path in reversed(list(batches)):
        for row in json.loads(path.read_bytes())["rows"]:
            place = {field: str(row.get(field) or "") for field in ("residence_region_code", "police_station_code")}
            if all(code.isdecimal() and len(code) == 12 for code in place.values()):
                yield place


def _last_serial(centre: Centre) -> int:
    ends = [batch_id.rpartition("-")[2] for batch_id in centre.batches]
    return max((int(end) for end in ends if end.isdecimal()), default=0)


def _folder(centre: Centre) -> Path:
    return centre.folder / "live"


def _open_flags(connection: psycopg.Connection[Any], notice: Notice) -> list[str]:
    found = connection.execute(
        "select f.flag_code from published.handoffs h join published.handoff_flags f using (handoff_id)"
        " where h.decision_number = %s and f.status = 'open' order by 1",
        (notice.decision_number,),
    )
    return [code for (code,) in found]


def _until(is_so: Callable[[], bool], patience_seconds: float) -> bool:
    deadline = time.monotonic() + patience_seconds
    while not (found := is_so()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found
