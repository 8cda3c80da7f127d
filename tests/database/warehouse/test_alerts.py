"""What is not as it should be is listed in one place until it is over; what somebody has in hand is told no more."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

import warehouse.migrations
from core.clock import now_at
from pipeline.notify import look_for_unsent, send_messages
from warehouse.__main__ import main
from warehouse.alerts import KINDS, Alert, keep_open, keep_supplied, open_alerts
from warehouse.database import Role, transaction
from warehouse.publish.recipients import Address, register
from warehouse.publish.unsent import KINDS as UNSENT

pytestmark = pytest.mark.usefixtures("warehouse_url")
SQL = Path(warehouse.migrations.__file__).parent / "versions/0010_manifests.sql"
BEFORE = """
drop table landing.manifest, landing.declaration;
alter table ops.alert drop column acknowledged_at, drop column acknowledged_by, drop column acknowledgement;
alter table ops.alert set schema outbox;
create table ops.alert (code text, step text, first_seen_at timestamptz not null, cleared_at timestamptz, primary key (code, step));
insert into outbox.alert (kind, organization_code, subject, opened_at) values ('CENTRE_SILENT', '140100Q001', '2026-10', now());
insert into ops.alert values ('CALENDAR_MISSING:2027', 'handoffs', '2026-11-01 00:00+00', null),
    ('PARAM_MISSING:report_days:140100', 'handoffs', '2026-11-02 00:00+00', '2026-11-03 00:00+00');
"""


def found(*alerts: Alert, is_all: bool = True) -> None:
    with transaction(Role.ETL) as connection:
        keep_open(connection, {alert.kind for alert in alerts} | {"CENTRE_SILENT"}, alerts, now_at(), is_all=is_all)


def standing() -> list[tuple[str, str, str, int]]:
    with transaction(Role.OPERATOR) as connection:
        return [(one.kind, one.organization_code, one.subject, one.number) for one in open_alerts(connection)]


def test_alerts_are_listed_with_what_to_do_until_they_are_over_and_acknowledged_ones_do_not_count(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["alerts"]) == 0
    found(Alert("CENTRE_SILENT", "140100Q001", "2026-10"), Alert("NOBODY_TOLD", "140106", "police", 7))
    assert main(["alerts"]) == 1
    said = capsys.readouterr().out
    assert "CENTRE_SILENT     140100Q001  2026-10" in said
    assert "140106  police  7" in said
    assert "register-recipient" in said
    with transaction(Role.OPERATOR) as connection:
        first, second = [one.alert_id for one in open_alerts(connection)]
    assert main(["acknowledge-alert", str(first), "--reason", "telephoned", "--by", "operator"]) == 0
    assert main(["alerts"]) == 1
    assert main(["acknowledge-alert", str(second), "--reason", "asked the county", "--by", "operator"]) == 0
    capsys.readouterr()
    assert main(["alerts"]) == 0
    assert "in hand: telephoned (operator" in capsys.readouterr().out
    assert main(["acknowledge-alert", "999", "--reason", "x"]) == 1
    assert main(["acknowledge-alert", str(first), "--reason", " "]) == 1
    found()
    assert [kind for kind, *_ in standing()] == ["NOBODY_TOLD"]
    found(Alert("CENTRE_SILENT", "140100Q001", "2026-10"))
    assert main(["alerts"]) == 1  # silent anew: another alert, which nobody has in hand


def test_what_is_missing_for_the_work_stands_until_everything_was_looked_at_without_missing_it() -> None:
    with transaction(Role.ETL) as connection:
        assert keep_supplied(connection, {"CALENDAR_MISSING:2027", "PARAM_MISSING:report_days:140100"}, is_all=True) == 2
        assert keep_supplied(connection, set(), is_all=False) == 2
        assert keep_supplied(connection, {"CALENDAR_MISSING:2027"}, is_all=True) == 1
    assert standing() == [("CALENDAR_MISSING", "", "2027", 1)]


def test_alerts_of_both_tables_of_before_stand_in_one() -> None:
    with transaction(Role.OWNER) as connection:
        connection.execute(text(BEFORE))
        connection.execute(text(SQL.read_text("utf-8")))
        kept = connection.execute(text("select kind, organization_code, subject, closed_at from ops.alert order by kind")).all()
    assert [tuple(row) for row in kept] == [
        ("CALENDAR_MISSING", "", "2027", None),
        ("CENTRE_SILENT", "140100Q001", "2026-10", None),
        ("PARAM_MISSING", "140100", "report_days", datetime(2026, 11, 3, tzinfo=UTC)),
    ]


def test_every_kind_that_is_looked_for_has_words() -> None:
    assert set(UNSENT) < set(KINDS)
    assert all(kind.means_en.isascii() and kind.step.isascii() for kind in KINDS.values())


def waiting_push(minutes: int) -> None:
    with transaction(Role.OWNER) as connection:
        connection.execute(text("insert into registry.centre (centre_code) values ('140100Q001') on conflict do nothing"))
        connection.execute(
            text(
                "insert into registry.centre_key (app_key, centre_code, public_key, valid_from) "
                "values ('k', '140100Q001', :public, '2026-01-01') on conflict do nothing"
            ),
            {"public": bytes(32)},
        )
        connection.execute(
            text(
                "with b as (insert into landing.batch (provider, feed, name, form, content_address, size_bytes, received_at, state, "
                "row_count) values ('detention_centers', 'release_notices', :name, 'push', :name, 1, :at, 'accepted', 0) "
                "returning batch_id) insert into landing.push (sender_code, batch_id, landing_batch_id, content_address, app_key, "
                "received_at) select '140100Q001', :name, batch_id, 'a', 'k', :at from b"
            ),
            {"name": f"140100Q001-{minutes}", "at": datetime.now(UTC) - timedelta(minutes=minutes)},
        )


def test_notices_that_wait_for_too_long_are_told_to_operators_at_once_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction(Role.PUBLISHER) as connection:
        register(connection, Address("operator", "", "http://127.0.0.1:9/", date(2026, 1, 1)), "test")
    waiting_push(14)
    send_messages()
    assert standing() == []
    waiting_push(16)
    send_messages()
    send_messages()
    assert standing() == [("NOTICES_WAITING", "", "", 1)]
    due = text(
        "select count(*) from outbox.message m join outbox.item i using (message_id) where m.made_at >= m.next_try_at or m.attempts > 0"
    )
    with transaction(Role.OWNER) as connection:
        assert connection.execute(due).scalar_one() == 1
        connection.execute(text("update landing.push set carried_at = now()"))
    send_messages()
    assert standing() == []
    look_for_unsent()
