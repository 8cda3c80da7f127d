"""The sample province's rows that carry a wrong value are refused for that value, and no other row is."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from expectations.agreement import feed
from expectations.delivery import Decoded, no_problems
from expectations.reading import read_rows

PROVINCE = Path(__file__).parents[4] / "shared" / "province"
END_OF_DAY_AT = datetime(2026, 11, 20, 16, tzinfo=UTC)
# What the reader alone cannot know: absence is judged by the suites, cells out of place by the decoder.
NOT_A_VALUE = {"E_REQUIRED", "E_CONDITION", "E_COLUMNS"}

pytestmark = pytest.mark.skipif(not (PROVINCE / "truth").is_dir(), reason="the sample province is not beside this checkout")


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as lines:
        if path.suffix == ".csv":
            return list(csv.DictReader(lines))
        rows = [json.loads(line) for line in lines]
    return [{k: json.dumps(v, ensure_ascii=False) if isinstance(v, list) else v for k, v in row.items()} for row in rows]


def refused(path):
    given = feed(path.stem)
    frame = pd.DataFrame(rows_of(path), dtype="str")
    reading = read_rows(given, Decoded(frame, no_problems(), len(frame)), arrived_at=END_OF_DAY_AT)
    needed = {field.field for field in given.fields if field.required == "always"}
    found = reading.problems[reading.problems["code"].str.startswith("E_") & reading.problems["field"].isin(needed)]
    return {(frame.loc[row, "source_key"], field, code) for row, field, code in found.itertuples(index=False)}


def told(name):
    return {(r["source_key"], r["field"], r["error_code"]) for r in rows_of(PROVINCE / "truth" / "rejected.csv") if r["feed"] == name}


def test_exactly_the_rows_with_a_wrong_value_are_refused():
    paths = [*PROVINCE.glob("api/*.jsonl"), *(p for p in PROVINCE.glob("share/*.csv") if p.stem != "batches")]
    assert len(paths) == 12
    for path in paths:
        assert refused(path) == {one for one in told(path.stem) if one[2] not in NOT_A_VALUE}, path.stem
