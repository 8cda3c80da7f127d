"""The child process: takes limits upon itself, then turns a workbook into rows of text for its parent.

Run as ``python -I -S -c ... <rows fd> <problems fd> <report fd>`` with the workbook on standard input and the order
(`Order`, as JSON) in the environment variable ORDER. Rows go out as CSV with one column per column of the header; problems as lines
``row_number,column,code``; the report as one JSON object. Nothing else is written anywhere.
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from expectations.workbook.archive import Archive, Refused
from expectations.workbook.cells import CellReader, Kind
from expectations.workbook.parts import Sheet, read_workbook
from expectations.workbook.sheet import Cell, Line, read_lines
from expectations.workbook.titles import normal_title

MOST_ROWS = 500_000
MOST_TITLE_ROWS = 5
_LINES_LOOKED_AT = 50
_MARKERS = ("合计", "小计", "备注", "制表人")


@dataclass(frozen=True)
class Order:
    """What the parent asks for: the kind of each agreed column by its compared title, which are required, which is the key,
    and the limits in bytes and seconds."""

    kinds: dict[str, Kind]
    required: list[str]
    key: str
    memory_bytes: int
    output_bytes: int
    cpu_seconds: int


@dataclass(frozen=True)
class Header:
    """Where the header stands: the sheet, the lines before it, and its titles by column."""

    sheet: Sheet
    lines_before: int
    title_rows: int
    titles: list[str]


def main() -> None:
    """Do the order and leave; whatever goes wrong is one word in the report or an exit code, never a trace with values."""
    order = Order(**json.loads(os.environ["ORDER"]))
    _take_limits(order)
    rows_fd, problems_fd, report_fd = (int(number) for number in sys.argv[1:4])
    try:
        with open(rows_fd, "w", encoding="utf-8", newline="") as rows, open(problems_fd, "w", encoding="ascii") as problems:
            report = convert(Archive(sys.stdin.buffer), order, rows, problems)
    except Refused as refusal:
        report = {"refused": str(refusal)}
    except (MemoryError, OSError, RecursionError):
        os._exit(3)
    with open(report_fd, "w", encoding="utf-8") as out:
        json.dump(report, out)


def _take_limits(order: Order) -> None:
    for limit, most in (
        (resource.RLIMIT_AS, order.memory_bytes),
        (resource.RLIMIT_CPU, order.cpu_seconds),
        (resource.RLIMIT_FSIZE, order.output_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (most, most))


def convert(archive: Archive, order: Order, rows: io.TextIOBase, problems: io.TextIOBase) -> dict[str, object]:
    """Write the rows of the sheet whose header matches and say what was left out.

    Raises:
        Refused: the workbook is not read.
    """
    workbook, styles, strings = read_workbook(archive)
    reader = CellReader(strings, styles, workbook.is_1904)
    visible = [sheet for sheet in workbook.sheets if not sheet.is_hidden]
    found = [header for sheet in visible if (header := _find_header(archive, sheet, order, reader))]
    notes: dict[str, object] = {"hidden_sheets": len(workbook.sheets) - len(visible)}
    if not found:
        return {"titles": [], "notes": notes}
    header = max(found, key=lambda candidate: _score(candidate.titles, order))
    lines = islice(read_lines(archive, header.sheet.path), header.lines_before + 1, None)
    notes |= _Writing(order, reader, header.titles).write(lines, rows, problems) | {"title_rows": header.title_rows}
    return {"titles": header.titles, "notes": notes}


def _find_header(archive: Archive, sheet: Sheet, order: Order, reader: CellReader) -> Header | None:
    """The first line with most of the agreed titles that at most five title rows stand above; None where no title is known."""
    candidates = []
    title_rows = 0
    for number, (is_hidden, cells) in enumerate(islice(read_lines(archive, sheet.path), _LINES_LOOKED_AT)):
        titles = _titles(cells, reader)
        if is_hidden or not any(titles):
            continue
        candidates.append(Header(sheet, number, title_rows, titles))
        title_rows += 1
        if title_rows > MOST_TITLE_ROWS:
            break
    best = max(candidates, key=lambda candidate: _score(candidate.titles, order), default=None)
    return best if best and _score(best.titles, order)[1] else None


def _titles(cells: dict[int, Cell], reader: CellReader) -> list[str]:
    titles = [""] * (max(cells, default=-1) + 1)
    for column, cell in cells.items():
        titles[column] = reader.read(cell, "other")[0]
    while titles and not titles[-1].strip():
        titles.pop()
    return titles


def _score(titles: list[str], order: Order) -> tuple[bool, int]:
    """Whether all required titles are there, and how many agreed ones are; the first of equals is taken."""
    known = {normal_title(title) for title in titles} & order.kinds.keys()
    return known.issuperset(order.required), len(known)


class _Writing:
    """Writes the data rows under one header."""

    def __init__(self, order: Order, reader: CellReader, titles: list[str]) -> None:
        compared = [normal_title(title) for title in titles]
        self.reader = reader
        self.kinds = [order.kinds.get(title, "other") for title in compared]
        self.key = compared.index(order.key) if order.key in compared else None
        self.counts = {"hidden_rows": 0, "empty_rows": 0, "total_rows": 0}

    def write(self, lines: Iterator[Line], rows: io.TextIOBase, problems: io.TextIOBase) -> dict[str, int]:
        """Write every data row and return what was skipped."""
        out = csv.writer(rows, lineterminator="\r\n")
        row_number = 0
        for is_hidden, cells in lines:
            texts, codes, first = self._row(cells)
            skipped = self._skipped(is_hidden, texts, first)
            if skipped:
                self.counts[skipped] += 1
                continue
            row_number += 1
            if row_number > MOST_ROWS:
                raise Refused(f"an .xlsx file has at most {MOST_ROWS} rows; send it in parts")
            # One cell more than the header, so that a row is never an empty line.
            out.writerow([*texts, "."])
            for column, code in codes:
                problems.write(f"{row_number},{column},{code}\n")
        return self.counts

    def _row(self, cells: dict[int, Cell]) -> tuple[list[str], list[tuple[int, str]], tuple[int, str] | None]:
        """Texts by column, codes by column, and the first cell that says anything."""
        width, kinds, read = len(self.kinds), self.kinds, self.reader.read
        texts = [""] * width
        codes = []
        first: tuple[int, str] | None = None
        for column, cell in cells.items():
            text, code = read(cell, kinds[column] if column < width else "other")
            if column < width:
                texts[column] = text
                if code:
                    codes.append((column, code))
            if (first is None or column < first[0]) and (code or text.strip()):
                first = column, text
        return texts, codes, first

    def _skipped(self, is_hidden: bool, texts: list[str], first: tuple[int, str] | None) -> str | None:
        if first is None:
            return "empty_rows"
        if is_hidden:
            return "hidden_rows"
        if normal_title(first[1]).startswith(_MARKERS) and (self.key in (None, first[0]) or not texts[self.key or 0].strip()):
            return "total_rows"
        return None


if __name__ == "__main__":
    main()
