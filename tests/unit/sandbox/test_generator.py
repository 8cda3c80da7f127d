"""The generator of a fictional province: same seed same bytes, every feed, real forms, honest truth."""

import csv
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import openpyxl
import pytest

import sandbox
from expectations.agreement import feeds
from sandbox.generator.bad_files import BAD_FILES
from sandbox.generator.generate import AS_OF, generate, spoil
from sandbox.generator.mess.identity import DAMAGING
from sandbox.generator.numbers import fifteen_digits, is_valid_id
from sandbox.generator.province import build_province

PERSONS, SEED = 50, 5
ROW_CODES = {
    "E_REQUIRED", "E_CONDITION", "E_CODE", "E_DATE", "E_DATE_PART", "E_DATE_AMBIGUOUS", "E_NUMBER", "E_UNIT", "E_RANGE", "E_TYPE",
    "E_COLUMNS", "E_FORMULA", "E_CLOCK", "E_SENDER_KEY", "E_LENGTH",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("province")
    generate(path, PERSONS, SEED)
    return path


def decoded(path: Path) -> list[list[str]]:
    """The lines of a delivered CSV by the order of trial: byte order mark, strict UTF-8, strict GB18030."""
    content = path.read_bytes()
    if content.startswith(b"\xff\xfe"):
        text = content.decode("utf-16")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("gb18030")
    first = text.split("\n", 1)[0]
    return list(csv.reader(text.splitlines(), delimiter=max(",\t|", key=first.count)))


def sheet_lines(path: Path) -> list[list[object]]:
    """The rows of the visible sheet from the header on, without totals, notes and hidden rows."""
    sheet = next(s for s in openpyxl.load_workbook(path) if s.sheet_state == "visible")
    lines = [
        list(line)
        for number, line in enumerate(sheet.iter_rows(values_only=True), 1)
        if not sheet.row_dimensions[number].hidden and line[1] is not None
    ]
    return lines


@lru_cache(maxsize=4)
def delivered(folder: Path) -> tuple[tuple[str, Path, list[str], list[list[object]]], ...]:
    """(feed, file, headers or field names, rows) of everything delivered; read once per folder."""
    return tuple(_delivered(folder))


def _delivered(folder: Path) -> Iterator[tuple[str, Path, list[str], list[list[object]]]]:
    for path in sorted(folder.glob("files/*/*")):
        if path.suffix != ".ok":
            lines = decoded(path) if path.suffix == ".csv" else sheet_lines(path)
            yield feed_of(path), path, [str(cell).strip().lstrip("*") for cell in lines[0]], list(lines[1:])
    for path in sorted(folder.glob("share/*.csv")):
        if path.stem != "batches":
            lines = decoded(path)
            yield path.stem, path, lines[0], list(lines[1:])
    for path in sorted(folder.glob("api/*.jsonl")):
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        yield path.stem, path, list(rows[0]), [list(row.values()) for row in rows]
    for path in sorted(folder.glob("push/*.json")):
        envelope = json.loads(path.read_text("utf-8"))
        names = [f.field for f in feeds()["release_notices"].fields]
        yield envelope["feed"], path, names, [[row.get(name) for name in names] for row in envelope["rows"]]


def feed_of(path: Path) -> str:
    return next(name for name in feeds() if path.name.startswith(name))


def cells(folder: Path, field: str) -> Iterator[tuple[str, str, object]]:
    """(feed, source_key, cell) of one field wherever it is delivered."""
    for feed, _, names, rows in delivered(folder):
        headers = {f.field: {f.field, f.header} for f in feeds()[feed].fields}
        if field not in headers:
            continue
        key, place = (next(n for n, name in enumerate(names) if name in headers[wanted]) for wanted in ("source_key", field))
        for row in rows:
            yield feed, str(row[key]), row[place]


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "truth" / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def hashes(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(folder: Path, tmp_path: Path) -> None:
    # Another process with another order of sets and dictionaries: nothing may lean on it.
    command = [sys.executable, "-m", "sandbox", "generate", str(tmp_path / "again"), "--persons", str(PERSONS), "--seed", str(SEED)]
    subprocess.run(
        command, check=True, cwd=Path(sandbox.__file__).parents[1], env=os.environ | {"PYTHONHASHSEED": "4711"}, capture_output=True
    )
    generate(tmp_path / "other", 40, SEED + 1)
    assert hashes(tmp_path / "again") == hashes(folder)
    assert hashes(tmp_path / "other").get("api/drug_tests.jsonl") != hashes(folder)["api/drug_tests.jsonl"]


def test_every_feed_of_the_agreement_is_delivered(folder: Path) -> None:
    assert {feed for feed, _, _, rows in delivered(folder) if rows} == set(feeds())


def test_every_delivery_has_the_agreed_columns(folder: Path) -> None:
    for feed, path, names, _ in delivered(folder):
        by = "header" if path.parent.parent.name == "files" else "field"
        assert set(names) == {getattr(f, by) for f in feeds()[feed].fields}, path.name


def test_every_ok_file_states_rows_and_hash(folder: Path) -> None:
    counted = {path: len(rows) for _, path, _, rows in delivered(folder)}
    oks = sorted(folder.glob("files/*/*.ok"))
    assert oks
    for ok in oks:
        path = ok.with_suffix("")
        assert ok.read_text("ascii") == f"rows={counted[path]}\nsha256={hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def test_rosters_travel_in_gb18030_with_commas(folder: Path) -> None:
    for path in folder.glob("files/detention_centers/*.csv"):
        assert path.read_bytes().decode("gb18030").startswith("源主键,操作类型,")


def test_every_number_is_valid_unless_it_was_spoilt_on_purpose(folder: Path) -> None:
    spoilt = {(r["feed"], r["source_key"]) for r in table(folder, "persons.csv") if "id_" in r["error_class"]}
    refused = {(r["feed"], r["source_key"]) for r in table(folder, "rejected.csv")}
    kinds = {(feed, key): kind for feed, key, kind in cells(folder, "id_type_code")}
    numbers: dict[tuple[str, str], list[str]] = {}
    for feed, key, number in cells(folder, "id_number"):
        if number and "111" in str(kinds[feed, key]) and (feed, key) not in spoilt | refused:
            numbers.setdefault((feed, key), []).append(str(number))
    # The truth speaks of the current version; a key whose other version was spoilt shows a good number too.
    assert len(numbers) > 500
    assert [key for key, shown in numbers.items() if not any(map(is_valid_id, shown))] == []


def test_no_stretch_of_twenty_rows_has_over_five_percent_damaged_numbers(folder: Path) -> None:
    classes = {(r["feed"], r["source_key"]): set(r["error_class"].split("+")) for r in table(folder, "persons.csv")}
    for feed, path, names, rows in delivered(folder):
        key = next((n for n, name in enumerate(names) if name in {"source_key", feeds()[feed].by_name["source_key"].header}), 0)
        damaged = [bool(DAMAGING & classes.get((feed, str(row[key])), set())) for row in rows]
        for start in range(max(1, len(damaged) - 19)):
            assert sum(damaged[start : start + 20]) <= 1, path.name


def test_the_truth_knows_every_row_that_is_neither_refused_nor_deleted(folder: Path) -> None:
    known = {(r["feed"], r["source_key"]) for r in table(folder, "persons.csv")}
    refused = {(r["feed"], r["source_key"]) for r in table(folder, "rejected.csv")}
    assert refused
    assert not known & refused
    operations = list(cells(folder, "operation_code"))
    deleted = {(feed, key) for feed, key, operation in operations if operation == "D"}
    delivered_keys = {(feed, key) for feed, key, _ in operations}
    assert refused <= delivered_keys
    assert {k for k in delivered_keys - refused - deleted if k[0] != "station_directory"} == known


def test_no_row_lies_in_the_future_but_for_a_wrong_clock(folder: Path) -> None:
    wrong = {(r["feed"], r["source_key"]) for r in table(folder, "rejected.csv") if r["error_code"] == "E_CLOCK"}
    for feed, key, moment in cells(folder, "source_updated_at"):
        if feed not in {"station_directory"} and (feed, key) not in wrong and str(moment)[:4].isdigit() and "-" in str(moment):
            assert str(moment)[:10] <= AS_OF.isoformat(), (feed, key)


def test_a_small_province_shows_the_stories_of_a_demonstration(folder: Path) -> None:
    states = Counter(row["state"] for row in table(folder, "handoffs.csv"))
    assert {"EXPECTED", "NOTICED", "PICKUP_SET", "RELEASED", "PICKED_UP", "UNMET", "IN_REHAB"} <= set(states)


def test_every_handoff_has_a_station_and_one_decision_number(folder: Path) -> None:
    rows = table(folder, "handoffs.csv")
    assert all(row["station_code"][6] == "Z" for row in rows)
    assert len({row["decision_number"] for row in rows}) == len(rows)


def test_bad_files_come_only_when_asked_for(folder: Path, tmp_path: Path) -> None:
    assert not (folder / "truth" / "files.csv").exists()
    generate(tmp_path, 40, SEED, with_bad_files=True)
    listed = table(tmp_path, "files.csv")
    assert {row["code"] for row in listed} == {bad.code for bad in BAD_FILES}
    assert all((tmp_path / row["name"]).is_file() for row in listed)


def test_a_new_run_takes_the_old_province_away(tmp_path: Path) -> None:
    (tmp_path / "push").mkdir()
    (tmp_path / "push" / "old.json").write_text("{}")
    generate(tmp_path, 40, SEED)
    assert not (tmp_path / "push" / "old.json").exists()


def test_every_row_code_occurs_from_five_hundred_persons_on() -> None:
    faults = {row.fault[1] for batch in spoil(build_province(500, SEED, AS_OF)) for row in batch.rows if row.fault}
    assert faults == ROW_CODES


def test_journeys_do_not_go_backwards_in_time() -> None:
    province = build_province(120, SEED, AS_OF)
    for journey in province.journeys:
        assert journey.decision_date < journey.entry_date
        order = journey.order
        milestones = [
            journey.due_date,
            order and order.order_date,
            order and order.served_date,
            order and order.reported_date,
            journey.agreed_date,
        ]
        known = [day for day in milestones if day]
        assert known == sorted(known), journey.kind
        assert all(day <= AS_OF for day in known[1:])


def test_fifteen_digits_are_the_eighteen_without_century_and_check() -> None:
    assert fifteen_digits("11010519491231002X") == "110105491231002"
    assert is_valid_id("11010519491231002X")
    assert not is_valid_id("110105194912310021")
