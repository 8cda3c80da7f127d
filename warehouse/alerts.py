"""What operators have to supply before everything can be worked out: one row of ops.alert each, until it is missed no more."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from core.clock import now_at
from core.logs import log_event

NEXT_STEPS = {
    "CALENDAR_MISSING": "python -m warehouse load-calendar YEAR",
    "PARAM_MISSING": "python -m warehouse load-parameters FILE",
}


def keep_alerts(connection: Connection, step: str, missing: Iterable[str], run_id: int, *, is_all: bool) -> int:
    """`missing` (codes such as CALENDAR_MISSING:2027) stand open for this step; returns how many are open.

    Args:
        is_all: nothing else is missing, so other alerts of the step are cleared.
    """
    told = {"step": step, "now": now_at(), "run": run_id, "codes": sorted(missing)}
    for code in sorted(missing):
        next_step = NEXT_STEPS[code.partition(":")[0]]
        log_event(code, next_step=next_step)
        connection.execute(
            text(
                "insert into ops.alert (code, step, next_step, first_seen_at, last_seen_at, run_id) "
                "values (:code, :step, :next, :now, :now, :run) on conflict (code, step) do update set last_seen_at = :now, run_id = :run, "
                "first_seen_at = case when alert.cleared_at is null then alert.first_seen_at else :now end, cleared_at = null"
            ),
            told | {"code": code, "next": next_step},
        )
    if is_all:
        connection.execute(
            text("update ops.alert set cleared_at = :now where step = :step and cleared_at is null and code <> all(:codes)"), told
        )
    open_alerts = text("select count(*) from ops.alert where step = :step and cleared_at is null")
    return int(connection.execute(open_alerts, told).scalar_one())
