"""JSON deliveries to columns: pushed envelopes and pulled pages (agreement sections 3 and 4), and rows one per line (section 10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa

from core.errors import AgreementBroken, SourceChanged
from expectations.agreement import SCHEMA_VERSION, Feed, Field
from expectations.decoding.frames import Columns, Problem, without_nul
from expectations.decoding.strict_json import Number, read_json

MOST_PUSHED_ROWS = 500
_PUSH_TEXTS = ("sender_code", "batch_id", "exported_at")
_LONGEST_EXPONENT = 30


@dataclass(frozen=True)
class Envelope:
    """A pushed batch as its sender announced it; `rows` as received."""

    sender_code: str
    batch_id: str
    exported_at: str
    rows: list[Any]


def read_push(asked: Feed, content: bytes, sender_code: str | None) -> Columns:
    """The rows of a pushed envelope.

    Raises:
        SourceChanged: not JSON, or not the agreed envelope, or another feed or sender than announced.
        AgreementBroken: E_ROWS where row_count differs.
    """
    envelope = read_envelope(asked, content)
    if sender_code is not None and envelope.sender_code != sender_code:
        raise SourceChanged("sender_code of the batch is not the sender who delivered it")
    return _columns(asked, envelope.rows)


def read_envelope(asked: Feed, content: bytes) -> Envelope:
    """What a pushed batch says about itself, and its rows as JSON values (numbers as `Number`).

    Raises:
        SourceChanged: not JSON, or not the agreed envelope, or of another feed.
        AgreementBroken: E_ROWS where row_count differs.
    """
    envelope = read_json(content, "the batch")
    if not isinstance(envelope, dict):
        raise SourceChanged("the batch is not a JSON object")
    _check_kind(envelope, asked, "the batch", needs_all=True)
    for name in _PUSH_TEXTS:
        if not isinstance(envelope.get(name), str) or isinstance(envelope[name], Number) or not envelope[name]:
            raise SourceChanged(f"{name} of the batch is missing or no text")
    rows, row_count = _rows_of(envelope, "the batch"), envelope.get("row_count")
    if not isinstance(row_count, Number) or not row_count.isdecimal():
        raise SourceChanged("row_count of the batch is missing or no whole number")
    if len(rows) > MOST_PUSHED_ROWS:
        raise SourceChanged(f"a batch holds at most {MOST_PUSHED_ROWS} rows; send the rest in another batch")
    if int(row_count) != len(rows):
        raise AgreementBroken("E_ROWS", f"row_count says {int(row_count)} rows, the batch holds {len(rows)}")
    return Envelope(envelope["sender_code"], envelope["batch_id"], envelope["exported_at"], rows)


def read_page(asked: Feed, content: bytes) -> Columns:
    """The rows of a pulled page, or of a file with one row per line.

    Raises:
        SourceChanged: not JSON, or not the agreed envelope.
    """
    lines = content.split(b"\n")
    if len(lines) > 1 and _is_row(lines[0]):
        return _columns(asked, [_row(line, number) for number, line in enumerate(lines, 1) if line.strip()])
    if not content.strip():
        return _columns(asked, [])
    page = read_json(content, "the page")
    if isinstance(page, dict) and "rows" not in page and "source_key" in page:
        return _columns(asked, [page])
    if not isinstance(page, dict):
        raise SourceChanged("the page is not a JSON object")
    _check_kind(page, asked, "the page", needs_all=False)
    return _columns(asked, _rows_of(page, "the page"))


def _is_row(line: bytes) -> bool:
    """True when a first line is a whole row by itself, so that the content is one row per line and not one page."""
    line = line.removeprefix(b"\xef\xbb\xbf").strip()
    if not (line.startswith(b"{") and line.endswith(b"}")):
        return False
    try:
        return "rows" not in read_json(line, "the first line")
    except SourceChanged:
        return False


def _row(line: bytes, number: int) -> Mapping[str, Any]:
    row = read_json(line, f"line {number}")
    if not isinstance(row, dict):
        raise SourceChanged(f"line {number} is not a JSON object")
    return row


def _check_kind(envelope: Mapping[str, Any], asked: Feed, what: str, *, needs_all: bool) -> None:
    for name, agreed in (("schema_version", SCHEMA_VERSION), ("feed", asked.feed)):
        if (needs_all or name in envelope) and (envelope.get(name) != agreed or isinstance(envelope[name], Number)):
            raise SourceChanged(f"{name} of {what} is not {agreed}")


def _rows_of(envelope: Mapping[str, Any], what: str) -> list[Any]:
    rows = envelope.get("rows")
    if not isinstance(rows, list):
        raise SourceChanged(f"rows of {what} is missing or no list")
    return rows


def _columns(asked: Feed, rows: Sequence[Any]) -> Columns:
    """Every agreed field as a column; a field left out of a row is an empty cell, a row that is no object is E_TYPE."""
    problems: list[Problem] = [(number, None, "E_TYPE") for number, row in enumerate(rows, 1) if not isinstance(row, dict)]
    objects = [row if isinstance(row, dict) else {} for row in rows]
    arrays = [_cells(f, [row.get(f.field) for row in objects], problems) for f in asked.fields]
    unknown = sorted({name for row in objects for name in row} - set(asked.by_name))
    shown = [name if name.isidentifier() and name.isascii() and len(name) <= 40 else "(no field name)" for name in unknown]
    table = pa.Table.from_arrays(arrays, names=[f.field for f in asked.fields])
    return without_nul(Columns(table, problems, {"unknown_columns": list(dict.fromkeys(shown))}))


def _cells(asked: Field, values: list[Any], problems: list[Problem]) -> pa.Array:
    if not set(map(type, values)) <= {str, type(None)}:
        values = [_cell(asked, number, value, problems) for number, value in enumerate(values, 1)]
    try:
        return pa.array([value or None for value in values], pa.string())
    except UnicodeEncodeError:
        # Half of a surrogate pair can be written in JSON, but it is no character.
        whole = [value is None or value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value) for value in values]
        problems += [(number, asked.field, "E_TYPE") for number, is_whole in enumerate(whole, 1) if not is_whole]
        return pa.array([value or None if is_whole else None for value, is_whole in zip(values, whole, strict=True)], pa.string())


def _cell(asked: Field, row_number: int, value: Any, problems: list[Problem]) -> str | None:
    if value is None or type(value) is str:
        return value
    if isinstance(value, list) and asked.type == "list" and all(isinstance(item, str) for item in value):
        return ";".join(value)
    if isinstance(value, bool) and asked.type != "text":
        return "true" if value else "false"
    if isinstance(value, Number) and asked.type != "text":
        return plain_number(value)
    problems.append((row_number, asked.field, "E_TYPE"))
    return None


def plain_number(literal: str) -> str:
    """A number's text without exponent, exactly; absurd exponents stay as they are, for the value forms to refuse."""
    if "e" not in literal.lower():
        return str(literal)
    number = Decimal(literal)
    return f"{number:f}" if abs(number.adjusted()) <= _LONGEST_EXPONENT else str(literal)
