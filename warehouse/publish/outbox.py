"""The outbox: with the switch that makes a flag visible, and in its transaction, stands who will be told of it.

A flag of a handoff or of an aftercare case that opens for readers is an *opening*; each recipient in its audience is told of it
once at each severity it rises to, whatever is run again. A critical flag goes at once, one message per recipient and publication;
the others wait for the next round (warehouse/publish/rounds.py). A critical flag that stays open past its day is told to the
coordinator, once and then weekly.
Whom nobody is registered for is told to operators (warehouse/publish/unheard.py).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import Connection, text

from core.clock import now_at
from warehouse.publish.recipients import IN_FORCE
from warehouse.publish.rounds import next_rounds
from warehouse.publish.unheard import look_for_unheard

ESCALATED_AGAIN = timedelta(days=7)
# Arms of one table each, so that the planner looks both up by key.
SHOWN = (
    "(select handoff_id as about_id, flag_code, handoff_id as reference, null as station_code, severity, due_date, status, owner_role, "
    "evidence -> 'see' as see from published.handoff_flags union all select case_number, flag_code, case_reference, station_code, "
    "severity, due_date, status, owner_role, evidence -> 'see' from published.case_flags)"
)
"""Flags as readers see them, of handoffs and of aftercare cases; the two share no code."""
WORKED_OUT = (
    "(select handoff_id as about_id, flag_code, opened_at from handoffs.flag "
    "union all select case_number, flag_code, opened_at from handoffs.case_flag)"
)
OF_OPENING = "{0}.about_id = o.about_id and {0}.flag_code = o.flag_code"
OPEN_FLAGS = f"from outbox.opening o join {SHOWN} f on {OF_OPENING.format('f')}"
RANK = "array_position(array['info', 'warning', 'critical'], {})"
CONCERNED = (
    "create temporary table concerned on commit drop as select distinct t.opening_id, t.severity, a.audience, "
    "case e.digits when 0 then a.scope else left(a.scope, e.digits) end as scope, "
    "(t.see ? e.letter or e.letter = 'K' and t.see ? 'k') as is_seen from to_tell t "
    "cross join lateral (select split_part(entry, ':', 1) as audience, split_part(entry, ':', 2) as scope "
    "from unnest(t.audience || array['operator:', 'steward:']) as u(entry)) a "
    "join (values ('station', 'S', 0), ('centre', 'C', 0), ('operator', 'O', 0), ('steward', 'T', 0), ('organization', 'G', 0), "
    "('police', 'P', 2), ('police', 'P', 4), ('police', 'P', 6), ('police', 'P', 9), ('police', 'P', 12), ('coordinator', 'K', 2), "
    "('coordinator', 'K', 4), ('coordinator', 'K', 6), ('coordinator', 'K', 9), ('coordinator', 'K', 12)) as e(audience, letter, digits) "
    "on e.audience = a.audience"
)
"""Under which scopes `to_tell` concerns whom, and whether they see the flag: organisations by code, areas by any prefix of the region.
Coordinators see some flags (k) as a number only."""


def tell(connection: Connection, as_of: date, token: int) -> dict[str, int]:
    """Everybody who may see a flag that opened has it in a message; returns counts. Telling again adds nothing.

    Runs in the publishing transaction, after the published tables show the new state.
    """
    now = now_at()
    counts = {"openings_closed": _close(connection, now), "openings": _open(connection, now)}
    counts["items"] = _tell_changes(connection, as_of, now, token)
    counts["items"] += _tell_new_recipients(connection, as_of, now, token)
    counts["escalations"] = _escalate(connection, as_of, now)
    counts["unheard"] = look_for_unheard(connection, as_of, now)
    return counts


def _close(connection: Connection, now: datetime) -> int:
    # Left joins by key, not one "not exists" of a join: the planner cannot make that quadratic, whatever it knows of the tables.
    return connection.execute(
        text(
            "update outbox.opening set closed_at = :now where opening_id in (select o.opening_id from outbox.opening o "
            f"left join {SHOWN} f on {OF_OPENING.format('f')} left join {WORKED_OUT} w on {OF_OPENING.format('w')} "
            "where o.closed_at is null and (f.status is distinct from 'open' or w.opened_at is distinct from o.flag_opened_at))"
        ),
        {"now": now},
    ).rowcount


def _open(connection: Connection, now: datetime) -> int:
    """New openings begin with nobody told: no audience."""
    return connection.execute(
        text(
            "insert into outbox.opening (about_id, flag_code, severity, flag_opened_at, opened_at) "
            f"select about_id, flag_code, f.severity, w.opened_at, :now from {SHOWN} f join {WORKED_OUT} w using (about_id, flag_code) "
            f"where f.status = 'open' and not exists (select from outbox.opening o where {OF_OPENING.format('f')} and o.closed_at is null)"
        ),
        {"now": now},
    ).rowcount


def _tell_changes(connection: Connection, as_of: date, now: datetime, token: int) -> int:
    """New openings, those whose severity rose, those that concern others or are seen by others now."""
    rose = f"{RANK.format('f.severity')} > {RANK.format('o.severity')}"
    concerned = "coalesce(h.audience, c.audience)"
    connection.execute(
        text(
            f"create temporary table to_tell on commit drop as select o.opening_id, f.severity, {concerned} as audience, f.see "
            f"{OPEN_FLAGS} left join handoffs.handoff h on h.handoff_id = o.about_id "
            "left join handoffs.case_flag c on c.case_number = o.about_id and c.flag_code = o.flag_code "
            f"where o.closed_at is null and ((o.audience, o.see) is distinct from ({concerned}, f.see) or {rose})"
        )
    )
    connection.execute(text("analyze to_tell"))
    told = _write(connection, as_of, now, token, "r.included_at is not null")
    connection.execute(
        text(
            f"update outbox.opening o set audience = t.audience, see = t.see, severity = case when {RANK.format('t.severity')} > "
            f"{RANK.format('o.severity')} then t.severity else o.severity end from to_tell t where t.opening_id = o.opening_id"
        )
    )
    connection.execute(text("drop table to_tell"))
    return told


def _tell_new_recipients(connection: Connection, as_of: date, now: datetime, token: int) -> int:
    """Whoever is registered newly is told what is open already."""
    new = connection.execute(
        text(f"update outbox.recipient r set included_at = :now where r.included_at is null and {IN_FORCE} returning recipient_id"),
        {"as_of": as_of, "now": now},
    ).scalars()
    numbers = ", ".join(str(int(number)) for number in new)
    if not numbers:
        return 0
    connection.execute(
        text(
            "create temporary table to_tell on commit drop as select o.opening_id, f.severity, o.audience, o.see "
            f"{OPEN_FLAGS} where o.closed_at is null"
        )
    )
    connection.execute(text("analyze to_tell"))
    told = _write(connection, as_of, now, token, f"r.recipient_id in ({numbers})")
    connection.execute(text("drop table to_tell"))
    return told


def _look_up(connection: Connection, as_of: date, which: str) -> None:
    """Temporary tables: `concerned` of `to_tell`, and `telling`, the recipients in force of `which`; with figures for the planner."""
    connection.execute(text(CONCERNED))
    connection.execute(
        text(
            "create temporary table telling on commit drop as select r.recipient_id, r.audience, r.scope from outbox.recipient r "
            f"where {IN_FORCE} and {which}"
        ),
        {"as_of": as_of},
    )
    connection.execute(text("analyze concerned, telling"))


def _write(connection: Connection, as_of: date, now: datetime, token: int, which: str) -> int:
    """Items for every recipient of `which` in the audience of `to_tell`, each in its message."""
    _look_up(connection, as_of, which)
    connection.execute(
        text(
            "create temporary table told on commit drop as select distinct t.opening_id, r.recipient_id, t.severity as reason "
            "from concerned t join telling r using (audience, scope) where t.is_seen and not exists (select from outbox.item i "
            "where i.opening_id = t.opening_id and i.recipient_id = r.recipient_id "
            f"and {RANK.format('i.reason')} >= {RANK.format('t.severity')})"
        )
    )
    connection.execute(text("analyze told"))
    written = 0
    for severity in ("critical", "warning", "info"):
        if severity == "critical":
            written += add_items(connection, "told where reason = 'critical'", "opening_id", f"urgent/{token}", now, now)
        else:
            written += in_round(connection, f"told where reason = '{severity}'", "opening_id", severity, now)
    connection.execute(text("drop table told, concerned, telling"))
    return written


def _escalate(connection: Connection, as_of: date, now: datetime) -> int:
    """Coordinators hear of critical flags that are open past their day; of those they may not see, only that there are some."""
    connection.execute(
        text(
            f"create temporary table to_tell on commit drop as select o.opening_id, f.severity, o.audience, o.see {OPEN_FLAGS} "
            "where o.closed_at is null and f.severity = 'critical' and f.due_date < :as_of "
            "and (o.escalated_date is null or o.escalated_date <= :before)"
        ),
        {"as_of": as_of, "before": as_of - ESCALATED_AGAIN},
    )
    connection.execute(text("analyze to_tell"))
    _look_up(connection, as_of, "r.audience = 'coordinator'")
    connection.execute(
        text(
            "create temporary table told on commit drop as select distinct opening_id, recipient_id, 'overdue/' || :as_of as reason "
            "from concerned join telling using (audience, scope)"
        ),
        {"as_of": as_of},
    )
    connection.execute(
        text("update outbox.opening o set escalated_date = :as_of from told where told.opening_id = o.opening_id"), {"as_of": as_of}
    )
    written = in_round(connection, "told", "opening_id", "info", now)
    connection.execute(text("drop table told, to_tell, concerned, telling"))
    return written


def in_round(connection: Connection, told: str, thing: str, severity: str, now: datetime) -> int:
    """As `add_items`, in the recipients' next round. A message that is being sent takes nothing more: that waits for the round after."""
    return sum(add_items(connection, told, thing, f"round/{at.isoformat()}", at, now) for at in next_rounds(severity, now))


def add_items(connection: Connection, told: str, thing: str, occasion: str, due_at: datetime, now: datetime) -> int:
    """The rows of `told` that were not told yet stand in their recipient's waiting message of the occasion; returns how many.

    Args:
        told: the temporary table told (recipient_id, reason and a thing), with a condition or without.
        thing: opening_id or alert_id.
    """
    rows = told if " where " in told else f"{told} where true"
    is_new = (
        f"not exists (select from outbox.item i where i.recipient_id = told.recipient_id and i.{thing} = told.{thing} "
        "and i.reason = told.reason)"
    )
    return connection.execute(
        text(
            "with open_message as (insert into outbox.message as m (recipient_id, occasion, made_at, next_try_at) "
            f"select distinct recipient_id, :occasion, cast(:now as timestamptz), cast(:due as timestamptz) from {rows} and {is_new} "
            "order by recipient_id on conflict (recipient_id, occasion) do update set occasion = excluded.occasion "
            "where m.state = 'waiting' and m.body is null returning message_id, recipient_id) "
            f"insert into outbox.item (recipient_id, {thing}, reason, message_id) "
            f"select told.recipient_id, told.{thing}, told.reason, m.message_id from (select * from {rows}) told "
            f"join open_message m using (recipient_id) where {is_new} on conflict do nothing"
        ),
        {"occasion": occasion, "now": now, "due": due_at},
    ).rowcount
