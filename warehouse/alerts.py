"""Alerts of operators: what is not as it should be stands open in ops.alert, once, for as long as it lasts. No person in it.

Every kind, its words and what to do stand here. What is amiss is found elsewhere, by whoever looks; who is told of it says
warehouse/publish. An alert that was acknowledged stays open and is told to nobody any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from core.clock import now_at
from core.errors import FixConfiguration
from core.logs import log_event


@dataclass(frozen=True)
class Kind:
    """What is said of one kind of alert, in both languages, and what an operator does."""

    about_zh: str
    about_en: str
    means_zh: str
    means_en: str
    step: str


@dataclass(frozen=True, order=True)
class Alert:
    """Something that is not as it should be; `subject` says what, of which organisation or region, where there is one."""

    kind: str
    organization_code: str
    subject: str = ""
    count: int = 1


def _delivery(means_zh: str, means_en: str, step: str) -> Kind:
    return Kind("报送", "delivery", means_zh, means_en, step)


KINDS: Mapping[str, Kind] = {
    "BATCH_MISSING": _delivery("该批次未收到", "this batch was never received", "the centre sends it again"),
    "BATCH_UNKNOWN": _delivery(
        "收到该批次而单位未申报",
        "this batch came under the centre's key and the centre does not declare it",
        "ask the centre; if it is not its own, disable-centre",
    ),
    "DAY_UNDECLARED": _delivery(
        "单位未再申报当日批次，末次申报日",
        "the centre declares its days no more; the last one",
        "telephone; it runs `centre_client reconcile`",
    ),
    "CENTRE_SILENT": _delivery("整月无报送，也无零报告", "nothing was sent in this month, not even a nil return", "telephone"),
    "SNAPSHOT_MISSING": _delivery("名册未收到，沿用此前一份", "no roster came; the one before stays in use", "telephone"),
    "NOTICES_UNSENT": _delivery(
        "名册在册而通知未收到的人数", "persons on the roster whose notice is due and not received", "the centre sends them"
    ),
    "NUMBERING_UNKNOWN": _delivery(
        "批次号不合约定格式，无法核对缺漏",
        "batch numbers are not of the agreed form; gaps cannot be seen",
        "ask for the agreed numbers, or to declare its days",
    ),
    "NOBODY_TOLD": Kind(
        "登记",
        "recipients",
        "有提示而无人登记接收，数量",
        "flags are open and nobody is registered to be told; how many",
        "python -m warehouse register-recipient",
    ),
    "NOTICES_WAITING": Kind(
        "运行",
        "running",
        "已收通知尚未处理完毕，数量",
        "received notices have not reached their flags yet; how many",
        "docs/runbook.md, Notices are not carried through",
    ),
    "CALENDAR_MISSING": Kind(
        "参数", "parameters", "缺少该年度工作日历", "the working days of this year are not loaded", "python -m warehouse load-calendar YEAR"
    ),
    "PARAM_MISSING": Kind(
        "参数", "parameters", "缺少该参数的现行值", "this parameter has no value in force", "python -m warehouse load-parameters FILE"
    ),
}
SUPPLIED = ("CALENDAR_MISSING", "PARAM_MISSING")
"""What operators have to supply before everything can be worked out."""


def keep_open(
    connection: Connection, kinds: Collection[str], found: Iterable[Alert], now: datetime, *, is_all: bool = True
) -> dict[str, int]:
    """Of these kinds exactly what was found stands open; returns how many were found, opened and closed.

    Args:
        is_all: everything was looked at, so that what was not found is no more; else nothing is closed.
    """
    rows = [one.__dict__ for one in sorted(set(found))]
    connection.execute(text("create temporary table found (kind text, organization_code text, subject text, count int) on commit drop"))
    if rows:
        connection.execute(text("insert into found values (:kind, :organization_code, :subject, :count)"), rows)
    closed = connection.execute(text(_CLOSE), {"now": now, "kinds": list(kinds), "is_all": is_all})
    connection.execute(text(_RECOUNT))
    opened = connection.execute(text(_OPEN), {"now": now})
    connection.execute(text("drop table found"))
    return {"found": len(rows), "opened": opened.rowcount, "closed": closed.rowcount}


_CLOSE = """
update ops.alert a set closed_at = :now where closed_at is null and kind = any(:kinds) and :is_all and not exists (
    select from found f where (f.kind, f.organization_code, f.subject) = (a.kind, a.organization_code, a.subject))
"""
_RECOUNT = """
update ops.alert a set count = f.count from found f
where a.closed_at is null and (f.kind, f.organization_code, f.subject) = (a.kind, a.organization_code, a.subject) and a.count <> f.count
"""
_OPEN = """
insert into ops.alert (kind, organization_code, subject, count, opened_at) select f.*, :now from found f where not exists (
    select from ops.alert a
    where a.closed_at is null and (f.kind, f.organization_code, f.subject) = (a.kind, a.organization_code, a.subject))
"""


def keep_supplied(connection: Connection, missing: Collection[str], *, is_all: bool) -> int:
    """`missing` (CALENDAR_MISSING:<year>, PARAM_MISSING:<name>:<region>) stand open; returns how many of these kinds are.

    Args:
        is_all: as of `keep_open`.
    """
    for code in sorted(missing):
        log_event(code, next_step=KINDS[code.partition(":")[0]].step)
    keep_open(connection, SUPPLIED, map(_supplied, missing), now_at(), is_all=is_all)
    standing = text("select count(*) from ops.alert where kind = any(:kinds) and closed_at is null")
    return int(connection.execute(standing, {"kinds": list(SUPPLIED)}).scalar_one())


def _supplied(code: str) -> Alert:
    kind, name, region = (*code.split(":", 2), "")[:3]
    return Alert(kind, region, name)


def open_alerts(connection: Connection) -> list[Row[Any]]:
    """Every open alert, those nobody acknowledged first, the oldest first."""
    return list(
        connection.execute(
            text(
                "select alert_id, kind, organization_code, subject, count as number, opened_at, acknowledged_at, acknowledged_by, "
                "acknowledgement from ops.alert where closed_at is null order by acknowledged_at is not null, opened_at, alert_id"
            )
        )
    )


def acknowledge(connection: Connection, alert_id: int, by: str, reason: str) -> None:
    """The alert is known and looked after: it stays open until what it tells of is over, and is told no more.

    Raises:
        FixConfiguration: no such alert is open, or no reason is given.
    """
    if not reason.strip():
        raise FixConfiguration("say what is being done: --reason TEXT")
    changed = connection.execute(
        text(
            "update ops.alert set acknowledged_at = :now, acknowledged_by = :by, acknowledgement = :reason "
            "where alert_id = :id and closed_at is null"
        ),
        {"now": now_at(), "by": by, "reason": reason, "id": alert_id},
    )
    if not changed.rowcount:
        raise FixConfiguration(f"no alert {alert_id} is open: `python -m warehouse alerts` lists them")
