"""Airflow's settings for one machine: loopback only, secrets made once and kept to their owner, tasks told where the providers are."""

import json
import socket
import stat
from pathlib import Path

import pytest

from core.settings import provider_connection
from sandbox import airflow_server, providers
from sandbox.ports import free_port

DATABASE = "postgresql+psycopg://postgres:@localhost/x?host=/run/x"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GUITU_HOME", str(tmp_path))
    return tmp_path


def test_the_same_login_and_keys_are_kept() -> None:
    first = airflow_server.environment(DATABASE, {})
    assert airflow_server.environment(DATABASE, {}) == first
    assert airflow_server.login().password == airflow_server.login().password


def test_every_address_is_the_same_loopback_port() -> None:
    address = airflow_server.login().address
    found = airflow_server.environment(DATABASE, {})
    assert address.startswith("http://127.0.0.1:")
    assert found["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert found["AIRFLOW__API__BASE_URL"] == address
    assert found["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == f"{address}/execution/"
    assert address.endswith(f":{found['AIRFLOW__API__PORT']}")


def test_the_signing_secret_is_long_enough() -> None:
    assert len(airflow_server.environment(DATABASE, {})["AIRFLOW__API_AUTH__JWT_SECRET"]) >= 64


def test_secrets_are_readable_by_their_owner_only(home: Path) -> None:
    airflow_server.login()
    files = [home / "airflow" / name for name in ("secrets.json", "passwords.json")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600, 0o600]


def test_a_taken_port_is_left_to_who_has_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        assert free_port(taken) != taken


def test_a_kept_port_that_was_taken_meanwhile_is_moved() -> None:
    port = int(airflow_server.login().address.rpartition(":")[2])
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        airflow_server.choose_port()
        assert airflow_server.login().address != f"http://127.0.0.1:{port}"


def test_a_connection_written_for_airflow_is_read_back_by_a_task(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"host": "127.0.0.1", "port": "2222", "login": "guitu", "password": "sample", "schema": "https", "ca": "/x/ca.pem"}
    for name, value in providers.variables({"public_security": given}).items():
        monkeypatch.setenv(name, value)
        assert set(json.loads(value)) <= {"conn_type", *providers.AIRFLOW_FIELDS, "extra"}
    read_back = provider_connection("public_security")
    assert {key: read_back[key] for key in given} == given
