"""The clean province: everybody's story told to every provider, before any of them wrote it down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sandbox.generator.assistance import AssistanceOffice
from sandbox.generator.chance import stream
from sandbox.generator.community import CaseBook
from sandbox.generator.custody import notice_rows, roster_rows
from sandbox.generator.journeys import Journey, build_journeys
from sandbox.generator.orders import order_rows, orders_of_their_own
from sandbox.generator.people import Population, Settlement
from sandbox.generator.places import Places, build_places
from sandbox.generator.police import PoliceDesk
from sandbox.generator.registry import directory_rows, population_rows
from sandbox.generator.relief import ReliefDesk
from sandbox.generator.rows import Row
from sandbox.generator.work import EmploymentOffice


@dataclass
class Province:
    """Clean rows by feed (oldest version first), the two snapshot feeds by day, and the stories behind them."""

    as_of: date
    seed: int
    places: Places
    population: Population
    journeys: list[Journey]
    rows: dict[str, list[Row]]
    rosters: dict[tuple[str, date], list[Row]]
    directories: dict[date, list[Row]]


def build_province(persons: int, seed: int, as_of: date) -> Province:
    """A province of `persons` registered persons on `as_of`; the same arguments give the same province."""
    places = build_places(stream(seed, "places"), persons)
    settlement = Settlement(stream(seed, "people"), places, as_of)
    for _ in range(persons):
        settlement.settle(registered=True)
    for _ in range(round(persons * 1.6)):
        settlement.settle(registered=False)
    population = settlement.population
    journeys = build_journeys(stream(seed, "journeys"), population, places, as_of)
    orders = [j.order for j in journeys if j.order] + orders_of_their_own(stream(seed, "orders"), population, journeys, as_of)
    rosters = roster_rows(stream(seed, "rosters"), journeys, as_of)
    rows = notice_rows(stream(seed, "notices"), journeys, places)
    rows += order_rows(stream(seed, "order rows"), orders, places, as_of)
    desk = PoliceDesk(stream(seed, "police"), places, as_of)
    desk.register(population, journeys, orders)
    for order in orders:
        desk.test(order)
        desk.assess(order)
        desk.violate(order)
    rows += desk.rows + population_rows(stream(seed, "population"), population, places, as_of)

    book = CaseBook(stream(seed, "cases"), places, as_of)
    for journey in journeys:
        book.open_for_journey(journey)
    for order in orders:
        if order.type_code == "1":
            book.open_for_order(order)
    with_case = {case.person.number for case in book.cases} | {j.person.number for j in journeys}
    for person in population.registered:
        if person.number not in with_case and asks_for_help(seed, person.number):
            book.open_voluntary(person)
    book.service_rows()
    book.points_rows()
    rows += book.rows

    office = AssistanceOffice(stream(seed, "assistance"), journeys, as_of)
    office.admit(population)
    relief = ReliefDesk(stream(seed, "relief"), places, office.assisted, as_of)
    relief.apply(population)
    work = EmploymentOffice(stream(seed, "work"), places, journeys, as_of)
    work.serve(population)
    rows += office.rows + relief.rows + work.rows
    by_feed: dict[str, list[Row]] = {}
    for row in rows:
        by_feed.setdefault(row.feed, []).append(row)
    return Province(as_of, seed, places, population, journeys, by_feed, rosters, directory_rows(stream(seed, "directory"), places, as_of))


def asks_for_help(seed: int, number: int) -> bool:
    """One registered person in twenty asks for help without an order."""
    return (number * 7919 + seed) % 20 == 0
