from datetime import date, timedelta
from typing import Any

import episodes as e
import pytest

from core.errors import ParameterNotInForce
from warehouse.handoffs.calendar import WorkingCalendar
from warehouse.handoffs.deadlines import Deadlines
from warehouse.handoffs.facts import facts_of
from warehouse.handoffs.flags import Flag, flags_of
from warehouse.handoffs.rows import Organization, Service
from warehouse.handoffs.states import state_of

DAY = timedelta(days=1)


def opened(*rows: Any, as_of: date, rules: Deadlines | None = None, **parts: Any) -> dict[str, Flag]:
    facts = facts_of(e.episode(*rows, **parts), as_of)
    return {flag.flag_code: flag for flag in flags_of(state_of(facts, 90), facts, rules or e.deadlines())}


@pytest.mark.parametrize(
    ("as_of", "severity"),
    [
        (date(2026, 9, 29), None),  # the working day before the safe latest day
        (date(2026, 9, 30), "warning"),  # the safe latest day: the last working day before the holiday
        (date(2026, 10, 2), "warning"),  # just before the legal latest day
        (date(2026, 10, 3), "critical"),  # the legal latest day
        (date(2026, 10, 4), "critical"),
    ],
)
def test_a_missing_notice_is_seen_from_the_last_working_day_and_critical_from_the_legal_one(as_of: date, severity: str | None) -> None:
    flag = opened(e.roster(), as_of=as_of).get("NOTICE_MISSING")
    assert (flag.severity if flag else None) == severity
    assert flag is None or flag.due_date == date(2026, 10, 3)


@pytest.mark.parametrize(
    ("as_of", "severity"),
    [(date(2026, 9, 18), None), (date(2026, 9, 20), None), (date(2026, 9, 21), "critical"), (date(2026, 9, 22), "critical")],
)
def test_a_region_with_seven_working_days_counts_its_own_way(as_of: date, severity: str | None) -> None:
    flag = opened(e.roster(centre_code="310100Q001"), as_of=as_of).get("NOTICE_MISSING")
    assert (flag.severity if flag else None) == severity
    assert flag is None or flag.due_date == date(2026, 9, 21)


def test_the_directorys_region_of_a_centre_outranks_the_digits_of_its_code() -> None:
    moved = Organization(source_key="ZD-1", source_updated_at=e.UPDATED, organization_code="140100Q001", region_code="310101")
    flag = opened(e.roster(), as_of=date(2026, 9, 22), rules=e.deadlines(moved))["NOTICE_MISSING"]
    assert flag.due_date == date(2026, 9, 21)


def test_without_a_calendar_the_calendar_day_deadline_stands() -> None:
    rules = Deadlines(e.PARAMETERS, WorkingCalendar({}), {})
    assert "NOTICE_MISSING" not in opened(e.roster(), as_of=date(2026, 10, 2), rules=rules)
    assert opened(e.roster(), as_of=date(2026, 10, 3), rules=rules)["NOTICE_MISSING"].due_date == date(2026, 10, 3)


@pytest.mark.parametrize(
    ("notice_date", "is_late"), [(date(2026, 10, 2), False), (date(2026, 10, 3), False), (date(2026, 10, 4), True), (None, False)]
)
def test_a_notice_is_late_when_dated_after_the_legal_latest_day(notice_date: date | None, is_late: bool) -> None:
    flags = opened(e.roster(), e.notice(notice_date=notice_date), as_of=date(2026, 10, 5))
    assert ("NOTICE_LATE" in flags) == is_late
    assert not is_late or (flags["NOTICE_LATE"].severity, flags["NOTICE_LATE"].due_date) == ("warning", date(2026, 10, 3))


def test_an_early_release_explains_a_late_notice() -> None:
    flag = opened(e.notice(notice_date=date(2026, 10, 4), release_type_code="2"), as_of=date(2026, 10, 5))["NOTICE_LATE"]
    assert (flag.severity, flag.evidence["cause"]) == ("info", "EARLY_RELEASE")


@pytest.mark.parametrize(("as_of", "is_open"), [(e.RELEASE - 2 * DAY, False), (e.RELEASE - DAY, True), (e.RELEASE, True)])
def test_nobody_set_to_meet_the_person_is_critical_from_the_day_before(as_of: date, is_open: bool) -> None:
    flags = opened(e.notice(), e.case(), as_of=as_of)
    assert ("PICKUP_UNASSIGNED" in flags) == is_open
    assert not is_open or flags["PICKUP_UNASSIGNED"].due_date == e.RELEASE - DAY
    assert "PICKUP_UNASSIGNED" not in opened(e.notice(), e.case(pickup_planned_at=e.noon(e.RELEASE)), as_of=as_of)


UNMET = {"actual_released_at": e.noon(e.RELEASE), "receiver_type_code": "0"}


def test_a_person_released_and_met_by_nobody_is_looked_for_until_seen() -> None:
    as_of = e.RELEASE + 5 * DAY
    flag = opened(e.notice(**UNMET), as_of=as_of)["RELEASED_UNMET"]
    assert (flag.severity, flag.due_date, flag.owner_role) == ("critical", e.RELEASE + DAY, "police_officer")
    assert "RELEASED_UNMET" not in opened(e.notice(**UNMET), e.case(report_date=as_of), as_of=as_of)


@pytest.mark.parametrize(("days_after", "is_open"), [(0, True), (1, False), (9, True)])
def test_a_service_after_the_day_of_release_shows_the_person_was_seen(days_after: int, is_open: bool) -> None:
    service = Service(
        source_key="s",
        source_updated_at=e.UPDATED,
        case_number="AJ-1",
        service_result_code="1",
        service_done_at=e.noon(e.RELEASE + days_after * DAY),
    )
    flags = opened(e.notice(**UNMET), e.case(), as_of=e.RELEASE + 5 * DAY, services=(service,))
    assert ("RELEASED_UNMET" in flags) == is_open


def test_evidence_names_rows_rule_and_parameters_and_no_values() -> None:
    evidence = opened(e.roster(), as_of=date(2026, 10, 3))["NOTICE_MISSING"].evidence
    assert evidence["rows"] == [
        {"feed": "centre_roster", "source_key": "140100Q001-ZS-1", "field": "expected_release_date", "value_class": "date"}
    ]
    assert evidence["parameters"] == ["notice_lead_days/000000/any/2011-06-26", "notice_lead_day_kind/000000/any/2011-06-26"]
    assert evidence["rule"] == "2026-11"


def test_a_day_before_every_parameter_raises_instead_of_guessing() -> None:
    with pytest.raises(ParameterNotInForce, match="PARAM_MISSING: notice_lead_days"):
        opened(e.roster(expected_release_date=date(2010, 1, 1), centre_entry_date=date(2009, 1, 1)), as_of=date(2010, 1, 1))
