"""What docker-compose.yml runs of the sandbox: a command that knows the providers, and the main job through another container's Airflow.

`python -m sandbox.composed with-providers STATE COMMAND...` runs a command with the connections that `serve` wrote to STATE in its
environment; `python -m sandbox.composed main-job` starts every ingest DAG, follows the chain to its end and prints the summary.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import requests

from core.clock import today_date
from core.settings import database_url
from sandbox import progress, summary
from sandbox.airflow_client import Airflow
from sandbox.airflow_server import Login
from sandbox.progress import INGESTS, NotFinished, follow
from sandbox.providers import variables

PATIENCE_SECONDS = 1800
PAUSE_SECONDS = 2.0
Found = TypeVar("Found")


def provider_variables(state: Path) -> dict[str, str]:
    """The providers' connections as environment variables; waits until the sandbox has written them."""
    path = state / "connections.json"
    given: dict[str, dict[str, str]] = _wait_for("the sandbox", lambda: json.loads(path.read_text("utf-8")) if path.exists() else None)
    return variables(given)


def with_providers(state: Path, command: Sequence[str]) -> None:
    """This process becomes the command; does not return."""
    os.environ.update(provider_variables(state))
    os.execvp(command[0], list(command))  # noqa: S606  the command is the compose file's own


def main_job(login: Login) -> str:
    """Every ingest DAG ran, and what follows from them; returns the summary.

    Raises:
        NotFinished: a run failed, or it took too long.
    """
    airflow = _wait_for("Airflow", lambda: _signed_in(login))
    _wait_for("the DAGs", lambda: airflow.dag_ids() >= set(INGESTS))
    since = progress.since(airflow, datetime.now(UTC) - timedelta(seconds=5))
    for dag_id in INGESTS:
        airflow.trigger(dag_id)
    database = database_url().replace("postgresql+psycopg://", "postgresql://", 1)
    _wait_for("the end of every run", lambda: _followed(airflow, since, database))
    return summary.render(summary.read(database, today_date()))


def _followed(airflow: Airflow, since: progress.Since, database: str) -> bool:
    """False when Airflow's API was too busy to answer; the runs go on meanwhile."""
    try:
        follow(airflow, since, lambda: summary.rows_received(database), lambda line: print(line, flush=True), PATIENCE_SECONDS)
    except requests.Timeout:
        return False
    return True


def _signed_in(login: Login) -> Airflow | None:
    try:
        return Airflow(login)
    except requests.RequestException:
        return None


def _wait_for(name: str, look: Callable[[], Found | None]) -> Found:
    """What `look` finds, asked again until it finds something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        if time.monotonic() > deadline:
            raise NotFinished(f"{name} did not answer in {PATIENCE_SECONDS} s")
        time.sleep(PAUSE_SECONDS)
    return found


def main(arguments: list[str]) -> int:
    """0 when the job came to a good end."""
    match arguments:
        case ["with-providers", state, *command] if command:
            with_providers(Path(state), command)
        case ["main-job"]:
            print(main_job(Login(os.environ["AIRFLOW_ADDRESS"], "admin", os.environ["AIRFLOW_ADMIN_PASSWORD"])))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
