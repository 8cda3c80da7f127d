"""What one handoff adds to the measures of a month: each measure met, missed, unknown and not concerned, at its limits."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import episodes as e
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import SHANGHAI
from warehouse.handoffs.handoff import handoff_of
from warehouse.handoffs.measures import ASIDE, MEASURES, MET, MISSED, MUSTS, UNKNOWN, Share
from warehouse.handoffs.routing import Stations

AS_OF = date(2026, 11, 20)
OCTOBER, NOVEMBER = "202610", "202611"
RELEASED_AT = datetime(2026, 11, 2, 9, tzinfo=SHANGHAI)
RELEASED = e.notice(expected_release_date=date(2026, 11, 2), notice_date=date(2026, 10, 30), actual_released_at=RELEASED_AT)
# A person in the second year of an order: reported on 1 October 2025, windows of two months; the last ended on 30 September.
OLD_ORDER = e.order(order_date=date(2025, 9, 20), served_date=date(2025, 9, 25), order_state_date=date(2025, 9, 20))
OLD = e.case(report_date=date(2025, 10, 1), agreement_date=date(2025, 10, 9), plan_date=date(2025, 10, 9), worker_number="SG-1")
LIVING = [OLD_ORDER, OLD]
FULL_FILE = tuple(f"{n:02}" for n in range(1, 9))


@dataclass(frozen=True)
class Example:
    name: str
    code: str
    month: str
    rows: list[Any]
    share: Share | None
    as_of: date = AS_OF

    def __str__(self) -> str:
        return f"{self.code}: {self.name}"


def released(**given: Any) -> Any:
    return RELEASED._replace(**given)


def picked_up(hours: float | None, result: str = "1") -> Any:
    return e.case(pickup_result_code=result, pickup_at=RELEASED_AT + timedelta(hours=hours) if hours is not None else None)


def reported(day: date, **given: Any) -> list[Any]:
    order = e.order(served_date=date(2026, 10, 20), order_date=date(2026, 10, 10), order_state_date=date(2026, 10, 10))
    return [order, e.case(report_date=day, **given)]


def positive(day: date, confirmation: str | None) -> Any:
    return e.drug_test(day, "1", confirmation_code=confirmation)


def event(kind: str, day: int, hours: float | None, month: int = 11) -> Any:
    detected = datetime(2026, month, day, 10, tzinfo=SHANGHAI)
    told = detected + timedelta(hours=hours) if hours is not None else None
    return e.violation(kind, detected_at=detected, police_reported_at=told)


EXAMPLES = [
    Example("a notice on the legal latest day", "NOTICE_ON_TIME", NOVEMBER, [RELEASED], MET),
    Example("a notice the day after", "NOTICE_ON_TIME", NOVEMBER, [released(notice_date=date(2026, 10, 31))], MISSED),
    Example("no notice is not on time", "NOTICE_ON_TIME", NOVEMBER,
            [e.roster(custody_state_code="6", custody_state_date=date(2026, 11, 2))], MISSED),
    Example("another month's release", "NOTICE_ON_TIME", OCTOBER, [RELEASED], None),
    Example("at the gate within 24 hours", "PICKUP_RATE", NOVEMBER, [RELEASED, picked_up(24)], MET),
    Example("later than 24 hours", "PICKUP_RATE", NOVEMBER, [RELEASED, picked_up(24.1)], MISSED),
    Example("nobody came", "PICKUP_RATE", NOVEMBER, [RELEASED, picked_up(None, "2")], MISSED),
    Example("nobody says", "PICKUP_RATE", NOVEMBER, [RELEASED], UNKNOWN),
    Example("met by the centre's word, without an hour", "PICKUP_RATE", NOVEMBER, [released(receiver_type_code="1")], MET),
    Example("the hour of release is not known and the pickup was on the next day", "PICKUP_RATE", NOVEMBER,
            [e.roster(custody_state_code="6", custody_state_date=date(2026, 11, 2)), picked_up(24)], UNKNOWN),
    Example("agreed on the third working day", "AGREE_RATE", NOVEMBER, reported(date(2026, 11, 2), agreement_date=date(2026, 11, 5)), MET),
    Example("agreed on the fourth", "AGREE_RATE", NOVEMBER, reported(date(2026, 11, 2), agreement_date=date(2026, 11, 6)), MISSED),
    Example("not agreed", "AGREE_RATE", NOVEMBER, reported(date(2026, 11, 2)), UNKNOWN),
    Example("reported in another month", "AGREE_RATE", OCTOBER, reported(date(2026, 11, 2)), None),
    Example("agreed in time across the month's end", "AGREE_RATE", OCTOBER,
            reported(date(2026, 10, 30), agreement_date=date(2026, 11, 4)), MET),
    Example("an agreement that outlasts the order", "AGREE_RATE", NOVEMBER,
            [e.order(execution_end_date=date(2029, 1, 1)), e.case(report_date=date(2026, 11, 2), agreement_date=date(2026, 11, 2),
                                                                  agreement_end_date=date(2029, 1, 2))], MISSED),
    Example("an agreement that ends with the order", "AGREE_RATE", NOVEMBER,
            [e.order(execution_end_date=date(2029, 1, 1)), e.case(report_date=date(2026, 11, 2), agreement_date=date(2026, 11, 2),
                                                                  agreement_end_date=date(2029, 1, 1))], MET),
    Example("assessed on the thirtieth day", "MOTIVE_RATE", NOVEMBER,
            [*reported(date(2026, 10, 12), agreement_date=date(2026, 10, 12)), e.service("15", date(2026, 11, 11))], MET),
    Example("assessed on the thirty-first", "MOTIVE_RATE", NOVEMBER,
            [*reported(date(2026, 10, 12), agreement_date=date(2026, 10, 12)), e.service("15", date(2026, 11, 12))], MISSED),
    Example("refused", "MOTIVE_RATE", NOVEMBER,
            [*reported(date(2026, 10, 12), agreement_date=date(2026, 10, 12)),
             e.service("15", date(2026, 11, 1), service_result_code="2")], MISSED),
    Example("never tried", "MOTIVE_RATE", NOVEMBER, reported(date(2026, 10, 12), agreement_date=date(2026, 10, 12)), UNKNOWN),
    Example("thirty days are not over", "MOTIVE_RATE", NOVEMBER, reported(date(2026, 10, 22), agreement_date=date(2026, 10, 22)), None),
    Example("a service on the thirty-first of the last 31 days", "FOLLOW_RATE", NOVEMBER, [*LIVING, e.service("13", date(2026, 10, 21))],
            MET),
    Example("a service the day before them", "FOLLOW_RATE", NOVEMBER, [*LIVING, e.service("13", date(2026, 10, 20))], UNKNOWN),
    Example("only a refusal in them", "FOLLOW_RATE", NOVEMBER,
            [*LIVING, e.service("13", date(2026, 11, 1), service_result_code="2")], MISSED),
    Example("no worker", "FOLLOW_RATE", NOVEMBER, [OLD_ORDER, OLD._replace(worker_number=None), e.service("13", AS_OF)], UNKNOWN),
    Example("no plan", "FOLLOW_RATE", NOVEMBER, [OLD_ORDER, OLD._replace(plan_date=None), e.service("13", AS_OF)], UNKNOWN),
    Example("visited on the first of the month", "VISIT_RATE", NOVEMBER, [*LIVING, e.service("12", date(2026, 11, 1))], MET),
    Example("visited the day before", "VISIT_RATE", NOVEMBER, [*LIVING, e.service("12", date(2026, 10, 31))], UNKNOWN),
    Example("only refused", "VISIT_RATE", NOVEMBER, [*LIVING, e.service("12", date(2026, 11, 3), service_result_code="2")], MISSED),
    Example("agreed on the first day", "VISIT_RATE", OCTOBER,
            [OLD_ORDER, OLD._replace(agreement_date=date(2026, 10, 1)), e.service("12", date(2026, 10, 5))], None),
    Example("agreed the day before", "VISIT_RATE", OCTOBER,
            [OLD_ORDER, OLD._replace(agreement_date=date(2026, 9, 30)), e.service("12", date(2026, 10, 5))], MET),
    Example("suspended before the month's end", "VISIT_RATE", OCTOBER,
            [OLD_ORDER._replace(order_state_code="2", order_state_date=date(2026, 10, 31)), OLD, e.service("12", date(2026, 10, 5))], None),
    Example("suspended after it", "VISIT_RATE", OCTOBER,
            [OLD_ORDER._replace(order_state_code="2", order_state_date=date(2026, 11, 1)), OLD, e.service("12", date(2026, 10, 5))], MET),
    Example("resumed in the month", "VISIT_RATE", OCTOBER,
            [OLD_ORDER._replace(order_state_reason_code="8", order_state_date=date(2026, 10, 2)), OLD], None),
    Example("tested on the last day of the window", "TEST_RATE", OCTOBER,
            [OLD_ORDER, OLD._replace(report_date=date(2025, 9, 1)), e.drug_test(date(2026, 10, 31))], MET),
    Example("tested the day after", "TEST_RATE", OCTOBER,
            [OLD_ORDER, OLD._replace(report_date=date(2025, 9, 1)), e.drug_test(date(2026, 11, 1))], UNKNOWN),
    Example("refused in the window", "TEST_RATE", OCTOBER,
            [OLD_ORDER, OLD._replace(report_date=date(2025, 9, 1)), e.drug_test(None, "3", test_planned_date=date(2026, 10, 5))], MISSED),
    Example("excused in the window", "TEST_RATE", OCTOBER,
            [OLD_ORDER, OLD._replace(report_date=date(2025, 9, 1)),
             e.drug_test(None, "5", test_planned_date=date(2026, 10, 5), excuse_code="1")], MET),
    Example("no window ends in the month", "TEST_RATE", OCTOBER, [*LIVING, e.drug_test(date(2026, 10, 5))], None),
    Example("told the police after 24 hours", "REPORT_ABSENCE_RATE", NOVEMBER, [*LIVING, event("2", 3, 24)], MET),
    Example("told later", "REPORT_ABSENCE_RATE", NOVEMBER, [*LIVING, event("6", 3, 24.1)], MISSED),
    Example("not told", "REPORT_ABSENCE_RATE", NOVEMBER, [*LIVING, event("6", 3, None)], UNKNOWN),
    Example("several are added", "REPORT_ABSENCE_RATE", NOVEMBER,
            [*LIVING, event("2", 3, 1), event("2", 4, 30), event("6", 5, None)], Share(1, 3, 1)),
    Example("another kind of event", "REPORT_ABSENCE_RATE", NOVEMBER, [*LIVING, event("3", 3, 1)], None),
    Example("all eight items", "FILE_RATE", NOVEMBER, [OLD_ORDER, OLD._replace(file_item_codes=FULL_FILE)], MET),
    Example("seven items", "FILE_RATE", NOVEMBER, [OLD_ORDER, OLD._replace(file_item_codes=FULL_FILE[1:])], MISSED),
    Example("no item told", "FILE_RATE", NOVEMBER, LIVING, UNKNOWN),
    Example("not yet thirty days", "FILE_RATE", NOVEMBER, reported(date(2026, 10, 22), agreement_date=date(2026, 10, 22)), None),
    Example("agreed by the month's end", "EXECUTION_RATE", NOVEMBER,
            reported(date(2026, 11, 2), agreement_date=date(2026, 11, 20)), MET),
    Example("not agreed", "EXECUTION_RATE", NOVEMBER, reported(date(2026, 11, 2)), MISSED),
    Example("the day to report has not come", "EXECUTION_RATE", OCTOBER, reported(date(2026, 11, 2)), None),
    Example("reported under an order not served", "EXECUTION_RATE", NOVEMBER, [e.order(), e.case(report_date=date(2026, 11, 2))], ASIDE),
    Example("neither served nor reported", "EXECUTION_RATE", NOVEMBER, [e.order(), e.case()], None),
    Example("reported on the last day", "REPORT_ON_TIME", NOVEMBER, reported(date(2026, 11, 4)), MET),
    Example("reported the day after", "REPORT_ON_TIME", NOVEMBER, reported(date(2026, 11, 5)), MISSED),
    Example("never reported", "REPORT_ON_TIME", NOVEMBER, [*reported(date(2026, 11, 4))[:1], e.case()], MISSED),
    Example("reported under an order not served", "REPORT_ON_TIME", NOVEMBER, [e.order(), e.case(report_date=date(2026, 11, 2))], ASIDE),
    Example("due on a day to come", "REPORT_ON_TIME", NOVEMBER, reported(date(2026, 11, 3)), None, date(2026, 11, 3)),
    Example("visited and tested", "CONTROL_RATE", NOVEMBER,
            [*LIVING, e.service("12", date(2026, 11, 3)), e.drug_test(date(2026, 9, 30))], MET),
    Example("visited and a test missed", "CONTROL_RATE", NOVEMBER, [*LIVING, e.service("12", date(2026, 11, 3))], MISSED),
    Example("a service but no visit", "CONTROL_RATE", NOVEMBER,
            [*LIVING, e.service("13", date(2026, 11, 3)), e.drug_test(date(2026, 9, 30))], MISSED),
    Example("contact lost on the day", "CONTROL_RATE", NOVEMBER,
            [*LIVING, e.service("12", date(2026, 11, 3)), e.drug_test(date(2026, 9, 30)),
             e.registered(is_contact_lost=True, contact_lost_date=AS_OF)], MISSED),
    Example("neither service nor test", "CONTROL_RATE", NOVEMBER, [*LIVING, e.drug_test(date(2026, 9, 30))], UNKNOWN),
    Example("tested within the year", "RETENTION_RATE", NOVEMBER, [*LIVING, e.drug_test(date(2025, 11, 21))], MET),
    Example("tested a year ago", "RETENTION_RATE", NOVEMBER, [*LIVING, e.drug_test(date(2025, 11, 20))], UNKNOWN),
    Example("a confirmed positive", "RETENTION_RATE", NOVEMBER, [*LIVING, positive(date(2026, 5, 1), "1")], MISSED),
    Example("a positive that is not confirmed", "RETENTION_RATE", NOVEMBER, [*LIVING, positive(date(2026, 5, 1), "0")], MET),
    Example("an event of relapse without a test", "RETENTION_RATE", NOVEMBER, [*LIVING, event("7", 3, None)], MISSED),
    Example("completed within the year", "RETENTION_RATE", NOVEMBER,
            [OLD_ORDER._replace(order_state_code="4", order_state_date=date(2026, 1, 5)), OLD, e.drug_test(date(2026, 1, 3))], MET),
    Example("terminated", "RETENTION_RATE", NOVEMBER,
            [OLD_ORDER._replace(order_state_code="3", order_state_date=date(2026, 1, 5)), OLD, e.drug_test(date(2026, 1, 3))], None),
    Example("observed without relapse", "RELAPSE_RATE", NOVEMBER, [*LIVING, RELEASED, e.drug_test(date(2026, 11, 5))], MISSED),
    Example("a confirmed positive since the release", "RELAPSE_RATE", NOVEMBER, [*LIVING, RELEASED, positive(date(2026, 11, 5), "1")],
            MET),
    Example("isolated again", "RELAPSE_RATE", NOVEMBER,
            [*LIVING, RELEASED, e.registered(control_state_code="4", control_state_date=date(2026, 11, 3))], MET),
    Example("the isolation that has just ended", "RELAPSE_RATE", NOVEMBER,
            [*LIVING, RELEASED, e.registered(control_state_code="4", control_state_date=date(2026, 11, 2))], ASIDE),
    Example("not observed stands beside", "RELAPSE_RATE", NOVEMBER, [*LIVING, RELEASED], ASIDE),
    Example("not released", "RELAPSE_RATE", NOVEMBER, [*LIVING, e.drug_test(date(2026, 11, 5))], None),
]  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_a_measure_counts_a_handoff_as_told(example: Example) -> None:
    assert _shares(example.rows, example.as_of).get(example.month, {}).get(example.code) == example.share


def test_every_measure_has_examples_met_and_of_every_other_outcome_it_knows() -> None:
    shown = {code: {example.share for example in EXAMPLES if example.code == code} for code, _ in MEASURES}
    assert all({MET, MISSED} <= shares for shares in shown.values())
    assert {code for code, shares in shown.items() if not shares & {UNKNOWN, ASIDE}} == {"NOTICE_ON_TIME"}
    assert len(MUSTS) == 8
    assert set(MUSTS.values()) <= set(shown)


LEFT_OUT = {
    "dead": lambda day: e.registered(control_state_code="8", control_state_date=day),
    "out of control": lambda day: e.registered(control_state_code="7", control_state_date=day),
    "transferred": lambda day: e.case(source_key="140106Z003-AJ-9", transfer_date=day),
}


@pytest.mark.parametrize("how", LEFT_OUT)
def test_who_died_was_handed_on_or_is_out_of_control_is_left_out_from_that_month(how: str) -> None:
    rows = [*LIVING, e.service("12", date(2026, 10, 5))]
    assert set(_shares([*rows, LEFT_OUT[how](date(2026, 10, 31))], AS_OF)) == set()
    assert set(_shares([*rows, LEFT_OUT[how](date(2026, 11, 1))], AS_OF)) == {OCTOBER}
    assert set(_shares(rows, AS_OF)) == {OCTOBER, NOVEMBER}


def test_who_was_taken_over_elsewhere_is_left_out_from_that_month() -> None:
    taken = OLD._replace(transfer_date=date(2026, 10, 20), transfer_accepted_date=date(2026, 11, 3))
    assert set(_shares([OLD_ORDER, taken], AS_OF)) == {OCTOBER}
    new_case = OLD._replace(source_key="140106Z004-AJ-1", case_number="AJ-2", station_code="140106Z004")
    assert set(_shares([OLD_ORDER, taken, new_case], AS_OF)) == {OCTOBER, NOVEMBER}


ROWS = [row for example in EXAMPLES for row in example.rows]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from(ROWS), min_size=1, max_size=8, unique_by=id), st.integers(0, 400), st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters_and_a_handoff_wakes_before_its_shares_change(rows: list[Any], days: int, chance: Any) -> None:
    distinct = [row._replace(source_key=f"{row.source_key}-{place}") for place, row in enumerate(rows)]
    as_of = date(2026, 9, 1) + timedelta(days=days)
    outcome = handoff_of(e.episode(*distinct), as_of, e.RULES, Stations(()))
    shares = outcome.handoff.shares if outcome.handoff else None
    shuffled = list(distinct)
    chance.shuffle(shuffled)
    other = handoff_of(e.episode(*shuffled), as_of, e.RULES, Stations(())).handoff
    assert (other.shares if other else None) == shares
    until = outcome.wakes_on - timedelta(days=1) if outcome.wakes_on else as_of + timedelta(days=60)
    for later in {as_of + (until - as_of) // 2, until}:
        asleep = handoff_of(e.episode(*distinct), later, e.RULES, Stations(())).handoff
        assert (asleep.shares if asleep else None) == shares


def _shares(rows: list[Any], as_of: date) -> dict[str, dict[str, Share]]:
    return {one.month: dict(one.shares) for one in e.looked_at(*rows, as_of=as_of).shares}
