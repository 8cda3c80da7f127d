"""One folder's demo shows one province: asked for again it goes on, asked for another it refuses."""

from datetime import date
from pathlib import Path

import pytest

from sandbox.choice import AS_OF, PERSONS, OtherDemo, choose, forget


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GUITU_HOME", str(tmp_path))
    monkeypatch.delenv("GUITU_AS_OF", raising=False)
    return tmp_path


def nothing_asked() -> tuple[None, None, None, None]:
    return (None, None, None, None)


def test_without_a_wish_the_usual_province_is_made_up(home: Path) -> None:
    choice = choose(*nothing_asked())
    assert (choice.persons, choice.folder, choice.is_given, choice.as_of) == (PERSONS, home / "province", False, date.fromisoformat(AS_OF))


def test_a_second_run_without_a_wish_goes_on_with_the_first() -> None:
    first = choose(None, 50, 3, date(2026, 10, 1))
    assert choose(*nothing_asked()) == first


def test_a_given_province_is_gone_on_with_too(tmp_path: Path) -> None:
    first = choose(tmp_path, None, None, None)
    assert first.is_given
    assert choose(*nothing_asked()) == first


@pytest.mark.parametrize(("persons", "seed"), [(51, 3), (50, 4)])
def test_another_province_is_refused_until_the_first_is_forgotten(persons: int, seed: int) -> None:
    choose(None, 50, 3, None)
    with pytest.raises(OtherDemo, match="a made-up province of 50 persons, seed 3"):
        choose(None, persons, seed, None)
    forget()
    assert choose(None, persons, seed, None).persons == persons


def test_another_day_is_another_demo() -> None:
    choose(*nothing_asked())
    with pytest.raises(OtherDemo, match="2027-01-01"):
        choose(None, None, None, date(2027, 1, 1))


def test_the_rehearsed_day_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUITU_AS_OF", "2026-12-24")
    assert choose(*nothing_asked()).as_of == date(2026, 12, 24)


def test_a_province_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OtherDemo, match="no province directory"):
        choose(tmp_path / "nowhere", None, None, None)
