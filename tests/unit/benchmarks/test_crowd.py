"""The crowd the linking is measured on: the same for the same seed, numbers of the real form, errors as often as the table says."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.identity import rates
from benchmarks.identity.crowd import COLUMNS, crowd, late, write
from benchmarks.identity.people import People, number_texts, people
from expectations.forms.id_number import has_birth_date, has_checksum

PERSONS, SEED = 12_000, 3


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return crowd(PERSONS, SEED)


@pytest.fixture(scope="module")
def everyone() -> People:
    return people(PERSONS, SEED)


def fingerprint(frame: pd.DataFrame) -> str:
    return hashlib.sha256(pd.util.hash_pandas_object(frame).to_numpy().tobytes()).hexdigest()


def labelled(rows: pd.DataFrame, error: str) -> pd.Series:
    return rows["errors"].str.split("+").map(set).map(lambda found: error in found)


def test_one_seed_gives_one_crowd_and_another_seed_another() -> None:
    assert fingerprint(crowd(1000, 5)) == fingerprint(crowd(1000, 5))
    assert fingerprint(crowd(1000, 5)) != fingerprint(crowd(1000, 6))


def test_the_file_holds_the_rows_of_the_frame(tmp_path: Path) -> None:
    count = write(tmp_path / "crowd.parquet", 1000, 5)
    told = pd.read_parquet(tmp_path / "crowd.parquet")
    assert count == len(told)
    assert fingerprint(told) == fingerprint(crowd(1000, 5))


def test_rows_have_the_agreed_columns_and_count_from_zero(rows: pd.DataFrame) -> None:
    assert tuple(rows.columns) == COLUMNS
    assert (rows["record_id"] == np.arange(len(rows))).all()
    assert rows["source_key"].is_unique
    assert set(rows["feed"]) == set(rates.FEEDS)
    assert (rows["id_type_code"].eq("999") == rows["id_number"].isna()).all()


def test_agencies_hold_the_share_of_the_people_they_cover(rows: pd.DataFrame) -> None:
    for feed, share in zip(rates.FEEDS, rates.COVERAGE, strict=True):
        held = rows.loc[rows["feed"] == feed, "true_person"]
        assert held.nunique() / PERSONS == pytest.approx(share, abs=0.02)
        assert held.duplicated().mean() == pytest.approx(rates.DUPLICATES, abs=0.01)


def test_undamaged_numbers_are_valid_and_say_the_birth_date_of_the_row(rows: pd.DataFrame) -> None:
    sound = rows[(rows["errors"] == "none") & rows["birth_date"].notna()]
    assert len(sound) > PERSONS
    assert all(has_checksum(number) and has_birth_date(number, rates.AS_OF) for number in sound["id_number"])
    said = sound["id_number"].str[6:10] + "-" + sound["id_number"].str[10:12] + "-" + sound["id_number"].str[12:14]
    assert (said == sound["birth_date"]).all()


def test_no_two_people_have_one_number_but_those_it_was_issued_to_twice(everyone: People) -> None:
    numbers = pd.Series(number_texts(everyone.number))
    shared = numbers.duplicated(keep=False).to_numpy()
    assert (shared == everyone.is_double).all()
    assert 0 < shared.sum() <= 2 * max(1, PERSONS * rates.DOUBLE_NUMBER) + 1
    assert not np.isin(everyone.second_number[everyone.second_number > 0], everyone.number).any()


def test_twins_stand_in_one_household_born_on_one_day_with_neighbouring_numbers(everyone: People) -> None:
    pairs = pd.DataFrame(
        {"household": everyone.household, "birth": everyone.birth, "place": everyone.number // 10**11, "n": everyone.number % 1000}
    )
    twins = pairs[pairs.duplicated(["household", "birth", "place"], keep=False)]
    apart = twins.groupby(["household", "birth"])["n"].agg(lambda n: n.max() - n.min())
    assert len(apart) > PERSONS / 500
    assert (apart <= 2).mean() > 0.98  # the end of the sequence, or a number already given, parts a few


def test_children_are_younger_than_their_parents(everyone: People) -> None:
    frame = pd.DataFrame({"household": everyone.household, "role": np.array(list("ABCFHMOPST"))[everyone.role], "birth": everyone.birth})
    parents = frame[frame["role"].isin(["H", "P"])].set_index("household")["birth"]
    children = frame[frame["role"].isin(["C", "T"]) & frame["household"].isin(parents.index)]
    assert ((children["birth"].to_numpy() - parents.reindex(children["household"]).to_numpy()) > 14 * 365).all()


@pytest.mark.parametrize("error", ["id_missing", "id_typo", "id_dirty", "name_homophone", "name_space", "birth_missing"])
def test_errors_happen_about_as_often_as_the_table_says(rows: pd.DataFrame, error: str) -> None:
    # Whole classes: those that can happen to every row. The others depend on what there is to damage.
    expected = sum(rate * (rows["feed"] == feed).sum() for feed, rate in zip(rates.FEEDS, rates.RATES[error], strict=True))
    assert labelled(rows, error).sum() == pytest.approx(expected, rel=0.3)


def test_every_class_of_error_is_in_a_crowd_and_doubling_the_rates_doubles_them(rows: pd.DataFrame) -> None:
    seen = set("+".join(rows["errors"]).split("+"))
    assert seen == {*rates.CLASSES, "none"}
    twice = (crowd(PERSONS, SEED, errors=2.0)["errors"] != "none").mean()
    assert twice == pytest.approx(2 * (rows["errors"] != "none").mean(), rel=0.25)


def test_a_borrowed_number_belongs_to_somebody_else_and_a_missing_one_is_not_there(rows: pd.DataFrame, everyone: People) -> None:
    holders = dict(zip(number_texts(everyone.number), range(PERSONS), strict=True))
    borrowed = rows[rows["errors"] == "id_borrowed"]
    assert all(holders[number] != person for number, person in zip(borrowed["id_number"], borrowed["true_person"], strict=True))
    assert rows.loc[labelled(rows, "id_missing"), "id_number"].isna().all()


def test_late_rows_are_taken_from_the_frame_and_lost_to_neither(rows: pd.DataFrame) -> None:
    stays, comes = late(rows, 100)
    assert len(comes) == 100
    assert sorted([*stays["record_id"], *comes["record_id"]]) == rows["record_id"].tolist()
