"""A table brought to what was worked out: only rows that differ are written, rows of the scope that are no longer there go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from warehouse.bulk import copy_rows


@dataclass(frozen=True)
class Target:
    """A table of schema handoffs, its key, and its other columns; all names are ours."""

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]

    @property
    def draft(self) -> str:
        """Name of the temporary table the new rows wait in."""
        return f"worked_{self.table}"

    @property
    def names(self) -> tuple[str, ...]:
        """Key and columns, in the order rows are given in."""
        return (*self.key, *self.columns)


def put_draft(connection: Connection, target: Target, rows: Iterable[Sequence[Any]]) -> None:
    """The rows wait in the target's draft for the rest of the transaction."""
    names = ", ".join(target.names)
    connection.execute(text(f"drop table if exists {target.draft}"))
    connection.execute(
        text(f"create temporary table {target.draft} on commit drop as select {names} from handoffs.{target.table} with no data")  # noqa: S608
    )
    copy_rows(connection, target.draft, target.names, rows)


def delete_gone(connection: Connection, target: Target, scope: str, parameters: Mapping[str, Any]) -> int:
    """Rows of the scope (a condition over `t`) that have no draft go; returns how many."""
    same = " and ".join(f"d.{name} = t.{name}" for name in target.key)
    query = f"delete from handoffs.{target.table} t where ({scope}) and not exists (select from {target.draft} d where {same})"  # noqa: S608
    return connection.execute(text(query), parameters).rowcount


def upsert(connection: Connection, target: Target, extra: Mapping[str, str], parameters: Mapping[str, Any]) -> int:
    """Drafted rows stand in the table where they differ; returns how many were written.

    Args:
        extra: further columns -> SQL over the drafted row `d`, written with a row that differs. A name ending in `!` is written
            with a new row only.
    """
    always = [name for name in extra if not name.endswith("!")]
    inserted = ", ".join((*target.names, *(name.rstrip("!") for name in extra)))
    values = ", ".join((*(f"d.{name}" for name in target.names), *extra.values()))
    assigned = ", ".join(f"{name} = excluded.{name}" for name in (*target.columns, *always))
    old = ", ".join(f"t.{name}" for name in target.columns)
    new = ", ".join(f"excluded.{name}" for name in target.columns)
    query = (
        f"insert into handoffs.{target.table} as t ({inserted}) select {values} from {target.draft} d "  # noqa: S608
        f"on conflict ({', '.join(target.key)}) do update set {assigned} where ({old}) is distinct from ({new})"
    )
    return connection.execute(text(query), parameters).rowcount
