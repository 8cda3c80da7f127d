"""Whatever a proxy loses of a centre's day is named on both sides, exactly, wherever in the day it was."""

import hashlib
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from dropping import Dropping, dropping_proxy
from serving import envelope, free_port, notice, pointed_to, running_intake
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from core import proof
from core.clock import today_date
from core.sealing import KeyFolder
from pipeline.manifests import write_manifests
from pipeline.notify import look_for_unsent
from portal.centre_client import reconciling
from portal.centre_client.__main__ import main
from portal.centre_client.place import Place
from portal.centre_client.reconciling import Reconciled, reconcile
from portal.signature import Signature, Tag, sign
from sandbox import postgres
from warehouse.__main__ import main as warehouse
from warehouse.database import Role, transaction
from warehouse.registry.loading import ensure_reference_data

CENTRE = "140300Q001"
N = 8


@pytest.fixture(scope="module")
def own_environment(server_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A warehouse of this module's own: what other tests pushed would be told too."""
    folder = tmp_path_factory.mktemp("dropped")
    KeyFolder(folder / "keys").create_missing()
    url = postgres.create_database(server_url, f"dropped_{uuid4().hex[:8]}", migrated_template)
    environment = {"GUITU_DATABASE_URL": url, "GUITU_KEYS": str(folder / "keys"), "GUITU_RAW_URL": (folder / "raw").as_uri()}
    with pointed_to(environment):
        with transaction(Role.ETL) as connection:
            ensure_reference_data(connection)
        yield environment


@pytest.fixture(autouse=True)
def here(own_environment: dict[str, str], in_the_intakes_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in own_environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def way(own_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Dropping]]:
    """A registered centre whose only way to the intake is a proxy."""
    folder, proxy_port, intake_port = tmp_path_factory.mktemp("centre"), free_port(), free_port()
    url = f"http://127.0.0.1:{proxy_port}"
    assert main(["--folder", str(folder), "keygen", "--centre", CENTRE, "--url", url]) == 0
    [public] = folder.glob("*.pub.pem")
    with pointed_to(own_environment):
        assert warehouse(["register-centre", CENTRE, str(public), "--by", "coordinator"]) == 0
    with (
        running_intake(**own_environment, GUITU_INTAKE_PORT=str(intake_port), GUITU_INTAKE_PUBLIC_URL=url),
        dropping_proxy(proxy_port, intake_port) as proxy,
    ):
        yield Place(folder), proxy


def push(place: Place, *arguments: str) -> int:
    return main(["--folder", str(place.folder), "push", "--once", *arguments])


def told_here() -> set[str]:
    """Batches that stand as missing on our side."""
    look_for_unsent()
    with transaction(Role.OPERATOR) as connection:
        return set(connection.execute(text("select subject from ops.alert where kind = 'BATCH_MISSING' and closed_at is null")).scalars())


def numbered(series: str, folder: Path) -> dict[str, Path]:
    """The batches of the day by batch_id, as files; the last one is a nil return."""
    files = {}
    for number in range(1, N + 1):
        batch_id = f"{CENTRE}-{series}-{number:04}"
        files[batch_id] = folder / f"{batch_id}.json"
        files[batch_id].write_bytes(envelope(batch_id, [notice(f"{series}{number}", CENTRE)] if number < N else [], CENTRE))
    return files


@pytest.mark.parametrize(
    ("series", "lost"),
    [
        ("20261101", {N}),  # the last alone: no number after it shows that it is missing
        ("20261103", {*random.Random(14).sample(range(1, N), 3), N}),
        ("20261104", set(range(1, N + 1))),
    ],
)
def test_k_of_n_lost_at_a_proxy_are_exactly_k_on_both_sides_and_none_once_they_came(
    way: tuple[Place, Dropping], tmp_path: Path, series: str, lost: set[int], capsys: pytest.CaptureFixture[str]
) -> None:
    place, proxy = way
    files = numbered(series, tmp_path)
    proxy.requests = dropped = {f"{CENTRE}-{series}-{number:04}" for number in lost}
    for file in files.values():
        push(place, str(file))
    found = reconcile(place, today_date())
    assert set(found.not_received) == dropped
    assert told_here() == dropped
    assert found.is_clean == (not dropped)
    assert (found.different, found.unknown, found.without_receipt, found.not_listed) == ((), (), (), ())
    capsys.readouterr()
    assert main(["--folder", str(place.folder), "reconcile", today_date().isoformat()]) == int(bool(dropped))
    assert capsys.readouterr().out.count("never arrived") == len(dropped)
    proxy.requests = set()
    assert push(place) == 0
    assert reconcile(place, today_date()).is_clean
    assert told_here() == set()


def test_a_lost_answer_is_no_lost_batch(way: tuple[Place, Dropping], tmp_path: Path) -> None:
    place, proxy = way
    files = numbered("20261106", tmp_path)
    proxy.answers = {f"{CENTRE}-20261106-0003", f"{CENTRE}-20261106-{N:04}"}
    for file in files.values():
        push(place, str(file))
    found = reconcile(place, today_date())
    assert (found.not_received, set(found.without_receipt)) == ((), proxy.answers)
    assert told_here() == set()
    proxy.answers = set()
    assert push(place) == 0
    assert reconcile(place, today_date()).is_clean


def test_a_cut_line_is_told_here_by_silence_and_there_by_what_is_kept(
    way: tuple[Place, Dropping], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    place, proxy = way
    files = list(numbered("20261107", tmp_path).values())
    reconcile(place, today_date() - timedelta(days=1))
    proxy.is_cut = True
    push(place, str(files[0]))
    capsys.readouterr()
    assert main(["--folder", str(place.folder), "reconcile"]) == 1
    assert "1 batches are kept unsent here" in capsys.readouterr().err
    look_for_unsent()
    undeclared = text("select organization_code, subject from ops.alert where kind = 'DAY_UNDECLARED' and closed_at is null")
    with transaction(Role.OPERATOR) as connection:
        assert connection.execute(undeclared).all() == []
    last = today_date() - timedelta(days=1)
    monkeypatch.setenv("GUITU_AS_OF", (today_date() + timedelta(days=1)).isoformat())
    look_for_unsent()
    with transaction(Role.OPERATOR) as connection:
        assert connection.execute(undeclared).all() == [(CENTRE, last.isoformat())]
    monkeypatch.delenv("GUITU_AS_OF")
    proxy.is_cut = False
    assert push(place) == 0
    look_for_unsent()


def test_a_batch_under_the_centres_key_that_its_folder_does_not_know_is_told(way: tuple[Place, Dropping], tmp_path: Path) -> None:
    place, _ = way
    batch_id = f"{CENTRE}-20261108-0001"
    file = tmp_path / "one.json"
    file.write_bytes(envelope(batch_id, [notice("foreign", CENTRE)], CENTRE))
    assert push(place, str(file)) == 0
    for kept in (place.receipts / f"{batch_id}.json", place.settled("sent") / f"{batch_id}.json"):
        kept.rename(tmp_path / f"{kept.parent.name}-away.json")
    assert reconcile(place, today_date()).unknown == (batch_id,)
    (tmp_path / "receipts-away.json").rename(place.receipts / f"{batch_id}.json")
    (tmp_path / "sent-away.json").rename(place.settled("sent") / f"{batch_id}.json")


def test_the_manifest_of_a_day_that_is_over_stands_signed_and_is_never_rewritten(way: tuple[Place, Dropping]) -> None:
    place, proxy = way
    day = today_date() - timedelta(days=3)
    with transaction(Role.OWNER) as connection:  # as if it had come then
        connection.execute(text("update landing.batch set received_at = received_at - interval '3 days' where name like '%-20261101-%'"))
    fetched = get(place, proxy, f"{reconciling.DAYS_PATH}/{day:%Y%m%d}", place.settings["app_key"])
    write_manifests()
    write_manifests()
    with transaction(Role.ETL) as connection:
        kept = {row.day: row.content for row in connection.execute(text("select day, content from landing.manifest order by day"))}
    assert list(kept)[:2] == [day, day + timedelta(days=1)]  # what was missed since the first one is made up for
    assert (fetched.status_code, fetched.json()) == (200, {"manifest": kept[day]})
    assert get(place, proxy, f"{reconciling.DAYS_PATH}/{day:%Y%m%d}", place.settings["app_key"]).json() == {"manifest": kept[day]}
    claims = json.loads(proof.opened(kept[day], place.key_set, kind=reconciling.MANIFEST))
    assert (claims["sender_code"], claims["day"], claims["is_complete"], claims["count"]) == (CENTRE, day.isoformat(), True, N)
    assert [one["row_count"] for one in claims["batches"]].count(1) == N - 1
    sent = [file.read_bytes() for file in place.settled("sent").glob("*-20261101-*.json")]
    assert {one["body_sha256"] for one in claims["batches"]} == {hashlib.sha256(content).hexdigest() for content in sent}
    for statement in ("update landing.manifest set content = ''", "delete from landing.manifest", "delete from landing.declaration"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction(Role.ETL) as connection:
            connection.execute(text(statement))
    with transaction(Role.OWNER) as connection:
        connection.execute(text("update landing.batch set received_at = received_at + interval '3 days' where name like '%-20261101-%'"))


def get(place: Place, proxy: Dropping, path: str, app_key: str, tag: Tag = Tag.DAY) -> httpx.Response:
    """A signed GET with nothing of ours but the signature."""
    return asked(place, proxy.address + path, "GET", b"", Signature(tag, app_key, place.private_key(), uuid4().hex, datetime.now(UTC)))


def asked(place: Place, url: str, method: str, body: bytes, how: Signature) -> httpx.Response:
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": "a day"}
    sign(method, url, headers, body, how)
    return httpx.request(method, url, content=body, headers=headers, timeout=60, trust_env=False)


def test_nobody_reads_or_declares_a_day_unsigned_or_signed_for_something_else(way: tuple[Place, Dropping]) -> None:
    place, proxy = way
    path = f"{reconciling.DAYS_PATH}/{today_date():%Y%m%d}"
    assert httpx.get(proxy.address + path, trust_env=False).status_code == 401
    assert httpx.post(proxy.address + path, content=b"{}", trust_env=False).status_code == 401
    key = place.settings["app_key"]
    assert get(place, proxy, path, key, Tag.PUSH).status_code == 401
    assert get(place, proxy, path + "?x=1", key).status_code == 400
    assert get(place, proxy, f"{reconciling.DAYS_PATH}/20010101", key).status_code == 400
    assert get(place, proxy, path, key).status_code == 200


ONE = {"batch_id": "A", "body_sha256": "0" * 64}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"sender_code": "140400Q001"}, 403),
        ({"day": "2001-01-01"}, 400),
        ({"batches": None}, 400),
        ({"batches": [ONE, ONE]}, 400),
        ({"batches": [ONE | {"body_sha256": "A" * 64}]}, 400),
        ({"batches": [ONE | {"batch_id": "a b"}]}, 400),
        ({"batches": ["A"]}, 400),
        ({"batches": [ONE | {"batch_id": str(number)} for number in range(2001)]}, 400),
    ],
)
def test_a_declaration_of_another_form_or_centre_is_refused_and_none_twice(
    way: tuple[Place, Dropping], changes: dict[str, object], status: int
) -> None:
    place, proxy = way
    day = today_date() - timedelta(days=5)
    said = {"sender_code": CENTRE, "day": day.isoformat(), "batches": []} | changes
    body = json.dumps(said, indent=1).encode()
    how = Signature(Tag.DAY, place.settings["app_key"], place.private_key(), uuid4().hex, datetime.now(UTC))
    url = f"{proxy.address}{reconciling.DAYS_PATH}/{day:%Y%m%d}"
    assert asked(place, url, "POST", body, how).status_code == status
    assert asked(place, url, "POST", body, how).status_code == 401  # the nonce is spent, whatever was answered
    if status == 200:
        fresh = Signature(Tag.DAY, how.app_key, how.key, uuid4().hex, datetime.now(UTC))
        assert asked(place, url, "POST", b"\xff\xfe{", fresh).status_code == 400


def test_what_both_sides_say_is_compared_and_every_difference_has_its_name() -> None:
    day = today_date()
    noon = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=4)
    kept = {
        name: reconciling.Kept(name, "0" * 64, received_at, noon)
        for name, received_at in (("both", noon), ("receipt", noon), ("spool", None), ("lost answer", None))
    }
    kept["torn"] = reconciling.Kept("torn", "0" * 64, None, noon, is_damaged=True)
    manifest = {"is_complete": True, "count": 3, "batches": [{"batch_id": name, "form": "push"} for name in ("both", "lost answer", "x")]}
    found = reconciling.compared(day, kept, kept, manifest, {"not_received": ["spool"], "different": ["both"]})
    assert found == Reconciled(day, True, 3, ("spool",), ("both",), ("x",), ("lost answer",), ("torn",), ("receipt",))
