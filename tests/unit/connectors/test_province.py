"""Every feed comes straight from a province directory, bytes as they lie there."""

import json
from pathlib import Path

import pytest

from connectors import province
from core.errors import FixConfiguration

HEADER = b"source_key,operation_code,source_updated_at,name\n"
SAMPLE = Path(__file__).resolve().parents[4] / "shared" / "province"


def test_pages_hold_500_lines_and_together_every_byte(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    lines = [json.dumps({"source_key": f"K{n}", "name": "张\u2028示例"}, ensure_ascii=False).encode() + b"\n" for n in range(1_203)]
    (tmp_path / "api" / "drug_tests.jsonl").write_bytes(b"".join(lines).rstrip(b"\n"))
    pages = list(province.fetch("public_security", tmp_path))
    assert [p.content.count(b"\n") for p in pages] == [500, 500, 202]
    assert b"".join(p.content for p in pages) == (tmp_path / "api" / "drug_tests.jsonl").read_bytes()
    assert {(p.feed, p.form) for p in pages} == {("drug_tests", "page")}
    assert len({p.name for p in pages}) == 3


def test_table_pages_repeat_the_header_and_keep_quoted_line_breaks_whole(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    rows = [b'K%d,I,2026-01-01 00:00:00,"two\nlines, ""quoted"""\r\n' % n for n in range(5_001)]
    (tmp_path / "share" / "means_checks.csv").write_bytes(HEADER + b"".join(rows))
    first, second = province.fetch("civil_affairs", tmp_path)
    assert first.content == HEADER + b"".join(rows[:5_000])
    assert second.content == HEADER + rows[5_000]
    assert first.form == "table"


def test_rows_of_a_running_load_are_left_for_the_next_night(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    rows = [b"K1,I,2026-11-19 08:00:00,a\n", b"K2,I,2026-11-20 08:00:00,b\n", b"K3,I,2026-11-20 07:59:59,c\n"]
    (tmp_path / "share" / "means_checks.csv").write_bytes(HEADER + b"".join(rows))
    batches = b"feed,batch_id,row_count,min_updated_at,max_updated_at,exported_at\n"
    (tmp_path / "share" / "batches.csv").write_bytes(batches + b"means_checks,B2,1,2026-11-20 08:00:00,,\n")
    (page,) = province.fetch("civil_affairs", tmp_path)
    assert page.content == HEADER + rows[0] + rows[2]


def test_pushes_come_in_file_name_order_with_what_their_envelope_says(tmp_path: Path) -> None:
    (tmp_path / "push").mkdir()
    envelope = {"sender_code": "140100Q001", "row_count": 1, "exported_at": "2026-11-20T09:16:00+08:00"}
    (tmp_path / "push" / "2.json").write_text(json.dumps(envelope), encoding="utf-8")
    (tmp_path / "push" / "1.json").write_bytes(b"\xff not json")
    broken, good = province.fetch("detention_centers", tmp_path)
    assert (broken.name, broken.form, broken.content, broken.sender_code) == ("1.json", "push", b"\xff not json", None)
    assert (good.sender_code, good.declared_rows) == ("140100Q001", 1)
    assert str(good.exported_at) == "2026-11-20 09:16:00+08:00"


@pytest.mark.parametrize(("as_of", "refusals"), [("2026-11-20", []), ("2026-11-21", ["E_NO_OK"])])
def test_a_file_without_ok_waits_24_hours_from_the_end_of_the_day_in_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_of: str, refusals: list[str]
) -> None:
    monkeypatch.setenv("GUITU_AS_OF", as_of)
    inbox = tmp_path / "files" / "detention_centers"
    inbox.mkdir(parents=True)
    (inbox / "centre_roster_140100Q001_20261120.csv").write_bytes(b"x")
    assert [d.refusal for d in province.fetch("detention_centers", tmp_path)] == refusals


def test_a_province_without_a_providers_files_gives_nothing_and_a_missing_one_says_so(tmp_path: Path) -> None:
    assert list(province.fetch("community", tmp_path)) == []
    with pytest.raises(FixConfiguration):
        list(province.fetch("community", tmp_path / "nowhere"))


def test_one_feed_can_be_asked_for_alone(tmp_path: Path) -> None:
    (tmp_path / "api").mkdir()
    for feed in ("drug_tests", "leave_violations"):
        (tmp_path / "api" / f"{feed}.jsonl").write_bytes(b"{}\n")
    assert [d.feed for d in province.fetch("public_security", tmp_path, "leave_violations")] == ["leave_violations"]


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample province is not here")
def test_the_sample_province_is_handed_over_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUITU_AS_OF", "2026-11-20")
    pushes = [d for d in province.fetch("detention_centers", SAMPLE) if d.form == "push"]
    assert len(pushes) == len(list((SAMPLE / "push").glob("*.json")))
    for provider in ("detention_centers", "employment", "community"):
        names = {d.name for d in province.fetch(provider, SAMPLE) if d.form != "push" and d.refusal is None}
        assert names == {p.name for p in (SAMPLE / "files" / provider).iterdir() if p.suffix != ".ok"}
