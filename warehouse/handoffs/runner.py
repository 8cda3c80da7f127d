"""Works out every handoff of a day: reads staged rows set-wise, asks the rules, writes differences in the caller's transaction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from core.errors import ParameterNotInForce
from core.logs import log_event
from warehouse.handoffs.calendar import WorkingCalendar, add_days
from warehouse.handoffs.deadlines import Deadlines
from warehouse.handoffs.facts import facts_of, handoff_id
from warehouse.handoffs.flags import Flag, flags_of
from warehouse.handoffs.reading import KnownEpisode, read_directory, read_episodes
from warehouse.handoffs.routing import Stations, route
from warehouse.handoffs.rows import Organization
from warehouse.handoffs.states import NextStep, Phase, State, next_step_of, state_of
from warehouse.handoffs.writing import Worked, write
from warehouse.registry.loading import read_calendar_days, read_parameters


@dataclass(frozen=True)
class Rulebook:
    """What one working-out goes by."""

    deadlines: Deadlines
    stations: Stations


def work_out(connection: Connection, as_of: date, run_id: int) -> dict[str, int]:
    """Schema handoffs holds every handoff and flag as of 24:00 of the day; returns counts. Running again changes nothing.

    Raises:
        ParameterNotInForce: a deadline needs a parameter without a value for its region and day; nothing was written.
    """
    rulebook = _rulebook(connection)
    worked = [found for known in read_episodes(connection) if (found := work_out_one(known, as_of, rulebook))]
    counts = write(connection, worked, as_of, run_id)
    missing_years = sorted(rulebook.deadlines.calendar.missing_years)
    for year in missing_years:
        log_event(f"CALENDAR_MISSING:{year}", next_step=f"python -m warehouse load-calendar {year}")
    by_state = Counter(one.state.state for one in worked)
    return (
        counts
        | {f"state_{state.lower()}": count for state, count in sorted(by_state.items())}
        | {"calendar_years_missing": len(missing_years)}
    )


def work_out_one(known: KnownEpisode, as_of: date, rulebook: Rulebook) -> Worked | None:
    """The handoff of one episode on the day, or None where it is not (yet) one: no term date, or too far ahead.

    Raises:
        ParameterNotInForce: a deadline needs a parameter without a value; the message names the handoff.
    """
    facts = facts_of(known.episode, as_of)
    if facts.term_date is None:
        return None
    deadlines = rulebook.deadlines
    try:
        window_days = deadlines.parameters.whole_number("window_days", deadlines.centre_region(facts, facts.term_date), facts.term_date)
        if facts.term_date > add_days(as_of, window_days):
            return None
        state = state_of(facts, window_days)
        flags: list[Flag] = [] if state.phase is Phase.CLOSED else flags_of(state, facts, deadlines)
        step: NextStep = next_step_of(state, facts, deadlines)
    except ParameterNotInForce as error:
        raise ParameterNotInForce(f"handoff {handoff_id(facts.decision_number)}: {error}") from error
    return Worked(known, facts, state, step, route(facts, rulebook.stations).station_code, tuple(flags))


def _rulebook(connection: Connection) -> Rulebook:
    organizations = read_directory(connection)
    by_code: dict[str, tuple[Organization, ...]] = {}
    for organization in organizations:
        by_code[organization.organization_code] = (*by_code.get(organization.organization_code, ()), organization)
    calendar = WorkingCalendar(read_calendar_days(connection))
    return Rulebook(Deadlines(read_parameters(connection), calendar, by_code), Stations(organizations))


__all__ = ["Rulebook", "State", "work_out", "work_out_one"]
