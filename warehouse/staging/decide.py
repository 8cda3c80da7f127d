"""What a data steward decides about held deliveries; every decision is kept with who and why."""

from __future__ import annotations

from sqlalchemy import Connection, text

from core.clock import now_at
from core.errors import NotAllowed
from warehouse.database import Role, transaction
from warehouse.landing.batches import load
from warehouse.landing.raw import RawStore
from warehouse.staging.accept import Outcome, accept
from warehouse.staging.receipts import write_receipt


def held(connection: Connection) -> list[dict[str, object]]:
    """Every held delivery: batch_id, provider, feed, name, code, detail, received_at."""
    found = connection.execute(
        text("select batch_id, provider, feed, name, code, detail, received_at from landing.batch where state = 'held' order by batch_id")
    )
    return [dict(row) for row in found.mappings()]


def accept_held(batch_id: int, store: RawStore, reason: str, decided_by: str) -> Outcome:
    """The held delivery is loaded although it was held; another hold it meets still stands.

    Raises:
        NotAllowed: the batch is not held, or no reason is given.
    """
    _decide(batch_id, "accept", reason, decided_by)
    return accept(batch_id, store)


def reject_held(batch_id: int, store: RawStore, reason: str, decided_by: str) -> None:
    """The held delivery is refused; nothing of it is loaded, its sender is told."""
    _decide(batch_id, "reject", reason, decided_by)
    with transaction(Role.ETL) as connection:
        batch = load(connection, batch_id, store, lock=True)
        connection.execute(
            text(
                "update landing.batch set state = 'rejected', row_count = coalesce(row_count, declared_rows, 0), finished_at = :now, "
                "decided_order = nextval('landing.batch_decided_order') where batch_id = :id and state = 'held'"
            ),
            {"id": batch_id, "now": now_at()},
        )
        write_receipt(connection, batch)


def _decide(batch_id: int, decision: str, reason: str, decided_by: str) -> None:
    if not reason.strip() or not decided_by.strip():
        raise NotAllowed("a decision on a held delivery needs a reason and a name: --reason TEXT --by NAME")
    with transaction(Role.ETL) as connection:
        code = connection.execute(
            text("select code from landing.batch where batch_id = :id and state = 'held' for update"), {"id": batch_id}
        ).scalar()
        if code is None:
            raise NotAllowed(f"batch {batch_id} is not held; `python -m warehouse held` lists what is")
        connection.execute(
            text(
                "insert into ops.steward_decision (batch_id, decision, code, reason, decided_by, decided_at) "
                "values (:batch, :decision, :code, :reason, :by, :now)"
            ),
            {"batch": batch_id, "decision": decision, "code": code, "reason": reason, "by": decided_by, "now": now_at()},
        )
