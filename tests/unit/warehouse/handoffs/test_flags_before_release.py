from datetime import date
from typing import Any

import episodes as e
import pytest
from boundaries import Boundary, holds

from warehouse.handoffs.calendar import WorkingCalendar
from warehouse.handoffs.deadlines import Deadlines
from warehouse.handoffs.flags import RULE_VERSION
from warehouse.handoffs.handoff import handoff_of
from warehouse.handoffs.routing import Stations

T = e.RELEASE  # 2026-10-06, in the holiday of 10-01 to 10-07; 2026-09-20 and 2026-10-10 are make-up workdays
LATER = date(2026, 11, 24)
READY = {"destination_region_code": "140106003001", "diagnosis_result_code": "1", "has_kin": True}
SHANGHAI_CENTRE = {"centre_code": "310100Q001"}
STREET_STATION = e.station("140106Z001", "140106003")
OTHER_STATION = e.station("140106Z002", "140106004")
TWIN_STATION = e.station("140106Z000", "140106003", kind="22")
ACKED = e.case(notice_acknowledged_at=e.noon(date(2026, 9, 2)))
PLANNED = e.case(pickup_planned_at=e.noon(T))
AT_STREET, AT_OTHER = {"residence_region_code": "140106003001"}, {"residence_region_code": "140106004001"}

BOUNDARIES = [
    Boundary(
        "PRECONTACT_DUE", [e.roster()], date(2026, 9, 6), date(2026, 9, 6), "info", shuts_on=T,
        without=[[e.roster(**READY)], [e.notice()]],
    ),
    Boundary("PRECONTACT_DUE", [e.roster(**READY | {"diagnosis_result_code": "0"})], date(2026, 9, 6), date(2026, 9, 6), "info"),
    Boundary("PRECONTACT_DUE", [e.roster(**READY | {"diagnosis_result_code": None})], date(2026, 9, 6), date(2026, 9, 6), "info"),
    # Three calendar days: legal 10-03, but the last working day before is 09-30.
    Boundary(
        "NOTICE_MISSING", [e.roster()], date(2026, 9, 30), date(2026, 10, 3), "warning", turns=date(2026, 10, 3), then="critical",
        without=[[e.roster(), e.notice()], [e.roster(expected_release_date=None)]],
    ),
    Boundary("NOTICE_MISSING", [e.roster(**SHANGHAI_CENTRE)], date(2026, 9, 21), date(2026, 9, 21), "critical"),
    Boundary(
        "NOTICE_MISSING", [e.notice(notice_status_code="3", cancel_reason_code="1")], date(2026, 9, 30), date(2026, 10, 3), "warning"
    ),
    # Without a calendar the safe day is unknown: the calendar-day deadline stands.
    Boundary(
        "NOTICE_MISSING", [e.roster()], date(2026, 10, 3), date(2026, 10, 3), "critical",
        rules=Deadlines(e.PARAMETERS, WorkingCalendar({}), {}),
    ),
    # The directory's region of a centre outranks the digits of its code.
    Boundary(
        "NOTICE_MISSING", [e.roster()], date(2026, 9, 21), date(2026, 9, 21), "critical",
        rules=e.deadlines(e.station("140100Q001", kind="11", region_code="310101")),
    ),
    Boundary(
        "DELIVERY_LATE", [e.notice(first_arrived_at=e.noon(date(2026, 10, 4)))], date(2026, 10, 4), date(2026, 10, 3), "info",
        without=[
            [e.notice(first_arrived_at=e.noon(date(2026, 10, 3)))],
            [e.notice()],
            [e.notice(notice_date=date(2026, 10, 4), first_arrived_at=e.noon(date(2026, 10, 4)))],  # the centre's own lateness
        ],
    ),
    Boundary(  # dated on the last day, and the channel took a day
        "DELIVERY_LATE", [e.notice(notice_date=date(2026, 10, 3), first_arrived_at=e.noon(date(2026, 10, 4)))],
        date(2026, 10, 4), date(2026, 10, 3), "info",
    ),
    # A Friday's notice is acknowledged on the make-up Sunday.
    Boundary(
        "ACK_OVERDUE", [e.notice(notice_date=date(2026, 9, 18)), e.case()], date(2026, 9, 21), date(2026, 9, 20), "warning",
        without=[[e.notice(notice_date=date(2026, 9, 18)), ACKED], [e.notice(notice_date=date(2026, 9, 18)), PLANNED], [e.roster()]],
    ),
    # Before the long holiday: the next working day is 10-08.
    Boundary(
        "ACK_OVERDUE", [e.notice(notice_date=date(2026, 9, 30), expected_release_date=LATER)],
        date(2026, 10, 9), date(2026, 10, 8), "warning",
    ),
    Boundary("PICKUP_UNASSIGNED", [e.notice(), e.case()], T - e.DAY, T - e.DAY, "critical", without=[[e.notice(), PLANNED]]),
    Boundary(
        "NO_RECEIVER", [e.roster()], date(2026, 9, 6), date(2026, 10, 5), "warning",
        without=[[e.roster(has_kin=True)], [e.roster(), PLANNED], [e.notice()]],
    ),
    Boundary(
        "ROUTE_UNKNOWN", [e.notice(**AT_OTHER)], date(2026, 9, 6), date(2026, 10, 5), "warning", stations=[STREET_STATION],
        without=[[e.notice(**AT_STREET)], [e.notice(), ACKED]],
    ),
    Boundary("RELEASE_NOT_CONFIRMED", [e.notice()], T + e.DAY, T, "critical", without=[[e.notice(expected_release_date=LATER)]]),
    Boundary(
        "ROSTER_LEFT_UNKNOWN", [e.roster(missing_since=date(2026, 9, 10))], date(2026, 9, 10), date(2026, 9, 10), "warning",
        without=[[e.roster()], [e.roster(missing_since=date(2026, 9, 10), custody_state_code="6", custody_state_date=T)]],
    ),
]  # fmt: skip


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=str)
def test_a_flag_before_release_opens_on_its_day_and_not_the_day_before(boundary: Boundary) -> None:
    holds(boundary)


@pytest.mark.parametrize(
    ("notice_date", "is_late"), [(date(2026, 10, 2), False), (date(2026, 10, 3), False), (date(2026, 10, 4), True), (None, False)]
)
def test_a_notice_is_late_when_dated_after_the_legal_latest_day(notice_date: date | None, is_late: bool) -> None:
    flags = e.opened(e.roster(), e.notice(notice_date=notice_date), as_of=date(2026, 10, 5))
    assert ("NOTICE_LATE" in flags) == is_late
    assert not is_late or (flags["NOTICE_LATE"].severity, flags["NOTICE_LATE"].due_date) == ("warning", date(2026, 10, 3))


def test_a_late_notice_is_shown_until_the_person_is_met() -> None:
    late = {"notice_date": date(2026, 10, 4), "actual_released_at": e.noon(T)}
    shown = {code: "NOTICE_LATE" in e.opened(e.notice(**late, receiver_type_code=code), as_of=T) for code in (None, "0", "1")}
    assert shown == {None: True, "0": True, "1": False}


def test_an_early_release_explains_a_late_notice() -> None:
    flag = e.opened(e.notice(notice_date=date(2026, 10, 4), release_type_code="2"), as_of=date(2026, 10, 5))["NOTICE_LATE"]
    assert (flag.severity, flag.evidence["cause"]) == ("info", "EARLY_RELEASE")


@pytest.mark.parametrize(
    ("rows", "due"),
    [
        ([e.notice(), e.roster(expected_release_date=T)], None),
        ([e.notice(), e.roster(expected_release_date=T + e.DAY)], date(2026, 10, 3)),
        ([e.notice(), e.roster(expected_release_date=T - e.DAY)], date(2026, 10, 2)),
        ([e.notice(), e.roster(expected_release_date=None)], None),
        ([e.notice(), e.notice(source_key="140100Q001-TZ-2", expected_release_date=T + e.DAY)], date(2026, 10, 4)),
        ([e.notice(), e.notice(source_key="140100Q001-TZ-2", expected_release_date=LATER, notice_status_code="3")], None),
        ([e.roster()], None),
    ],
)
def test_two_expected_days_conflict_until_the_deadline_of_the_one_that_counts(rows: list[Any], due: date | None) -> None:
    flag = e.opened(*rows, as_of=date(2026, 9, 10)).get("NOTICE_CONFLICT")
    assert ((flag.severity, flag.due_date) if flag else None) == (("critical", due) if due else None)


@pytest.mark.parametrize(
    ("decided", "escaped", "is_open"),
    [
        (date(2025, 10, 6), 0, False),  # one year to the day
        (date(2025, 10, 7), 0, True),
        (date(2023, 10, 6), 0, False),  # three years to the day
        (date(2023, 10, 5), 0, True),
        (date(2023, 10, 5), 1, False),  # a day of escape is excluded from the term
        (None, 0, False),
    ],
)
def test_a_term_shorter_than_a_year_or_longer_than_three_is_implausible(decided: date | None, escaped: int, is_open: bool) -> None:
    for rows in ([e.roster(decision_date=decided, escape_days=escaped)], [e.notice(decision_date=decided), e.roster(escape_days=escaped)]):
        flag = e.opened(*rows, as_of=date(2026, 9, 10)).get("TERM_IMPLAUSIBLE")
        assert (flag.due_date if flag else None) == (T if is_open else None)


@pytest.mark.parametrize(
    ("rows", "is_open"),
    [
        ([e.notice(**AT_STREET)], True),  # two stations serve the place equally
        ([e.notice(**AT_STREET), e.case()], False),  # a case settles it
        ([e.notice(**AT_STREET), e.order(street_code="140106004000")], False),  # so does the order's street
        ([e.notice(**AT_OTHER), e.registered(**AT_STREET), e.order(street_code="140106004000")], False),
        ([e.notice(**AT_OTHER)], False),
        ([e.notice(**AT_OTHER), e.registered(**AT_STREET)], True),  # two residences, two stations
        ([e.notice(**AT_OTHER), e.registered(**AT_OTHER)], False),
        ([e.notice(**AT_OTHER), e.registered(residence_region_code="320102001001")], False),
    ],
)
def test_two_possible_stations_are_told_to_the_coordinator(rows: list[Any], is_open: bool) -> None:
    with_street = e.station("140106Z002", "140106004", parent="140106004000")
    flags = e.opened(*rows, as_of=date(2026, 9, 21), stations=[STREET_STATION, TWIN_STATION, with_street])
    assert ("JURISDICTION_CONFLICT" in flags) == is_open
    assert not is_open or flags["JURISDICTION_CONFLICT"].due_date == T - e.DAY


def test_a_place_without_a_station_is_named_by_its_county() -> None:
    flag = e.opened(e.notice(residence_region_code="320102001001"), as_of=date(2026, 9, 10), stations=[OTHER_STATION])["ROUTE_UNKNOWN"]
    assert flag.evidence["cause"] == "REGION:320102"


def test_the_stations_region_counts_though_no_case_names_the_station() -> None:
    slower = next(v for v in e.PARAMETERS.values if v.name == "ack_working_days")
    values = (*e.PARAMETERS.values, type(slower)(slower.name, "1401", "any", slower.valid_from, None, "2", "test"))
    rules = Deadlines(type(e.PARAMETERS)(e.PARAMETERS.parameters, values), WorkingCalendar(e.DAYS), {})
    found = e.looked_at(e.notice(**AT_STREET), as_of=date(2026, 9, 3), rules=rules, stations=[STREET_STATION])
    assert (found.step.due_date, "ACK_OVERDUE" in {flag.flag_code for flag in found.flags}) == (date(2026, 9, 3), False)


def test_evidence_names_rows_rule_parameters_and_audience_and_no_values() -> None:
    evidence = e.opened(e.roster(), as_of=date(2026, 10, 3))["NOTICE_MISSING"].evidence
    assert evidence == {
        "rule": RULE_VERSION,
        "source": "戒毒条例 34",
        "rows": [{"feed": "centre_roster", "source_key": "140100Q001-ZS-1", "field": "expected_release_date", "value_class": "date"}],
        "parameters": ["notice_lead_days/000000/any/2011-06-26", "notice_lead_day_kind/000000/any/2011-06-26"],
        "see": ["C", "S", "P", "K"],
    }


def test_a_parameter_without_a_value_leaves_its_flags_out_tells_the_operator_and_stops_nothing_else() -> None:
    rules = e.deadlines()
    rows = [e.roster(expected_release_date=date(2010, 1, 8), centre_entry_date=date(2009, 1, 1), has_kin=False)]
    found = handoff_of(e.episode(*rows), date(2010, 1, 9), rules, Stations([])).handoff
    assert found is not None
    assert {flag.flag_code for flag in found.flags} == {"PICKUP_UNASSIGNED", "RELEASE_NOT_CONFIRMED", "ROUTE_UNKNOWN"}
    assert (found.step.next_step, found.step.due_date) == ("send_notice", None)
    assert {("notice_lead_days", "140100"), ("window_days", "140100"), ("no_receiver_days", "140100")} <= rules.missing_parameters


def test_a_year_without_a_calendar_leaves_working_day_deadlines_open_and_is_told() -> None:
    rules = Deadlines(e.PARAMETERS, WorkingCalendar({}), {})
    assert "ACK_OVERDUE" not in e.opened(e.notice(), as_of=T, rules=rules)
    assert e.looked_at(e.notice(), as_of=T, rules=rules).step.due_date is None
    assert rules.calendar.missing_years == {2026}
    arrived = e.notice(**SHANGHAI_CENTRE, first_arrived_at=e.noon(date(2026, 10, 4)))
    assert not {"DELIVERY_LATE", "NOTICE_LATE"} & set(e.opened(arrived, as_of=date(2026, 10, 4), rules=rules))
