"""Letters reach a real mail server once each, under the same key; what it refuses, puts off or never answers is told apart."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller

from connectors.mail import MailboxUnavailable, MailServer, open_mail
from connectors.webhook import DeliveryRefused
from core.errors import FixConfiguration, SourceUnavailable

MADE_AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SENDERS = {
    "stranger@example.org": "530 authentication required",
    "large@example.org": "552 too large",
    "hasty@example.org": "450 too many letters from you",
}
ANSWERS = {"refused@example.org": "550 no such mailbox", "busy@example.org": "451 later, please"}


class Mailbox:
    """What the server took over; some addresses it refuses or puts off."""

    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in SENDERS:
            return SENDERS[address]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in ANSWERS:
            return ANSWERS[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.letters.append(message_from_bytes(envelope.content))
        return "250 taken over"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def server(mailbox: Mailbox) -> Iterator[MailServer]:
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield MailServer("127.0.0.1", controller.port, "guitu@example.org", security="none", seconds=2)
    controller.stop()


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def send(server: MailServer, address: str) -> None:
    with open_mail(server) as mail:
        mail.send(address, "归途提示 1 项", "编号 aaaa\n", "5f0c1e1e", MADE_AT)


def test_a_letter_arrives_with_its_key_and_readable_chinese(server: MailServer, mailbox: Mailbox) -> None:
    send(server, "station@example.org")
    send(server, "station@example.org")
    first, second = mailbox.letters
    assert first["Message-ID"] == second["Message-ID"] == "<5f0c1e1e@example.org>"
    assert str(make_header(decode_header(first["Subject"]))) == "归途提示 1 项"
    assert first.get_payload(decode=True).decode() == "编号 aaaa\r\n"
    assert first["Auto-Submitted"] == "auto-generated"


def test_a_refused_address_does_not_stop_the_letters_after_it(server: MailServer, mailbox: Mailbox) -> None:
    with open_mail(server) as mail:
        with pytest.raises(DeliveryRefused, match="550"):
            mail.send("refused@example.org", "s", "b", "k1", MADE_AT)
        with pytest.raises(MailboxUnavailable, match="451"):
            mail.send("busy@example.org", "s", "b", "k2", MADE_AT)
        mail.send("station@example.org", "s", "b", "k3", MADE_AT)
    assert [letter["Message-ID"] for letter in mailbox.letters] == ["<k3@example.org>"]


@pytest.mark.parametrize(("sender", "expected"), [("stranger", FixConfiguration), ("large", DeliveryRefused), ("hasty", SourceUnavailable)])
def test_a_server_that_takes_nothing_of_ours_blames_no_receiver(server: MailServer, sender: str, expected: type[Exception]) -> None:
    with pytest.raises(expected) as error:
        send(replace(server, sender=f"{sender}@example.org"), "station@example.org")
    assert type(error.value) is expected


def test_an_address_the_server_cannot_write_to_is_that_letters_matter(server: MailServer, mailbox: Mailbox) -> None:
    with open_mail(server) as mail:
        mail.session.ehlo()
        del mail.session.esmtp_features["smtputf8"]
        with pytest.raises(DeliveryRefused, match="plain ASCII"):
            mail.send("指导站@example.org", "s", "b", "k1", MADE_AT)
        mail.send("station@example.org", "s", "b", "k2", MADE_AT)
    assert [letter["Message-ID"] for letter in mailbox.letters] == ["<k2@example.org>"]


def test_an_authority_that_cannot_be_read_is_no_outage(server: MailServer, tmp_path: Path) -> None:
    with pytest.raises(FixConfiguration, match="authority"):
        send(replace(server, ca=str(tmp_path / "none.pem")), "station@example.org")


def test_an_error_never_repeats_an_address(server: MailServer) -> None:
    with pytest.raises(DeliveryRefused) as error:
        send(server, "refused@example.org")
    assert "@" not in str(error.value)


def test_a_server_that_is_not_there_or_never_answers_is_unavailable() -> None:
    with pytest.raises(SourceUnavailable, match="does not answer"):
        send(MailServer("127.0.0.1", free_port(), "guitu@example.org", security="none"), "station@example.org")
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        hanging = MailServer("127.0.0.1", silent.getsockname()[1], "guitu@example.org", security="none", seconds=0.3)
        with pytest.raises(SourceUnavailable, match="does not answer"):
            send(hanging, "station@example.org")


def test_a_letter_leaves_the_machine_encrypted_or_not_at_all() -> None:
    with pytest.raises(FixConfiguration, match="this machine only"):
        MailServer.of({"host": "mail.example.org", "sender": "guitu@example.org", "security": "none"})
    with pytest.raises(FixConfiguration, match="needs host"):
        MailServer.of({"sender": "guitu@example.org"})
    with pytest.raises(FixConfiguration, match="port in the mail connection"):
        MailServer.of({"host": "mail.example.org", "sender": "guitu@example.org", "port": "smtp"})
    assert MailServer.of({"host": "mail.example.org", "sender": "guitu@example.org"}).security == "starttls"
    assert [MailServer.of({"host": "x", "sender": "y"} | more).port for more in ({}, {"security": "tls"}, {"port": "25"})] == [587, 465, 25]


def test_starttls_is_required_and_the_certificate_is_checked(server: MailServer, mailbox: Mailbox, tmp_path: Path) -> None:
    with pytest.raises(FixConfiguration, match="neither our login nor our TLS"):
        send(MailServer("127.0.0.1", server.port, "guitu@example.org", security="starttls", seconds=2), "station@example.org")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True)
    controller.start()
    try:
        trusted = MailServer("127.0.0.1", controller.port, "guitu@example.org", ca=str(tmp_path / "ca.pem"), seconds=2)
        send(trusted, "station@example.org")
        with pytest.raises(FixConfiguration):
            send(MailServer("127.0.0.1", controller.port, "guitu@example.org", seconds=2), "station@example.org")
    finally:
        controller.stop()
    assert len(mailbox.letters) == 1
