"""Handoffs in the database: from staged rows to states and flags, with what becomes of a flag."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import staged
from sqlalchemy import text

from expectations.forms.id_number import check_digit
from pipeline.handoffs import work_out_handoffs
from pipeline.link import link
from warehouse.__main__ import main
from warehouse.database import Role, transaction

pytestmark = pytest.mark.usefixtures("warehouse_url")
ZHANG = "14999919850312001" + check_digit("14999919850312001")
DECISION = "并公(样)强戒决字〔2024〕第0001号"
RELEASE = date(2026, 10, 6)


def put(feed: str, source_key: str, **fields: Any) -> None:
    with transaction(Role.ETL) as connection:
        staged.stage(connection, feed, source_key, id_number=ZHANG, name="张示例", **fields)


def put_roster(**fields: Any) -> None:
    common = {
        "centre_code": "140100Q001",
        "centre_entry_date": date(2025, 2, 20),
        "custody_state_code": "1",
        "custody_state_date": date(2025, 2, 20),
    }
    put("centre_roster", "140100Q001-ZS-1", **common | {"decision_number": DECISION, "expected_release_date": RELEASE} | fields)


def put_notice(**fields: Any) -> None:
    common = {"centre_code": "140100Q001", "notice_status_code": "1", "release_type_code": "1", "rehabilitation_order_code": "1"}
    common |= {"decision_number": "并公（样）强戒决字[2024]第0001号", "notice_date": date(2026, 10, 4), "expected_release_date": RELEASE}
    put("release_notices", "140100Q001-TZ-1", **common | fields)


def put_station() -> None:
    with transaction(Role.ETL) as connection:
        staged.stage(
            connection, "station_directory", "ZD-1", organization_code="140106Z003", organization_type_code="21",
            served_region_codes=["140106003001", "140106003002"], valid_from_date=date(2018, 6, 1), region_code="140106003000",
        )  # fmt: skip


def handoff() -> dict[str, Any]:
    with transaction(Role.ETL) as connection:
        return dict(connection.execute(text("select * from handoffs.handoff")).one()._mapping)


def flags() -> dict[str, tuple[str, str]]:
    """The flags of notices; what else is open here is another test's."""
    query = text("select flag_code, severity, status from handoffs.flag where flag_code in ('NOTICE_MISSING', 'NOTICE_LATE')")
    with transaction(Role.ETL) as connection:
        return {code: (severity, status) for code, severity, status in connection.execute(query)}


def happened(flag_code: str) -> list[tuple[str, date | None]]:
    """What happened to a flag, with the day it turned on then."""
    query = text("select kind, due_date from handoffs.flag_event where flag_code = :code order by event_id")
    with transaction(Role.ETL) as connection:
        return [(kind, due) for kind, due in connection.execute(query, {"code": flag_code})]


def test_the_roster_and_the_directory_make_an_expected_release_with_its_station() -> None:
    put_station()
    put_roster(residence_region_code="140106003002")
    link()
    work_out_handoffs(date(2026, 10, 3))
    found = handoff()
    with transaction(Role.ETL) as connection:
        assert found["person_id"] == connection.execute(text("select person_id from identity.link")).scalar_one()
    assert (found["state"], found["station_code"], found["centre_code"]) == ("EXPECTED", "140106Z003", "140100Q001")
    assert (found["expected_release_date"], found["next_step"], found["next_due_date"]) == (RELEASE, "send_notice", date(2026, 10, 3))
    assert flags() == {"NOTICE_MISSING": ("critical", "open")}


def test_a_notice_resolves_the_missing_one_and_is_late_itself() -> None:
    put_roster()
    work_out_handoffs(date(2026, 10, 3))
    put_notice()
    work_out_handoffs(date(2026, 10, 4))
    assert handoff()["state"] == "NOTICED"
    assert flags() == {"NOTICE_MISSING": ("critical", "resolved"), "NOTICE_LATE": ("warning", "open")}


def test_a_replaced_date_and_a_deleted_fact_make_flags_void() -> None:
    put_roster()
    work_out_handoffs(date(2026, 10, 3))
    put_roster(expected_release_date=date(2026, 12, 6), source_updated_at=datetime(2026, 10, 3, tzinfo=UTC))
    work_out_handoffs(date(2026, 10, 3))
    assert flags() == {"NOTICE_MISSING": ("critical", "void")}
    put_roster()
    put_notice()
    work_out_handoffs(date(2026, 10, 4))
    assert flags()["NOTICE_LATE"] == ("warning", "open")
    with transaction(Role.ETL) as connection:
        staged.withdraw(connection, "release_notices", "140100Q001-TZ-1")
    work_out_handoffs(date(2026, 10, 4))
    assert flags()["NOTICE_LATE"] == ("warning", "void")


def test_a_closed_handoff_voids_its_flags_and_one_that_is_no_more_goes() -> None:
    put_roster()
    work_out_handoffs(date(2026, 10, 3))
    put_roster(custody_state_code="7", custody_state_date=date(2026, 10, 3))
    work_out_handoffs(date(2026, 10, 3))
    assert (handoff()["state"], flags()) == ("DECEASED", {"NOTICE_MISSING": ("critical", "void")})
    with transaction(Role.ETL) as connection:
        staged.withdraw(connection, "centre_roster", "140100Q001-ZS-1")
    work_out_handoffs(date(2026, 10, 3))
    with transaction(Role.ETL) as connection:
        assert connection.execute(text("select count(*) from handoffs.handoff")).scalar_one() == 0


def test_a_flag_opens_again_when_its_ground_comes_back() -> None:
    put_roster()
    work_out_handoffs(date(2026, 10, 3))
    put_notice(notice_date=date(2026, 10, 1))
    work_out_handoffs(date(2026, 10, 3))
    with transaction(Role.ETL) as connection:
        staged.withdraw(connection, "release_notices", "140100Q001-TZ-1")
    work_out_handoffs(date(2026, 10, 3))
    with transaction(Role.ETL) as connection:
        found = connection.execute(
            text("select status, closed_at, opened_at > first_open_at from handoffs.flag where flag_code = 'NOTICE_MISSING'")
        )
        assert found.one() == ("open", None, True)
    assert [kind for kind, _ in happened("NOTICE_MISSING")] == ["opened", "resolved", "opened"]


def test_a_rescheduled_release_voids_the_old_flag_and_opens_one_for_the_new_day() -> None:
    put_notice(notice_date=date(2026, 10, 1))
    work_out_handoffs(date(2026, 10, 5))
    assert happened("PICKUP_UNASSIGNED") == [("opened", date(2026, 10, 5))]
    put_notice(notice_date=date(2026, 10, 5), notice_status_code="2", expected_release_date=date(2026, 10, 7))
    work_out_handoffs(date(2026, 10, 6))
    assert happened("PICKUP_UNASSIGNED") == [("opened", date(2026, 10, 5)), ("void", date(2026, 10, 5)), ("opened", date(2026, 10, 6))]
    with transaction(Role.ETL) as connection:
        found = connection.execute(
            text("select status, due_date, first_open_at < opened_at from handoffs.flag where flag_code = 'PICKUP_UNASSIGNED'")
        )
        assert found.one() == ("open", date(2026, 10, 6), True)


def test_a_flag_that_grows_more_severe_says_so_in_its_history() -> None:
    put_roster()
    work_out_handoffs(date(2026, 9, 30))
    work_out_handoffs(date(2026, 10, 3))
    assert happened("NOTICE_MISSING") == [("opened", date(2026, 10, 3)), ("changed", date(2026, 10, 3))]
    assert flags() == {"NOTICE_MISSING": ("critical", "open")}


def test_a_year_without_a_calendar_gives_no_day_and_an_alert_until_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    served = {
        "order_number": "并公(样)责决字〔2026〕第0001号",
        "order_type_code": "2",
        "order_date": date(2026, 12, 21),
        "order_state_code": "1",
    }
    put("community_orders", "SQ-1", **served, decision_number=DECISION, order_state_date=date(2026, 12, 21), served_date=date(2026, 12, 22))
    put_notice(
        expected_release_date=date(2026, 12, 21), notice_date=date(2026, 12, 1), actual_released_at=datetime(2026, 12, 21, 1, tzinfo=UTC)
    )
    work_out_handoffs(date(2026, 12, 23))
    assert (handoff()["state"], handoff()["next_due_date"]) == ("ORDER_SERVED", None)
    alert = text("select kind, subject, closed_at is null from ops.alert")
    with transaction(Role.OPERATOR) as connection:
        assert connection.execute(alert).one() == ("CALENDAR_MISSING", "2027", True)
    monkeypatch.setattr("chinese_calendar.is_workday", lambda day: day.weekday() < 5)
    assert main(["load-calendar", "2027"]) == 0
    work_out_handoffs(date(2026, 12, 23))
    assert handoff()["next_due_date"] == date(2027, 1, 6)
    with transaction(Role.OPERATOR) as connection:
        assert [is_open for _, _, is_open in connection.execute(alert)] == [False]


def test_running_again_changes_no_row() -> None:
    put_roster()
    put_notice()
    link()
    work_out_handoffs(date(2026, 10, 4))
    read = text("select h.*, f.* from handoffs.handoff h join handoffs.flag f using (handoff_id) order by f.flag_code")
    with transaction(Role.ETL) as connection:
        before = connection.execute(read).all()
    work_out_handoffs(date(2026, 10, 4))
    with transaction(Role.ETL) as connection:
        assert connection.execute(read).all() == before


def test_a_row_that_left_the_snapshot_keeps_its_values() -> None:
    put_roster(missing_since=date(2026, 9, 30))
    work_out_handoffs(date(2026, 10, 3))
    assert handoff()["state"] == "EXPECTED"


def test_a_release_too_far_ahead_is_not_shown_yet() -> None:
    put_roster(expected_release_date=date(2026, 12, 31))
    work_out_handoffs(date(2026, 10, 1))
    with transaction(Role.ETL) as connection:
        assert connection.execute(text("select count(*) from handoffs.handoff")).scalar_one() == 0
    work_out_handoffs(date(2026, 10, 2))
    assert handoff()["state"] == "EXPECTED"


def test_an_empty_warehouse_loads_the_sample_parameters_and_has_no_handoffs() -> None:
    work_out_handoffs(date(2026, 10, 3))
    with transaction(Role.ETL) as connection:
        assert connection.execute(text("select count(*) from registry.parameter_value")).scalar_one() > 100
        assert connection.execute(text("select loaded_by from registry.parameter_value limit 1")).scalar_one() == "shipped sample"
        assert connection.execute(text("select count(*) from handoffs.handoff")).scalar_one() == 0
