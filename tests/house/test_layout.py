"""The house as a newcomer finds it: charters, names, and nothing that only one machine has."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("core", "expectations", "connectors", "warehouse", "pipeline", "dags", "portal", "sandbox", "benchmarks")
NO_NAMES = {"util", "utils", "common", "helper", "helpers", "manager", "handler", "process", "data", "info", "misc"}
NOT_OURS = {".venv", ".git", "var", "__pycache__", ".pytest_cache", ".ruff_cache", ".mypy_cache", ".import_linter_cache", ".hypothesis"}
# Spelt in pieces, so that this file does not find itself.
MACHINE_PATHS = re.compile(
    "|".join((r"/wo" + r"rk/", r"/tm" + r"p/w/", r"/ho" + r"me/[a-z]+/", r"/ro" + r"ot/", r"/op" + r"t/(pypi|wheels)"))
)
OUTSIDE = "../sha" + "red"
TEXTS = {".py", ".toml", ".yaml", ".yml", ".md", ".sql", ".sh", ".in", ".lock", ".bootstrap", ".html", ".mako", ""}


def our_files(top: Path = PROJECT) -> Iterator[Path]:
    """Every text file of the project below `top`."""
    for path in sorted(top.iterdir()):
        if path.name in NOT_OURS:
            continue
        if path.is_dir():
            yield from our_files(path)
        elif path.suffix in TEXTS:
            yield path


def modules() -> list[Path]:
    """Every Python module of the rooms."""
    return [path for room in ROOMS for path in our_files(PROJECT / room) if path.suffix == ".py"]


def has_charter(source: str) -> bool:
    """True when the module opens with at least a sentence of what belongs in it."""
    first = (ast.get_docstring(ast.parse(source)) or "").split("\n\n")[0].rstrip()
    return len(first.split()) >= 4 and first[-1] in ".:"


def has_no_name(path: Path) -> bool:
    """True when a file or folder name says nothing about what is in it."""
    return bool(NO_NAMES & set(path.stem.lower().split("_")))


def relative(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(PROJECT)) for path in paths]


def test_every_room_is_a_package() -> None:
    assert [room for room in ROOMS if not (PROJECT / room / "__init__.py").exists()] == []


def test_every_folder_with_modules_is_a_package() -> None:
    # Alembic's versions are scripts, and Airflow looks for airflow_local_settings outside any package.
    folders = {path.parent for path in modules() if path.parent.name not in {"versions", "at_start"}}
    assert relative(sorted(folder for folder in folders if not (folder / "__init__.py").exists())) == []


def test_every_module_opens_with_its_charter() -> None:
    assert relative([path for path in modules() if not has_charter(path.read_text("utf-8"))]) == []


@pytest.mark.parametrize("source", ["", "import os\n", '"""Short."""\n', '"""no sentence here at all and no end"""\n'])
def test_a_module_without_a_charter_is_seen(source: str) -> None:
    assert not has_charter(source)


def test_no_module_has_a_name_that_says_nothing() -> None:
    named = {part for path in modules() for part in (path, *path.relative_to(PROJECT).parents) if part.name}
    assert sorted(str(path) for path in named if has_no_name(path)) == []


@pytest.mark.parametrize("name", ["utils.py", "csv_helpers.py", "batch_manager.py", "data/__init__.py"])
def test_a_name_that_says_nothing_is_seen(name: str) -> None:
    path = Path(name)
    assert has_no_name(path) or has_no_name(path.parent)


def test_nothing_names_a_path_of_one_machine() -> None:
    assert relative([path for path in our_files() if MACHINE_PATHS.search(path.read_text("utf-8"))]) == []


def test_nothing_but_tests_reaches_outside_the_project() -> None:
    reaching = [path for path in our_files() if OUTSIDE in path.read_text("utf-8")]
    assert relative([path for path in reaching if PROJECT / "tests" not in path.parents]) == []


def test_no_two_test_files_share_a_name() -> None:
    names = [path.name for path in our_files(PROJECT / "tests") if path.name.startswith("test_")]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
