"""What a sender is told about one batch: counts, every refused row and warning by code, and a receipt that a third party can check.

No received personal value is in it: keys, field names, codes and their meanings only. Source: agreement sections 3, 7.2 and 9.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from core.clock import SHANGHAI
from expectations.agreement import Feed
from expectations.messages import meanings
from expectations.reading import form_of
from warehouse.intake.legal_days import LegalDays

ALL_TAKEN, ALL_REFUSED, ON_HOLD = 200, 422, 202

SignReceipt = Callable[[Mapping[str, Any]], str]
"""Gives the compact JWS over the claims."""


@dataclass(frozen=True)
class Told:
    """One refused row or warning of a batch."""

    row_number: int
    source_key: str | None
    field: str | None
    code: str

    def as_json(self) -> dict[str, Any]:
        """The form of the agreement's answer."""
        said = {"row_number": self.row_number, "source_key": self.source_key, "field": self.field}
        return said | {"error_code": self.code, "message": meanings()[self.code].text}


@dataclass(frozen=True)
class Decided:
    """What became of a batch: rows received, staged, there already; the refused rows and the warnings."""

    state: str
    code: str | None
    received: int
    accepted: int
    duplicates: int
    rejected: tuple[Told, ...] = ()
    warnings: tuple[Told, ...] = ()

    @property
    def refused_rows(self) -> frozenset[int]:
        """Row numbers that were not taken."""
        return frozenset(range(1, self.received + 1)) if self.state == "rejected" else frozenset(told.row_number for told in self.rejected)

    @property
    def status(self) -> int:
        """200; 422 where nothing of a batch with rows was taken; 202 where a steward decides first."""
        if self.state == "held":
            return ON_HOLD
        return ALL_REFUSED if self.state == "rejected" or (self.received and len(self.refused_rows) == self.received) else ALL_TAKEN


@dataclass(frozen=True)
class Sent:
    """What is certified about a batch as it came: who, what, when."""

    sender_code: str
    batch_id: str
    body_sha256: str
    received_at: datetime


def decided(connection: Connection, landing_batch_id: int, feed: Feed) -> Decided:
    """The fate of a decided batch, from the database.

    A batch that was refused as a whole has one line per row, with the code of the whole.
    """
    row = connection.execute(
        text("select state, code, row_count, staged_count, duplicate_count from landing.batch where batch_id = :id"),
        {"id": landing_batch_id},
    ).one()
    found = connection.execute(
        text(
            "select row_number, source_key, field, code, severity from quarantine.problem where batch_id = :id "
            "order by row_number, problem_id"
        ),
        {"id": landing_batch_id},
    ).all()
    rejected = tuple(Told(r.row_number, r.source_key, r.field, r.code) for r in found if r.severity in ("reject", "hold"))
    received = row.row_count or 0
    if row.state == "rejected":
        field = feed.sender_field if row.code == "E_SENDER" else None
        rejected = tuple(Told(number, None, field, row.code) for number in range(1, received + 1))
    warnings = tuple(Told(r.row_number, r.source_key, r.field, r.code) for r in found if r.severity == "warning")
    return Decided(row.state, row.code, received, row.staged_count, row.duplicate_count, rejected, warnings)


def notices(feed: Feed, rows: Iterable[tuple[int, Mapping[str, Any]]], days: LegalDays) -> list[dict[str, Any]]:
    """The part of the receipt that says of every notice taken whether it came in time.

    Args:
        rows: row number and the texts received.
    """
    return read_notices(({name: _read(feed, name, row.get(name)) for name in _NOTICE_FIELDS} for _, row in rows), days)


def read_notices(rows: Iterable[Mapping[str, str | None]], days: LegalDays) -> list[dict[str, Any]]:
    """As `notices`, of rows whose values are read already."""
    return [_notice(row, days) for row in rows]


_NOTICE_FIELDS = ("source_key", "operation_code", "centre_code", "notice_date", "expected_release_date")


def _read(feed: Feed, name: str, received: Any) -> str | None:
    return form_of(feed.by_name[name], date.min).read_one(received)[0] if isinstance(received, str) else None


def _notice(row: Mapping[str, str | None], days: LegalDays) -> dict[str, Any]:
    told, release, centre = row["notice_date"], row["expected_release_date"], row["centre_code"]
    is_deletion = row["operation_code"] == "D"
    latest = None if is_deletion or not (release and centre) else days.latest(centre, date.fromisoformat(release))
    return {
        "source_key": row["source_key"],
        "notice_date": None if is_deletion else told,
        "legal_latest_date": latest.isoformat() if latest else None,
        "is_late": date.fromisoformat(told) > latest if latest and told else None,
    }


def push_answer(sent: Sent, fate: Decided, told: list[dict[str, Any]], sign: SignReceipt) -> str:
    """The answer to a pushed batch, JSON; the same text is given to every repeat."""
    counts = {"received": fate.received, "accepted": fate.accepted, "duplicates": fate.duplicates}
    answer = {"batch_id": sent.batch_id} | counts | _lines(fate) | {"receipt": sign(_claims(sent, fate, told))}
    return _json(_as_problem(answer, fate) if fate.status == ALL_REFUSED else answer)


def upload_answer(file_name: str, sent: Sent, fate: Decided, finished_at: datetime, told: list[dict[str, Any]], sign: SignReceipt) -> str:
    """The answer to an uploaded file: the receipt of section 9 with its table of rows, and the signed receipt, JSON."""
    answer = {
        "file": file_name,
        "sha256": sent.body_sha256,
        "state": fate.state,
        "error_code": fate.code,
        "rows": fate.received,
        "accepted": fate.accepted,
        "duplicates": fate.duplicates,
        "rejected": len(fate.refused_rows),
        "warnings": len(fate.warnings),
        "received_at": _local(sent.received_at),
        "finished_at": _local(finished_at),
        "rejected_rows": [line.as_json() for line in fate.rejected],
        "warning_rows": [line.as_json() for line in fate.warnings],
        "receipt": sign(_claims(sent, fate, told)),
    }
    return _json(_as_problem(answer, fate) if fate.status == ALL_REFUSED else answer)


def _lines(fate: Decided) -> dict[str, Any]:
    return {"rejected": [line.as_json() for line in fate.rejected], "warnings": [line.as_json() for line in fate.warnings]}


def _claims(sent: Sent, fate: Decided, told: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "sender_code": sent.sender_code,
        "batch_id": sent.batch_id,
        "body_sha256": sent.body_sha256,
        "received_at": _local(sent.received_at),
        "row_count": fate.received,
        "accepted": fate.accepted,
        "duplicates": fate.duplicates,
        "rejected": len(fate.refused_rows),
        "notices": told,
    }


def _as_problem(answer: dict[str, Any], fate: Decided) -> dict[str, Any]:
    detail = meanings()[fate.code].text if fate.code else "every row was refused; repair the rows named and send them in a new batch"
    return {"type": "about:blank", "title": "Every row was refused", "status": ALL_REFUSED, "detail": detail} | answer


def _local(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")


def _json(answer: Mapping[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
