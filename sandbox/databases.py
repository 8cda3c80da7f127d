"""The three databases of the demo, on the embedded PostgreSQL of var/postgres or on the server GUITU_DATABASE_URL names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from core.settings import database_url, local_state
from sandbox import postgres


@dataclass(frozen=True)
class Urls:
    """SQLAlchemy URLs: our warehouse, Airflow's own tables, and civil affairs' front-end database."""

    warehouse: str
    airflow: str
    frontend: str


def is_embedded() -> bool:
    """True when we bring the server ourselves."""
    return not os.environ.get("GUITU_DATABASE_URL")


def start() -> Urls:
    """The server runs and has the three databases; what they hold is kept."""
    if is_embedded():
        server = postgres.start(_folder())
        return Urls(*(_made(server, name) for name in ("guitu", "guitu_airflow", "guitu_frontend")))
    warehouse = database_url()
    server, name = postgres.with_database(warehouse, "postgres"), postgres.database_of(warehouse)
    return Urls(_made(server, name), _made(server, f"{name}_airflow"), _made(server, f"{name}_frontend"))


def stop() -> None:
    """The embedded server is stopped; one of the user's is left alone."""
    if is_embedded():
        postgres.stop(_folder())


def _made(server: str, name: str) -> str:
    if not postgres.has_database(server, name):
        postgres.create_database(server, name)
    return postgres.with_database(server, name)


def _folder() -> Path:
    return local_state() / "postgres"
