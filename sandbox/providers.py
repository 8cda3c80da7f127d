"""The five providers as one background process of the demo, and how Airflow's tasks are told where they are."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from core.settings import local_state
from sandbox import processes
from sandbox.choice import Choice

NAME = "providers"
SECONDS_TO_START = 120
AIRFLOW_FIELDS = ("host", "port", "login", "password", "schema")


def make_up(choice: Choice) -> None:
    """The fictional province lies in its folder, whole: written beside it first. One that is given, or there already, is left alone."""
    if choice.is_given or choice.folder.exists():
        return
    from sandbox.generator.generate import generate

    draft = Path(f"{choice.folder}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    generate(draft, choice.persons, choice.seed, choice.as_of)
    draft.replace(choice.folder)


def start(choice: Choice, database: str, environment: Mapping[str, str], pushing: Collection[str]) -> dict[str, str]:
    """The providers serve the province; returns the connections as environment variables for Airflow.

    Args:
        pushing: codes of centres whose notices are not among the files.

    Raises:
        processes.NotStarted: the servers did not come up.
    """
    written = local_state() / "providers" / "connections.json"
    if not processes.is_running(NAME):
        written.unlink(missing_ok=True)
        command = [sys.executable, "-m", "sandbox", "serve", str(choice.folder), "--state", str(written.parent), "--database", database]
        command += [f"--pushing={code}" for code in pushing]
        processes.start(NAME, command, environment)
    processes.wait_until(NAME, written.exists, SECONDS_TO_START)
    return variables(json.loads(written.read_text()))


def variables(connections: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """AIRFLOW_CONN_PROVIDER_<NAME> in Airflow's JSON form, for each provider's connection."""
    return {f"AIRFLOW_CONN_PROVIDER_{name.upper()}": json.dumps(_airflow_form(given)) for name, given in connections.items()}


def _airflow_form(given: Mapping[str, str]) -> dict[str, object]:
    own = {key: int(value) if key == "port" else value for key, value in given.items() if key in AIRFLOW_FIELDS}
    return {"conn_type": "generic", **own, "extra": {key: value for key, value in given.items() if key not in AIRFLOW_FIELDS}}
