from itertools import count

import pandas as pd

from warehouse.identity.persons import Assignment, assign


def decided(**clusters: int) -> pd.DataFrame:
    return pd.DataFrame({"feed": "drug_tests", "source_key": list(clusters), "cluster": list(clusters.values())})


def links(**persons: str) -> pd.DataFrame:
    return pd.DataFrame({"feed": "drug_tests", "source_key": list(persons), "person_id": list(persons.values())})


def assigned(new: pd.DataFrame, old: pd.DataFrame, *ages: str) -> Assignment:
    numbers = count(1)
    return assign(new, old, {person: age for age, person in enumerate(ages)}, lambda: f"new {next(numbers)}")


def test_a_cluster_never_seen_gets_a_new_id() -> None:
    assert assigned(decided(a=0, b=0, c=5), links()) == Assignment({0: "new 1", 5: "new 2"}, ("new 1", "new 2"), {})


def test_a_cluster_keeps_its_id_whatever_its_number() -> None:
    assert assigned(decided(a=7, b=7), links(a="P1"), "P1") == Assignment({7: "P1"}, (), {})


def test_a_merge_keeps_the_older_id_and_points_from_the_younger() -> None:
    found = assigned(decided(a=1, b=1, c=1), links(a="young", b="old", c="young"), "old", "young")
    assert found == Assignment({1: "old"}, (), {"young": "old"})


def test_a_split_leaves_the_id_with_most_rows() -> None:
    found = assigned(decided(a=1, b=2, c=2), links(a="P1", b="P1", c="P1"), "P1")
    assert found == Assignment({2: "P1", 1: "new 1"}, ("new 1",), {}, {"new 1": "P1"})


def test_an_id_whose_rows_are_gone_is_neither_used_nor_merged() -> None:
    found = assigned(decided(b=1), links(a="P1", b="P2"), "P1", "P2")
    assert found == Assignment({1: "P2"}, (), {})


def test_a_part_that_leaves_takes_its_former_id_back() -> None:
    rows = decided(a=1, b=1, c=2)
    found = assign(rows, links(a="P1", b="P1", c="P1"), {"P1": 0, "P2": 1}, former=links(c="P2"))
    assert found == Assignment({1: "P1", 2: "P2"}, (), {}, {"P2": "P1"}, ("P2",))


def test_a_former_id_comes_back_to_one_part_only() -> None:
    rows = decided(a=1, b=1, c=2, d=3, e=3)
    found = assign(rows, links(a="P1", b="P1"), {"P1": 0, "P2": 1}, lambda: "new", links(c="P2", d="P2", e="P2"))
    assert (found.person_of[3], found.revived, found.new) == ("P2", ("P2",), ("new",))
