"""One batch to the intake: signed anew for each try, tried again for up to 75 hours, its receipt checked and kept.

Standing orders: the bytes and the batch_id never change, the nonce and `created` always do; Retry-After is obeyed.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from core import proof
from core.errors import FixConfiguration, GuituError
from portal.centre_client.asking import Asked, NotTaken, TryAgain, ask, detail_of, fetch_keys, json_of
from portal.centre_client.place import Place, write_durably
from portal.signature import Tag

PUSH_PATH = "/api/v1/intake/detention_centers/release_notices"
RECEIPT = "intake-receipt"
# Seconds to wait before each further try: soon, then ever more patiently, 75 hours in all.
WAITS = (5, 30, 120, 300, 900, 1800, 3600, 7200, 14400, 28800, 43200, 72000, 86400, 11245)
GIVE_UP_AFTER = timedelta(seconds=sum(WAITS))

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """An answered batch: 200 or 422, the answer, and where it is kept."""

    status: int
    answer: dict[str, Any]
    kept_in: Path


def enqueue(place: Place, batch_id: str, content: bytes) -> bool:
    """The batch is durably in the spool; False when it was answered before, with a receipt. One without a receipt that holds is sent again.

    Raises:
        FixConfiguration: a batch of this batch_id with other content is on its way or was answered.
    """
    name = f"{batch_id}.json"
    spooled, sent, refused = (folder / name for folder in (place.spool, place.settled("sent"), place.settled("refused")))
    earlier = next((file for file in (spooled, sent, refused) if file.exists()), None)
    if earlier is None:
        write_durably(spooled, content)
        return True
    if not _is_same(earlier.read_bytes(), content):
        raise FixConfiguration(f"batch_id {batch_id} was used for other content ({earlier}): give changed rows a new batch_id")
    if earlier != spooled and not _is_proven(place, batch_id, earlier.read_bytes()):
        earlier.replace(spooled)  # refused without one, whose reason may be mended; or its receipt was damaged since, and comes anew
        return True
    return earlier == spooled


def _is_proven(place: Place, batch_id: str, content: bytes) -> bool:
    """True when the answer is kept, and its receipt is the intake's, about these bytes."""
    try:
        check_receipt(json.loads((place.receipts / f"{batch_id}.json").read_bytes())["receipt"], place.key_set, content)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, GuituError):
        return False
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
        TryAgain: not answered, or held for a steward, within 75 hours since the first try, or at once with `once`; it stays in the
            spool.
        NotTaken: refused as it is (moved to refused/), or signed wrongly (stays in the spool).
        FixConfiguration: the settings are wrong, or the receipt does not prove what it should.
    """
    [(_, came)] = send_all(place, [batch_id], say, sleep, once=once)
    if isinstance(came, GuituError):
        raise came
    return came


def send_all(
    place: Place, batch_ids: Sequence[str], say: Say, sleep: Callable[[float], None] = time.sleep, *, once: bool = False
) -> Iterator[tuple[str, Outcome | GuituError]]:
    """Every batch of the spool with what came of it, as soon as that is known.

    Each has a schedule of its own: those that are due are sent, and none waits for another's next try. With `once` all are tried once.
    What ends a batch is as for `send`, given instead of raised.
    """
    due = [(0.0, number, batch_id) for number, batch_id in enumerate(batch_ids)]
    while due:
        at, number, batch_id = heappop(due)
        if (seconds := at - time.monotonic()) > 0:
            sleep(seconds)
        tries = _Tries(place.spool / f"{batch_id}.tries")
        try:
            came: Outcome | GuituError = _send_once(place, batch_id, tries)
        except TryAgain as error:
            if not once and not tries.are_over():
                wait = tries.wait(error)
                say(f"{batch_id}: {error}; next try in {timedelta(seconds=round(wait))}")
                heappush(due, (time.monotonic() + wait, number, batch_id))
                continue
            came = error
        except GuituError as error:
            came = error
        yield batch_id, came


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

    def wait(self, error: TryAgain) -> float:
        return max(error.wait_seconds, float(WAITS[min(self.count, len(WAITS)) - 1]))

    def are_over(self) -> bool:
        return time.time() - (self.first or time.time()) > GIVE_UP_AFTER.total_seconds()

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)


def _send_once(place: Place, batch_id: str, tries: _Tries) -> Outcome:
    file = place.spool / f"{batch_id}.json"
    try:
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise NotTaken("it is not in the spool any more: another `push` of this folder sent it") from error
    tries.note()
    response = ask(place, Asked(PUSH_PATH, Tag.PUSH, batch_id, content))
    if response.status_code in {200, 422} and "receipt" in (answer := json_of(response)):
        kept_in = _keep(place, batch_id, content, answer)
        file.replace(place.settled("sent" if response.status_code == 200 else "refused") / file.name)
        tries.forget()
        return Outcome(response.status_code, answer, kept_in)
    if response.status_code == 202 and "receipt" in (answer := json_of(response)):
        _keep(place, batch_id, content, answer)
        raise TryAgain("it arrived, and a steward of the intake decides on it within two working days; `push` asks for the decision", 0)
    if response.status_code in {400, 403, 409, 413}:
        file.touch()  # refused today: the day's declaration names it
        file.replace(place.settled("refused") / file.name)
        tries.forget()
    raise NotTaken(f"the intake answers {response.status_code}: {detail_of(response)}")


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
