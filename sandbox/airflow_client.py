"""What the demo asks of a running Airflow over its REST interface: start these DAGs, what is running, has all come to rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from sandbox.airflow_server import Login

SECONDS_TO_ANSWER = 60
ENDED = {"success", "failed"}


@dataclass(frozen=True)
class Task:
    """One task of one run, as Airflow shows it."""

    dag_id: str
    run_id: str
    task_id: str
    state: str | None


@dataclass(frozen=True)
class Run:
    """One run of one DAG, as Airflow shows it."""

    dag_id: str
    run_id: str
    state: str
    run_after: datetime


class Airflow:
    """A signed-in session with one Airflow."""

    def __init__(self, login: Login) -> None:
        self.login = login
        self._session = requests.Session()
        self._session.trust_env = False
        self._sign_in()

    def dag_ids(self) -> set[str]:
        """The DAGs Airflow knows by now."""
        return {dag["dag_id"] for dag in self._ask("GET", "dags", limit=100)["dags"]}

    def import_errors(self) -> list[str]:
        """DAG files that do not load, with the reason."""
        return [f"{e['filename']}: {e['stack_trace']}" for e in self._ask("GET", "importErrors")["import_errors"]]

    def trigger(self, dag_id: str) -> str:
        """A new run of the DAG is queued; returns its id."""
        self._ask("PATCH", f"dags/{dag_id}", body={"is_paused": False})
        run_id: str = self._ask("POST", f"dags/{dag_id}/dagRuns", body={"logical_date": None})["dag_run_id"]
        return run_id

    def runs(self, since: datetime) -> list[Run]:
        """Every run due since then, oldest first."""
        return self._runs(run_after_gte=since.isoformat(), order_by="id")

    def unfinished_runs(self) -> list[Run]:
        """Every run that has not ended, whenever it was due."""
        return self._runs(state=["queued", "running"])

    def _runs(self, **query: Any) -> list[Run]:
        found = self._ask("GET", "dags/~/dagRuns", limit=100, **query)["dag_runs"]
        return [Run(r["dag_id"], r["dag_run_id"], r["state"], datetime.fromisoformat(r["run_after"])) for r in found]

    def tasks(self, since: datetime) -> list[Task]:
        """The tasks of every run due since then."""
        found = self._ask("GET", "dags/~/dagRuns/~/taskInstances", limit=100, run_after_gte=since.isoformat())["task_instances"]
        return [Task(t["dag_id"], t["dag_run_id"], t["task_id"], t["state"]) for t in found]

    def has_waiting_assets(self, dag_ids: Iterable[str]) -> bool:
        """True when an asset has arrived for one of these DAGs whose run is not there yet."""
        # None waiting is told as an empty list or as 404, by version.
        return any(self._ask("GET", f"dags/{dag_id}/assets/queuedEvents", missing={}).get("total_entries") for dag_id in dag_ids)

    def address_of(self, run: Run) -> str:
        """Where a person looks at this run."""
        return f"{self.login.address}/dags/{run.dag_id}/runs/{run.run_id}"

    def _sign_in(self) -> None:
        answer = self._session.post(
            f"{self.login.address}/auth/token",
            json={"username": self.login.user, "password": self.login.password},
            timeout=SECONDS_TO_ANSWER,
        )
        answer.raise_for_status()
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def _ask(self, method: str, path: str, *, body: object = None, missing: Any = None, **query: Any) -> Any:
        address = f"{self.login.address}/api/v2/{path}"
        answer = self._session.request(method, address, json=body, params=query, timeout=SECONDS_TO_ANSWER)
        if answer.status_code == 401:
            self._sign_in()
            answer = self._session.request(method, address, json=body, params=query, timeout=SECONDS_TO_ANSWER)
        if answer.status_code == 404 and missing is not None:
            return missing
        answer.raise_for_status()
        return answer.json()
