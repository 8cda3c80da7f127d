"""What a centre and we say of one of its days: our signed manifest of what we keep, its own declaration of what it sent, and both compared.

A day is a Shanghai day by our clock of receiving, its 24:00 included (a rehearsed clock stands there). A manifest is made once, when
the day is over, from the bytes as they lie in the raw store, so that it says of every digest that we still hold what belongs to it.
Whatever a centre declares and we do not have is named to both sides. The agreement knows no manifests; they are our addition, and a
centre that declares nothing loses nothing but this.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text

from core import proof
from core.clock import SHANGHAI, end_of_day_at, now_at, today_date
from warehouse.intake.centres import trusted
from warehouse.intake.push import Refusal
from warehouse.intake.pushes import use_nonce
from warehouse.landing.raw import RawStore

MANIFEST, COMPARISON = "intake-manifest", "intake-comparison"
"""What each proof is signed as."""
SETTLED = timedelta(minutes=10)
"""After midnight: by then what was stamped before it is committed."""
MADE_UP_DAYS = 14
"""So many days are made up for when nobody made manifests for a while."""


@dataclass(frozen=True)
class Declaration:
    """What a centre means to have sent by the end of a day: batch_id to SHA-256 (hex) of the bytes; which key signed it."""

    sender_code: str
    day: date
    app_key: str
    nonce: str
    batches: Mapping[str, str]
    body_sha256: str


def is_over(day: date) -> bool:
    """True when nothing more can be received on this day."""
    return now_at() >= end_of_day_at(day) + SETTLED


def manifest(connection: Connection, store: RawStore, centre_code: str, day: date) -> str:
    """Our signed manifest of a centre's day: the one that stands, or, of a day that is not over, what came so far.

    Raises:
        FixConfiguration: bytes that were received are not in the raw store, or were changed.
    """
    kept = _standing(connection, centre_code, day)
    if kept is not None:
        return kept
    received = _received(connection, store, centre_code, day)
    signed = proof.sign(_claims(centre_code, day, received), kind=MANIFEST)
    if not is_over(day):
        return signed
    connection.execute(
        text(
            "insert into landing.manifest (sender_code, day, batch_count, content, made_at) "
            "values (:centre, :day, :count, :content, :now) on conflict do nothing"
        ),
        {"centre": centre_code, "day": day, "count": len(received), "content": signed, "now": now_at()},
    )
    return _standing(connection, centre_code, day) or signed


def manifests_to_make(connection: Connection) -> list[tuple[str, date]]:
    """Registered centres and days that are over and have no manifest: yesterday, and what was missed since a centre's first one."""
    yesterday = today_date() - timedelta(days=1)
    wanted = connection.execute(
        text(
            "select c.centre_code, d::date as day from registry.centre c "
            "cross join generate_series(cast(:first as date), cast(:last as date), interval '1 day') d "
            "where (d::date = :last or d::date > (select min(m.day) from landing.manifest m where m.sender_code = c.centre_code)) "
            "and not exists (select from landing.manifest m where (m.sender_code, m.day) = (c.centre_code, d::date)) order by 1, 2"
        ),
        {"first": yesterday - timedelta(days=MADE_UP_DAYS), "last": yesterday},
    ).all()
    return [(centre, day) for centre, day in wanted if is_over(day)]


def _standing(connection: Connection, centre_code: str, day: date) -> str | None:
    return connection.execute(
        text("select content from landing.manifest where (sender_code, day) = (:centre, :day)"), {"centre": centre_code, "day": day}
    ).scalar()


def _received(connection: Connection, store: RawStore, centre_code: str, day: date) -> list[dict[str, Any]]:
    rows = connection.execute(
        text(
            "select feed, name, form, content_address, coalesce(row_count, declared_rows) as row_count, received_at from landing.batch "
            "where provider = 'detention_centers' and sender_code = :centre and received_at > :after and received_at <= :until "
            "order by batch_id"
        ),
        {"centre": centre_code, "after": end_of_day_at(day - timedelta(days=1)), "until": end_of_day_at(day)},
    )
    return [_entry(row, store) for row in rows]


def _entry(row: Row[Any], store: RawStore) -> dict[str, Any]:
    return {
        "feed": row.feed,
        "batch_id": row.name,
        "form": row.form,
        "body_sha256": hashlib.sha256(store.get(row.content_address)).hexdigest(),
        "row_count": row.row_count,
        "received_at": _local(row.received_at),
    }


def _claims(centre_code: str, day: date, received: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "sender_code": centre_code,
        "day": day.isoformat(),
        "is_complete": is_over(day),
        "made_at": _local(now_at()),
        "count": len(received),
        "digest": digest_of((one["batch_id"], one["body_sha256"]) for one in received),
        "batches": received,
    }


def declare(connection: Connection, store: RawStore, declared: Declaration) -> dict[str, str] | Refusal:
    """The declaration is kept and answered: our manifest of the day, and both compared, each signed.

    Raises:
        FixConfiguration: as `manifest`.
    """
    if declared.app_key not in trusted(connection, [declared.app_key]):
        return Refusal("key")
    if not use_nonce(connection, declared.app_key, declared.nonce):
        return Refusal("nonce")
    connection.execute(
        text(
            "insert into landing.declaration (sender_code, day, app_key, received_at, body_sha256, batches) "
            "values (:centre, :day, :key, :now, :sha256, cast(:batches as jsonb))"
        ),
        {
            "centre": declared.sender_code,
            "day": declared.day,
            "key": declared.app_key,
            "now": now_at(),
            "sha256": declared.body_sha256,
            "batches": json.dumps(dict(declared.batches)),
        },
    )
    compared = _compared(connection, store, declared)
    return {
        "manifest": manifest(connection, store, declared.sender_code, declared.day),
        "comparison": proof.sign(compared, kind=COMPARISON),
    }


def _compared(connection: Connection, store: RawStore, declared: Declaration) -> dict[str, Any]:
    """`not_received`: declared, and not here on whatever day; `different`: here with other bytes under this batch_id."""
    rows = connection.execute(
        text("select batch_id, content_address from landing.push where sender_code = :centre and batch_id = any(:ids)"),
        {"centre": declared.sender_code, "ids": list(declared.batches)},
    ).all()
    ours = {row.batch_id: hashlib.sha256(store.get(row.content_address)).hexdigest() for row in rows}
    return {
        "sender_code": declared.sender_code,
        "day": declared.day.isoformat(),
        "declaration_sha256": declared.body_sha256,
        "compared_at": _local(now_at()),
        "declared": len(declared.batches),
        "not_received": sorted(declared.batches.keys() - ours.keys()),
        "different": sorted(name for name, sha256 in ours.items() if sha256 != declared.batches[name]),
    }


AFTER_THE_DAY = "(received_at at time zone 'Asia/Shanghai')::date > day"
"""A declaration made before its day was over says nothing of what came after it."""
LAST_OF_EACH_DAY = (
    f"select distinct on (sender_code, app_key, day) sender_code, day, batches, {AFTER_THE_DAY} as is_whole from landing.declaration "
    "where day >= :since order by sender_code, app_key, day, declaration_id desc"
)


def not_received(connection: Connection, since: date) -> list[tuple[str, str]]:
    """Centre and batch_id of everything declared for the days from `since` on and not received until now."""
    found = connection.execute(
        text(
            f"select distinct d.sender_code, b.batch_id from ({LAST_OF_EACH_DAY}) d cross join lateral jsonb_object_keys(d.batches) "
            "as b(batch_id) where not exists (select from landing.push p "
            "where (p.sender_code, p.batch_id) = (d.sender_code, b.batch_id)) order by 1, 2"
        ),
        {"since": since},
    )
    return [(row.sender_code, row.batch_id) for row in found]


def not_declared(connection: Connection, since: date) -> list[tuple[str, str]]:
    """Centre and batch_id of every push of a declared day from `since` on that no declaration of the centre names.

    Declarations of the days around count too: at midnight two clocks may put a batch on two days.
    """
    found = connection.execute(
        text(
            f"with declared as ({LAST_OF_EACH_DAY}) select p.sender_code, p.batch_id from landing.push p "
            "join landing.batch b on b.batch_id = p.landing_batch_id and b.form = 'push' "
            "cross join lateral (select ((p.received_at - interval '1 microsecond') at time zone 'Asia/Shanghai')::date as day) r "
            "where r.day >= :since and exists (select from landing.manifest m where (m.sender_code, m.day) = (p.sender_code, r.day)) "
            "and exists (select from declared d where (d.sender_code, d.day, d.is_whole) = (p.sender_code, r.day, true)) "
            "and not exists (select from declared d where d.sender_code = p.sender_code and d.day between r.day - 1 and r.day + 1 "
            "and d.batches ? p.batch_id) order by 1, 2"
        ),
        {"since": since},
    )
    return [(row.sender_code, row.batch_id) for row in found]


def silent_since(connection: Connection, since: date, last_day: date) -> list[tuple[str, date]]:
    """Centres that declared whole days from `since` on and none of `last_day` or later, with the last day they declared."""
    found = connection.execute(
        text(
            "select sender_code, max(day) as day from landing.declaration d join registry.centre c on c.centre_code = d.sender_code "
            f"where day >= :since and {AFTER_THE_DAY} and c.disabled_at is null group by 1 having max(day) < :last order by 1"
        ),
        {"since": since, "last": last_day},
    )
    return [(row.sender_code, row.day) for row in found]


def digest_of(batches: Any) -> str:
    """One digest over (batch_id, SHA-256) of a day: SHA-256 of the lines ``<batch_id> <sha256>\\n``, sorted; both sides form it."""
    return hashlib.sha256("".join(sorted(f"{name} {sha256}\n" for name, sha256 in batches)).encode()).hexdigest()


def _local(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")
