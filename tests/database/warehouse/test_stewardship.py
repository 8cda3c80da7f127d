"""Stewards decide, split, take back; the review queue follows the linking; agreement with the model is counted."""

from __future__ import annotations

import pandas as pd
import pytest
from linked import person, persons, rows, run
from sqlalchemy.exc import IntegrityError

from core.errors import NotAllowed
from warehouse.__main__ import main
from warehouse.database import Role, transaction
from warehouse.identity import review, stewards
from warehouse.identity.memory import Key, Memory, mark_known, read_memory, touched_since

pytestmark = pytest.mark.usefixtures("warehouse_url")
DRUG, SEEKER, MEMBER, ROSTER = ("drug_tests", "t1"), ("job_seekers", "j1"), ("assistance_members", "m1"), ("centre_roster", "r1")


def put(**rows_of: list[Key]) -> None:
    with transaction(Role.ETL) as connection:
        for person_id, keys in rows_of.items():
            person(connection, person_id, keys)


def decide(kind: str, one: Key, other: Key, reason: str = "both documents seen") -> int:
    with transaction(Role.ETL) as connection:
        return stewards.decide_pair(connection, kind, one, other, "wang", reason)  # type: ignore[arg-type]


def withdraw(decision_id: int) -> tuple[int, ...]:
    with transaction(Role.ETL) as connection:
        return stewards.withdraw(connection, decision_id, "li", "the document was another person's")


def memory() -> Memory:
    with transaction(Role.ETL) as connection:
        return read_memory(connection)


def proposal(one: Key, other: Key | None, **said: object) -> dict[str, object]:
    given = {"person_id": None, "rule": "9", "kind": "doubtful_match", "odds": 0.5, "evidence": {"name": "homophone", "birth": "same"}}
    other_feed, other_key = other or (None, None)
    return {"feed": one[0], "source_key": one[1], "other_feed": other_feed, "other_source_key": other_key, **given, **said}


def refresh(*proposals: dict[str, object], scope: set[Key] | None = None) -> tuple[int, int, int]:
    with transaction(Role.ETL) as connection:
        done = review.refresh(connection, pd.DataFrame(list(proposals), columns=list(review.PROPOSED)), run(connection), scope)
    return done.opened, done.unchanged, done.stale


def queue() -> list[review.Case]:
    with transaction(Role.ETL) as connection:
        return review.queue(connection)


def settle(case_id: int, kind: str) -> int:
    with transaction(Role.ETL) as connection:
        return review.settle(connection, case_id, kind, "wang", "both documents seen")  # type: ignore[arg-type]


def test_a_never_takes_the_second_row_out_at_once_with_history() -> None:
    put(p=[DRUG, SEEKER, MEMBER])
    decide("never", DRUG, SEEKER)
    found = persons()
    assert found[DRUG] == found[MEMBER] == "p"
    assert found[SEEKER] != "p"
    assert memory() == Memory(never=[(DRUG, SEEKER)])
    assert rows("select feed, person_id, rule from identity.link_history") == [("job_seekers", "p", "1")]
    assert rows("select rule, evidence from identity.link where feed = 'job_seekers'") == [
        ("steward", {"name": "same", "steward": "never"})
    ]
    assert rows("select person_id, kind, other_person_id from identity.person_event") == [(found[SEEKER], "split", "p")]


def test_a_same_waits_for_the_next_linking() -> None:
    put(p=[DRUG], q=[SEEKER])
    decide("same", SEEKER, DRUG)
    assert memory() == Memory(same=[(DRUG, SEEKER)])
    assert persons() == {DRUG: "p", SEEKER: "q"}


@pytest.mark.parametrize(
    "reason",
    ["", "  ", "see 11010519491231002X", "see 1101 0519 4912 310", "see １１０１０５１９４９１２３１０", "see 110105-19491231-002"],
)
def test_a_reason_is_given_and_holds_no_long_number(reason: str) -> None:
    put(p=[DRUG], q=[SEEKER])
    with pytest.raises(NotAllowed, match=r"needs a reason|15 digits"):
        decide("never", DRUG, SEEKER, reason)
    assert memory() == Memory()


def test_a_decision_that_contradicts_what_stands_is_refused_and_names_it() -> None:
    put(p=[DRUG], q=[SEEKER], r=[MEMBER], s=[ROSTER])
    first, second = decide("same", DRUG, SEEKER), decide("same", SEEKER, MEMBER)
    with pytest.raises(NotAllowed, match=f"contradicts what stands: decisions {first}, {second}"):
        decide("never", DRUG, MEMBER)
    never = decide("never", ROSTER, DRUG)
    with pytest.raises(NotAllowed, match=f"contradicts what stands: decisions {never};"):
        decide("same", MEMBER, ROSTER)
    with pytest.raises(NotAllowed, match=f"decided by decision {never}: withdraw it first"):
        decide("same", DRUG, ROSTER)
    with pytest.raises(NotAllowed, match="drug_tests t9 is not linked"):
        decide("same", DRUG, ("drug_tests", "t9"))
    with pytest.raises(NotAllowed, match="two different rows"):
        decide("same", DRUG, DRUG)


def test_a_decision_taken_back_stays_in_the_table_and_the_pair_can_be_decided_anew() -> None:
    put(p=[DRUG], q=[SEEKER])
    first = decide("never", DRUG, SEEKER)
    assert withdraw(first) == (first,)
    with pytest.raises(NotAllowed, match="does not stand"):
        withdraw(first)
    decide("same", DRUG, SEEKER)
    assert memory() == Memory(same=[(DRUG, SEEKER)])
    assert rows("select kind, withdrawn_by from identity.steward_decision order by 1") == [("never", "li"), ("same", None)]


def test_rows_of_decisions_are_touched_until_a_linking_knows_them() -> None:
    put(p=[DRUG], q=[SEEKER], r=[MEMBER])
    decision = decide("never", DRUG, SEEKER)
    with transaction(Role.ETL) as connection:
        assert touched_since(connection) == {DRUG, SEEKER}
        before, linking = run(connection), run(connection)
        assert mark_known(connection, linking) == 1
        assert touched_since(connection) == touched_since(connection, linking) == set()
        assert touched_since(connection, before) == {DRUG, SEEKER}
    withdraw(decision)
    with transaction(Role.ETL) as connection:
        assert touched_since(connection) == {DRUG, SEEKER}
        assert mark_known(connection, run(connection)) == 1
        assert touched_since(connection) == set()


def test_a_split_takes_the_rows_out_together_with_one_decision_each_and_is_undone_as_one() -> None:
    stays, others = ("population_changes", "x"), [("drug_tests", f"t{n}") for n in range(4)]
    put(p=[MEMBER, stays, *others])
    with transaction(Role.ETL) as connection:
        done = stewards.split(connection, "p", others[:2], "wang", "another person's tests")
    found = persons()
    assert {found[key] for key in others[:2]} == {done.person_id}
    assert {found[key] for key in (MEMBER, stays, *others[2:])} == {"p"}
    assert memory().never == [(key, stays) for key in others[:2]], "the register's row stands for those that stay"
    assert withdraw(done.decision_ids[1]) == done.decision_ids
    assert memory() == Memory()


def test_a_split_names_rows_of_the_person_and_leaves_some() -> None:
    put(p=[DRUG, SEEKER], q=[MEMBER])
    for keys in ([DRUG, SEEKER], [MEMBER], []):
        with pytest.raises(NotAllowed, match="name some but not all"), transaction(Role.ETL) as connection:
            stewards.split(connection, "p", keys, "wang", "another person")


def test_the_queue_opens_once_leaves_alone_and_withdraws_what_changed() -> None:
    put(p=[DRUG], q=[SEEKER], r=[MEMBER])
    asked = [proposal(SEEKER, DRUG), proposal(MEMBER, DRUG, odds=None, kind="number_conflict", rule="3")]
    assert refresh(*asked) == (2, 0, 0)
    before = {case.case_id for case in queue()}
    turned = proposal(DRUG, SEEKER, odds=0.9)
    assert refresh(turned, asked[1]) == (0, 2, 0), "the direction of a pair and the model's odds are no new question"
    assert {case.case_id for case in queue()} == before
    assert refresh(proposal(SEEKER, DRUG, evidence={"name": "same", "birth": "same"}), asked[1]) == (1, 1, 1)
    assert refresh(asked[1]) == (0, 1, 1)
    assert rows("select status, count(*) from identity.review_case group by 1 order by 1") == [("open", 1), ("stale", 2)]
    assert refresh() == (0, 0, 1)


def test_a_night_that_looked_at_some_rows_leaves_other_cases_alone() -> None:
    put(p=[DRUG], q=[SEEKER], r=[MEMBER], s=[ROSTER])
    refresh(proposal(SEEKER, DRUG), proposal(MEMBER, ROSTER))
    assert refresh(scope={SEEKER}) == (0, 0, 1)
    assert [case.one for case in queue()] == [MEMBER]
    assert refresh(proposal(MEMBER, ROSTER), scope=set()) == (0, 1, 0)


def test_an_evidence_that_could_be_a_value_is_refused() -> None:
    put(p=[DRUG], q=[SEEKER])
    for said in ("张三", "13800000000", "1985-03-12", 19850312):
        with pytest.raises(ValueError, match=r"no class|large number"):
            refresh(proposal(SEEKER, DRUG, evidence={"name": said}))


def test_the_case_with_a_release_and_more_agencies_is_asked_first() -> None:
    put(p=[("job_seekers", f"j{n}") for n in range(20)], q=[MEMBER], r=[DRUG, ("release_notices", "n")], s=[ROSTER])
    refresh(
        proposal(("job_seekers", "j1"), MEMBER, odds=0.1),
        proposal(ROSTER, DRUG, odds=0.1),
        proposal(MEMBER, ROSTER, odds=5.0),
    )
    first, second, third = queue()
    assert first.one == ROSTER
    assert first.person_id == "r"
    assert (second.one, third.one) == (("job_seekers", "j1"), MEMBER)
    assert first.value > second.value > third.value > 0


def test_a_settled_case_is_a_decision_and_is_not_asked_again() -> None:
    put(p=[DRUG], q=[SEEKER])
    refresh(proposal(SEEKER, DRUG), proposal(SEEKER, DRUG, kind="number_conflict", rule="3", odds=None))
    case = queue()[0]
    settle(case.case_id, "never")
    assert memory().never == [(DRUG, SEEKER)]
    assert queue() == []
    assert refresh(proposal(SEEKER, DRUG)) == (0, 0, 0)
    with pytest.raises(NotAllowed, match="is not open"):
        settle(case.case_id, "same")


def test_a_decided_case_asked_again_is_a_new_case_and_its_decision_is_withdrawn() -> None:
    put(p=[DRUG], q=[SEEKER])
    refresh(proposal(SEEKER, DRUG))
    settle(queue()[0].case_id, "never")
    decided = rows("select case_id from identity.review_case")[0][0]
    with transaction(Role.ETL) as connection:
        asked = review.reopen(connection, int(str(decided)), "li", "a new document came")
    assert [case.case_id for case in queue()] == [asked]
    assert memory() == Memory()
    assert refresh(proposal(SEEKER, DRUG)) == (0, 1, 0)


def test_agreement_counts_decisions_that_stand_beside_what_the_model_leaned_to() -> None:
    put(p=[DRUG], q=[SEEKER], r=[MEMBER], s=[ROSTER])
    with transaction(Role.ETL) as connection:
        assert review.agreement(connection).share is None
    refresh(
        proposal(SEEKER, DRUG, odds=1.0),
        proposal(MEMBER, DRUG, odds=-1.0),
        proposal(ROSTER, DRUG, odds=2.0, rule="7"),
        proposal(ROSTER, MEMBER, odds=None, rule="3", kind="number_conflict"),
    )
    cases = {(case.one, case.other): case.case_id for case in queue()}
    settle(cases[SEEKER, DRUG], "same")
    settle(cases[MEMBER, DRUG], "same")
    taken_back = settle(cases[ROSTER, DRUG], "same")
    withdraw(taken_back)
    with transaction(Role.ETL) as connection:
        found = review.agreement(connection)
    assert (found.decided, found.agreed, found.share, dict(found.by_rule)) == (2, 1, 0.5, {"9": (2, 1)})


def test_the_commands_list_settle_and_take_back_without_a_name_or_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    put(p=[DRUG, MEMBER], q=[SEEKER])
    refresh(proposal(SEEKER, DRUG))
    case = queue()[0].case_id
    assert main(["review"]) == 0
    assert f"{case:>8}" in (listed := capsys.readouterr().out)
    assert "job_seekers j1" in listed
    assert "name homophone" in listed
    assert main(["review-settle", str(case), "never", "--reason", "two documents", "--by", "wang"]) == 0
    decision = memory_number()
    assert f"decision {decision}" in capsys.readouterr().out
    assert main(["review-agreement"]) == 0
    assert "0 of 1" in capsys.readouterr().out
    assert main(["review-withdraw", str(decision), "--reason", "mistaken", "--by", "li"]) == 0
    assert main(["review-withdraw", str(decision), "--reason", "mistaken", "--by", "li"]) == 1
    assert "does not stand" in capsys.readouterr().err
    assert main(["review-split", "p", "drug_tests:t1", "--reason", "another person", "--by", "wang"]) == 0
    assert persons()[DRUG] != "p"
    assert main(["review-decide", "same", "assistance_members:m1", "job_seekers:j1", "--reason", "seen", "--by", "wang"]) == 0
    assert memory().same == [(MEMBER, SEEKER)]


def memory_number() -> int:
    return int(str(rows("select max(decision_id) from identity.steward_decision")[0][0]))


def test_one_pair_has_one_open_decision_whoever_writes_it() -> None:
    put(p=[DRUG], q=[SEEKER])
    decide("same", DRUG, SEEKER)
    with pytest.raises(IntegrityError, match="steward_decision_open_uq"), transaction(Role.ETL) as connection:
        stewards._insert(connection, "same", DRUG, SEEKER, "x", "y", "z")
