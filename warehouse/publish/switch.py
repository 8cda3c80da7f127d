"""Publishing: every published table changes in one transaction, so that a reader sees the old state or the new one.

Only differences are written. The transaction is fenced: a run that was overtaken by a newer one writes nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from core.clock import now_at
from core.faults import crash_point
from warehouse.database import Role, transaction
from warehouse.lease import hold, take
from warehouse.publish.outbox import tell
from warehouse.tables import published
from warehouse.tables.base import Table

LEASE = "publish"


@dataclass(frozen=True)
class Mirror:
    """A published table and the query whose rows it shows; every column of the table has one of the same name there."""

    shown: type[Table]
    source: str

    @property
    def table(self) -> str:
        """Its name inside schema published."""
        return str(self.shown.__tablename__)

    @property
    def key(self) -> tuple[str, ...]:
        """What makes a row one."""
        return tuple(column.name for column in self.shown.__table__.columns if column.primary_key)

    @property
    def columns(self) -> tuple[str, ...]:
        """The rest of a row."""
        return tuple(column.name for column in self.shown.__table__.columns if not column.primary_key)


MIRRORS = (
    Mirror(published.SourceLinks, "identity.link"),
    Mirror(published.Handoffs, "handoffs.handoff"),
    Mirror(published.Findings, "benefits.finding"),
    Mirror(published.HouseholdFlags, "benefits.household_flag"),
    Mirror(published.ExcludedOccupations, "benefits.excluded_occupation"),
    Mirror(published.HandoffFlags, "handoffs.flag"),
    Mirror(published.CaseFlags, "handoffs.case_flag"),
    Mirror(published.PointsBalances, "handoffs.points_balance"),
    Mirror(published.ServiceCounts, "handoffs.service_count"),
    Mirror(published.Kpis, "handoffs.kpi"),
)


def take_token() -> int:
    """This run is the one that may publish, until another takes a token."""
    with transaction(Role.PUBLISHER) as connection:
        return take(connection, LEASE)


def publish(as_of: date, token: int) -> dict[str, int]:
    """The published tables show what is worked out now. Returns rows written per table.

    Raises:
        LeaseLost: a newer run took a token; nothing was written.
    """
    with transaction(Role.PUBLISHER) as connection:
        hold(connection, LEASE, token)
        crash_point("publish.after_fence")
        counts: dict[str, int] = {}
        for mirror in MIRRORS:
            counts[mirror.table] = _mirror(connection, mirror)
            crash_point(f"publish.after_{mirror.table}")
        counts |= {f"outbox_{name}": count for name, count in tell(connection, as_of, token).items()}
        crash_point("publish.after_outbox")
        connection.execute(
            text(
                "insert into ops.publication (as_of_date, token, published_at, counts) values (:day, :token, :now, cast(:counts as jsonb))"
            ),
            {"day": as_of, "token": token, "now": now_at(), "counts": json.dumps(counts)},
        )
        crash_point("publish.before_commit")
    crash_point("publish.after_commit")
    return counts


def _mirror(connection: Connection, mirror: Mirror) -> int:
    target = f"published.{mirror.table}"
    everything = (*mirror.key, *mirror.columns)
    same_key = " and ".join(f"s.{name} = t.{name}" for name in mirror.key)
    gone = connection.execute(text(f"delete from {target} t where not exists (select from {mirror.source} s where {same_key})"))
    differs = f"({', '.join(f't.{c}' for c in mirror.columns)}) is distinct from ({', '.join(f'excluded.{c}' for c in mirror.columns)})"
    news = f"update set {', '.join(f'{c} = excluded.{c}' for c in mirror.columns)} where {differs}" if mirror.columns else "nothing"
    written = connection.execute(
        text(
            f"insert into {target} as t ({', '.join(everything)}) select {', '.join(everything)} from {mirror.source} "
            f"on conflict ({', '.join(mirror.key)}) do {news}"
        )
    )
    return gone.rowcount + written.rowcount
