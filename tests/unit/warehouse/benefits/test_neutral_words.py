"""Nothing that reaches benefit desks names a measure, a test or a place of custody: words, codes, names of files, commands and columns.

The texts are gathered from the code, room by room; every gatherer is shown to find a word that was put there. What desks read in a
database stands in tests/database/warehouse/test_neutrality.py.
"""

import argparse
import ast
import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml
from case_worlds import DAY, sample_parameters, situation_of_cases
from sqlalchemy import Column, MetaData, Table

from expectations.agreement import feeds
from warehouse.__main__ import _parser
from warehouse.benefits.all_benefits import findings_of
from warehouse.benefits.answers import FACTS, OUTCOMES, PARAMETERS, WORDS
from warehouse.benefits.household_changes import RETURN, changes_of, effect_of_release
from warehouse.benefits.household_flags import household_flags_of
from warehouse.benefits.tenancy_flags import tenancy_flags_of
from warehouse.registry.loading import SAMPLE_FILE
from warehouse.tables import metadata
from warehouse.tables.desks import desk_statements
from warehouse.tables.outbox import AUDIENCES

CHINESE = "毒|戒|吸|强制隔离|社区康复|尿检|复吸|出所|拘|刑|监狱|禁"
ENGLISH = "drug|narcot|rehabilit|detention|detain|isolation|custod|prison|jail|addict|relapse|urine|opioid|sober"
FORBIDDEN = re.compile(f"{CHINESE}|{ENGLISH}", re.IGNORECASE)
# Feeds that other desks than those of assistance, housing and work hold.
CLOSED_FEEDS = [feed.feed for feed in feeds().values() if feed.provider in {"detention_centers", "public_security", "community"}]
PROJECT = Path(__file__).parents[4]
ROOMS = (
    "warehouse/benefits",
    "warehouse/supposing.py",
    "pipeline/benefits.py",
    "dags/work_out_benefits.py",
    "warehouse/registry/parameters.py",
)
# The register of the population is public security's; benefits read its lines on births, deaths, moves and addresses under their names.
READ_UNDER_THEIR_NAMES = {"population_changes", "registered_persons", "centre_roster", "release_notices"}
COMMANDS = ("what-if", "rehearse-parameters", "load-parameters")
REASON = ["rule", "result", "fact", "value", "source", "fact_date", "parameter", "citation", "version"]
Texts = Iterator[tuple[str, str]]


def found_in(texts: Texts) -> list[tuple[str, str]]:
    """Where a forbidden word stands, and the word."""
    return [(where, word) for where, one in texts for word in FORBIDDEN.findall(one)]


# ------------------------------------------------------------------ gatherers
def of_files(root: Path) -> Texts:
    """Names and whole contents of the packaged files: what they say, what they are called inside, every error and log line."""
    for room in ROOMS:
        packaged = [path for path in sorted((root / room).rglob("*")) if path.is_file() and path.suffix != ".pyc"]
        for path in [root / room] if room.endswith(".py") else packaged:
            yield str(path.relative_to(root)), path.stem
            yield str(path.relative_to(root)), path.read_text("utf-8")


def of_commands(parser: argparse.ArgumentParser) -> Texts:
    """Names, help and usage of the commands about benefits."""
    commands = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    for name in COMMANDS:
        yield name, f"{name} {commands.choices[name].format_help()}"


def of_tables(declared: MetaData) -> Texts:
    """Names and comments of tables, columns, constraints and indexes of what benefits keep and desks read."""
    for table in declared.sorted_tables:
        if table.schema == "benefits" or table.fullname in {
            "published.findings",
            "published.household_flags",
            "published.excluded_occupations",
        }:
            named = [*table.columns, *table.constraints, *table.indexes]
            for one in [table, *named]:
                yield table.fullname, f"{one.name} {getattr(one, 'comment', None) or ''} {getattr(one, 'sqltext', '')}"


def of_views(statements: list[str]) -> Texts:
    """The views of the desks, as the catalogue shows them."""
    yield from (("view", statement) for statement in statements)


def of_parameters(file: Path) -> Texts:
    """Name, meaning, unit, source, values and documents of every parameter that a benefit takes in."""
    for given in yaml.safe_load(file.read_text("utf-8"))["parameters"]:
        if given["name"] in PARAMETERS:
            yield given["name"], json.dumps(given, ensure_ascii=False, default=str)


def of_codes() -> Texts:
    """Every word that an outcome, a condition or a missing fact can be."""
    yield "codes", " ".join([*FACTS, *PARAMETERS, *OUTCOMES, *WORDS])


def cases() -> list[dict]:
    """Every case of the tables: together they reach every answer of every condition (test_case_tables)."""
    return [case for path in (Path(__file__).parent / "cases").glob("*.yaml") for case in yaml.safe_load(path.read_text("utf-8"))]


def reasons_of(told: list[dict]) -> list[dict]:
    """Every reason of every finding, under both versions of the law."""
    situations = [situation_of_cases(list(enumerate(told)), day, sample_parameters()) for day in (DAY, date(2026, 6, 30))]
    every = [found for situation in situations for found in findings_of(situation)]
    return [reason for found in every for row in range(len(found)) for reason in found.reasons(row)]


def of_answers(told: list[dict]) -> Texts:
    """Reasons of findings; flags with before and after; effects of returns."""
    for reason in reasons_of(told):
        yield reason["rule"], json.dumps(reason, ensure_ascii=False)
    situation = situation_of_cases(list(enumerate(told)), DAY, sample_parameters())
    for flag in [*household_flags_of(situation), *tenancy_flags_of(situation)]:
        yield flag.flag_code, json.dumps([flag.flag_code, flag.reason, flag.before, flag.after], ensure_ascii=False)
    changes = changes_of(situation)
    for place in range(len(changes)):
        if changes.reason[place] == RETURN:
            yield "effect", json.dumps(effect_of_release(changes, place), ensure_ascii=False)


EVERYTHING: dict[str, Callable[[], Texts]] = {
    "files": lambda: of_files(PROJECT),
    "commands": lambda: of_commands(_parser()),
    "tables": lambda: of_tables(metadata),
    "views": lambda: of_views(desk_statements()),
    "parameters": lambda: of_parameters(SAMPLE_FILE),
    "codes": of_codes,
    "answers": lambda: of_answers(cases()),
}


@pytest.mark.parametrize("room", EVERYTHING)
def test_no_text_that_benefit_desks_can_reach_holds_a_forbidden_word(room: str) -> None:
    texts = list(EVERYTHING[room]())
    assert texts
    assert found_in(iter(texts)) == []


def test_no_answer_names_a_closed_feed_and_reasons_have_the_published_shape() -> None:
    reasons = reasons_of(cases())
    assert len(reasons) > 300
    text = json.dumps(reasons, ensure_ascii=False)
    assert [feed for feed in CLOSED_FEEDS if feed in text] == []
    assert all(list(reason) == REASON for reason in reasons)
    from_returns = [reason for reason in reasons if reason["source"]["feed"] == "handoff"]
    assert from_returns
    assert all(reason["source"]["source_key"] is None for reason in from_returns)


def test_names_of_tables_and_files_name_no_closed_feed() -> None:
    named = " ".join(one for gather in ("tables", "views", "commands", "codes", "parameters") for _, one in EVERYTHING[gather]())
    named += " ".join(Path(where).name for where, _ in of_files(PROJECT))
    assert [feed for feed in CLOSED_FEEDS if feed in named] == []


def test_the_closed_feeds_that_benefits_read_are_named_where_they_are_read_alone() -> None:
    reading = {"reading.py", "wakes.py", "changes.py"}
    for path in (PROJECT / "warehouse/benefits").glob("*.py"):
        texts = {node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)}
        named = {feed for feed in CLOSED_FEEDS if any(isinstance(one, str) and feed in one for one in texts)}
        assert named <= (READ_UNDER_THEIR_NAMES if path.name in reading else set()), path.name


def test_no_message_goes_to_a_benefit_desk() -> None:
    """A desk that is to be told one day needs its words in the gatherers first."""
    assert not {audience for audience in AUDIENCES if re.search("civil|employ|hous|benefit|assist", audience)}


# ------------------------------------------------------------------ the test can fail
@pytest.mark.parametrize("word", [*CHINESE.split("|"), *ENGLISH.split("|"), "Drug"])
def test_every_forbidden_word_is_seen(word: str) -> None:
    assert found_in(iter([("anywhere", f"a{word}b")]))


def test_every_gatherer_sees_a_word_that_was_put_there(tmp_path: Path) -> None:
    for room in ROOMS:
        target = tmp_path / room
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(PROJECT / room, target) if target.suffix == "" else shutil.copy(PROJECT / room, target)
    (tmp_path / "warehouse/benefits/custody_of.py").touch()
    (tmp_path / "warehouse/benefits/texts.yaml").write_text("says: 戒\n", "utf-8")
    assert {word for _, word in found_in(of_files(tmp_path))} == {"custod", "戒"}

    parser = _parser()
    next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction)).choices["what-if"].add_argument(
        "--x", help="after detention"
    )
    assert found_in(of_commands(parser))

    planted = MetaData()
    Table("finding", planted, Column("x", comment="尿检"), schema="benefits")
    assert found_in(of_tables(planted))

    assert found_in(of_views(["select 1 as after_custody"]))

    file = tmp_path / "p.yaml"
    file.write_text("parameters: [{name: dibao_standard_yuan, means: drug, values: []}]", "utf-8")
    assert found_in(of_parameters(file))

    told = [{"members": [{}], "housing": [{}], "households": [{"source_key": "出所"}]}]
    assert found_in(of_answers(told))
