"""What became of each message: taken for sending, sent, tried again, given up. Nothing here speaks to a network.

Delivery is at least once: a message is marked as being sent before it is sent, and as sent after. A crash in between leaves it to
be sent again, under the same key, by which the receiver knows it. Its text is made at the first attempt and never changes after.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.expression import bindparam

from core.clock import now_at
from core.errors import FixConfiguration
from warehouse.alerts import Alert
from warehouse.publish.outbox import OPEN_FLAGS
from warehouse.publish.rounds import SENDING, next_try_at
from warehouse.publish.wording import ToldFlag, Wording, worded

SEEN = "(i.reason not like 'overdue/%' or f.see ? 'K')"
"""What was written for a recipient it may see, but for escalations, which reach coordinators for any flag."""
COUNTED = "(:audience = 'coordinator' and f.see ? 'k')"
"""What a coordinator is told as a number only."""


@dataclass(frozen=True)
class Letter:
    """A message in the messenger's hands. `attempt` counts from 1; `failures`: how many attempts failed before."""

    message_id: int
    message_key: str
    audience: str
    channel: str
    address: str
    made_at: datetime
    wording: Wording
    attempt: int
    failures: int


def take(connection: Connection, channel: str, without: Collection[str] = ()) -> Letter | None:
    """The longest-due message of the channel (to none of the addresses in `without`), marked as being sent; None when none is due.

    Messages with nothing left to tell, or for a recipient that is no longer told, are dropped on the way. Commit before sending.
    """
    while (row := _next(connection, channel, list(without))) is not None:
        wording = _wording(connection, row) if row.is_told else None
        if wording is None:
            _finish(connection, row.message_id, "dropped", None)
            continue
        _begin(connection, row, wording)
        key, attempt = str(row.message_key), row.attempts + 1
        return Letter(row.message_id, key, row.audience, channel, row.address, row.made_at, wording, attempt, row.failures)
    return None


def _next(connection: Connection, channel: str, without: list[str]) -> Any:
    return connection.execute(
        text(
            "select m.message_id, m.message_key, m.made_at, m.attempts, m.failures, m.subject, m.body, m.content, r.audience, r.address, "
            "r.valid_to is null or r.valid_to >= (cast(:now as timestamptz) at time zone 'Asia/Shanghai')::date as is_told "
            "from outbox.message m join outbox.recipient r using (recipient_id) "
            "where m.state in ('waiting', 'sending') and m.next_try_at <= :now and r.channel = :channel and r.address <> all(:without) "
            "order by m.next_try_at, m.message_id limit 1 for update of m skip locked"
        ),
        {"now": now_at(), "channel": channel, "without": without},
    ).first()


def _wording(connection: Connection, row: Any) -> Wording | None:
    if row.body is not None:
        return Wording(row.subject, row.body, row.content)
    flags = connection.execute(
        text(
            f"select f.reference, o.flag_code, f.severity, f.due_date, f.owner_role, i.reason, {SEEN} as is_seen, "
            f"f.station_code, {COUNTED} as is_counted "
            f"{OPEN_FLAGS} join outbox.item i using (opening_id) where i.message_id = :id and o.closed_at is null and f.status = 'open'"
        ),
        {"id": row.message_id, "audience": row.audience},
    )
    alerts = connection.execute(
        text(
            "select a.kind, a.organization_code, a.subject, a.count from outbox.item i join ops.alert a using (alert_id) "
            "where i.message_id = :id and a.closed_at is null and a.acknowledged_at is null order by a.kind, a.organization_code, a.subject"
        ),
        {"id": row.message_id},
    )
    told = [ToldFlag(**flag) for flag in flags.mappings()]
    return worded(told, [Alert(*alert) for alert in alerts], row.audience)


def _begin(connection: Connection, row: Any, wording: Wording) -> None:
    connection.execute(
        text(
            "update outbox.message set state = 'sending', attempts = attempts + 1, next_try_at = :until, subject = :subject, body = :body, "
            "content = :content where message_id = :id"
        ).bindparams(bindparam("content", type_=JSONB)),
        {
            "id": row.message_id,
            "until": now_at() + SENDING,
            "subject": wording.subject,
            "body": wording.body,
            "content": wording.content,
        },
    )
    connection.execute(
        text("insert into outbox.attempt (message_id, number, started_at) values (:id, :number, :now)"),
        {"id": row.message_id, "number": row.attempts + 1, "now": now_at()},
    )


def mark_sent(connection: Connection, letter: Letter) -> None:
    """The receiver has the message; it is never sent again."""
    _end_attempt(connection, letter, "sent", None)
    _finish(connection, letter.message_id, "sent", None)


def mark_failed(connection: Connection, letter: Letter, error: str, *, is_final: bool) -> None:
    """The attempt failed. The message waits for its next attempt, or is a dead letter: after the last one, or when `is_final`."""
    _end_attempt(connection, letter, "refused" if is_final else "failed", error)
    failures = letter.failures + 1
    again = None if is_final else next_try_at(failures, now_at())
    if again is None:
        _finish(connection, letter.message_id, "dead", error)
    else:
        _wait(connection, letter, failures, again, error)


def put_back(connection: Connection, letter: Letter, error: str) -> None:
    """The channel itself is down: the message waits and has lost none of its attempts, however long that lasts."""
    _end_attempt(connection, letter, "failed", error)
    _wait(connection, letter, letter.failures, next_try_at(1, now_at()), error)


def _wait(connection: Connection, letter: Letter, failures: int, again: datetime | None, error: str) -> None:
    connection.execute(
        text(
            "update outbox.message set state = 'waiting', failures = :failures, next_try_at = :again, last_error = :error "
            "where message_id = :id"
        ),
        {"id": letter.message_id, "failures": failures, "again": again, "error": error},
    )


def _finish(connection: Connection, message_id: int, state: str, error: str | None) -> None:
    connection.execute(
        text("update outbox.message set state = :state, finished_at = :now, last_error = :error where message_id = :id"),
        {"id": message_id, "state": state, "now": now_at(), "error": error},
    )


def _end_attempt(connection: Connection, letter: Letter, outcome: str, error: str | None) -> None:
    connection.execute(
        text(
            "update outbox.attempt set finished_at = :now, outcome = :outcome, error = :error where message_id = :id and number = :number"
        ),
        {"id": letter.message_id, "number": letter.attempt, "now": now_at(), "outcome": outcome, "error": error},
    )


def dead_letters(connection: Connection) -> list[Row[Any]]:
    """Messages that were given up, oldest first; without their text."""
    return list(connection.execute(text("select * from outbox.dead_letters order by given_up_at, message_id")))


def send_again(connection: Connection, message_id: int) -> None:
    """A dead letter is due again, with all its attempts.

    Raises:
        FixConfiguration: there is no such dead letter.
    """
    changed = connection.execute(
        text(
            "update outbox.message set state = 'waiting', finished_at = null, failures = 0, next_try_at = :now "
            "where message_id = :id and state = 'dead'"
        ),
        {"id": message_id, "now": now_at()},
    )
    if not changed.rowcount:
        raise FixConfiguration(f"message {message_id} is no dead letter: `python -m warehouse dead-letters` lists them")
