"""The README, the docs and the Makefile say the same, and every link in them leads somewhere."""

import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENTS = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").rglob("*.md"))]
DECISIONS = sorted((PROJECT / "docs/decisions").glob("*.md"))
ROOMS = ("core", "expectations", "connectors", "warehouse", "pipeline", "dags", "portal", "sandbox")
SOURCES = [path for room in ROOMS for path in (PROJECT / room).rglob("*.py")]


def anchors(page: str) -> set[str]:
    """The anchors of a Markdown page: headings as a forge names them, and <a id>."""
    headings = re.findall(r"^#+ (.+)$", page, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings} | set(re.findall(r'<a id="([^"]+)"', page))


def dead_links(page: Path, text: str) -> list[str]:
    """Links of a page to a file or heading that is not there; addresses of other hosts are not followed."""
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.S)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text("utf-8"))):
            dead.append(target)
    return dead


def targets() -> set[str]:
    """The targets the Makefile declares."""
    phony = re.search(r"^\.PHONY: (.+)$", (PROJECT / "Makefile").read_text("utf-8"), flags=re.M)
    assert phony
    return set(phony[1].split())


def test_the_readme_names_the_two_commands() -> None:
    readme = (PROJECT / "README.md").read_text("utf-8")
    assert "make demo" in readme
    assert "make test" in readme


def test_ci_runs_the_command_of_the_readme() -> None:
    assert "make test" in (PROJECT / ".ci/run").read_text("utf-8")


def test_every_make_target_named_in_a_document_exists() -> None:
    named = {name for page in DOCUMENTS for name in re.findall(r"`make ([a-z][a-z-]*)", page.read_text("utf-8"))}
    assert named - targets() == set()


def test_make_help_lists_every_target() -> None:
    shown = subprocess.run(["make", "--no-print-directory", "help"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in shown.splitlines()} == targets()


@pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert dead_links(page, page.read_text("utf-8")) == []


def test_a_dead_link_is_seen() -> None:
    page = PROJECT / "README.md"
    text = "[a](no-such-file.md) [b](docs/runbook.md#no-such-heading) [c](https://example.org/) [d](docs/runbook.md)"
    assert dead_links(page, text) == ["no-such-file.md", "docs/runbook.md#no-such-heading"]


def test_every_pointer_into_the_runbook_finds_its_heading() -> None:
    pointed = {a for path in SOURCES for a in re.findall(r"docs/runbook\.md#([a-z0-9-]+)", path.read_text("utf-8"))}
    assert pointed - anchors((PROJECT / "docs/runbook.md").read_text("utf-8")) == set()


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_says_context_decision_and_consequence_on_one_page(page: Path) -> None:
    text = page.read_text("utf-8")
    assert re.findall(r"^## (.+)$", text, flags=re.M)[:3] == ["Context", "Decision", "Consequence"]
    assert len(text.splitlines()) <= 60


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [page.name[:4] for page in DECISIONS] == [f"{n:04}" for n in range(1, len(DECISIONS) + 1)]
