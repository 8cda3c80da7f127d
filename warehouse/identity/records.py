"""The current rows about persons as columns of small numbers, with the few texts that comparing needs, opened once each.

Reading only; who is who is decided in `clusters`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from io import BytesIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
from sqlalchemy import ARRAY, BigInteger, Connection, any_, literal, select

from core.sealing import sealer
from expectations.agreement import Feed, feeds
from expectations.forms.dates import read_one as read_date
from expectations.forms.id_number import key_of
from expectations.forms.id_number import read_one as read_number
from warehouse.identity.document_numbers import normal_number
from warehouse.identity.names import bare_keys
from warehouse.tables.feeds import staging_table

NAME_CHANGE, NUMBER_CHANGE, BIRTH_CHANGE = "5", "6", "8"
BUSINESS_KEYS = ("registration_number", "order_number", "decision_number", "case_number", "job_seeker_number", "household_number")
DOCUMENT_KEYS = ("order_number", "decision_number")
PLACES = ("hukou_region_code", "residence_region_code")
# A number of these kinds is a key within its kind although it has no checksum of ours.
KINDS_WITH_OWN_NUMBERS = ("414", "511", "553")
OPEN_AT_ONCE = 50_000
NOTHING = -1


@dataclass(frozen=True)
class NumberChange:
    """The register corrected a number: rows of `old` under a like name are `new`'s. Codes of `Records.numbers` and names."""

    old: int
    new: int
    name: int


@dataclass
class Records:
    """Current rows, one per source record.

    `rows` columns: feed, source_key (text); number, text_number, name, phone and the business keys (codes, -1 = none);
    birth_date (datetime64[ns], NaT = none); sex_code, places (text or None). `numbers`: the 18-digit number per code, None where
    it is a passport's; `names`: name key per code; `number_texts`: number as read per code of text_number, only where the row
    has no number. `aliases`, `births`: other name keys and birth dates the registers tell, per number code.
    """

    rows: pd.DataFrame
    numbers: list[str | None]
    names: list[str]
    number_texts: Mapping[int, str]
    changes: list[NumberChange] = field(default_factory=list)
    aliases: Mapping[int, frozenset[str]] = field(default_factory=dict)
    births: Mapping[int, frozenset[date]] = field(default_factory=dict)

    @cached_property
    def changes_to(self) -> Mapping[int, list[NumberChange]]:
        """The register's corrections by the code of the new number."""
        found: dict[int, list[NumberChange]] = defaultdict(list)
        for change in self.changes:
            found[change.new].append(change)
        return found


def person_feeds() -> list[Feed]:
    """The feeds about persons, in agreement order."""
    return [feed for feed in feeds().values() if feed.is_about_persons]


def read_records(connection: Connection, as_of: date) -> Records:
    """Every current row of the person feeds. Numbers and names are opened once per distinct value, not once per row."""
    table = pa.concat_tables([_read_feed(connection, feed) for feed in person_feeds()], promote_options="default").unify_dictionaries()
    rows = pd.DataFrame({"feed": table["feed"].to_pandas(), "source_key": table["source_key"].to_pandas()})
    rows["version_id"] = table["version_id"].to_numpy()
    for name in ("number", "text_number", "name", "phone", *BUSINESS_KEYS):
        rows[name] = _codes(table[name])
    for name in DOCUMENT_KEYS:
        rows[name] = _normal_codes(table[name], rows[name].to_numpy())
    rows["birth_date"] = pd.to_datetime(table["birth_date"].to_pandas())
    for name in ("sex_code", *PLACES):
        rows[name] = table[name].to_pandas().astype("object").where(lambda column: column.notna(), None)
    numbers = _open_distinct(connection, rows, rows["number"].to_numpy(), "id_number")
    keys = [key_of(number, as_of) if number else None for number in numbers]
    names = bare_keys([name or "" for name in _open_distinct(connection, rows, rows["name"].to_numpy(), "name")])
    without = np.where(rows["number"] == NOTHING, rows["text_number"], NOTHING)
    number_texts = {code: value for code, value in enumerate(_open_distinct(connection, rows, without, "id_number")) if value}
    distinct_names = _merge_names(rows, names)
    records = Records(rows.drop(columns="version_id"), keys, distinct_names, number_texts)
    _read_changes(connection, records, as_of)
    return records


def _read_feed(connection: Connection, feed: Feed) -> pa.Table:
    table = staging_table(feed.feed)
    has = table.columns.keys()
    types = {"version_id": pa.int64(), "birth_date": pa.string()}
    own_kinds = ", ".join(f"'{kind}'" for kind in KINDS_WITH_OWN_NUMBERS)
    expressions = {
        "source_key": "source_key",
        "version_id": "version_id",
        "number": f"case when id_key_index is not null then encode(id_key_index, 'hex') when id_type_code in ({own_kinds}) "
        "then id_type_code || encode(id_number_index, 'hex') end",
        "text_number": "encode(id_number_index, 'hex')",
        "name": "encode(name_index, 'hex')",
        "phone": "encode(phone_index, 'hex')" if "phone_index" in has else "null",
        **{name: name if name in has else "null" for name in (*BUSINESS_KEYS, "birth_date", "sex_code", *PLACES)},
    }
    wanted = ", ".join(f"{expression} as {name}" for name, expression in expressions.items())
    query = (
        f"copy (select {wanted} from {feed.schema}.{feed.feed} where is_current and operation_code <> 'D') to stdout (format csv, header)"  # noqa: S608
    )
    bytes_read = BytesIO()
    with connection.connection.driver_connection.cursor() as cursor, cursor.copy(query) as copy:  # type: ignore[union-attr]
        for block in copy:
            bytes_read.write(block)
    bytes_read.seek(0)
    options = pacsv.ConvertOptions(column_types={name: types.get(name, pa.string()) for name in expressions}, strings_can_be_null=True)
    found = pacsv.read_csv(bytes_read, convert_options=options)
    for position, name in enumerate(found.column_names):
        if name not in {"source_key", "version_id", "birth_date"}:
            found = found.set_column(position, name, found[name].dictionary_encode())
    label = pa.chunked_array([pa.array([feed.feed] * len(found), pa.string()).dictionary_encode()])
    return found.append_column("feed", label)


def _codes(column: pa.ChunkedArray) -> np.ndarray:
    merged = column.combine_chunks()
    merged = merged if isinstance(merged, pa.DictionaryArray) else pa.concat_arrays(merged.chunks)
    codes: np.ndarray = merged.indices.fill_null(NOTHING).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def _normal_codes(column: pa.ChunkedArray, codes: np.ndarray) -> np.ndarray:
    """Codes of document numbers as compared: spellings of one number share a code."""
    texts = column.chunk(0).dictionary.to_pylist() if column.num_chunks else []
    same, _ = pd.factorize(pd.Series([normal_number(value) for value in texts], dtype="object"))
    return np.where(codes == NOTHING, NOTHING, np.append(same, NOTHING)[codes])


def _open_distinct(connection: Connection, rows: pd.DataFrame, codes: np.ndarray, field_name: str) -> list[str | None]:
    """The opened value per code, from one row each."""
    distinct, first = np.unique(codes, return_index=True)
    values: list[str | None] = [None] * (int(codes.max(initial=NOTHING)) + 1)
    chosen = pd.DataFrame({"code": distinct, "feed": rows["feed"].to_numpy()[first], "version_id": rows["version_id"].to_numpy()[first]})
    for feed_name, part in chosen[chosen["code"] != NOTHING].groupby("feed", observed=True):
        opened = _open(connection, feeds()[str(feed_name)], part["version_id"].tolist(), field_name)
        for code, version_id in zip(part["code"], part["version_id"], strict=True):
            values[code] = opened[version_id]
    return values


def _open(connection: Connection, feed: Feed, version_ids: list[int], field_name: str) -> dict[int, str | None]:
    table, seal = staging_table(feed.feed), sealer(f"{feed.schema}.{feed.feed}.{field_name}")
    query = select(table.c.version_id, table.c[f"{field_name}_sealed"])
    opened: dict[int, str | None] = {}
    for start in range(0, len(version_ids), OPEN_AT_ONCE):
        wanted = literal(version_ids[start : start + OPEN_AT_ONCE], ARRAY(BigInteger))
        found = connection.execute(query.where(table.c.version_id == any_(wanted))).all()
        opened |= zip([row[0] for row in found], seal.open_texts([row[1] for row in found]), strict=True)
    return opened


def _merge_names(rows: pd.DataFrame, names: list[str]) -> list[str]:
    """Names that share a key share a code; returns the keys by code. Rows without a name keep -1."""
    same, distinct = pd.factorize(pd.Series(names, dtype="object"))
    codes = rows["name"].to_numpy()
    rows["name"] = np.where(codes == NOTHING, NOTHING, np.append(same, NOTHING)[codes])
    return list(distinct)


def _read_changes(connection: Connection, records: Records, as_of: date) -> None:
    """Other names, births and numbers the registers tell of a number's holder."""
    code_of = {number: code for code, number in enumerate(records.numbers) if number}
    mine_by_key = {feed: _by_source_key(records.rows, feed) for feed in ("population_changes", "registered_persons")}
    aliases: dict[int, set[str]] = defaultdict(set)
    births: dict[int, set[date]] = defaultdict(set)
    for source_key, kind, old, new in _changes(connection):
        mine, name = mine_by_key["population_changes"][source_key]
        if kind == NUMBER_CHANGE:
            codes = [_number_code(value, code_of, as_of) for value in (old, new)]
            target = mine if mine != NOTHING else codes[1]
            if NOTHING not in (codes[0], target) and codes[0] != target:
                records.changes.append(NumberChange(codes[0], target, name))
        elif kind == NAME_CHANGE and mine != NOTHING:
            aliases[mine].update(bare_keys([value for value in (old, new) if value]))
        elif kind == BIRTH_CHANGE and mine != NOTHING:
            births[mine].update(date.fromisoformat(day) for value in (old, new) if value and (day := read_date(value)[0]))
    for source_key, former in _former_names(connection):
        mine, _ = mine_by_key["registered_persons"][source_key]
        if mine != NOTHING:
            aliases[mine].update(former)
    records.aliases = {code: frozenset(found) for code, found in aliases.items()}
    records.births = {code: frozenset(found) for code, found in births.items()}


def _changes(connection: Connection) -> Iterable[tuple[str, str, str | None, str | None]]:
    table = staging_table("population_changes")
    kinds = (NAME_CHANGE, NUMBER_CHANGE, BIRTH_CHANGE)
    found = connection.execute(
        select(table.c.source_key, table.c.change_type_code, table.c.old_value_sealed, table.c.new_value_sealed)
        .where(table.c.is_current, table.c.operation_code != "D", table.c.change_type_code.in_(kinds))
        .order_by(table.c.source_key)
    ).all()
    old_values = sealer("sealed.population_changes.old_value").open_texts([row.old_value_sealed for row in found])
    new_values = sealer("sealed.population_changes.new_value").open_texts([row.new_value_sealed for row in found])
    return [(row.source_key, row.change_type_code, old, new) for row, old, new in zip(found, old_values, new_values, strict=True)]


def _former_names(connection: Connection) -> Iterable[tuple[str, list[str]]]:
    table = staging_table("registered_persons")
    found = connection.execute(
        select(table.c.source_key, table.c.former_names_sealed).where(
            table.c.is_current, table.c.operation_code != "D", table.c.former_names_sealed.is_not(None)
        )
    ).all()
    opened = sealer("sealed.registered_persons.former_names").open_texts([row.former_names_sealed for row in found])
    for row, former in zip(found, opened, strict=True):
        yield row.source_key, bare_keys(json.loads(former or "[]"))


def _by_source_key(rows: pd.DataFrame, feed: str) -> dict[str, tuple[int, int]]:
    """Number and name code of each row of a feed."""
    mine = rows[rows["feed"] == feed]
    return dict(zip(mine["source_key"], zip(mine["number"].tolist(), mine["name"].tolist(), strict=True), strict=True))


def _number_code(value: str | None, code_of: Mapping[str, int], as_of: date) -> int:
    number = read_number(value, as_of)[0] if value else None
    return code_of.get(key_of(number, as_of) or "", NOTHING) if number else NOTHING
