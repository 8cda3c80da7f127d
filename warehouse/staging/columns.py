"""How one field is stored: open, or sealed with a blind index beside it."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from core.sealing import blind_index, sealer
from expectations.agreement import Feed
from warehouse.tables.feeds import index_column, sealed_column


def place(feed: Feed, field: str) -> str:
    """The place a sealed value belongs to (``schema.table.field``); a value moved elsewhere does not open."""
    return f"{feed.schema}.{feed.feed}.{field}"


def index_purpose(field: str) -> str:
    """Fields of one purpose join across feeds: the key of an ID number and the number itself share an index."""
    return "id_number" if field in {"id_number", "id_key"} else field


def sealed_columns(feed: Feed, field: str, values: pd.Series) -> dict[str, pa.Array]:
    """The stored columns of a sealed field; `id_key` is kept as an index only."""
    texts = pa.array(values, pa.string(), from_pandas=True).to_pylist()
    columns: dict[str, pa.Array] = {}
    if field != "id_key":
        columns[sealed_column(field)] = bytea_literals(sealer(place(feed, field)).seal_texts(texts))
    if field == "id_key" or feed.by_name[field].is_indexed:
        columns[index_column(field)] = bytea_literals(blind_index(index_purpose(field)).of_texts(texts))
    return columns


def bytea_literals(values: list[bytes | None]) -> pa.Array:
    """Sealed values or indexes as COPY writes bytea."""
    return pa.array([None if value is None else "\\x" + value.hex() for value in values], pa.string())
