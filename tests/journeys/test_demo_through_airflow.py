"""A newcomer runs `make demo`: a province, partly pushed through the intake, through a whole Airflow to the published lists; stopped and
run again, nothing is lost."""

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


def test_centres_push_through_the_intake_and_keep_a_receipt_of_every_batch(first: str, demo: Demo) -> None:
    said = re.search(r"(\d+) batches acknowledged with a receipt; rows: ([\d,]+) accepted", first)
    assert said is not None
    receipts = list((demo.home / "centres").glob("*/receipts/*.json"))
    assert len(receipts) == int(said[1]) + 1  # and that of the notice pushed at the end
    assert list((demo.home / "centres").glob("*/spool/*.json")) == []


def test_the_last_centre_still_uploads_its_notices_as_files(first: str, demo: Demo) -> None:
    pushing = {folder.name for folder in (demo.home / "centres").iterdir()}
    uploading = {path.name.split("_")[2] for path in (demo.home / "providers" / "sftp" / "detention_centers").glob("release_notices_*.csv")}
    assert pushing
    assert uploading
    assert pushing & uploading == set()


def test_a_notice_pushed_while_everything_runs_is_seen_as_flags(first: str) -> None:
    assert re.search(r"Readers see .*PICKUP_UNASSIGNED.*: \d+\.\d s after the receipt", first), first[-6000:]


def test_findings_are_counted_and_invented_amounts_called_so(first: str) -> None:
    assert re.search(r"^  dibao +\d", first, re.M)
    assert "SAMPLE amounts: " in first


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
    assert "detention centres push" in first
    assert "detention centres push" not in again.stdout


def test_after_stop_nothing_of_it_runs(first: str, demo: Demo) -> None:
    demo.run("stop")
    found = subprocess.run(["/bin/ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    assert [line for line in found.splitlines() if str(demo.home) in line] == []
    assert list((demo.home / "run").glob("*.json")) == []
