"""One batch to the intake: signed anew for each try, tried again for up to 75 hours, its receipt checked and kept.

Standing orders: the bytes and the batch_id never change, the nonce and `created` always do; Retry-After is obeyed.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from core import proof
from core.errors import FixConfiguration, GuituError, RejectBatch, RetryLater
from portal.centre_client.place import Place, write_durably
from portal.signature import MAX_AGE_SECONDS, Signature, Tag, sign

PUSH_PATH = "/api/v1/intake/detention_centers/release_notices"
KEYS_PATH = "/api/v1/intake/keys"
RECEIPT = "intake-receipt"
# Seconds to wait before each further try: soon, then ever more patiently, 75 hours in all.
WAITS = (5, 30, 120, 300, 900, 1800, 3600, 7200, 14400, 28800, 43200, 72000, 86400, 11245)
GIVE_UP_AFTER = timedelta(seconds=sum(WAITS))
TIMEOUT = (10, 60)

Say = Callable[[str], None]


class TryAgain(RetryLater):
    """Not taken in now; `wait_seconds`: what the intake asked for, or 0."""

    def __init__(self, why: str, wait_seconds: float) -> None:
        super().__init__(why)
        self.wait_seconds = wait_seconds


class NotTaken(RejectBatch):
    """The intake refuses this batch as it is."""


@dataclass(frozen=True)
class Outcome:
    """An answered batch: 200 or 422, the answer, and where it is kept."""

    status: int
    answer: dict[str, Any]
    kept_in: Path


def enqueue(place: Place, batch_id: str, content: bytes) -> bool:
    """The batch is durably in the spool; False when it was answered before.

    Raises:
        FixConfiguration: a batch of this batch_id with other content is on its way or was answered.
    """
    for folder in (place.spool, place.settled("sent"), place.settled("refused")):
        earlier = folder / f"{batch_id}.json"
        if earlier.exists() and not _is_same(earlier.read_bytes(), content):
            raise FixConfiguration(f"batch_id {batch_id} was used for other content ({earlier}): give changed rows a new batch_id")
        if earlier.exists():
            return folder == place.spool
    write_durably(place.spool / f"{batch_id}.json", content)
    return True


def _is_same(one: bytes, other: bytes) -> bool:
    """The same batch; one that was made from a table twice differs in the time it was made only, and the first one counts."""
    return one == other or [_without_time(one)] == [_without_time(other)]


def _without_time(content: bytes) -> Any:
    said = json.loads(content)
    return {name: value for name, value in said.items() if name != "exported_at"}


def send(place: Place, batch_id: str, say: Say, sleep: Callable[[float], None] = time.sleep, *, once: bool = False) -> Outcome:
    """The batch of the spool is answered and its receipt kept, checked against our bytes and the intake's key.

    Raises:
        TryAgain: not answered within 75 hours since the first try, or at once with `once`; it stays in the spool.
        NotTaken: refused as it is (moved to refused/), or signed wrongly (stays in the spool).
        FixConfiguration: the settings are wrong, or the receipt does not prove what it should.
    """
    tries = _Tries(place.spool / f"{batch_id}.tries")

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        say(f"{batch_id}: {error}; next try in {timedelta(seconds=round(state.upcoming_sleep))}")

    retrying = Retrying(
        retry=retry_if_exception_type(TryAgain),
        wait=lambda state: tries.wait(state.outcome.exception() if state.outcome else None),
        stop=lambda state: once or tries.are_over(),
        sleep=sleep,
        before_sleep=tell,
        reraise=True,
    )
    return retrying(_send_once, place, batch_id, tries)


class _Tries:
    """When a batch was first tried and how often, kept beside it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        said: dict[str, Any] = json.loads(file.read_text("ascii")) if file.exists() else {"first": None, "count": 0}
        self.first: float | None = said["first"]
        self.count: int = said["count"]

    def note(self) -> None:
        self.first, self.count = self.first or time.time(), self.count + 1
        write_durably(self._file, json.dumps({"first": self.first, "count": self.count}).encode())

    def wait(self, error: BaseException | None) -> float:
        asked = error.wait_seconds if isinstance(error, TryAgain) else 0.0
        return max(asked, float(WAITS[min(self.count, len(WAITS)) - 1]))

    def are_over(self) -> bool:
        return time.time() - (self.first or time.time()) > GIVE_UP_AFTER.total_seconds()

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)


def _send_once(place: Place, batch_id: str, tries: _Tries) -> Outcome:
    file = place.spool / f"{batch_id}.json"
    content = file.read_bytes()
    tries.note()
    response = _post(place, batch_id, content, timedelta())
    ahead = _clock_difference(response)
    if response.status_code == 401 and abs(ahead.total_seconds()) > MAX_AGE_SECONDS / 2:
        response = _post(place, batch_id, content, ahead)  # our clock is wrong: the intake's Date header tells by how much
    if response.status_code in {200, 422} and "receipt" in (answer := _json(response)):
        kept_in = _keep(place, batch_id, content, answer)
        file.replace(place.settled("sent" if response.status_code == 200 else "refused") / file.name)
        tries.forget()
        return Outcome(response.status_code, answer, kept_in)
    if response.status_code in {408, 429} or response.status_code >= 500:
        raise TryAgain(f"the intake answers {response.status_code}: {_detail(response)}", _retry_after(response))
    if response.status_code in {400, 403, 409, 413}:
        file.replace(place.settled("refused") / file.name)
        tries.forget()
    elif response.status_code == 401 and abs(ahead.total_seconds()) > MAX_AGE_SECONDS / 2:
        raise NotTaken(f"this machine's clock is {ahead} behind the intake's: set it right; {_detail(response)}")
    raise NotTaken(f"the intake answers {response.status_code}: {_detail(response)}")


def _post(place: Place, batch_id: str, content: bytes, ahead: timedelta) -> requests.Response:
    settings = place.settings
    url = _checked(settings["url"]) + PUSH_PATH
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": batch_id}
    how = Signature(Tag.PUSH, settings["app_key"], place.private_key(), uuid4().hex, datetime.now(UTC) + ahead)
    sign("POST", url, headers, content, how)
    with _session(settings) as session:
        try:
            return session.post(url, data=content, headers=headers, timeout=TIMEOUT, allow_redirects=False)
        except requests.exceptions.SSLError as error:
            raise FixConfiguration(
                "the intake's certificate is not trusted: name its CA (--ca FILE at keygen, or ca in client.json)"
            ) from error
        except requests.RequestException as error:
            raise TryAgain(f"no answer from the intake ({type(error).__name__})", 0) from error


def _session(settings: dict[str, Any]) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.verify = settings.get("ca") or True
    return session


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost"}:
        raise FixConfiguration("the intake's address begins with https:// (http is for trials on this machine only)")
    return url


def _keep(place: Place, batch_id: str, content: bytes, answer: dict[str, Any]) -> Path:
    """The answer is on disk, then its receipt is proven; a receipt that proves nothing is kept too, and told."""
    file = place.receipts / f"{batch_id}.json"
    write_durably(file, json.dumps(answer, ensure_ascii=False, indent=1).encode())
    try:
        check_receipt(answer["receipt"], place.key_set, content)
    except GuituError:
        fetch_keys(place)  # the first answer, or the intake has a new key
        check_receipt(answer["receipt"], place.key_set, content)
    return file


def fetch_keys(place: Place) -> None:
    """The intake's public keys of today are in keys.json beside the earlier ones.

    Raises:
        TryAgain: no answer.
    """
    settings = place.settings
    with _session(settings) as session:
        try:
            response = session.get(_checked(settings["url"]) + KEYS_PATH, timeout=TIMEOUT, allow_redirects=False)
            response.raise_for_status()
            place.remember_keys(response.json())
        except (requests.RequestException, ValueError) as error:
            raise TryAgain(f"the intake's keys cannot be fetched ({type(error).__name__})", 0) from error


def check_receipt(receipt: str, key_set: dict[str, Any], content: bytes | None) -> dict[str, Any]:
    """What the receipt says, once it is proven to be the intake's and, where `content` is given, to be about these bytes.

    Raises:
        NotOurs: no key of the set signed it as a receipt, or it was changed.
        FixConfiguration: it is about other bytes.
    """
    claims = dict(json.loads(proof.opened(receipt, key_set, kind=RECEIPT)))
    if content is not None and claims["body_sha256"] != hashlib.sha256(content).hexdigest():
        raise FixConfiguration("the receipt is genuine, but about other bytes than these")
    return claims


def _clock_difference(response: requests.Response) -> timedelta:
    try:
        return parsedate_to_datetime(response.headers["Date"]) - datetime.now(UTC)
    except (KeyError, ValueError, TypeError):
        return timedelta()


def _retry_after(response: requests.Response) -> float:
    told = response.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() else 0.0


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        said = response.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _detail(response: requests.Response) -> str:
    return str(_json(response).get("detail") or "no reason given")[:500]
