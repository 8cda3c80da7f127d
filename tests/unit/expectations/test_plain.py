"""A row called plain is one the long way has nothing to say about, and both ways make the same of it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.sealing import KeyFolder
from expectations.agreement import feed
from expectations.decoding import decode
from expectations.decoding.messages import Envelope, read_envelope
from expectations.delivery import Delivery
from expectations.plain import can_be_plain, kept_counts, plain_rows, promises_kept_by_rule
from expectations.reading import read_rows
from expectations.verdict import judge

FEED = feed("release_notices")
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
GOOD: dict[str, Any] = {f.field: f.example or None for f in FEED.fields} | {
    "rehabilitation_order_code": "9",
    "source_updated_at": "2026-11-20 09:15:30",
}
SAMPLE = Path(__file__).parents[4] / "shared" / "province" / "push"

TEXTS = (
    *(
        "",
        " ",
        "0",
        "无",
        "/",
        "1",
        "2",
        "3",
        "01",
        "男",
        "1-男",
        "１",
        "111",
        "999",
        "414",
        "D",
        "U",
        "I",
        "x",
        "?",
        "张□",
        " 张 三 ",
        "a\x00",
    ),
    *("2026-11-20", "2026年11月20日", "2026/1/5", "20261120", "2026-11", "45296", "9999-12-31", "2026-11-20 08:30", "2030-01-01 00:00:00"),
    *("2026-11-25T09:30:00+08:00", "2026-11-25 09:30:00", "14999919850312001X", "14999919850312001x", "149999850312001", "1.49999E+17"),
    *("140106", "1401", "140106003002", "山西省", "140106510000", "140100Q001", "140200Q001-1", "140100Q001-TZ-2"),
)
CELLS = st.one_of(
    st.none(), st.sampled_from(TEXTS), st.text(max_size=12), st.integers(), st.booleans(), st.lists(st.text(max_size=3), max_size=2)
)
ROWS = st.dictionaries(st.sampled_from(sorted(FEED.by_name)), CELLS, max_size=4).map(lambda changes: GOOD | changes)


@pytest.fixture(scope="module", autouse=True)
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("keys")
    KeyFolder(folder).create_missing()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GUITU_KEYS", str(folder))
        yield


def push(rows: list[Any]) -> bytes:
    said = {"schema_version": "2026-11", "feed": FEED.feed, "sender_code": "140100Q001", "batch_id": "B", "exported_at": "2026-11-20 09:16"}
    return json.dumps(said | {"row_count": len(rows), "rows": rows}, default=str).encode()


def both_ways_agree(content: bytes) -> bool:
    """Compares every row that is plain by itself; gives whether the whole batch is."""
    envelope = read_envelope(FEED, content)
    whole = plain_rows(FEED, envelope, NOW)
    decoded = decode(FEED, Delivery(FEED.provider, FEED.feed, "B", "push", content))
    reading = read_rows(FEED, decoded, arrived_at=NOW)
    verdict = judge(FEED, reading, decoded_problems=decoded.problems, row_count=decoded.row_count)
    said = set(verdict.rejected["row_number"]) | set(verdict.held["row_number"]) | set(verdict.warnings["row_number"])
    if whole is None:
        return False
    assert not said
    for number, row in enumerate(whole, 1):
        values = reading.values.loc[number]
        assert row.values == {name: None if value != value else value for name, value in values.items()}
        key = reading.derived["id_key"][number]
        assert row.id_key == (None if key != key else key)
        received = {name: value for name, value in reading.received.loc[number].items() if value == value and value is not None}
        assert {k: v for k, v in received.items() if v != row.values[k]} == dict(row.received)
    counted = verdict.expectations
    kept = [(p.aspect, p.field, p.severity, count) for p, count in kept_counts(FEED, whole)]
    assert kept == list(zip(counted["expectation"], counted["field"], counted["severity"], counted["checked"], strict=True))
    return True


@settings(max_examples=30, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=2))
def test_whatever_is_plain_is_read_and_judged_alike_by_columns(rows: list[Any]) -> None:
    both_ways_agree(push(rows))


@pytest.mark.slow
@settings(max_examples=1500, deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=2))
def test_whatever_is_plain_is_read_and_judged_alike_by_columns_in_many_more_batches(rows: list[Any]) -> None:
    both_ways_agree(push(rows))


def test_good_notices_are_plain_in_every_agreed_spelling() -> None:
    spelled = GOOD | {"notice_date": "2026年11月20日", "sex_code": "1-男", "id_number": "14999919850312001x", "birth_date": "1985.3.12"}
    assert both_ways_agree(push([GOOD, spelled, GOOD | {"operation_code": "U", "street_code": None}]))


SAYING = (
    {"sex_code": "9x"},
    {"notice_date": None},
    {"operation_code": "D"},
    {"unknown": "1"},
    {"name": 7},
    {"release_type_code": "2"},
    {"source_key": "X-1"},
    {"source_updated_at": "2026-11-20 12:30:00"},
    {"id_number": "149999198503120012"},
)


@pytest.mark.parametrize("changes", SAYING)
def test_a_row_with_anything_to_say_is_not_plain(changes: dict[str, Any]) -> None:
    assert not both_ways_agree(push([GOOD, GOOD | changes]))


def test_feeds_with_promises_of_whole_columns_have_no_plain_rows() -> None:
    assert can_be_plain(FEED)
    assert not can_be_plain(feed("benefit_payments"))
    assert plain_rows(feed("job_seekers"), Envelope("s", "b", "t", []), NOW) is None


def test_the_suite_has_been_asked_whether_a_kept_promise_is_kept() -> None:
    assert promises_kept_by_rule(FEED)


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="no sample province")
def test_the_sample_provinces_batches_are_read_alike_both_ways() -> None:
    plain = [both_ways_agree(file.read_bytes()) for file in sorted(SAMPLE.glob("*.json"))[:20]]
    assert sum(plain) > len(plain) / 2
