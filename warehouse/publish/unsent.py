"""What should have come from the detention centres and did not: found once a day, kept as alerts, closed when it comes after all.

* BATCH_MISSING: a number that a centre passed over, or a batch it declares to have sent. Batch numbers are
  ``<centre>-<yyyymmdd>-<nnnn>``, counted from 0001 within the day: every number below the day's greatest must be there; what is
  missing after the greatest, a declaration tells. NUMBERING_UNKNOWN: a centre's numbers are not of this form and it declares nothing.
* BATCH_UNKNOWN: a batch that came under a centre's key on a day it declared, and that it does not declare.
* DAY_UNDECLARED: a centre that declared its days did not declare yesterday.
* CENTRE_SILENT: in the last complete month neither a notice nor a nil return came from a centre of the directory.
* SNAPSHOT_MISSING: last night's roster of a centre is not there.
* NOTICES_UNSENT: how many persons on a centre's roster have a notice that is due and not received (flag NOTICE_MISSING).

Sources: agreement sections 2 and 3. The rules of silence and of numbering are our choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text

from core.clock import SHANGHAI, end_of_day_at, now_at
from warehouse.alerts import Alert, keep_open
from warehouse.intake.manifests import not_declared, not_received, silent_since
from warehouse.publish.outbox import in_round
from warehouse.publish.recipients import IN_FORCE
from warehouse.publish.rounds import next_rounds

KINDS = ("BATCH_MISSING", "BATCH_UNKNOWN", "DAY_UNDECLARED", "NUMBERING_UNKNOWN", "CENTRE_SILENT", "SNAPSHOT_MISSING", "NOTICES_UNSENT")
NUMBER = re.compile(r"(?P<day>\d{8})-(?P<number>\d{4})")
LOOKED_BACK = timedelta(days=62)
WITHOUT_NUMBER = re.compile(r"\d{6}-nil|[0-9a-f]{16}-\d{2}")
"""Batches of our own client that count nothing: nil returns, and files, of which its spool keeps what is not acknowledged."""
MOST_GAPS = 200
"""Of one centre and day: a number like 9999 after 0001 is a slip of the numbering, not ten thousand lost batches."""


def look(connection: Connection, today: date) -> dict[str, int]:
    """Alerts are open for exactly what is missing on this morning, and those concerned have it in their next round."""
    found = {*_batches(connection, today), *_declared(connection, today)}
    found |= {*_silent(connection, today), *_rosters(connection, today), *_notices(connection)}
    counts = keep_open(connection, KINDS, found, now_at())
    return counts | {"items": _tell_alerts(connection, today) + _tell_notices(connection, today)}


def gaps(batches: Iterable[tuple[str, str]], since: date) -> Iterator[Alert]:
    """The numbers passed over within each centre's days from `since` on; a centre whose numbers are of another form is named once.

    Args:
        batches: sender and batch_id. A number counts for who sent it: a batch_id that names another centre is of another form.
    """
    numbers: dict[tuple[str, str], set[int]] = {}
    unknown = set()
    for centre, batch_id in batches:
        own = f"{centre}-"
        rest = batch_id.removeprefix(own) if batch_id.startswith(own) else ""
        form = NUMBER.fullmatch(rest)
        if form and form["day"] < f"{since:%Y%m%d}":
            continue  # of such a day the first numbers are looked at no more, and would seem missing beside one that came late
        if form:
            numbers.setdefault((centre, form["day"]), set()).add(int(form["number"]))
        elif not WITHOUT_NUMBER.fullmatch(rest):
            unknown.add(centre)
    for (centre, day), present in numbers.items():
        missing = sorted(set(range(1, max(present))) - present)
        yield from (Alert("BATCH_MISSING", centre, f"{centre}-{day}-{number:04}") for number in missing[:MOST_GAPS])
    yield from (Alert("NUMBERING_UNKNOWN", centre) for centre in unknown)


def _batches(connection: Connection, today: date) -> Iterator[Alert]:
    since = today - LOOKED_BACK
    sent = connection.execute(
        text(
            "select distinct sender_code, name from landing.batch "
            "where feed = 'release_notices' and form = 'push' and sender_code is not null and received_at >= :from"
        ),
        {"from": end_of_day_at(since - timedelta(days=2))},  # a day of grace for a sender's clock
    ).all()
    declaring = connection.execute(
        text("select distinct sender_code from landing.declaration where day >= :since"), {"since": since}
    ).scalars()
    known = {Alert("NUMBERING_UNKNOWN", centre) for centre in declaring}
    return (alert for alert in gaps(((row.sender_code, row.name) for row in sent), since) if alert not in known)


def _declared(connection: Connection, today: date) -> Iterator[Alert]:
    since = today - LOOKED_BACK
    yield from (Alert("BATCH_MISSING", centre, batch_id) for centre, batch_id in not_received(connection, since))
    yield from (Alert("BATCH_UNKNOWN", centre, batch_id) for centre, batch_id in not_declared(connection, since))
    for centre, last_day in silent_since(connection, since, today - timedelta(days=1)):
        yield Alert("DAY_UNDECLARED", centre, last_day.isoformat())


def month_before(today: date) -> tuple[date, date]:
    """First and last day of the last complete month."""
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


CENTRES = (
    "select distinct d.organization_code from staging.station_directory d where d.is_current and d.operation_code <> 'D' "
    "and d.organization_type_code in ('11', '12') and d.valid_from_date <= :first and (d.valid_to_date is null or d.valid_to_date >= :last)"
)


def _silent(connection: Connection, today: date) -> Iterator[Alert]:
    """By when the sender says it was made, else by when it came; a nil return that names the month counts whenever it came."""
    first, last = month_before(today)
    silent = connection.execute(
        text(
            f"{CENTRES} and not exists (select from landing.batch b where b.feed = 'release_notices' "
            "and b.sender_code = d.organization_code and b.state <> 'rejected' and (b.name = b.sender_code || :nil "
            "or (coalesce(b.exported_at, b.received_at) at time zone 'Asia/Shanghai')::date between :first and :last))"
        ),
        {"first": first, "last": last, "nil": f"-{first:%Y%m}-nil"},
    ).scalars()
    return (Alert("CENTRE_SILENT", code, f"{first:%Y-%m}") for code in silent)


def _rosters(connection: Connection, today: date) -> Iterator[Alert]:
    """The subject names the last roster that came, so that one alert stands for an outage of many nights."""
    night = today - timedelta(days=1)
    late = connection.execute(
        text(
            "select c.organization_code, max(s.snapshot_date) from (" + CENTRES + ") c left join ops.snapshot s "
            "on s.feed = 'centre_roster' and s.scope = c.organization_code group by 1 "
            "having coalesce(max(s.snapshot_date), '-infinity') < :night"
        ),
        {"first": night, "last": night, "night": night},
    )
    return (Alert("SNAPSHOT_MISSING", code, f"{newest}" if newest else "") for code, newest in late)


def _notices(connection: Connection) -> Iterator[Alert]:
    counted = connection.execute(
        text(
            "select h.centre_code, count(*) from published.handoff_flags f join published.handoffs h using (handoff_id) "
            "where f.flag_code = 'NOTICE_MISSING' and f.status = 'open' and h.centre_code is not null group by 1"
        )
    )
    return (Alert("NOTICES_UNSENT", centre, count=count) for centre, count in counted)


def _tell_alerts(connection: Connection, today: date) -> int:
    """Operators hear of every alert, a centre of what it did not send; once, and of persons without a notice every day.

    An alert that was acknowledged is told no more.
    """
    now = now_at()
    connection.execute(
        text(
            "create temporary table told on commit drop as select a.alert_id, r.recipient_id, "
            "case when a.kind = 'NOTICES_UNSENT' then :reason else 'alert' end as reason from ops.alert a "
            f"join outbox.recipient r on {IN_FORCE} and (r.audience = 'operator' "
            "or (r.audience = 'centre' and r.scope = a.organization_code and a.kind = any(:of_centres))) where a.closed_at is null "
            "and a.acknowledged_at is null"
        ),
        {"as_of": today, "reason": reason_of_the_morning(now), "of_centres": [kind for kind in KINDS if kind != "NOTICES_UNSENT"]},
    )
    written = in_round(connection, "told", "alert_id", "info", now)
    connection.execute(text("drop table told"))
    return written


def _tell_notices(connection: Connection, today: date) -> int:
    """Each centre has every morning the list of its own references whose notice is due and not received."""
    now = now_at()
    connection.execute(
        text(
            "create temporary table told on commit drop as select o.opening_id, r.recipient_id, "
            ":reason as reason from outbox.opening o join published.handoffs h on h.handoff_id = o.about_id "
            f"join outbox.recipient r on r.audience = 'centre' and r.scope = h.centre_code and {IN_FORCE} "
            "where o.flag_code = 'NOTICE_MISSING' and o.closed_at is null"
        ),
        {"as_of": today, "reason": reason_of_the_morning(now)},
    )
    written = in_round(connection, "told", "opening_id", "info", now)
    connection.execute(text("drop table told"))
    return written


def reason_of_the_morning(now: datetime) -> str:
    """The reason of what is told again each morning: the day of the round it goes with, so that it stands there once however often
    the day is looked through."""
    return f"unsent/{next_rounds('info', now)[0].astimezone(SHANGHAI).date()}"
