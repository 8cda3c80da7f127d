"""Every delivery of a province directory is decoded; skipped where there is none beside the project."""

from collections import Counter
from pathlib import Path

import pytest

from expectations.agreement import feed, feeds
from expectations.decoding import decode
from expectations.decoding.names import parse_name, parse_ok
from expectations.delivery import Delivery

PROVINCE = Path(__file__).resolve().parents[4] / "shared" / "province"
pytestmark = pytest.mark.skipif(not PROVINCE.is_dir(), reason="no province beside the project")


def _file(path: Path) -> Delivery:
    named, ok_path = parse_name(path.parent.name, path.name), path.with_name(path.name + ".ok")
    ok = parse_ok(ok_path.read_bytes()) if ok_path.exists() else None
    return Delivery(
        path.parent.name,
        named.feed,
        path.name,
        named.form,
        path.read_bytes(),
        named.sender_code,
        declared_rows=ok and ok.rows,
        declared_sha256=ok and ok.sha256,
    )


def _deliveries() -> list[Delivery]:
    files = [path for path in sorted(PROVINCE.glob("files/*/*")) if path.suffix != ".ok"]
    # Every workbook costs a process; each tenth of them shows the kinds.
    workbooks = [path for path in files if path.suffix == ".xlsx"]
    found = [_file(path) for path in [*(path for path in files if path.suffix == ".csv"), *workbooks[::10]]]
    found += [
        Delivery("detention_centers", "release_notices", path.stem, "push", path.read_bytes()) for path in PROVINCE.glob("push/*.json")
    ]
    found += [Delivery("public_security", path.stem, path.stem, "page", path.read_bytes()) for path in PROVINCE.glob("api/*.jsonl")]
    tables = [path for path in PROVINCE.glob("share/*.csv") if path.stem in feeds()]
    return found + [Delivery("civil_affairs", path.stem, path.stem, "table", path.read_bytes()) for path in tables]


def test_every_delivery_of_the_province_is_decoded():
    rows: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for delivery in _deliveries():
        decoded = decode(feed(delivery.feed), delivery)
        rows[delivery.feed] += decoded.row_count
        codes.update(decoded.problems["code"])
        assert decoded.rows["source_key"].notna().all(), delivery.name
        assert not decoded.notes.get("unknown_columns"), delivery.name
    assert set(codes) <= {"E_COLUMNS", "W_NUMERIC_TEXT"}
    assert set(feeds()) - set(rows) <= {"job_seekers"}
