"""Two hands, one answer: the generator's truth about handoffs and the warehouse's rules, each from its own side."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

import pytest

from core.clock import SHANGHAI
from sandbox.generator.generate import AS_OF
from sandbox.generator.journeys import Journey
from sandbox.generator.province import Province, build_province
from sandbox.generator.rows import Row
from sandbox.generator.truth import handoff
from warehouse.handoffs import rows as ruled
from warehouse.handoffs.facts import Facts, facts_of
from warehouse.handoffs.reading import fields_of
from warehouse.handoffs.routing import Stations, route
from warehouse.handoffs.states import state_of

WINDOW_DAYS = 90
Kind = TypeVar("Kind", bound=ruled.SourceRow)


@pytest.fixture(scope="module")
def province() -> Province:
    return build_province(400, 11, AS_OF)


def as_ruled(kind: type[Kind], row: Row) -> Kind:
    """A clean row as the rules see it: their fields only, instants with a zone."""
    return kind(**{name: zoned(row.values.get(name)) for name in fields_of(kind) if name in row.values})


def zoned(value: Any) -> Any:
    return value.replace(tzinfo=SHANGHAI) if isinstance(value, datetime) else value


class Told:
    """Current clean rows, found by the numbers that join them."""

    def __init__(self, province: Province) -> None:
        self.rows: dict[str, list[Row]] = {feed: list({r.key: r for r in rows}.values()) for feed, rows in province.rows.items()}
        shown = [row for _, rows in sorted(province.rosters.items(), key=lambda item: item[0][1]) for row in rows]
        self.rows["centre_roster"] = list({row.key: row for row in shown}.values())

    def where(self, feed: str, kind: type[Kind], **wanted: Any) -> tuple[Kind, ...]:
        found = [row for row in self.rows[feed] if any(row.values[name] == value and value for name, value in wanted.items())]
        return tuple(as_ruled(kind, row) for row in found)

    def facts(self, journey: Journey) -> Facts:
        number = journey.decision_number
        order_number = journey.order.number if journey.order else None
        cases = self.where("aftercare_cases", ruled.Case, decision_number=number, order_number=order_number)
        talks = tuple(t for c in cases for t in self.where("aftercare_services", ruled.Service, case_number=c.case_number))
        dead = [r for r in self.rows["population_changes"] if r.person == journey.person.number and r.values["change_type_code"] == "2"]
        episode = ruled.Episode(
            decision_number=number,
            notices=self.where("release_notices", ruled.Notice, decision_number=number),
            roster=self.where("centre_roster", ruled.RosterRow, decision_number=number),
            orders=self.where("community_orders", ruled.Order, decision_number=number),
            cases=cases,
            services=talks,
            registered=self.where("registered_persons", ruled.RegisteredPerson, registration_number=journey.person.registration_number),
            death_dates=tuple(r.values["change_date"] for r in dead),
        )
        return facts_of(episode, AS_OF)


def stations(province: Province) -> Stations:
    latest: Mapping[str, Row] = {row.key: row for _, rows in sorted(province.directories.items()) for row in rows}
    return Stations(as_ruled(ruled.Organization, row) for row in latest.values())


def test_states_stations_and_dates_agree_with_the_rules_of_the_warehouse(province: Province) -> None:
    told, served = Told(province), stations(province)
    differing, states = [], set()
    for journey in province.journeys:
        facts, mine = told.facts(journey), handoff(journey, province)
        is_shown = facts.term_date is not None and (facts.term_date - AS_OF).days <= WINDOW_DAYS
        assert is_shown == (mine is not None), journey.kind
        if mine is None:
            continue
        theirs = (
            state_of(facts, WINDOW_DAYS).state,
            route(facts, served).station_code,
            facts.expected_date or "",
            facts.release_date or "",
        )
        states.add(theirs[0])
        if mine[2:] != theirs:
            differing.append((journey.kind, mine[2:], theirs))
    assert differing == []
    assert len(states) > 15
