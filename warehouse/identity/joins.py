"""One embedded DuckDB a process, for joins and groupings of columns that pandas would do in one thread."""

from __future__ import annotations

import os
from functools import cache

import duckdb


def cursor() -> duckdb.DuckDBPyConnection:
    """A cursor of its own on this process's DuckDB; its temporary tables and registered frames go with it."""
    return _connection(os.getpid()).cursor()


@cache
def _connection(process: int) -> duckdb.DuckDBPyConnection:
    # A forked process makes its own: threads of a parent's are not there.
    return duckdb.connect(config={"threads": min(os.cpu_count() or 1, 8), "preserve_insertion_order": False})
