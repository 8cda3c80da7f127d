"""Records for linking out of `identity.record`: all of them, or a neighbourhood that is decided as if it were all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
from sqlalchemy import Connection, text

from expectations.forms.dates import read_one as read_date
from warehouse.identity.births import NO_DAY
from warehouse.identity.comparison import ROWS_UNTIL_RARE
from warehouse.identity.crowd import PERSONS_PER_PHONE
from warehouse.identity.id_numbers import read_numbers
from warehouse.identity.names import Names, bare_keys
from warehouse.identity.reading import (
    BIRTH_CHANGE,
    CHANGES_FEED,
    NAME_CHANGE,
    NUMBER_CHANGE,
    REGISTER_FEED,
    Change,
    read_changes,
)
from warehouse.identity.record_store import open_values
from warehouse.identity.records import BUSINESS_KEYS, NOTHING, PLACES, NumberChange, Records, person_feeds

COLUMNS = {
    "number": "number_code",
    "text_number": "text_code",
    "name": "name_code",
    "phone": "phone_code",
    "house": "house_code",
    **{name: f"{name}_code" for name in BUSINESS_KEYS},
}
STANDING = ["person_id", "link_status", "rule"]
NEAR = [*STANDING, "is_decided", "has_spread"]
PLAIN = ("record_id", "version_id", "sex", *PLACES)


@dataclass(frozen=True)
class Loaded:
    """Records, and their `record_id` (int64) by row. Of a neighbourhood also `near`, by row: person_id, link_status and rule as they
    stand (None where nobody has decided), is_decided and has_spread."""

    records: Records
    record_id: np.ndarray
    near: pd.DataFrame | None = None


def load(connection: Connection, as_of: date, wanted: str | None = None, before: Loaded | None = None) -> Loaded:
    """The records of the temp table `wanted` (columns of `identity.record`), or all, in order of record_id.

    A subset (a neighbourhood's `near`) carries how often its names, phones and damaged numbers stand in all records, and how many
    there are in all, which is counted once (`before`: what was loaded earlier in this transaction).
    """
    table = _copy_out(connection, wanted)
    rows = pd.DataFrame(index=pd.RangeIndex(len(table)))
    rows["feed"] = pd.Categorical(table["feed"].to_pandas(), categories=[feed.feed for feed in person_feeds()])
    rows["source_key"] = table["source_key"].to_pandas()
    codes: dict[str, np.ndarray] = {}
    for name, column in COLUMNS.items():
        rows[name], codes[name] = _dense(table[column])
    rows["birth"] = table["birth_date"].fill_null(NO_DAY).to_numpy().astype(np.int32)
    rows["sex"] = table["sex"].to_numpy().astype(np.int8)
    for name in PLACES:
        rows[name] = table[name].fill_null(NOTHING).to_numpy().astype(np.int32)
    numbers, names, texts = (_values(connection, kind, codes[name], wanted) for kind, name in KINDS.items())
    records = Records(rows, np.array(numbers, dtype="S18"), Names.prepare(names), np.array(texts, dtype=object))
    if wanted is not None:
        records.name_rows, records.text_rows = (_counts(connection, kind, codes[kind_column]) for kind, kind_column in COUNTED.items())
        records.phone_names = _names_of_phones(connection, codes["phone"])
        records.all_rows = _count(connection) if before is None else before.records.all_rows
    _add_changes(connection, records, table, as_of, is_whole=wanted is None)
    return Loaded(records, table["record_id"].to_numpy(), None if wanted is None else table.select(NEAR).to_pandas().set_axis(rows.index))


KINDS = {"number": "number", "name": "name", "text": "text_number"}
COUNTED = {"name": "name", "text": "text_number"}


def _copy_out(connection: Connection, wanted: str | None) -> pa.Table:
    names = ["feed", "source_key", *COLUMNS.values(), *PLAIN, *([] if wanted is None else NEAR)]
    listed = ", ".join(f"r.{name}" for name in names)
    source = "identity.record r" if wanted is None else f"{wanted} r"
    day = "r.birth_date - date '1970-01-01' as birth_date"
    query = f"copy (select {listed}, {day} from {source} order by r.record_id) to stdout (format csv, header)"  # noqa: S608
    sink = BytesIO()
    with connection.connection.driver_connection.cursor() as cursor, cursor.copy(query) as copy:  # type: ignore[union-attr]
        for block in copy:
            sink.write(block)
    sink.seek(0)
    types = dict.fromkeys([*names, "birth_date"], pa.int64()) | {
        "feed": pa.dictionary(pa.int32(), pa.string()),
        **dict.fromkeys(["is_decided", "has_spread"], pa.bool_()),
        **dict.fromkeys(["source_key", *STANDING], pa.string()),
    }
    options = pacsv.ConvertOptions(
        column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False, true_values=["t"], false_values=["f"]
    )
    return pacsv.read_csv(sink, convert_options=options).combine_chunks()


def _dense(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Codes 0, 1, ... by row (-1 = none), and the stored code behind each."""
    stored = column.combine_chunks()
    stored = stored.combine_chunks() if isinstance(stored, pa.ChunkedArray) else stored
    coded = stored.dictionary_encode()
    places = coded.indices.fill_null(NOTHING).to_numpy(zero_copy_only=False).astype(np.int32)
    return places, coded.dictionary.to_numpy(zero_copy_only=False)


def _values(connection: Connection, kind: str, codes: np.ndarray, wanted: str | None) -> list[str]:
    """The value behind each code, "" where it is kept by its code alone."""
    opened = open_values(connection, kind, None if wanted is None else codes.tolist())
    return [opened.get(code, "") for code in codes.tolist()]


def _count(connection: Connection) -> int:
    """How many records there are, no farther than it matters to how rare a name is: counted, unless there are surely more."""
    about = connection.execute(text("select reltuples from pg_class where oid = 'identity.record'::regclass")).scalar_one()
    if about > 2 * ROWS_UNTIL_RARE:
        return ROWS_UNTIL_RARE
    counted = text("select count(*) from (select from identity.record limit :most) r")
    return int(connection.execute(counted, {"most": ROWS_UNTIL_RARE}).scalar_one())


def _counts(connection: Connection, kind: str, codes: np.ndarray) -> np.ndarray:
    told = connection.execute(
        text("select code, record_count from identity.value where kind = :kind and code = any(:codes)"),
        {"kind": kind, "codes": codes.tolist()},
    )
    found = dict(tuple(row) for row in told)
    return np.array([found.get(code, 0) for code in codes.tolist()], dtype=np.int64)


def _names_of_phones(connection: Connection, codes: np.ndarray) -> np.ndarray:
    """How many names stand beside each phone; 0 where they are too few to matter."""
    told = connection.execute(
        text(
            "select p.code, count(distinct coalesce(r.name_code, 0)) from identity.value p join identity.record r "
            "on r.phone_code = p.code "
            "where p.kind = 'phone' and p.code = any(:codes) and p.record_count > :few group by 1"
        ),
        {"codes": codes.tolist(), "few": PERSONS_PER_PHONE},
    )
    found = dict(tuple(row) for row in told)
    return np.array([found.get(code, 0) for code in codes.tolist()], dtype=np.int64)


def _add_changes(connection: Connection, records: Records, table: pa.Table, as_of: date, *, is_whole: bool) -> None:
    """Other names, births and numbers the registers tell of a number's holder."""
    rows = records.rows
    is_told = rows["feed"].isin([CHANGES_FEED, REGISTER_FEED]).to_numpy()
    if not is_told.any():
        return
    versions = rows[is_told].assign(version=table["version_id"].to_numpy()[is_told]).groupby("feed", observed=True)["version"].agg(list)
    changes = list(read_changes(connection, None if is_whole else {str(feed): found for feed, found in versions.items()}))
    mine = rows[is_told]
    told_by = {
        (feed, key): (number, name)
        for feed, key, number, name in zip(mine["feed"], mine["source_key"], mine["number"], mine["name"], strict=True)
    }
    known = [change for change in changes if (change.feed, change.source_key) in told_by]
    numbers = _number_codes(records, [value for change in known if change.kind == NUMBER_CHANGE for value in change.values], as_of)
    aliases: dict[int, set[str]] = defaultdict(set)
    births: dict[int, set[date]] = defaultdict(set)
    for change in known:
        number, name = told_by[change.feed, change.source_key]
        if change.kind == NUMBER_CHANGE:
            old, new = (numbers.get(value, NOTHING) for value in change.values)
            target = number if number != NOTHING else new
            if NOTHING not in (old, target) and old != target:
                records.changes.append(NumberChange(old, target, name))
        elif number != NOTHING:
            _tell(change, aliases[number], births[number])
    records.aliases = {code: frozenset(told) for code, told in aliases.items() if told}
    records.births = {code: frozenset(told) for code, told in births.items() if told}


def _tell(change: Change, aliases: set[str], births: set[date]) -> None:
    if change.kind == NAME_CHANGE:
        aliases.update(bare_keys([value for value in change.values if value]))
    elif change.kind == BIRTH_CHANGE:
        births.update(date.fromisoformat(day) for value in change.values if value and (day := read_date(value)[0]))


def _number_codes(records: Records, texts: list[str], as_of: date) -> Mapping[str, int]:
    """The number code of each text that is a number of the records."""
    if not texts:
        return {}
    code_of = {number: code for code, number in enumerate(records.numbers.tolist()) if number}
    keys = read_numbers([one or None for one in texts], as_of).key.tolist()
    return {one: code_of[key] for one, key in zip(texts, keys, strict=True) if key and key in code_of}
