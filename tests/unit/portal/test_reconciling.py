"""A day compared from a folder in which something went wrong: one damaged receipt is named and breaks nothing, and so does no new key."""

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from core import proof
from core.clock import end_of_day_at, today_date
from core.sealing import KeyFolder
from portal.centre_client import asking, sending
from portal.centre_client.__main__ import main
from portal.centre_client.place import Place
from portal.centre_client.reconciling import COMPARISON, DAYS_PATH, MANIFEST, Reconciled, reconcile
from portal.centre_client.sending import enqueue, send_all

CENTRE = "140100Q001"
DAY = today_date()


class Intake:
    """What it holds, signed with its key of the moment; a manifest keeps the signature it was made with."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.manifest = ""

    def take(self, request: Request) -> Response:
        batch_id, sha256 = request.headers["Idempotency-Key"], hashlib.sha256(request.data).hexdigest()
        self.held[batch_id] = sha256
        claims = {"batch_id": batch_id, "body_sha256": sha256, "received_at": datetime.now(UTC).isoformat()}
        told = {"batch_id": batch_id, "received": 0, "accepted": 0, "duplicates": 0, "rejected": [], "warnings": []}
        return self._json(told | {"receipt": proof.sign(claims, kind=sending.RECEIPT)})

    def close_day(self) -> None:
        batches = [{"batch_id": name, "body_sha256": sha256, "form": "push"} for name, sha256 in self.held.items()]
        digest = hashlib.sha256("".join(sorted(f"{one['batch_id']} {one['body_sha256']}\n" for one in batches)).encode()).hexdigest()
        said = {"day": DAY.isoformat(), "is_complete": True, "count": len(batches), "digest": digest, "batches": batches}
        self.manifest = proof.sign(said, kind=MANIFEST)

    def compare(self, request: Request) -> Response:
        missing = [one["batch_id"] for one in json.loads(request.data)["batches"] if one["batch_id"] not in self.held]
        said = {"day": DAY.isoformat(), "declaration_sha256": hashlib.sha256(request.data).hexdigest(), "not_received": missing}
        return self._json({"manifest": self.manifest, "comparison": proof.sign(said | {"different": []}, kind=COMPARISON)})

    @staticmethod
    def _json(said: dict) -> Response:
        return Response(json.dumps(said), content_type="application/json")


@pytest.fixture
def intake(tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> Intake:
    KeyFolder(tmp_path / "keys").create_missing()
    monkeypatch.setenv("GUITU_KEYS", str(tmp_path / "keys"))
    intake = Intake()
    httpserver.expect_request(sending.PUSH_PATH).respond_with_handler(intake.take)
    httpserver.expect_request(f"{DAYS_PATH}/{DAY:%Y%m%d}").respond_with_handler(intake.compare)
    httpserver.expect_request(asking.KEYS_PATH).respond_with_handler(lambda _: Intake._json(proof.public_key_set()))
    return intake


@pytest.fixture
def place(tmp_path: Path, httpserver: HTTPServer, intake: Intake) -> Place:
    """A centre that pushed four batches today, clear of midnight."""
    place = Place(tmp_path / "centre")
    assert main(["--folder", str(place.folder), "keygen", "--centre", CENTRE, "--url", httpserver.url_for("").rstrip("/")]) == 0
    push(place, *"ABCD")
    intake.close_day()
    return place


def push(place: Place, *names: str) -> None:
    for name in names:
        enqueue(place, name, json.dumps({"batch_id": name}).encode())
    assert [type(came) for _, came in send_all(place, names, print, once=True)] == [sending.Outcome] * len(names)


def found(reconciled: Reconciled) -> dict[str, tuple[str, ...]]:
    kinds = ("not_received", "different", "unknown", "without_receipt", "damaged", "not_listed")
    return {kind: getattr(reconciled, kind) for kind in kinds if getattr(reconciled, kind)}


def near_midnight() -> bool:
    return (end_of_day_at(DAY) - datetime.now(UTC)).total_seconds() < 60


@pytest.mark.skipif(near_midnight(), reason="the day would change meanwhile")
def test_damaged_receipts_are_named_spare_the_others_and_come_anew(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(reconcile(place, DAY)) == {}
    receipts = {name: place.receipts / f"{name}.json" for name in "ABC"}
    receipts["A"].write_bytes(receipts["A"].read_bytes()[:40])  # the disk was full
    answer = json.loads(receipts["B"].read_bytes())
    head, claims, signature = answer["receipt"].split(".")
    receipts["B"].write_text(json.dumps(answer | {"receipt": f"{head}.{claims[:-4]}AAAA.{signature}"}), "utf-8")
    receipts["C"].write_bytes(b"")
    (place.folder / "sent" / "C.json").unlink()  # not even its bytes are left
    assert found(reconcile(place, DAY)) == {"damaged": ("A", "B", "C")}
    capsys.readouterr()
    assert main(["--folder", str(place.folder), "reconcile", DAY.isoformat()]) == 1
    told = capsys.readouterr().out
    assert [name for name in "ABCD" if f"{name}: the receipt kept here was changed or cannot be read" in told] == ["A", "B", "C"]

    push(place, "A", "B", "C")
    assert found(reconcile(place, DAY)) == {}
    assert not enqueue(place, "A", json.dumps({"batch_id": "A"}).encode())


@pytest.mark.skipif(near_midnight(), reason="the day would change meanwhile")
def test_a_day_is_proven_whichever_of_the_intakes_keys_signed_its_parts(place: Place) -> None:
    """The receipts and the manifest are of the first key, the comparison is of the third, the key set here of none or one of them."""
    proof.rotate()
    proof.rotate()
    assert found(reconcile(place, DAY)) == {}
    assert len(place.key_set["keys"]) == 3
    (place.folder / "keys.json").unlink()
    assert found(reconcile(place, DAY)) == {}


@pytest.mark.skipif(near_midnight(), reason="the day would change meanwhile")
def test_a_receipt_that_another_installation_signed_is_damaged_here(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, answer = os.environ["GUITU_KEYS"], json.loads((place.receipts / "D.json").read_bytes())
    KeyFolder(tmp_path / "other").create_missing()
    monkeypatch.setenv("GUITU_KEYS", str(tmp_path / "other"))
    forged = proof.sign({"batch_id": "D", "body_sha256": "0" * 64, "received_at": datetime.now(UTC).isoformat()}, kind=sending.RECEIPT)
    (place.receipts / "D.json").write_text(json.dumps(answer | {"receipt": forged}), "utf-8")
    monkeypatch.setenv("GUITU_KEYS", ours)
    assert found(reconcile(place, DAY)) == {"damaged": ("D",)}
