"""What is installed is pinned by hash, resolved from what we ask for, and names no package index."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements.bootstrap")


def pins(name: str) -> dict[str, list[str]]:
    """Package to its hashes, as the lock says them; a line that is no exact pin is kept as it stands, without hashes."""
    found: dict[str, list[str]] = {}
    for entry in re.split(r"\n(?=\S)", (PROJECT / name).read_text("utf-8")):
        if entry.strip() and not entry.startswith("#"):
            pinned = re.match(r"([A-Za-z0-9._-]+)(\[[^]]*\])?==\S+", entry)
            found[pinned[1].lower() if pinned else entry] = re.findall(r"--hash=sha256:[0-9a-f]{64}", entry) if pinned else []
    return found


def asked_for() -> set[str]:
    """The packages of requirements.in."""
    lines = (line.split("#")[0].strip() for line in (PROJECT / "requirements.in").read_text("utf-8").splitlines())
    return {re.split(r"[\[=<>!~ ;]", line)[0].lower().replace("_", "-") for line in lines if line}


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_is_an_exact_version_with_hashes(name: str) -> None:
    assert [package for package, hashes in pins(name).items() if not hashes] == []


def test_the_lock_holds_everything_that_is_asked_for() -> None:
    assert asked_for() - set(pins("requirements.lock")) == set()


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_index_and_no_address(name: str) -> None:
    text = (PROJECT / name).read_text("utf-8")
    assert re.findall(r"https?://|file:|--(?:extra-)?index-url|--find-links", text) == []
