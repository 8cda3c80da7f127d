"""What the employment and the housing desk read: views of their own benefit, for those who asked them, without income and property;
and what a station reads of those it receives.

Of a condition that rests on another agency's rows a desk reads the rule and its result, never the value, the row or the day. Civil
affairs reads published.findings and published.household_flags under row policies (migrations/grants.sql).
"""

from __future__ import annotations

from dataclasses import dataclass

HIDDEN = """'{"value": null, "source": {"feed": null, "source_key": null}, "fact_date": null}'::jsonb"""


@dataclass(frozen=True)
class Desk:
    """One desk's view of findings: the benefit it decides on, its own feeds, and the missing facts it may be told."""

    view: str
    benefit_code: str
    feeds: tuple[str, ...]
    facts: tuple[str, ...]


DESKS = (
    Desk(
        "employment_findings",
        "employment_assistance",
        ("job_seekers", "job_placements", "insurance_contributions"),
        ("labour_capacity",),
    ),
    Desk("housing_findings", "public_housing", ("public_housing",), ("housing_area",)),
)
FINDINGS = """
create or replace view published.{view} with (security_barrier) as
select f.person_id, f.benefit_code, f.as_of_date, f.outcome,
       (select coalesce(jsonb_agg(m.name order by m.place), '[]')
        from jsonb_array_elements_text(f.missing_facts) with ordinality m (name, place)
        where m.name in ({facts}) or starts_with(m.name, 'parameter:')) as missing_facts,
       (select coalesce(jsonb_agg(case when c.reason -> 'source' ->> 'feed' in ({feeds}) then c.reason
                   else c.reason || {hidden} || jsonb_build_object('result', split_part(c.reason ->> 'result', '(', 1)) end
               order by c.place), '[]')
        from jsonb_array_elements(f.reasons) with ordinality c (reason, place)) as reasons,
       f.region_code, f.is_sample
from published.findings f
where f.benefit_code = '{benefit_code}' and f.has_own_application
"""
HOUSING_FLAGS = """
create or replace view published.housing_flags with (security_barrier) as
select household_number, flag_code, effective_date, neutral_reason_code, before, after, region_code, visible_from, is_sample
from published.household_flags where flag_code = 'TENANCY_AT_RISK' and visible_from <= now()
"""
STATION_FINDINGS = """
create or replace view published.station_findings with (security_barrier) as
select distinct h.station_code, f.person_id, f.benefit_code, f.as_of_date, f.outcome
from published.findings f join published.handoffs h on h.person_id = f.person_id
where h.station_code is not null and h.state <> 'CONTROL_ENDED'
"""
COMMENTS = {
    "employment_findings": "Work aid for those registered here as job seekers; of what other agencies know the result alone",
    "housing_findings": "Public housing for those who asked for it or rent it; of what other agencies know the result alone",
    "station_findings": "What persons of a station may be entitled to: benefit and outcome, no amount and no reason",
    "housing_flags": "Tenancies at risk, by household number or else application number",
}


def desk_statements() -> list[str]:
    """SQL that creates every view of a desk, with its comment."""
    views = [_findings(desk) for desk in DESKS] + [HOUSING_FLAGS, STATION_FINDINGS]
    return [*views, *(f"comment on view published.{name} is '{means}'" for name, means in COMMENTS.items())]


def _findings(desk: Desk) -> str:
    feeds, facts = (", ".join(f"'{name}'" for name in names) for names in (desk.feeds, desk.facts))
    return FINDINGS.format(view=desk.view, benefit_code=desk.benefit_code, feeds=feeds, facts=facts, hidden=HIDDEN)
