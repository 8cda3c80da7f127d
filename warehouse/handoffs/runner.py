"""Works out every handoff of a day: reads staged rows set-wise, asks the rules, writes differences in the caller's transaction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from core.logs import log_event
from warehouse.handoffs.calendar import WorkingCalendar
from warehouse.handoffs.deadlines import Deadlines
from warehouse.handoffs.handoff import handoff_of
from warehouse.handoffs.reading import KnownEpisode, read_directory, read_episodes
from warehouse.handoffs.routing import Stations
from warehouse.handoffs.rows import Organization
from warehouse.handoffs.states import State
from warehouse.handoffs.writing import Worked, write
from warehouse.registry.loading import read_calendar_days, read_parameters


@dataclass(frozen=True)
class Rulebook:
    """What one working-out goes by."""

    deadlines: Deadlines
    stations: Stations


def work_out(connection: Connection, as_of: date, run_id: int) -> dict[str, int]:
    """Schema handoffs holds every handoff and flag as of 24:00 of the day; returns counts. Running again changes nothing.

    A year without a calendar and a parameter without a value are told the operator; what needs them is left out, the rest stands.
    """
    rulebook = _rulebook(connection)
    worked = [found for known in read_episodes(connection) if (found := work_out_one(known, as_of, rulebook))]
    counts = write(connection, worked, as_of, run_id)
    missing_years = sorted(rulebook.deadlines.calendar.missing_years)
    for year in missing_years:
        log_event(f"CALENDAR_MISSING:{year}", next_step=f"python -m warehouse load-calendar {year}")
    missing_parameters = sorted(rulebook.deadlines.missing_parameters)
    for name, region in missing_parameters:
        log_event(f"PARAM_MISSING:{name}:{region}", next_step="python -m warehouse load-parameters FILE")
    by_state = Counter(one.state.state for one in worked)
    return (
        counts
        | {f"state_{state.lower()}": count for state, count in sorted(by_state.items())}
        | {"calendar_years_missing": len(missing_years), "parameters_missing": len(missing_parameters)}
    )


def work_out_one(known: KnownEpisode, as_of: date, rulebook: Rulebook) -> Worked | None:
    """The handoff of one episode on the day, or None where it is not (yet) one: no term date, or too far ahead."""
    found = handoff_of(known.episode, as_of, rulebook.deadlines, rulebook.stations).handoff
    return Worked(known, found.facts, found.state, found.step, found.route.station_code, found.flags) if found else None


def _rulebook(connection: Connection) -> Rulebook:
    organizations = read_directory(connection)
    by_code: dict[str, tuple[Organization, ...]] = {}
    for organization in organizations:
        by_code[organization.organization_code] = (*by_code.get(organization.organization_code, ()), organization)
    calendar = WorkingCalendar(read_calendar_days(connection))
    return Rulebook(Deadlines(read_parameters(connection), calendar, by_code), Stations(organizations))


__all__ = ["Rulebook", "State", "work_out", "work_out_one"]
