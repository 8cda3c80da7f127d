"""What the sender sees of a delivery: a receipt and a table of rejected rows, without any received value.

Source: agreement section 9.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from core.clock import SHANGHAI, now_at
from expectations.agreement import feeds
from warehouse.landing.batches import LandedBatch


@dataclass(frozen=True)
class Undelivered:
    """A receipt its sender has not got yet: the delivery's name, the receipt and the table of rejected rows."""

    batch_id: int
    name: str
    receipt: dict[str, Any]
    rejected_csv: bytes | None


REJECTED_COLUMNS = ("row_number", "source_key", "header", "error_code", "message")


def write_receipt(connection: Connection, batch: LandedBatch) -> None:
    """ops.receipt says what became of the batch; written in the transaction that decided it."""
    row = connection.execute(
        text(
            "select state, code, row_count, declared_rows, staged_count, duplicate_count, warning_count, finished_at, "
            "(select count(distinct row_number) from quarantine.problem p where p.batch_id = b.batch_id and severity = 'reject') "
            "as rejected "
            "from landing.batch b where batch_id = :id"
        ),
        {"id": batch.batch_id},
    ).one()
    receipt = {
        "file": batch.delivery.name,
        "sha256": hashlib.sha256(batch.delivery.content).hexdigest(),
        "state": row.state,
        "error_code": row.code,
        "rows": row.row_count if row.row_count is not None else row.declared_rows,
        "accepted": row.staged_count,
        "duplicates": row.duplicate_count,
        "rejected": row.rejected if row.state != "rejected" else (row.row_count or 0),
        "warnings": row.warning_count,
        "received_at": batch.received_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
        "finished_at": row.finished_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
    }
    connection.execute(
        text(
            "insert into ops.receipt (batch_id, receipt, rejected_csv, written_at) values (:id, cast(:receipt as jsonb), :rejected, :now) "
            "on conflict (batch_id) do update set receipt = cast(:receipt as jsonb), rejected_csv = :rejected, written_at = :now, "
            "delivered_at = null"
        ),
        {
            "id": batch.batch_id,
            "receipt": json.dumps(receipt, ensure_ascii=False),
            "rejected": _rejected_csv(connection, batch),
            "now": now_at(),
        },
    )


def _rejected_csv(connection: Connection, batch: LandedBatch) -> bytes | None:
    rows = connection.execute(
        text(
            "select p.row_number, p.source_key, p.field, p.code, coalesce(m.message, p.code) as message from quarantine.problem p "
            "left join registry.code_message m using (code) where p.batch_id = :id and p.severity in ('reject', 'hold') order by "
            "p.row_number, p.problem_id"
        ),
        {"id": batch.batch_id},
    ).all()
    if not rows:
        return None
    fields = feeds()[batch.delivery.feed].by_name
    target = io.StringIO()
    writer = csv.writer(target)
    writer.writerow(REJECTED_COLUMNS)
    for row in rows:
        writer.writerow(
            [row.row_number, row.source_key or "", fields[row.field].header if row.field in fields else "", row.code, row.message]
        )
    return target.getvalue().encode("utf-8-sig")


def undelivered(connection: Connection, provider: str) -> list[Undelivered]:
    """Receipts of a provider's files that do not lie in its outbox yet, oldest first."""
    rows = connection.execute(
        text(
            "select b.batch_id, b.name, r.receipt, r.rejected_csv from ops.receipt r join landing.batch b using (batch_id) "
            "where b.provider = :provider and b.form in ('csv', 'xlsx') and r.delivered_at is null order by b.batch_id"
        ),
        {"provider": provider},
    )
    return [Undelivered(r.batch_id, r.name, r.receipt, bytes(r.rejected_csv) if r.rejected_csv else None) for r in rows]


def mark_delivered(connection: Connection, batch_id: int) -> None:
    """The receipt of this batch lies in the sender's outbox."""
    connection.execute(text("update ops.receipt set delivered_at = :now where batch_id = :id"), {"now": now_at(), "id": batch_id})
