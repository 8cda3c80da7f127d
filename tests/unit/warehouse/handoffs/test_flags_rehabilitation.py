from dataclasses import replace
from datetime import date, timedelta

import episodes as e
import pytest
from boundaries import Boundary, holds

from warehouse.handoffs.calendar import WorkingCalendar
from warehouse.handoffs.deadlines import Deadlines

SUSPENDED = {"order_state_code": "2", "order_state_date": date(2026, 10, 13)}
AGREED = e.case(report_date=date(2026, 10, 9), agreement_date=date(2026, 10, 12))
REPORTED = e.case(report_date=date(2026, 10, 9))
FULL_FILE = tuple(f"{n:02}" for n in range(1, 9))


def agreed_on(day: date, **given: object) -> list[object]:
    return [e.order(), e.case(report_date=day, agreement_date=day, **given)]


BOUNDARIES = [
    Boundary(
        "FIRST_TALK_DUE", [e.order(), AGREED], date(2026, 10, 12), date(2026, 11, 11), "info", turns=date(2026, 11, 12), then="warning",
        without=[[e.order(), AGREED, e.service("11", date(2026, 10, 12))], [e.order(), REPORTED]],
    ),
    Boundary(
        "BENEFIT_CHECK_DUE", [e.order(), AGREED], date(2026, 11, 12), date(2026, 11, 11), "warning",
        without=[
            [e.order(), AGREED, e.service("32", date(2026, 11, 12))],
            [e.order(), REPORTED],
            [e.order(**SUSPENDED), AGREED],
        ],
    ),
    Boundary(
        "FILE_INCOMPLETE", [e.order(), e.case(report_date=date(2026, 10, 9), agreement_date=date(2026, 10, 12),
                                              file_item_codes=FULL_FILE[:7])],
        date(2026, 11, 12), date(2026, 11, 11), "info",
        without=[agreed_on(date(2026, 10, 12), file_item_codes=FULL_FILE), [e.order(), REPORTED]],
    ),
    Boundary(
        "VISIT_DUE", agreed_on(date(2026, 10, 31)), date(2026, 11, 20), date(2026, 11, 30), "info", shuts_on=date(2026, 12, 1),
        without=[
            agreed_on(date(2026, 11, 1)),  # agreed in this month
            [*agreed_on(date(2026, 10, 31)), e.service("12", date(2026, 11, 1))],
            [*agreed_on(date(2026, 10, 31)), e.service("12", date(2026, 11, 20))],
            [e.order(), REPORTED],
        ],
    ),
    Boundary(
        "VISIT_OVERDUE", agreed_on(date(2026, 9, 30)), date(2026, 11, 1), date(2026, 10, 31), "warning",
        without=[
            agreed_on(date(2026, 10, 1)),  # agreed on the first day of the month looked at
            [*agreed_on(date(2026, 9, 30)), e.service("12", date(2026, 10, 1))],
            [*agreed_on(date(2026, 9, 30)), e.service("12", date(2026, 10, 31))],
            [e.order(**SUSPENDED), e.case(agreement_date=date(2026, 9, 30))],
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize("boundary", BOUNDARIES, ids=str)
def test_a_flag_of_care_opens_on_its_day_and_not_the_day_before(boundary: Boundary) -> None:
    holds(boundary)


@pytest.mark.parametrize(
    "attempt",
    [
        e.service("12", date(2026, 11, 5), service_result_code="2"),
        e.service("12", date(2026, 11, 5), service_result_code="3"),
        e.service("13", date(2026, 11, 5)),  # a talk
        e.service("12", date(2026, 10, 31)),
        e.service("12", date(2026, 11, 21)),  # still to come
        e.service("12", date(2026, 11, 5), case_number="AJ-9"),  # somebody else's case
        e.service("12", None),
    ],
)
def test_an_attempt_or_a_visit_of_another_month_or_case_is_no_visit(attempt: object) -> None:
    assert "VISIT_DUE" in e.opened(*agreed_on(date(2026, 10, 31)), attempt, as_of=date(2026, 11, 20))


@pytest.mark.parametrize(
    "help_given",
    [
        e.service("32", date(2026, 11, 1), service_result_code="2"),
        e.service("31", date(2026, 11, 1)),
        e.service("32", date(2026, 11, 13)),
    ],
)
def test_help_refused_of_another_kind_or_still_to_come_checks_no_benefit(help_given: object) -> None:
    assert "BENEFIT_CHECK_DUE" in e.opened(e.order(), AGREED, help_given, as_of=date(2026, 11, 12))


def test_a_visit_at_the_first_moment_of_a_month_belongs_to_it() -> None:
    midnight = e.service("12", date(2026, 11, 1), service_done_at=e.noon(date(2026, 10, 31)) + timedelta(hours=12))
    rows = [*agreed_on(date(2026, 9, 30)), midnight]
    assert "VISIT_DUE" not in e.opened(*rows, as_of=date(2026, 11, 20))
    assert "VISIT_OVERDUE" in e.opened(*rows, as_of=date(2026, 11, 20))


@pytest.mark.parametrize(("from_day", "open_on"), [("28", [28]), ("29", []), ("27", [27, 28])])
def test_a_visit_is_shown_from_the_regions_day_if_the_month_has_it(from_day: str, open_on: list[int]) -> None:
    known = next(v for v in e.PARAMETERS.values if v.name == "visit_due_from_day")
    values = tuple(replace(v, amount=from_day) if v is known else v for v in e.PARAMETERS.values)
    rules = Deadlines(replace(e.PARAMETERS, values=values), WorkingCalendar(e.DAYS), {})
    rows = [e.order(order_date=date(2026, 1, 1), order_state_date=date(2026, 1, 1)), e.case(agreement_date=date(2026, 1, 5))]
    shown = [day for day in range(1, 29) if "VISIT_DUE" in e.opened(*rows, as_of=date(2026, 2, day), rules=rules)]
    assert shown == open_on


def test_the_next_visit_is_due_this_month_or_once_visited_the_next() -> None:
    rows = [*agreed_on(date(2026, 10, 9), plan_date=date(2026, 10, 9)), e.service("11", date(2026, 10, 9))]
    assert e.looked_at(*rows, as_of=date(2026, 11, 5)).step.due_date == date(2026, 11, 30)
    visited = e.looked_at(*rows, e.service("12", date(2026, 11, 5)), as_of=date(2026, 11, 5))
    assert (visited.state.state, visited.step.next_step, visited.step.due_date) == ("IN_REHAB", "visit", date(2026, 12, 31))
