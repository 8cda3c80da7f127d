"""The measures of regions in schema handoffs, summed from what each handoff adds."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, text

from warehouse.handoffs.differences import Target, delete_gone, put_draft, upsert
from warehouse.handoffs.measure_months import changing_months
from warehouse.handoffs.measure_sums import summed
from warehouse.handoffs.today import Today

KPI = Target("kpi", ("region_code", "month", "kpi_code"), ("numerator", "denominator", "unknown_count"))
GROUPS = """
select station_code, shares, count(*) from handoffs.handoff join handoffs.episode using (handoff_id)
where shares is not null and station_code is not null group by 1, 2
"""
# A station in one of its periods: the one valid on the day, else the newest.
REGIONS = """
select distinct on (organization_code) organization_code, region_code from staging.station_directory
where is_current and operation_code <> 'D' and region_code is not null
order by organization_code, (valid_from_date <= :day and coalesce(valid_to_date, 'infinity') >= :day) desc, valid_from_date desc,
         source_updated_at desc, source_key collate "C" desc
"""


def write_measures(connection: Connection, as_of: date) -> dict[str, int]:
    """handoffs.kpi holds the measures of the month of `as_of` and the month before; returns how many rows changed.

    To be called after the handoffs of the day are written, in the same transaction. Earlier months stay as they were last worked
    out; months after that of `as_of` (left by a rehearsal of a later day) go.
    """
    months = [month.code for month in changing_months(Today(as_of))]
    regions = {row.organization_code: row.region_code for row in connection.execute(text(REGIONS), {"day": as_of})}
    groups = ((row[0], row[1], row[2]) for row in connection.execute(text(GROUPS)))
    put_draft(connection, KPI, summed(groups, months, regions.get))
    gone = delete_gone(connection, KPI, "t.month >= :first", {"first": months[0]})
    return {"kpis_changed": gone + upsert(connection, KPI, {}, {})}
