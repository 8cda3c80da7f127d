"""Nothing sent to the intake makes it fail, accept what was not signed, or repeat what it was sent."""

import json
import random
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest
from mutations import mutated
from serving import PUBLIC_URL, Centre, Intake, envelope, notice, running_intake
from sqlalchemy import text

from portal.intake.settings import MAX_BODY_BYTES, PUSH_PATH
from portal.signature import Headers, SignatureRefused, Tag, verify
from sandbox import postgres
from warehouse.database import Role, transaction

CANARY = "CANARY7731"
SEED = 20261122


def rows_staged() -> int:
    with transaction(Role.ETL) as connection:
        return int(connection.execute(text("select count(*) from sealed.release_notices")).scalar_one())


def hostile_bodies() -> Iterator[tuple[str, bytes]]:
    good = envelope("H", [notice("h")])
    told = json.loads(good)
    yield "empty", b""
    yield "no JSON", b"hello " + CANARY.encode()
    yield "cut off", good[:-20]
    yield "two values", good + good
    yield "a list", b"[]"
    yield "null", b"null"
    yield "NaN", good.replace(b'"row_count": 1', b'"row_count": NaN')
    yield "infinity in a row", good.replace(b'"sex_code": "1"', b'"sex_code": -Infinity')
    yield "the same name twice", good.replace(b'"feed":', b'"feed": "other", "feed":')
    yield "the same name twice in a row", good.replace(b'"name":', f'"name": "{CANARY}", "name":'.encode())
    yield "UTF-16", good.decode().encode("utf-16")
    yield "UTF-16 without BOM", good.decode().encode("utf-16-le")
    yield "GB18030", good.decode().encode("gb18030")
    yield "20,000 deep", b"[" * 20_000 + b"]" * 20_000
    yield "deep in a row", good.replace(b'"sex_code": "1"', b'"sex_code": ' + b"[" * 5_000 + b"]" * 5_000)
    yield "5,000 digits", good.replace(b'"row_count": 1', b'"row_count": ' + b"1" * 5_000)
    yield "a huge exponent", good.replace(b'"row_count": 1', b'"row_count": 1e999999999')
    yield "wrong row_count", good.replace(b'"row_count": 1', b'"row_count": 149999198503120011')
    yield "negative row_count", good.replace(b'"row_count": 1', b'"row_count": -1')
    yield "row_count as text", good.replace(b'"row_count": 1', b'"row_count": "1"')
    for name in told:
        yield f"without {name}", json.dumps({k: v for k, v in told.items() if k != name}).encode()
        yield f"{name} is an object", json.dumps(told | {name: {CANARY: CANARY}}).encode()
        yield f"{name} is a number", json.dumps(told | {name: 7}).encode()
    yield "another feed", json.dumps(told | {"feed": "drug_tests"}).encode()
    yield "another version", json.dumps(told | {"schema_version": CANARY}).encode()
    yield "rows is text", json.dumps(told | {"rows": CANARY}).encode()
    yield "501 rows", envelope("H", [{}] * 501)
    yield "no time", json.dumps(told | {"exported_at": CANARY}).encode()
    yield "half a character in batch_id", json.dumps(told | {"batch_id": "\ud800"}).encode()
    yield "a NUL in batch_id", json.dumps(told | {"batch_id": "a\u0000b"}).encode()
    yield "a long batch_id", json.dumps(told | {"batch_id": "a" * 101}).encode()
    yield "another batch_id than announced", json.dumps(told | {"batch_id": CANARY}).encode()


@pytest.mark.parametrize(("what", "body"), list(hostile_bodies()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_body_that_is_no_batch_is_a_plain_400(intake: Intake, centre: Centre, what: str, body: bytes) -> None:
    answer = intake.push(centre, body, "H")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail"}
    assert CANARY not in answer.text
    assert "149999" not in answer.text


def hostile_rows() -> Iterator[tuple[str, object]]:
    yield "no object", CANARY
    yield "null", None
    yield "a list", [[CANARY]]
    yield "empty", {}
    yield "numbers where text is due", notice("hr1", id_number=14999919850312001, name=7)
    yield "objects as values", {name: {CANARY: 1} for name in notice()}
    yield "half characters", notice("hr2", name="\ud800" + CANARY)
    yield "NUL", notice("hr3", name="a\u0000" + CANARY)
    yield "very long", notice("hr4", name=CANARY * 1000, residence_address="x" * 100_000)
    yield "formulas and markup", notice("hr5", name="=cmd|' /C calc'!A0", decision_number="<script>" + CANARY)
    yield "impossible days", notice("hr6", expected_release_date="9999-12-31", notice_date="0000-00-00", decision_date="2024-02-30")
    yield "far days", notice("hr7", expected_release_date="0001-01-01", notice_date="9999-12-30")
    yield "unknown names", notice("hr8") | {CANARY: CANARY, "__proto__": {}, "": ""}
    yield "a strange key", notice("hr9", source_key="'; drop table landing.push; --" + CANARY)


@pytest.mark.parametrize(("what", "row"), list(hostile_rows()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_hostile_row_is_judged_and_the_good_one_beside_it_is_kept(intake: Intake, centre: Centre, what: str, row: object) -> None:
    batch = "HR-" + what.replace(" ", "-")
    answer = intake.push(centre, envelope(batch, [notice(batch), row]), batch)
    assert answer.status_code == 200, answer.text
    assert answer.json()["accepted"] >= 1
    told = json.dumps([{**line, "source_key": ""} for line in answer.json()["rejected"] + answer.json()["warnings"]])
    assert CANARY not in told


def test_a_head_that_is_not_as_agreed_is_refused(intake: Intake, centre: Centre) -> None:
    body = envelope("HEAD", [notice("head")])

    def push(**changes: str) -> int:
        signed = centre.headers(body, "HEAD", **{k: v for k, v in changes.items() if k == "Content-Type"})
        return intake.send(body, signed | {k: v for k, v in changes.items() if k != "Content-Type"}).status_code

    assert push(**{"Content-Type": "text/plain"}) == 400
    assert push(**{"Content-Type": "application/json; charset=gb18030"}) == 400
    assert push(**{"Content-Encoding": "gzip"}) == 400
    assert push(**{"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "Host": "evil.example"}) == 200


def test_a_body_over_the_cap_is_413_whether_announced_or_not(intake: Intake, centre: Centre) -> None:
    body = b"x" * (MAX_BODY_BYTES + 1)
    headers = centre.headers(body, "BIG")
    assert intake.send(body, headers).status_code == 413

    def dribble() -> Iterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    assert intake.client.post(intake.address + PUSH_PATH, content=dribble(), headers=headers).status_code == 413


def test_large_bodies_do_not_grow_the_process(intake: Intake, centre: Centre) -> None:
    process = psutil.Process(intake.process.pid)
    before = process.memory_info().rss
    filler = envelope("BULK", [{"x": "y" * 9_000} for _ in range(500)])

    def push(number: int) -> int:
        return intake.push(centre, filler, f"BULK{number}").status_code

    with ThreadPoolExecutor(24) as pool:
        assert set(pool.map(push, range(24))) <= {400, 503, 429}
    assert process.memory_info().rss - before < 400 * 1024 * 1024


def test_dribbling_connections_do_not_keep_a_good_one_waiting(intake: Intake, centre: Centre) -> None:
    host, port = intake.address.removeprefix("http://").split(":")
    sockets = []
    for number in range(200):
        connection = socket.create_connection((host, int(port)))
        head = f"POST {PUSH_PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n" + ("\r\n" if number % 2 else "X-Slow: ")
        connection.sendall(head.encode())
        sockets.append(connection)
    try:
        intake.push(centre, envelope("DR-0", []), "DR-0")
        started = time.monotonic()
        for number in range(1, 6):
            assert intake.push(centre, envelope(f"DR-{number}", []), f"DR-{number}").status_code == 200
        assert time.monotonic() - started < 15
    finally:
        for connection in sockets:
            connection.close()


def mutations(intake: Intake, centre: Centre, count: int, seed: int) -> None:
    chance, before = random.Random(seed), rows_staged()
    body = envelope("MUT", [notice("mut")])

    def one(_: int) -> tuple[int, bool]:
        headers = centre.headers(body, "MUT")
        sent_headers, sent_body, method, path, has_changed = mutated(chance, headers, body)
        try:
            answer = intake.client.request(method, intake.address + path, content=sent_body, headers=sent_headers)
        except (httpx.TransportError, httpx.InvalidURL, ValueError):
            return 0, has_changed  # the client itself, or the HTTP parser of the server, refuses to carry it
        return answer.status_code, has_changed

    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(one, range(count)))
    assert not [status for status, _ in seen if status >= 500]
    assert not [status for status, has_changed in seen if status == 200 and has_changed]
    assert sum(status in {400, 401, 404, 405, 413} for status, _ in seen) > count / 2
    assert rows_staged() - before <= 1


def test_no_mutation_of_a_signed_request_is_accepted_with_changed_meaning(intake: Intake, centre: Centre) -> None:
    mutations(intake, centre, 300, SEED)


@pytest.mark.slow
def test_no_mutation_of_twenty_thousand_is_accepted_with_changed_meaning(intake: Intake, centre: Centre) -> None:
    mutations(intake, centre, 20_000, SEED + 1)


def test_the_wrapper_alone_stands_two_thousand_mutations(centre: Centre) -> None:
    chance, body = random.Random(SEED), envelope("MUT", [notice("mut")])
    public_key = centre.key.public_key().public_bytes_raw()
    for number in range(2_000):
        if number % 200 == 0:
            headers = centre.headers(body, "MUT")
        sent_headers, sent_body, method, path, has_changed = mutated(chance, headers, body)
        try:
            lines = Headers((name, value) for name, value in sent_headers)
            signed = verify(method, PUBLIC_URL + path, lines, Tag.PUSH, lambda name: public_key if name == centre.app_key else None)
            signed.check_body(sent_body)
        except SignatureRefused:
            continue
        assert not has_changed


def test_a_full_disk_and_a_silent_database_say_503_and_recover(centre: Centre, tmp_path: Path, intake_warehouse: str) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    with running_intake(GUITU_RAW_URL=raw.as_uri()) as own:
        assert own.push(centre, envelope("F-1", [notice("f1")]), "F-1").status_code == 200
        raw.rename(tmp_path / "away")
        raw.write_text("a file where the folder was: nothing can be written")
        refused = own.push(centre, envelope("F-2", [notice("f2")]), "F-2")
        assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (503, True)
        raw.unlink()
        (tmp_path / "away").rename(raw)
        assert own.push(centre, envelope("F-2", [notice("f2")]), "F-2").json()["accepted"] == 1
        name = postgres.database_of(intake_warehouse)
        with admin(intake_warehouse) as connection:
            connection.execute(f"alter database {name} allow_connections false")
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
            try:
                refused = own.push(centre, envelope("F-3", [notice("f3")]), "F-3")
                health = own.client.get(own.address + "/api/v1/intake/health").status_code
            finally:
                connection.execute(f"alter database {name} allow_connections true")
        assert (refused.status_code, health) == (503, 503)
        assert own.push(centre, envelope("F-3", [notice("f3")]), "F-3").json()["accepted"] == 1
        with admin(intake_warehouse) as connection:
            connection.execute(f"alter database {name} set default_transaction_read_only = on")
            connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
            try:
                assert own.push(centre, envelope("F-4", [notice("f4")]), "F-4").status_code == 503
            finally:
                connection.execute(f"alter database {name} reset default_transaction_read_only")
                connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
        assert own.push(centre, envelope("F-4", [notice("f4")]), "F-4").json()["accepted"] == 1


def admin(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(postgres.with_database(url, "postgres").replace("+psycopg", ""), autocommit=True)
