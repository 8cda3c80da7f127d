"""Of two runs of the same work only the newest writes, the older one hears so in one way, and a notice waits for neither of them long."""

import threading
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

import pipeline.link
from core.errors import LeaseLost
from pipeline.arrivals import carry_notices
from warehouse.database import Role, transaction
from warehouse.lease import hold, take

KEY = "140100Q001-0123456789abcdef"


@pytest.fixture(autouse=True)
def pushed(warehouse_url: str) -> None:
    """One pushed batch is decided and waits to be carried."""
    with transaction(Role.OWNER) as connection:
        connection.execute(text("insert into registry.centre (centre_code) values ('140100Q001')"))
        connection.execute(
            text(
                "insert into registry.centre_key (app_key, centre_code, public_key, valid_from) "
                "values (:key, '140100Q001', :public, '2026-01-01')"
            ),
            {"key": KEY, "public": bytes(32)},
        )
        connection.execute(
            text(
                "with b as (insert into landing.batch (provider, feed, name, form, content_address, size_bytes, received_at, state, "
                "row_count) values ('detention_centers', 'release_notices', 'A', 'push', 'a', 1, :now, 'accepted', 0) returning batch_id) "
                "insert into landing.push (sender_code, batch_id, landing_batch_id, content_address, app_key, received_at) "
                "select '140100Q001', 'A', batch_id, 'a', :key, :now from b"
            ),
            {"key": KEY, "now": datetime.now(UTC)},
        )


def taken_by_another(name: str) -> None:
    with transaction(Role.ETL) as connection:
        take(connection, name)


@pytest.mark.parametrize("one_snapshot", [True, False])
def test_a_run_that_was_overtaken_before_or_after_its_snapshot_has_lost_its_lease(one_snapshot: bool) -> None:
    with transaction(Role.ETL) as connection:
        token = take(connection, "link")
    taken_by_another("link")
    with pytest.raises(LeaseLost), transaction(Role.ETL, one_snapshot=one_snapshot) as connection:
        hold(connection, "link", token)
    with transaction(Role.ETL) as connection:
        token = take(connection, "link")
    with transaction(Role.ETL, one_snapshot=one_snapshot) as connection:
        taken_by_another("link")
        with pytest.raises(LeaseLost):
            hold(connection, "link", token)
        connection.rollback()


def test_notices_are_carried_although_other_runs_take_a_step_over(monkeypatch: pytest.MonkeyPatch) -> None:
    rivals = iter(["link"] * 3)

    def hold_late(connection: object, name: str, token: int) -> None:
        if rival := next(rivals, None):
            taken_by_another(rival)
        hold(connection, name, token)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline.link, "hold", hold_late)
    assert carry_notices() == 1
    with transaction(Role.ETL) as connection:
        failed = connection.execute(text("select count(*) from ops.run where step = 'link' and error = 'LeaseLost'")).scalar_one()
    assert failed == 3
    assert next(rivals, None) is None


def test_a_notice_that_comes_during_a_long_linking_is_carried_right_after_it() -> None:
    linking, seconds = threading.Event(), 3.0

    def link_for_long() -> None:
        with transaction(Role.ETL) as connection:
            token = take(connection, "link")
        with transaction(Role.ETL) as connection:
            hold(connection, "link", token)
            linking.set()
            time.sleep(seconds)

    nightly = threading.Thread(target=link_for_long)
    nightly.start()
    assert linking.wait(10)
    began = time.monotonic()
    assert carry_notices() == 1
    waited = time.monotonic() - began
    nightly.join()
    with transaction(Role.ETL) as connection:
        runs = connection.execute(text("select step, state from ops.run order by run_id")).all()
    assert [tuple(run) for run in runs] == [("link", "succeeded"), ("handoffs", "succeeded"), ("publish", "succeeded")]
    assert seconds - 0.5 < waited
    with transaction(Role.ETL) as connection:
        assert connection.execute(text("select count(*) from landing.push where carried_at is null")).scalar_one() == 0
