"""Delimited text (csv files and front-end table rows) to columns.

Clean files go through Arrow. Where quoting, line ends or cell counts are odd, `careful` reads the same text row by row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.csv

from core.errors import AgreementBroken
from expectations.agreement import Feed
from expectations.decoding.careful import read_records
from expectations.decoding.frames import Columns, without_nul
from expectations.decoding.headers import Layout, check_complete, lay_out
from expectations.decoding.text import column_from_gb18030, may_be_gb18030, to_utf8

SEPARATORS = (",", "\t", "|")
_LONGEST_HEADER = 1 << 18
_BLOCK = 1 << 23
_QUOTE, _LF, _CR = 34, 10, 13


def read_file(asked: Feed, content: bytes) -> Columns:
    """A provider's csv file as columns.

    Raises:
        AgreementBroken: E_ENCODING, E_FORMAT, E_HEADER, E_HEADER_UNIT.
    """
    if may_be_gb18030(content) and (quick := _gb18030_by_column(asked, content)):
        return quick
    text, encoding = to_utf8(content)
    columns = read_text(asked, text, SEPARATORS, by_field_name=False)
    columns.notes["encoding"] = encoding
    return columns


def read_table(asked: Feed, content: bytes) -> Columns:
    """Rows of a front-end table, written down as UTF-8 CSV with the field names as header, as columns.

    Raises:
        AgreementBroken: E_ENCODING, E_FORMAT, E_HEADER.
    """
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise AgreementBroken("E_ENCODING", f"table rows are not UTF-8 (byte {error.start})") from None
    return read_text(asked, content.removeprefix(b"\xef\xbb\xbf"), (",",), by_field_name=True)


def read_text(asked: Feed, text: bytes, separators: tuple[str, ...], *, by_field_name: bool) -> Columns:
    """UTF-8 delimited text with a header row as columns.

    Raises:
        AgreementBroken: E_FORMAT where lines end in lone CR, E_HEADER, E_HEADER_UNIT.
    """
    if b"\r" in text and b"\n" not in text:
        raise AgreementBroken("E_FORMAT", "the lines end in CR alone; save the file with CRLF or LF line ends")
    separator, layout, start = _header(asked, text, separators, by_field_name=by_field_name)
    check_complete(asked, layout)
    columns = read_body(text, start, separator, layout)
    columns.notes |= {"separator": separator, "unknown_columns": list(layout.unknown)}
    return without_nul(columns) if text.find(b"\x00", start) >= 0 else columns


def _gb18030_by_column(asked: Feed, content: bytes) -> Columns | None:
    """As `read_file`, for clean GB18030 files only, in half the time; None for every other.

    No byte of a GB18030 character is a comma, tab, quote or line end (but the bar can be one), so rows and cells can be cut before
    decoding, and only columns that are not ASCII have to be decoded.
    """
    try:
        separator, layout, start = _header(asked, content, SEPARATORS, by_field_name=False, encoding="gb18030")
        check_complete(asked, layout)
        content[:start].decode("gb18030")
        end = _end(content, start)
        if separator == "|" or not (_quotes_are_closed(content, start, end, ord(separator)) and _lines_are_plain(content, start, end)):
            return None
        # Columns that are not kept are decoded too: broken bytes anywhere break the file.
        table = arrow_rows(content, start, end, separator, layout, as_bytes=True)
        columns = {name: column_from_gb18030(table[name]) for name in table.column_names}
    except (AgreementBroken, UnicodeDecodeError, pa.ArrowInvalid):
        return None
    notes: dict[str, object] = {"separator": separator, "unknown_columns": list(layout.unknown), "encoding": "gb18030"}
    found = Columns(pa.table({name: columns[name] for name in layout.fields if name}), notes=notes)
    return without_nul(found) if content.find(b"\x00", start) >= 0 else found


def _end(text: bytes, start: int) -> int:
    """Where the last row ends; line ends behind it are no rows."""
    end = len(text)
    while end > start and text[end - 1] in b"\r\n":
        end -= 1
    return end


def read_body(text: bytes, start: int, separator: str, layout: Layout) -> Columns:
    """The rows of UTF-8 delimited text from byte `start` on, laid out as said."""
    end = _end(text, start)
    trusted = _quotes_are_closed(text, start, end, ord(separator))
    if trusted and _lines_are_plain(text, start, end):
        try:
            return Columns(arrow_rows(text, start, end, separator, layout))
        except pa.ArrowInvalid:
            pass  # a row with more or fewer cells, or one longer than a block: the careful reader says which
    return read_records(text[start:end].decode("utf-8"), separator, layout, quotes_are_closed=trusted)


def _header(
    asked: Feed, text: bytes, separators: tuple[str, ...], *, by_field_name: bool, encoding: str = "utf-8"
) -> tuple[str, Layout, int]:
    """The separator that gives the header its known names, the layout, and the byte at which the rows begin."""
    found = []
    beginning = text[:_LONGEST_HEADER].decode(encoding, "ignore")
    for separator in separators:
        titles, start = _first_record(beginning, separator, encoding)
        layout = lay_out(asked, titles, by_field_name=by_field_name)
        found.append((layout.known_count, -separators.index(separator), separator, layout, start))
    _, _, separator, layout, start = max(found, key=lambda candidate: candidate[:2])
    return separator, layout, min(start, len(text))


def _first_record(text: str, separator: str, encoding: str) -> tuple[list[str], int]:
    consumed = 0

    def lines() -> Iterator[str]:
        nonlocal consumed
        for line in text.split("\n"):
            consumed += len(line.encode(encoding)) + 1
            # A CR inside a title is a line break within the cell, which titles are compared without.
            yield line.replace("\r", " ") + "\n"

    try:
        for titles in csv.reader(lines(), delimiter=separator):
            if any(title.strip() for title in titles):
                return titles, consumed
    except csv.Error:
        return [], 0
    return [], 0


def _quotes_are_closed(text: bytes, start: int, end: int, separator: int) -> bool:
    """True when every quoted cell opens at a cell's begin and closes at its end (RFC 4180), so that quotes can be trusted."""
    if text.find(b'"', start, end) < 0:
        return True
    data = np.frombuffer(text, np.uint8)[start:end]
    before = np.isin(np.arange(256), (separator, _LF, _QUOTE))
    behind = np.isin(np.arange(256), (separator, _LF, _CR, _QUOTE))
    seen = 0
    for offset in range(0, len(data), _BLOCK):
        quotes = np.flatnonzero(data[offset : offset + _BLOCK] == _QUOTE) + offset
        opening, closing = quotes[seen % 2 :: 2], quotes[1 - seen % 2 :: 2]
        opening, closing = opening[opening > 0], closing[closing < len(data) - 1]
        if not (before[data[opening - 1]].all() and behind[data[closing + 1]].all()):
            return False
        seen += len(quotes)
    return seen % 2 == 0


def _lines_are_plain(text: bytes, start: int, end: int) -> bool:
    """True without lone CR and without empty lines."""
    data = np.frombuffer(text, np.uint8)[start:end]
    for offset in range(0, len(data), _BLOCK):
        # One byte before, so that an end of line at a block's edge is seen with what follows it.
        block = data[max(offset - 1, 0) : offset + _BLOCK + 1]
        is_end = block == _LF
        if ((block[:-1] == _CR) & ~is_end[1:]).any():
            return False
        starts = np.flatnonzero(is_end[:-1]) + 1
        if offset == 0:
            starts = np.append(starts, 0)
        if np.isin(block[starts], (_CR, _LF)).any():
            return False
    return True


def arrow_rows(text: bytes, start: int, end: int, separator: str, layout: Layout, *, as_bytes: bool = False) -> pa.Table:
    """Rows of well-formed delimited text between two bytes, laid out as said; empty cells are null.

    With `as_bytes` the cells are not read as UTF-8, and unknown columns come along under names that are no field's.

    Raises:
        pa.ArrowInvalid: a row has more or fewer cells, or is longer than a block.
    """
    names = [name or f"\x00{position}" for position, name in enumerate(layout.fields)]
    kept = names if as_bytes else [name for name in layout.fields if name]
    kind = pa.binary() if as_bytes else pa.string()
    if end == start:
        return pa.table({name: pa.array([], kind) for name in kept})
    reader = pyarrow.csv.open_csv(
        pa.BufferReader(pa.py_buffer(memoryview(text)[start:end])),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=_BLOCK),
        parse_options=pyarrow.csv.ParseOptions(delimiter=separator, newlines_in_values=text.find(b'"', start, end) >= 0),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, kind),
            include_columns=kept,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    return reader.read_all()
