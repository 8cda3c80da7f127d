"""A pushed batch, what it can be answered, what taking it in needs, and the transaction it is taken in by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from core.errors import RetryLater
from expectations.agreement import Feed
from expectations.agreement import feed as agreed_feed
from expectations.decoding.messages import Envelope
from expectations.delivery import Delivery
from warehouse.database import Role, transaction
from warehouse.intake.answers import SignReceipt
from warehouse.intake.legal_days import FreshLegalDays
from warehouse.landing.raw import RawStore

CHANNEL = "guitu_intake"
# SQLSTATE classes in which the server, not the request, is at fault: connection, resources (disk, connections), operator, system,
# and a database that is read-only.
SERVER_AT_FAULT = ("08", "53", "57", "58", "25006")

Reason = Literal["key", "nonce", "other_content"]


class IntakeUnavailable(RetryLater):
    """Nothing is stored now; the same batch can be sent again."""


@dataclass(frozen=True)
class Push:
    """One authenticated batch: a delivery whose `name` is the key of its effect, who signed it with which nonce, its SHA-256 (hex);
    `envelope`: the delivery as read, where somebody has read it."""

    delivery: Delivery
    app_key: str
    nonce: str
    body_sha256: str
    is_upload: bool = False
    envelope: Envelope | None = field(default=None, compare=False, repr=False)

    @property
    def sender_code(self) -> str:
        """The centre it is from: the only one its key may push for."""
        return str(self.delivery.sender_code)

    @property
    def batch_id(self) -> str:
        """What makes it one batch; a corrected file of the same name is another one."""
        return f"{self.delivery.name}@{self.body_sha256[:32]}" if self.is_upload else self.delivery.name

    @property
    def feed(self) -> Feed:
        """Its agreed feed."""
        return agreed_feed(self.delivery.feed)


@dataclass(frozen=True)
class Answer:
    """What the sender is told: HTTP status and JSON text; `is_repeat`: it was given before. `landing_batch_id` in landing.batch."""

    status: int
    content: str
    landing_batch_id: int
    is_repeat: bool


@dataclass(frozen=True)
class Refusal:
    """Why a batch is not taken in at all: its key is no longer trusted, its nonce was used, its batch_id had other content."""

    reason: Reason


@dataclass(frozen=True)
class Desk:
    """What taking in needs beside the database: the raw store, the legal days, and our signature."""

    store: RawStore
    days: FreshLegalDays
    sign: SignReceipt


@contextmanager
def unavailable_when_the_server_is() -> Iterator[None]:
    """Errors of the database server or the disk become IntakeUnavailable; others pass.

    Raises:
        IntakeUnavailable: as said.
    """
    try:
        yield
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None)
        if error.connection_invalidated or state is None or state.startswith(SERVER_AT_FAULT):
            raise IntakeUnavailable("the database cannot take batches now; send again") from error
        raise
    except OSError as error:
        raise IntakeUnavailable("the raw store cannot take batches now; send again") from error


@contextmanager
def durable_transaction() -> Iterator[Connection]:
    """A transaction whose commit waits for the disk, whatever the session or the login was set to."""
    with transaction(Role.INTAKE, waits_for_the_disk=True) as connection:
        yield connection
