"""The embedded PostgreSQL starts, stops and starts again with its data, also after the worst."""

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sandbox import postgres


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="guitu-pg-", ignore_cleanup_errors=True) as home:
        yield Path(home) / "data"
        postgres.stop(Path(home) / "data")


def ask(url: str, query: str) -> object:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        found = connection.execute(query)
        row = found.fetchone() if found.description else None
    return row[0] if row else None


def pid(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().splitlines()[0])


def test_what_was_written_is_there_after_stop_and_start(folder: Path) -> None:
    url = postgres.start(folder)
    ask(url, "create table kept as select 7 as n")
    assert postgres.start(folder) == url
    postgres.stop(folder)
    with pytest.raises(psycopg.OperationalError):
        ask(url, "select 1")
    assert ask(postgres.start(folder), "select n from kept") == 7


def test_a_killed_server_starts_again_with_what_was_committed(folder: Path) -> None:
    url = postgres.start(folder)
    ask(url, "create table kept as select 7 as n")
    os.kill(pid(folder), signal.SIGKILL)
    postgres.stop(folder)
    assert ask(postgres.start(folder), "select n from kept") == 7


def test_a_lock_that_names_a_strangers_process_is_not_believed(folder: Path) -> None:
    postgres.start(folder)
    postgres.stop(folder)
    (folder / "postmaster.pid").write_text(f"{os.getpid()}\n")
    postgres.stop(folder)
    assert ask(postgres.start(folder), "select 1") == 1


def test_stopping_what_never_ran_is_no_error(folder: Path) -> None:
    postgres.stop(folder)
    assert not folder.exists()
