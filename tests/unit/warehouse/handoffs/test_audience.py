"""Whom a handoff concerns: the two stations of a transfer that is on its way, and none it passed through before."""

from datetime import date

import episodes as e

from warehouse.handoffs.audience import audience_of

FIRST, SECOND, THIRD = "140106Z003", "140107Z001", "140108Z001"
LEFT = date(2026, 10, 20)


def stations_of(*cases: e.Case) -> set[str]:
    found = audience_of(e.looked_at(e.order(), *cases, as_of=date(2026, 11, 20)), e.RULES)
    return {entry.partition(":")[2] for entry in found if entry.startswith("station:")}


def test_during_a_transfer_the_station_the_case_leaves_and_the_one_it_goes_to_are_concerned() -> None:
    assert stations_of(e.case(transfer_station_code=SECOND, transfer_date=LEFT)) == {FIRST, SECOND}


def test_a_station_whose_transfer_was_accepted_and_passed_on_is_concerned_no_more() -> None:
    passed = e.case(transfer_station_code=SECOND, transfer_date=LEFT, transfer_accepted_date=LEFT)
    going = e.case(source_key="140109Z001-AJ-2", case_number="AJ-2", station_code=FIRST, transfer_station_code=THIRD, transfer_date=LEFT)
    assert stations_of(passed, going) == {FIRST, THIRD}


def test_a_transfer_planned_for_a_later_day_concerns_nobody_yet() -> None:
    going = e.case(transfer_station_code=SECOND, transfer_date=LEFT)
    later = e.case(source_key="140106Z003-AJ-2", case_number="AJ-2", transfer_station_code=THIRD, transfer_date=date(2026, 11, 21))
    assert stations_of(going, later) == {FIRST, SECOND}
