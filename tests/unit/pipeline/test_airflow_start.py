"""Heavy libraries are loaded once where tasks are forked from, and nowhere else."""

import importlib.util
import runpy
import sys
from pathlib import Path

import pytest

SETTINGS = Path(__file__).resolve().parents[3] / "pipeline" / "at_start" / "airflow_local_settings.py"


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names asked for, without the seconds it takes to load them."""
    names: list[str] = []
    monkeypatch.setattr(importlib, "import_module", names.append)
    return names


@pytest.mark.parametrize("command", [["scheduler", "--skip-serve-logs"], ["celery", "worker"]])
def test_a_process_that_forks_tasks_loads_them_all(command: list[str], loaded: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["airflow", *command])
    runpy.run_path(str(SETTINGS))
    assert {"great_expectations", "splink", "pandas"} <= set(loaded)


@pytest.mark.parametrize("command", [["api-server"], ["dag-processor"], ["triggerer"], ["db", "migrate"], []])
def test_every_other_process_stays_light(command: list[str], loaded: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["airflow", *command])
    runpy.run_path(str(SETTINGS))
    assert loaded == []


def test_every_library_named_there_can_be_had() -> None:
    named = runpy.run_path(str(SETTINGS))["HEAVY_LIBRARIES"]
    assert [name for name in named if importlib.util.find_spec(name) is None] == []
