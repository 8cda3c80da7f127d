"""Connections: one engine per process, each transaction under the role of its step (least privilege by SET ROLE)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool, QueuePool

from core.errors import RetryLater
from core.settings import database_url


class Role(StrEnum):
    """Database roles, each with what its step needs and no more (grants: warehouse/migrations)."""

    OWNER = "guitu_owner"
    INTAKE = "guitu_intake"
    ETL = "guitu_etl"
    PUBLISHER = "guitu_publisher"
    HANDOFF_READER = "guitu_handoff_reader"
    CIVIL_AFFAIRS_READER = "guitu_civil_affairs_reader"
    EMPLOYMENT_READER = "guitu_employment_reader"
    HOUSING_READER = "guitu_housing_reader"
    STATION_READER = "guitu_station_reader"
    OPERATOR = "guitu_operator"


class DatabaseUnavailable(RetryLater):
    """PostgreSQL does not answer; nothing was written."""


_AS_ROLE = text("select set_config('role', :role, true), set_config('timezone', 'UTC', true)")
_AS_ROLE_DURABLY = text(f"{_AS_ROLE.text}, set_config('synchronous_commit', 'on', true)")
_kept_connections = 0


def keep_connections(count: int) -> None:
    """From now on up to `count` connections of this process stay open between transactions: for a server of many small requests.

    A connection that died meanwhile is noticed before it is used. 0 connects anew for each transaction, as every task does.
    """
    global _kept_connections
    _kept_connections = count


@lru_cache(maxsize=8)
def _engine(url: str, process: int, kept: int) -> Engine:
    # A forked task must not share its parent's sockets: the process id is part of the key. hide_parameters keeps values out of errors.
    pool: dict[str, Any] = {"pool_size": kept, "max_overflow": 0, "pool_timeout": 10, "pool_pre_ping": True} if kept else {}
    options = {"hide_parameters": True, "connect_args": {"connect_timeout": 10, "application_name": "guitu"}}
    return create_engine(url, poolclass=QueuePool if kept else NullPool, **options, **pool)


def engine() -> Engine:
    """The engine of this process."""
    return _engine(database_url(), os.getpid(), _kept_connections)


@contextmanager
def transaction(
    role: Role, *, one_snapshot: bool = False, snapshot: str | None = None, waits_for_the_disk: bool = False
) -> Iterator[Connection]:
    """One transaction under `role`; committed when the block ends, rolled back on an error.

    `one_snapshot`: all its statements see the rows of one instant, for work that reads several tables while others write.
    `waits_for_the_disk`: its commit does, whatever the session or the login was set to.
    `snapshot`: the instant of another transaction that is still open and has exported it, for work in several processes.

    Raises:
        DatabaseUnavailable: no connection could be had.
    """
    try:
        connection = engine().connect()
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise DatabaseUnavailable("PostgreSQL does not answer: check GUITU_DATABASE_URL and the server, then run again") from error
    with connection, connection.begin():
        if one_snapshot:
            connection.execute(text("set transaction isolation level repeatable read"))
        if snapshot:
            connection.execute(text(f"set transaction snapshot '{snapshot}'"))
        # As `set local` would, in one round trip: small transactions feel each of them.
        connection.execute(_AS_ROLE_DURABLY if waits_for_the_disk else _AS_ROLE, {"role": role.value})
        yield connection
