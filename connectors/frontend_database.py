"""A provider's front-end database (agreement section 5): schema `share`, PostgreSQL compatible, read with a read-only account.

psycopg without SQLAlchemy: five short queries against tables that are not ours. Which feeds there are is `civil_affairs`'.
"""

from __future__ import annotations

import csv
import io
import os
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from core.clock import SHANGHAI, now_at
from core.errors import FixConfiguration, MissingSecret, SourceChanged, SourceUnavailable
from expectations.agreement import feed as agreed_feed

OVERLAP = timedelta(hours=48)
ROWS_A_PAGE = 5_000
MAX_PAGE_BYTES = 64 * 1024 * 1024
LOCAL_TIME = "%Y-%m-%d %H:%M:%S"
# The agreement gives the columns of share.batches no types: they are read as timestamps whether they are or hold their text.
_MIN_UPDATED_AT, _MAX_UPDATED_AT, _EXPORTED_AT = (
    sql.SQL("nullif({}::text, '')::timestamp").format(sql.Identifier(name)) for name in ("min_updated_at", "max_updated_at", "exported_at")
)
_IS_RUNNING = sql.SQL("nullif(exported_at::text, '') is null")
BEGINNING = datetime(1970, 1, 1)  # noqa: DTZ001 source_updated_at has no zone there; it is Shanghai time


@dataclass(frozen=True)
class Deadlines:
    """Seconds until a connection or one statement is given up; on our side too, for a server that keeps no promise."""

    connect_seconds: int = 10
    statement_seconds: float = 120


@dataclass(frozen=True)
class BatchDifference:
    """One load of `share.batches` whose time range does not hold the rows it says. Rows are overwritten in place, so an old load
    may hold fewer in time. `is_running`: exported_at is empty."""

    feed: str
    batch_id: str
    declared_rows: int | None
    found_rows: int
    is_running: bool


class Reading:
    """One repeatable-read, read-only transaction on a provider's database."""

    def __init__(self, opened: psycopg.Connection, deadlines: Deadlines) -> None:
        self._opened, self._deadlines = opened, deadlines

    def rows(self, query: sql.Composed, given: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """All rows of one statement, at most `MAX_PAGE_BYTES` of text."""
        rows, size = [], 0
        with self._opened.cursor() as cursor, self._cut_when_late():
            for row in cursor.stream(query, given):
                size += sum(len(value) for value in row if isinstance(value, str))
                if size > MAX_PAGE_BYTES:
                    raise SourceChanged(f"one page of the front-end database is larger than {MAX_PAGE_BYTES} characters")
                rows.append(row)
        return rows

    @contextmanager
    def _cut_when_late(self) -> Iterator[None]:
        """Shut our end of the connection when a statement is late: a server that hangs keeps no statement_timeout."""
        own = socket.socket(fileno=os.dup(self._opened.fileno()))

        def cut() -> None:
            with suppress(OSError):
                own.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(self._deadlines.statement_seconds + 1, cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            own.close()


@contextmanager
def reading(connection: dict[str, str], deadlines: Deadlines = Deadlines()) -> Iterator[Reading]:
    """A transaction that ends with the block.

    `connection`: host, login, password, schema (the database's name), optional port, sslmode (verify-full), ca (a PEM file).

    Raises (also while reading inside the block):
        SourceUnavailable: no connection, a deadline passed, the server went away.
        SourceChanged: a table or column is missing or of another type, a page is too large, or it is not the agreed server.
        MissingSecret, FixConfiguration: the connection is incomplete, or the account is refused.
    """
    missing = [name for name in ("host", "login", "schema") if not connection.get(name)]
    if missing:
        raise MissingSecret(f"the connection of civil_affairs has no {', '.join(missing)}")
    with _families():
        opened = _connect(connection, deadlines)
        try:
            opened.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            opened.read_only = True
            yield Reading(opened, deadlines)
        finally:
            opened.close()


def _connect(connection: dict[str, str], deadlines: Deadlines) -> psycopg.Connection:
    milliseconds = int(deadlines.statement_seconds * 1000)
    return psycopg.connect(
        host=connection["host"],
        port=connection.get("port") or None,
        user=connection["login"],
        password=connection.get("password") or None,
        dbname=connection["schema"],
        sslmode=connection.get("sslmode") or ("disable" if connection["host"].startswith("/") else "verify-full"),
        sslrootcert=connection.get("ca") or None,
        connect_timeout=deadlines.connect_seconds,
        tcp_user_timeout=milliseconds,  # a server that vanished without a word
        keepalives_idle=30,
        options=f"-c statement_timeout={milliseconds} -c timezone=Asia/Shanghai -c search_path=pg_catalog",
        application_name="guitu",
        client_encoding="UTF8",
    )


@contextmanager
def _families() -> Iterator[None]:
    """Foreign errors by family. Their texts can hold values of rows: only the class name is kept."""
    try:
        yield
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName) as error:
        raise SourceChanged(f"the front-end database has not the agreed tables and columns ({type(error).__name__})") from None
    except (psycopg.errors.DatatypeMismatch, psycopg.errors.UndefinedFunction, psycopg.DataError) as error:
        raise SourceChanged(f"a column of the front-end database has not the agreed type or content ({type(error).__name__})") from None
    except (
        psycopg.errors.InvalidPassword,
        psycopg.errors.InvalidAuthorizationSpecification,
        psycopg.errors.InsufficientPrivilege,
    ) as error:
        raise FixConfiguration(f"the front-end database refuses our account ({type(error).__name__})") from None
    except psycopg.Error as error:
        if "certificate verify failed" in str(error) or "does not match host name" in str(error):
            raise SourceChanged("the front-end database's certificate is not from the agreed authority: is this the provider?") from None
        if "authentication failed" in str(error):
            raise FixConfiguration("the front-end database refuses our account") from None
        raise SourceUnavailable(f"the front-end database gave no complete answer ({type(error).__name__})") from None


def pages(feed: str, since: datetime | None, opened: Reading, rows_a_page: int = ROWS_A_PAGE) -> Iterator[tuple[bytes, int]]:
    """Yield (CSV, row count) of every page of one table changed since 48 hours before the watermark, without running loads."""
    fields = [field.field for field in agreed_feed(feed).fields]
    position_key, position_at = fields.index("source_key"), fields.index("source_updated_at")
    table, columns = sql.Identifier("share", feed), sql.SQL(", ").join(map(sql.Identifier, fields))
    until = running_from(feed, opened)
    after: tuple[datetime, str] | None = None
    while True:
        place = (
            sql.SQL("source_updated_at >= %(since)s") if after is None else sql.SQL("(source_updated_at, source_key) > (%(at)s, %(key)s)")
        )
        query = sql.SQL("select {} from {} where {} and (%(until)s::timestamp is null or source_updated_at < %(until)s) ").format(
            columns, table, place
        ) + sql.SQL("order by source_updated_at, source_key limit %(limit)s")
        given = {"since": _asked_from(since), "until": until, "limit": rows_a_page}
        rows = opened.rows(query, given | ({"at": after[0], "key": after[1]} if after else {}))
        if rows:
            yield _csv(feed, fields, rows), len(rows)
        if len(rows) < rows_a_page:
            return
        after = rows[-1][position_at], rows[-1][position_key]


def running_from(feed: str, opened: Reading) -> datetime | None:
    """The earliest time of a load still running, seen in the same snapshot as the rows: those from it on wait for the next night."""
    query = sql.SQL("select min({}) from share.batches where feed = %(feed)s and {}").format(_MIN_UPDATED_AT, _IS_RUNNING)
    ((earliest,),) = opened.rows(query, {"feed": feed})
    return earliest


def keys(feed: str, opened: Reading, rows_a_page: int = ROWS_A_PAGE) -> Iterator[list[tuple[str, datetime]]]:
    """Yield (source_key, source_updated_at in UTC) of all rows, also deleted ones, in pages by source_key."""
    after = None
    while True:
        place = sql.SQL("") if after is None else sql.SQL("where source_key > %(after)s")
        query = sql.SQL("select source_key, source_updated_at from {} {} order by source_key limit %(limit)s").format(
            sql.Identifier("share", feed), place
        )
        rows = opened.rows(query, {"after": after, "limit": rows_a_page})
        if rows:
            yield [(str(key), _local(feed, at)) for key, at in rows]
        if len(rows) < rows_a_page:
            return
        after = rows[-1][0]


def differences(feeds: Sequence[str], since: datetime | None, opened: Reading) -> list[BatchDifference]:
    """Loads exported since 48 hours before the watermark (None: all) whose time range does not hold the rows they say, and all
    loads still running."""
    found = []
    for feed in feeds:
        query = sql.SQL(
            "select batch_id::text, nullif(row_count::text, '')::bigint, {running}, (select count(*) from {table} t"
            " where t.source_updated_at between {least} and {greatest})"
            " from share.batches where feed = %(feed)s and ({running} or {exported} >= %(since)s) order by batch_id"
        ).format(
            table=sql.Identifier("share", feed), running=_IS_RUNNING, least=_MIN_UPDATED_AT, greatest=_MAX_UPDATED_AT, exported=_EXPORTED_AT
        )
        for batch_id, declared, is_running, count in opened.rows(query, {"feed": feed, "since": _asked_from(since)}):
            if is_running or count != declared:
                found.append(BatchDifference(feed, batch_id, declared, count, is_running))
    return found


def _asked_from(since: datetime | None) -> datetime:
    """A watermark in the future (a row with a wrong clock) counts as now, or every later row would be missed."""
    if since is None:
        return BEGINNING
    return (min(since, now_at()) - OVERLAP).astimezone(SHANGHAI).replace(tzinfo=None)


def _local(feed: str, at: object) -> datetime:
    if not isinstance(at, datetime):
        raise SourceChanged(f"share.{feed}: source_updated_at is not a timestamp")
    return at.replace(tzinfo=SHANGHAI).astimezone(UTC)


def _csv(feed: str, fields: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """The page as UTF-8 CSV, times as yyyy-mm-dd hh:mm:ss, NULL as empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(fields)
    writer.writerows([_cell(feed, value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8")


def _cell(feed: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.strftime(LOCAL_TIME) if not value.microsecond else value.isoformat(sep=" ")
    if isinstance(value, str):
        return value
    raise SourceChanged(f"share.{feed}: a column is neither text nor timestamp without zone")
