"""Every linking obeys what stewards decided, and goes by evidence again where they took it back."""

from datetime import date

import linked
import pytest
import staged
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from core.errors import NotAllowed
from expectations.forms.id_number import check_digit
from pipeline.link import link
from warehouse.database import Role, transaction
from warehouse.identity import stewards
from warehouse.identity.memory import Key, read_memory

pytestmark = pytest.mark.usefixtures("warehouse_url")
ZHANG = "14999919850312001" + check_digit("14999919850312001")
LI = "14999919900720013" + check_digit("14999919900720013")
TESTS: list[Key] = [("drug_tests", key) for key in "abcd"]
A, B, C, D = TESTS


def put(key: Key, id_number: str | None, name: str, birth: date | None = None) -> None:
    with transaction(Role.ETL) as connection:
        staged.stage(connection, *key, id_number=id_number, name=name, birth_date=birth)


def decide(kind: str, one: Key, other: Key) -> int:
    with transaction(Role.ETL) as connection:
        return stewards.decide_pair(connection, kind, one, other, "wang", "both documents seen")  # type: ignore[arg-type]


def withdraw(decision_id: int) -> None:
    with transaction(Role.ETL) as connection:
        stewards.withdraw(connection, decision_id, "li", "mistaken")


def test_rows_of_one_number_that_a_steward_parted_stay_apart_through_every_linking() -> None:
    for key in (A, B, C):
        put(key, ZHANG, "张示例")
    link()
    decide("never", A, B)
    assert linked.persons()[A] != linked.persons()[B]
    link()
    first = linked.persons()
    assert first[A] != first[B]
    link()
    assert linked.persons() == first
    put(D, ZHANG, "张示例")
    link()
    found = linked.persons()
    assert (found[A], found[B]) == (first[A], first[B])


def test_a_steward_joins_what_no_rule_would() -> None:
    put(A, ZHANG, "张示例")
    put(B, None, "王二")
    link()
    before = set(linked.persons().values())
    assert len(before) == 2
    decide("same", A, B)
    link()
    (one,) = set(linked.persons().values())
    assert one in before
    assert linked.rows("select rule from identity.link where source_key = 'b'") == [("steward",)]


def test_what_is_taken_back_after_later_changes_goes_by_evidence_again_and_the_id_is_the_old_one() -> None:
    for key in (A, B, C):
        put(key, ZHANG, "张示例")
    link()
    person = linked.persons()[A]
    decision = decide("never", A, B)
    link()
    put(C, ZHANG, "章示例")
    put(D, ZHANG, "张示例")
    link()
    withdraw(decision)
    link()
    assert linked.persons() == dict.fromkeys(TESTS, person)


ACTS = st.lists(
    st.one_of(
        st.just(("link", None)),
        st.tuples(st.sampled_from(["never", "same"]), st.lists(st.sampled_from(TESTS), min_size=2, max_size=2, unique=True)),
        st.tuples(st.just("withdraw"), st.none()),
        st.tuples(st.just("change"), st.tuples(st.sampled_from(TESTS), st.sampled_from([ZHANG, LI]))),
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTS)
@example([("never", [B, C]), ("same", [A, B])])  # the one parted first is not the one that must leave
def test_linkings_and_decisions_in_any_order_never_leave_a_never_pair_together(acts: list[tuple[str, object]]) -> None:
    with transaction(Role.OWNER) as connection:
        connection.execute(text("truncate identity.person, ops.run, sealed.drug_tests cascade"))
    for key, number in zip(TESTS, (ZHANG, ZHANG, ZHANG, LI), strict=True):
        put(key, number, "张示例")
    link()
    for act, subject in [*acts, ("link", None)]:
        _act(act, subject)
        where = linked.persons()
        with transaction(Role.ETL) as connection:
            memory = read_memory(connection)
        assert [pair for pair in memory.never if where[pair[0]] == where[pair[1]]] == []
    assert [pair for pair in memory.same if where[pair[0]] != where[pair[1]]] == []


def _act(act: str, subject: object) -> None:
    if act == "link":
        link()
    elif act == "withdraw":
        newest = linked.rows("select max(decision_id) from identity.steward_decision where withdrawn_at is null")[0][0]
        if newest:
            withdraw(int(str(newest)))
    elif act == "change":
        key, number = subject  # type: ignore[misc]
        put(key, number, "张示例")
    else:
        try:
            decide(act, *subject)  # type: ignore[misc]
        except NotAllowed:
            return
