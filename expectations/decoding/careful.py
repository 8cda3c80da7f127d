"""Delimited text read row by row, for files that are odd: broken quotes, lone CR, empty lines, rows of another width.

No row is lost: a row whose cells cannot be told apart is one row with E_COLUMNS, and reading goes on at the next line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc

from core.errors import AgreementBroken
from expectations.decoding.frames import Columns, Problem, text_table
from expectations.decoding.headers import Layout

LONGEST_QUOTED = 1 << 16
"""A quote still open after this many characters was never closed; agreed texts end at 500."""
MOST_BROKEN_QUOTES = 5_000
_ROWS_PER_BATCH = 2_000
_LONE_CR = re.compile(r"\r(?!\n)")
_QUOTED = re.compile(r'"([^"]*(?:""[^"]*)*)" *')


class _Broken(Exception):
    """A quote is not closed, or text stands behind a closing one."""


def read_records(text: str, separator: str, layout: Layout, *, quotes_are_closed: bool) -> Columns:
    """All rows of delimited text (without header). With `quotes_are_closed` a quoted cell may hold line ends without doubt.

    Raises:
        AgreementBroken: E_FORMAT where quotes are broken all over the file.
    """
    problems: list[Problem] = []
    notes: dict[str, object] = {}
    width = len(layout.fields)
    lone_cr = None
    if quotes_are_closed:
        text, lone_cr = _without_lone_cr(text)
        records = _plain_records(text, separator, width, notes)
    else:
        records = _doubtful_records(text, separator, width, notes)
    table = _table(_numbered(records, problems), layout)
    if lone_cr:
        table = pa.table({name: pc.replace_substring(table[name], lone_cr, "\r") for name in table.column_names})
    return Columns(table, problems, notes)


def _table(rows: Iterator[list[str]], layout: Layout) -> pa.Table:
    kept = [(position, name) for position, name in enumerate(layout.fields) if name]
    names = [name for _, name in kept]
    tables = [text_table(names, [() for _ in kept])]
    while batch := list(islice(rows, _ROWS_PER_BATCH)):
        columns = list(zip(*batch, strict=True))
        tables.append(text_table(names, [columns[position] for position, _ in kept]))
    return pa.concat_tables(tables)


def _without_lone_cr(text: str) -> tuple[str, str | None]:
    """The text with each CR that ends no line replaced by a character that is not in it, and that character: csv takes CR as a line end."""
    if text.count("\r") == text.count("\r\n"):
        return text, None
    stand_in = next(c for c in map(chr, range(0x10FFFF, 0xF0000, -1)) if c not in text)
    return _LONE_CR.sub(stand_in, text), stand_in


def _plain_records(text: str, separator: str, width: int, notes: dict[str, object]) -> Iterator[tuple[list[str], bool]]:
    """As `_doubtful_records`, for text whose quotes can be trusted."""
    csv.field_size_limit(max(len(text), csv.field_size_limit()))
    blank = 0
    for cells in csv.reader(io.StringIO(text, newline=""), delimiter=separator):
        if cells:
            yield _brought_to(width, cells), len(cells) == width
        else:
            blank += 1
    notes["blank_lines"] = blank


def _numbered(records: Iterator[tuple[list[str], bool]], problems: list[Problem]) -> Iterator[list[str]]:
    for row_number, (cells, is_whole) in enumerate(records, 1):
        if not is_whole:
            problems.append((row_number, None, "E_COLUMNS"))
        yield cells


def _doubtful_records(text: str, separator: str, width: int, notes: dict[str, object]) -> Iterator[tuple[list[str], bool]]:
    """Each record's cells, brought to `width`, and whether they are as many as the header's and told apart without doubt."""
    position, blank, broken = 0, 0, 0
    while position < len(text):
        line_end = text.find("\n", position)
        line_end = len(text) if line_end < 0 else line_end
        line = text[position:line_end].removesuffix("\r")
        behind = line_end + 1
        if not line:
            blank += 1
            position = behind
            continue
        if '"' not in line:
            cells, is_whole = line.split(separator), True
        else:
            try:
                cells, record_end = _quoted_record(text, position, separator)
                is_whole = True
            except _Broken:
                cells, record_end, is_whole = line.split(separator), behind, False
            if record_end > behind and len(cells) != width:
                cells, record_end, is_whole = line.split(separator), behind, False
            broken += not is_whole
            behind = record_end
        if broken > MOST_BROKEN_QUOTES:
            raise AgreementBroken("E_FORMAT", "quotes are broken all over the file; write it again with RFC 4180 quoting")
        yield _brought_to(width, cells), is_whole and len(cells) == width
        position = behind
    notes["blank_lines"] = blank


def _brought_to(width: int, cells: list[str]) -> list[str]:
    return cells if len(cells) == width else (cells + [""] * (width - len(cells)))[:width]


def _quoted_record(text: str, position: int, separator: str) -> tuple[list[str], int]:
    """The cells of the record that begins at `position`, and where the next one begins.

    Raises:
        _Broken: the quotes of this record cannot be read.
    """
    cells = []
    while True:
        if text.startswith('"', position):
            found = _QUOTED.match(text, position, position + LONGEST_QUOTED)
            if not found:
                raise _Broken
            cells.append(found[1].replace('""', '"'))
            position = found.end()
        else:
            line_end = _next(text, "\n", position, len(text))
            cell_end = _next(text, separator, position, line_end)
            cells.append(text[position:cell_end].removesuffix("\r") if cell_end == line_end else text[position:cell_end])
            position = cell_end
        if position >= len(text):
            return cells, len(text)
        if text.startswith(separator, position):
            position += len(separator)
        elif text.startswith(("\n", "\r\n"), position):
            return cells, text.index("\n", position) + 1
        else:
            raise _Broken


def _next(text: str, mark: str, start: int, end: int) -> int:
    found = text.find(mark, start, end)
    return end if found < 0 else found
