from datetime import date, timedelta
from typing import Any

import episodes as e
import pytest
from random_episodes import DIRECTORY, RandomEpisodes

from expectations.agreement import feeds
from warehouse.handoffs.flag_rules import FEED_OF
from warehouse.handoffs.flags import AUDIENCE, FLAGS
from warehouse.handoffs.handoff import handoff_of
from warehouse.handoffs.link_conflicts import link_conflicts
from warehouse.handoffs.routing import Stations
from warehouse.handoffs.rows import LinkConflict

R = e.RELEASE
AFTER = R + 60 * e.DAY
UNTOLD = {"actual_released_at": e.noon(R)}
MET = UNTOLD | {"receiver_type_code": "3"}
NO_ORDER = {"rehabilitation_order_code": "0"}
SERVED = e.order(served_date=date(2026, 10, 7))
AGREED = {"report_date": date(2026, 10, 9), "agreement_date": date(2026, 10, 12)}


@pytest.mark.parametrize(
    ("rows", "missing"),
    [
        ([e.notice(**MET), SERVED, e.case(**AGREED)], None),
        ([e.notice(**UNTOLD | {"receiver_type_code": "0"}), SERVED, e.case(**AGREED)], None),  # unmet is known
        ([e.notice(**UNTOLD), SERVED, e.case(**AGREED)], "handover"),
        ([SERVED, e.roster(custody_state_code="6", custody_state_date=R), e.case(**AGREED)], "notice,handover"),
        ([e.notice(**MET), e.order(), e.case(**AGREED)], "served"),
        ([e.notice(**MET), SERVED, e.case(agreement_date=date(2026, 10, 12))], "reported"),
        ([e.notice(**MET), SERVED, e.case(report_date=date(2026, 10, 9))], None),  # nothing later is known
        ([e.notice(**MET)], None),
        ([e.notice(), SERVED], "release,handover"),
        ([e.notice(**UNTOLD, **NO_ORDER)], None),
        ([e.notice(**MET, **NO_ORDER), e.case(report_date=date(2026, 10, 9))], None),  # no order: only the first three are asked
    ],
)
def test_a_step_that_is_missing_before_a_known_one_is_a_gap(rows: list[Any], missing: str | None) -> None:
    flag = e.opened(*rows, as_of=AFTER).get("SEQUENCE_GAP")
    assert (flag.evidence["cause"] if flag else None) == (f"MISSING:{missing}" if missing else None)
    assert flag is None or (flag.severity, flag.due_date) == ("info", None)


@pytest.mark.parametrize(("days_after", "is_open"), [(-1, False), (0, True), (365, True), (366, False)])
def test_gaps_are_told_for_a_year_after_release(days_after: int, is_open: bool) -> None:
    rows = [e.notice(), e.order(served_date=date(2026, 10, 1))]
    flags = e.opened(*rows, as_of=R + timedelta(days=days_after), rules=e.deadlines())
    assert ("SEQUENCE_GAP" in flags) == is_open


DOUBT = LinkConflict("community_orders", "GA-SQ-1", "another person")


def test_rows_of_two_persons_are_a_conflict_for_the_steward_until_the_handoff_is_closed() -> None:
    stopped = e.order(order_state_code="2", order_state_date=date(2026, 9, 21))
    over = e.order(order_state_code="3", order_state_date=date(2026, 9, 21))
    for rows, is_open in (([e.notice()], True), ([e.notice(**MET)], True), ([stopped], True), ([over], False)):
        flag = e.opened(*rows, as_of=R, link_conflicts=(DOUBT,)).get("IDENTITY_CONFLICT")
        assert (flag is not None) == is_open
        assert flag is None or flag.evidence["rows"][0]["value_class"] == "another person"
    assert "IDENTITY_CONFLICT" not in e.opened(e.notice(), as_of=R)


@pytest.mark.parametrize(
    ("links", "doubts"),
    [
        ([("a", "1", "x", False), ("b", "1", "x", False)], []),
        ([("a", "1", "x", False), ("a", "2", "x", False), ("b", "1", "y", False)], [("b", "1", "another person")]),
        ([("a", "1", "x", False), ("b", "1", "x", True)], [("b", "1", "under review")]),
        ([("a", "1", "x", True)], [("a", "1", "under review")]),
        ([], []),
    ],
)
def test_a_row_of_another_person_than_most_or_under_review_is_in_doubt(links: Any, doubts: list[Any]) -> None:
    assert [(one.feed, one.source_key, one.doubt) for one in link_conflicts(links)] == doubts
    assert link_conflicts(reversed(links)) == link_conflicts(links)


# As the rules' table prints it: code, owner, audience.
TABLE = """
PRECONTACT_DUE centre_officer CS | NOTICE_MISSING centre_officer CSPK | NOTICE_LATE centre_officer CSPK | DELIVERY_LATE operator OK
NOTICE_CONFLICT centre_officer CSP | TERM_IMPLAUSIBLE centre_officer CP | ACK_OVERDUE station_worker SK
PICKUP_UNASSIGNED station_worker SPK | NO_RECEIVER station_worker SCP | ROUTE_UNKNOWN coordinator KCP
JURISDICTION_CONFLICT coordinator KSP | RELEASE_NOT_CONFIRMED centre_officer CSP | ROSTER_LEFT_UNKNOWN centre_officer CP
RELEASED_UNMET police_officer SPK | HANDOVER_UNKNOWN station_worker SCP | DOCS_OVERDUE centre_officer SC
ORDER_UNDETERMINED police_officer PS | ORDER_NOT_SERVED police_officer PS | REPORT_DUE station_worker SP
REPORT_OVERDUE station_worker SPK | REFUSAL_UNREPORTED station_worker SPK | AGREEMENT_MISSING station_worker SK
FIRST_TALK_DUE station_worker S | BENEFIT_CHECK_DUE station_worker S | FILE_INCOMPLETE station_worker S | VISIT_DUE station_worker S
VISIT_OVERDUE station_worker SK | TEST_DUE station_worker SP | TEST_MISSED station_worker SPK | TEST_POSITIVE police_officer P
RISK_REVIEW_DUE police_officer PS | SEVERE_VIOLATION police_officer PS | SEVERE_VIOLATION_UNREPORTED station_worker SPK
ABSENCE_UNREPORTED station_worker SP | CONTACT_LOST police_officer PS | TRANSFER_PENDING station_worker SK
END_NOTICE_DUE police_officer PS | CONTROL_END_DUE police_officer P | SOURCE_CONFLICT centre_officer CPT
SEQUENCE_GAP data_steward TS | IDENTITY_CONFLICT data_steward T
"""


def test_every_flag_has_its_owner_and_its_audience() -> None:
    wanted = {tuple(line.split()) for line in TABLE.replace("|", "\n").strip().splitlines()}
    assert {(rule.code, rule.owner_role, "".join(rule.see)) for rule in FLAGS} == wanted
    assert set(AUDIENCE) == {code for code, _, _ in wanted}


def test_every_flag_walks_back_to_rows_of_its_episode_and_fields_of_their_feeds() -> None:
    """On random episodes of every kind; a flag that says something is missing stands on the row that told the term date."""
    rules, stations, seen = e.deadlines(*DIRECTORY), Stations(DIRECTORY), set()
    episodes = RandomEpisodes(AFTER, seed=5)
    for _ in range(600):
        episode = episodes.next()
        parts = (episode.notices, episode.roster, episode.orders, episode.cases, episode.services, episode.registered)
        more = (episode.tests, episode.violations, episode.assessments)
        known = {(FEED_OF[type(row)], row.source_key) for part in (*parts, *more) for row in part}
        found = handoff_of(episode, AFTER, rules, stations).handoff
        for flag in found.flags if found else ():
            rows = flag.evidence["rows"]
            seen.add(flag.flag_code)
            assert rows, flag.flag_code
            if flag.flag_code != "IDENTITY_CONFLICT":
                assert {(row["feed"], row["source_key"]) for row in rows} <= known, flag.flag_code
                assert all(row["field"] in feeds()[row["feed"]].by_name for row in rows), (flag.flag_code, rows)
    assert len(seen) > 25
