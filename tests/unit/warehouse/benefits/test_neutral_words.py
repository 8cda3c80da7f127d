"""Nothing that benefits write, or are called, names a measure, a test or a place of custody."""

import json
import re
from datetime import date
from pathlib import Path

import yaml
from case_worlds import DAY, sample_parameters, situation_of_cases

from expectations.agreement import feeds
from warehouse.benefits.all_benefits import findings_of
from warehouse.tables import benefits, metadata

FORBIDDEN = re.compile("毒|戒|吸|强制隔离|社区康复|尿检|复吸|出所|拘|刑|监狱|禁")
# Feeds that other desks than those of assistance, housing and work hold.
CLOSED_FEEDS = [feed.feed for feed in feeds().values() if feed.provider in {"detention_centers", "public_security", "community"}]
ROOM = Path(benefits.__file__).parents[1] / "benefits"
REASON = ["rule", "result", "fact", "value", "source", "fact_date", "parameter", "citation", "version"]


def every_reason() -> list[dict]:
    cases = [case for path in (Path(__file__).parent / "cases").glob("*.yaml") for case in yaml.safe_load(path.read_text("utf-8"))]
    reasons = []
    for day in (DAY, date(2026, 6, 30)):
        situation = situation_of_cases(list(enumerate(cases)), day, sample_parameters())
        reasons += [reason for found in findings_of(situation) for row in range(len(found)) for reason in found.reasons(row)]
    return reasons


def test_reasons_hold_no_forbidden_word_and_no_closed_feed_and_have_the_published_shape() -> None:
    reasons = every_reason()
    assert len(reasons) > 300
    text = json.dumps(reasons, ensure_ascii=False)
    assert not FORBIDDEN.findall(text)
    assert [feed for feed in CLOSED_FEEDS if feed in text] == []
    assert all(list(reason) == REASON for reason in reasons)
    from_returns = [reason for reason in reasons if reason["source"]["feed"] == "handoff"]
    assert from_returns
    assert all(reason["source"]["source_key"] is None for reason in from_returns)


def test_names_of_tables_columns_files_and_texts_are_neutral() -> None:
    tables = [table for table in metadata.sorted_tables if table.schema == "benefits"]
    names = [table.name for table in tables] + [column.name for table in tables for column in table.columns]
    comments = [table.comment or "" for table in tables] + [column.comment or "" for table in tables for column in table.columns]
    files = [path.name for path in ROOM.rglob("*.py")]
    texts = [path.read_text("utf-8") for path in ROOM.rglob("*.py")]
    assert len(files) > 20
    assert not FORBIDDEN.findall("\n".join([*names, *comments, *files, *texts]))
    assert [feed for feed in CLOSED_FEEDS if feed in "\n".join([*names, *comments, *files])] == []
