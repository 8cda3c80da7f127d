"""What a decision is worth, and which decisions cannot stand beside each other."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.identity.memory import Key, Memory, contradiction
from warehouse.identity.worth import Hanging, together, value_of

ODDS = st.floats(-30, 30)
SIDE = Hanging(rows=4, feeds=frozenset({"job_seekers", "trainings"}))
KEYS: list[Key] = [("job_seekers", str(n)) for n in range(6)]


@given(ODDS, ODDS)
def test_the_less_sure_is_worth_at_least_as_much(one: float, other: float) -> None:
    unsure, sure = sorted((one, other), key=abs)
    assert value_of(unsure, SIDE) >= value_of(sure, SIDE)


def test_no_model_counts_as_fully_unsure_and_a_sure_one_is_still_worth_something() -> None:
    assert value_of(None, SIDE) == value_of(0.0, SIDE)
    assert 0 < value_of(30.0, SIDE) < value_of(0.0, SIDE) / 10


def test_uncertainty_is_that_of_the_probability() -> None:
    p = 1 / (1 + math.exp(-1.3))
    assert value_of(1.3, SIDE) / value_of(0.0, SIDE) == pytest.approx(4 * p * (1 - p))


@pytest.mark.parametrize(
    "more",
    [
        Hanging(5, SIDE.feeds),
        Hanging(4, SIDE.feeds | {"means_checks"}),
        Hanging(4, SIDE.feeds, has_release_notice=True),
        Hanging(4, SIDE.feeds, has_open_handoff=True),
    ],
    ids=["a row", "a feed", "a release notice", "an open handoff"],
)
def test_each_thing_that_hangs_on_it_raises_the_value(more: Hanging) -> None:
    assert value_of(0.5, more) > value_of(0.5, SIDE)


def test_one_agency_more_outranks_many_rows_of_the_same() -> None:
    assert value_of(0.0, Hanging(4, frozenset("abc"))) > value_of(0.0, Hanging(12, frozenset("ab")))


def test_a_feed_both_sides_have_counts_once() -> None:
    both = together([SIDE, Hanging(2, frozenset({"trainings"}), has_open_handoff=True)])
    assert both == Hanging(6, SIDE.feeds, has_release_notice=False, has_open_handoff=True)


def joined(pairs: list[tuple[Key, Key]]) -> dict[Key, set[Key]]:
    """Rows that `same` decisions make one, the slow way."""
    groups = {key: {key} for key in KEYS}
    for one, other in pairs:
        whole = groups[one] | groups[other]
        for key in whole:
            groups[key] = whole
    return groups


PAIRS = st.lists(st.sampled_from(KEYS), min_size=2, max_size=2, unique=True).map(lambda two: tuple(sorted(two)))


@given(st.lists(st.tuples(st.sampled_from(["same", "never"]), PAIRS), max_size=12))
def test_decisions_taken_while_none_contradicts_never_have_a_never_inside_a_same(acts: list[tuple[str, tuple[Key, Key]]]) -> None:
    memory = Memory()
    for kind, (one, other) in acts:
        stands = getattr(memory, kind)
        trial = Memory(
            [*memory.same, *([(one, other)] if kind == "same" else [])], [*memory.never, *([(one, other)] if kind == "never" else [])]
        )
        groups = joined(trial.same)
        is_wrong = any(b in groups[a] for a, b in trial.never)
        assert bool(contradiction(memory, kind, one, other)) == is_wrong  # type: ignore[arg-type]
        if not is_wrong:
            stands.append((one, other))
