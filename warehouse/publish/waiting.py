"""Received notices that have not reached their flags for too long: one alert while it lasts, told to operators at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from core.clock import today_date
from warehouse.alerts import Alert, keep_open
from warehouse.publish.outbox import add_items
from warehouse.publish.recipients import IN_FORCE

NOTICES_WAITING = "NOTICES_WAITING"
TOO_LONG = timedelta(minutes=15)
"""Ordinarily seconds; behind a long linking, its minutes. What a steward holds waits for the steward and is no fault."""


def look_for_waiting(connection: Connection, now: datetime) -> int:
    """An alert stands open while decided pushes wait to be carried for over 15 minutes; returns how many wait so long."""
    count = connection.execute(
        text(
            "select count(*) from landing.push p join landing.batch b on b.batch_id = p.landing_batch_id "
            "where p.carried_at is null and b.state <> 'held' and p.received_at < :before"
        ),
        {"before": now - TOO_LONG},
    ).scalar_one()
    keep_open(connection, (NOTICES_WAITING,), [Alert(NOTICES_WAITING, "", "", count)] if count else [], now)
    if count:
        _tell(connection, now)
    return int(count)


def _tell(connection: Connection, now: datetime) -> None:
    connection.execute(
        text(
            "create temporary table told on commit drop as select a.alert_id, r.recipient_id, 'alert' as reason from ops.alert a "
            f"join outbox.recipient r on {IN_FORCE} and r.audience = 'operator' "
            "where a.kind = :kind and a.closed_at is null and a.acknowledged_at is null"
        ),
        {"kind": NOTICES_WAITING, "as_of": today_date()},
    )
    add_items(connection, "told", "alert_id", f"alert/{now.isoformat()}", now, now)
    connection.execute(text("drop table told"))
