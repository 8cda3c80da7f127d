"""What single deliveries cannot show: keys the source no longer has, and rows whose partner never came.

Source: agreement section 2 (silent deletion of incremental feeds, out of order).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text

from core.clock import end_of_day_at
from expectations.agreement import Feed, Field, feeds

ORPHAN_AFTER_DAYS = 30

# Numbers of decisions and orders are compared without spaces and with one kind of bracket (agreement, joins).
SAME_NUMBER = "translate(regexp_replace(normalize({0}, NFKC), '\\s', '', 'g'), '[]【】()', '〔〕〔〕〔〕')"


def mark_missing(connection: Connection, feed: Feed, keys: Iterable[str], day: date) -> tuple[int, int]:
    """Current rows whose key the source no longer lists are marked for a steward, not deleted; returned ones are unmarked.

    Returns:
        How many were newly marked, and how many keys the source has that we do not.
    """
    table = f"{feed.schema}.{feed.feed}"
    connection.execute(text("create temporary table listed_key (source_key text primary key) on commit drop"))
    rows = [{"key": key} for key in set(keys)]
    if rows:
        connection.execute(text("insert into listed_key values (:key)"), rows)
    connection.execute(
        text(
            f"update {table} c set missing_since = null from listed_key k where k.source_key = c.source_key and c.is_current "
            "and c.missing_since is not null"
        )
    )
    marked = connection.execute(
        text(
            f"update {table} c set missing_since = :day where c.is_current and c.operation_code <> 'D' and c.missing_since is null "
            "and not exists (select from listed_key k where k.source_key = c.source_key)"
        ),
        {"day": day},
    ).rowcount
    unknown = connection.execute(
        text(
            f"select count(*) from listed_key k where not exists (select from {table} c where c.source_key = k.source_key) "
            "and not exists (select from quarantine.row q where q.feed = :feed and q.source_key = k.source_key)"
        ),
        {"feed": feed.feed},
    ).scalar_one()
    connection.execute(text("drop table listed_key"))
    return marked, unknown


def warn_orphans(connection: Connection, day: date) -> int:
    """Rows waiting over 30 days for their partner have a W_ORPHAN, told to both providers once. Returns how many were new."""
    return sum(
        _warn(connection, feed, field, end_of_day_at(day) - timedelta(days=ORPHAN_AFTER_DAYS))
        for feed in feeds().values()
        for field in feed.fields
        if field.partner
    )


def _warn(connection: Connection, feed: Feed, field: Field, before: datetime) -> int:
    partner_feed, _, partner_field = str(field.partner).partition(".")
    partner = feeds()[partner_feed]
    ours, theirs = (
        SAME_NUMBER.format(c) if field.field in {"order_number", "decision_number"} else c
        for c in (f"c.{field.field}", f"p.{partner_field}")
    )
    orphans = (
        f"select c.batch_id, c.row_number, c.source_key from {feed.schema}.{feed.feed} c where c.is_current and c.operation_code <> 'D' "
        f"and c.row_number is not null and c.{field.field} is not null and c.arrived_at < :before "
        f"and not exists (select from {partner.schema}.{partner.feed} p where {theirs} = {ours}) "
        "and not exists (select from quarantine.problem q where q.batch_id = c.batch_id and q.row_number = c.row_number "
        "and q.code = 'W_ORPHAN' and q.field = :field)"
    )
    told = connection.execute(
        text(
            f"with orphan as ({orphans}) insert into quarantine.problem "
            "(batch_id, row_number, provider, feed, source_key, field, code, severity) "
            "select o.batch_id, o.row_number, provider, :feed, o.source_key, :field, 'W_ORPHAN', 'warning' "
            "from orphan o cross join unnest(cast(:providers as text[])) provider"
        ),
        {"before": before, "feed": feed.feed, "field": field.field, "providers": sorted({feed.provider, partner.provider})},
    ).rowcount
    return told // len({feed.provider, partner.provider})
