"""Stories of a release, day by day: what arrives, which state it makes, what is to be done next, and what staff are warned of."""

from __future__ import annotations

from datetime import date
from typing import Any

import episodes as e

from warehouse.handoffs.handoff import Handoff, handoff_of
from warehouse.handoffs.routing import Stations

T = date(2026, 11, 25)  # a Wednesday: the notice is in time until Sunday 11-22, on a working day until Friday 11-20
CENTRE = "140100Q001"
PLACE = {"residence_region_code": "140106003001"}
STATIONS = [e.station("140106Z003", "140106003"), e.station("140107Z001", "140107")]
CALM: set[str] = set()


class Story:
    """Rows as they arrive; a row with a known key replaces the one before."""

    def __init__(self, *rows: Any) -> None:
        self._rows: dict[str, Any] = {}
        self.told(*rows)

    def told(self, *rows: Any) -> None:
        """These rows arrive."""
        self._rows |= {row.source_key: row for row in rows}

    def seen(self, day: date) -> Handoff | None:
        """What stands at the end of the day."""
        return handoff_of(e.episode(*self._rows.values()), day, e.RULES, Stations(STATIONS)).handoff

    def at(self, day: date) -> tuple[str, date | None, str, date | None, set[str]]:
        """State and since when, next step and by when, open flags."""
        found = self.seen(day)
        assert found is not None
        return (
            found.state.state, found.state.since_date, found.step.next_step, found.step.due_date, {f.flag_code for f in found.flags},
        )  # fmt: skip

    def flag(self, code: str, day: date) -> tuple[str, date | None]:
        """Severity and due date of a flag that is open on the day."""
        found = self.seen(day)
        assert found is not None
        return next((flag.severity, flag.due_date) for flag in found.flags if flag.flag_code == code)


def in_custody(**given: Any) -> Any:
    known = {"destination_region_code": "140106003001", "diagnosis_result_code": "1", "has_kin": True, "decision_date": date(2024, 11, 25)}
    return e.roster(**{"expected_release_date": T} | known | PLACE | given)


def told_by_centre(**given: Any) -> Any:
    return e.notice(**{"notice_date": date(2026, 11, 20), "expected_release_date": T, "decision_date": date(2024, 11, 25)} | PLACE | given)


def released(receiver: str, **given: Any) -> Any:
    return told_by_centre(actual_released_at=e.noon(T), receiver_type_code=receiver, **given)


def ordered(**given: Any) -> Any:
    return e.order(**{"order_date": date(2026, 11, 24), "order_state_date": date(2026, 11, 24), "served_date": T} | given)


def case(**given: Any) -> Any:
    return e.case(**{"file_item_codes": ("01", "02")} | given)


def test_noticed_in_time_met_at_the_gate_and_agreed_within_fifteen_days() -> None:
    story = Story(in_custody())
    assert story.at(date(2026, 11, 19)) == ("EXPECTED", date(2026, 8, 27), "send_notice", date(2026, 11, 22), CALM)
    story.told(told_by_centre())
    assert story.at(date(2026, 11, 20)) == ("NOTICED", date(2026, 11, 20), "acknowledge", date(2026, 11, 23), CALM)
    acknowledged = {"notice_acknowledged_at": e.noon(date(2026, 11, 21))}
    story.told(case(**acknowledged))
    assert story.at(date(2026, 11, 22)) == ("ACKED", date(2026, 11, 21), "plan_pickup", date(2026, 11, 24), CALM)
    planned = acknowledged | {"pickup_planned_at": e.noon(T)}
    story.told(case(**planned), ordered(served_date=None))
    assert story.at(date(2026, 11, 24)) == ("PICKUP_SET", date(2026, 11, 21), "meet_at_centre", T, CALM)
    met = planned | {"pickup_result_code": "1", "pickup_at": e.noon(T)}
    story.told(released("3"), case(**met), ordered(), in_custody(custody_state_code="6", custody_state_date=T))
    assert story.at(T) == ("ORDER_SERVED", T, "report_to_street", date(2026, 12, 10), CALM)
    reported = met | {"report_date": date(2026, 12, 2)}
    story.told(case(**reported))
    assert story.at(date(2026, 12, 2)) == ("REPORTED", date(2026, 12, 2), "sign_agreement", date(2026, 12, 7), CALM)
    agreed = reported | {"agreement_date": date(2026, 12, 4), "plan_date": date(2026, 12, 4)}
    story.told(case(**agreed))
    assert story.at(date(2026, 12, 4)) == (
        "AGREED", date(2026, 12, 4), "first_talk_and_plan", date(2027, 1, 3), {"FIRST_TALK_DUE"},
    )  # fmt: skip
    story.told(e.service("11", date(2026, 12, 8)))
    assert story.at(date(2026, 12, 8)) == ("IN_REHAB", date(2026, 12, 8), "visit", date(2026, 12, 31), CALM)


def test_released_and_met_by_nobody_until_the_person_reports() -> None:
    story = Story(told_by_centre(), case(pickup_planned_at=e.noon(T)))
    story.told(released("0"), case(pickup_planned_at=e.noon(T), pickup_result_code="2"), ordered(served_date=None))
    day = date(2026, 11, 26)
    assert story.at(day) == ("UNMET", T, "find_person", day, {"RELEASED_UNMET", "ORDER_NOT_SERVED"})
    assert story.flag("RELEASED_UNMET", day) == ("critical", day)
    story.told(case(pickup_result_code="2", report_date=date(2026, 11, 30)))
    assert story.at(date(2026, 11, 30)) == (
        "REPORTED", date(2026, 11, 30), "sign_agreement", date(2026, 12, 3), {"SEQUENCE_GAP"},
    )  # fmt: skip


def test_an_early_release_makes_the_notice_late_for_a_reason() -> None:
    story = Story(in_custody(expected_release_date=date(2027, 11, 24)))
    assert story.seen(date(2026, 11, 20)) is None  # a year ahead: nothing to hand over yet
    early = {"release_type_code": "2", "notice_date": date(2026, 11, 24)}
    story.told(told_by_centre(**early))
    state, since, step, due, flags = story.at(date(2026, 11, 24))
    assert (state, since, step, due) == ("NOTICED", date(2026, 11, 24), "acknowledge", T)
    assert flags == {"NOTICE_LATE", "NOTICE_CONFLICT", "PICKUP_UNASSIGNED"}
    assert story.flag("NOTICE_LATE", date(2026, 11, 24)) == ("info", date(2026, 11, 22))
    story.told(in_custody(), case(pickup_planned_at=e.noon(T)))
    assert story.at(date(2026, 11, 24))[4] == {"NOTICE_LATE"}


def test_an_extension_withdraws_the_notice_and_the_rosters_day_counts() -> None:
    extended = date(2027, 1, 25)
    story = Story(in_custody(), told_by_centre(notice_date=date(2026, 11, 10)), case(notice_acknowledged_at=e.noon(date(2026, 11, 10))))
    assert story.at(date(2026, 11, 12))[0] == "ACKED"
    story.told(told_by_centre(notice_status_code="3", cancel_reason_code="1"), in_custody(expected_release_date=extended))
    state, _, _, _, flags = story.at(date(2026, 11, 24))
    found = story.seen(date(2026, 11, 24))
    assert found is not None
    assert (state, found.facts.expected_date, flags) == ("ACKED", extended, CALM)  # nobody waits at the gate for a day that moved
    story.told(told_by_centre(source_key="140100Q001-TZ-2", notice_date=date(2027, 1, 20), expected_release_date=extended))
    assert story.at(date(2027, 1, 20))[3] == date(2027, 1, 24)  # planned by the day before the new day


def test_a_rescheduled_notice_moves_every_deadline() -> None:
    story = Story(told_by_centre(notice_date=date(2026, 11, 10)), case())
    assert story.flag("PICKUP_UNASSIGNED", date(2026, 11, 24)) == ("critical", date(2026, 11, 24))
    later = date(2026, 12, 9)
    story.told(told_by_centre(notice_date=date(2026, 11, 23), notice_status_code="2", expected_release_date=later))
    assert story.at(date(2026, 11, 24))[4] == CALM
    assert story.flag("PICKUP_UNASSIGNED", date(2026, 12, 8)) == ("critical", date(2026, 12, 8))


def test_a_case_that_moves_to_another_county_waits_until_it_is_accepted() -> None:
    agreed = {"report_date": date(2026, 12, 2), "agreement_date": date(2026, 12, 4)}
    moving = agreed | {"transfer_station_code": "140107Z001", "transfer_date": date(2026, 12, 7)}
    story = Story(released("3"), ordered(), case(**moving))
    day = date(2026, 12, 8)
    found = story.seen(day)
    assert found is not None
    assert (found.state.state, found.state.since_date, found.route.station_code) == ("TRANSFERRED", date(2026, 12, 7), "140106Z003")
    assert (found.step.next_step, found.step.due_date) == ("accept_transfer", date(2026, 12, 22))
    assert story.flag("TRANSFER_PENDING", day) == ("info", date(2026, 12, 22))
    assert story.flag("TRANSFER_PENDING", date(2026, 12, 23)) == ("warning", date(2026, 12, 22))
    story.told(
        case(**moving, transfer_accepted_date=date(2026, 12, 9)),
        e.case(source_key="140107Z001-AJ-1", case_number="AJ-2", station_code="140107Z001", decision_number=None,
               order_number=e.ORDER_NUMBER, **agreed),
    )  # fmt: skip
    found = story.seen(date(2026, 12, 9))
    assert found is not None
    assert (found.state.state, found.route.station_code) == ("AGREED", "140107Z001")


def test_without_an_order_help_is_offered_and_nobody_is_ever_overdue() -> None:
    story = Story(released("1", rehabilitation_order_code="0"))
    for day in (date(2026, 11, 26), date(2026, 12, 31)):
        state, since, step, due, flags = story.at(day)
        assert (state, since, step, due) == ("NO_ORDER", T, "offer_help", None)
        assert flags <= {"DOCS_OVERDUE"}


def in_rehabilitation() -> Story:
    signed = {"report_date": date(2026, 11, 26), "agreement_date": date(2026, 11, 27), "plan_date": date(2026, 11, 27)}
    return Story(released("3"), ordered(), case(**signed), e.service("11", date(2026, 11, 27)))


def test_a_positive_test_is_the_polices_until_a_laboratory_confirms_it() -> None:
    story, day = in_rehabilitation(), date(2026, 12, 11)
    story.told(e.drug_test(date(2026, 12, 10), "1"))
    assert story.at(day)[4] == {"TEST_POSITIVE"}
    assert story.flag("TEST_POSITIVE", day) == ("critical", date(2026, 12, 11))
    found = story.seen(day)
    assert found is not None
    assert ["".join(flag.see) for flag in found.flags] == ["P"]
    story.told(e.drug_test(date(2026, 12, 10), "1", confirmation_code="2"))
    assert story.at(day)[4] == CALM


def test_a_lost_contact_is_told_to_the_police_and_found_again() -> None:
    story, day = in_rehabilitation(), date(2026, 12, 17)
    story.told(
        e.registered(is_contact_lost=True, contact_lost_date=date(2026, 12, 14)),
        e.violation("6", source_key="GA-WG-1", detected_at=e.noon(date(2026, 12, 15))),
    )
    assert story.at(day)[4] == {"CONTACT_LOST", "ABSENCE_UNREPORTED"}
    assert story.flag("CONTACT_LOST", day) == ("critical", date(2026, 12, 15))
    assert story.flag("ABSENCE_UNREPORTED", day) == ("critical", date(2026, 12, 16))
    story.told(e.violation("6", source_key="GA-WG-1", detected_at=e.noon(date(2026, 12, 15)), police_reported_at=e.noon(day)))
    assert story.at(day)[4] == {"CONTACT_LOST"}
    story.told(e.registered(is_contact_lost=False))
    assert story.at(day)[4] == CALM
