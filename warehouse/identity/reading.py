"""Reading staged versions about persons as texts: a value that stands in many rows is opened once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from sqlalchemy import Connection, text

from core.sealing import sealer
from expectations.agreement import Feed, feeds
from warehouse.bulk import copy_rows
from warehouse.identity.names import bare_keys
from warehouse.identity.records import BUSINESS_KEYS

NAME_CHANGE, NUMBER_CHANGE, BIRTH_CHANGE = "5", "6", "8"
CHANGES_FEED, REGISTER_FEED = "population_changes", "registered_persons"
CLEAR = ("id_type_code", "sex_code", "birth_date", "hukou_region_code", "residence_region_code", *BUSINESS_KEYS)
INDEXED = ("id_number", "name", "phone")
# Where a person lives now, and what a row means that says "as in the household register".
ADDRESSES = ("residence_address", "new_address", "dwelling_address")
HUKOU_ADDRESS = "hukou_address"
TOLD = ("feed", "source_key", "version_id", *CLEAR, *INDEXED, "address", HUKOU_ADDRESS)


@dataclass(frozen=True)
class Change:
    """What a register row tells of its person beyond itself: a change of name, number or birth, or former names."""

    feed: str
    source_key: str
    kind: str
    values: tuple[str, ...]


def read_told(connection: Connection, feed: Feed, version_ids: Sequence[int]) -> pa.Table:
    """What these versions tell, opened: the columns TOLD, texts (null = none) but for version_id."""
    _want(connection, version_ids)
    columns = _copy_out(connection, feed)
    for name in INDEXED:
        columns[name] = _opened(connection, feed, name, columns.pop(f"{name}_index"), columns["version_id"])
    count = len(columns["version_id"])
    address = next((name for name in ADDRESSES if name in feed.by_name), None)
    for told, field in (("address", address), (HUKOU_ADDRESS, HUKOU_ADDRESS)):
        columns[told] = (
            _open_column(connection, feed, field, columns["version_id"]) if field in feed.by_name else pa.nulls(count, pa.string())
        )
    columns["feed"] = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, dtype=np.int32)), pa.array([feed.feed]))
    return pa.table({name: columns[name] for name in TOLD})


def read_changes(connection: Connection, version_ids: Mapping[str, Sequence[int]] | None) -> Iterator[Change]:
    """Changes of name, number and birth, and former names, of the given versions by feed, or (None) of all current ones; by key."""
    for feed, read in ((CHANGES_FEED, _read_corrections), (REGISTER_FEED, _read_former_names)):
        if version_ids is None:
            yield from read(connection, "v.is_current and v.operation_code <> 'D'")
        elif version_ids.get(feed):
            _want(connection, version_ids[feed])
            yield from read(connection, "v.version_id in (select version_id from wanted_version)")


def _read_corrections(connection: Connection, wanted: str) -> Iterator[Change]:
    kinds = f"('{NAME_CHANGE}', '{NUMBER_CHANGE}', '{BIRTH_CHANGE}')"
    columns = "source_key, change_type_code, old_value_sealed, new_value_sealed"
    query = f"select {columns} from sealed.population_changes v where change_type_code in {kinds} and {wanted} order by source_key"  # noqa: S608
    found = connection.execute(text(query)).all()
    old_values = sealer("sealed.population_changes.old_value").open_texts([row.old_value_sealed for row in found])
    new_values = sealer("sealed.population_changes.new_value").open_texts([row.new_value_sealed for row in found])
    for row, old, new in zip(found, old_values, new_values, strict=True):
        yield Change(CHANGES_FEED, row.source_key, row.change_type_code, (old or "", new or ""))


def _read_former_names(connection: Connection, wanted: str) -> Iterator[Change]:
    query = f"select source_key, former_names_sealed from sealed.registered_persons v where former_names_sealed is not null and {wanted}"  # noqa: S608
    found = connection.execute(text(f"{query} order by source_key")).all()
    opened = sealer("sealed.registered_persons.former_names").open_texts([row.former_names_sealed for row in found])
    for row, former in zip(found, opened, strict=True):
        yield Change(REGISTER_FEED, row.source_key, NAME_CHANGE, tuple(bare_keys(json.loads(former or "[]"))))


def _want(connection: Connection, version_ids: Sequence[int]) -> None:
    connection.execute(text("create temporary table if not exists wanted_version (version_id bigint primary key) on commit drop"))
    connection.execute(text("truncate wanted_version"))
    copy_rows(connection, "wanted_version", ["version_id"], ((int(one),) for one in version_ids))


def _copy_out(connection: Connection, feed: Feed) -> dict[str, pa.Array]:
    expressions = {"source_key": "source_key", "version_id": "v.version_id"}
    expressions |= {name: name if name in feed.by_name else "null" for name in CLEAR}
    expressions |= {f"{name}_index": f"encode({name}_index, 'hex')" if name in feed.by_name else "null" for name in INDEXED}
    wanted = ", ".join(f"{expression} as {name}" for name, expression in expressions.items())
    query = f"copy (select {wanted} from {feed.schema}.{feed.feed} v join wanted_version using (version_id)) to stdout (format csv, header)"  # noqa: S608
    sink = BytesIO()
    with connection.connection.driver_connection.cursor() as cursor, cursor.copy(query) as copy:  # type: ignore[union-attr]
        for block in copy:
            sink.write(block)
    sink.seek(0)
    types = {name: pa.string() for name in expressions} | {"version_id": pa.int64()}
    found = pacsv.read_csv(
        sink, convert_options=pacsv.ConvertOptions(column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False)
    )
    return {name: found[name].combine_chunks() for name in found.column_names}


def _opened(connection: Connection, feed: Feed, name: str, index: pa.Array, version_id: pa.Array) -> pa.Array:
    """The values behind blind indexes, one opened for each distinct index."""
    coded = index.dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    distinct, first = np.unique(codes, return_index=True)
    chosen = version_id.take(pa.array(first[distinct >= 0]))
    values = _open_column(connection, feed, name, chosen) if len(chosen) else pa.array([], pa.string())
    return pa.DictionaryArray.from_arrays(coded.indices, values)


def _open_column(connection: Connection, feed: Feed, name: str | None, version_ids: pa.Array) -> pa.Array:
    """The field's values of these versions, in their order."""
    is_sealed = feeds()[feed.feed].by_name[str(name)].is_sealed
    stored = f"{name}_sealed" if is_sealed else str(name)
    found = connection.execute(
        text(f"select version_id, {stored} from {feed.schema}.{feed.feed} where version_id = any(:ids)"),  # noqa: S608
        {"ids": version_ids.to_pylist()},
    ).all()
    values = [row[1] for row in found]
    if is_sealed:
        values = sealer(f"{feed.schema}.{feed.feed}.{name}").open_texts(values)
    of_version = dict(zip([row[0] for row in found], values, strict=True))
    return pa.array([of_version[one] for one in version_ids.to_pylist()], pa.string())
