"""Killed at any named point of ingest and publish, and run again: the same warehouse as without the kill, nothing lost or doubled.

The uninterrupted run logs which points it passes; the kill test takes the first, a middle and the last passage of each.
"""

import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from core.sealing import KeyFolder
from sandbox import postgres
from warehouse.database import Role, transaction
from warehouse.staging.conservation import broken_batches, feed_totals
from warehouse.staging.replay import staging_hash

AS_OF = "2026-11-20"
PARTS = 6
IN_MAKE_TEST = ("landing.after_raw_write", "accept.after_staging", "accept.before_commit", "publish.after_handoffs")

NOTICE = (
    '{"schema_version":"2026-11","feed":"release_notices","sender_code":"140100Q001","batch_id":"140100Q001-20261118-0001",'
    '"exported_at":"2026-11-18T09:16:00+08:00","row_count":1,"rows":[{"source_key":"140100Q001-TZ-1","operation_code":"I",'
    '"source_updated_at":"2026-11-18 09:15:30","id_type_code":"111","id_number":"14999919850312001X","name":"张示例","sex_code":"1",'
    '"notice_number":"晋样戒通字〔2026〕第0001号","centre_code":"140100Q001","decision_number":"并公(样)强戒决字〔2024〕第0001号",'
    '"decision_date":"2024-11-26","expected_release_date":"2026-11-25","release_type_code":"1","notice_date":"2026-11-18",'
    '"notice_status_code":"1","police_station_code":"140106510000","rehabilitation_order_code":"9"}]}'
)
ROSTER_HEADER = (
    "记录编号,操作类型,更新时间,证件类型,身份证号,姓名,性别,场所编码,所内编号,强制隔离戒毒决定书文号,决定日期,决定机关代码,"
    "期限（月）,入所日期,在所状态,状态日期,预计解除日期"
)


def roster_row(number: int, name: str = "张示例", hour: int = 22) -> str:
    return (
        f"140100Q001-ZS-{number},I,2026-11-{number:02} {hour}:40:00,111,14999919850312001X,{name},1,140100Q001,Q-{number},"
        f"并公(样)强戒决字〔2024〕第{number:04}号,2024-11-26,140106440000,24,2025-02-20,1,2025-02-20,2026-11-25"
    )


@pytest.fixture
def province(tmp_path: Path) -> Path:
    """A push, two roster snapshots (a correction and a vanished row in the second) and a page with one bad row."""
    import hashlib

    from expectations.agreement import feed

    folder = tmp_path / "province"
    (folder / "push").mkdir(parents=True)
    (folder / "push" / "20261118091600-00001.json").write_text(NOTICE, "utf-8")
    files = folder / "files" / "detention_centers"
    files.mkdir(parents=True)
    header = ROSTER_HEADER.replace("记录编号", feed("centre_roster").by_name["source_key"].header)
    for day, rows in {
        "20261118": [roster_row(n) for n in range(1, 13)],
        "20261119": [roster_row(n, "张订正" if n == 3 else "张示例", hour=22 + (n == 3)) for n in range(1, 12)],
    }.items():
        content = "\r\n".join([header, *rows, ""]).encode("gb18030")
        name = f"centre_roster_140100Q001_{day}.csv"
        (files / name).write_bytes(content)
        (files / f"{name}.ok").write_text(f"rows={len(rows)}\nsha256={hashlib.sha256(content).hexdigest()}\n", "ascii")
    (folder / "api").mkdir()
    person = (
        '{"source_key":"RK%d","operation_code":"I","source_updated_at":"2026-11-0%d 10:00:00","id_type_code":"111","id_number":"%s",'
        '"name":"张示例",'
        '"change_number":"BD%d","change_type_code":"3","change_date":"2026-11-01","new_region_code":"140106","police_station_code":"140106520000"}\n'
    )
    rows = [person % (i, i, "14999919850312001X" if i != 4 else "", i) for i in range(1, 8)]
    (folder / "api" / "population_changes.jsonl").write_text("".join(rows), "utf-8")
    return folder


@pytest.fixture
def make_warehouse(server_url: str, migrated_template: str, tmp_path: Path, province: Path) -> Iterator[Callable[[str], None]]:
    """Points the environment to a fresh warehouse; the keys are shared, so that hashes compare."""
    KeyFolder(tmp_path / "keys").create_missing()
    before = dict(os.environ)

    def fresh(name: str) -> None:
        os.environ |= {
            "GUITU_DATABASE_URL": postgres.create_database(server_url, f"crash_{os.getpid()}", migrated_template),
            "GUITU_KEYS": str(tmp_path / "keys"),
            "GUITU_RAW_URL": (tmp_path / f"raw-{name}").as_uri(),
            "GUITU_AS_OF": AS_OF,
            "PROVINCE": str(province),
        }

    yield fresh
    os.environ.clear()
    os.environ.update(before)


def run_everything(environment: dict[str, str]) -> None:
    """The whole path in this process."""
    os.environ |= environment
    from pipeline.handoffs import work_out_handoffs
    from pipeline.ingest import ingest
    from pipeline.link import link
    from pipeline.publish import publish

    ingest("detention_centers")
    ingest("public_security")
    link()
    work_out_handoffs(date.fromisoformat(AS_OF))
    publish(date.fromisoformat(AS_OF))


def warm() -> None:
    """What every child would import and work out again, once in the parent."""
    from expectations import suites
    from expectations.agreement import feed

    for name in ("release_notices", "centre_roster", "population_changes"):
        suites.warm(feed(name))


def in_child(**environment: str) -> int:
    """Exit status of the whole path run in a forked process."""
    warm()
    child = multiprocessing.get_context("fork").Process(target=run_everything, args=(environment,))
    child.start()
    child.join(120)
    assert child.exitcode is not None, "the run hangs"
    return child.exitcode


def picture() -> dict[str, object]:
    """Everything that must come out the same: staging, fates, links without ids, what is published."""
    with transaction(Role.ETL) as connection:
        assert broken_batches(connection) == []
        assert [total for total in feed_totals(connection) if total["difference"]] == []
        published = {
            table: [tuple(row) for row in connection.execute(text(f"select {columns} from published.{table} order by 1, 2"))]
            for table, columns in {
                "handoffs": "handoff_id, state, station_code, expected_release_date, next_step",
                "handoff_flags": "handoff_id, flag_code, severity, due_date, status",
                "source_links": "feed, source_key, link_status",
                "rejected_rows": "feed, row_number, field, error_code",
            }.items()
        }
        persons = connection.execute(text("select count(*) from identity.person where merged_into is null")).scalar_one()
        return {"staging": staging_hash(connection), "published": published, "persons": persons}


def test_a_run_and_its_orphan_together_publish_once(make_warehouse: Callable[[str], None]) -> None:
    make_warehouse("alone")
    assert in_child() == 0
    expected = picture()
    make_warehouse("together")
    warm()
    children = [multiprocessing.get_context("fork").Process(target=run_everything, args=({},)) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(180)
    assert all(child.exitcode is not None for child in children)
    assert in_child() == 0  # what a task's retry does after LeaseLost
    assert picture() == expected


def test_an_overtaken_publish_writes_nothing(warehouse_url: str) -> None:
    from core.errors import LeaseLost
    from warehouse.publish.switch import publish, take_token

    orphan = take_token()
    newest = take_token()
    publish(date.fromisoformat(AS_OF), newest)
    with pytest.raises(LeaseLost):
        publish(date.fromisoformat(AS_OF), orphan)
    with transaction(Role.ETL) as connection:
        assert connection.execute(text("select array_agg(token) from ops.publication")).scalar_one() == [newest]


def passages(log: Path) -> list[str]:
    """First, middle and last passage of every point the uninterrupted run went by, as FAULT values."""
    chosen = []
    for name, count in Counter(log.read_text().split()).items():
        chosen += [f"{name}#{n}" for n in sorted({1, (count + 1) // 2, count})]
    return chosen


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(None, id="four points"),
        *(pytest.param(part, id=f"every-point-{part + 1}-of-{PARTS}", marks=pytest.mark.slow) for part in range(PARTS)),
    ],
)
def test_a_killed_run_repeated_gives_the_same_warehouse(make_warehouse: Callable[[str], None], tmp_path: Path, part: int | None) -> None:
    make_warehouse("whole")
    log = tmp_path / "points.log"
    assert in_child(FAULT_LOG=str(log)) == 0
    expected = picture()
    assert expected["published"]["handoffs"], "the story has no handoff: the test would prove nothing"  # type: ignore[index]
    every = passages(log)
    assert len(every) >= 24
    for point in IN_MAKE_TEST if part is None else every[part::PARTS]:
        make_warehouse(point.replace("#", "-"))
        assert in_child(FAULT=point) == -signal.SIGKILL, f"{point} was never passed"
        assert in_child() == 0
        assert picture() == expected, point
