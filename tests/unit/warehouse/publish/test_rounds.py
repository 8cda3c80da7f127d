"""Messages wait for their round; failed ones are tried again ever more slowly; one bell calls for all that wait."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from core.clock import SHANGHAI
from core.errors import FixConfiguration
from warehouse.alerts import Alert
from warehouse.intake.carrying import Bell
from warehouse.publish.recipients import Address, addresses_in, checked, region_prefix
from warehouse.publish.rounds import PAUSES, next_rounds, next_try_at
from warehouse.publish.unsent import gaps, month_before, reason_of_the_morning

EIGHT = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai


def shown(severity: str, now: datetime) -> list[str]:
    return [f"{at.astimezone(SHANGHAI):%m-%d %H:%M}" for at in next_rounds(severity, now)]


def test_rounds_are_strictly_later_and_once_a_day_for_infos() -> None:
    assert shown("info", EIGHT - timedelta(seconds=1)) == ["11-20 08:00", "11-21 08:00", "11-22 08:00"]
    assert shown("info", EIGHT) == ["11-21 08:00", "11-22 08:00", "11-23 08:00"]
    assert shown("warning", EIGHT) == ["11-20 14:00", "11-21 08:00", "11-21 14:00"]


def test_pauses_grow_and_end() -> None:
    times = [next_try_at(failures, EIGHT) for failures in range(1, len(PAUSES) + 2)]
    assert times[-1] is None
    assert times[:-1] == sorted(times[:-1])
    assert timedelta(days=3) < sum(PAUSES, timedelta()) < timedelta(days=4)


def test_the_bell_rings_once_for_all_that_wait_until_their_run_begins() -> None:
    bell = Bell(again_seconds=120)
    assert bell.rings({}, 0) is False
    assert bell.rings({1: True}, 0) is True
    assert bell.rings({1: True, 2: True}, 1) is False  # the run called for has not begun: it will take both
    assert bell.rings({1: False, 2: False}, 2) is False
    assert bell.rings({1: False, 2: False, 3: True}, 3) is True  # came after the run had looked
    assert bell.rings({3: False}, 4) is False
    assert bell.rings({}, 5) is False


def test_the_bell_rings_again_when_nothing_came_of_it() -> None:
    bell = Bell(again_seconds=120)
    assert bell.rings({1: True}, 0) is True
    assert bell.rings({1: True}, 119) is False
    assert bell.rings({1: True}, 120) is True
    assert bell.rings({1: False}, 239) is False
    assert bell.rings({1: False}, 240) is True


def test_gaps_are_the_numbers_below_the_greatest_of_each_centre_and_day() -> None:
    names = ["A-20261120-0003", "A-20261120-0001", "A-20261121-0002", "B-20261120-0001", "B-202610-nil"]
    names += ["B-0123456789abcdef-02", "C-20261120-00001"]
    assert sorted(gaps([(name[0], name) for name in names], date(2026, 11, 20))) == [
        Alert("BATCH_MISSING", "A", "A-20261120-0002"),
        Alert("BATCH_MISSING", "A", "A-20261121-0001"),
        Alert("NUMBERING_UNKNOWN", "C"),
    ]


def test_a_batch_id_in_the_name_of_another_centre_makes_no_gap_there() -> None:
    assert list(gaps([("A", "B-20261120-0009")], date(2026, 11, 20))) == [Alert("NUMBERING_UNKNOWN", "A")]


def test_a_late_number_of_a_day_no_longer_looked_at_makes_no_gap() -> None:
    assert list(gaps([("A", "A-20261119-0002"), ("A", "A-20261120-0001")], date(2026, 11, 20))) == []


def test_looking_again_through_the_day_adds_nothing_twice_to_the_next_mornings_message() -> None:
    looked = [EIGHT + timedelta(hours=2), EIGHT + timedelta(hours=14), EIGHT + timedelta(hours=23)]
    assert {reason_of_the_morning(at) for at in looked} == {"unsent/2026-11-21"}
    assert reason_of_the_morning(EIGHT - timedelta(hours=1)) == "unsent/2026-11-20"


def test_the_last_complete_month_ends_the_day_before_the_first() -> None:
    assert month_before(date(2026, 3, 1)) == (date(2026, 2, 1), date(2026, 2, 28))
    assert month_before(date(2027, 1, 31)) == (date(2026, 12, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("region", "prefix"),
    [("140000", "14"), ("140100", "1401"), ("140106", "140106"), ("140106003000", "140106003"), ("110100000000", "1101")],
)
def test_an_area_is_a_region_without_its_padding(region: str, prefix: str) -> None:
    assert region_prefix(region) == prefix


@pytest.mark.parametrize(
    "given",
    [
        ("station", "", "office@example.org"),
        ("operator", "14", "office@example.org"),
        ("police", "1401x6", "office@example.org"),
        ("benefit_desk", "140106", "office@example.org"),
        ("station", "140106Z003", "office at example.org"),
        ("station", "140106Z003", "http://example.org/hook"),
    ],
)
def test_an_address_that_cannot_be_told_is_refused(given: tuple[str, str, str]) -> None:
    with pytest.raises(FixConfiguration):
        checked(Address(*given, date(2026, 11, 20)))


def test_recipients_are_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "recipients.yaml"
    file.write_text("- {audience: police, scope: '140100', address: police@example.org, valid_from: 2026-11-20}\n", "utf-8")
    assert addresses_in(file) == [Address("police", "1401", "police@example.org", date(2026, 11, 20))]
    file.write_text("- {audience: police, scope: '140100'}\n", "utf-8")
    with pytest.raises(FixConfiguration, match="entry 1"):
        addresses_in(file)
    file.write_text("- {audience: [", "utf-8")
    with pytest.raises(FixConfiguration, match="YAML"):
        addresses_in(file)
    with pytest.raises(FixConfiguration, match="FileNotFoundError"):
        addresses_in(tmp_path / "none.yaml")
