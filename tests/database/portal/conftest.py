"""One intake for a module of tests: a migrated database, keys, raw bytes and the server process."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The running intake of these tests stands beside them; importlib mode does not put their folder on the path.
sys.path.insert(0, str(Path(__file__).parent))
import serving

from core.sealing import KeyFolder
from sandbox import postgres
from warehouse.database import Role, transaction
from warehouse.registry.loading import ensure_reference_data


@pytest.fixture(scope="module")
def intake_warehouse(server_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated database with parameters and working days; the environment points there until the module ends."""
    folder = tmp_path_factory.mktemp("intake")
    before = dict(os.environ)
    url = postgres.create_database(server_url, f"intake_{os.getpid()}_{abs(hash(str(folder))) % 10**9}", migrated_template)
    KeyFolder(folder / "keys").create_missing()
    os.environ |= {"GUITU_DATABASE_URL": url, "GUITU_KEYS": str(folder / "keys"), "GUITU_RAW_URL": (folder / "raw").as_uri()}
    with transaction(Role.ETL) as connection:
        ensure_reference_data(connection)
    yield url
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def centre(intake_warehouse: str) -> serving.Centre:
    """A registered centre."""
    return serving.Centre().registered()


@pytest.fixture(scope="module")
def intake(centre: serving.Centre) -> Iterator[serving.Intake]:
    """A running intake that knows the centre."""
    with serving.running_intake() as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the module's own."""
    return tmp_path_factory.mktemp("centre")
