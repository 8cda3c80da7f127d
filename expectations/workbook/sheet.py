"""The rows of one worksheet, streamed: each cell as it is stored, not yet read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from expectations.workbook.archive import Archive, Refused
from expectations.workbook.parts import whole_text

MOST_COLUMNS = 16_384
MOST_LINES = 1_048_576
_REFERENCE = re.compile(r"([A-Z]{1,3})[1-9][0-9]{0,6}")


class Cell(NamedTuple):
    """One cell: `kind` is the format's own letter code (s, str, inlineStr, b, e, d, n); `stored` its stored value, None without."""

    kind: str
    style: str
    stored: str | None
    is_formula: bool


class Line(NamedTuple):
    """One row of the sheet: cells by column from 0."""

    is_hidden: bool
    cells: dict[int, Cell]


def read_lines(archive: Archive, path: str) -> Iterator[Line]:
    """Every row of the sheet that is written down, in order; empty ones that the file leaves out are not there.

    Raises:
        Refused: the part is damaged, or says what no sheet can.
    """
    reading = _Reading()
    for _ in archive.parse_slowly(path, reading.start, reading.end, reading.text):
        yield from reading.lines
        reading.lines.clear()


class _Reading:
    """What the parser has seen of the current row and cell."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.seen = 0
        self.cells: dict[int, Cell] = {}
        self.hidden = False
        self.column = -1
        self.kind = self.style = ""
        self.stored: list[str] | None = None
        self.is_formula = self.in_value = self.in_phonetic = False
        self.columns: dict[str, int] = {}

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            reference = attributes.get("r")
            self.column = self.column + 1 if reference is None else self._column(reference)
            if self.column >= MOST_COLUMNS or self.column in self.cells:
                raise Refused("a sheet has a cell twice, or more columns than a sheet can")
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "0")
            self.stored, self.is_formula = None, False
        elif tag == "v" or tag == "t":
            self.in_value = not self.in_phonetic
            if self.stored is None:
                self.stored = []
        elif tag == "f":
            self.is_formula = True
        elif tag == "rPh":
            self.in_phonetic = True
        elif tag == "row":
            self.cells, self.column = {}, -1
            self.hidden = attributes.get("hidden") in ("1", "true")

    def end(self, tag: str) -> None:
        if tag == "c":
            if self.stored is not None or self.is_formula:
                stored = None if self.stored is None else whole_text(self.stored)
                self.cells[self.column] = Cell(self.kind, self.style, stored, self.is_formula)
        elif tag == "v" or tag == "t":
            self.in_value = False
        elif tag == "rPh":
            self.in_phonetic = False
        elif tag == "row":
            self.seen += 1
            if self.seen > MOST_LINES:
                raise Refused("a sheet has more rows than a sheet can")
            self.lines.append(Line(self.hidden, self.cells))

    def text(self, piece: str) -> None:
        if self.in_value and self.stored is not None:
            self.stored.append(piece)

    def _column(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        if letters in self.columns:
            return self.columns[letters]
        if not _REFERENCE.fullmatch(reference):
            raise Refused("a cell of a sheet stands nowhere")
        number = 0
        for letter in letters:
            number = number * 26 + ord(letter) - ord("A") + 1
        self.columns[letters] = number - 1
        return number - 1
