"""Who might be who: for rows without a sure person, the groups that share at least one named blocking key with them.

Only equality of small numbers is asked, in an embedded DuckDB; comparing and deciding come after.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from warehouse.identity.births import NO_DAY
from warehouse.identity.joins import cursor
from warehouse.identity.names import Names
from warehouse.identity.records import NOTHING

# A key that more rows share says nothing of one person; rows without another key are not found by it.
MOST_ROWS_PER_KEY = 200
# Keys are looked for together until they are so many.
ROWS_AT_ONCE = 500_000
FIND = """
insert into pair
with wanted as (select kind, key, grp, position from theirs semi join mine using (kind, key)),
telling as (select kind, key from wanted group by kind, key having count(*) <= $most)
select distinct m.node, w.grp from mine m join telling using (kind, key) join wanted w using (kind, key)
where w.grp <> m.own and w.position <> m.position
"""
DECADE_DAYS = 3653
_DAYS_BEFORE_1970 = 1 << 16
_DAY_BITS, _COUNTY_BITS, _CODE_BITS = 18, 20, 31


@dataclass(frozen=True)
class Rows:
    """Rows as they are compared, arrays of one length: group, name, birth (days), phone, house, county (residence, else hukou),
    sex, feed."""

    position: np.ndarray
    name: np.ndarray
    birth: np.ndarray
    phone: np.ndarray
    house: np.ndarray
    hukou: np.ndarray
    residence: np.ndarray
    sex: np.ndarray
    feed: np.ndarray

    def frame(self) -> pd.DataFrame:
        """The arrays as columns."""
        return pd.DataFrame({name: getattr(self, name) for name in self.__dataclass_fields__})


def row_keys(names: Names, rows: Rows, *, is_looking: bool) -> Iterator[tuple[str, np.ndarray]]:
    """The named blocking keys of rows, one after the other: int64, -1 where a part is missing.

    Args:
        is_looking: the rows look for their person (else they are there to be found).
    """
    name = np.where(np.append(names.is_placeholder, True)[rows.name], NOTHING, rows.name)
    plain, sound, given = (np.append(column, np.int32(NOTHING))[name] for column in (names.plain, names.sound, names.given))
    day = np.where(rows.birth == NO_DAY, NOTHING, rows.birth.astype(np.int64) + _DAYS_BEFORE_1970)
    decade = np.where(day == NOTHING, NOTHING, day // DECADE_DAYS)
    county = np.where(rows.residence == NOTHING, rows.hukou, rows.residence)
    days, codes = (day, _DAY_BITS), _CODE_BITS
    yield "name as written alike, and birth", _packed((plain, codes), days)
    yield "sound of the name, and birth", _packed((sound, codes), days)
    yield "given name, and birth", _packed((given, codes), days)
    yield "phone, and birth", _packed((rows.phone, codes), days)
    yield "dwelling, and birth", _packed((rows.house, codes), days)
    yield "sound of the name, and phone", _packed((sound, codes), (rows.phone, codes))
    yield "sound of the name, and dwelling", _packed((sound, codes), (rows.house, codes))
    yield "given name, and phone", _packed((given, codes), (rows.phone, codes))
    yield "given name, and dwelling", _packed((given, codes), (rows.house, codes))
    yield "name as written alike, county, and about the decade of birth", _packed((plain, 26), (county, _COUNTY_BITS), (decade, 10))
    # Only a row without a date looks this way; it may find rows that have one.
    everywhere = _packed((plain, 26), (county, _COUNTY_BITS))
    yield "name as written alike, and county", np.where(is_looking & (day != NOTHING), NOTHING, everywhere)


def number_keys(numbers: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The named blocking keys of 18-character numbers (S18): parts that survive a slip or a spreadsheet; -1 where there is none."""
    digits = np.frombuffer(np.ascontiguousarray(numbers, dtype="S18").tobytes(), dtype=np.uint8).reshape(-1, 18).astype(np.int64) - 48
    is_whole = (digits[:, :17] >= 0).all(axis=1) & (digits[:, :17] <= 9).all(axis=1)
    parts = {"first fifteen digits": range(15), "digits 9 to 17": range(8, 17), "county and sequence": (*range(6), *range(15, 18))}
    for name, places in parts.items():
        value = np.zeros(len(digits), dtype=np.int64)
        for place in places:
            value = value * 43 + digits[:, place] if place == 17 else value * 10 + digits[:, place]
        yield name, np.where(is_whole, value, NOTHING)


def _packed(*parts: tuple[np.ndarray, int]) -> np.ndarray:
    packed, is_missing = np.zeros(len(parts[0][0]), dtype=np.int64), np.zeros(len(parts[0][0]), dtype=bool)
    for column, bits in parts:
        packed = (packed << bits) | column.astype(np.int64)
        is_missing |= column == NOTHING
    return np.where(is_missing, NOTHING, packed)


class Finder:
    """Collects (node, group) pairs over many keys, each pair once."""

    def __init__(self, node_rows: pd.DataFrame, group: np.ndarray, own: np.ndarray) -> None:
        """`node_rows`: node, position (one of its rows); `group`: the group of every row; `own`: the group a node leaves out, by node."""
        self._connection = cursor()
        self._connection.execute("create temporary table pair (node integer, grp bigint)")
        self._node, self._position = node_rows["node"].to_numpy(), node_rows["position"].to_numpy()
        self._own, self._group = own, group
        self._kinds = 0
        self._waiting: list[tuple[pa.Table, pa.Table]] = []

    def by_rows(self, node_key: np.ndarray, key: np.ndarray) -> None:
        """Pairs whose rows share the key; `node_key` by row of `node_rows`, `key` by row of everything."""
        self._look_for(node_key, self._node, self._position, key, self._group)

    def by_numbers(self, node_key: np.ndarray, key: np.ndarray, group: np.ndarray) -> None:
        """Pairs whose numbers share the key; `node_key` by node, `key` and `group` by number."""
        self._look_for(node_key, np.arange(len(node_key)), np.full(len(node_key), NOTHING), key, group)

    def _look_for(self, node_key: np.ndarray, node: np.ndarray, position: np.ndarray, key: np.ndarray, group: np.ndarray) -> None:
        looking, known = np.flatnonzero(node_key != NOTHING), np.flatnonzero(key != NOTHING)
        self._kinds += 1
        if not len(looking):
            return
        mine = {"key": node_key[looking], "node": node[looking], "position": position[looking], "own": self._own[node[looking]]}
        theirs = {"key": key[known], "grp": group[known], "position": known}
        self._waiting.append((self._table(mine), self._table(theirs)))
        if sum(len(table) for _, table in self._waiting) > ROWS_AT_ONCE:
            self._find()

    def _table(self, columns: dict[str, np.ndarray]) -> pa.Table:
        kind = np.full(len(columns["key"]), self._kinds, dtype=np.int8)
        return pa.table({"kind": kind} | {name: column.astype(np.int64, copy=False) for name, column in columns.items()})

    def _find(self) -> None:
        for name, place in (("mine", 0), ("theirs", 1)):
            self._connection.register(name, pa.concat_tables([tables[place] for tables in self._waiting]))
        self._connection.execute(FIND, {"most": MOST_ROWS_PER_KEY})
        self._connection.unregister("mine")
        self._connection.unregister("theirs")
        self._waiting.clear()

    def pairs(self) -> pd.DataFrame:
        """Each pair once: node, group, ordered."""
        if self._waiting:
            self._find()
        found = self._connection.execute("select distinct node, grp from pair order by node, grp").fetchnumpy()
        self._connection.close()
        return pd.DataFrame({"node": found["node"], "group": found["grp"]})
