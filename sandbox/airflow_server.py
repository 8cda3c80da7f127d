"""Airflow on this machine for the demo: its settings, its four processes, its address and login.

The parts of `airflow standalone` one by one, so that nothing listens beyond loopback and each is stopped by its own process
number.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

from core.settings import PROJECT, local_state
from sandbox import processes
from sandbox.ports import free_port

COMPONENTS = {
    "airflow-api-server": ["api-server", "--workers", "1"],
    "airflow-dag-processor": ["dag-processor"],
    # Logs are read from the shared folder; the log servers would listen on every interface.
    "airflow-triggerer": ["triggerer", "--skip-serve-logs"],
    "airflow-scheduler": ["scheduler", "--skip-serve-logs"],
}
FIRST_PORT = 8080
SECONDS_TO_START = 180


@dataclass(frozen=True)
class Login:
    """How a person or the demo itself reaches this Airflow."""

    address: str
    user: str
    password: str


def login() -> Login:
    """The address and login of this installation's Airflow, running or not; made up on first use and kept."""
    kept = _kept_secrets()
    return Login(f"http://127.0.0.1:{kept['port']}", "admin", kept["password"])


def environment(database_url: str, for_tasks: Mapping[str, str]) -> dict[str, str]:
    """Everything Airflow's processes and the tasks they fork find in their environment."""
    kept = _kept_secrets()
    address = f"http://127.0.0.1:{kept['port']}"
    airflow = {
        "core": {
            "dags_folder": str(PROJECT / "dags"),
            "load_examples": "False",
            "dags_are_paused_at_creation": "False",
            "executor": "LocalExecutor",
            "parallelism": "4",
            "default_timezone": "Asia/Shanghai",
            "execution_api_server_url": f"{address}/execution/",
            "fernet_key": kept["fernet_key"],
            "simple_auth_manager_users": "admin:admin",
            "simple_auth_manager_passwords_file": str(_home() / "passwords.json"),
        },
        "database": {"sql_alchemy_conn": database_url},
        "api": {
            "host": "127.0.0.1",
            "port": kept["port"],
            "base_url": address,
            "secret_key": kept["secret_key"],
            "instance_name": "归途 Guitu",
            "expose_config": "False",
        },
        "api_auth": {"jwt_secret": kept["jwt_secret"]},
        "dag_processor": {"refresh_interval": "5", "min_file_process_interval": "60", "parsing_processes": "1"},
        "scheduler": {
            "scheduler_idle_sleep_time": "0.2",
            # After a stop in the middle of a task: found and started again within a minute, not five.
            "task_instance_heartbeat_timeout": "60",
            "orphaned_tasks_check_interval": "20",
        },
        "usage_data_collection": {"enabled": "False"},
    }
    settings = {f"AIRFLOW__{section.upper()}__{key.upper()}": value for section, keys in airflow.items() for key, value in keys.items()}
    return {
        **os.environ,
        "AIRFLOW_HOME": str(_home()),
        **settings,
        **for_tasks,
        "PYTHONPATH": os.pathsep.join([str(PROJECT), str(PROJECT / "pipeline" / "at_start")]),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "GX_ANALYTICS_ENABLED": "false",
    }


def begin_migration(given: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Airflow's own tables are being brought up to date, beside whatever else the caller does."""
    log = processes.log_file("airflow-migrate")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "airflow", "db", "migrate"], env=dict(given), cwd=PROJECT, stdout=output, stderr=subprocess.STDOUT
        )


def start(given: Mapping[str, str]) -> None:
    """Airflow's processes run; those that ran already are kept. Wait for them with `wait_until_ready`."""
    for name, arguments in COMPONENTS.items():
        processes.start(name, [sys.executable, "-m", "airflow", *arguments], given)


def wait_until_ready() -> None:
    """Scheduler, DAG processor and API answer.

    Raises:
        processes.NotStarted: one of them ended, or did not answer in time.
    """
    for name in COMPONENTS:
        processes.wait_until(name, _is_healthy, SECONDS_TO_START)


def stop() -> None:
    """None of Airflow's processes runs; a task that was running starts again at the next start."""
    processes.stop(*COMPONENTS)


def _is_healthy() -> bool:
    session = requests.Session()
    session.trust_env = False
    try:
        answer = session.get(f"{login().address}/api/v2/monitor/health", timeout=5).json()
    except (requests.RequestException, ValueError):
        return False
    return all((answer.get(part) or {}).get("status") == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))


def _home() -> Path:
    return local_state() / "airflow"


def _kept_secrets() -> dict[str, str]:
    """Port, keys and password of this installation, in a file only its owner reads."""
    path = _home() / "secrets.json"
    if not path.exists():
        _home().mkdir(parents=True, exist_ok=True, mode=0o700)
        made = {
            "port": str(free_port(FIRST_PORT)),
            "password": secrets.token_urlsafe(9),
            "fernet_key": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "secret_key": secrets.token_urlsafe(32),
            "jwt_secret": secrets.token_urlsafe(64),
        }
        _write_for_owner(path, made)
        _write_for_owner(_home() / "passwords.json", {"admin": made["password"]})
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def choose_port() -> None:
    """While Airflow is not running, its kept port is moved if somebody else listens there now."""
    kept = _kept_secrets()
    if not any(processes.is_running(name) for name in COMPONENTS):
        _write_for_owner(_home() / "secrets.json", kept | {"port": str(free_port(int(kept["port"])))})


def _write_for_owner(path: Path, content: Mapping[str, str]) -> None:
    path.touch(mode=0o600)
    path.write_text(json.dumps(content))
