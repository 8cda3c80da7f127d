"""Taking one pushed batch in: stored once by (sender, batch_id), decided by the same code as a file, answered with the first answer.

Three short transactions, each safe to repeat: the batch is landed (and with it the nonce used up); `accept` decides it and, in the
same transaction, writes the answer and tells listeners; whoever sends the batch again gets that answer. Whoever finds a batch landed
and not decided (its server died) decides it.

Listeners: the transaction that decides a batch does `pg_notify('guitu_intake', '<landing.batch.batch_id>')`, so that a listener
hears of it at commit and never of one rolled back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, text

from core.clock import now_at
from core.faults import crash_point
from core.logs import log_event
from expectations.decoding import decode
from warehouse.database import Role, transaction
from warehouse.intake.answers import Decided, Sent, decided, notices, push_answer, upload_answer
from warehouse.intake.centres import trusted
from warehouse.intake.push import CHANNEL, Answer, Desk, Push, Refusal, durable_transaction, unavailable_when_the_server_is
from warehouse.intake.together import Together, plain_of
from warehouse.landing.batches import insert_batch
from warehouse.landing.raw import RawStore, is_same_content
from warehouse.staging.accept import accept


class Intake:
    """Takes batches in: plain new ones together, every other one by itself."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._together = desk, Together(desk)

    def take_all(self, pushes: Sequence[Push]) -> list[Answer | Refusal | Exception]:
        """Every batch is taken in or refused; one that cannot be does not keep the others from it."""
        taken = self._plain_ones(pushes)
        return [taken[place] if place in taken else self._tried(push) for place, push in enumerate(pushes)]

    def _plain_ones(self, pushes: Sequence[Push]) -> dict[int, Answer]:
        """Answers by place. Whatever hinders this way hinders no batch: those without an answer go the ordinary way."""
        try:
            found = {place: plain for place, push in enumerate(pushes) if (plain := plain_of(push))}
            return self._together.take(found)
        except Exception as error:  # noqa: BLE001 - one strange batch must not take its neighbours along
            log_event("batches not taken in together", batches=len(pushes), error=type(error).__name__)
            return {}

    def _tried(self, push: Push) -> Answer | Refusal | Exception:
        try:
            return take(push, self._desk)
        except Exception as error:  # noqa: BLE001 - given back, not passed over
            return error


def spend_nonce(app_key: str, nonce: str) -> bool:
    """The nonce of a batch that is refused for its form is used up; False when it was before.

    Raises:
        IntakeUnavailable: the database cannot take it now.
    """
    with unavailable_when_the_server_is(), transaction(Role.INTAKE) as connection:
        return use_nonce(connection, app_key, nonce)


def take(push: Push, desk: Desk) -> Answer | Refusal:
    """The batch is durably stored and decided, once, however often and by however many it is sent.

    Raises:
        IntakeUnavailable: the database or the disk cannot take it now.
    """
    with unavailable_when_the_server_is():
        known = land_push(push, desk.store)
        if isinstance(known, Refusal | Answer):
            return known
        return _decide(push, known, desk)


def land_push(push: Push, store: RawStore) -> int | Answer | Refusal:
    """The bytes and the batch are durable; gives the landing batch to decide, or what is known already."""
    address = store.put(push.delivery.content)
    crash_point("intake.after_raw_write")
    with durable_transaction() as connection:
        if push.app_key not in trusted(connection, [push.app_key]):
            return Refusal("key")
        if not use_nonce(connection, push.app_key, push.nonce):
            return Refusal("nonce")
        is_new = _insert_push(connection, push, address)
        if not is_new:
            return _known(connection, push, address)
        landing_batch_id, _ = insert_batch(connection, push.delivery, address)
        connection.execute(
            text("update landing.push set landing_batch_id = :id where sender_code = :sender and batch_id = :batch"),
            {"id": landing_batch_id, "sender": push.sender_code, "batch": push.batch_id},
        )
        crash_point("intake.before_commit")
    crash_point("intake.after_commit")
    return landing_batch_id


def use_nonce(connection: Connection, app_key: str, nonce: str) -> bool:
    """The nonce of this key is used up; False when it was before."""
    used = connection.execute(
        text("insert into landing.nonce (app_key, nonce, seen_at) values (:key, :nonce, :now) on conflict do nothing"),
        {"key": app_key, "nonce": nonce, "now": now_at()},
    )
    return used.rowcount == 1


def _insert_push(connection: Connection, push: Push, address: str) -> bool:
    inserted = connection.execute(
        text(
            "insert into landing.push (sender_code, batch_id, content_address, app_key, received_at) "
            "values (:sender, :batch, :address, :key, :now) on conflict do nothing"
        ),
        {"sender": push.sender_code, "batch": push.batch_id, "address": address, "key": push.app_key, "now": now_at()},
    )
    return inserted.rowcount == 1


def _known(connection: Connection, push: Push, address: str) -> int | Answer | Refusal:
    """The batch was there: its first answer; its number where it still has none; a refusal where it was another one."""
    first = connection.execute(
        text(
            "select content_address, landing_batch_id, status, answer from landing.push where sender_code = :sender and batch_id = :batch"
        ),
        {"sender": push.sender_code, "batch": push.batch_id},
    ).one()
    if not is_same_content(first.content_address, address):
        return Refusal("other_content")
    if first.answer is None:
        return int(first.landing_batch_id)
    return Answer(first.status, first.answer, first.landing_batch_id, is_repeat=True)


def _decide(push: Push, landing_batch_id: int, desk: Desk) -> Answer:
    accept(landing_batch_id, desk.store, after=partial(_answer_and_tell, push, landing_batch_id, desk), role=Role.INTAKE)
    with durable_transaction() as connection:  # already answered, unless it was refused as a whole or somebody else decided it
        return _answer_and_tell(push, landing_batch_id, desk, connection, None)


def _answer_and_tell(push: Push, landing_batch_id: int, desk: Desk, connection: Connection, _: datetime | None) -> Answer:
    connection.execute(text("set local synchronous_commit = on"))
    first = connection.execute(
        text("select received_at, status, answer from landing.push where landing_batch_id = :id for update"), {"id": landing_batch_id}
    ).one()
    if first.answer is not None:
        return Answer(first.status, first.answer, landing_batch_id, is_repeat=False)
    fate = decided(connection, landing_batch_id, push.feed)
    content = _content(push, fate, first.received_at, desk)
    if fate.state != "held":  # a held file is told what the steward decided when it is asked again
        connection.execute(
            text("update landing.push set status = :status, answer = :answer where landing_batch_id = :id"),
            {"status": fate.status, "answer": content, "id": landing_batch_id},
        )
        connection.execute(text("select pg_notify(:channel, :batch)"), {"channel": CHANNEL, "batch": str(landing_batch_id)})
    return Answer(fate.status, content, landing_batch_id, is_repeat=False)


def _content(push: Push, fate: Decided, received_at: datetime, desk: Desk) -> str:
    sent = Sent(push.sender_code, push.batch_id, push.body_sha256, received_at)
    told = notices(push.feed, _taken_rows(push, fate), desk.days.now())
    if push.is_upload:
        return upload_answer(push.delivery.name, sent, fate, now_at(), told, desk.sign)
    return push_answer(sent, fate, told, desk.sign)


def _taken_rows(push: Push, fate: Decided) -> Iterator[tuple[int, dict[str, object]]]:
    if fate.state in {"rejected", "held"}:
        return
    rows = decode(push.feed, push.delivery).rows
    for number, row in zip(rows.index, rows.to_dict("records"), strict=True):
        if number not in fate.refused_rows:
            yield int(number), {str(name): value for name, value in row.items()}
