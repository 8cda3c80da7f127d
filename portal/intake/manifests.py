"""A centre's day, asked for or declared: GET gives our signed manifest, POST takes the centre's declaration and gives both compared.

Both are signed like a push, with a tag of their own; a GET has an empty body and an Idempotency-Key that names the day. Optional for
centres, and no part of the agreement.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from core.clock import today_date
from core.errors import SourceChanged
from expectations.decoding.strict_json import read_json
from portal.intake.bodies import Room
from portal.intake.deliveries import BATCH_ID
from portal.intake.problems import ALWAYS, Problem, foreign, malformed, unsigned
from portal.intake.settings import BODY_SECONDS, DAYS_PATH
from portal.intake.taking import REFUSALS, refused
from portal.intake.trusted_keys import TrustedKeys
from portal.signature import SignatureRefused, Signed, Tag
from warehouse.intake.manifests import Declaration, declare, manifest
from warehouse.intake.push import Refusal, durable_transaction, unavailable_when_the_server_is
from warehouse.intake.pushes import spend_nonce
from warehouse.landing.raw import RawStore

MOST_DECLARED = 2_000
MAX_BYTES = 512 * 1024
OLDEST = timedelta(days=62)
SHA256 = re.compile(r"[0-9a-f]{64}")
DAY = re.compile(r"[0-9]{8}")

Verify = Callable[[Request, str, Tag], Signed]
Door = Callable[[Request], Awaitable[Response]]


class Days:
    """The two doors. `verify` gives what a good signature proves, or raises the problem."""

    def __init__(self, verify: Verify, keys: TrustedKeys, room: Room, store: RawStore) -> None:
        self._verify, self._keys, self._room, self._store = verify, keys, room, store

    def mount(self, app: Starlette, answering: Callable[[Door], Door]) -> None:
        """Both stand at DAYS_PATH/<yyyymmdd>."""
        app.add_route(f"{DAYS_PATH}/{{day}}", answering(self._answer), ["GET", "POST"])

    async def _answer(self, request: Request) -> Response:
        if request.url.query:
            raise malformed("this address takes no query")
        named = str(request.path_params["day"])
        signed = self._verify(request, f"{DAYS_PATH}/{named}", Tag.DAY)
        centre = self._keys.centre_of(signed.app_key)
        with self._room.place(signed.app_key), self._room.body(request, MAX_BYTES) as body:
            content = await body.read(BODY_SECONDS)
            try:
                signed.check_body(content)
            except SignatureRefused as error:
                raise unsigned(str(error)) from None
            act = self._manifest if request.method == "GET" else self._declare
            answer = await run_in_threadpool(act, signed, centre, named, content)
        return Response(json.dumps(answer, separators=(",", ":")).encode(), 200, ALWAYS, "application/json; charset=utf-8")

    def _manifest(self, signed: Signed, centre: str, named: str, _: bytes) -> dict[str, str]:
        with _spending_nonce(signed):
            day = day_of(named)
        if not spend_nonce(signed.app_key, signed.nonce):
            raise REFUSALS["nonce"]()
        with unavailable_when_the_server_is(), durable_transaction() as connection:
            return {"manifest": manifest(connection, self._store, centre, day)}

    def _declare(self, signed: Signed, centre: str, named: str, content: bytes) -> dict[str, str]:
        with _spending_nonce(signed):
            day = day_of(named)
            batches = batches_of(content, centre, day)
        declared = Declaration(centre, day, signed.app_key, signed.nonce, batches, hashlib.sha256(content).hexdigest())
        with unavailable_when_the_server_is(), durable_transaction() as connection:
            answer = declare(connection, self._store, declared)
        if isinstance(answer, Refusal):
            raise REFUSALS[answer.reason]()
        return answer


@contextmanager
def _spending_nonce(signed: Signed) -> Iterator[None]:
    """A request refused in this block has used up its nonce."""
    try:
        yield
    except Problem as problem:
        raise refused(signed.app_key, signed.nonce, problem) from None


def day_of(named: str) -> date:
    """The day of an address.

    Raises:
        Problem: 400 where it is no day like 20261120, or not one of the last 62.
    """
    try:
        day = datetime.strptime(named, "%Y%m%d").date() if DAY.fullmatch(named) else None  # noqa: DTZ007 - a day has no zone
    except ValueError:
        day = None
    if day is None or not today_date() - OLDEST <= day <= today_date():
        raise malformed(f"the address ends with a day like 20261120, one of the last {OLDEST.days}")
    return day


def batches_of(content: bytes, centre_code: str, day: date) -> dict[str, str]:
    """The batches of a declaration: batch_id to SHA-256.

    Raises:
        Problem: 400 where it has not the form of docs/centre-client.md, 403 where it names another centre.
    """
    try:
        said = read_json(content, "the declaration")
    except SourceChanged as error:
        raise malformed(str(error)) from None
    listed = said.get("batches") if isinstance(said, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_DECLARED or said.get("day") != day.isoformat():
        raise malformed(f"a declaration holds sender_code, day (the address's, like 2026-11-20) and up to {MOST_DECLARED} batches")
    if said.get("sender_code") != centre_code:
        raise foreign()
    batches = dict(_one(entry) for entry in listed)
    if len(batches) != len(listed):
        raise malformed("a batch_id stands twice in the declaration")
    return batches


def _one(entry: Any) -> tuple[str, str]:
    batch_id, sha256 = (entry.get("batch_id"), entry.get("body_sha256")) if isinstance(entry, Mapping) else (None, None)
    if not (isinstance(batch_id, str) and isinstance(sha256, str) and BATCH_ID.fullmatch(batch_id) and SHA256.fullmatch(sha256)):
        raise malformed("each batch of a declaration has a batch_id and the SHA-256 of its bytes, 64 lower-case hexadecimal digits")
    return str(batch_id), str(sha256)
