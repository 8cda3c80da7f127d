"""Messages to people: plain-text e-mail through the office's own SMTP server.

One connection carries many letters. What the server refuses for one address is that letter's matter; when the server itself does
not answer, none of the letters is to blame.
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from connectors.webhook import DeliveryRefused
from core.errors import FixConfiguration, SourceUnavailable
from core.settings import checked_port

SECONDS = 20
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
SECURITY = ("starttls", "tls", "none")
CLOSING, TOO_LARGE = 421, 552


class MailboxUnavailable(SourceUnavailable):
    """The server put off this one letter (4xx); others may pass."""


@dataclass(frozen=True)
class MailServer:
    """Where letters are handed over. `security`: starttls, tls, or none (loopback only)."""

    host: str
    port: int
    sender: str
    security: str = "starttls"
    login: str = ""
    password: str = ""
    ca: str | None = None
    seconds: float = SECONDS

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> MailServer:
        """The server that a connection's settings name.

        Raises:
            FixConfiguration: host or sender is missing, the port is none, or letters would leave this machine unencrypted.
        """
        security = settings.get("security", "starttls")
        if not settings.get("host") or not settings.get("sender") or security not in SECURITY:
            raise FixConfiguration("the mail connection needs host, sender and security (starttls, tls or none)")
        if security == "none" and settings["host"] not in LOOPBACK:
            raise FixConfiguration("security none is for a mail server on this machine only")
        return cls(
            host=settings["host"],
            port=checked_port(settings.get("port") or ("465" if security == "tls" else "587"), "the mail connection"),
            sender=settings["sender"],
            security=security,
            login=settings.get("login", ""),
            password=settings.get("password", ""),
            ca=settings.get("ca") or None,
        )


@dataclass(frozen=True)
class OpenMail:
    """A signed-in connection to the server."""

    server: MailServer
    session: smtplib.SMTP

    def send(self, address: str, subject: str, body: str, message_key: str, made_at: datetime) -> None:
        """The server has taken over the letter. Its Message-ID is the same at every attempt.

        Raises:
            DeliveryRefused: the server will never take this letter (5xx).
            MailboxUnavailable: it may take it later (4xx).
            SourceUnavailable: the connection broke; the letter may or may not have gone.
            FixConfiguration: the server takes no letter from our sender or login; no receiver is to blame.
        """
        try:
            self.session.send_message(self._letter(address, subject, body, message_key, made_at))
        except smtplib.SMTPRecipientsRefused as error:
            raise _by_code(max(code for code, _ in error.recipients.values())) from error
        except smtplib.SMTPSenderRefused as error:
            raise _of_sender(error.smtp_code) from error
        except smtplib.SMTPNotSupportedError as error:
            raise DeliveryRefused("the mail server cannot write to this address: it is not plain ASCII") from error
        except smtplib.SMTPResponseException as error:
            raise _by_code(error.smtp_code) from error
        except (smtplib.SMTPException, OSError) as error:
            raise SourceUnavailable(f"the mail server broke off ({type(error).__name__})") from error

    def _letter(self, address: str, subject: str, body: str, message_key: str, made_at: datetime) -> EmailMessage:
        letter = EmailMessage(policy=SMTP)
        letter["From"], letter["To"], letter["Subject"] = self.server.sender, address, subject
        letter["Date"], letter["Message-ID"] = format_datetime(made_at), f"<{message_key}@{self.server.sender.rpartition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"  # no holiday replies
        letter.set_content(body, charset="utf-8", cte="base64")
        return letter


@contextmanager
def open_mail(server: MailServer) -> Iterator[OpenMail]:
    """A connection for letters; closed at the end of the block.

    Raises:
        SourceUnavailable: the server does not answer, or not in time.
        FixConfiguration: it does not take our login or speak TLS as agreed; or the file of its authority cannot be read.
    """
    trusted = _trusted(server)
    try:
        session = _connect(server, trusted)
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError, ssl.SSLError) as error:
        raise FixConfiguration(f"the mail server takes neither our login nor our TLS ({type(error).__name__})") from error
    except (smtplib.SMTPException, OSError) as error:
        raise SourceUnavailable(f"the mail server does not answer ({type(error).__name__})") from error
    try:
        yield OpenMail(server, session)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            session.quit()


def _trusted(server: MailServer) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=server.ca)
    except OSError as error:
        raise FixConfiguration(f"the authority (ca) of the mail connection cannot be read ({type(error).__name__})") from error


def _connect(server: MailServer, trusted: ssl.SSLContext) -> smtplib.SMTP:
    if server.security == "tls":
        session: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=server.seconds, context=trusted)
    else:
        session = smtplib.SMTP(server.host, server.port, timeout=server.seconds)
    try:
        if server.security == "starttls":
            session.starttls(context=trusted)
        if server.login:
            session.login(server.login, server.password)
    except BaseException:
        session.close()
        raise
    return session


def _of_sender(code: int) -> Exception:
    """MAIL FROM was not taken: this letter is too large, or nothing of ours is wanted; by letters, that would make each a dead one."""
    if code in {CLOSING, TOO_LARGE}:
        return _by_code(code)
    if code < 500:
        return SourceUnavailable(f"the mail server puts our letters off ({code})")
    return FixConfiguration(f"the mail server takes no letter from our sender or login ({code}): check sender, login and password")


def _by_code(code: int) -> Exception:
    """The server's answer by its first digit; its text may repeat an address and is not kept."""
    if code == CLOSING:
        return SourceUnavailable("the mail server is closing (421)")
    return MailboxUnavailable(f"the mail server put the letter off ({code})") if code < 500 else DeliveryRefused(f"refused with {code}")
