"""Which station is responsible for a handoff. Source: domain rules, section 4."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from warehouse.handoffs.facts import Facts
from warehouse.handoffs.rows import Organization
from warehouse.handoffs.today import day_of
from warehouse.identity.regions import present_day

STATION_TYPES = {"21", "22", "23"}
BY_CASE, BY_STREET = "case", "order_street"


class Route(NamedTuple):
    """The responsible station; None where nothing is found. `is_tie`: two stations serve the same place equally.

    `basis`: what named it. `region_code`: the county of the first place known, told when no station serves it.
    """

    station_code: str | None
    basis: str
    is_tie: bool = False
    region_code: str | None = None


class Stations:
    """The stations of the directory, found by street or by the region they serve. Order of the rows never matters."""

    def __init__(self, organizations: Iterable[Organization]) -> None:
        known = list(organizations)
        stations = [o for o in known if o.organization_type_code in STATION_TYPES]
        places = {code for o in known for code in (o.region_code, *o.served_region_codes) if code and len(code) >= 9}
        self._streets = frozenset(code[:9] for code in places)
        self._present: dict[tuple[str, date | None], str] = {}
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

    def present_code(self, code: str, written_on: date | None) -> str:
        """The present-day form of a region code written on this day; a street nobody knows becomes its county."""
        found = self._present.get((code, written_on))
        if found is None:
            found = self._present[code, written_on] = str(present_day([code], written_on, self._streets)[0])
        return found

    def serving(self, code: str, written_on: date | None, day: date) -> tuple[str | None, bool]:
        """The station that serves the region on `day` by the longest prefix, and whether two serve it equally."""
        region_code = self.present_code(code, written_on)
        for length in range(len(region_code), 0, -1):
            found = {
                (s.organization_type_code or "", s.organization_code)
                for s in self._by_served.get(region_code[:length], ())
                if s.is_valid_on(day)
            }
            if found:
                return min(found)[1], len(found) > 1
        return None, False


def route(facts: Facts, stations: Stations) -> Route:
    """The station responsible on the term date: of the case, else of the order's street, else of the person's places in order."""
    if facts.case and facts.case.station_code:
        return Route(facts.case.station_code, BY_CASE)
    day = facts.term_date
    if day is None:
        return Route(None, "none")
    if facts.order and facts.order.street_code:
        station = stations.of_street(facts.order.street_code, day)
        if station:
            return Route(station, BY_STREET)
    first = None
    for basis, code, written_on in _places(facts):
        if code:
            station, is_tie = stations.serving(code, written_on, day)
            if station:
                return Route(station, basis, is_tie)
            first = first or stations.present_code(code, written_on)[:6]
    return Route(None, "none", region_code=first)


def _places(facts: Facts) -> list[tuple[str, str | None, date | None]]:
    """Codes in the order they are asked, with the day they were written; a notice's own day, an entry, the last change."""
    notice, roster, person = facts.notice, facts.roster, facts.person
    noticed, entered = notice.notice_date if notice else None, roster.centre_entry_date if roster else None
    registered = day_of(person.source_updated_at) if person else None
    return [
        ("notice_residence", notice.residence_region_code if notice else None, noticed),
        ("roster_residence", roster.residence_region_code if roster else None, entered),
        ("roster_destination", roster.destination_region_code if roster else None, entered),
        ("register_residence", person.residence_region_code if person else None, registered),
        ("notice_hukou", notice.hukou_region_code if notice else None, noticed),
        ("roster_hukou", roster.hukou_region_code if roster else None, entered),
        ("register_hukou", person.hukou_region_code if person else None, registered),
    ]


def places_differ(facts: Facts, stations: Stations) -> bool:
    """The stations of the notice's and of the register's residence are both known and are two (戒毒条例 37)."""
    day = facts.term_date
    found = {basis: (code, written_on) for basis, code, written_on in _places(facts) if code}
    notice, register = found.get("notice_residence"), found.get("register_residence")
    if day is None or notice is None or register is None:
        return False
    one, other = stations.serving(*notice, day)[0], stations.serving(*register, day)[0]
    return one is not None and other is not None and one != other
