"""What flags and next steps look at: the facts of an episode with its state, its station and its deadlines."""

from __future__ import annotations

from typing import NamedTuple

from warehouse.handoffs.deadlines import Terms
from warehouse.handoffs.facts import Facts
from warehouse.handoffs.routing import Route, Stations
from warehouse.handoffs.states import State
from warehouse.handoffs.today import Today


class Situation(NamedTuple):
    """One handoff on a day. `stations`: for the stations of single places."""

    facts: Facts
    state: State
    route: Route
    terms: Terms
    stations: Stations

    @property
    def today(self) -> Today:
        """The day, to be asked."""
        return self.facts.today
