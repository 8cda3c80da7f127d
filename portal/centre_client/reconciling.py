"""A day of this folder, declared to the intake and compared with its signed manifest: what did not arrive is named on both sides.

Declared are the batches with a receipt of the day, and every batch that has none: still in the spool, or refused that day. The answer
is kept in days/<yyyymmdd>.json beside the declaration; both of its proofs can be shown to a third party.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from core import proof
from core.clock import end_of_day_at
from core.errors import FixConfiguration, NotAllowed
from portal.centre_client.asking import Asked, NotTaken, ask, detail_of, fetch_keys, json_of
from portal.centre_client.place import Place, write_durably
from portal.centre_client.sending import RECEIPT
from portal.signature import Tag

DAYS_PATH = "/api/v1/intake/detention_centers/days"
MANIFEST, COMPARISON = "intake-manifest", "intake-comparison"
AT_MIDNIGHT = timedelta(seconds=1)
"""Receipts tell seconds: so close to midnight a batch may stand in the manifest of the day beside."""


@dataclass(frozen=True)
class Kept:
    """A batch this folder knows: SHA-256 of its bytes; when the intake received it, None without a receipt; when it was made.
    `is_damaged`: its receipt is there, and proves nothing any more; empty SHA-256 where its bytes are not here either."""

    batch_id: str
    body_sha256: str
    received_at: datetime | None
    made_at: datetime
    is_refused: bool = False
    is_damaged: bool = False

    def is_of(self, day: date) -> bool:
        """True when the day's declaration names it."""
        first, last = end_of_day_at(day - timedelta(days=1)), end_of_day_at(day)
        if self.received_at is not None:
            return first < self.received_at <= last
        return self.made_at <= last and (first < self.made_at or not self.is_refused)


@dataclass(frozen=True)
class Reconciled:
    """What came of a day. Batch_ids: `not_received` by the intake until now; `different` there; there and `unknown` here; there and
    `without_receipt` here; `damaged` receipts here; with a receipt here and `not_listed` there. `count`: what the manifest lists."""

    day: date
    is_complete: bool
    count: int
    not_received: tuple[str, ...]
    different: tuple[str, ...]
    unknown: tuple[str, ...]
    without_receipt: tuple[str, ...]
    damaged: tuple[str, ...]
    not_listed: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """True when both sides know the same batches, with the same bytes."""
        return not (self.not_received or self.different or self.unknown or self.without_receipt or self.damaged or self.not_listed)


def reconcile(place: Place, day: date) -> Reconciled:
    """The day is declared, the intake's answer proven and kept, and both compared.

    Raises:
        TryAgain: the intake cannot be reached now.
        NotTaken: it refuses the declaration as it is.
        NotOurs, FixConfiguration: its answer proves nothing, or is about something else.
    """
    known = {kept.batch_id: kept for kept in batches_kept(place)}
    declared = {name: kept for name, kept in known.items() if kept.is_of(day)}
    content = _declaration(place.settings["centre_code"], day, declared)
    folder, name = place.settled("days"), f"{day:%Y%m%d}"
    write_durably(folder / f"{name}.declared.json", content)
    key = f"{place.settings['centre_code']}-{name}-{hashlib.sha256(content).hexdigest()[:16]}"
    response = ask(place, Asked(f"{DAYS_PATH}/{name}", Tag.DAY, key, content))
    answer = json_of(response)
    if response.status_code != 200 or not {"manifest", "comparison"} <= answer.keys():
        raise NotTaken(f"the intake answers {response.status_code}: {detail_of(response)}")
    write_durably(folder / f"{name}.json", response.content)
    manifest, comparison = _opened(place, answer["manifest"], MANIFEST), _opened(place, answer["comparison"], COMPARISON)
    _check(manifest, comparison, hashlib.sha256(content).hexdigest(), day)
    return compared(day, known, declared, manifest, comparison)


def compared(
    day: date, known: Mapping[str, Kept], declared: Mapping[str, Kept], manifest: Mapping[str, Any], comparison: Mapping[str, Any]
) -> Reconciled:
    """What the two signed answers say about what this folder knows and declared. Rosters and uploads are listed, and not compared."""
    listed = {one["batch_id"] for one in manifest["batches"] if one["form"] == "push"}
    missing = set(comparison["not_received"])
    first, last = end_of_day_at(day - timedelta(days=1)) + AT_MIDNIGHT, end_of_day_at(day) - AT_MIDNIGHT
    within = {name for name, kept in declared.items() if kept.received_at is not None and first < kept.received_at < last}
    lacking = {name for name, kept in declared.items() if kept.received_at is None} - missing
    return Reconciled(
        day=day,
        is_complete=bool(manifest["is_complete"]),
        count=int(manifest["count"]),
        not_received=tuple(sorted(missing)),
        different=tuple(sorted(comparison["different"])),
        unknown=tuple(sorted(listed - known.keys())),
        without_receipt=tuple(sorted(name for name in lacking if not declared[name].is_damaged)),
        damaged=tuple(sorted(name for name, kept in declared.items() if kept.is_damaged)),
        not_listed=tuple(sorted(within - listed - missing)),
    )


def batches_kept(place: Place) -> Iterator[Kept]:
    """Every batch of the folder: answered, on its way, or refused without a receipt.

    A receipt that was changed or cannot be read counts as none, is marked, and spares the others.

    Raises:
        TryAgain: the intake's keys are not all here, and cannot be fetched now.
    """
    receipts = {file.stem: (file, _proven(file, place.key_set)) for file in sorted(place.receipts.glob("*.json"))}
    if any(kept is None for _, kept in receipts.values()):
        fetch_keys(place)  # one may be signed with a key that is not here
        receipts = {name: (file, kept or _proven(file, place.key_set)) for name, (file, kept) in receipts.items()}
    answered = {kept.batch_id for _, kept in receipts.values() if kept}
    damaged = {name: Kept(name, "", None, _made_at(file), is_damaged=True) for name, (file, kept) in receipts.items() if kept is None}
    yield from (kept for _, kept in receipts.values() if kept)
    for folder in (place.spool, place.settled("refused"), place.settled("sent")):
        for file in sorted(folder.glob("*.json")):
            if file.stem in answered or (folder.name == "sent" and file.stem not in damaged):
                continue
            sha256, is_damaged = hashlib.sha256(file.read_bytes()).hexdigest(), damaged.pop(file.stem, None) is not None
            yield Kept(file.stem, sha256, None, _made_at(file), folder.name == "refused", is_damaged)
    yield from damaged.values()


def _proven(file: Path, key_set: Mapping[str, Any]) -> Kept | None:
    """The batch that a kept receipt is of; None when it proves nothing."""
    try:
        claims = json.loads(proof.opened(json.loads(file.read_bytes())["receipt"], key_set, kind=RECEIPT))
        return Kept(claims["batch_id"], claims["body_sha256"], datetime.fromisoformat(claims["received_at"]), _made_at(file))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, NotAllowed):
        return None


def _made_at(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _declaration(centre_code: str, day: date, declared: Mapping[str, Kept]) -> bytes:
    batches = [{"batch_id": name, "body_sha256": kept.body_sha256} for name, kept in sorted(declared.items()) if kept.body_sha256]
    return json.dumps({"sender_code": centre_code, "day": day.isoformat(), "batches": batches}, separators=(",", ":")).encode()


def _opened(place: Place, compact: str, kind: str) -> dict[str, Any]:
    try:
        return dict(json.loads(proof.opened(compact, place.key_set, kind=kind)))
    except NotAllowed:
        fetch_keys(place)  # the first answer, or the intake has a new key
        return dict(json.loads(proof.opened(compact, place.key_set, kind=kind)))


def _check(manifest: Mapping[str, Any], comparison: Mapping[str, Any], declaration_sha256: str, day: date) -> None:
    lines = sorted(f"{one['batch_id']} {one['body_sha256']}\n" for one in manifest["batches"])
    digest = hashlib.sha256("".join(lines).encode()).hexdigest()
    if (manifest["count"], manifest["digest"]) != (len(lines), digest):
        raise FixConfiguration("the manifest is genuine, but its count or digest is not that of its batches: tell the coordinator")
    if comparison["declaration_sha256"] != declaration_sha256 or {manifest["day"], comparison["day"]} != {day.isoformat()}:
        raise FixConfiguration("the answer is genuine, but about another declaration or day")
