"""Civil affairs' front-end database (agreement section 5): schema `share` loaded from a province's share/*.csv, and its reader."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from expectations.agreement import feeds

READER = "share_reader"
BATCHES = ("feed", "batch_id", "row_count", "min_updated_at", "max_updated_at", "exported_at")


def load(url: str, province: Path, password: str) -> dict[str, str]:
    """Schema `share` holds the province's rows, one per source_key, and only the reader may read it; returns the reader's
    connection. Loading again replaces all rows in one transaction."""
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://", 1)) as opened:
        opened.execute("create schema if not exists share")
        for agreed in feeds().values():
            if agreed.provider == "civil_affairs":
                columns = {field.field: "timestamp(0)" if field.field == "source_updated_at" else "varchar" for field in agreed.fields}
                _create(opened, agreed.feed, columns, key="source_key")
                _fill(opened, agreed.feed, columns, province / "share" / f"{agreed.feed}.csv")
        columns = dict.fromkeys(BATCHES, "varchar") | {"row_count": "integer"} | dict.fromkeys(BATCHES[3:], "timestamp(0)")
        _create(opened, "batches", columns, key="batch_id")
        _fill(opened, "batches", columns, province / "share" / "batches.csv")
        _allow_reader(opened, password)
        given = {name: str(value) for name, value in conninfo_to_dict(opened.info.dsn).items()}
    own = {"host": given.get("host", "localhost"), "port": given.get("port", ""), "schema": given["dbname"]}
    return {k: v for k, v in own.items() if v} | {"login": READER, "password": password, "sslmode": given.get("sslmode", "disable")}


def _create(opened: psycopg.Connection, table: str, columns: Mapping[str, str], key: str) -> None:
    name = sql.Identifier("share", table)
    opened.execute(sql.SQL("drop table if exists {}").format(name))
    typed = sql.SQL(", ").join(sql.SQL("{} {}").format(sql.Identifier(c), sql.SQL(kind)) for c, kind in columns.items())
    opened.execute(sql.SQL("create table {} ({}, primary key ({}))").format(name, typed, sql.Identifier(key)))
    if "source_updated_at" in columns:
        opened.execute(sql.SQL("create index on {} (source_updated_at, source_key)").format(name))


def _fill(opened: psycopg.Connection, table: str, columns: Mapping[str, str], path: Path) -> None:
    """The rows of a CSV file; of several with one key the last, as overwriting in place would leave it."""
    if not path.is_file():
        return
    with path.open(encoding="utf-8-sig", newline="") as lines:
        header = next(csv.reader([lines.readline()]))
    kept = [name for name in header if name in columns]
    draft = sql.SQL(", ").join(sql.SQL("{} varchar").format(sql.Identifier(name)) for name in header)
    opened.execute("drop table if exists draft")
    opened.execute(sql.SQL("create temporary table draft ({}, line bigint generated always as identity)").format(draft))
    names = sql.SQL(", ").join(map(sql.Identifier, header))
    command = sql.SQL("copy draft ({}) from stdin (format csv, header true, encoding 'UTF8')").format(names)
    with path.open("rb") as file, opened.cursor().copy(command) as copy:
        while chunk := file.read(1 << 20):
            copy.write(chunk)
    key = sql.Identifier("batch_id" if table == "batches" else "source_key")
    query = sql.SQL("insert into {} ({}) select distinct on ({}) {} from draft order by {}, line desc").format(
        sql.Identifier("share", table),
        sql.SQL(", ").join(map(sql.Identifier, kept)),
        key,
        sql.SQL(", ").join(sql.SQL("{}::{}").format(sql.Identifier(name), sql.SQL(columns[name])) for name in kept),
        key,
    )
    opened.execute(query)


def _allow_reader(opened: psycopg.Connection, password: str) -> None:
    opened.execute("select pg_advisory_xact_lock(hashtext('share_reader'))")
    if opened.execute("select 1 from pg_roles where rolname = %s", (READER,)).fetchone() is None:
        opened.execute("create role share_reader login")
    opened.execute(sql.SQL("alter role share_reader password {}").format(sql.Literal(password)))
    opened.execute("alter role share_reader set default_transaction_read_only = on")
    opened.execute("grant usage on schema share to share_reader")
    opened.execute("grant select on all tables in schema share to share_reader")
