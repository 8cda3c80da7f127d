"""Everything a verdict on a few rows depends on, loaded and decided as the next linking would, without writing anything."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from warehouse.identity.decision import Decision
from warehouse.identity.loading import Loaded, load
from warehouse.identity.memory import Key
from warehouse.identity.neighbourhood import gather
from warehouse.identity.prior import model_in_use, standing_persons, told_by_stewards
from warehouse.identity.record_store import begin, finish, touch
from warehouse.identity.records import NOTHING, Records
from warehouse.identity.what_if import World

COUNTS = """
select r.record_id,
  (select count(*) from identity.record_key k join identity.record o using (record_id)
   where k.key = r.name_code and o.name_code = r.name_code and o.feed = any(:sees)),
  (select count(*) from identity.record_key k join identity.record o using (record_id)
   where k.key = r.text_code and o.text_code = r.text_code and o.feed = any(:sees)),
  (select count(distinct coalesce(o.name_code, 0)) from identity.record o
   where o.phone_code = r.phone_code and o.feed = any(:sees))
from near n join identity.record r using (record_id) where r.feed = any(:sees) order by r.record_id
"""


@dataclass(frozen=True)
class Surroundings:
    """The world around some rows: `decided` (the engine's verdicts), `before` (before likeness spoke), `places` of the rows."""

    world: World
    decided: pd.DataFrame
    before: Decision
    places: Mapping[Key, int]


def surroundings(connection: Connection, keys: Collection[Key], as_of: date, sees: frozenset[str] | None = None) -> Surroundings:
    """The neighbourhood of linked rows, decided now.

    Args:
        sees: only rows of these feeds are there at all, and nothing counts the others; None: all.
    """
    # Nothing is put between them: the temp tables that a neighbourhood is gathered from stand empty but for our rows.
    begin(connection)
    finish(connection)
    touch(connection, keys)
    gather(connection)
    loaded = load(connection, as_of, "near")
    records = loaded.records if sees is None else _only(connection, loaded, sees)
    standing = pd.factorize(standing_persons(connection, loaded))[0].astype(np.int64) if sees is None else None
    rows = records.rows
    told = zip(rows["feed"].astype(str), rows["source_key"], strict=True)
    places = {key: place for place, key in enumerate(told)}
    world = World(records, told_by_stewards(connection, rows), model_in_use(connection), standing)
    return Surroundings(world, world.decided(), world.before_likeness(), places)


def _only(connection: Connection, loaded: Loaded, sees: frozenset[str]) -> Records:
    """The records of these feeds as if there were no others: what the registers of other feeds tell is gone too."""
    records = loaded.records
    kept = records.rows["feed"].isin(sees).to_numpy()
    rows = records.rows[kept].reset_index(drop=True)
    rows["feed"] = rows["feed"].cat.remove_unused_categories()
    counts = np.array([tuple(row)[1:] for row in connection.execute(text(COUNTS), {"sees": sorted(sees)})], dtype=np.int64).reshape(-1, 3)
    of_name, of_text, of_phone = (
        _of_codes(rows[column].to_numpy(), counts[:, place], size)
        for place, (column, size) in enumerate(
            (("name", len(records.names)), ("text_number", len(records.texts)), ("phone", int(rows["phone"].max()) + 1 if len(rows) else 0))
        )
    )
    number = rows["number"].to_numpy()
    used = np.unique(number[number != NOTHING])
    rows["number"] = np.append(np.searchsorted(used, number), 0)[:-1].astype(np.int32)
    rows.loc[number == NOTHING, "number"] = np.int32(NOTHING)
    every = connection.execute(text("select count(*) from identity.record where feed = any(:sees)"), {"sees": sorted(sees)}).scalar_one()
    return replace(
        records, rows=rows, numbers=records.numbers[used], changes=[], aliases={}, births={},
        name_rows=of_name, text_rows=of_text, phone_names=of_phone, all_rows=every,
    )  # fmt: skip


def _of_codes(codes: np.ndarray, counts: np.ndarray, size: int) -> np.ndarray:
    found = np.zeros(size, dtype=np.int64)
    found[codes[codes != NOTHING]] = counts[codes != NOTHING]
    return found
