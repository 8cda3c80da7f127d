"""The published views that are derived on the spot: rejected rows, warnings and the health of each feed."""

from __future__ import annotations

from expectations.agreement import Feed, feeds

PROBLEM_VIEW = """
create or replace view published.{name} as
select p.provider, p.feed, p.batch_id, p.row_number, p.source_key, p.field, p.code as error_code, coalesce(m.message, p.code) as message
from quarantine.problem p left join registry.code_message m using (code)
where p.severity = '{severity}'
"""

FEED_HEALTH = """
create or replace view published.feed_health as
with versions (feed, current_rows, older_rows) as (
{versions}
), agreed (provider, feed, every_days) as (values
{agreed}
), batches as (
    select provider, feed, max(received_at) as last_batch_at,
           max(finished_at) filter (where state in ('accepted', 'accepted_with_errors')) as last_accepted_at,
           coalesce(sum(coalesce(row_count, declared_rows, 0)), 0) as received,
           coalesce(sum(duplicate_count) filter (where state in ('accepted', 'accepted_with_errors')), 0) as duplicates,
           coalesce(sum(quarantined_count) filter (where state in ('accepted', 'accepted_with_errors')), 0)
               + coalesce(sum(row_count) filter (where state = 'rejected'), 0) as quarantined,
           coalesce(sum(coalesce(row_count, declared_rows, 0)) filter (where state in ('landed', 'held')), 0) as pending,
           bool_or(state = 'held') as has_held
    from landing.batch group by provider, feed
)
select a.provider, a.feed, b.last_batch_at, b.last_accepted_at, coalesce(b.received, 0) as received, v.current_rows as published,
       v.older_rows as superseded, coalesce(b.duplicates, 0) as duplicates, coalesce(b.quarantined, 0) as quarantined,
       coalesce(b.pending, 0) as pending, now() - b.last_accepted_at as freshness,
       case when b.has_held then 'held' when b.last_accepted_at is null then 'never'
            when b.last_accepted_at < now() - a.every_days * interval '1 day' - interval '12 hours' then 'late' else 'fresh' end as status
from agreed a join versions v using (feed) left join batches b using (provider, feed)
"""


def view_statements() -> list[str]:
    """SQL that creates every derived view, from the agreement's feeds."""
    versions = " union all\n".join(_version_count(feed) for feed in feeds().values())
    agreed = ",\n".join(f"('{f.provider}', '{f.feed}', {f.expected_every_days or 'null'}::integer)" for f in feeds().values())
    return [
        PROBLEM_VIEW.format(name="rejected_rows", severity="reject"),
        PROBLEM_VIEW.format(name="warnings", severity="warning"),
        FEED_HEALTH.format(versions=versions, agreed=agreed),
    ]


def _version_count(feed: Feed) -> str:
    counts = "count(*) filter (where is_current), count(*) filter (where not is_current)"
    return f"select '{feed.feed}', {counts} from {feed.schema}.{feed.feed} where row_number is not null"
