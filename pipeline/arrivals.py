"""From an acknowledged release notice to its flags, without waiting for a night: hear of it, then carry it through every step."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import psycopg
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random

from core.errors import FixConfiguration, LeaseLost
from core.logs import log_event
from core.settings import database_url
from warehouse.database import Role, transaction
from warehouse.intake.carrying import UNCARRIED, Bell, left_undecided, mark_carried, take_up, undecided_before

CHANNEL = "guitu_intake"
POLL_SECONDS = 10.0
"""A bell that was not heard is noticed after this long."""
WHILE_CALLED_SECONDS = 0.5
MOST_TAKEOVERS = 20
"""A takeover falls between two statements of ours: twenty in a row are no accident."""
PAUSE_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)


async def arrivals() -> AsyncIterator[list[int]]:
    """The numbers of waiting batches, each time a run is to be called for them; never ends, and outlives the database's restarts.

    PostgreSQL's NOTIFY is a bell, not a queue: what waits is looked up, at every ring and every few seconds without one.
    """
    bell, failures = Bell(), 0
    while True:
        try:
            async with await _listening() as connection:
                failures = 0
                async for called in _calls(connection, bell):
                    yield called
        except (psycopg.Error, OSError) as error:
            log_event("intake is not heard", error=type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS[min(failures, len(PAUSE_SECONDS) - 1)])
            failures += 1


async def _listening() -> psycopg.AsyncConnection[tuple[int, bool]]:
    url = database_url().replace("postgresql+psycopg://", "postgresql://", 1)
    connection = await psycopg.AsyncConnection.connect(
        url, autocommit=True, connect_timeout=10, application_name="guitu arrivals", keepalives_idle=30, keepalives_interval=10
    )
    await connection.execute(f"set role {Role.ETL.value}")
    await connection.execute(f"listen {CHANNEL}")
    return connection


async def _calls(connection: psycopg.AsyncConnection[tuple[int, bool]], bell: Bell) -> AsyncIterator[list[int]]:
    while True:
        waiting = dict(await (await connection.execute(UNCARRIED, {"before": undecided_before()})).fetchall())
        if bell.rings(waiting, time.monotonic()):
            yield sorted(waiting)
        async for _ in connection.notifies(timeout=WHILE_CALLED_SECONDS if waiting else POLL_SECONDS, stop_after=1):
            pass


def carry_notices() -> int:
    """What follows from every decided push is published: links, handoffs, flags. Returns how many batches; 0 leaves all as it is.

    The same steps as at night, incremental by themselves; safe to repeat.

    A step that another run of the schedule is at waits for that run and then begins; notices are not put off to a later try.

    Raises:
        LeaseLost: other runs took over again and again; the batches stay to be carried.
        FixConfiguration: the bytes of an undecided batch are gone or were changed; every other batch is carried.
    """
    from pipeline.handoffs import work_out_handoffs
    from pipeline.link import link
    from pipeline.publish import publish
    from warehouse.landing.raw import RawStore
    from warehouse.staging.accept import accept

    with transaction(Role.ETL) as connection:
        undecided = left_undecided(connection)
    broken: list[FixConfiguration] = []
    for batch_id in undecided:
        try:
            accept(batch_id, RawStore())
        except FixConfiguration as error:
            broken.append(error)
    with transaction(Role.ETL) as connection:
        batches = take_up(connection)
    if batches:
        for step in (link, work_out_handoffs, publish):
            _insisting(step)
        with transaction(Role.ETL) as connection:
            mark_carried(connection, batches)
        log_event("notices carried through", batches=len(batches))
    if broken:
        raise broken[0]
    return len(batches)


def _insisting(step: Callable[[], int]) -> None:
    """The step is done, behind whatever run of it is at work.

    A task that fails is tried again a minute later by the schedule; a notice should not wait that long for a run of seconds.
    """
    for attempt in Retrying(
        retry=retry_if_exception_type(LeaseLost), stop=stop_after_attempt(MOST_TAKEOVERS), wait=wait_random(0.05, 0.5), reraise=True
    ):
        with attempt:
            step()
