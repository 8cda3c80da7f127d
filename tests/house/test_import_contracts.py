"""Imports point one way: import-linter's contracts hold, and would be seen to break."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter's own command with the contracts of `folder`."""
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def empty_house(folder: Path) -> None:
    """The rooms of the house without furniture, under the house's contracts."""
    shutil.copy(PROJECT / "pyproject.toml", folder)
    stages = ("tables", "landing", "staging", "identity", "handoffs", "benefits", "publish")
    rooms = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["root_packages"]
    for room in (*rooms, *(f"warehouse/{stage}" for stage in stages)):
        (folder / room).mkdir()
        (folder / room / "__init__.py").touch()


def test_the_import_contracts_hold() -> None:
    ran = lint_imports(PROJECT)
    assert ran.returncode == 0, ran.stdout


def test_the_contracts_hold_in_an_empty_house_and_break_with_one_import_the_wrong_way(tmp_path: Path) -> None:
    empty_house(tmp_path)
    assert lint_imports(tmp_path).returncode == 0
    (tmp_path / "warehouse/staging/rows.py").write_text("import warehouse.publish\n")
    (tmp_path / "core/money.py").write_text("import sqlalchemy\n")
    ran = lint_imports(tmp_path)
    assert ran.returncode == 1
    assert "warehouse.staging -> warehouse.publish" in ran.stdout.replace("is not allowed to import", "->")
    assert "SQLAlchemy and Alembic stay in the warehouse BROKEN" in ran.stdout
