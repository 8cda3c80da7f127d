"""Brings a database to the present form: roles, schemas, tables, views, grants, reference rows. Owner role only.

Alembic carries what is declared in warehouse/tables; the staging tables follow the agreement (`expand_staging`), so that a
new field of a feed needs no migration of its own.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateColumn, SetColumnComment

from core.logs import log_event
from expectations.messages import every_message
from warehouse.database import Role
from warehouse.tables.base import SCHEMAS
from warehouse.tables.desks import desk_statements
from warehouse.tables.feeds import staging_tables
from warehouse.tables.views import view_statements

HERE = Path(__file__).parent
ROLES_LOCK = 7_143_001


def migrate(url: str) -> None:
    """The database of `url` has today's roles, schemas, tables, views, grants and reference rows. Safe to run again.

    Raises:
        sqlalchemy.exc.ProgrammingError: the login may not create roles or schemas.
    """
    from alembic import command
    from alembic.config import Config

    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": ROLES_LOCK})
        _create_roles(connection)
        _create_schemas(connection)
    configuration = Config()
    configuration.set_main_option("script_location", str(HERE))
    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": ROLES_LOCK})
        connection.execute(text(f"set local role {Role.OWNER}"))
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
        added = expand_staging(connection)
        for statement in (*view_statements(), *desk_statements()):
            connection.execute(text(statement))
        _grant(connection)
        _load_reference_rows(connection)
    engine.dispose()
    log_event("database migrated", columns_added=added)


def _create_roles(connection: Connection) -> None:
    # Roles belong to the whole server: two databases migrated at once may race for them.
    for role in Role:
        connection.execute(
            text(
                f"do $$ begin if not exists (select from pg_roles where rolname = '{role}') then create role {role} nologin; end if; "
                "exception when duplicate_object or unique_violation then null; end $$"
            )
        )
        connection.execute(
            text(f"do $$ begin if not pg_has_role(current_user, '{role}', 'member') then grant {role} to current_user; end if; end $$")
        )


def _create_schemas(connection: Connection) -> None:
    for schema, means in SCHEMAS.items():
        connection.execute(text(f"create schema if not exists {schema} authorization {Role.OWNER}"))
        connection.execute(text(f"comment on schema {schema} is '{means}'"))
    connection.execute(text("revoke create on schema public from public"))
    connection.execute(text(f"grant create, usage on schema public to {Role.OWNER}"))


def expand_staging(connection: Connection) -> int:
    """Every feed has its staging table with a column per field and its indexes; nothing is ever dropped.

    Returns the columns added to existing tables.
    """
    inspector = inspect(connection)
    added = 0
    for table in staging_tables():
        if not inspector.has_table(table.name, schema=table.schema):
            table.create(connection)
            continue
        present = {c["name"] for c in inspector.get_columns(table.name, schema=table.schema)}
        for column in table.columns:
            if column.name in present:
                continue
            definition = CreateColumn(column).compile(dialect=connection.dialect)
            connection.execute(text(f"alter table {table.schema}.{table.name} add column {definition}"))
            connection.execute(SetColumnComment(column))
            added += 1
        for index in table.indexes:
            index.create(connection, checkfirst=True)
    return added


def _grant(connection: Connection) -> None:
    connection.execute(text((HERE / "grants.sql").read_text("utf-8")))


def _load_reference_rows(connection: Connection) -> None:
    connection.execute(text("delete from registry.code_message"))
    rows = [{"code": code, "message": message} for code, message in every_message().items()]
    connection.execute(text("insert into registry.code_message (code, message) values (:code, :message)"), rows)
