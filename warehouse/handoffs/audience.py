"""Whom a handoff concerns, as audience:scope; which of its flags each may see says the flag. Source: domain rules, section 5."""

from __future__ import annotations

from warehouse.handoffs.deadlines import Deadlines
from warehouse.handoffs.handoff import Handoff
from warehouse.handoffs.rows import Case
from warehouse.handoffs.today import Today


def audience_of(handoff: Handoff, deadlines: Deadlines) -> tuple[str, ...]:
    """The responsible station (during a transfer both), the centre, police and coordinator of the station's region, and the police
    of the place the person is registered at. Without a station the centre's region stands for the station's.
    """
    facts, station = handoff.facts, handoff.route.station_code
    day = facts.term_date
    known = station or facts.centre_code
    region = (deadlines.region_of(known, day) or known[:6]) if known and day else None
    told = {f"centre:{facts.centre_code}" if facts.centre_code else "", f"station:{station}" if station else ""}
    if handoff.state.state == "TRANSFERRED":
        told |= {
            f"station:{case.transfer_station_code}"
            for case in facts.cases
            if case.transfer_station_code and _is_on_its_way(case, facts.today)
        }
    told |= {f"{who}:{region}" for who in ("police", "coordinator") if region}
    hukou = next((row.hukou_region_code for row in (facts.notice, facts.roster, facts.person) if row and row.hukou_region_code), None)
    return tuple(sorted((told | ({f"police:{hukou[:6]}"} if hukou else set())) - {""}))


def _is_on_its_way(case: Case, today: Today) -> bool:
    """The case left and nobody has accepted it; a station it passed through before is concerned no more."""
    return today.has_come(case.transfer_date) and not today.has_come(case.transfer_accepted_date)
