"""A newcomer runs `make demo`: a province through a whole Airflow to the published list; stopped and run again, nothing is lost."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PERSONS = 60

pytestmark = pytest.mark.slow


class Demo:
    """The demo in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        # Settings of another installation must not reach this one.
        own = {name: value for name, value in os.environ.items() if not name.startswith(("GUITU_", "AIRFLOW_")) and name != "PROVINCE"}
        self.environment = own | {"GUITU_HOME": str(home)}

    def run(self, *command: str, patience_seconds: int = 900) -> subprocess.CompletedProcess[str]:
        arguments = [sys.executable, "-m", "sandbox", *command]
        return subprocess.run(
            arguments, env=self.environment, cwd=PROJECT, capture_output=True, text=True, timeout=patience_seconds, check=False
        )


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    # Not below pytest's own folder, which every other pytest closes again to the user PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="guitu-demo-", ignore_cleanup_errors=True) as folder:
        given = Demo(Path(folder))
        yield given
        given.run("stop")


@pytest.fixture(scope="module")
def first(demo: Demo) -> str:
    ended = demo.run("demo", "--persons", str(PERSONS))
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    return ended.stdout


def totals(page: str) -> dict[str, int]:
    line = re.search(r"in all +(.+)", page)
    assert line is not None
    counts = [int(text.replace(",", "")) for text in line[1].split()]
    return dict(zip(("received", "published", "superseded", "duplicates", "quarantined", "pending"), counts, strict=True))


def releases(page: str) -> str:
    return page[page.index("COMING HOME BY") : page.index("WHERE TO LOOK")]


def test_the_province_is_published_and_every_row_has_a_fate(first: str) -> None:
    counts = totals(first)
    assert counts["published"] > 10 * PERSONS
    assert counts["quarantined"] > 0
    assert counts["pending"] == 0
    assert "Every row received has exactly one fate." in first


def test_records_are_linked_and_releases_are_listed_with_what_is_to_do(first: str) -> None:
    linked = re.search(r"([\d,]+) source records linked to ([\d,]+) persons", first)
    assert linked is not None
    assert int(linked[1].replace(",", "")) > int(linked[2].replace(",", "")) > PERSONS
    assert re.search(r"^  2026-1[12]-\d\d  [0-9a-f]{16}  1401", releases(first), re.M)


def test_progress_was_told_for_every_agency(first: str) -> None:
    for agency in ("Public security", "Civil affairs", "Detention centres", "Employment service", "Aftercare stations"):
        assert f"{agency}: reading" in first


def test_the_quality_report_is_where_the_page_says(first: str, demo: Demo) -> None:
    assert (demo.home / "reports" / "quality.html").as_uri() in first
    assert (demo.home / "reports" / "quality.html").stat().st_size > 1000


def test_status_says_that_everything_runs_and_where(first: str, demo: Demo) -> None:
    ended = demo.run("status")
    assert ended.returncode == 0
    assert "http://127.0.0.1:" in ended.stdout


def test_stopped_and_run_again_the_published_state_is_the_same(first: str, demo: Demo) -> None:
    assert demo.run("stop").returncode == 0
    assert demo.run("status").returncode != 0
    again = demo.run("demo")
    assert again.returncode == 0, again.stdout[-3000:] + again.stderr[-3000:]
    kept = ("published", "superseded", "pending")
    assert {name: totals(again.stdout)[name] for name in kept} == {name: totals(first)[name] for name in kept}
    assert releases(again.stdout) == releases(first)


def test_after_stop_nothing_of_it_runs(first: str, demo: Demo) -> None:
    demo.run("stop")
    found = subprocess.run(["/bin/ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    assert [line for line in found.splitlines() if str(demo.home) in line] == []
    assert list((demo.home / "run").glob("*.json")) == []
