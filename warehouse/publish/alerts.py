"""Alerts of operators: each stands open, once, for as long as what it tells of lasts. What they tell of is found elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, order=True)
class Alert:
    """Something that is not as it should be, of an organisation or region; no person."""

    kind: str
    organization_code: str
    subject: str = ""
    count: int = 1


def keep_open(connection: Connection, kinds: Collection[str], found: Iterable[Alert], now: datetime) -> dict[str, int]:
    """Of these kinds exactly what was found stands open; returns how many were found, opened and closed."""
    rows = [one.__dict__ for one in sorted(set(found))]
    connection.execute(text("create temporary table found (kind text, organization_code text, subject text, count int) on commit drop"))
    if rows:
        connection.execute(text("insert into found values (:kind, :organization_code, :subject, :count)"), rows)
    same = "(f.kind, f.organization_code, f.subject) = (a.kind, a.organization_code, a.subject)"
    closed = connection.execute(
        text(
            "update outbox.alert a set closed_at = :now where closed_at is null and kind = any(:kinds) "
            f"and not exists (select from found f where {same})"
        ),
        {"now": now, "kinds": list(kinds)},
    )
    connection.execute(
        text(f"update outbox.alert a set count = f.count from found f where a.closed_at is null and {same} and a.count <> f.count")
    )
    opened = connection.execute(
        text(
            "insert into outbox.alert (kind, organization_code, subject, count, opened_at) select f.*, :now from found f "
            f"where not exists (select from outbox.alert a where a.closed_at is null and {same})"
        ),
        {"now": now},
    )
    connection.execute(text("drop table found"))
    return {"found": len(rows), "opened": opened.rowcount, "closed": closed.rowcount}
