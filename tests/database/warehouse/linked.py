"""Puts persons and links straight into identity, as a linking leaves them, for tests of what stewards do with them."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import Connection, text

from core.clock import now_at
from warehouse.database import Role, transaction
from warehouse.identity.memory import Key


def run(connection: Connection, step: str = "link") -> int:
    """A run that has ended."""
    return connection.execute(
        text("insert into ops.run (step, started_at, state) values (:step, :now, 'succeeded') returning run_id"),
        {"step": step, "now": now_at()},
    ).scalar_one()


def person(connection: Connection, person_id: str, keys: Iterable[Key] = (), *, status: str = "linked", rule: str = "1") -> None:
    """A person with these rows."""
    parameters = {"person": person_id, "now": now_at(), "run": run(connection), "status": status, "rule": rule}
    connection.execute(
        text("insert into identity.person (person_id, created_at, created_by_run) values (:person, :now, :run) on conflict do nothing"),
        parameters,
    )
    for feed, source_key in keys:
        connection.execute(
            text(
                "insert into identity.link (feed, source_key, person_id, link_status, rule, evidence, decided_at, decided_by_run) "
                "values (:feed, :key, :person, :status, :rule, cast(:said as jsonb), :now, :run)"
            ),
            parameters | {"feed": feed, "key": source_key, "said": json.dumps({"name": "same"})},
        )


def persons() -> dict[Key, str]:
    """Whose each row is."""
    with transaction(Role.ETL) as connection:
        found = connection.execute(text("select feed, source_key, person_id from identity.link"))
        return {(feed, key): person_id for feed, key, person_id in found}


def rows(query: str, **parameters: object) -> list[tuple[object, ...]]:
    """What the query finds, for the ETL role."""
    with transaction(Role.ETL) as connection:
        return [tuple(row) for row in connection.execute(text(query), parameters)]
