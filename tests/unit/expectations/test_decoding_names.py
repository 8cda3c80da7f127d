"""File names and .ok files say what the agreement says, and anything else is refused."""

from datetime import date

import pytest

from core.errors import AgreementBroken
from expectations.decoding.names import parse_name, parse_ok

HASH = "0f" * 32


@pytest.mark.parametrize(
    ("provider", "name", "feed", "sender", "snapshot", "scope", "part", "sequence", "form"),
    [
        ("detention_centers", "release_notices_140100Q001_20261120_07.xlsx", "release_notices", "140100Q001", None, "", None, 7, "xlsx"),
        (
            "detention_centers",
            "centre_roster_140100G001_20261119.csv",
            "centre_roster",
            "140100G001",
            date(2026, 11, 19),
            "140100G001",
            None,
            1,
            "csv",
        ),
        (
            "employment",
            "job_seekers_140000_202611_full_20261205_p02.xlsx",
            "job_seekers",
            None,
            date(2026, 12, 5),
            "140000",
            2,
            1,
            "xlsx",
        ),
        ("employment", "employment/job_placements_140000_2026W47_incr_20261120.csv", "job_placements", None, None, "", None, 1, "csv"),
        ("community", "points_ledger_140106Z001_20261120_12.csv", "points_ledger", "140106Z001", None, "", None, 12, "csv"),
        ("community", "station_directory_20261006.csv", "station_directory", None, date(2026, 10, 6), "", None, 1, "csv"),
    ],
)
def test_an_agreed_name_tells_feed_sender_snapshot_and_part(provider, name, feed, sender, snapshot, scope, part, sequence, form):
    found = parse_name(provider, name)
    assert (found.feed, found.sender_code, found.snapshot_date, found.scope) == (feed, sender, snapshot, scope)
    assert (found.part, found.sequence, found.form) == (part, sequence, form)


@pytest.mark.parametrize(
    ("provider", "name", "code"),
    [
        ("detention_centers", "release_notices_140100Q001_20261131_01.csv", "E_NAME"),
        ("detention_centers", "release_notices_140100Q001_20261120_00.csv", "E_NAME"),
        ("detention_centers", "release_notices_140100Q001_20261120.csv", "E_NAME"),
        ("detention_centers", "release_notices_140100Q001_20261120_01.csv\n", "E_NAME"),
        ("detention_centers", "release_notices_140100Q001_20261120_01.txt", "E_NAME"),
        ("detention_centers", "release_notices_140100Q001_20261120_01.xls", "E_FORMAT"),
        ("detention_centers", "release_notices_140100Q001_20261120_01.ET", "E_FORMAT"),
        ("detention_centers", "centre_roster_140100Q001_20261120.xlsx", "E_NAME"),
        ("detention_centers", "../centre_roster_140100Q001_20261120.csv", "E_NAME"),
        ("community", "centre_roster_140100Q001_20261120.csv", "E_NAME"),
        ("employment", "trainings_140000_202610_all_20261103.csv", "E_NAME"),
        ("employment", "trainings_140000_202613_incr_20261103.csv", "E_NAME"),
        ("employment", "job_placements_140000_2025W53_incr_20261103.csv", "E_NAME"),
        ("employment", "job_placements_140000_２０２６W40_incr_20261103.csv", "E_NAME"),
        ("employment", "job_seekers_140000_202611_full_20261205_p00.xlsx", "E_NAME"),
        ("public_security", "drug_tests_20261120.csv", "E_NAME"),
    ],
)
def test_any_other_name_is_refused_without_repeating_it(provider, name, code):
    with pytest.raises(AgreementBroken) as refused:
        parse_name(provider, name)
    assert refused.value.code == code
    assert name not in str(refused.value)


def test_an_ok_file_declares_rows_hash_and_parts():
    plain = parse_ok(f"rows=12\nsha256={HASH}\n")
    last = parse_ok(f"rows=0\r\nsha256={HASH}\r\nparts=3".encode())
    assert (plain.rows, plain.sha256, plain.parts) == (12, HASH, None)
    assert (last.rows, last.parts) == (0, 3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rows=12",
        f"sha256={HASH}\nrows=12",
        f"rows=-1\nsha256={HASH}",
        f"rows=1\nsha256={HASH.upper()}",
        f"rows=１\nsha256={HASH}",
        f"rows=1\nsha256={HASH}\nparts=0",
        f"rows=1\nsha256={HASH}\nx",
        b"\xff\xfe",
    ],
)
def test_a_broken_ok_file_vouches_for_nothing(text):
    with pytest.raises(AgreementBroken, match="E_NO_OK"):
        parse_ok(text)
