from datetime import date, timedelta
from typing import Any

import episodes as e
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.handoffs.facts import facts_of, handoff_id
from warehouse.handoffs.handoff import handoff_of
from warehouse.handoffs.routing import Stations
from warehouse.handoffs.states import state_of

DAY = timedelta(days=1)
RELEASED = {"actual_released_at": e.noon(e.RELEASE), "receiver_type_code": "3"}


def found(*rows: Any, as_of: date = e.RELEASE - DAY, **given_parts: Any) -> tuple[str, date | None]:
    state = state_of(facts_of(e.episode(*rows, **given_parts), as_of), 90)
    return state.state, state.since_date


AFTER = e.RELEASE + 30 * DAY
PICKED = {"pickup_result_code": "1", "pickup_at": e.noon(e.RELEASE)}
TALK = e.service("11", date(2026, 10, 25))
AGREED = {"report_date": date(2026, 10, 10), "agreement_date": date(2026, 10, 12)}
REGISTERED = e.registered(control_state_code="7", control_state_date=date(2026, 11, 1))


@pytest.mark.parametrize(
    ("rows", "as_of", "state", "since"),
    [
        ([e.roster()], e.RELEASE - DAY, "EXPECTED", e.RELEASE - 90 * DAY),
        ([e.roster(), e.notice()], e.RELEASE - DAY, "NOTICED", date(2026, 9, 1)),
        ([e.notice(), e.case(notice_acknowledged_at=e.noon(date(2026, 9, 2)))], e.RELEASE - DAY, "ACKED", date(2026, 9, 2)),
        ([e.notice(), e.case(pickup_planned_at=e.noon(e.RELEASE))], e.RELEASE - DAY, "PICKUP_SET", date(2026, 9, 1)),
        ([e.notice(**RELEASED | {"receiver_type_code": None})], AFTER, "RELEASED", e.RELEASE),
        ([e.notice(**RELEASED)], AFTER, "PICKED_UP", e.RELEASE),
        ([e.notice(**RELEASED), e.case(pickup_result_code="2")], AFTER, "UNMET", e.RELEASE),
        ([e.notice(**RELEASED | {"rehabilitation_order_code": "0"})], AFTER, "NO_ORDER", e.RELEASE),
        ([e.notice(**RELEASED), e.order(served_date=date(2026, 10, 7))], AFTER, "ORDER_SERVED", date(2026, 10, 7)),
        ([e.notice(**RELEASED), e.order(), e.case(report_date=date(2026, 10, 10))], AFTER, "REPORTED", date(2026, 10, 10)),
        ([e.notice(**RELEASED), e.order(), e.case(**AGREED)], AFTER, "AGREED", date(2026, 10, 12)),
        ([e.order(), e.case(transfer_date=date(2026, 10, 20))], AFTER, "TRANSFERRED", date(2026, 10, 20)),
        ([e.notice(**RELEASED), e.order(order_state_code="6", order_state_date=AFTER)], AFTER, "REFUSED", AFTER),
        ([e.notice(**RELEASED), e.order(order_state_code="2", order_state_date=AFTER)], AFTER, "SUSPENDED", AFTER),
        ([e.notice(**RELEASED), e.order(order_state_code="3", order_state_date=AFTER)], AFTER, "TERMINATED", AFTER),
        ([e.notice(**RELEASED), e.order(order_state_code="4", order_state_date=AFTER)], AFTER, "COMPLETED", AFTER),
        ([e.notice(release_type_code="4", actual_released_at=e.noon(e.RELEASE))], AFTER, "CONVERTED", e.RELEASE),
        ([e.roster(custody_state_code="5", custody_state_date=date(2026, 9, 9))], AFTER, "JUSTICE", date(2026, 9, 9)),
        ([e.roster(custody_state_code="2", custody_state_date=date(2026, 9, 9))], AFTER, "OUT_HOSPITAL", date(2026, 9, 9)),
        ([e.roster(custody_state_code="4", custody_state_date=date(2026, 9, 9))], AFTER, "ESCAPED", date(2026, 9, 9)),
        ([e.notice(notice_status_code="3", cancel_reason_code="5")], AFTER, "CANCELLED", date(2026, 9, 1)),
        ([e.notice(notice_status_code="3", cancel_reason_code="1"), e.roster()], e.RELEASE, "EXPECTED", e.RELEASE - 90 * DAY),
        ([e.roster(custody_state_code="7", custody_state_date=date(2026, 9, 9))], AFTER, "DECEASED", date(2026, 9, 9)),
    ],
)  # fmt: skip
def test_each_line_of_the_table_gives_its_state(rows: list[Any], as_of: date, state: str, since: date) -> None:
    assert found(*rows, as_of=as_of) == (state, since)


def test_agreement_talk_and_plan_make_rehabilitation_since_the_last_of_them() -> None:
    rows = [e.notice(**RELEASED), e.order(), e.case(**AGREED, plan_date=date(2026, 10, 14))]
    assert found(*rows, TALK, as_of=AFTER) == ("IN_REHAB", date(2026, 10, 25))


def test_three_years_without_relapse_end_everything_after_release() -> None:
    assert found(e.notice(**RELEASED), e.order(), REGISTERED, as_of=AFTER) == ("CONTROL_ENDED", date(2026, 11, 1))


def test_a_death_outranks_a_completed_order() -> None:
    rows = [e.order(order_state_code="4", order_state_date=AFTER)]
    assert found(*rows, as_of=AFTER, death_dates=(AFTER,)) == ("DECEASED", AFTER)


def test_the_centres_word_counts_only_where_the_station_is_silent() -> None:
    unmet = e.notice(**RELEASED | {"receiver_type_code": "0"})
    assert found(unmet, as_of=AFTER)[0] == "UNMET"
    assert found(unmet, e.case(**PICKED), as_of=AFTER)[0] == "PICKED_UP"
    assert found(unmet, e.case(pickup_result_code="1"), as_of=AFTER)[0] == "RELEASED"


def test_a_planned_release_is_no_release_until_its_hour() -> None:
    released = e.notice(actual_released_at=e.noon(e.RELEASE))
    assert found(released, as_of=e.RELEASE - DAY)[0] == "NOTICED"
    assert found(released, as_of=e.RELEASE)[0] == "RELEASED"


def test_the_earlier_of_two_expected_dates_is_taken() -> None:
    later = e.roster(expected_release_date=e.RELEASE + 5 * DAY)
    assert facts_of(e.episode(e.notice(), later), e.RELEASE - DAY).expected_date == e.RELEASE


def test_spellings_of_one_decision_number_are_one_handoff() -> None:
    assert handoff_id("并公（样）强戒决字[2024]第0001号") == handoff_id("并公(样)强戒决字〔2024〕 第0001号")


ROWS = [
    e.notice(),
    e.notice(source_key="140100Q001-TZ-2", notice_status_code="2", notice_date=date(2026, 9, 15), expected_release_date=e.RELEASE + DAY),
    e.notice(source_key="140100Q001-TZ-0", notice_status_code="3", cancel_reason_code="9"),
    e.roster(),
    e.roster(source_key="140100Q002-ZS-1", centre_entry_date=date(2024, 12, 1), custody_state_code="5"),
    e.order(served_date=date(2026, 10, 7)),
    e.order(source_key="GA-SQ-2", order_number="别的", order_date=date(2026, 9, 21)),
    e.case(notice_acknowledged_at=e.noon(date(2026, 9, 2))),
    e.case(source_key="140106Z003-AJ-2", case_number="AJ-2", pickup_result_code="2"),
    e.case(source_key="140106Z003-AJ-3", case_number="AJ-3", **AGREED, **PICKED),
]


@given(st.permutations(ROWS), st.sets(st.integers(0, len(ROWS) - 1)), st.integers(-40, 60))
def test_the_order_in_which_facts_arrive_never_matters(rows: list[Any], left_out: set[int], offset: int) -> None:
    as_of = e.RELEASE + timedelta(days=offset)
    kept = [row for position, row in enumerate(ROWS) if position not in left_out]
    shuffled = [row for row in rows if row in kept]
    one, other = (handoff_of(e.episode(*given_rows), as_of, e.RULES, Stations([])) for given_rows in (kept, shuffled))
    assert one == other


def test_the_next_step_of_a_served_order_is_to_report_by_the_rolled_day() -> None:
    step = e.looked_at(e.order(served_date=date(2026, 9, 20)), as_of=date(2026, 9, 21)).step
    assert (step.next_step, step.due_date, step.responsible_role) == ("report_to_street", date(2026, 10, 8), "station_worker")


def test_a_later_row_of_the_same_notice_wins_by_its_change() -> None:
    early, late = e.notice(), e.notice()._replace(source_key="140100Q001-TZ-9", expected_release_date=e.RELEASE + DAY)
    assert facts_of(e.episode(early, late), e.RELEASE).notice == late
