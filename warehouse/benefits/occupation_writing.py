"""Occupations that the law closes to a registered job seeker: bare codes into schema benefits, never why.

An employment desk is to see the codes with the words 不适配岗位(依法规); which rule and which fact stand behind one never leaves the
registry. Source: 保安服务管理条例 17 and others, named with each occupation.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, text

from warehouse.bulk import copy_rows
from warehouse.identity.reading import REGISTER_FEED
from warehouse.registry.job_restrictions import excluded_codes, kept_job_restrictions

UNEMPLOYED = "1"
SEEKERS = f"""
select distinct l.person_id,
       exists (select from benefits.absence a where a.person_id = l.person_id and a.since_date <= :as_of) as was_away,
       exists (select from identity.link r where r.person_id = l.person_id and r.feed = '{REGISTER_FEED}' and r.link_status <> 'review')
           as is_registered
from staging.job_seekers v join identity.link l on l.feed = 'job_seekers' and l.source_key = v.source_key and l.link_status <> 'review'
where v.is_current and v.operation_code <> 'D' and v.job_state_code = '{UNEMPLOYED}' and v.job_registration_date <= :as_of
"""  # noqa: S608
SAME = "(w.person_id, w.occupation_code) = (o.person_id, o.occupation_code)"


def write_excluded_occupations(connection: Connection, as_of: date) -> int:
    """`benefits.excluded_occupation` has exactly the codes closed to each registered job seeker on the day; returns rows changed."""
    run, restrictions = connection.execute, kept_job_restrictions(connection)
    closed = (
        (person, code)
        for person, was_away, is_registered in run(text(SEEKERS), {"as_of": as_of}).all()
        for code in excluded_codes(restrictions, was_away=was_away, is_registered=is_registered)
    )
    run(text("create temporary table worked_occupation (person_id text, occupation_code text) on commit drop"))
    copy_rows(connection, "worked_occupation", ("person_id", "occupation_code"), closed)
    gone = run(text(f"delete from benefits.excluded_occupation o where not exists (select from worked_occupation w where {SAME})"))  # noqa: S608
    came = run(
        text("insert into benefits.excluded_occupation select person_id, occupation_code from worked_occupation on conflict do nothing")
    )
    run(text("drop table worked_occupation"))
    return gone.rowcount + came.rowcount
