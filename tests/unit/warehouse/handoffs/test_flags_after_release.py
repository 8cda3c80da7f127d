from datetime import date, timedelta

import episodes as e
import pytest
from boundaries import Boundary, holds

R = e.RELEASE  # 2026-10-06; working days after it: 10-08, 10-09, 10-10 (make-up), 10-12, 10-13
UNTOLD = {"actual_released_at": e.noon(R)}
MET = UNTOLD | {"receiver_type_code": "3"}
UNMET = UNTOLD | {"receiver_type_code": "0"}
UNDECIDED = MET | {"rehabilitation_order_code": "9"}
SERVED = {"served_date": date(2026, 9, 20)}  # 15 days end on 10-05, a day off: 10-08
REPORTED = e.case(report_date=date(2026, 10, 9))
AGREED = e.case(report_date=date(2026, 10, 9), agreement_date=date(2026, 10, 12))
NATION, SHANGHAI = {"centre_code": "110000Q001"}, {"centre_code": "310100Q001"}
SUSPENDED = {"order_state_code": "2", "order_state_date": date(2026, 9, 21)}
STILL_THERE = e.roster(snapshot_date=date(2026, 10, 8))
TOLD_POLICE = e.case(police_report_date=date(2026, 10, 10))
LEFT = e.case(transfer_date=date(2026, 9, 20), transfer_station_code="140107Z001")
FULL_FILE = tuple(f"{n:02}" for n in range(1, 9))

BOUNDARIES = [
    Boundary(
        "RELEASED_UNMET", [e.notice(**UNMET)], R, date(2026, 10, 7), "critical",
        without=[[e.notice(**MET)], [e.notice(**UNTOLD)], [e.notice(**UNMET), e.case(report_date=R)]],
    ),
    Boundary(
        "HANDOVER_UNKNOWN", [e.notice(**UNTOLD)], date(2026, 10, 7), date(2026, 10, 7), "warning",
        without=[[e.notice(**MET)], [e.notice(**UNMET)], [e.notice(**UNTOLD), e.case(report_date=R)]],
    ),
    # The release itself is not told: the expected day stands for it.
    Boundary("HANDOVER_UNKNOWN", [e.notice(), e.order(**SERVED)], date(2026, 10, 7), date(2026, 10, 7), "warning"),
    Boundary(
        "DOCS_OVERDUE", [e.notice(**MET), e.case(file_item_codes=("01",))], date(2026, 10, 14), date(2026, 10, 13), "warning",
        without=[
            [e.notice(**MET), e.case(file_item_codes=("01",)), e.case(source_key="140106Z003-AJ-2", file_item_codes=("02", "03"))],
            [e.notice(**MET, **NATION)],  # only some regions have the rule
        ],
    ),
    Boundary("DOCS_OVERDUE", [e.notice(**MET, **SHANGHAI)], date(2026, 10, 11), date(2026, 10, 10), "warning"),
    Boundary(
        "ORDER_UNDETERMINED", [e.notice(**UNDECIDED)], date(2026, 10, 7), date(2026, 10, 7), "warning",
        without=[[e.notice(**UNDECIDED), e.order()], [e.notice(**MET | {"rehabilitation_order_code": "0"})]],
    ),
    Boundary(
        "ORDER_UNDETERMINED", [e.roster(custody_state_code="6", custody_state_date=R)], date(2026, 10, 7), date(2026, 10, 7), "warning"
    ),
    Boundary(
        "ORDER_NOT_SERVED", [e.notice(**MET), e.order()], date(2026, 10, 7), date(2026, 10, 7), "info",
        without=[
            [e.notice(**MET), e.order(**SERVED)],
            [e.notice(**MET), e.order(), REPORTED, e.case(source_key="140106Z003-AJ-2", report_date=R)],
            [e.notice(**MET), e.order(**SUSPENDED)],
            [e.notice(), e.order()],  # not released
        ],
    ),
    Boundary(
        "REPORT_DUE", [e.notice(**MET), e.order(**SERVED)], date(2026, 10, 3), date(2026, 10, 8), "info", shuts_on=date(2026, 10, 9),
        without=[[e.notice(**MET), e.order()], [e.order(**SERVED), e.case(report_date=date(2026, 10, 2))]],
    ),
    Boundary(
        "REPORT_OVERDUE", [e.notice(**MET), e.order(**SERVED)], date(2026, 10, 9), date(2026, 10, 8), "critical",
        without=[[e.notice(**MET), e.order()], [e.order(**SERVED), REPORTED], [e.order(**SERVED, **SUSPENDED)]],
    ),
    Boundary(
        "REFUSAL_UNREPORTED", [e.notice(**MET), e.order(**SERVED), e.case()], date(2026, 10, 10), date(2026, 10, 9), "critical",
        without=[[e.order(**SERVED), TOLD_POLICE], [e.order(**SERVED), REPORTED], [e.order()]],
    ),
    Boundary(
        "AGREEMENT_MISSING", [e.notice(**MET), e.order(**SERVED), REPORTED], date(2026, 10, 14), date(2026, 10, 13), "warning",
        without=[[e.order(**SERVED), AGREED], [e.order(**SERVED)], [e.order(**SERVED, **SUSPENDED), REPORTED]],
    ),
    Boundary(
        "TRANSFER_PENDING", [e.notice(), e.order(), LEFT], date(2026, 9, 20), date(2026, 10, 8), "info",
        turns=date(2026, 10, 9), then="warning",
        without=[[e.order(), e.case(transfer_date=date(2026, 9, 20), transfer_accepted_date=date(2026, 9, 20))]],
    ),
    Boundary(
        "SOURCE_CONFLICT", [e.notice(**MET), STILL_THERE], date(2026, 10, 8), date(2026, 10, 7), "warning",
        without=[
            [e.notice(**MET), e.roster(snapshot_date=date(2026, 10, 7))],
            [e.notice(**MET), e.roster(snapshot_date=date(2026, 10, 8), missing_since=date(2026, 10, 7))],
            [e.notice(**MET), e.roster(snapshot_date=date(2026, 10, 8), missing_since=date(2026, 10, 8))],
            [e.notice(**MET), e.roster(snapshot_date=date(2026, 10, 8), custody_state_code="6", custody_state_date=R)],
            [e.notice(**MET), e.roster()],
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=str)
def test_a_flag_after_release_opens_on_its_day_and_not_the_day_before(boundary: Boundary) -> None:
    holds(boundary)


@pytest.mark.parametrize(("days_after", "is_open"), [(0, True), (1, False), (9, True)])
def test_a_service_after_the_day_of_release_shows_the_person_was_seen(days_after: int, is_open: bool) -> None:
    seen = e.service("13", R + timedelta(days=days_after))
    assert ("RELEASED_UNMET" in e.opened(e.notice(**UNMET), e.case(), seen, as_of=R + 5 * e.DAY)) == is_open


def test_a_report_of_the_police_that_is_only_planned_reports_nothing() -> None:
    later = e.case(police_report_date=date(2026, 10, 12))
    open_on = {day: "REFUSAL_UNREPORTED" in e.opened(e.order(**SERVED), later, as_of=date(2026, 10, day)) for day in (9, 10, 11, 12)}
    assert open_on == {9: False, 10: True, 11: True, 12: False}


def test_an_order_moved_to_another_county_waits_for_acceptance_from_that_day() -> None:
    moved = e.order(order_state_code="5", order_state_date=date(2026, 9, 20))
    flag = e.opened(moved, e.case(), as_of=date(2026, 10, 9))["TRANSFER_PENDING"]
    assert (flag.severity, flag.due_date) == ("warning", date(2026, 10, 8))


def test_no_due_date_runs_while_an_order_is_suspended_or_over() -> None:
    rows = [e.notice(**MET), AGREED]
    for code, state in (("2", "SUSPENDED"), ("3", "TERMINATED"), ("6", "REFUSED")):
        stopped = e.order(**SERVED, order_state_code=code, order_state_date=date(2026, 10, 20))
        found = e.looked_at(*rows, stopped, as_of=date(2027, 1, 20), rules=e.deadlines())
        assert (found.state.state, found.flags) == (state, ())


def test_without_an_order_nothing_of_an_order_is_owed() -> None:
    agreed = e.case(report_date=date(2026, 10, 9), agreement_date=date(2026, 10, 12), file_item_codes=FULL_FILE)
    rows = [e.notice(**UNDECIDED), e.drug_test(date(2026, 10, 20), "1"), e.violation("6", detected_at=e.noon(date(2026, 10, 20)))]
    for case in (agreed, e.case(report_date=date(2026, 10, 9), file_item_codes=FULL_FILE)):
        flags = e.opened(*rows, case, e.registered(is_contact_lost=True, contact_lost_date=R), as_of=date(2026, 12, 25))
        assert set(flags) == {"ORDER_UNDETERMINED", "SEQUENCE_GAP"}
