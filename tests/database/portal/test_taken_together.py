"""Batches taken together are what they would have been one by one; whatever collides goes the ordinary way."""

import hashlib
from typing import Any

import pytest
from serving import CENTRE, Centre, envelope, notice
from sqlalchemy import text

from core import proof
from portal.intake.deliveries import Received, push_of
from sandbox.postgres import create_database
from warehouse.database import Role, transaction
from warehouse.intake.centres import switch
from warehouse.intake.legal_days import FreshLegalDays
from warehouse.intake.push import Answer, Desk, Push, Refusal
from warehouse.intake.pushes import Intake, take
from warehouse.landing.raw import RawStore
from warehouse.staging.replay import replay


@pytest.fixture
def desk(intake_warehouse: str) -> Desk:
    return Desk(RawStore(), FreshLegalDays(), lambda claims: proof.sign(claims, kind="intake-receipt"))


def push(centre: Centre, batch_id: str, rows: list[Any], nonce: str = "") -> Push:
    body = envelope(batch_id, rows)
    return push_of(Received(centre.app_key, CENTRE, nonce or batch_id, batch_id, body, hashlib.sha256(body).hexdigest()))


def test_batches_whose_bytes_share_a_file_replay_to_the_same_staging(
    centre: Centre, desk: Desk, server_url: str, migrated_template: str
) -> None:
    answers = Intake(desk).take_all([push(centre, f"packed-{letter}", [notice(letter)]) for letter in "ABC"])
    ids = [answer.landing_batch_id for answer in answers if isinstance(answer, Answer)]
    with transaction(Role.ETL) as connection:
        found = connection.execute(text("select content_address from landing.batch where batch_id = any(:ids)"), {"ids": ids})
        addresses = found.scalars().all()
    assert len({address.partition("@")[2] for address in addresses}) == 1
    assert len(set(addresses)) == 3
    assert all("@" in address for address in addresses)
    assert replay(create_database(server_url, "replayed_pack", migrated_template), RawStore()) == {}


def traces(landing_batch_id: int, mark: str) -> dict[str, list[dict[str, Any]]]:
    """Everything written about a batch, without what must differ: numbers, times, sealed bytes, the mark in its texts."""
    tables = {
        "landing.batch": "batch_id",
        "landing.push": "landing_batch_id",
        "sealed.release_notices": "batch_id",
        "ops.receipt": "batch_id",
        "ops.expectation_result": "batch_id",
        "quarantine.problem": "batch_id",
    }
    found = {}
    with transaction(Role.ETL) as connection:
        for table, column in tables.items():
            rows = connection.execute(text(f"select * from {table} where {column} = :id"), {"id": landing_batch_id}).mappings()
            found[table] = sorted((compared(dict(row), mark) for row in rows), key=repr)
    return found


def compared(row: dict[str, Any], mark: str) -> dict[str, Any]:
    left_out = ("_id", "_at", "_order", "_hash", "_address", "_sealed", "_index", "answer", "receipt")
    kept = {
        name: str(value).replace(mark, "*") for name, value in row.items() if name == "source_updated_at" or not name.endswith(left_out)
    }
    told = {name: value for name, value in row.get("receipt", {}).items() if name not in {"file", "sha256", "received_at", "finished_at"}}
    sealed = sorted(name for name, value in row.items() if name.endswith(("_sealed", "_index")) and value is not None)
    return kept | {"receipt": told, "sealed": sealed}


def test_a_batch_taken_together_leaves_the_same_traces_as_one_taken_alone(centre: Centre, desk: Desk) -> None:
    def rows(mark: str) -> list[Any]:
        return [notice(f"{mark}1"), notice(f"{mark}2", notice_date="2026年11月18日", name=" 张 三")]

    alone = take(push(centre, "same-A", rows("A")), desk)
    [together] = Intake(desk).take_all([push(centre, "same-B", rows("B"))])
    assert isinstance(alone, Answer)
    assert isinstance(together, Answer)
    one, other = traces(alone.landing_batch_id, "A"), traces(together.landing_batch_id, "B")
    assert one.keys() == other.keys()
    for table in one:
        assert one[table] == other[table], table
    assert len(one["ops.expectation_result"]) > 50
    assert alone.content.count("A1") == together.content.count("B1")


def test_collisions_within_a_group_and_with_what_is_known_are_decided_as_ever(centre: Centre, desk: Desk) -> None:
    gone = Centre().registered()
    with transaction(Role.ETL) as connection:
        switch(connection, gone.app_key, "test", "test", is_enabled=False)
    take(push(centre, "col-0", [notice("col0")]), desk)
    later = {"source_updated_at": "2026-11-19 10:00:00", "operation_code": "U", "expected_release_date": "2026-11-30"}
    answers = Intake(desk).take_all(
        [
            push(centre, "col-1", [notice("col1")]),
            push(centre, "col-2", [notice("col2"), notice("col2")]),
            push(centre, "col-1", [notice("col1")], "again"),
            push(centre, "col-1", [notice("col1", sex_code="2")], "other"),
            push(centre, "col-3", [notice("col3")], "col-1"),
            push(centre, "col-4", [notice("col1", **later)]),
            push(centre, "col-5", [notice("col0", **later)]),
            push(gone, "col-6", [notice("col6")]),
            push(centre, "col-7", [notice("col7", sex_code="x")]),
            push(centre, "col-8", []),
            push(centre, "col-9", [notice("col9")]),
        ]
    )
    said = [a.reason if isinstance(a, Refusal) else (a.status, a.is_repeat) if isinstance(a, Answer) else a for a in answers]
    good = (200, False)
    assert said == [good, good, (200, True), "other_content", "nonce", good, good, "key", good, good, good]
    with transaction(Role.ETL) as connection:
        current = connection.execute(
            text(
                "select replace(source_key, :p, ''), expected_release_date::text, count(*) over (partition by source_key) "
                "from sealed.release_notices where is_current and source_key like :p || 'col%' order by 1"
            ),
            {"p": f"{CENTRE}-TZ-"},
        ).all()
    assert [tuple(row) for row in current] == [
        ("col0", "2026-11-30", 1),
        ("col1", "2026-11-30", 1),
        ("col2", "2026-11-25", 1),
        ("col7", "2026-11-25", 1),
        ("col9", "2026-11-25", 1),
    ]
