"""Stored codes find the same candidates as the keys of a linking in memory."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from benchmarks.identity.crowd import crowd
from benchmarks.identity.rates import AS_OF
from core.sealing import KeyFolder
from warehouse.identity.births import NO_DAY
from warehouse.identity.candidates import Rows, number_keys, row_keys
from warehouse.identity.keyed import NONE, NameCodes, codes_of, mixed, number_parts, place_codes, row_codes
from warehouse.identity.names import NOTHING
from warehouse.identity.records import Records, of_columns


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    KeyFolder(tmp_path / "keys").create_missing()
    monkeypatch.setenv("GUITU_KEYS", str(tmp_path / "keys"))


@pytest.fixture(scope="module")
def records() -> Records:
    return of_columns(pa.Table.from_pandas(crowd(3_000, 5, errors=2.0), preserve_index=False), AS_OF)


def groups(codes: np.ndarray, nothing: int | np.uint64) -> np.ndarray:
    """Each row's group by equal codes, numbered as they come; -1 where there is none."""
    return np.where(codes == nothing, -1, pd.factorize(np.where(codes == nothing, nothing, codes))[0])


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((pd.factorize(one)[0] == pd.factorize(other)[0]).all() and ((one == -1) == (other == -1)).all())


def test_rows_share_a_stored_code_exactly_where_they_share_the_key_of_that_name(records: Records) -> None:
    rows = records.rows
    arrays = {name: rows[name].to_numpy() for name in ("name", "birth", "phone", "house", "sex")}
    as_compared = Rows(
        position=np.arange(len(rows)),
        hukou=rows["hukou_region"].to_numpy(),
        residence=rows["residence_region"].to_numpy(),
        feed=rows["feed"].cat.codes.to_numpy(),
        **arrays,
    )
    names = NameCodes(records.names)
    codes = {name: np.append(getattr(names, name), NONE)[arrays["name"]] for name in ("plain", "sound", "given")}
    phone, house = (codes_of(name, [str(code) if code != NOTHING else None for code in arrays[name]]) for name in ("phone", "house"))
    county = np.where(as_compared.residence == NOTHING, as_compared.hukou, as_compared.residence)
    found, looking = place_codes(codes["plain"], county)
    stored = [*row_codes(codes, arrays["birth"], phone, house, county), found]
    for (name, key), code in zip(row_keys(records.names, as_compared, is_looking=False), stored, strict=True):
        assert len(set(key.tolist())) > 1, name
        assert same(groups(key, NOTHING), groups(code, NONE)), name
    assert same(groups(found, NONE), groups(looking, NONE))
    assert not set(found[found != NONE].tolist()) & set(looking.tolist())


def test_numbers_share_a_stored_part_exactly_where_they_share_the_key_of_that_name(records: Records) -> None:
    numbers = records.numbers
    stored = number_parts([number.decode() for number in numbers.tolist()])
    for (name, key), code in zip(number_keys(numbers), stored.T, strict=True):
        assert same(groups(key, NOTHING), groups(code, NONE)), name


def test_a_code_is_another_for_another_kind_and_another_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = ["王示例", None, ""]
    mine = codes_of("name", name)
    assert mine[0] != NONE
    assert mine[1:].tolist() == [0, 0]
    assert codes_of("phone", name)[0] != mine[0]
    KeyFolder(tmp_path / "other").create_missing()
    monkeypatch.setenv("GUITU_KEYS", str(tmp_path / "other"))
    assert codes_of("name", name)[0] != mine[0]


def test_nothing_is_mixed_with_nothing() -> None:
    one, none = np.array([7], dtype=np.uint64), np.array([0], dtype=np.uint64)
    assert mixed("a", one, none).tolist() == mixed("a", none, one).tolist() == [0]
    assert mixed("a", one, one)[0] != mixed("b", one, one)[0]
    assert NO_DAY < 0
