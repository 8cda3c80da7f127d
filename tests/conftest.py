"""What every test may ask for: a real PostgreSQL server, an empty or a migrated database, keys and raw bytes of its own."""

import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import postgres


@pytest.fixture(autouse=True)
def logging_as_found() -> Iterator[None]:
    """A command run inside a test shows its events on that test's standard error, which is closed after it."""
    ours, every = logging.getLogger("guitu"), logging.getLogger()
    found = (ours.handlers, ours.propagate, ours.level, every.handlers)
    yield
    ours.handlers, ours.propagate, ours.level, every.handlers = found


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A PostgreSQL server for this test run (or the one GUITU_TEST_SERVER names)."""
    given = os.environ.get("GUITU_TEST_SERVER")
    if given:
        yield given
        return
    with (
        tempfile.TemporaryDirectory(prefix="guitu-pg-", ignore_cleanup_errors=True) as folder,
        postgres.running_postgres(Path(folder) / "data") as url,
    ):
        yield url


@pytest.fixture
def database_url(server_url: str, request: pytest.FixtureRequest) -> str:
    """An empty database of the test's own."""
    return postgres.create_database(server_url, f"empty_{os.getpid()}_{abs(hash(request.node.nodeid)) % 10**9}")


@pytest.fixture(scope="session")
def migrated_template(server_url: str) -> str:
    """Name of a migrated database to copy from."""
    from warehouse.migrations import migrate

    name = f"template_{os.getpid()}"
    migrate(postgres.create_database(server_url, name))
    return name


@pytest.fixture
def warehouse_url(
    server_url: str, migrated_template: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """A migrated database of the test's own; the environment points there, with keys and raw bytes in tmp_path."""
    from core.sealing import KeyFolder

    url = postgres.create_database(server_url, f"test_{os.getpid()}_{abs(hash(request.node.nodeid)) % 10**9}", migrated_template)
    KeyFolder(tmp_path / "keys").create_missing()
    monkeypatch.setenv("GUITU_DATABASE_URL", url)
    monkeypatch.setenv("GUITU_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("GUITU_RAW_URL", (tmp_path / "raw").as_uri())
    return url
