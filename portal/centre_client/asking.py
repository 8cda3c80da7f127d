"""One signed request to the intake, and what its answer says when it is no plain yes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import requests

from core.errors import FixConfiguration, RejectBatch, RetryLater
from portal.centre_client.place import Place
from portal.signature import MAX_AGE_SECONDS, Signature, Tag, sign

KEYS_PATH = "/api/v1/intake/keys"
TIMEOUT = (10, 60)


class TryAgain(RetryLater):
    """Not taken in now; `wait_seconds`: what the intake asked for, or 0."""

    def __init__(self, why: str, wait_seconds: float) -> None:
        super().__init__(why)
        self.wait_seconds = wait_seconds


class NotTaken(RejectBatch):
    """The intake refuses this request as it is."""


@dataclass(frozen=True)
class Asked:
    """A request: where, what for, its Idempotency-Key, its body."""

    path: str
    tag: Tag
    key: str
    content: bytes


def ask(place: Place, asked: Asked) -> requests.Response:
    """The intake's answer to the request, signed now; a wrong clock of this machine is corrected once by the intake's.

    Raises:
        TryAgain: no answer, or one that says later (408, 429, 5xx).
        NotTaken: this machine's clock is wrong, and correcting it did not help.
        FixConfiguration: the intake's address or certificate is not as it should be.
    """
    response = _post(place, asked, timedelta())
    ahead = _clock_difference(response)
    is_clock_wrong = response.status_code == 401 and abs(ahead.total_seconds()) > MAX_AGE_SECONDS / 2
    if is_clock_wrong:
        response = _post(place, asked, ahead)
    if response.status_code in {408, 429} or response.status_code >= 500:
        raise TryAgain(f"the intake answers {response.status_code}: {detail_of(response)}", _retry_after(response))
    if response.status_code == 401 and is_clock_wrong:
        raise NotTaken(f"this machine's clock is {ahead} behind the intake's: set it right; {detail_of(response)}")
    return response


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


def json_of(response: requests.Response) -> dict[str, Any]:
    """The answer's JSON object; empty where it is none."""
    try:
        said = response.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def detail_of(response: requests.Response) -> str:
    """Why, in the intake's words."""
    return str(json_of(response).get("detail") or "no reason given")[:500]


def _post(place: Place, asked: Asked, ahead: timedelta) -> requests.Response:
    settings = place.settings
    url = _checked(settings["url"]) + asked.path
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": asked.key}
    how = Signature(asked.tag, settings["app_key"], place.private_key(), uuid4().hex, datetime.now(UTC) + ahead)
    sign("POST", url, headers, asked.content, how)
    with _session(settings) as session:
        try:
            return session.post(url, data=asked.content, headers=headers, timeout=TIMEOUT, allow_redirects=False)
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


def _clock_difference(response: requests.Response) -> timedelta:
    try:
        return parsedate_to_datetime(response.headers["Date"]) - datetime.now(UTC)
    except (KeyError, ValueError, TypeError):
        return timedelta()


def _retry_after(response: requests.Response) -> float:
    told = response.headers.get("Retry-After", "")
    return float(told) if told.isdecimal() else 0.0
