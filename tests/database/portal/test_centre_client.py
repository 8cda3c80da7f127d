"""A centre with nothing but the client: a key pair, a file, a receipt it can prove without us, whatever happens on the way."""

import hashlib
import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from serving import CENTRE, Intake, envelope, free_port, notice, pointed_to, running_intake
from werkzeug import Response

from core import proof
from core.errors import FixConfiguration, GuituError
from expectations.agreement import feed
from portal.centre_client import asking, sending
from portal.centre_client.__main__ import main
from portal.centre_client.asking import NotTaken, TryAgain
from portal.centre_client.place import Place
from portal.centre_client.sending import GIVE_UP_AFTER, WAITS, enqueue, send, send_all
from warehouse.__main__ import main as warehouse


@pytest.fixture(scope="module")
def place(intake_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Intake]]:
    """A centre's folder whose key is registered with the command, and an intake at the address it knows."""
    folder, port = tmp_path_factory.mktemp("centre"), free_port()
    url = f"http://127.0.0.1:{port}"
    assert main(["--folder", str(folder), "keygen", "--centre", CENTRE, "--url", url]) == 0
    [public] = folder.glob("*.pub.pem")
    with pointed_to(intake_environment):
        assert warehouse(["register-centre", CENTRE, str(public), "--by", "coordinator"]) == 0
    with running_intake(**intake_environment, GUITU_INTAKE_PORT=str(port), GUITU_INTAKE_PUBLIC_URL=url) as intake:
        yield Place(folder), Intake(url, intake.process, intake.client)


def push(place: Place, *arguments: str) -> int:
    return main(["--folder", str(place.folder), "push", *arguments])


def test_a_batch_is_pushed_and_its_receipt_is_proven_offline(
    place: tuple[Place, Intake], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here, _ = place
    file = tmp_path / "batch.json"
    file.write_bytes(envelope("CC-1", [notice("cc1"), notice("cc2", decision_date=None)]))
    assert push(here, str(file)) == 1  # one row was refused: the caller must look
    said = capsys.readouterr().out
    assert "1 accepted" in said
    assert "E_REQUIRED" in said
    assert (here.folder / "sent" / "CC-1.json").read_bytes() == file.read_bytes()
    assert not list(here.spool.iterdir())
    answer = here.receipts / "CC-1.json"
    offline = [sys.executable, "-m", "portal.centre_client", "--folder", str(here.folder), "verify-receipt", str(answer)]
    proven = subprocess.run(offline, capture_output=True, text=True, check=True, env={"PATH": "/usr/bin"}).stdout
    assert "genuine, and about the bytes that were sent" in proven
    assert push(here, str(file)) == 0
    assert "answered before" in capsys.readouterr().out


def test_a_changed_receipt_or_other_bytes_or_a_foreign_key_prove_nothing(place: tuple[Place, Intake], tmp_path: Path) -> None:
    here, _ = place
    content = envelope("CC-2", [notice("cc3")])
    enqueue(here, "CC-2", content)
    receipt = send(here, "CC-2", print).answer["receipt"]
    assert sending.check_receipt(receipt, here.key_set, content)["accepted"] == 1
    head, claims, signature = receipt.split(".")
    with pytest.raises(GuituError):
        sending.check_receipt(f"{head}.{claims[:-4]}AAAA.{signature}", here.key_set, content)
    with pytest.raises(FixConfiguration):
        sending.check_receipt(receipt, here.key_set, content + b" ")
    with pytest.raises(GuituError):
        sending.check_receipt(receipt, {"keys": []}, content)
    with pytest.raises(FixConfiguration, match="other content"):
        enqueue(here, "CC-2", envelope("CC-2", []))


def test_a_filled_in_table_becomes_batches_and_a_month_without_releases_is_told(place: tuple[Place, Intake], tmp_path: Path) -> None:
    here, _ = place
    fields = feed("release_notices").fields
    rows = [notice(f"ct{n}") for n in range(501)]
    lines = [",".join(f.header for f in fields)] + [",".join(str(row.get(f.field) or "") for f in fields) for row in rows]
    table = tmp_path / "notices.csv"
    table.write_bytes("\r\n".join(lines).encode("gb18030"))
    assert push(here, str(table)) == 0
    sizes = sorted(json.loads(file.read_bytes())["row_count"] for file in (here.folder / "sent").glob(f"{CENTRE}-*-0?.json"))
    assert sizes == [1, 500]
    assert push(here, str(table)) == 0
    assert push(here, "--nil", "202610") == 0
    assert json.loads((here.receipts / f"{CENTRE}-202610-nil.json").read_text("utf-8"))["received"] == 0


def test_a_clock_that_is_wrong_by_hours_does_not_stop_a_notice(place: tuple[Place, Intake], monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import datetime, timedelta, tzinfo

    class Late(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) - timedelta(hours=5)

    here, _ = place
    monkeypatch.setattr(asking, "datetime", Late)
    enqueue(here, "CC-late", envelope("CC-late", [notice("late")]))
    assert send(here, "CC-late", print).status == 200


def test_an_intake_that_is_away_is_tried_again_with_the_same_batch_until_it_answers(
    place: tuple[Place, Intake], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    here, intake = place
    settings = here.folder / "client.json"
    known = settings.read_text("utf-8")
    content = envelope("CC-away", [notice("away")])
    enqueue(here, "CC-away", content)
    settings.write_text(known.replace(intake.address, f"http://127.0.0.1:{free_port()}"), "utf-8")
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            settings.write_text(known, "utf-8")

    with pytest.raises(TryAgain):
        send(here, "CC-away", print, once=True)
    assert (here.spool / "CC-away.json").read_bytes() == content
    # Signatures are made for an address: after the first three tries the intake is where the settings say again.
    assert send(here, "CC-away", print, sleep).answer["accepted"] == 1
    assert waited == pytest.approx(WAITS[1:4], abs=1)  # the try before the restart counts


def test_the_schedule_ends_after_75_hours() -> None:
    assert GIVE_UP_AFTER.total_seconds() == 75 * 3600
    assert list(WAITS[:5]) == sorted(WAITS[:5])


@pytest.mark.parametrize(("retry_after", "expected"), [("7200", 7200.0), ("1", 5.0), ("soon", 5.0)])
def test_retry_after_is_obeyed(retry_after: str, expected: float, tmp_path: Path, httpserver: HTTPServer) -> None:
    folder = tmp_path / "centre"
    main(["--folder", str(folder), "keygen", "--centre", CENTRE, "--url", httpserver.url_for("")])
    httpserver.expect_request(sending.PUSH_PATH).respond_with_data("{}", 503, {"Retry-After": retry_after})
    here, waited = Place(folder), []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        raise KeyboardInterrupt

    enqueue(here, "B", envelope("B", []))
    with pytest.raises(KeyboardInterrupt):
        send(here, "B", print, sleep)
    assert waited == [pytest.approx(expected, abs=1)]
    assert (here.spool / "B.json").exists()


def centre_of(httpserver: HTTPServer, folder: Path) -> Place:
    main(["--folder", str(folder), "keygen", "--centre", CENTRE, "--url", httpserver.url_for("")])
    return Place(folder)


def test_a_batch_that_was_refused_without_a_receipt_is_sent_again_and_never_called_answered(
    tmp_path: Path, httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    httpserver.expect_request(sending.PUSH_PATH).respond_with_data('{"detail": "not this centre"}', 403)
    here, file = centre_of(httpserver, tmp_path / "centre"), tmp_path / "batch.json"
    file.write_bytes(envelope("B", [notice("b")]))
    for times in (1, 2):
        assert push(here, str(file)) == 1
        assert len(httpserver.log) == times
        assert (here.folder / "refused" / "B.json").read_bytes() == file.read_bytes()
    assert "answered before" not in capsys.readouterr().out


def test_a_batch_that_a_steward_holds_is_proven_to_have_arrived_and_asked_about_again(tmp_path: Path, httpserver: HTTPServer) -> None:
    here, content = centre_of(httpserver, tmp_path / "centre"), envelope("B", [notice("b")])
    claims = {"body_sha256": hashlib.sha256(content).hexdigest()}
    answer = {"receipt": proof.sign(claims, kind=sending.RECEIPT)}
    httpserver.expect_request(sending.PUSH_PATH).respond_with_json(answer, 202)
    httpserver.expect_request(asking.KEYS_PATH).respond_with_json(proof.public_key_set())
    enqueue(here, "B", content)
    with pytest.raises(TryAgain, match="steward"):
        send(here, "B", print, once=True)
    assert json.loads((here.receipts / "B.json").read_bytes()) == answer
    assert (here.spool / "B.json").exists()


def test_a_batch_the_intake_cannot_take_keeps_none_behind_it(
    tmp_path: Path, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "WAITS", (0.01,) * 2)
    monkeypatch.setattr(sending, "GIVE_UP_AFTER", timedelta(seconds=0.1))
    key = "Idempotency-Key"
    httpserver.expect_request(sending.PUSH_PATH, headers={key: "A"}).respond_with_data("{}", 500)
    httpserver.expect_request(sending.PUSH_PATH, headers={key: "B"}).respond_with_data("{}", 403)
    here = centre_of(httpserver, tmp_path / "centre")
    for name in ("A", "B"):
        enqueue(here, name, envelope(name, [notice(name.lower())]))
    assert push(here) == 1
    assert [request.headers[key] for request, _ in httpserver.log][:3] == ["A", "B", "A"]


def test_a_batch_that_has_to_wait_for_an_hour_holds_up_none_that_is_due_sooner(tmp_path: Path, httpserver: HTTPServer) -> None:
    key = "Idempotency-Key"
    httpserver.expect_request(sending.PUSH_PATH, headers={key: "A"}).respond_with_data("{}", 503, {"Retry-After": "3600"})
    statuses = iter((500, 502, 403))
    httpserver.expect_request(sending.PUSH_PATH, headers={key: "B"}).respond_with_handler(lambda _: Response("{}", next(statuses)))
    here = centre_of(httpserver, tmp_path / "centre")
    for name in ("A", "B"):
        enqueue(here, name, envelope(name, [notice(name.lower())]))
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if seconds > 600:
            raise KeyboardInterrupt

    came = send_all(here, ["A", "B"], print, sleep)
    batch_id, error = next(came)
    assert (batch_id, type(error)) == ("B", NotTaken)
    assert waited == pytest.approx(WAITS[:2], abs=1)  # B's own two waits, and not a second of A's
    with pytest.raises(KeyboardInterrupt):
        next(came)
    assert waited[2] == pytest.approx(3600, abs=1)
    assert [request.headers[key] for request, _ in httpserver.log] == ["A", "B", "B", "B"]


def test_the_private_key_is_for_its_owner_and_never_registered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "centre"
    main(["--folder", str(folder), "keygen", "--centre", CENTRE, "--url", "https://intake.example"])
    [private] = folder.glob("*.key.pem")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert warehouse(["register-centre", CENTRE, str(private)]) == 1
    assert "never leaves the centre" in capsys.readouterr().err
    private.chmod(0o644)
    with pytest.raises(FixConfiguration, match="chmod 600"):
        Place(folder).private_key()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["keygen", "--centre", "14", "--url", "https://x"], "6 digits"),
        (["push", "nothing.json"], "client.json is not there"),
        (["verify-receipt", "nothing.json"], "cannot be read"),
        (["verify-receipt", "BROKEN"], "is no JSON object"),
    ],
)
def test_a_mistake_is_one_clear_line(arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", "utf-8")
    assert main(["--folder", str(tmp_path / "none"), *(str(broken) if one == "BROKEN" else one for one in arguments)]) == 1
    assert words in capsys.readouterr().err
