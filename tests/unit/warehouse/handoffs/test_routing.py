from datetime import date, timedelta
from typing import Any

import episodes as e
import pytest

from warehouse.handoffs.facts import facts_of
from warehouse.handoffs.routing import Stations, route

STATIONS = Stations(
    [
        e.station("140106Z001", "140106003"),
        e.station("140106Z002", "140106003001"),
        e.station("140106Z004", "140106004000", parent="140106004000"),
        e.station("140106Z003", "140106004000", parent="140106004000"),
        e.station("140106P001", "140106", kind="32"),
        e.station("140106Z005", "140106005000", valid_to_date=e.RELEASE - timedelta(days=1)),
    ]
)


def routed(*rows: Any, as_of: date = e.RELEASE) -> tuple[str | None, str, bool]:
    found = route(facts_of(e.episode(*rows), as_of), STATIONS)
    return found.station_code, found.basis, found.is_tie


def test_the_responsible_case_comes_first() -> None:
    assert routed(e.notice(residence_region_code="140106003001"), e.case(station_code="140106Z009"))[:2] == ("140106Z009", "case")


def test_then_the_station_of_the_orders_street_the_smallest_of_several() -> None:
    assert routed(e.notice(), e.order(street_code="140106004000"))[:2] == ("140106Z003", "order_street")


@pytest.mark.parametrize(
    ("code", "found", "is_tie"),
    [
        ("140106003001", "140106Z002", False),
        ("140106003002", "140106Z001", False),
        ("140106004000", "140106Z003", True),
        ("140106005000", None, False),
        ("140106", None, False),
    ],
)
def test_the_longest_served_prefix_wins(code: str, found: str | None, is_tie: bool) -> None:
    assert routed(e.notice(residence_region_code=code))[::2] == (found, is_tie)


def test_places_are_asked_in_their_order_and_the_first_with_a_station_wins() -> None:
    rows = [e.notice(residence_region_code="320000", hukou_region_code="140106003001"), e.roster(destination_region_code="140106003002")]
    assert routed(*rows)[:2] == ("140106Z001", "roster_destination")


def test_an_abolished_code_is_looked_up_in_its_present_form() -> None:
    # 长治县 (140421) became 上党区 (140404) in 2018; streets were numbered anew, so only the county is kept.
    facts = facts_of(e.episode(e.notice(residence_region_code="140421100001")), e.RELEASE)
    assert route(facts, Stations([e.station("140404Z001", "140404")])).station_code == "140404Z001"
    assert route(facts, Stations([e.station("140421Z001", "140421")])).station_code is None


def test_where_no_station_serves_the_county_of_the_first_place_is_told() -> None:
    facts = facts_of(e.episode(e.notice(residence_region_code="320102001002")), e.RELEASE)
    assert (route(facts, STATIONS).station_code, route(facts, STATIONS).region_code) == (None, "320102")
