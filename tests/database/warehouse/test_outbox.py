"""A flag that opens is told once to everybody who may see it, in the transaction that shows it, whatever is run again."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core.errors import FixConfiguration
from pipeline.publish import publish
from warehouse.database import Role, transaction
from warehouse.handoffs.case_flags import IMPOSSIBLE
from warehouse.publish.delivery import dead_letters, mark_failed, mark_sent, put_back, send_again, take
from warehouse.publish.recipients import Address, end, register
from warehouse.runs import run_record

DAY = date(2026, 11, 20)
HANDOFF, OTHER = "a" * 16, "b" * 16
STATION, CENTRE = "140106Z003", "140100Q001"
AUDIENCE = [f"station:{STATION}", f"centre:{CENTRE}", "police:140106003000", "coordinator:140106003000"]
SEE = {
    "PICKUP_UNASSIGNED": "SPK",
    "NOTICE_MISSING": "CSPK",
    "VISIT_DUE": "S",
    "REPORT_DUE": "SP",
    "TEST_POSITIVE": "P",
    "DELIVERY_LATE": "OK",
}


@pytest.fixture(autouse=True)
def at_noon(warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands at 12:00 on the day, in every module that asks it."""
    set_clock(monkeypatch, datetime(2026, 11, 20, 4, 0, tzinfo=UTC))


def set_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    for module in ("outbox", "delivery", "recipients", "switch", "unsent"):
        monkeypatch.setattr(f"warehouse.publish.{module}.now_at", lambda: now)


def tell(*flags: tuple[str, str], handoff: str = HANDOFF, audience: list[str] = AUDIENCE, due: date = DAY) -> None:
    """Schema handoffs holds the handoff with exactly these open flags (code, severity); then it is published."""
    with run_record("handoffs") as run, transaction(Role.ETL) as connection:
        connection.execute(
            text(
                "insert into handoffs.handoff (handoff_id, decision_number, centre_code, state, audience, as_of_date, worked_out_by_run) "
                "values (:id, :id, :centre, 'NOTICED', :audience, :day, :run) "
                "on conflict (handoff_id) do update set audience = excluded.audience"
            ),
            {"id": handoff, "centre": CENTRE, "audience": audience, "day": DAY, "run": run.run_id},
        )
        connection.execute(
            text("update handoffs.flag set status = 'resolved', closed_at = now() where handoff_id = :id and status = 'open'"),
            {"id": handoff},
        )
        for code, severity in flags:
            connection.execute(
                text(
                    "insert into handoffs.flag (handoff_id, flag_code, severity, due_date, status, owner_role, evidence, first_open_at, "
                    "opened_at, worked_out_by_run) values (:id, :code, :severity, :due, 'open', 'station_worker', "
                    "cast(:evidence as jsonb), '2026-11-20', '2026-11-20', :run) "
                    "on conflict (handoff_id, flag_code) do update set severity = excluded.severity, "
                    "status = 'open', closed_at = null, evidence = excluded.evidence"
                ),
                {
                    "id": handoff,
                    "code": code,
                    "severity": severity,
                    "due": due,
                    "evidence": json.dumps({"rows": [], "see": list(SEE[code])}),
                    "run": run.run_id,
                },
            )
    publish(DAY)


CASE, STREET, OTHER_STREET = f"{STATION}-2026-0001", "140106J001", "140106J002"


def report(*streets: str, day: int = 18, status: str = "open", opened_at: int = 20) -> None:
    """Schema handoffs holds a special report of the case as opened on a day, to these organisations; then it is published."""
    with run_record("handoffs") as run, transaction(Role.ETL) as connection:
        connection.execute(
            text(
                "insert into handoffs.case_flag (case_number, flag_code, case_reference, station_code, severity, due_date, status, "
                "owner_role, evidence, audience, first_open_at, opened_at, worked_out_by_run) "
                "values (:case, 'SPECIAL_REPORT', 'cafe', :station, 'critical', :due, :status, 'station_worker', "
                "cast(:evidence as jsonb), :audience, '2026-11-20', :opened, :run) "
                "on conflict (case_number, flag_code) do update set status = excluded.status, due_date = excluded.due_date, "
                "audience = excluded.audience, opened_at = excluded.opened_at"
            ),
            {
                "case": CASE,
                "station": STATION,
                "due": date(2026, 11, day + 1),
                "status": status,
                "evidence": json.dumps({"rows": [], "see": ["S", "G"], "tell": list(streets)}),
                "audience": [f"station:{STATION}", "coordinator:140106", *(f"organization:{street}" for street in streets)],
                "opened": datetime(2026, 11, opened_at, tzinfo=UTC),
                "run": run.run_id,
            },
        )
    publish(DAY)


def cannot_be_met(*cases: str) -> None:
    """Schema handoffs holds an ordered service of each case that cannot be provided; then it is published."""
    with run_record("handoffs") as run, transaction(Role.ETL) as connection:
        for case in cases:
            connection.execute(
                text(
                    "insert into handoffs.case_flag (case_number, flag_code, case_reference, station_code, severity, status, owner_role, "
                    "evidence, audience, first_open_at, opened_at, worked_out_by_run) "
                    "values (:case, 'SERVICE_IMPOSSIBLE', :case, :station, 'info', 'open', 'coordinator', cast(:evidence as jsonb), "
                    ":audience, '2026-11-20', '2026-11-20', :run)"
                ),
                {
                    "case": case,
                    "station": STATION,
                    "evidence": json.dumps({"rows": [], "see": list(IMPOSSIBLE.see)}),
                    "audience": [f"station:{STATION}", "coordinator:140106"],
                    "run": run.run_id,
                },
            )
    publish(DAY)


def unheard() -> dict[tuple[str, str], int]:
    """Role and organisation or county of every open alert that nobody is told, with the count of flags."""
    with transaction(Role.OPERATOR) as connection:
        found = connection.execute(
            text("select subject, organization_code, count from ops.alert where kind = 'NOBODY_TOLD' and closed_at is null")
        )
        return {(row.subject, row.organization_code): row.count for row in found}


def somebody(audience: str, scope: str, address: str, first: date = DAY) -> int:
    with transaction(Role.PUBLISHER) as connection:
        return register(connection, Address(audience, scope, address, first), "test")


def items() -> list[tuple[str, str, str]]:
    """Address, flag and reason of everything told, in order."""
    with transaction(Role.PUBLISHER) as connection:
        found = connection.execute(
            text(
                "select r.address, o.flag_code, i.reason from outbox.item i join outbox.recipient r using (recipient_id) "
                "join outbox.opening o using (opening_id) order by i.item_id"
            )
        )
        return [tuple(row) for row in found]


def messages() -> list[Any]:
    with transaction(Role.PUBLISHER) as connection:
        return list(
            connection.execute(
                text(
                    "select r.address, m.occasion, m.state, m.next_try_at at time zone 'Asia/Shanghai' as due from outbox.message m "
                    "join outbox.recipient r using (recipient_id) order by m.message_id"
                )
            )
        )


def letters() -> Iterator[Any]:
    while True:
        with transaction(Role.PUBLISHER) as connection:
            letter = take(connection, "email")
        if letter is None:
            return
        yield letter


def test_each_audience_is_told_once_and_only_of_what_it_may_see() -> None:
    for audience, scope, address in (
        ("station", STATION, "station@example.org"),
        ("station", "140106Z999", "elsewhere@example.org"),
        ("centre", CENTRE, "centre@example.org"),
        ("police", "140106", "police@example.org"),
        ("police", "150000", "far@example.org"),
        ("coordinator", "140000", "province@example.org"),
        ("operator", "", "operator@example.org"),
        ("steward", "", "steward@example.org"),
    ):
        somebody(audience, scope, address)
    tell(("PICKUP_UNASSIGNED", "critical"), ("VISIT_DUE", "info"), ("TEST_POSITIVE", "critical"), ("DELIVERY_LATE", "info"))
    told = sorted(items())
    assert told == [
        ("operator@example.org", "DELIVERY_LATE", "info"),
        ("police@example.org", "PICKUP_UNASSIGNED", "critical"),
        ("police@example.org", "TEST_POSITIVE", "critical"),
        ("province@example.org", "DELIVERY_LATE", "info"),
        ("province@example.org", "PICKUP_UNASSIGNED", "critical"),
        ("station@example.org", "PICKUP_UNASSIGNED", "critical"),
        ("station@example.org", "VISIT_DUE", "info"),
    ]
    publish(DAY)
    publish(DAY)
    assert sorted(items()) == told
    at_once = [m.address for m in messages() if m.occasion.startswith("urgent/")]
    assert sorted(at_once) == ["police@example.org", "province@example.org", "station@example.org"]
    assert {f"{m.due:%m-%d %H:%M}" for m in messages() if m.occasion.startswith("round/")} == {"11-21 08:00"}


def test_a_flag_that_closes_and_opens_again_is_told_again_and_one_that_rises_once_more() -> None:
    somebody("station", STATION, "station@example.org")
    tell(("NOTICE_MISSING", "warning"))
    tell(("NOTICE_MISSING", "critical"))
    tell(("NOTICE_MISSING", "warning"))
    tell(("NOTICE_MISSING", "critical"))
    assert [reason for _, _, reason in items()] == ["warning", "critical"]
    tell()
    tell(("NOTICE_MISSING", "critical"))
    assert [reason for _, _, reason in items()] == ["warning", "critical", "critical"]


def test_the_new_station_of_a_transfer_is_told_and_the_old_one_not_again() -> None:
    somebody("station", STATION, "old@example.org")
    somebody("station", "140106Z004", "new@example.org")
    tell(("VISIT_DUE", "info"))
    tell(("VISIT_DUE", "info"), audience=[*AUDIENCE, "station:140106Z004"])
    assert [address for address, _, _ in items()] == ["old@example.org", "new@example.org"]


def test_who_is_registered_later_is_told_what_is_open_and_who_is_not_yet_or_no_longer_in_force_is_not() -> None:
    tell(("VISIT_DUE", "info"))
    somebody("station", STATION, "later@example.org")
    somebody("station", STATION, "next-year@example.org", date(2027, 1, 1))
    gone = somebody("station", STATION, "gone@example.org", date(2026, 1, 1))
    with transaction(Role.PUBLISHER) as connection:
        end(connection, gone, date(2026, 11, 19))
    publish(DAY)
    assert [address for address, _, _ in items()] == ["later@example.org"]


def test_infos_of_a_day_make_one_message_and_a_message_that_is_being_sent_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    somebody("station", STATION, "station@example.org")
    tell(("VISIT_DUE", "info"))
    tell(("VISIT_DUE", "info"), handoff=OTHER)
    assert len(messages()) == 1
    assert list(letters()) == []
    set_clock(monkeypatch, datetime(2026, 11, 21, 0, 0, tzinfo=UTC))
    (letter,) = letters()
    assert letter.wording.content["counts"] == {"critical": 0, "warning": 0, "info": 2}
    # The clock is set back: the message of 08:00 is being sent while a flag opens a second before.
    set_clock(monkeypatch, datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC))
    tell(("VISIT_DUE", "info"), ("REPORT_DUE", "info"))
    assert [f"{m.due:%m-%d}" for m in messages() if m.state == "waiting"] == ["11-22"]


def test_what_closed_before_its_round_is_not_told_and_a_message_without_anything_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    somebody("station", STATION, "station@example.org")
    tell(("VISIT_DUE", "info"))
    tell()
    set_clock(monkeypatch, datetime(2026, 11, 21, 0, 0, tzinfo=UTC))
    assert list(letters()) == []
    assert [m.state for m in messages()] == ["dropped"]


def test_an_overdue_critical_flag_reaches_the_coordinator_once_and_weekly_and_hides_what_he_may_not_see(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    somebody("coordinator", "1401", "city@example.org")
    tell(("PICKUP_UNASSIGNED", "critical"), ("TEST_POSITIVE", "critical"), ("VISIT_DUE", "info"))
    for day in (20, 21, 21, 22, 27, 28):
        publish(date(2026, 11, day))
    overdue = [item for item in items() if item[2].startswith("overdue/")]
    assert overdue == [
        ("city@example.org", code, f"overdue/2026-11-{day}") for day in (21, 28) for code in ("PICKUP_UNASSIGNED", "TEST_POSITIVE")
    ]
    set_clock(monkeypatch, datetime(2026, 11, 21, 0, 0, tzinfo=UTC))
    digest = [letter.wording for letter in letters()][-1]
    assert {flag["flag_code"] for flag in digest.content["flags"]} == {"PICKUP_UNASSIGNED"}
    assert digest.content["unseen"] == {"station_worker": 2}
    assert "检测" not in digest.body


def test_an_attempt_that_was_cut_off_is_made_again_with_the_same_words_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    somebody("station", STATION, "station@example.org")
    tell(("PICKUP_UNASSIGNED", "critical"))
    (first,) = letters()
    assert list(letters()) == []
    tell()
    set_clock(monkeypatch, datetime(2026, 11, 20, 4, 11, tzinfo=UTC))
    (second,) = letters()
    assert (second.message_key, second.wording, second.attempt) == (first.message_key, first.wording, 2)
    with transaction(Role.PUBLISHER) as connection:
        mark_sent(connection, second)
    set_clock(monkeypatch, datetime(2026, 11, 22, tzinfo=UTC))
    assert list(letters()) == []


def test_a_message_that_fails_eleven_times_is_a_dead_letter_that_operators_see_and_can_send_again(monkeypatch: pytest.MonkeyPatch) -> None:
    somebody("station", STATION, "station@example.org")
    tell(("PICKUP_UNASSIGNED", "critical"))
    for hour in range(12):
        set_clock(monkeypatch, datetime(2026, 11, 21, hour, tzinfo=UTC))
        (letter,) = letters()
        with transaction(Role.PUBLISHER) as connection:
            put_back(connection, letter, "the mail server does not answer")
    failures = 0
    while messages()[0].state != "dead":
        failures += 1
        set_clock(monkeypatch, datetime(2026, 11, 22, tzinfo=UTC) + failures * timedelta(days=2))
        (letter,) = letters()
        with transaction(Role.PUBLISHER) as connection:
            mark_failed(connection, letter, "the webhook answered 500", is_final=False)
    assert failures == 11
    with transaction(Role.OPERATOR) as connection:
        (dead,) = dead_letters(connection)
    assert (dead.audience, dead.last_error) == ("station", "the webhook answered 500")
    assert not hasattr(dead, "body")
    with transaction(Role.PUBLISHER) as connection:
        send_again(connection, dead.message_id)
    (letter,) = letters()
    with transaction(Role.PUBLISHER) as connection, pytest.raises(FixConfiguration):
        send_again(connection, letter.message_id)


def test_a_special_report_reaches_the_organisation_and_the_station_at_once_and_once_and_names_nobody() -> None:
    somebody("station", STATION, "station@example.org")
    somebody("organization", STREET, "street@example.org")
    somebody("organization", OTHER_STREET, "other@example.org")
    somebody("police", "14", "police@example.org")
    somebody("coordinator", "14", "province@example.org")
    report(STREET)
    report(STREET)
    told = [("station@example.org", "SPECIAL_REPORT", "critical"), ("street@example.org", "SPECIAL_REPORT", "critical")]
    overdue = ("province@example.org", "SPECIAL_REPORT", "overdue/2026-11-20")
    assert sorted(items()) == [overdue, *told]
    wordings = {letter.address: letter.wording for letter in letters()}
    assert set(wordings) == {"station@example.org", "street@example.org"}
    assert all("cafe" in wording.body and CASE not in str(wording) for wording in wordings.values())
    assert wordings["street@example.org"].content["flags"][0]["station_code"] == STATION
    # A report to another organisation while the first stands tells that one; the next opening tells everybody concerned anew.
    report(STREET, OTHER_STREET)
    assert len(items()) == 4
    assert items()[-1][0] == "other@example.org"
    report(STREET, status="resolved")
    report(STREET, day=19, opened_at=21)
    assert sorted(items()[4:]) == told


def test_operators_learn_once_that_nobody_is_registered_for_a_flag_until_somebody_is() -> None:
    somebody("police", "14", "police@example.org")
    tell(("PICKUP_UNASSIGNED", "critical"), ("VISIT_DUE", "info"))
    tell(("VISIT_DUE", "info"), handoff=OTHER)
    report(STREET)
    nobody = {("station", STATION): 4, ("coordinator", "140106"): 1, ("organization", STREET): 1}
    assert unheard() == nobody
    publish(DAY)
    assert unheard() == nobody
    somebody("station", STATION, "station@example.org")
    somebody("coordinator", "1401", "city@example.org")
    publish(DAY)
    assert unheard() == {("organization", STREET): 1}
    report(STREET, status="resolved")
    assert unheard() == {}


def test_a_service_that_cannot_be_provided_is_told_to_its_station_and_as_a_number_to_the_coordinator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cannot_be_met("case1", "case2")
    assert unheard() == {("station", STATION): 2, ("coordinator", "140106"): 2}
    somebody("station", STATION, "station@example.org")
    somebody("coordinator", "1401", "city@example.org")
    publish(DAY)
    assert unheard() == {}
    assert sorted((address, code) for address, code, _ in items()) == [
        (address, "SERVICE_IMPOSSIBLE") for address in ("city@example.org", "station@example.org") for _ in range(2)
    ]
    set_clock(monkeypatch, datetime(2026, 11, 21, 0, 0, 1, tzinfo=UTC))
    with transaction(Role.PUBLISHER) as connection:
        letters = {letter.address: letter for letter in (take(connection, "email"), take(connection, "email")) if letter}
    assert "case1" in letters["station@example.org"].wording.body
    assert "fewer than 5" in letters["city@example.org"].wording.body
    assert "case1" not in str(letters["city@example.org"].wording)
