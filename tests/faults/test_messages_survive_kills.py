"""A messenger killed before or after a send loses no message; what comes twice has the same key; a sick receiver hurts itself alone."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pytest_httpserver import HTTPServer
from sqlalchemy import text

from core.errors import FixConfiguration
from core.proof import opened, public_key_set
from pipeline.notify import PROOF_KIND, send_messages
from warehouse.database import Role, transaction


class Mailbox:
    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.letters.append((envelope.rcpt_tos[0], message_from_bytes(envelope.content)["Message-ID"]))
        return "250 taken over"


@pytest.fixture
def mailbox(warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A mail server; the environment names it."""
    box = Mailbox()
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setenv("GUITU_PROVIDER_MAIL", f"host=127.0.0.1 port={port} sender=guitu@example.org security=none")
    yield box
    controller.stop()


def waiting(channel: str, *addresses: str) -> None:
    """A message about one alert waits for each address."""
    with transaction(Role.PUBLISHER) as connection:
        for address in addresses:
            connection.execute(
                text(
                    "with r as (insert into outbox.recipient (audience, scope, channel, address, valid_from, registered_at, registered_by) "
                    "values ('operator', '', :channel, :address, '2026-01-01', now(), 'test') returning recipient_id), "
                    "a as (insert into ops.alert (kind, organization_code, subject, opened_at) "
                    "values ('CENTRE_SILENT', '140100Q001', :address, now()) returning alert_id), "
                    "m as (insert into outbox.message (recipient_id, occasion, made_at, next_try_at) "
                    "select recipient_id, 'urgent/1', now(), now() from r returning message_id, recipient_id) "
                    "insert into outbox.item (recipient_id, alert_id, reason, message_id) "
                    "select recipient_id, alert_id, 'alert', message_id from m, a"
                ),
                {"channel": channel, "address": address},
            )


def states() -> Counter[str]:
    with transaction(Role.PUBLISHER) as connection:
        return Counter(connection.execute(text("select state from outbox.message")).scalars())


def ten_minutes_later() -> None:
    with transaction(Role.PUBLISHER) as connection:
        connection.execute(text("update outbox.message set next_try_at = next_try_at - interval '10 minutes'"))


@pytest.mark.parametrize(("point", "copies"), [("notify.before_send", 1), ("notify.after_send", 2)])
def test_a_killed_messenger_is_followed_by_one_that_sends_the_same_letter(mailbox: Mailbox, point: str, copies: int) -> None:
    waiting("email", "one@example.org", "two@example.org")
    killed = subprocess.run(
        [sys.executable, "-m", "pipeline", "notify"], env=os.environ | {"FAULT": point}, capture_output=True, timeout=120, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    send_messages()
    assert states() == {"sent": 1, "sending": 1}
    ten_minutes_later()
    send_messages()
    send_messages()
    assert states() == {"sent": 2}
    received = Counter(mailbox.letters)
    assert sorted(received.values()) == [1, copies]
    assert {address for address, _ in received} == {"one@example.org", "two@example.org"}


def test_a_webhook_that_is_down_is_left_alone_while_others_are_told_with_proof(mailbox: Mailbox, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/down").respond_with_data("", status=503)
    httpserver.expect_request("/gone").respond_with_data("", status=410)
    httpserver.expect_request("/up").respond_with_data("", status=202)
    waiting("webhook", *(httpserver.url_for(path) for path in ("/down", "/gone", "/up")))
    waiting("email", "one@example.org")
    send_messages()
    assert states() == {"waiting": 1, "dead": 1, "sent": 2}
    posted = {request.path: json.loads(request.data) for request, _ in httpserver.log}
    message = json.loads(opened(posted["/up"]["proof"], public_key_set(), kind=PROOF_KIND))
    assert message["alerts"][0]["organization_code"] == "140100Q001"
    ten_minutes_later()
    send_messages()
    assert Counter(request.path for request, _ in httpserver.log) == {"/down": 2, "/gone": 1, "/up": 1}


def test_a_key_that_is_missing_for_webhooks_stops_no_mail(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    waiting("email", "one@example.org", "two@example.org")
    waiting("webhook", "http://127.0.0.1:9/never-asked")
    monkeypatch.setenv("GUITU_KEYS", str(tmp_path))
    with pytest.raises(FixConfiguration):
        send_messages()
    assert states() == {"sent": 2, "waiting": 1}


def test_a_mail_server_that_is_down_costs_no_letter_an_attempt(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting("email", "one@example.org", "two@example.org")
    there = os.environ["GUITU_PROVIDER_MAIL"]
    monkeypatch.setenv("GUITU_PROVIDER_MAIL", "host=127.0.0.1 port=9 sender=guitu@example.org security=none")
    send_messages()
    assert states() == {"waiting": 2}
    monkeypatch.setenv("GUITU_PROVIDER_MAIL", there)
    ten_minutes_later()
    send_messages()
    assert states() == {"sent": 2}
    with transaction(Role.PUBLISHER) as connection:
        assert connection.execute(text("select sum(failures) from outbox.message")).scalar_one() == 0
