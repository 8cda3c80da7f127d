"""All five providers of a province, served as real servers, come out of the connectors whole and as agreed."""

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from connectors import civil_affairs, detention_centers, employment, public_security, rest, sources
from core.errors import FixConfiguration, MissingSecret, SourceChanged, SourceUnavailable
from expectations.agreement import feeds
from sandbox import postgres
from sandbox.servers import serve

PROJECT = Path(__file__).resolve().parents[2]
ROSTER = "centre_roster_140100Q001_20261120.csv"


@dataclass
class Province:
    folder: Path
    state: Path
    connections: dict[str, dict[str, str]]
    database_url: str

    def client(self, **seams: object) -> rest.Client:
        return rest.open_client(self.connections["public_security"], pace=rest.Pace(100_000), sleep=lambda seconds: None, **seams)

    def bad_day(self, feed: str, mood: str, every: int = 1) -> None:
        (self.state / "bad_days.json").write_text(json.dumps({feed: {"mood": mood, "every": every}}), encoding="utf-8")


def order_of(number: int) -> dict[str, str]:
    at = (datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=number // 3)).replace(tzinfo=None)
    return {"source_key": f"GA-{number:05d}", "operation_code": "D" if number == 5 else "I", "source_updated_at": f"{at}", "name": "张示例"}


def written_province(folder: Path) -> Path:
    for name in ("push", "api", "share", "files/detention_centers", "files/employment", "files/community"):
        (folder / name).mkdir(parents=True)
    rows = [json.dumps(order_of(n), ensure_ascii=False) + "\n" for n in range(1_234)]
    (folder / "api" / "drug_tests.jsonl").write_text("".join(rows), encoding="utf-8")
    (folder / "files" / "detention_centers" / ROSTER).write_bytes("记录编号\r\nK1\r\n".encode("gb18030"))
    digest = sha256((folder / "files" / "detention_centers" / ROSTER).read_bytes()).hexdigest()
    (folder / "files" / "detention_centers" / f"{ROSTER}.ok").write_text(f"rows=1\nsha256={digest}\n", encoding="ascii")
    (folder / "files" / "community" / "station_directory_20261006.csv").write_bytes(b"x\n")
    for n, day in enumerate(("20", "20", "21")):
        row = {"source_key": f"140100Q001-{n}", "operation_code": "I", "name": "张示例", "rehabilitation_order_code": None}
        envelope = {"sender_code": "140100Q001", "exported_at": f"2026-11-{day}T09:16:00+08:00", "row_count": 1, "rows": [row]}
        (folder / "push" / f"{n}.json").write_text(json.dumps(envelope, ensure_ascii=False), encoding="utf-8")
    fields = [f.field for f in feeds()["means_checks"].fields]
    with (folder / "share" / "means_checks.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        for n in range(7_000):
            at = (datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=n // 2)).replace(tzinfo=None)
            writer.writerow(
                {"source_key": f"MZ-{n:05d}", "operation_code": "I", "source_updated_at": f"{at}", "name": 'a "quoted", 名\n字'}
            )
    columns = "feed,batch_id,row_count,min_updated_at,max_updated_at,exported_at\n"
    batches = columns + "means_checks,B1,7000,2026-11-01 00:00:00,2026-11-01 01:00:00,2026-11-02 00:00:00\n"
    (folder / "share" / "batches.csv").write_text(batches, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, server_url: str) -> Iterator[Province]:
    folder = written_province(tmp_path_factory.mktemp("province"))
    state = tmp_path_factory.mktemp("state") / "s"
    url = postgres.create_database(server_url, f"front_end_{os.getpid()}")
    with serve.serving(folder, state, url, serve.Places(requests_a_minute=100_000)) as connections:
        yield Province(folder, state, connections, url)


@pytest.fixture
def province(served: Province) -> Iterator[Province]:
    yield served
    (served.state / "bad_days.json").unlink(missing_ok=True)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))


def tables(province: Province, since: datetime | None = None) -> list[dict[str, str]]:
    return [row for d in civil_affairs.fetch("means_checks", since, province.connections["civil_affairs"]) for row in rows_of(d.content)]


# the bureau's REST interface


def test_every_row_of_a_feed_arrives_over_tls_in_order(province: Province) -> None:
    pages = list(public_security.fetch("drug_tests", None, province.connections["public_security"], province.client()))
    rows = [row for page in pages for row in json.loads(page.content)["rows"]]
    assert rows == [order_of(n) for n in range(1_234)]
    assert [page.declared_rows for page in pages] == [500, 500, 234]
    assert {(page.provider, page.feed, page.form) for page in pages} == {("public_security", "drug_tests", "page")}
    assert [page.name.rsplit("/", 1)[1] for page in pages] == ["00001", "00002", "00003"]


def test_the_next_run_asks_from_48_hours_before_the_watermark(province: Province) -> None:
    watermark = datetime(2026, 11, 2, 18, 0, tzinfo=UTC)  # 48 hours earlier it is 2026-11-01 02:00 in Shanghai
    wanted = [order_of(n) for n in range(1_234) if order_of(n)["source_updated_at"] >= "2026-11-01 02:00:00"]
    pages = list(public_security.fetch("drug_tests", watermark, province.connections["public_security"], province.client()))
    assert 0 < len(wanted) < 1_234
    assert [row for page in pages for row in json.loads(page.content)["rows"]] == wanted


def test_the_keys_of_all_rows_not_deleted_are_listed(province: Province) -> None:
    lists = list(public_security.keys("drug_tests", province.connections["public_security"], province.client()))
    found = {key for listed in lists for key in listed}
    assert len(found) == 1_233
    assert ("GA-00004", datetime(2026, 10, 31, 16, 1, tzinfo=UTC)) in found
    assert "GA-00005" not in {key for key, _ in found}


def test_a_feed_without_rows_is_one_empty_page(province: Province) -> None:
    (page,) = public_security.fetch("leave_violations", None, province.connections["public_security"], province.client())
    assert page.declared_rows == 0


@pytest.mark.parametrize(("mood", "every"), [("error", 2), ("wait", 2), ("error", 3)])
def test_bad_answers_now_and_then_lose_nothing(province: Province, mood: str, every: int) -> None:
    province.bad_day("drug_tests", mood, every)
    pages = list(public_security.fetch("drug_tests", None, province.connections["public_security"], province.client()))
    assert sum(page.declared_rows or 0 for page in pages) == 1_234


@pytest.mark.parametrize(
    ("mood", "family"),
    [
        ("error", SourceUnavailable),
        ("wait", SourceUnavailable),
        ("html", SourceChanged),
        ("repeated_cursor", SourceChanged),
        ("expired_cursor", SourceUnavailable),
    ],
)
def test_a_bad_day_ends_in_its_error_family_and_only_for_its_feed(province: Province, mood: str, family: type[Exception]) -> None:
    province.bad_day("drug_tests", mood)
    with pytest.raises(family):
        list(public_security.fetch("drug_tests", None, province.connections["public_security"], province.client()))
    assert list(public_security.fetch("leave_violations", None, province.connections["public_security"], province.client()))


def test_an_expired_cursor_starts_again_from_the_watermark_once(province: Province) -> None:
    province.bad_day("drug_tests", "expired_cursor", 4)
    pages = list(public_security.fetch("drug_tests", None, province.connections["public_security"], province.client()))
    rows = [row["source_key"] for page in pages for row in json.loads(page.content)["rows"]]
    assert set(rows) == {order_of(n)["source_key"] for n in range(1_234)}
    assert len({page.name for page in pages}) == len(pages)


def test_a_wrong_secret_is_the_engineers_matter(province: Province) -> None:
    with pytest.raises(FixConfiguration):
        list(public_security.fetch("drug_tests", None, province.connections["public_security"] | {"password": "other"}))


# civil affairs' front-end database


def test_a_table_arrives_whole_in_keyset_pages_with_every_character(province: Province) -> None:
    pages = list(civil_affairs.fetch("means_checks", None, province.connections["civil_affairs"]))
    assert [page.declared_rows for page in pages] == [5_000, 2_000]
    rows = [row for page in pages for row in rows_of(page.content)]
    assert [row["source_key"] for row in rows] == [f"MZ-{n:05d}" for n in range(7_000)]
    assert (rows[1]["name"], rows[3]["source_updated_at"], rows[0]["id_number"]) == ('a "quoted", 名\n字', "2026-11-01 00:00:01", "")


def test_rows_of_a_running_load_wait_until_it_is_exported(province: Province) -> None:
    with psycopg.connect(postgres._libpq(province.database_url), autocommit=True) as owner:
        owner.execute("insert into share.batches values ('means_checks', 'B2', null, '2026-11-01 00:50:00', null, null)")
        try:
            assert max(row["source_updated_at"] for row in tables(province)) == "2026-11-01 00:49:59"
            running = civil_affairs.differences(province.connections["civil_affairs"])
            assert [(d.batch_id, d.is_running) for d in running] == [("B2", True)]
        finally:
            owner.execute("delete from share.batches where batch_id = 'B2'")
    assert len(tables(province)) == 7_000


def test_a_load_that_does_not_hold_what_it_says_is_reported(province: Province) -> None:
    assert civil_affairs.differences(province.connections["civil_affairs"]) == []
    with psycopg.connect(postgres._libpq(province.database_url), autocommit=True) as owner:
        owner.execute("update share.batches set row_count = 6999")
        (found,) = civil_affairs.differences(province.connections["civil_affairs"])
        owner.execute("update share.batches set row_count = 7000")
    assert (found.feed, found.batch_id, found.declared_rows, found.found_rows) == ("means_checks", "B1", 6_999, 7_000)


def test_all_keys_of_a_table_are_listed(province: Province) -> None:
    found = [key for listed in civil_affairs.keys("means_checks", province.connections["civil_affairs"]) for key in listed]
    assert len(found) == 7_000
    assert found[0] == ("MZ-00000", datetime(2026, 10, 31, 16, 0, tzinfo=UTC))


def test_one_table_is_read_from_one_snapshot_while_rows_move(province: Province) -> None:
    pages = civil_affairs.fetch("means_checks", None, province.connections["civil_affairs"])
    first = rows_of(next(pages).content)
    with psycopg.connect(postgres._libpq(province.database_url), autocommit=True) as owner:
        owner.execute("update share.means_checks set source_updated_at = '2026-11-01 00:00:00' where source_key > 'MZ-06000'")
        try:
            rest_of_it = [row for page in pages for row in rows_of(page.content)]
        finally:
            owner.execute(
                "update share.means_checks set source_updated_at = timestamp '2026-11-01' + "
                "(substr(source_key, 4)::int / 2) * interval '1 second' where source_key > 'MZ-06000'"
            )
    assert len({row["source_key"] for row in first + rest_of_it}) == 7_000


def test_a_missing_column_is_a_changed_source(province: Province) -> None:
    with psycopg.connect(postgres._libpq(province.database_url), autocommit=True) as owner:
        owner.execute("alter table share.means_checks rename column name to full_name")
        try:
            with pytest.raises(SourceChanged):
                tables(province)
        finally:
            owner.execute("alter table share.means_checks rename column full_name to name")


def test_the_reader_can_read_and_nothing_else(province: Province) -> None:
    given = province.connections["civil_affairs"]
    with psycopg.connect(host=given["host"], user=given["login"], password=given["password"], dbname=given["schema"]) as reader:
        assert reader.execute("select count(*) from share.means_checks").fetchone() == (7_000,)
        reader.rollback()
        reader.execute("set default_transaction_read_only = off")
        reader.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            reader.execute("delete from share.means_checks")


# files over SFTP


def test_files_and_notices_arrive_by_sftp_with_what_their_ok_says(province: Province) -> None:
    found = {d.name: d for d in detention_centers.fetch(province.connections["detention_centers"])}
    assert set(found) == {ROSTER, "release_notices_140100Q001_20261120_01.csv", "release_notices_140100Q001_20261121_01.csv"}
    assert all(d.refusal is None and sha256(d.content).hexdigest() == d.declared_sha256 for d in found.values())
    notices = found["release_notices_140100Q001_20261120_01.csv"]
    assert (notices.declared_rows, len(rows_of(notices.content.removeprefix(b"\xef\xbb\xbf")))) == (2, 2)
    assert found[ROSTER].content == (province.folder / "files" / "detention_centers" / ROSTER).read_bytes()
    assert list(employment.fetch(province.connections["employment"])) == []


def test_receipts_lie_in_the_outbox_whole_and_are_replaced(province: Province) -> None:
    given, outbox = province.connections["detention_centers"], province.state / "sftp" / "outbox" / "detention_centers"
    detention_centers.put_receipt(given, ROSTER, b'{"state": "held"}', None)
    detention_centers.put_receipt(given, ROSTER, b'{"state": "accepted"}', b"row_number\r\n")
    assert sorted(p.name for p in outbox.iterdir()) == [f"{ROSTER}.receipt.json", f"{ROSTER}.rejected.csv"]
    assert (outbox / f"{ROSTER}.receipt.json").read_bytes() == b'{"state": "accepted"}'


@pytest.mark.parametrize("name", ["../../../etc/cron.d/x", "a/b.csv", "..", ""])
def test_a_receipt_is_never_written_outside_the_outbox(province: Province, name: str) -> None:
    with pytest.raises(SourceChanged):
        detention_centers.put_receipt(province.connections["detention_centers"], name, b"{}", None)


@pytest.mark.parametrize(
    ("change", "family"),
    [({"password": "wrong"}, FixConfiguration), ({"host_key": ""}, MissingSecret), ({"host_key": "AAAA"}, FixConfiguration)],
)
def test_a_wrong_sftp_connection_is_the_engineers_matter(province: Province, change: dict[str, str], family: type[Exception]) -> None:
    with pytest.raises(family):
        list(detention_centers.fetch(province.connections["detention_centers"] | change))


# one Source for all


def test_every_provider_opens_from_its_connection_in_the_environment(province: Province, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROVINCE", raising=False)
    monkeypatch.setattr(rest, "_paces", {})
    counts = {}
    for provider, connection in province.connections.items():
        pairs = " ".join(f"{name}={value}" for name, value in connection.items())
        monkeypatch.setenv(f"GUITU_PROVIDER_{provider.upper()}", pairs)
        source = sources.open_source(provider)
        counts[provider] = sum(1 for stream in source.streams for _ in source.fetch(stream, None, None))
    assert counts == {"detention_centers": 3, "public_security": 8, "employment": 0, "community": 1, "civil_affairs": 2}


def test_the_same_source_opens_from_the_province_directory(province: Province, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVINCE", str(province.folder))
    source = sources.open_source("civil_affairs")
    assert source.has_watermark
    assert sum(1 for stream in source.streams for _ in source.fetch(stream, None, None)) == 2
    assert sources.open_source("detention_centers").streams == (sources.FILES,)


# the command


def test_the_serve_command_writes_private_connections_and_stops_on_a_signal(tmp_path: Path) -> None:
    folder, state = written_province(tmp_path / "p"), tmp_path / "s"
    command = [sys.executable, "-m", "sandbox", "serve", str(folder), "--state", str(state)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline().startswith("serving detention_centers")
            assert stat.S_IMODE((state / "connections.json").stat().st_mode) == 0o600
            connections = json.loads((state / "connections.json").read_text("utf-8"))
            assert len(list(detention_centers.fetch(connections["detention_centers"]))) == 3
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()
