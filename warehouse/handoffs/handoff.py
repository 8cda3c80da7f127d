"""One handoff worked out from one episode: pure, the same for the same rows, day and rulebook."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from warehouse.handoffs.absences import Absence, absence_of
from warehouse.handoffs.calendar import add_days
from warehouse.handoffs.deadlines import Deadlines, Terms
from warehouse.handoffs.facts import Facts, facts_of
from warehouse.handoffs.flags import Flag, flags_of
from warehouse.handoffs.measures import MonthShares, shares_of
from warehouse.handoffs.next_steps import NextStep, next_step_of
from warehouse.handoffs.region_parameters import ParameterMissing
from warehouse.handoffs.routing import Route, Stations, route
from warehouse.handoffs.rows import Episode
from warehouse.handoffs.situation import Situation
from warehouse.handoffs.states import State, state_of


@dataclass(frozen=True, slots=True)
class Handoff:
    """What the rules say of an episode on a day; `flags` are the open ones, `shares` what it adds to the measures of months."""

    facts: Facts
    state: State
    step: NextStep
    route: Route
    flags: tuple[Flag, ...]
    shares: tuple[MonthShares, ...]


class Outcome(NamedTuple):
    """The handoff, or None where the episode is not (yet) one, and the absence it tells of.

    `wakes_on`: until the day before, the same rows and rulebook give the same handoff; None when time alone changes nothing.
    """

    handoff: Handoff | None
    absence: Absence
    wakes_on: date | None


def handoff_of(episode: Episode, as_of: date, deadlines: Deadlines, stations: Stations) -> Outcome:
    """The handoff of one episode on the day; parameters without a value and years without a calendar are kept in `deadlines`."""
    facts = facts_of(episode, as_of)
    found, absence = _handoff(facts, deadlines, stations), absence_of(facts)
    return Outcome(found, absence, facts.today.wakes_on)


def _handoff(facts: Facts, deadlines: Deadlines, stations: Stations) -> Handoff | None:
    if facts.term_date is None:
        return None
    routed = route(facts, stations)
    terms = deadlines.of(facts, routed.station_code)
    window_days = _window_days(terms, facts.term_date)
    if not facts.today.has_come(add_days(facts.term_date, -(window_days or 0))):
        return None
    situation = Situation(facts, state_of(facts, window_days), routed, terms, stations)
    return Handoff(facts, situation.state, next_step_of(situation), routed, tuple(flags_of(situation)), shares_of(situation))


def _window_days(terms: Terms, term: date) -> int | None:
    """How long before release a handoff is shown; None without a parameter: then only those whose day has come are."""
    try:
        return terms.centre_days("window_days", term)
    except ParameterMissing:
        return None
