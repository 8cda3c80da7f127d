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

LEASE = "publish"


@dataclass(frozen=True)
class Mirror:
    """A published table and the query whose rows it shows."""

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    source: str


HANDOFF_COLUMNS = (
    "person_id",
    "decision_number",
    "centre_code",
    "station_code",
    "expected_release_date",
    "actual_released_at",
    "state",
    "state_since_date",
    "next_step",
    "next_due_date",
    "responsible_role",
)
POINTS_COLUMNS = (
    "person_id",
    "station_code",
    "balance",
    "earned_12_months",
    "redeemed_12_months",
    "redeemed_by_family_12_months",
    "last_entry_date",
)
MIRRORS = (
    Mirror("source_links", ("feed", "source_key"), ("person_id", "link_status"), "identity.link"),
    Mirror("handoffs", ("handoff_id",), HANDOFF_COLUMNS, "handoffs.handoff"),
    Mirror(
        "findings",
        ("finding_key",),
        (
            "person_id",
            "household_number",
            "benefit_code",
            "as_of_date",
            "outcome",
            "missing_facts",
            "reasons",
            "payable_yuan",
            "region_code",
            "is_station_only",
            "has_own_application",
            "is_sample",
        ),
        "benefits.finding",
    ),
    Mirror(
        "household_flags",
        ("household_number", "flag_code", "effective_date", "neutral_reason_code"),
        ("before", "after", "region_code", "visible_from", "is_sample"),
        "benefits.household_flag",
    ),
    Mirror("excluded_occupations", ("person_id", "occupation_code"), (), "benefits.excluded_occupation"),
    Mirror(
        "handoff_flags",
        ("handoff_id", "flag_code"),
        ("person_id", "severity", "due_date", "status", "owner_role", "evidence"),
        "handoffs.flag",
    ),
    Mirror(
        "case_flags",
        ("case_number", "flag_code"),
        ("person_id", "station_code", "severity", "due_date", "status", "owner_role", "evidence", "case_reference"),
        "handoffs.case_flag",
    ),
    Mirror("points_balances", ("case_number",), POINTS_COLUMNS, "handoffs.points_balance"),
    Mirror(
        "service_counts",
        ("station_code", "month", "service_kind_code", "need_code", "service_mode_code"),
        ("planned", "done", "refused", "not_met", "postponed", "minutes"),
        "handoffs.service_count",
    ),
    Mirror("kpis", ("region_code", "month", "kpi_code"), ("numerator", "denominator", "unknown_count"), "handoffs.kpi"),
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
