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
    """The stored columns of a sealed field; `id_key` is kept as an index only.

    Equal values of an indexed field are sealed once a chunk: that they are equal, the index says anyway. Values without an
    index are sealed one by one.
    """
    texts = pa.array(values, pa.string(), from_pandas=True)
    if isinstance(texts, pa.ChunkedArray):  # of an empty column pandas gives chunks, of which there are none
        texts = texts.combine_chunks()
    is_indexed = field == "id_key" or feed.by_name[field].is_indexed
    if not is_indexed:
        return {sealed_column(field): bytea_literals(sealer(place(feed, field)).seal_texts(texts.to_pylist()))}
    distinct = texts.dictionary_encode()
    words = distinct.dictionary.to_pylist()
    columns = {index_column(field): bytea_literals(blind_index(index_purpose(field)).of_texts(words)).take(distinct.indices)}
    if field != "id_key":
        columns[sealed_column(field)] = bytea_literals(sealer(place(feed, field)).seal_texts(words)).take(distinct.indices)
    return columns


def bytea_literals(values: list[bytes | None]) -> pa.Array:
    """Sealed values or indexes as COPY writes bytea."""
    return pa.array([None if value is None else "\\x" + value.hex() for value in values], pa.string())
