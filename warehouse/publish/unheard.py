"""Flags that somebody may see and nobody is told of: one alert per role and organisation or county, until somebody is registered."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, text

from warehouse.alerts import Alert, keep_open
from warehouse.publish.recipients import IN_FORCE

NOBODY_TOLD = "NOBODY_TOLD"
# Openings are counted by whom they concern before those are looked at one by one: a province has few such lists.
UNHEARD = f"""
with lists as (
    select audience, see, count(*) as openings from outbox.opening where closed_at is null group by audience, see
), concerned as (
    select split_part(entry, ':', 1) as audience, split_part(entry, ':', 2) as scope, sum(openings) as openings
    from lists cross join lateral unnest(audience || array['operator:', 'steward:']) as u(entry)
    join (values ('station', 'S'), ('centre', 'C'), ('police', 'P'), ('coordinator', 'K'), ('coordinator', 'k'),
          ('operator', 'O'), ('steward', 'T'),
          ('organization', 'G')) as letters(who, letter) on who = split_part(entry, ':', 1)
    where see ? letter group by entry
)
select audience, case when audience in ('police', 'coordinator') then left(scope, 6) else scope end as of_whom,
       sum(openings)::int as openings
from concerned c
where not exists (
    select from outbox.recipient r where r.audience = c.audience and {IN_FORCE} and r.scope = any(
        case when c.audience in ('police', 'coordinator')
        then array[left(c.scope, 2), left(c.scope, 4), left(c.scope, 6), left(c.scope, 9), c.scope] else array[c.scope] end)
)
group by 1, 2
"""


def look_for_unheard(connection: Connection, as_of: date, now: datetime) -> int:
    """An alert stands open for each role and organisation or county that has open flags to see and no recipient; returns how many.

    It tells the role, the organisation's code or the county, and how many flags. Runs in the publishing transaction, after telling.
    """
    found = connection.execute(text(UNHEARD), {"as_of": as_of})
    alerts = [Alert(NOBODY_TOLD, row.of_whom, row.audience, row.openings) for row in found]
    return keep_open(connection, (NOBODY_TOLD,), alerts, now)["found"]
