"""A migrated database is what the tables and the agreement say, with a comment on every column."""

from sqlalchemy import inspect, text

from expectations.agreement import feeds
from warehouse.database import Role, engine, transaction
from warehouse.migrations import migrate
from warehouse.tables import SCHEMAS, metadata, staging_tables


def test_declared_tables_and_the_migrated_database_agree(warehouse_url: str) -> None:
    inspector = inspect(engine())
    for table in [*metadata.sorted_tables, *staging_tables()]:
        present = {c["name"]: c for c in inspector.get_columns(table.name, schema=table.schema)}
        assert set(present) == {c.name for c in table.columns}, table.fullname
        for column in table.columns:
            assert bool(present[column.name]["nullable"]) == bool(column.nullable), f"{table.fullname}.{column.name}"


def test_every_column_has_a_comment_in_the_catalogue(warehouse_url: str) -> None:
    with transaction(Role.OWNER) as connection:
        bare = connection.execute(
            text(
                "select c.oid::regclass::text || '.' || a.attname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                "join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped "
                "where n.nspname = any(:schemas) and c.relkind = 'r' and c.relname <> 'alembic_version' and col_description(c.oid, "
                "a.attnum) is null"
            ),
            {"schemas": list(SCHEMAS)},
        ).scalars()
        assert list(bare) == []


def test_migrating_again_changes_nothing(warehouse_url: str) -> None:
    before = _catalogue()
    migrate(warehouse_url)
    assert _catalogue() == before


def test_a_field_added_to_a_feed_becomes_a_column(warehouse_url: str) -> None:
    with transaction(Role.OWNER) as connection:
        connection.execute(text("alter table staging.trainings drop column course_name"))
    migrate(warehouse_url)
    columns = {c["name"] for c in inspect(engine()).get_columns("trainings", schema="staging")}
    assert "course_name" in columns


def test_every_feed_has_a_line_in_feed_health(warehouse_url: str) -> None:
    with transaction(Role.ETL) as connection:
        assert set(connection.execute(text("select feed from published.feed_health")).scalars()) == set(feeds())


def _catalogue() -> list[tuple[str, str]]:
    with transaction(Role.OWNER) as connection:
        rows = connection.execute(
            text(
                "select table_schema || '.' || table_name, column_name from information_schema.columns where table_schema = any(:s) "
                "order by 1, 2"
            ),
            {"s": list(SCHEMAS)},
        )
        return [(row[0], row[1]) for row in rows]
