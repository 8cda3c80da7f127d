"""Which fictional centres push, what the others upload, and what one more notice looks like."""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from expectations.agreement import feed
from expectations.decoding.messages import read_envelope
from sandbox import centres, intake, live_notice, mailbox, ports
from sandbox.centres import Centre
from sandbox.servers.files import notice_files

AS_OF = date(2026, 11, 20)
PLACE = {"residence_region_code": "140106003002", "police_station_code": "140106510000"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GUITU_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def province(tmp_path: Path) -> Path:
    (tmp_path / "push").mkdir()
    for number, code in enumerate(("140100Q002", "140100Q001", "140100G001", "140100Q001"), 1):
        row = {"source_key": f"{code}-TZ-{number:06}", **PLACE}
        envelope = {
            "sender_code": code,
            "batch_id": f"{code}-20261119-{number:05}",
            "exported_at": "2026-11-19T09:16:00+08:00",
            "row_count": 1,
            "rows": [row],
        }
        (tmp_path / "push" / f"{number}.json").write_text(json.dumps(envelope), "utf-8")
    (tmp_path / "push" / "9.json").write_bytes(b"[not an envelope")
    return tmp_path


def answered(centre: Centre, batch_id: str) -> None:
    (centre.folder / "receipts").mkdir(parents=True, exist_ok=True)
    answer = {"accepted": 2, "duplicates": 1, "rejected": [{"row_number": 1}, {"row_number": 1}, {"row_number": 4}]}
    (centre.folder / "receipts" / f"{batch_id}.json").write_text(json.dumps(answer))


def test_all_centres_push_but_the_last_which_uploads_files(province: Path) -> None:
    pushing = centres.pushing(province)
    assert [centre.code for centre in pushing] == ["140100G001", "140100Q001"]
    uploaded = notice_files(province / "push", [centre.code for centre in pushing])
    assert [name for name, _, _ in uploaded] == ["release_notices_140100Q002_20261119_01.csv"]


def test_without_pushing_centres_every_notice_is_among_the_files(province: Path) -> None:
    assert sum(count for _, _, count in notice_files(province / "push")) == 4


def test_a_single_centre_pushes_and_a_province_without_notices_has_none(province: Path, tmp_path: Path) -> None:
    for name in ("1", "3"):
        (province / "push" / f"{name}.json").unlink()
    assert [centre.code for centre in centres.pushing(province)] == ["140100Q001"]
    assert centres.pushing(tmp_path / "nothing") == []


def test_what_was_answered_is_not_sent_again_and_is_counted_by_its_receipts(province: Path) -> None:
    centre = centres.pushing(province)[1]
    first, second = centre.batches
    answered(centre, first)
    assert centre.waiting == [centre.batches[second]]
    assert centres.wait_until_answered([centre], 1).unanswered == {"centre-140100Q001": 1}
    answered(centre, second)
    assert centre.waiting == []
    assert centres.wait_until_answered([centre], 1) == centres.Pushed(batches=2, accepted=4, duplicates=2, refused=4, unanswered={})


def test_one_more_notice_is_a_batch_as_agreed_numbered_after_the_others(province: Path) -> None:
    centre = centres.pushing(province)[1]
    notice = live_notice.notice_of(centre, 2, AS_OF)
    envelope = read_envelope(feed("release_notices"), notice.content)
    row = json.loads(notice.content)["rows"][0]
    assert envelope.batch_id == notice.batch_id == "140100Q001-20261120-00006"
    assert row["expected_release_date"] == "2026-11-21"
    assert row | PLACE == row
    assert set(row) <= {field.field for field in feed("release_notices").fields}


def test_two_more_notices_are_about_two_releases(province: Path) -> None:
    centre = centres.pushing(province)[1]
    one, other = (live_notice.notice_of(centre, number, AS_OF) for number in (1, 2))
    assert one.decision_number != other.decision_number
    assert one.batch_id != other.batch_id


def test_the_intake_and_the_mailbox_keep_ports_of_their_own(home: Path) -> None:
    assert intake.address() == intake.address() == f"http://127.0.0.1:{ports.port_of('intake')}"
    assert ports.port_of("intake") != ports.port_of("mailbox")


def test_the_offices_that_are_told_are_written_as_the_warehouse_reads_them() -> None:
    offices = yaml.safe_load(mailbox.recipients(["140100Q001", "140100G001"], AS_OF).read_text())
    assert [(office["audience"], office["scope"]) for office in offices] == [
        ("operator", ""),
        ("coordinator", "14"),
        ("centre", "140100G001"),
        ("centre", "140100Q001"),
    ]
    assert {office["valid_from"] for office in offices} == {AS_OF}
