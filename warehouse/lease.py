"""Fencing: of two runs of the same work, only the newest may commit.

A task can run twice at once (its supervisor dies, a second try starts, the orphan goes on). Each run takes a rising token
first and checks it, under a row lock, in the very transaction that writes. Whoever takes a token while another holds the work waits
until that one has committed; so whoever loses to a newer run can begin again at once, and sees what that run wrote.
"""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from core.clock import now_at
from core.errors import LeaseLost

TAKEN_SINCE_OUR_SNAPSHOT = "40001"
"""SQLSTATE of a row lock that one_snapshot cannot have: the row was changed after the snapshot."""


def take(connection: Connection, name: str) -> int:
    """The caller holds the newest token for this work; commit before working."""
    return connection.execute(
        text(
            "insert into ops.lease (name, token, taken_at) values (:name, 1, :now) "
            "on conflict (name) do update set token = ops.lease.token + 1, taken_at = :now returning token"
        ),
        {"name": name, "now": now_at()},
    ).scalar_one()


def hold(connection: Connection, name: str, token: int) -> None:
    """Until this transaction ends, nobody can take the work away from `token`.

    Raises:
        LeaseLost: a newer run took it; the transaction must be rolled back.
    """
    try:
        newest = connection.execute(text("select token from ops.lease where name = :name for update"), {"name": name}).scalar_one()
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != TAKEN_SINCE_OUR_SNAPSHOT:
            raise
        newest = "a newer token"
    if newest != token:
        raise LeaseLost(f"{name}: a newer run holds {newest}, this one holds {token}; it wrote nothing, its work is being done there")
