"""Send what waits in the outbox, and look every day for what should have come and did not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from connectors.mail import MailboxUnavailable, MailServer, OpenMail, open_mail
from connectors.webhook import DeliveryRefused, send
from core.clock import now_at, today_date
from core.errors import FixConfiguration, RejectBatch, SourceUnavailable
from core.faults import crash_point
from core.proof import sign
from core.settings import provider_connection, webhook_authority
from warehouse.database import Role, transaction
from warehouse.publish.delivery import Letter, mark_failed, mark_sent, put_back, take
from warehouse.publish.unsent import look
from warehouse.publish.waiting import look_for_waiting
from warehouse.runs import run_record

PROOF_KIND = "guitu-message+jws"
AT_ONCE = 2_000
"""Letters of a channel one run sends at most; the others wait for the next run."""

Deliver = Callable[[Letter], None]


def send_messages() -> int:
    """Every message that is due was sent or has its next attempt, one about notices that wait too long among them; returns the run id.

    Raises:
        FixConfiguration: a mail is due and no mail server is set, or it does not take our login or sender; or our signing key is
            missing. The other channel's messages went out.
    """
    with run_record("notify") as run:
        with transaction(Role.ETL) as connection:
            run.counts["notices_waiting_long"] = look_for_waiting(connection, now_at())
        broken: list[FixConfiguration] = []
        with ExitStack() as connections:
            for channel, deliver in (("webhook", _post), ("email", _Mail(connections))):
                try:
                    run.counts |= {f"{channel}_{name}": count for name, count in _send_all(channel, deliver).items()}
                except FixConfiguration as error:  # one channel that is not set up right keeps no letter of the other
                    broken.append(error)
        if broken:
            raise broken[0]
    return run.run_id


def look_for_unsent() -> int:
    """Gaps in what the centres send stand as alerts, and centres and operators are told of them; returns the run id."""
    with run_record("unsent") as run, transaction(Role.ETL, one_snapshot=True) as connection:
        run.counts |= look(connection, today_date())
    return run.run_id


def _send_all(channel: str, deliver: Deliver) -> dict[str, int]:
    """Sends the due messages of one channel, one after the other. An address or a server that is down is left alone until the next run."""
    counts, down = {"sent": 0, "failed": 0, "refused": 0}, set[str]()
    for _ in range(AT_ONCE):
        with transaction(Role.PUBLISHER) as connection:
            letter = take(connection, channel, without=down)
        if letter is None:
            break
        crash_point("notify.before_send")
        outcome, is_down = _send_one(letter, deliver)
        counts[outcome] += 1
        if is_down and channel == "email":
            break
        if is_down:
            down.add(letter.address)
    return counts


def _send_one(letter: Letter, deliver: Deliver) -> tuple[str, bool]:
    """What became of the letter, and whether whoever takes letters there (the mail server, the one webhook) is down."""
    try:
        deliver(letter)
    except (DeliveryRefused, RejectBatch) as error:
        with transaction(Role.PUBLISHER) as connection:
            mark_failed(connection, letter, str(error), is_final=isinstance(error, DeliveryRefused))
        return "refused" if isinstance(error, DeliveryRefused) else "failed", False
    except SourceUnavailable as error:
        # Our own mail server is not the receiver's fault: only what a receiver fails counts against its letter.
        is_ours = letter.channel == "email" and not isinstance(error, MailboxUnavailable)
        with transaction(Role.PUBLISHER) as connection:
            if is_ours:
                put_back(connection, letter, str(error))
            else:
                mark_failed(connection, letter, str(error), is_final=False)
        return "failed", not isinstance(error, MailboxUnavailable)
    except FixConfiguration as error:
        with transaction(Role.PUBLISHER) as connection:
            put_back(connection, letter, type(error).__name__)
        raise
    crash_point("notify.after_send")
    with transaction(Role.PUBLISHER) as connection:
        mark_sent(connection, letter)
    return "sent", False


def _post(letter: Letter) -> None:
    message = {"kind": "guitu-message", "made_at": letter.made_at.isoformat(), "audience": letter.audience, **letter.wording.content}
    send(letter.address, letter.message_key, message, lambda body: sign(body, kind=PROOF_KIND), webhook_authority())


class _Mail:
    """The office's mail, opened with the first letter: where no mail is due, no mail server is needed."""

    def __init__(self, connections: ExitStack) -> None:
        self._connections = connections
        self._mail: OpenMail | None = None

    def __call__(self, letter: Letter) -> None:
        if self._mail is None:
            self._mail = self._connections.enter_context(open_mail(MailServer.of(provider_connection("mail"))))
        wording = letter.wording
        self._mail.send(letter.address, wording.subject, wording.body, letter.message_key, letter.made_at)
