"""What a centre is answered by a real intake: as agreed, once, and the same again."""

import hashlib
import json
import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest
from serving import CENTRE, Centre, Intake, envelope, notice
from sqlalchemy import text

from core import proof
from portal.intake.settings import PUSH_PATH
from portal.signature import Tag
from warehouse.database import Role, transaction
from warehouse.intake.centres import switch

OTHER = "140200Q001"


def asked(statement: str, **given: Any) -> list[Any]:
    with transaction(Role.ETL) as connection:
        return list(connection.execute(text(statement), given).all())


def claims_of(answer: httpx.Response, intake: Intake) -> dict[str, Any]:
    key_set = intake.client.get(intake.address + "/api/v1/intake/keys").json()
    return json.loads(proof.opened(answer.json()["receipt"], key_set, kind="intake-receipt"))


def test_a_batch_is_answered_with_counts_row_results_and_a_receipt_over_the_agreed_claims(intake: Intake, centre: Centre) -> None:
    rows = [notice("a1"), notice("a2", notice_date="2026-11-24"), notice("a3", decision_date=None), notice("a1")]
    body = envelope("A-1", rows)
    answer = intake.push(centre, body, "A-1")
    assert answer.status_code == 200
    said = answer.json()
    assert list(said) == ["batch_id", "received", "accepted", "duplicates", "rejected", "warnings", "receipt"]
    assert (said["batch_id"], said["received"], said["accepted"], said["duplicates"]) == ("A-1", 4, 2, 1)
    [refused] = said["rejected"]
    assert refused == {
        "row_number": 3,
        "source_key": f"{CENTRE}-TZ-a3",
        "field": "decision_date",
        "error_code": "E_REQUIRED",
        "message": refused["message"],
    }
    claims = claims_of(answer, intake)
    assert claims.pop("received_at").endswith("+08:00")
    late = {"source_key": f"{CENTRE}-TZ-a2", "notice_date": "2026-11-24", "legal_latest_date": "2026-11-22", "is_late": True}
    in_time = {"source_key": f"{CENTRE}-TZ-a1", "notice_date": "2026-11-18", "legal_latest_date": "2026-11-22", "is_late": False}
    assert claims == {
        "sender_code": CENTRE,
        "batch_id": "A-1",
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "row_count": 4,
        "accepted": 2,
        "duplicates": 1,
        "rejected": 1,
        "notices": [in_time, late, in_time],
    }


def test_the_batch_is_staged_by_the_code_of_files_and_heard_of_at_commit(intake: Intake, centre: Centre, intake_warehouse: str) -> None:
    import psycopg

    with psycopg.connect(intake_warehouse.replace("+psycopg", ""), autocommit=True) as listener:
        listener.execute("listen guitu_intake")
        assert intake.push(centre, envelope("S-1", [notice("s1")]), "S-1").status_code == 200
        heard = next(listener.notifies(timeout=10, stop_after=1))
    [batch] = asked("select batch_id, state, form, row_count, staged_count from landing.batch where name = 'S-1'")
    assert (batch.state, batch.form, batch.row_count, batch.staged_count) == ("accepted", "push", 1, 1)
    assert heard.payload == str(batch.batch_id)
    assert asked("select count(*) from sealed.release_notices where batch_id = :id", id=batch.batch_id) == [(1,)]
    assert asked("select count(*) from ops.expectation_result where batch_id = :id", id=batch.batch_id)[0][0] > 50
    assert asked("select receipt ->> 'state' from ops.receipt where batch_id = :id", id=batch.batch_id) == [("accepted",)]


def test_the_same_batch_again_gets_the_first_answer_to_the_letter(intake: Intake, centre: Centre) -> None:
    body = envelope("R-1", [notice("r1"), notice("r2", sex_code="x")])
    first = intake.push(centre, body, "R-1")
    assert [intake.push(centre, body, "R-1").content for _ in range(3)] == [first.content] * 3
    assert asked("select count(*) from landing.batch where name = 'R-1'") == [(1,)]


def test_the_same_batch_id_with_other_content_is_refused_and_the_first_stays(intake: Intake, centre: Centre) -> None:
    body = envelope("C-1", [notice("c1")])
    first = intake.push(centre, body, "C-1")
    changed = intake.push(centre, envelope("C-1", [notice("c1", notice_date="2026-11-19")]), "C-1")
    assert changed.status_code == 409
    assert changed.headers["content-type"] == "application/problem+json"
    assert intake.push(centre, body, "C-1").content == first.content
    assert asked("select notice_date::text from sealed.release_notices where source_key = :k", k=f"{CENTRE}-TZ-c1") == [("2026-11-18",)]


def test_the_same_rows_under_another_batch_id_are_duplicates(intake: Intake, centre: Centre) -> None:
    intake.push(centre, envelope("D-1", [notice("d1")]), "D-1")
    said = intake.push(centre, envelope("D-2", [notice("d1"), notice("d2")]), "D-2").json()
    assert (said["accepted"], said["duplicates"]) == (1, 1)


def test_sixty_four_at_once_are_one_effect_and_one_answer(intake: Intake, centre: Centre) -> None:
    body = envelope("M-1", [notice("m1")])
    answers: list[bytes] = []

    def push() -> None:
        answers.append(intake.push(centre, body, "M-1").content)

    at_once(push, 64)
    assert len(answers) == 64
    assert len(set(answers)) == 1
    assert json.loads(answers[0])["accepted"] == 1
    assert asked("select count(*) from landing.batch where name = 'M-1'") == [(1,)]
    assert asked("select count(*) from sealed.release_notices where source_key = :k", k=f"{CENTRE}-TZ-m1") == [(1,)]


def test_a_captured_request_replayed_at_once_and_later_counts_once(intake: Intake, centre: Centre) -> None:
    body = envelope("P-1", [notice("p1")])
    headers = centre.headers(body, "P-1")
    statuses: list[int] = []

    def replay() -> None:
        statuses.extend(intake.send(body, headers).status_code for _ in range(4))

    at_once(replay, 16)
    assert Counter(statuses) == {200: 1, 401: 63}
    assert asked("select count(*) from landing.batch where name = 'P-1'") == [(1,)]


def test_every_row_refused_is_422_with_the_reasons_and_a_receipt(intake: Intake, centre: Centre) -> None:
    answer = intake.push(centre, envelope("E-1", [notice("e1", decision_date=None), "no row", notice("e2", source_key="X-1")]), "E-1")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == 422
    assert {line["row_number"] for line in said["rejected"]} == {1, 2, 3}
    assert "E_SENDER_KEY" in {line["error_code"] for line in said["rejected"]}
    assert claims_of(answer, intake)["rejected"] == 3


def test_a_month_without_releases_is_receipted(intake: Intake, centre: Centre) -> None:
    answer = intake.push(centre, envelope("N-202610", []), "N-202610")
    assert answer.status_code == 200
    claims = claims_of(answer, intake)
    assert (claims["row_count"], claims["notices"]) == (0, [])


def test_a_withdrawal_never_removes_the_notice_it_withdraws(intake: Intake, centre: Centre) -> None:
    intake.push(centre, envelope("W-1", [notice("w1")]), "W-1")
    gone = notice("w1", notice_status_code="3", cancel_reason_code="9", source_updated_at="2026-11-19 10:00:00", operation_code="U")
    assert intake.push(centre, envelope("W-2", [gone]), "W-2").status_code == 200
    deleted = {"source_key": f"{CENTRE}-TZ-w1", "operation_code": "D", "source_updated_at": "2026-11-20 10:00:00", "centre_code": CENTRE}
    assert claims_of(intake.push(centre, envelope("W-3", [deleted]), "W-3"), intake)["notices"] == [
        {"source_key": f"{CENTRE}-TZ-w1", "notice_date": None, "legal_latest_date": None, "is_late": None}
    ]
    versions = asked(
        "select notice_status_code, is_current from sealed.release_notices where source_key = :k order by source_updated_at",
        k=f"{CENTRE}-TZ-w1",
    )
    assert [tuple(v) for v in versions] == [("1", False), ("3", False), (None, True)]


def test_no_key_speaks_for_another_centre(intake: Intake, centre: Centre) -> None:
    other = Centre(OTHER).registered()
    wait_for_keys()
    for signer in (centre, other):
        for code in (CENTRE, OTHER):
            batch = f"X-{signer.code}-{code}"
            answer = intake.push(signer, envelope(batch, [notice(batch, centre=code)], sender=code), batch)
            assert answer.status_code == (200 if signer.code == code else 403), batch
    foreign_row = intake.push(centre, envelope("X-row", [notice("x9", centre=OTHER)]), "X-row")
    assert foreign_row.status_code == 422
    assert {line["error_code"] for line in foreign_row.json()["rejected"]} == {"E_SENDER"}
    assert asked("select count(*) from sealed.release_notices where source_key = :k", k=f"{OTHER}-TZ-x9") == [(0,)]


@pytest.mark.parametrize(("seconds", "status"), [(-290, 200), (290, 200), (-310, 401), (310, 401), (-3600, 401), (3600, 401), (-31e6, 401)])
def test_a_clock_off_by_more_than_300_seconds_is_told_our_time(intake: Intake, centre: Centre, seconds: float, status: int) -> None:
    skewed = Centre(centre.code, centre.key, centre.app_key, timedelta(seconds=seconds))
    batch = f"T{seconds:.0f}"
    answer = intake.push(skewed, envelope(batch, [notice(batch)]), batch)
    assert answer.status_code == status
    assert "date" in answer.headers
    if status == 401:
        assert "Date header" in answer.json()["detail"]


def test_a_disabled_key_and_one_out_of_its_period_are_refused_and_others_go_on(intake: Intake, centre: Centre) -> None:
    from datetime import date

    second, ended = Centre().registered(), Centre().registered(valid_from=date(2020, 1, 1), valid_to=date(2020, 12, 31))
    wait_for_keys()
    assert intake.push(second, envelope("K-1", [notice("k1")]), "K-1").status_code == 200
    assert intake.push(ended, envelope("K-2", [notice("k2")]), "K-2").status_code == 401
    with transaction(Role.ETL) as connection:
        assert switch(connection, second.app_key, "test", "lost laptop", is_enabled=False) == 1
    assert intake.push(second, envelope("K-3", [notice("k3")]), "K-3").status_code == 401  # at once: the commit asks the database
    assert intake.push(centre, envelope("K-4", [notice("k4")]), "K-4").status_code == 200
    assert intake.push(centre, envelope("K-1", [notice("k1")]), "K-1").status_code == 200  # one centre, whichever key sends again


def test_a_csv_of_the_same_feed_is_taken_with_its_receipt_and_table(intake: Intake, centre: Centre) -> None:
    from expectations.agreement import feed

    fields = feed("release_notices").fields
    rows = [notice(f"u{n}") for n in range(1, 7)] + [notice("u7", decision_date="2024-13-01")]
    lines = [",".join(f.header for f in fields)] + [",".join(str(row.get(f.field) or "") for f in fields) for row in rows]
    body = "\r\n".join(lines).encode("gb18030")
    name = f"release_notices_{CENTRE}_20261118_01.csv"
    path = f"{PUSH_PATH}/files/{name}"

    def upload(content: bytes, file_name: str = name, tag: Tag = Tag.UPLOAD) -> httpx.Response:
        where = f"{PUSH_PATH}/files/{file_name}"
        headers = centre.headers(content, file_name, where, tag, **{"Content-Type": "text/csv"})
        return intake.send(content, headers, where)

    answer = upload(body)
    said = answer.json()
    assert answer.status_code == 200
    assert (said["state"], said["rows"], said["accepted"], said["rejected"]) == ("accepted_with_errors", 7, 6, 1)
    assert said["rejected_rows"][0]["error_code"] == "E_DATE"
    assert said["sha256"] == hashlib.sha256(body).hexdigest()
    assert len(claims_of(answer, intake)["notices"]) == 6
    assert upload(body).content == answer.content
    assert upload(body, tag=Tag.PUSH).status_code == 401
    assert upload(body, f"release_notices_{OTHER}_20261118_01.csv").status_code == 403
    assert upload(body, "notices.csv").status_code == 400
    corrected = upload(body.replace(b"2024-13-01", b"2024-12-01"))
    assert (corrected.json()["accepted"], corrected.json()["duplicates"]) == (1, 6)
    assert intake.send(body, centre.headers(body, name, path, Tag.UPLOAD), f"{path}?x=1").status_code == 400
    unreadable = upload(b"\xff\xfe\x00", f"release_notices_{CENTRE}_20261118_02.csv")
    assert (unreadable.status_code, unreadable.json()["state"]) == (422, "rejected")


def test_nothing_but_the_agreed_doors_is_open_and_no_answer_names_the_server(intake: Intake) -> None:
    for path in ("/", "/docs", "/redoc", "/openapi.json", PUSH_PATH + "/", "/api/v1/intake"):
        answer = intake.client.get(intake.address + path)
        assert answer.status_code == 404, path
        assert "server" not in answer.headers
        assert answer.headers["content-type"] == "application/problem+json"
    assert intake.client.get(intake.address + PUSH_PATH).status_code == 405
    key_set = intake.client.get(intake.address + "/api/v1/intake/keys").json()
    assert [set(key) & {"d", "k", "p", "q"} for key in key_set["keys"]] == [set()]


def at_once(work: Any, count: int) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def wait_for_keys() -> None:
    """The intake reads the registry again every two seconds."""
    import time

    from portal.intake.trusted_keys import REFRESH_SECONDS

    time.sleep(REFRESH_SECONDS + 0.5)
