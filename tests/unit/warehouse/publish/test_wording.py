"""A message names references, days and steps, never a person, and stays neutral; every flag has words in both languages."""

import re
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from expectations.neutral import holds_banned_word
from warehouse.alerts import KINDS, Alert
from warehouse.handoffs import case_flags
from warehouse.handoffs.flags import FLAGS
from warehouse.publish.outbox import CONCERNED
from warehouse.publish.wording import LISTED, OUTSIDE, ROLES, ToldFlag, flag_texts, worded

BANNED = re.compile("[毒戒吸]|强制隔离|社区康复|尿检|(?<!派)出所|拘|刑|监狱|drug|rehabilitat|detention|custody|prison", re.IGNORECASE)


def told(code: str, severity: str = "critical", number: int = 1, *, reason: str = "", is_seen: bool = True) -> ToldFlag:
    return ToldFlag(f"{number:016x}", code, severity, date(2026, 11, 25), "police_officer", reason or severity, is_seen)


def test_every_flag_of_the_rules_has_words_and_no_other() -> None:
    of_cases = [rule for rule in vars(case_flags).values() if isinstance(rule, case_flags.CaseFlagRule)]
    shown_outside = {f"{rule.code}@{OUTSIDE}" for rule in of_cases if "G" in rule.see}
    assert {rule.code for rule in (*FLAGS, *of_cases)} | shown_outside == set(flag_texts())
    assert {rule.code for rule in FLAGS}.isdisjoint(rule.code for rule in of_cases)
    assert {rule.owner_role for rule in FLAGS} <= set(ROLES)


AGREED_TEXT = """
PRECONTACT_DUE NOTICE_MISSING NOTICE_LATE DELIVERY_LATE NOTICE_CONFLICT TERM_IMPLAUSIBLE ACK_OVERDUE PICKUP_UNASSIGNED NO_RECEIVER
ROUTE_UNKNOWN JURISDICTION_CONFLICT RELEASE_NOT_CONFIRMED ROSTER_LEFT_UNKNOWN RELEASED_UNMET HANDOVER_UNKNOWN DOCS_OVERDUE
ORDER_UNDETERMINED ORDER_NOT_SERVED REPORT_DUE REPORT_OVERDUE REFUSAL_UNREPORTED AGREEMENT_MISSING FIRST_TALK_DUE BENEFIT_CHECK_DUE
FILE_INCOMPLETE VISIT_DUE VISIT_OVERDUE TEST_DUE TEST_MISSED TEST_POSITIVE RISK_REVIEW_DUE SEVERE_VIOLATION SEVERE_VIOLATION_UNREPORTED
ABSENCE_UNREPORTED CONTACT_LOST TRANSFER_PENDING END_NOTICE_DUE CONTROL_END_DUE SOURCE_CONFLICT SEQUENCE_GAP IDENTITY_CONFLICT
SERVICE_UNMET SERVICE_IMPOSSIBLE SERVICE_REFUSED_OFTEN SPECIAL_REPORT POINTS_NEGATIVE POINTS_BALANCE_BROKEN POINTS_REVERSAL_WRONG
POINTS_RULE_WRONG POINTS_FAMILY_UNNAMED
"""
AGREED = AGREED_TEXT.split()
"""Every flag of a handoff and of a case that is agreed."""
ONLY_ON_A_PAGE: dict[str, str] = {}
"""Flags nobody is sent a message of, with the reason; there is none."""
REACHED = set("CSPKOTGk")
"""Letters that lead to recipients (warehouse/publish/outbox.py)."""


def test_every_agreed_flag_has_words_and_somebody_who_is_told() -> None:
    of_cases = {rule.code: set(rule.see) for rule in vars(case_flags).values() if isinstance(rule, case_flags.CaseFlagRule)}
    see = {rule.code: {str(letter) for letter in rule.see} for rule in FLAGS} | of_cases
    assert set(see) == set(AGREED)
    assert len(AGREED) == len(set(AGREED)) == 50
    assert {code for code in AGREED if not see[code] & REACHED or code not in flag_texts()} == set(ONLY_ON_A_PAGE)
    assert set().union(*see.values()) <= REACHED
    assert {letter for letter in REACHED if f"'{letter}'" not in CONCERNED} == set()


def test_a_number_without_references_is_told_only_from_five_on() -> None:
    few, many = ([replace(told("SERVICE_IMPOSSIBLE", "info", n), is_counted=True) for n in range(count)] for count in (4, 5))
    hidden, shown = worded(few, audience="coordinator"), worded(many, audience="coordinator")
    assert hidden is not None
    assert shown is not None
    assert "fewer than 5" in hidden.body
    assert "少于 5 件" in hidden.body
    assert "provided: 5 (numbers only)" in shown.body
    assert [hidden.content["counted"], shown.content["counted"]] == [
        [{"flag_code": "SERVICE_IMPOSSIBLE", "count": None}],
        [{"flag_code": "SERVICE_IMPOSSIBLE", "count": 5}],
    ]
    for wording in (hidden, shown):
        assert "1 to look at" in wording.subject
        assert "reference 0" not in wording.body
        assert wording.content["counts"] == {"critical": 0, "warning": 0, "info": 0}
        assert wording.content["flags"] == []


@pytest.mark.parametrize("text", flag_texts().values(), ids=flag_texts())
def test_words_are_in_their_language(text: object) -> None:
    assert all(re.search(r"[\u4e00-\u9fff]", part) for part in (text.means_zh, text.step_zh))
    assert all(part.isascii() for part in (text.means_en, text.step_en))


def test_a_message_about_everything_holds_no_word_on_custody_or_treatment() -> None:
    wording = worded([told(code) for code in flag_texts()], [Alert(kind, "140100Q001", "x", 2) for kind in KINDS])
    assert wording is not None
    for text in (wording.subject, wording.body):
        assert not holds_banned_word(pd.Series([text])).any()
        assert BANNED.findall(text) == []


def test_chinese_comes_first_and_the_urgent_before_the_rest() -> None:
    wording = worded([told("VISIT_DUE", "info"), told("RELEASED_UNMET")])
    assert wording is not None
    chinese, english = wording.body.split("----")
    assert chinese.index("紧急") < chinese.index("提示")
    assert english.index("urgent") < english.index("for information")
    assert wording.subject == "归途提示 2 项（紧急 1） / Guitu: 2 to look at, 1 urgent"


def test_what_may_not_be_seen_is_counted_by_who_has_to_act_and_not_named() -> None:
    hidden = told("TEST_POSITIVE", number=77, reason="overdue/2026-11-28", is_seen=False)
    wording = worded([hidden, hidden, told("PICKUP_UNASSIGNED", reason="overdue/2026-11-28")])
    assert wording is not None
    assert wording.content["unseen"] == {"police_officer": 2}
    assert "TEST_POSITIVE" not in str(wording)
    assert hidden.reference not in str(wording)


def test_a_long_list_is_cut_and_its_rest_counted() -> None:
    wording = worded([told("VISIT_DUE", "info", number) for number in range(LISTED + 7)])
    assert wording is not None
    assert wording.body.count("reference ") == LISTED
    assert "and 7 more in the work list" in wording.body
    assert len(wording.content["flags"]) == LISTED + 7


def test_nothing_to_tell_makes_no_message() -> None:
    assert worded([]) is None


def test_an_organisation_outside_learns_which_office_asks_and_a_reference_and_no_more() -> None:
    flag = replace(told("SPECIAL_REPORT"), reference="c" * 16, station_code="140106Z003")
    outside, station = worded([flag], audience=OUTSIDE), worded([flag], audience="station")
    assert outside is not None
    assert station is not None
    assert "c" * 16 in outside.body
    assert "140106Z003" in outside.body
    assert "2026-11-25" not in str(outside)
    (told_outside,) = outside.content["flags"]
    assert (told_outside["station_code"], told_outside["case_reference"], told_outside["due_date"]) == ("140106Z003", "c" * 16, None)
    assert "2026-11-25" in station.body
    assert "140106Z003" not in str(station)
    assert flag_texts()["SPECIAL_REPORT"].means_zh not in outside.body
