"""Which files of a folder are handed over, when, and in which order."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors import folder as files
from core.errors import SourceChanged
from expectations.delivery import Delivery

ROSTER = "centre_roster_140100Q001_20261120.csv"
SEEKERS = "job_seekers_140000_202611_full_20261205"


def put(folder: Path, name: str, content: bytes = b"a\n1\n", *, ok: str | None = "default", parts: int | None = None) -> None:
    (folder / name).write_bytes(content)
    if ok == "default":
        ok = f"rows=1\nsha256={hashlib.sha256(content).hexdigest()}\n" + (f"parts={parts}\n" if parts else "")
    if ok is not None:
        (folder / f"{name}.ok").write_text(ok, encoding="ascii")


def taken(
    provider: str, folder: Path, *, waited: bool = False, with_ok: bool = True, is_known: Callable[[str, int, float], bool] | None = None
) -> list[Delivery]:
    seen = files.Folder(files.local_listing(folder), files.local_reader(folder), lambda listed, day: waited, with_ok)
    return list(files.deliveries(provider, seen, is_known))


def test_a_file_with_ok_carries_what_its_name_and_ok_say(tmp_path: Path) -> None:
    put(tmp_path, ROSTER, b"\xef\xbb\xbfx\n1\n")
    (found,) = taken("detention_centers", tmp_path)
    assert (found.feed, found.form, found.sender_code, found.scope) == ("centre_roster", "csv", "140100Q001", "140100Q001")
    assert str(found.snapshot_date) == "2026-11-20"
    assert (found.content, found.declared_rows) == (b"\xef\xbb\xbfx\n1\n", 1)
    assert found.declared_sha256 == hashlib.sha256(found.content).hexdigest()
    assert found.refusal is None


def test_a_file_without_ok_waits_and_is_refused_after_a_day(tmp_path: Path) -> None:
    put(tmp_path, ROSTER, ok=None)
    assert taken("detention_centers", tmp_path) == []
    (found,) = taken("detention_centers", tmp_path, waited=True)
    assert (found.refusal, found.feed, found.content) == ("E_NO_OK", "centre_roster", b"a\n1\n")


@pytest.mark.parametrize("half", ["", "rows=1\n", "rows=1\nsha256=abc", "rows=x\nsha256=" + "0" * 64, "\ufeffrows=1"])
def test_a_half_written_ok_file_is_none(tmp_path: Path, half: str) -> None:
    put(tmp_path, ROSTER, ok=None)
    (tmp_path / f"{ROSTER}.ok").write_text(half, encoding="utf-8")
    assert taken("detention_centers", tmp_path) == []


def test_a_name_outside_the_agreement_is_refused_and_its_bytes_are_kept(tmp_path: Path) -> None:
    put(tmp_path, "final version (2).csv", b"anything")
    (found,) = taken("detention_centers", tmp_path)
    assert (found.refusal, found.feed, found.content) == ("E_NAME", "", b"anything")


def test_an_upload_under_a_temporary_name_is_left_in_peace_for_a_day(tmp_path: Path) -> None:
    put(tmp_path, ROSTER + ".filepart", ok=None)
    assert taken("detention_centers", tmp_path) == []


def test_files_come_by_date_then_sequence_then_name(tmp_path: Path) -> None:
    names = [
        "aftercare_cases_140106Z011_20261120_02.csv",
        "points_ledger_140106Z011_20261120_01.csv",
        "aftercare_cases_140106Z012_20261119_01.csv",
    ]
    for name in [*names, "station_directory_20261121.csv"]:
        put(tmp_path, name, ok=None)
    found = [d.name for d in taken("community", tmp_path, with_ok=False)]
    assert found == ["station_directory_20261121.csv", names[2], names[1], names[0]]


def test_parts_come_together_once_the_last_one_is_there(tmp_path: Path) -> None:
    put(tmp_path, f"{SEEKERS}_p01.xlsx")
    put(tmp_path, f"{SEEKERS}_p03.xlsx", parts=3)
    assert taken("employment", tmp_path) == []
    put(tmp_path, f"{SEEKERS}_p02.xlsx")
    assert [d.part for d in taken("employment", tmp_path)] == [(1, 3), (2, 3), (3, 3)]


def test_parts_that_never_complete_are_refused_after_a_day(tmp_path: Path) -> None:
    put(tmp_path, f"{SEEKERS}_p01.xlsx")
    assert [d.refusal for d in taken("employment", tmp_path, waited=True)] == ["E_NO_OK"]


def test_a_known_file_is_not_read_again_until_it_or_its_ok_changes(tmp_path: Path) -> None:
    put(tmp_path, ROSTER)
    known: set[tuple[str, int, float]] = set()

    def is_known(name: str, size: int, modified_at: float) -> bool:
        was = (name, size, modified_at) in known
        known.add((name, size, modified_at))
        return was

    assert len(taken("detention_centers", tmp_path, is_known=is_known)) == 1
    assert taken("detention_centers", tmp_path, is_known=is_known) == []
    import os

    os.utime(tmp_path / f"{ROSTER}.ok", (2_000_000_000, 2_000_000_000))
    assert len(taken("detention_centers", tmp_path, is_known=is_known)) == 1


def test_links_are_told_and_neither_they_nor_subfolders_are_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_bytes(b"secret")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "points_ledger_140106Z011_20261120_01.csv").symlink_to(outside)
    (inbox / "archive").mkdir()
    put(inbox, "points_ledger_140106Z012_20261120_01.csv", ok=None)
    seen = files.Folder(files.local_listing(inbox), files.local_reader(inbox), lambda listed, day: False, with_ok=False)
    found = files.deliveries("community", seen)
    assert next(found).name == "points_ledger_140106Z012_20261120_01.csv"
    with pytest.raises(SourceChanged):
        next(found)


def test_a_file_that_became_a_link_after_listing_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"secret")
    (tmp_path / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(SourceChanged):
        files.local_reader(tmp_path)("link", 100)


def test_an_oversize_file_is_told_after_the_good_ones_were_handed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 10)
    put(tmp_path, "centre_roster_140100G001_20261120.csv", b"x" * 11)
    put(tmp_path, ROSTER, b"small")
    seen = files.Folder(files.local_listing(tmp_path), files.local_reader(tmp_path), lambda listed, day: False)
    found = files.deliveries("detention_centers", seen)
    assert next(found).name == ROSTER
    with pytest.raises(SourceChanged):
        next(found)
