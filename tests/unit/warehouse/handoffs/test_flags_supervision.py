from datetime import date, timedelta
from typing import Any

import episodes as e
import pytest
from boundaries import Boundary, holds

from warehouse.handoffs.flags import AUDIENCE

R = e.RELEASE
MET = {"actual_released_at": e.noon(R), "receiver_type_code": "3"}
RELEASED = e.notice(**MET)
SUSPENDED = e.order(order_state_code="2", order_state_date=date(2026, 10, 8))
REPORTED = e.case(report_date=date(2026, 10, 9))  # windows: 10-09..11-08, 11-09..12-08 and so on
EXCUSED: dict[str, Any] = {"test_planned_date": date(2026, 10, 20), "excuse_code": "1"}
FOUND_ON_FRIDAY = {"detected_at": e.noon(date(2026, 10, 30))}
LOST = {"is_contact_lost": True, "contact_lost_date": date(2026, 10, 20)}
ENDS = {"execution_end_date": date(2026, 11, 10)}
COMPLETED = {"order_state_code": "4", "order_state_date": date(2026, 11, 10)}
IN_ORDER = [RELEASED, e.order(), REPORTED]

BOUNDARIES = [
    Boundary(
        "TEST_DUE", IN_ORDER, date(2026, 11, 1), date(2026, 11, 8), "info", shuts_on=date(2026, 11, 9),
        without=[
            [*IN_ORDER, e.drug_test(date(2026, 10, 9))],
            [*IN_ORDER, e.drug_test(date(2026, 11, 1), "1")],
            [*IN_ORDER, e.drug_test(None, "5", **EXCUSED)],
            [RELEASED, SUSPENDED, REPORTED],
            [RELEASED, e.order()],
        ],
    ),
    Boundary(
        "TEST_MISSED", IN_ORDER, date(2026, 11, 9), date(2026, 11, 8), "warning",
        without=[[*IN_ORDER, e.drug_test(date(2026, 11, 8))], [*IN_ORDER, e.drug_test(date(2026, 10, 9), "2")], [RELEASED, e.order()]],
    ),
    Boundary(
        "TEST_POSITIVE", [*IN_ORDER, e.drug_test(date(2026, 10, 20), "1")], date(2026, 10, 20), date(2026, 10, 21), "critical",
        without=[
            [*IN_ORDER, e.drug_test(date(2026, 10, 20), "1", confirmation_code="2")],
            [*IN_ORDER, e.drug_test(date(2026, 10, 20), "2")],
            [*IN_ORDER, e.drug_test(R - e.DAY, "1")],
            [RELEASED, SUSPENDED, e.drug_test(date(2026, 10, 20), "1")],
        ],
    ),
    Boundary(
        "RISK_REVIEW_DUE", IN_ORDER, date(2026, 11, 9), date(2026, 11, 8), "warning",
        without=[
            [*IN_ORDER, e.assessment(date(2026, 10, 9))],
            [*IN_ORDER, e.assessment(date(2026, 11, 9))],
            [RELEASED, e.order()],
            [RELEASED, SUSPENDED, REPORTED],
        ],
    ),
    # One before the report is not one of this order.
    Boundary("RISK_REVIEW_DUE", [*IN_ORDER, e.assessment(date(2026, 10, 8))], date(2026, 11, 9), date(2026, 11, 8), "warning"),
    Boundary(
        "RISK_REVIEW_DUE", [*IN_ORDER, e.assessment(date(2026, 10, 31)), e.assessment(date(2026, 10, 12))],
        date(2027, 5, 1), date(2027, 4, 30), "warning",
    ),
    # Found on a Friday: the police are told by Monday.
    Boundary(
        "ABSENCE_UNREPORTED", [RELEASED, e.order(), e.violation("6", **FOUND_ON_FRIDAY)], date(2026, 11, 3), date(2026, 11, 2), "critical",
        without=[
            [RELEASED, e.order(), e.violation("6", **FOUND_ON_FRIDAY, police_reported_at=e.noon(date(2026, 11, 3)))],
            [RELEASED, e.order(), e.violation("3", **FOUND_ON_FRIDAY)],
            [RELEASED, e.order(), e.violation("6")],
            [RELEASED, e.order(), e.violation("6", **FOUND_ON_FRIDAY, order_number="别的")],
            [RELEASED, SUSPENDED, e.violation("6", **FOUND_ON_FRIDAY)],
        ],
    ),
    Boundary(
        "CONTACT_LOST", [RELEASED, e.order(), e.registered(**LOST)], date(2026, 10, 20), date(2026, 10, 21), "critical",
        without=[
            [RELEASED, e.order(), e.registered(**LOST | {"is_contact_lost": False})],
            [RELEASED, e.order(), e.registered(**LOST | {"contact_lost_date": None})],
            [RELEASED, SUSPENDED, e.registered(**LOST)],
        ],
    ),
    Boundary(
        "END_NOTICE_DUE", [RELEASED, e.order(**ENDS)], date(2026, 11, 10), date(2026, 11, 17), "info",
        turns=date(2026, 11, 18), then="warning",
        without=[[RELEASED, e.order()], [RELEASED, e.order(**ENDS, order_state_code="2")]],
    ),
    Boundary(
        "END_NOTICE_DUE", [e.order(**COMPLETED)], date(2026, 11, 10), date(2026, 11, 17), "info", turns=date(2026, 11, 18),
        then="warning", without=[[e.order(**COMPLETED, street_notified_date=date(2026, 11, 10))]],
    ),
    Boundary(
        "CONTROL_END_DUE", [RELEASED, e.order(), e.registered(clean_since_date=date(2023, 10, 20))],
        date(2026, 10, 20), date(2026, 10, 20), "info",
        without=[
            [RELEASED, e.order(), e.registered(clean_since_date=date(2023, 10, 21))],
            [RELEASED, e.order(), e.registered()],
            [RELEASED, e.order(), e.registered(clean_since_date=date(2023, 10, 20), control_state_code="7")],
        ],
    ),
    # A leap day three years on.
    Boundary(
        "CONTROL_END_DUE", [RELEASED, e.order(), e.registered(clean_since_date=date(2024, 2, 29))],
        date(2027, 2, 28), date(2027, 2, 28), "info",
    ),
]  # fmt: skip


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=str)
def test_a_flag_of_supervision_opens_on_its_day_and_not_the_day_before(boundary: Boundary) -> None:
    holds(boundary)


def test_an_excuse_without_its_code_or_for_another_window_excuses_nothing() -> None:
    for given in ({**EXCUSED, "excuse_code": None}, {**EXCUSED, "test_planned_date": date(2026, 10, 8)}):
        assert "TEST_MISSED" in e.opened(*IN_ORDER, e.drug_test(None, "5", **given), as_of=date(2026, 11, 9))


def test_windows_grow_with_the_years_and_the_last_one_stays_the_last() -> None:
    due = {
        day: e.opened(e.order(), REPORTED, as_of=day, rules=e.deadlines())["TEST_MISSED"].due_date
        for day in (date(2027, 10, 9), date(2027, 12, 9), date(2028, 12, 9), date(2029, 1, 9), date(2030, 5, 1))
    }
    assert due == {
        date(2027, 10, 9): date(2027, 10, 8),  # the twelfth month
        date(2027, 12, 9): date(2027, 12, 8),  # two months each in the second year
        date(2028, 12, 9): date(2028, 10, 8),  # the second year's last; the third year's first is still running
        date(2029, 1, 9): date(2029, 1, 8),
        date(2030, 5, 1): date(2029, 10, 8),  # nothing is owed after three years
    }


def test_windows_begin_on_the_last_day_of_a_short_month() -> None:
    rows = [e.order(order_date=date(2026, 1, 1), order_state_date=date(2026, 1, 1)), e.case(report_date=date(2026, 1, 31))]
    assert e.opened(*rows, as_of=date(2026, 2, 28))["TEST_MISSED"].due_date == date(2026, 2, 27)
    assert e.opened(*rows, as_of=date(2026, 3, 31))["TEST_MISSED"].due_date == date(2026, 3, 30)


def test_the_earliest_positive_test_is_due_and_the_station_sees_only_a_confirmed_one() -> None:
    first, second = e.drug_test(date(2026, 10, 20), "1"), e.drug_test(date(2026, 10, 25), "1", confirmation_code="1")
    alone = e.opened(*IN_ORDER, first, as_of=date(2026, 10, 30))["TEST_POSITIVE"]
    both = e.opened(*IN_ORDER, first, second, as_of=date(2026, 10, 30))["TEST_POSITIVE"]
    assert ("".join(alone.see), "".join(both.see)) == ("P", "PS")
    assert (alone.due_date, both.due_date) == (date(2026, 10, 21), date(2026, 10, 21))
    assert [row["source_key"] for row in both.evidence["rows"]] == [second.source_key]


def test_without_a_known_release_positives_count_from_the_report() -> None:
    rows = [e.order(), REPORTED]
    assert "TEST_POSITIVE" not in e.opened(*rows, e.drug_test(date(2026, 10, 8), "1"), as_of=date(2026, 10, 30))
    assert "TEST_POSITIVE" in e.opened(*rows, e.drug_test(date(2026, 10, 9), "1"), as_of=date(2026, 10, 30))


def test_no_one_but_police_and_never_the_coordinator_sees_a_test_result() -> None:
    assert "".join(AUDIENCE["TEST_POSITIVE"]) == "P"


REFUSALS = [e.violation("3", detected_at=e.noon(date(2026, 10, day))) for day in (12, 14, 16)]


def test_a_severe_violation_is_reported_by_the_next_working_day() -> None:
    severe = Boundary(
        "SEVERE_VIOLATION", [RELEASED, e.order(), *REFUSALS], date(2026, 10, 16), date(2026, 10, 19), "critical",
        without=[[RELEASED, e.order(), *REFUSALS[:2]], [RELEASED, SUSPENDED, *REFUSALS]],
    )  # fmt: skip
    holds(severe)
    reported = e.violation("4", detected_at=e.noon(date(2026, 10, 16)), police_reported_at=e.noon(date(2026, 10, 20)))
    case_on = {day: e.case(police_report_date=date(2026, 10, day)) for day in (15, 16, 20, 21)}
    unreported = Boundary(
        "SEVERE_VIOLATION_UNREPORTED", [RELEASED, e.order(), *REFUSALS, case_on[15], case_on[21]],
        date(2026, 10, 20), date(2026, 10, 19), "critical", shuts_on=date(2026, 10, 21),
        without=[
            [RELEASED, e.order(), *REFUSALS, case_on[16]],
            [RELEASED, e.order(), *REFUSALS, case_on[20]],
            [RELEASED, e.order(), *REFUSALS[:2], reported],
        ],
    )  # fmt: skip
    holds(unreported)
    elsewhere = e.violation("6", detected_at=e.noon(date(2026, 10, 12)), police_reported_at=e.noon(date(2026, 10, 13)))
    flags = e.opened(RELEASED, e.order(), *REFUSALS, elsewhere, as_of=date(2026, 10, 20))
    assert "SEVERE_VIOLATION_UNREPORTED" in flags  # an event of no counter tells nothing of these


def test_a_completed_order_before_its_end_counts_from_the_end_it_was_given() -> None:
    early = e.order(**COMPLETED, execution_end_date=date(2026, 12, 1))
    assert e.opened(early, as_of=date(2026, 11, 20))["END_NOTICE_DUE"].due_date == date(2026, 12, 1) + timedelta(days=7)


def test_a_completed_order_keeps_only_the_flags_of_its_end() -> None:
    rows = [RELEASED, e.order(**COMPLETED), REPORTED, e.registered(**LOST, clean_since_date=date(2023, 1, 1))]
    assert set(e.opened(*rows, as_of=date(2026, 12, 1))) == {"END_NOTICE_DUE", "CONTROL_END_DUE"}
