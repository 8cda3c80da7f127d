"""One intake for all tests of this folder (starting it takes seconds): a migrated database, keys, raw bytes and the server process."""

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


@pytest.fixture(scope="session")
def intake_environment(server_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What points to a migrated database with parameters and working days, keys and raw bytes."""
    folder = tmp_path_factory.mktemp("intake")
    KeyFolder(folder / "keys").create_missing()
    url = postgres.create_database(server_url, f"intake_{os.getpid()}", migrated_template)
    environment = {"GUITU_DATABASE_URL": url, "GUITU_KEYS": str(folder / "keys"), "GUITU_RAW_URL": (folder / "raw").as_uri()}
    with serving.pointed_to(environment), transaction(Role.ETL) as connection:
        ensure_reference_data(connection)
    return environment


@pytest.fixture(autouse=True)
def in_the_intakes_environment(intake_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test of this folder looks at the intake's database."""
    for name, value in intake_environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def intake_warehouse(intake_environment: dict[str, str]) -> str:
    """The database the intake writes to."""
    return intake_environment["GUITU_DATABASE_URL"]


@pytest.fixture(scope="session")
def centre(intake_environment: dict[str, str]) -> serving.Centre:
    """A registered centre."""
    with serving.pointed_to(intake_environment):
        return serving.Centre().registered()


@pytest.fixture(scope="session")
def intake(intake_environment: dict[str, str], centre: serving.Centre) -> Iterator[serving.Intake]:
    """A running intake that knows the centre. Its login may be nothing but the intake."""
    url = intake_environment["GUITU_DATABASE_URL"]
    own = serving.intake_login(url)
    with serving.running_intake(**intake_environment | {"GUITU_DATABASE_URL": own}) as running:
        yield running
