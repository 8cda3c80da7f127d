"""A whole province from its directory to the published list: what truth/ says is rejected is rejected, the rest is published.

One province is generated here; the sample province is looked at too where it lies beside this checkout.
"""

import csv
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from core.clock import rehearsed_date
from warehouse.database import Role, transaction
from warehouse.staging.conservation import broken_batches, feed_totals

SAMPLE = Path(__file__).parents[3] / "shared" / "province"
AS_OF = "2026-11-20"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from sandbox.generator.generate import generate

    folder = tmp_path_factory.mktemp("province")
    generate(folder, persons=60, seed=11)
    return folder


@pytest.fixture(scope="module", params=["generated", "sample"])
def published(
    request: pytest.FixtureRequest, server_url: str, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The province's folder, after everything ran."""
    from core.sealing import KeyFolder
    from pipeline.__main__ import main
    from sandbox import postgres

    if request.param == "sample" and not SAMPLE.is_dir():
        pytest.skip("the sample province is not beside this checkout")
    folder = SAMPLE if request.param == "sample" else request.getfixturevalue("generated")
    home, before = tmp_path_factory.mktemp("home"), dict(os.environ)
    KeyFolder(home / "keys").create_missing()
    os.environ |= {
        "GUITU_DATABASE_URL": postgres.create_database(server_url, f"province_{request.param}", migrated_template),
        "GUITU_KEYS": str(home / "keys"),
        "GUITU_RAW_URL": (home / "raw").as_uri(),
        "GUITU_AS_OF": AS_OF,
        "PROVINCE": str(folder),
    }
    try:
        assert main(["run-all"]) == 0
        yield folder
    finally:
        os.environ.clear()
        os.environ.update(before)


def truth(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "truth" / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def fetch(query: str) -> list[tuple[object, ...]]:
    with transaction(Role.ETL) as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_exactly_the_rows_that_broke_the_agreement_are_rejected(published: Path) -> None:
    expected = {(r["feed"], r["source_key"]): (r["field"], r["error_code"]) for r in truth(published, "rejected")}
    told: dict[tuple[object, ...], set[tuple[object, object]]] = {}
    for feed, key, field, code in fetch("select feed, source_key, coalesce(field, ''), error_code from published.rejected_rows"):
        told.setdefault((feed, key), set()).add((field, code))
    assert set(told) == set(expected)
    assert [key for key, reason in expected.items() if reason not in told[key]] == []


def test_every_row_has_one_fate(published: Path) -> None:
    with transaction(Role.ETL) as connection:
        assert broken_batches(connection) == []
        assert [total["feed"] for total in feed_totals(connection) if total["difference"]] == []


def test_linked_rows_are_of_one_person(published: Path) -> None:
    true_person = {(r["feed"], r["source_key"]): r["true_person"] for r in truth(published, "persons")}
    by_told: dict[object, list[str]] = {}
    for feed, key, person in fetch("select feed, source_key, person_id from published.source_links where link_status = 'linked'"):
        by_told.setdefault(person, []).append(true_person[str(feed), str(key)])
    pairs = lambda sizes: sum(n * (n - 1) // 2 for n in sizes)  # noqa: E731
    told = pairs(map(len, by_told.values()))
    right = sum(pairs(people.count(p) for p in set(people)) for people in by_told.values())
    everybody = list(true_person.values())
    true = pairs(everybody.count(p) for p in set(everybody))
    assert right / told >= 0.998
    assert right / true >= 0.97


def test_every_handoff_has_the_state_the_truth_says(published: Path) -> None:
    from warehouse.handoffs.facts import handoff_id

    expected = {handoff_id(r["decision_number"]): (r["state"], r["station_code"]) for r in truth(published, "handoffs")}
    told = {h: (state, station or "") for h, state, station in fetch("select handoff_id, state, station_code from published.handoffs")}
    assert set(told) == set(expected)
    assert sum(told[h] == expected[h] for h in told) / len(told) >= 0.99


def true_flags(folder: Path, name: str) -> list[dict[str, str]]:
    if not (folder / "truth" / f"{name}.csv").exists():
        pytest.skip("this province's truth does not tell")
    return truth(folder, name)


def shares(told: set[object], true: set[object]) -> tuple[float, float]:
    """Precision and recall."""
    return len(told & true) / len(told), len(told & true) / len(true)


def test_open_flags_are_those_of_the_truth_with_their_days(published: Path) -> None:
    arrival_or_linking = {"DELIVERY_LATE", "IDENTITY_CONFLICT"}
    true = {
        (r["handoff_id"], r["flag_code"]): (r["severity"], r["due_date"])
        for r in true_flags(published, "handoff_flags")
        if r["flag_code"] not in arrival_or_linking
    }
    found = fetch("select handoff_id, flag_code, severity, due_date from published.handoff_flags where status = 'open'")
    told = {(str(h), str(code)): (str(severity), str(due or "")) for h, code, severity, due in found if code not in arrival_or_linking}
    precision, recall = shares(set(told), set(true))
    assert precision >= 0.98
    assert recall >= 0.98
    both = told.keys() & true.keys()
    assert sum(told[flag] == true[flag] for flag in both) / len(both) >= 0.99


def test_findings_have_the_outcome_and_the_missing_facts_of_the_truth(published: Path) -> None:
    of_household = {"dibao", "dibao_marginal", "rigid_expenditure"}
    true = {
        (r["benefit_code"], r["household_number"]): (r["outcome"], sorted(json.loads(r["missing_facts"])))
        for r in true_flags(published, "findings")
        if r["benefit_code"] in of_household
    }
    found = fetch("select benefit_code, household_number, outcome, missing_facts from published.findings")
    told = {(str(b), str(h)): (str(outcome), sorted(missing)) for b, h, outcome, missing in found if b in of_household}  # type: ignore[call-overload]
    assert set(told) == set(true)
    assert sum(told[finding] == true[finding] for finding in told) / len(told) >= 0.97
    per_person = [r["benefit_code"] for r in true_flags(published, "findings") if r["benefit_code"] not in of_household]
    counted = dict(fetch("select benefit_code, count(*) from published.findings group by 1"))  # type: ignore[arg-type]
    assert {
        b: abs(counted[b] - per_person.count(b)) for b in set(per_person) if abs(counted[b] - per_person.count(b)) > 0.03 * counted[b]
    } == {}


def test_household_flags_are_those_of_the_truth(published: Path) -> None:
    key = ("household_number", "flag_code", "effective_date", "neutral_reason_code")
    true: set[object] = {(*(r[name] for name in key[:3]), r[key[3]][:2]) for r in true_flags(published, "household_flags")}
    told: set[object] = {
        (str(h), str(code), str(day), str(reason)[:2])
        for h, code, day, reason in fetch(f"select {', '.join(key)} from published.household_flags")
    }
    precision, recall = shares(told, true)
    assert precision >= 0.97
    assert recall >= 0.97


def test_every_flag_walks_back_to_raw_bytes_and_to_the_documents_of_its_parameters(published: Path) -> None:
    from warehouse.handoffs.lineage import flag_lineage
    from warehouse.handoffs.raw_rows import RawRows
    from warehouse.landing.raw import RawStore

    flags = fetch("select handoff_id, flag_code from published.handoff_flags order by 1, 2")
    assert flags
    with transaction(Role.ETL) as connection:
        raw = RawRows(connection, RawStore())
        lineages = [flag_lineage(connection, str(handoff_id), str(code)) for handoff_id, code in flags]
        astray = [(one.handoff_id, one.flag_code) for one in lineages if not one.grounds or not all(map(raw.has, one.grounds))]
    assert astray == []
    assert [one.flag_code for one in lineages if not one.rule_version or not one.source] == []
    assert [one.flag_code for one in lineages if not all(parameter.document for parameter in one.parameters)] == []
    assert [one.flag_code for one in lineages if one.history[-1].kind not in {"opened", "changed"}] == []


def test_no_number_and_no_name_lies_open_in_the_database_or_on_disk(published: Path) -> None:
    persons = [json.loads(line) for line in (published / "api" / "registered_persons.jsonl").read_text("utf-8").splitlines()]
    numbers = {p["id_number"] for p in persons if len(p["id_number"] or "") == 18}
    names = {p["name"] for p in persons if len(p["name"] or "") >= 3}
    assert len(numbers) > 40
    tables = fetch(
        "select table_schema || '.' || table_name from information_schema.tables where table_type = 'BASE TABLE' "
        "and table_schema not in ('pg_catalog', 'information_schema')"
    )
    with transaction(Role.OWNER) as connection:
        for (table,) in tables:
            content = "\n".join(connection.execute(text(f"select t::text from {table} t")).scalars())
            assert not numbers & set(re.findall(r"[0-9]{17}[0-9X]", content)), table
            assert not {name for name in names if name in content}, table
    raw = Path(os.environ["GUITU_RAW_URL"].removeprefix("file://"))
    kept = b"".join(path.read_bytes() for path in raw.rglob("*") if path.is_file())
    assert len(kept) > 10_000
    for number in numbers:
        assert number.encode() not in kept


def test_running_again_changes_nothing(published: Path) -> None:
    from pipeline.__main__ import main
    from warehouse.staging.replay import staging_hash

    def everything() -> tuple[object, ...]:
        with transaction(Role.ETL) as connection:
            hashes = staging_hash(connection)
        return hashes, fetch("select * from published.handoffs order by 1"), fetch("select * from published.source_links order by 1, 2")

    before = everything()
    assert main(["run-all"]) == 0
    assert everything() == before


def test_the_rehearsed_day_is_in_force(published: Path) -> None:
    assert str(rehearsed_date()) == AS_OF
    assert fetch("select distinct as_of_date::text from ops.publication") == [(AS_OF,)]
