"""From decoded rows to what a transaction writes: read, judged, sealed, ready for COPY. Pure work, no database, any process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.sealing import blind_index, key_source, sealer
from expectations.agreement import Feed
from expectations.delivery import Decoded, Reading
from expectations.reading import read_rows
from expectations.verdict import Tally, judge
from warehouse.staging.columns import bytea_literals, place, sealed_columns

ROW_SEPARATOR, NULL_MARK = "\x1f", "\x00"
# The agreement's own form of a value follows from what was read; only other forms are worth keeping.
AGREED_FORMS = {"datetime": r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", "boolean": "^[01]$"}
PROBLEM_COLUMNS = ["row_number", "source_key", "field", "code", "severity"]


@dataclass
class Prepared:
    """A chunk of rows, judged and sealed.

    `staged`: an Arrow table, one row per row to load; columns are those of the staging table that come from the row, plus
    row_number and content_hash (hex text for bytea). `present_keys`: source_key of every row of the chunk, loaded or not.
    `quarantined`: row_number, source_key, state, received_sealed (JSON of the row as received),
    received_hash. `problems`: row_number, source_key,
    field, code, severity. `expectations`: expectation, field, severity, checked, failed. `tally`: counts for the file
    rules. `newest_updated_at`: greatest source_updated_at to load.
    """

    staged: pa.Table
    present_keys: pd.Series
    sender_codes: set[str]
    quarantined: pd.DataFrame
    problems: pd.DataFrame
    expectations: pd.DataFrame
    tally: Tally
    row_count: int
    notes: Mapping[str, object]
    newest_updated_at: datetime | None


def prepare(feed: Feed, decoded: Decoded, arrived_at: datetime) -> Prepared:
    """Read and judge decoded rows, and seal what may not lie open."""
    reading = read_rows(feed, decoded, arrived_at=arrived_at)
    verdict = judge(feed, reading, decoded_problems=decoded.problems, row_count=decoded.row_count)
    set_aside = _set_aside(verdict.rejected, verdict.held)
    keys = reading.values["source_key"]
    problems = _problems(verdict.rejected, verdict.held, verdict.warnings, keys)
    good = ~reading.values.index.isin(set_aside.index)
    return Prepared(
        staged=_staged(feed, reading, good),
        present_keys=keys,
        sender_codes=_sender_codes(feed, reading, good),
        quarantined=_quarantined(feed, decoded, set_aside, keys),
        problems=problems,
        expectations=verdict.expectations,
        tally=verdict.tally,
        row_count=decoded.row_count,
        notes=decoded.notes,
        newest_updated_at=_newest(reading, good),
    )


def _newest(reading: Reading, good: pd.Series) -> datetime | None:
    newest = reading.values["source_updated_at"][good].max()
    return datetime.fromisoformat(newest) if isinstance(newest, str) else None


def _set_aside(rejected: pd.DataFrame, held: pd.DataFrame) -> pd.Series:
    """State per set-aside row_number; a row that is both is rejected: its sender must act anyway."""
    states = dict.fromkeys(held["row_number"], "held") | dict.fromkeys(rejected["row_number"], "rejected")
    return pd.Series(states, dtype="object")


def _problems(rejected: pd.DataFrame, held: pd.DataFrame, warnings: pd.DataFrame, keys: pd.Series) -> pd.DataFrame:
    parts = [
        frame.assign(severity=severity) for frame, severity in ((rejected, "reject"), (held, "hold"), (warnings, "warning")) if len(frame)
    ]
    if not parts:
        return pd.DataFrame(columns=PROBLEM_COLUMNS)
    found = pd.concat(parts, ignore_index=True)
    found["source_key"] = found["row_number"].map(keys)
    return found[PROBLEM_COLUMNS]


def _sender_codes(feed: Feed, reading: Reading, good: pd.Series) -> set[str]:
    if feed.sender_field is None:
        return set()
    column = reading.values[feed.sender_field][good]
    return set(column.dropna().unique())


def _quarantined(feed: Feed, decoded: Decoded, set_aside: pd.Series, keys: pd.Series) -> pd.DataFrame:
    """The set-aside rows as received, sealed, so that a steward or a replay can look at them again."""
    rows = decoded.rows.loc[decoded.rows.index.isin(set_aside.index)]
    received = [
        json.dumps({k: v for k, v in row.items() if v is not None and v == v}, ensure_ascii=False, sort_keys=True)
        for row in rows.to_dict("records")
    ]
    return pd.DataFrame(
        {
            "row_number": rows.index,
            "source_key": keys.reindex(rows.index).to_numpy(),
            "state": set_aside.reindex(rows.index).to_numpy(),
            "received_sealed": sealer(f"quarantine.row.{feed.feed}").seal_texts(received),
            "received_hash": blind_index(f"quarantine.row.{feed.feed}").of_texts(received),
        }
    )


def _staged(feed: Feed, reading: Reading, good: pd.Series) -> pa.Table:
    values = reading.values[good]
    id_keys = reading.derived["id_key"][good] if "id_number" in feed.by_name else None
    received = _received_sealed(feed, reading.received[good], len(values))
    return staged_table(feed, values.index, values, id_keys, received)


def staged_table(
    feed: Feed,
    row_numbers: Sequence[int] | pd.Index,
    values: Mapping[str, Any] | pd.DataFrame,
    id_keys: Any,
    received_sealed: pa.Array,
) -> pa.Table:
    """The columns of the staging table that come from the rows (see `Prepared.staged`).

    Args:
        values: canonical texts by field, one list or column each; id_keys: likewise, None for a feed without an identity number.
    """
    columns: dict[str, pa.Array] = {
        "row_number": pa.array(row_numbers, pa.int32()),
        "content_hash": _content_hash(feed, values),
        "received_sealed": received_sealed,
    }
    if id_keys is not None:
        columns |= sealed_columns(feed, "id_key", id_keys)
    for field in feed.fields:
        column = values[field.field]
        if field.is_sealed:
            columns |= sealed_columns(feed, field.field, column)
        else:
            columns[field.field] = pa.array(column, pa.string(), from_pandas=True)
    return pa.table(columns)


def _content_hash(feed: Feed, values: Mapping[str, Any] | pd.DataFrame) -> pa.Array:
    """Keyed hash of everything the row says (a corrected row says something else); I and U are alike."""
    said = [values[f.field] for f in feed.fields if f.field not in {"operation_code", "source_updated_at"}]
    is_delete = pc.equal(pa.array(values["operation_code"], pa.string(), from_pandas=True), "D").fill_null(False)
    columns = [pa.array(column, pa.string(), from_pandas=True) for column in said] + [pc.if_else(is_delete, "D", "U")]
    joined = pc.binary_join_element_wise(*columns, ROW_SEPARATOR, null_handling="replace", null_replacement=NULL_MARK)
    keyed = hashlib.blake2b(digest_size=16, key=key_source().master_key("index"), person=b"guitu row")
    return pa.array([_hex(keyed, text.encode()) for text in joined.to_pylist()], pa.string())


def _hex(keyed: hashlib.blake2b, content: bytes) -> str:
    work = keyed.copy()
    work.update(content)
    return "\\x" + work.hexdigest()


def _received_sealed(feed: Feed, received: pd.DataFrame, count: int) -> pa.Array:
    """Texts as received, in rows where what was read does not say them already."""
    texts: dict[int, dict[str, str]] = {}
    for name in received.columns:
        column = pa.array(received[name], pa.string(), from_pandas=True)
        kept = pc.is_valid(column)
        agreed = AGREED_FORMS.get(feed.by_name[name].form)
        if agreed:
            kept = pc.and_(kept, pc.invert(pc.match_substring_regex(column, agreed).fill_null(True)))
        positions = pc.indices_nonzero(kept)
        for position, text in zip(positions.to_pylist(), column.take(positions).to_pylist(), strict=True):
            texts.setdefault(position, {})[name] = text
    return bytea_literals(seal_received(feed, texts, count))


def seal_received(feed: Feed, texts: Mapping[int, Mapping[str, str]], count: int) -> list[bytes | None]:
    """The texts as received of `count` rows, by position; None where a row has none."""
    sealed: list[bytes | None] = [None] * count
    seal = sealer(place(feed, "received")).seal
    for position, told in texts.items():
        sealed[position] = seal(json.dumps(told, ensure_ascii=False).encode())
    return sealed
