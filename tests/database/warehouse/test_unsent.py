"""What a centre should have sent and did not is noticed exactly, told to those concerned, and forgotten when it comes."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from expectations.delivery import Delivery
from pipeline.notify import look_for_unsent
from warehouse.database import Role, transaction
from warehouse.landing.batches import land
from warehouse.landing.raw import RawStore
from warehouse.publish.recipients import Address, register
from warehouse.staging.accept import accept

DAY = date(2026, 11, 20)
DIRECTORY = "记录编号,操作,修改时间,机构编码,机构名称,机构类型,所在行政区划,启用日期\n"
CENTRES = ("140100Q001", "140200Q001")


@pytest.fixture
def today(warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the morning of the day; the directory knows two centres."""
    monkeypatch.setenv("GUITU_AS_OF", str(DAY))
    rows = "".join(f"ZD-{code}-01,I,2018-06-01 09:00:00,{code},样例所,12,140105,2018-06-01\n" for code in CENTRES)
    content = (DIRECTORY + rows).encode("utf-8-sig")
    batch_id, _ = land(Delivery("community", "station_directory", "station_directory_20261110.csv", "csv", content), RawStore())
    assert accept(batch_id, RawStore()).state == "accepted"


def push(number: int, centre: str = CENTRES[0], day: str = "20261119", exported_at: datetime | None = None) -> None:
    """A batch of the centre is landed."""
    name = f"{centre}-{day}-{number:04}"
    delivery = Delivery("detention_centers", "release_notices", name, "push", name.encode(), sender_code=centre, exported_at=exported_at)
    land(delivery, RawStore())


def alerts(kind: str) -> list[str]:
    with transaction(Role.OPERATOR) as connection:
        found = connection.execute(
            text("select organization_code || ' ' || subject from ops.alert where kind = :kind and closed_at is null order by 1"),
            {"kind": kind},
        )
        return list(found.scalars())


def test_dropping_k_of_n_batches_reports_exactly_those_and_they_are_forgotten_when_they_come(today: None) -> None:
    dropped = {2, 5, 6, 11}
    for number in set(range(1, 13)) - dropped:
        push(number)
    for number in range(1, 4):
        push(number, CENTRES[1])
    look_for_unsent()
    assert alerts("BATCH_MISSING") == [f"{CENTRES[0]} {CENTRES[0]}-20261119-{number:04}" for number in sorted(dropped)]
    for number in dropped - {5}:
        push(number)
    look_for_unsent()
    look_for_unsent()
    assert alerts("BATCH_MISSING") == [f"{CENTRES[0]} {CENTRES[0]}-20261119-0005"]


def test_a_centre_without_a_word_in_the_last_month_is_silent_until_a_nil_return_of_that_month_comes(today: None) -> None:
    push(1, CENTRES[1], "20261030", datetime(2026, 10, 30, 4, 0, tzinfo=UTC))
    push(1, CENTRES[0], "20261101", datetime(2026, 10, 31, 16, 0, tzinfo=UTC))  # 00:00 of November in Shanghai
    look_for_unsent()
    assert alerts("CENTRE_SILENT") == [f"{CENTRES[0]} 2026-10"]
    push(1, CENTRES[0], "20261031", datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC))
    look_for_unsent()
    assert alerts("CENTRE_SILENT") == []


def test_a_roster_that_did_not_come_is_one_alert_however_many_nights_and_its_centre_is_told_once(today: None, tmp_path: Path) -> None:
    with transaction(Role.PUBLISHER) as connection:
        register(connection, Address("operator", "", "operator@example.org", DAY), "test")
        register(connection, Address("centre", CENTRES[0], "centre@example.org", DAY), "test")
    push(1)
    with transaction(Role.ETL) as connection:
        connection.execute(
            text(
                "insert into ops.snapshot (feed, scope, snapshot_date, batch_id, row_count) "
                "select 'centre_roster', :scope, :night, min(batch_id), 1 from landing.batch"
            ),
            [{"scope": CENTRES[0], "night": date(2026, 11, 17)}, {"scope": CENTRES[1], "night": date(2026, 11, 19)}],
        )
    look_for_unsent()
    look_for_unsent()
    assert alerts("SNAPSHOT_MISSING") == [f"{CENTRES[0]} 2026-11-17"]
    with transaction(Role.PUBLISHER) as connection:
        told = connection.execute(
            text(
                "select r.address from outbox.item i join outbox.recipient r using (recipient_id) join ops.alert a using (alert_id) "
                "where a.kind = 'SNAPSHOT_MISSING' order by 1"
            )
        )
        assert list(told.scalars()) == ["centre@example.org", "operator@example.org"]


def declared(day: date, received_at: datetime, *batch_ids: str) -> None:
    """The first centre declared these batches of the day at this instant."""
    with transaction(Role.OWNER) as connection:
        connection.execute(text("insert into registry.centre (centre_code) values (:code) on conflict do nothing"), {"code": CENTRES[0]})
        connection.execute(
            text(
                "insert into registry.centre_key (app_key, centre_code, public_key, valid_from) "
                "values ('k', :code, :public, '2026-01-01') on conflict do nothing"
            ),
            {"code": CENTRES[0], "public": bytes(32)},
        )
        connection.execute(
            text(
                "insert into landing.declaration (sender_code, day, app_key, received_at, body_sha256, batches) "
                "values (:code, :day, 'k', :at, '', cast(:batches as jsonb))"
            ),
            {"code": CENTRES[0], "day": day, "at": received_at, "batches": json.dumps(dict.fromkeys(batch_ids, "0"))},
        )


def received(name: str, at: datetime) -> None:
    with transaction(Role.OWNER) as connection:
        connection.execute(
            text(
                "with b as (insert into landing.batch (provider, feed, name, form, sender_code, content_address, size_bytes, received_at) "
                "values ('detention_centers', 'release_notices', :name, 'push', :code, :name, 1, :at) returning batch_id) "
                "insert into landing.push (sender_code, batch_id, landing_batch_id, content_address, app_key, received_at) "
                "select :code, :name, batch_id, :name, 'k', :at from b"
            ),
            {"name": name, "code": CENTRES[0], "at": at},
        )


def test_a_day_that_was_declared_is_compared_once_it_is_over_and_a_centre_that_falls_silent_is_told(today: None) -> None:
    eve, noon = DAY - timedelta(days=1), datetime(2026, 11, 19, 4, 0, tzinfo=UTC)
    ours, foreign, lost = (f"{CENTRES[0]}-20261119-{number:04}" for number in (1, 2, 3))
    declared(eve, noon, ours)
    received(ours, noon)
    received(foreign, noon)
    with transaction(Role.OWNER) as connection:
        connection.execute(
            text("insert into landing.manifest (sender_code, day, batch_count, content, made_at) values (:code, :day, 2, '', now())"),
            {"code": CENTRES[0], "day": eve},
        )
    look_for_unsent()  # declared at noon: nothing is said of the afternoon, and yesterday is not declared as a whole
    assert (alerts("BATCH_UNKNOWN"), alerts("BATCH_MISSING"), alerts("DAY_UNDECLARED")) == ([], [], [])
    declared(eve - timedelta(days=1), noon)
    look_for_unsent()
    assert alerts("DAY_UNDECLARED") == [f"{CENTRES[0]} 2026-11-18"]
    declared(eve, noon + timedelta(days=1), ours, lost)
    look_for_unsent()
    assert alerts("BATCH_UNKNOWN") == [f"{CENTRES[0]} {foreign}"]
    assert alerts("BATCH_MISSING") == [f"{CENTRES[0]} {lost}"]
    assert alerts("DAY_UNDECLARED") == []
    declared(eve, noon + timedelta(days=1, hours=1), ours, foreign, lost)
    received(lost, noon + timedelta(days=1, hours=2))
    look_for_unsent()
    assert (alerts("BATCH_UNKNOWN"), alerts("BATCH_MISSING")) == ([], [])
