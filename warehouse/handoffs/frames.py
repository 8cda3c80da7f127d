"""Columns out of PostgreSQL into pandas in one go (COPY), typed as a list of columns says."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
from sqlalchemy import Connection

TYPES = {"str": pa.string(), "number": pa.int64(), "day": pa.timestamp("s"), "instant": pa.timestamp("us")}
PANDAS = {"str": "str", "number": "int64", "day": "datetime64[s]", "instant": "datetime64[us]"}


def copied_frame(connection: Connection, query: str, columns: Mapping[str, str]) -> pd.DataFrame:
    """The query's rows (text of ours, nothing from outside in it) as a frame with exactly these columns.

    Args:
        columns: name -> str, number (whole; an absent one is missing), day or instant (both without zone).
    """
    sink = BytesIO()
    with connection.connection.driver_connection.cursor() as cursor, cursor.copy(f"copy ({query}) to stdout (format csv, header)") as copy:  # type: ignore[union-attr]
        for block in copy:
            sink.write(block)
    sink.seek(0)
    convert = pacsv.ConvertOptions(
        column_types={name: TYPES[kind] for name, kind in columns.items()}, strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    return pacsv.read_csv(sink, convert_options=convert).select(list(columns)).to_pandas()


def empty_frame(columns: Mapping[str, str]) -> pd.DataFrame:
    """No rows, in the columns' types."""
    return pd.DataFrame({name: pd.Series(dtype=PANDAS[kind]) for name, kind in columns.items()})
