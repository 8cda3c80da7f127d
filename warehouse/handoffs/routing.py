"""Which station is responsible for a handoff. Source: domain rules, section 4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from warehouse.handoffs.facts import Facts
from warehouse.handoffs.rows import Organization

STATION_TYPES = {"21", "22", "23"}


@dataclass(frozen=True)
class Route:
    """The responsible station; None where nothing is found. `is_tie`: two stations serve the same place equally."""

    station_code: str | None
    basis: str
    is_tie: bool = False


class Stations:
    """The stations of the directory, found by street or by the region they serve. Order of the rows never matters."""

    def __init__(self, organizations: Iterable[Organization]) -> None:
        stations = [o for o in organizations if o.organization_type_code in STATION_TYPES]
        self._by_street: dict[str, list[Organization]] = {}
        self._by_served: dict[str, list[Organization]] = {}
        for station in stations:
            if station.parent_organization_code:
                self._by_street.setdefault(station.parent_organization_code, []).append(station)
            for code in station.served_region_codes:
                self._by_served.setdefault(code, []).append(station)

    def of_street(self, street_code: str, day: date) -> str | None:
        """The station of a street on this day; of several the smallest code."""
        return min((s.organization_code for s in self._by_street.get(street_code, ()) if s.is_valid_on(day)), default=None)

    def serving(self, region_code: str, day: date) -> tuple[str | None, bool]:
        """The station that serves the region on this day by the longest prefix, and whether two serve it equally."""
        for length in range(len(region_code), 0, -1):
            found = {
                (s.organization_type_code or "", s.organization_code)
                for s in self._by_served.get(region_code[:length], ())
                if s.is_valid_on(day)
            }
            if found:
                return min(found)[1], len(found) > 1
        return None, False


def route(facts: Facts, stations: Stations, present_codes: Mapping[str, str] | None = None) -> Route:
    """The station responsible on the term date: of the case, else of the order's street, else of the person's places in order.

    `present_codes`: abolished region codes and their present-day form.
    """
    if facts.case and facts.case.station_code:
        return Route(facts.case.station_code, "case")
    day = facts.term_date
    if day is None:
        return Route(None, "none")
    if facts.order and facts.order.street_code:
        station = stations.of_street(facts.order.street_code, day)
        if station:
            return Route(station, "order_street")
    for basis, code in _places(facts):
        if code:
            station, is_tie = stations.serving((present_codes or {}).get(code, code), day)
            if station:
                return Route(station, basis, is_tie)
    return Route(None, "none")


def _places(facts: Facts) -> tuple[tuple[str, str | None], ...]:
    notice, roster, person = facts.notice, facts.roster, facts.person
    return (
        ("notice_residence", notice.residence_region_code if notice else None),
        ("roster_residence", roster.residence_region_code if roster else None),
        ("roster_destination", roster.destination_region_code if roster else None),
        ("register_residence", person.residence_region_code if person else None),
        ("notice_hukou", notice.hukou_region_code if notice else None),
        ("roster_hukou", roster.hukou_region_code if roster else None),
        ("register_hukou", person.hukou_region_code if person else None),
    )
