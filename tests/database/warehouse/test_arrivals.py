"""A decided push is heard at once, noticed without a bell, called for once, and carried through by the nightly steps."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from core.errors import FixConfiguration
from pipeline import arrivals
from warehouse.database import Role, transaction
from warehouse.intake.carrying import left_undecided, mark_carried, take_up

KEY = "140100Q001-0123456789abcdef"


@pytest.fixture(autouse=True)
def centre(warehouse_url: str) -> None:
    with transaction(Role.OWNER) as connection:
        connection.execute(text("insert into registry.centre (centre_code) values ('140100Q001')"))
        connection.execute(
            text(
                "insert into registry.centre_key (app_key, centre_code, public_key, valid_from) "
                "values (:key, '140100Q001', :k, '2026-01-01')"
            ),
            {"key": KEY, "k": bytes(32)},
        )


def push(name: str, state: str = "accepted", *, rings: bool = True, age: timedelta = timedelta()) -> int:
    """A batch of the centre stands as pushed; with `rings`, listeners hear of it at commit."""
    with transaction(Role.OWNER) as connection:
        batch_id = connection.execute(
            text(
                "insert into landing.batch (provider, feed, name, form, content_address, size_bytes, received_at, state, row_count) "
                "values ('detention_centers', 'release_notices', :name, 'push', :name, 1, :at, :state, 0) returning batch_id"
            ),
            {"name": name, "at": datetime.now(UTC) - age, "state": state},
        ).scalar_one()
        connection.execute(
            text(
                "insert into landing.push (sender_code, batch_id, landing_batch_id, content_address, app_key, received_at) "
                "values ('140100Q001', :name, :id, :name, :key, :at)"
            ),
            {"name": name, "id": batch_id, "key": KEY, "at": datetime.now(UTC) - age},
        )
        if rings:
            connection.execute(text("select pg_notify('guitu_intake', :id)"), {"id": str(batch_id)})
    return int(batch_id)


def listening(story: Callable[[Callable[[float], Awaitable[list[int] | None]]], Awaitable[None]]) -> None:
    """Runs the story with a way to ask for the next call within some seconds; None when there is none."""

    async def run() -> None:
        calls: AsyncIterator[list[int]] = arrivals.arrivals()
        queue: asyncio.Queue[list[int]] = asyncio.Queue()

        async def follow() -> None:
            async for called in calls:
                queue.put_nowait(called)

        following = asyncio.create_task(follow())

        async def next_call(seconds: float) -> list[int] | None:
            try:
                return await asyncio.wait_for(queue.get(), seconds)
            except TimeoutError:
                return None

        try:
            await story(next_call)
        finally:
            following.cancel()

    asyncio.run(run())


def test_a_batch_whose_bytes_are_gone_is_told_and_keeps_no_other_from_being_carried() -> None:
    broken, fine = push("a", "landed", rings=False, age=timedelta(minutes=2)), push("b", rings=False)
    with pytest.raises(FixConfiguration, match="raw bytes"):
        arrivals.carry_notices()
    with transaction(Role.ETL) as connection:
        found = connection.execute(text("select landing_batch_id from landing.push where carried_at is not null"))
        assert list(found.scalars()) == [fine]
        assert left_undecided(connection) == [broken]


def carried(*batch_ids: int) -> None:
    with transaction(Role.ETL) as connection:
        take_up(connection)
        mark_carried(connection, batch_ids)


def test_a_bell_is_heard_at_once_and_a_second_batch_waits_for_the_run_already_called() -> None:
    async def story(next_call: Any) -> None:
        assert await next_call(0.5) is None
        began = time.monotonic()
        first = push("a")
        assert await next_call(5) == [first]
        assert time.monotonic() - began < 3
        second = push("b")
        assert await next_call(1) is None
        with transaction(Role.ETL) as connection:
            assert take_up(connection) == [first, second]
        third = push("c")
        assert third in (await next_call(5) or [])
        carried(first, second, third)
        assert await next_call(1) is None

    listening(story)


def test_a_bell_nobody_rang_a_lost_connection_and_an_undecided_batch_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "POLL_SECONDS", 0.3)

    async def story(next_call: Any) -> None:
        assert await next_call(0.5) is None
        silent = push("a", rings=False)
        assert await next_call(5) == [silent]
        carried(silent)
        with transaction(Role.OWNER) as connection:
            connection.execute(text("reset role"))
            connection.execute(text("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'guitu arrivals'"))
        after = push("b", rings=False)
        assert await next_call(10) == [after]
        carried(after)
        assert push("young", "landed", rings=False)
        assert await next_call(1) is None
        old = push("old", "landed", rings=False, age=timedelta(minutes=2))
        assert await next_call(5) == [old]
        with transaction(Role.ETL) as connection:
            assert left_undecided(connection) == [old]

    listening(story)
