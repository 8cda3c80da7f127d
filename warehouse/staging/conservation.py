"""The conservation law: received = published + superseded + duplicates + quarantined + pending, proven row by row.

Source: reliability of the delivery, DESIGN section 7.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from expectations.agreement import feeds


@dataclass(frozen=True)
class Broken:
    """A delivery whose rows do not add up: how many numbers of 1..row_count have no fate, or more than one."""

    batch_id: int
    feed: str
    row_count: int
    without_fate: int
    with_two_fates: int


def broken_batches(connection: Connection) -> list[Broken]:
    """Deliveries in which a received row has no fate or two; empty when nothing was lost or doubled."""
    return [found for feed in feeds() for found in _of_feed(connection, feed)]


def _of_feed(connection: Connection, feed: str) -> list[Broken]:
    table = f"{feeds()[feed].schema}.{feed}"
    rows = connection.execute(
        text(
            f"with fate as (select batch_id, row_number from {table} where row_number is not null "
            "union all select batch_id, row_number from quarantine.row where feed = :feed "
            "union all select batch_id, n from landing.batch b, unnest(b.duplicate_rows) r, generate_series(lower(r), upper(r) - "
            "1) n where feed = :feed), "
            "counted as (select batch_id, count(*) as fates, count(distinct row_number) as numbers, min(row_number) as first, "
            "max(row_number) as last "
            "from fate group by batch_id) "
            "select b.batch_id, b.row_count, b.row_count - coalesce(numbers, 0) as without_fate, coalesce(fates - numbers, 0) as "
            "with_two_fates "
            "from landing.batch b left join counted c using (batch_id) where b.feed = :feed and b.state in ('accepted', "
            "'accepted_with_errors') "
            "and (b.row_count <> coalesce(numbers, 0) or coalesce(fates, 0) <> coalesce(numbers, 0) or coalesce(first, 1) < 1 or "
            "coalesce(last, 0) > b.row_count)"
        ),
        {"feed": feed},
    )
    return [Broken(r.batch_id, feed, r.row_count, r.without_fate, r.with_two_fates) for r in rows]


def feed_totals(connection: Connection) -> list[dict[str, object]]:
    """One line per feed of published.feed_health with `difference` = received minus the five fates."""
    found = connection.execute(
        text(
            "select provider, feed, received, published, superseded, duplicates, quarantined, pending, "
            "received - published - superseded - duplicates - quarantined - pending as difference from published.feed_health order "
            "by provider, feed"
        )
    )
    return [dict(row) for row in found.mappings()]
