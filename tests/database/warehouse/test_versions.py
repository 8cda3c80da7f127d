"""Versions of a row: whatever the order and the number of arrivals, the newest counts, equal ones are duplicates, nothing is lost."""

import itertools
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from expectations.delivery import Delivery
from warehouse.database import Role, transaction
from warehouse.landing.batches import land
from warehouse.landing.raw import RawStore
from warehouse.staging.accept import Outcome, accept
from warehouse.staging.conservation import broken_batches
from warehouse.staging.decide import accept_held, reject_held

HEADER = (
    "source_key,operation_code,source_updated_at,id_type_code,id_number,name,sex_code,birth_date,application_number,household_number,"
    "household_members_count,assistance_kind_code,hardship_code,hardship_region_code,application_date"
)


def row(key: str, minute: int, members: int = 1, operation: str = "I") -> str:
    return f"{key},{operation},2026-11-01 10:{minute:02}:00,999,,张示例,1,1985-03-12,LS{key},,{members},1,5,140106,2026-10-01"


def arrive(*rows: str, name: str = "temporary_assistance/1") -> Outcome:
    content = "\n".join([HEADER, *rows, ""]).encode()
    batch_id, _ = land(Delivery("civil_affairs", "temporary_assistance", name, "table", content), RawStore())
    return accept(batch_id, RawStore())


def current() -> dict[str, tuple[str, int, str]]:
    with transaction(Role.ETL) as connection:
        found = connection.execute(
            text(
                "select source_key, to_char(source_updated_at at time zone 'Asia/Shanghai', 'MI') as minute, household_members_count "
                "as members, "
                "operation_code from staging.temporary_assistance where is_current order by 1"
            )
        )
        return {r.source_key: (r.minute, r.members, r.operation_code) for r in found}


def counts() -> dict[str, int]:
    with transaction(Role.ETL) as connection:
        assert broken_batches(connection) == []
        found = connection.execute(
            text(
                "select received, published, superseded, duplicates, quarantined, pending from published.feed_health "
                "where feed = 'temporary_assistance'"
            )
        ).one()
        return {name: int(value) for name, value in found._mapping.items()}


def warnings() -> list[str]:
    with transaction(Role.ETL) as connection:
        return list(connection.execute(text("select error_code from published.warnings order by 1")).scalars())


def test_an_older_version_arriving_later_is_kept_and_changes_nothing(warehouse_url: str) -> None:
    arrive(row("A", 30, 3))
    arrive(row("A", 10, 1), name="2")
    assert current()["A"][:2] == ("30", 3)
    assert counts() == {"received": 2, "published": 1, "superseded": 1, "duplicates": 0, "quarantined": 0, "pending": 0}


def test_the_same_row_again_is_a_duplicate_in_one_delivery_and_over_two(warehouse_url: str) -> None:
    arrive(row("A", 10), row("A", 10))
    arrive(row("A", 10), name="2")
    assert counts() == {"received": 3, "published": 1, "superseded": 0, "duplicates": 2, "quarantined": 0, "pending": 0}


def test_at_the_same_time_with_other_content_the_later_arrival_wins_with_a_warning(warehouse_url: str) -> None:
    arrive(row("A", 10, 1))
    arrive(row("A", 10, 2), name="2")
    assert current()["A"][:2] == ("10", 2)
    assert warnings() == ["W_SAME_TIME_CHANGED"]


def test_a_deletion_needs_three_fields_and_a_later_row_revives(warehouse_url: str) -> None:
    arrive(row("A", 10))
    arrive("A,D,2026-11-01 10:20:00" + "," * 12, name="2")
    assert current()["A"][2] == "D"
    arrive(row("A", 40, 5, "U"), name="3")
    assert current()["A"] == ("40", 5, "U")


def test_a_deletion_of_an_unknown_key_is_kept_with_a_warning(warehouse_url: str) -> None:
    arrive("A,D,2026-11-01 10:20:00" + "," * 12)
    assert current()["A"][2] == "D"
    assert warnings() == ["W_DELETE_UNKNOWN"]


def test_accepting_a_decided_batch_again_changes_nothing(warehouse_url: str) -> None:
    first = arrive(row("A", 10))
    before = counts()
    assert accept(first.batch_id, RawStore()).state == "accepted"
    assert counts() == before


def test_a_refused_row_that_a_pull_brings_again_is_a_duplicate_and_told_once(warehouse_url: str) -> None:
    late = row("A", 10).replace("2026-11-01", "2031-01-01")
    arrive(late, row("B", 10))
    arrive(late, row("B", 10), name="2")
    assert counts() == {"received": 4, "published": 1, "superseded": 0, "duplicates": 2, "quarantined": 1, "pending": 0}
    with transaction(Role.ETL) as connection:
        assert list(connection.execute(text("select error_code from published.rejected_rows")).scalars()) == ["E_CLOCK"]


VERSIONS = [row("A", 10, 1), row("A", 20, 2), row("A", 30, 3), row("B", 10, 1)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_every_order_of_arrival_ends_the_same(warehouse_url: str, order: tuple[int, ...]) -> None:
    for position, which in enumerate(order):
        arrive(VERSIONS[which], name=str(position))
    assert current() == {"A": ("30", 3, "I"), "B": ("10", 1, "I")}
    assert counts()["superseded"] == 2


@given(st.lists(st.lists(st.sampled_from(VERSIONS), min_size=1, max_size=4), min_size=1, max_size=4))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_splitting_and_repetition_conserves_every_row(warehouse_url: str, deliveries: list[list[str]]) -> None:
    with transaction(Role.OWNER) as connection:
        connection.execute(
            text(
                "truncate staging.temporary_assistance, quarantine.row, quarantine.problem, ops.expectation_result, ops.receipt, "
                "landing.batch cascade"
            )
        )
    for position, rows in enumerate(deliveries):
        arrive(*rows, name=str(position))
    told = counts()
    distinct = {r for rows in deliveries for r in rows}
    keys = {r[0] for r in distinct}
    assert told["received"] == sum(map(len, deliveries))
    assert told["published"] == len(keys)
    assert told["superseded"] == len(distinct) - len(keys)


DIRECTORY = (
    "source_key,operation_code,source_updated_at,organization_code,organization_name,organization_type_code,region_code,"
    "served_region_codes,valid_from_date"
)


def directory(day: int, codes: list[str]) -> Outcome:
    from expectations.agreement import feed

    headers = [feed("station_directory").by_name[name].header for name in DIRECTORY.split(",")]
    rows = [f"ZD-{c},I,2026-01-01 09:00:00,{c},样例站,21,140106,140106001,2018-06-01" for c in codes]

    content = "\n".join([",".join(headers), *rows, ""]).encode("utf-8-sig")
    delivery = Delivery(
        "community", "station_directory", f"station_directory_202611{day:02}.csv", "csv", content, snapshot_date=date(2026, 11, day)
    )
    batch_id, _ = land(delivery, RawStore())
    return accept(batch_id, RawStore())


CODES = [f"140106Z{i:03}" for i in range(20)]


def present() -> set[str]:
    with transaction(Role.ETL) as connection:
        return set(
            connection.execute(
                text("select organization_code from staging.station_directory where is_current and operation_code <> 'D'")
            ).scalars()
        )


def test_a_key_a_snapshot_leaves_out_is_deleted_and_comes_back_with_a_later_snapshot(warehouse_url: str) -> None:
    directory(1, CODES)
    directory(2, CODES[1:])
    assert present() == set(CODES[1:])
    directory(3, CODES)
    assert present() == set(CODES)


def test_an_older_snapshot_arriving_late_deletes_nothing(warehouse_url: str) -> None:
    directory(5, CODES)
    directory(2, CODES[2:])
    assert present() == set(CODES)


@pytest.mark.parametrize(("kept", "state"), [(19, "accepted"), (18, "accepted"), (17, "held")])
def test_a_snapshot_over_ten_percent_smaller_is_held(warehouse_url: str, kept: int, state: str) -> None:
    directory(1, CODES)
    outcome = directory(2, CODES[:kept])
    assert outcome.state == state
    assert outcome.code == ("H_SHRINK" if state == "held" else None)
    assert len(present()) == (20 if state == "held" else kept)


def test_a_steward_accepts_or_rejects_what_was_held(warehouse_url: str) -> None:
    directory(1, CODES)
    first, second = directory(2, CODES[:10]), directory(3, CODES[:9])
    assert accept_held(first.batch_id, RawStore(), "ten stations were closed", "a steward").state == "accepted"
    assert present() == set(CODES[:10])
    reject_held(second.batch_id, RawStore(), "sent by mistake", "a steward")
    with transaction(Role.ETL) as connection:
        assert connection.execute(text("select state, row_count from landing.batch where batch_id = :b"), {"b": second.batch_id}).one() == (
            "rejected",
            9,
        )
        assert connection.execute(text("select count(*) from ops.steward_decision")).scalar_one() == 2
