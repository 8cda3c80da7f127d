"""Never these two: no way of writing links leaves an open never pair on one person."""

import threading

import linked
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from core.errors import NotAllowed
from warehouse.bulk import copy_rows
from warehouse.database import Role, engine, transaction
from warehouse.identity import stewards
from warehouse.identity.memory import Key, read_memory

pytestmark = pytest.mark.usefixtures("warehouse_url")
KEYS: list[Key] = [("drug_tests", "a"), ("drug_tests", "b"), ("job_seekers", "a"), ("job_seekers", "b"), ("means_checks", "a")]
A, B = KEYS[0], KEYS[2]
PERSONS = ["p1", "p2", "p3"]
UPSERT = """
insert into identity.link (feed, source_key, person_id, link_status, rule, decided_at, decided_by_run)
select feed, source_key, person, 'linked', '1', now(), (select max(run_id) from ops.run)
from unnest(cast(:feeds as text[]), cast(:keys as text[]), cast(:persons as text[])) w (feed, source_key, person)
on conflict (feed, source_key) do update set person_id = excluded.person_id
"""


def fresh() -> None:
    """Five rows, each on its own person or on p3; no decision."""
    with transaction(Role.OWNER) as connection:
        connection.execute(text("truncate identity.link, identity.steward_decision, identity.never_guard, identity.person_event cascade"))
        connection.execute(text("delete from identity.link_history"))
    with transaction(Role.ETL) as connection:
        for person_id, keys in zip(PERSONS, ([A], [B], [KEYS[1], KEYS[3], KEYS[4]]), strict=True):
            linked.person(connection, person_id, keys)


def move(connection: Connection, key: Key, person_id: str) -> None:
    connection.execute(
        text("update identity.link set person_id = :person where feed = :feed and source_key = :key"),
        {"person": person_id, "feed": key[0], "key": key[1]},
    )


def upsert(connection: Connection, placed: dict[Key, str]) -> None:
    """As a linking writes: one statement for many rows."""
    connection.execute(text(UPSERT), {"feeds": [f for f, _ in placed], "keys": [k for _, k in placed], "persons": list(placed.values())})


def copy_again(connection: Connection, placed: dict[Key, str]) -> None:
    """Rows gone and loaded anew by COPY."""
    for feed, key in placed:
        connection.execute(text("delete from identity.link where feed = :feed and source_key = :key"), {"feed": feed, "key": key})
    run_id = linked.run(connection)
    columns = ("feed", "source_key", "person_id", "link_status", "rule", "decided_at", "decided_by_run")
    lines = ((feed, key, person_id, "linked", "1", "2026-11-20", run_id) for (feed, key), person_id in placed.items())
    copy_rows(connection, "identity.link", columns, lines)


def one_by_one(connection: Connection, placed: dict[Key, str]) -> None:
    for key, person_id in placed.items():
        move(connection, key, person_id)


def never(connection: Connection, one: Key = A, other: Key = B) -> int:
    return stewards.decide_pair(connection, "never", one, other, "steward", "seen both documents")


def together() -> list[tuple[Key, Key]]:
    """Open never pairs that stand on one person."""
    where = linked.persons()
    with transaction(Role.ETL) as connection:
        pairs = read_memory(connection).never
    return [(one, other) for one, other in pairs if one in where and where[one] == where.get(other)]


placements = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(PERSONS), min_size=1)
writes = st.tuples(st.sampled_from([one_by_one, upsert, copy_again]), placements)
pairs = st.lists(st.sampled_from(KEYS), min_size=2, max_size=2, unique=True)
decisions = st.tuples(st.sampled_from(["never", "same", "insert", "withdraw", "reopen", "split"]), pairs)


def write(kind: object, placed: dict[Key, str]) -> None:
    """A write of links: refused exactly when it would leave a never pair on one person."""
    with transaction(Role.ETL) as connection:
        forbidden = read_memory(connection).never
    after = linked.persons() | placed
    is_wrong = any(one in after and after[one] == after.get(other) for one, other in forbidden)
    refusal = None
    try:
        with transaction(Role.ETL) as connection:
            kind(connection, placed)  # type: ignore[operator]
    except IntegrityError as error:
        refusal = error.orig.diag.constraint_name  # type: ignore[union-attr]
    assert refusal == ("never_these_two" if is_wrong else None)


def decide(kind: str, one: Key, other: Key) -> None:
    """A steward's act, or one written past `stewards`; it may be refused."""
    open_or_last = "select max(decision_id) from identity.steward_decision where (withdrawn_at is null) = :open"
    try:
        with transaction(Role.ETL) as connection:
            if kind in {"never", "same"}:
                stewards.decide_pair(connection, kind, one, other, "steward", "seen both documents")  # type: ignore[arg-type]
            elif kind == "insert":
                (fa, ka), (fb, kb) = sorted((one, other))
                connection.execute(
                    text(
                        "insert into identity.steward_decision (act, kind, feed_a, source_key_a, feed_b, source_key_b, decided_by, reason, "
                        "decided_at) values ('x', 'never', :fa, :ka, :fb, :kb, 'somebody', 'past the door', now())"
                    ),
                    {"fa": fa, "ka": ka, "fb": fb, "kb": kb},
                )
            elif kind == "withdraw":
                stewards.withdraw(connection, connection.execute(text(open_or_last), {"open": True}).scalar() or 0, "steward", "mistaken")
            elif kind == "reopen":
                connection.execute(
                    text(
                        "update identity.steward_decision set withdrawn_at = null, withdrawn_by = null, withdrawal_reason = null "
                        f"where decision_id = ({open_or_last})"
                    ),
                    {"open": False},
                )
            else:
                stewards.split(connection, linked.persons()[one], [one], "steward", "another person's row")
    except (NotAllowed, IntegrityError):
        pass


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(writes, decisions), min_size=3, max_size=10))
def test_whatever_is_written_in_whatever_order_a_never_pair_is_never_one_person(acts: list[tuple[object, object]]) -> None:
    fresh()
    for act, subject in acts:
        if isinstance(act, str):
            decide(act, *subject)  # type: ignore[misc]
        else:
            write(act, subject)  # type: ignore[arg-type]
        assert together() == []


def test_the_refusal_names_feeds_and_keys_and_the_decision_only() -> None:
    fresh()
    with transaction(Role.ETL) as connection:
        decision = never(connection)
    with pytest.raises(IntegrityError) as refused, transaction(Role.ETL) as connection:
        move(connection, B, "p1")
    said = str(refused.value.orig)
    assert f"never one person by decision {decision}: drug_tests a and job_seekers a" in said
    assert "p1" not in said


def test_two_rows_may_change_places_in_two_statements() -> None:
    fresh()
    with transaction(Role.ETL) as connection:
        never(connection)
    with transaction(Role.ETL) as connection:
        move(connection, A, "p2")
        move(connection, B, "p1")
    assert (linked.persons()[A], linked.persons()[B]) == ("p2", "p1")


def test_a_row_that_vanished_is_still_kept_apart_when_it_comes_back() -> None:
    fresh()
    with transaction(Role.ETL) as connection:
        never(connection)
        connection.execute(text("delete from identity.link where feed = 'job_seekers'"))
    with pytest.raises(IntegrityError, match="never one person"), transaction(Role.ETL) as connection:
        upsert(connection, {B: "p1"})


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
def test_two_transactions_that_each_move_one_row_cannot_bring_them_together(isolation: str) -> None:
    fresh()
    with transaction(Role.ETL) as connection:
        never(connection)
    failures: list[Exception] = []

    def other_writer() -> None:
        try:
            with engine().connect() as second, second.begin():
                second.execute(text(f"set transaction isolation level {isolation}"))
                second.execute(text("select count(*) from identity.link"))
                ready.set()
                move(second, B, "p3")
        except DBAPIError as error:
            failures.append(error)

    ready, thread = threading.Event(), threading.Thread(target=other_writer)
    with engine().connect() as first, first.begin():
        first.execute(text(f"set transaction isolation level {isolation}"))
        move(first, A, "p3")
        thread.start()
        assert ready.wait(10)
    thread.join(20)
    assert len(failures) == 1
    assert together() == []


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
def test_a_decision_is_seen_by_a_linking_that_began_before_it(isolation: str) -> None:
    fresh()
    with pytest.raises(DBAPIError), engine().begin() as began:  # noqa: PT012 the refusal may come with the write or with the commit
        began.execute(text(f"set transaction isolation level {isolation}"))
        began.execute(text("select count(*) from identity.link"))
        with transaction(Role.ETL) as connection:
            never(connection)
        upsert(began, {B: "p1"})
    assert together() == []


def test_a_pair_that_is_not_linked_cannot_be_decided_past_the_door() -> None:
    fresh()
    with pytest.raises(IntegrityError, match="needs two linked rows"), transaction(Role.ETL) as connection:
        connection.execute(
            text(
                "insert into identity.steward_decision (act, kind, feed_a, source_key_a, feed_b, source_key_b, decided_by, reason, "
                "decided_at) values ('x', 'never', 'drug_tests', 'a', 'drug_tests', 'nobody', 'somebody', 'past the door', now())"
            )
        )


@pytest.mark.parametrize(
    "statement",
    [
        "delete from identity.steward_decision",
        "update identity.steward_decision set reason = 'other'",
        "update identity.steward_decision set source_key_a = 'other'",
        "delete from identity.never_guard",
        "update identity.never_guard set touched = 0",
        "alter table identity.link disable trigger all",
        "delete from identity.person_event",
        "delete from identity.review_case",
    ],
)
def test_no_step_of_the_pipeline_can_change_a_decision_or_put_the_guard_aside(statement: str) -> None:
    fresh()
    with transaction(Role.ETL) as connection:
        never(connection)
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction(Role.ETL) as connection:
        connection.execute(text(statement))
