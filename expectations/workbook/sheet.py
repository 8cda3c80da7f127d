"""The rows of one worksheet, streamed: each cell as it is stored, not yet read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.parsers import expat

from expectations.workbook.archive import Archive, Refused, plain_parser
from expectations.workbook.parts import whole_text

MOST_COLUMNS = 16_384
MOST_LINES = 1_048_576
_LETTERS = re.compile(r"[A-Z]{1,3}")

Cell = tuple[str, str, str | None, bool]
"""The format's own letter code (s, str, inlineStr, b, e, d, n), the style, the stored value (None without), and whether it is a formula."""
Line = tuple[bool, dict[int, Cell]]
"""Whether the row is hidden, and its cells by column from 0."""


def read_lines(archive: Archive, path: str) -> Iterator[Line]:
    """Every row of the sheet that is written down, in order; empty ones that the file leaves out are not there.

    Raises:
        Refused: the part is damaged, or says what no sheet can.
    """
    parser = plain_parser()
    lines: list[Line] = []
    seen = 0
    parser.StartElementHandler = lambda tag, _: _listen(parser, tag, lines)
    for _ in archive.feed(path, parser):
        seen += len(lines)
        if seen > MOST_LINES:
            raise Refused("a sheet has more rows than a sheet can")
        yield from lines
        lines.clear()


def _listen(parser: expat.XMLParserType, root: str, lines: list[Line]) -> None:
    """Set the handlers for a sheet whose root element is `root`; they run once for every cell, so they do little."""
    prefix, _, kind = root.rpartition("worksheet")
    if kind or (prefix and not prefix.endswith(":")):
        raise Refused("a sheet of the workbook is none")
    row, c, v, t, f, phonetic = (prefix + name for name in ("row", "c", "v", "t", "f", "rPh"))
    column_of = Columns()
    cells: dict[int, Cell] = {}
    said: dict[str, str] = {}
    stored: list[str] | None = None
    column, is_formula, is_hidden, in_phonetic = -1, False, False, False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal cells, said, stored, column, is_formula, is_hidden, in_phonetic
        if tag == c:
            said, stored, is_formula = attributes, None, False
        elif tag in (v, t):
            stored = stored or []
            if not in_phonetic:
                parser.CharacterDataHandler = stored.append
        elif tag == f:
            is_formula = True
        elif tag == row:
            cells, column, is_hidden = {}, -1, attributes.get("hidden") in ("1", "true")
        elif tag == phonetic:
            in_phonetic = True

    def end(tag: str) -> None:
        nonlocal column, in_phonetic
        if tag == c:
            reference = said.get("r")
            column = column + 1 if reference is None else column_of[reference.rstrip("0123456789")]
            if column >= MOST_COLUMNS or column in cells:
                raise Refused("a sheet has a cell twice, or more columns than a sheet can")
            if stored is not None or is_formula:
                cells[column] = said.get("t", "n"), said.get("s", "0"), None if stored is None else whole_text(stored), is_formula
        elif tag in (v, t):
            parser.CharacterDataHandler = None
        elif tag == row:
            lines.append((is_hidden, cells))
        elif tag == phonetic:
            in_phonetic = False

    parser.StartElementHandler = start
    parser.EndElementHandler = end


class Columns(dict[str, int]):
    """Column numbers from 0 by their letters, remembered."""

    def __missing__(self, letters: str) -> int:
        if not _LETTERS.fullmatch(letters):
            raise Refused("a cell of a sheet stands nowhere")
        number = 0
        for letter in letters:
            number = number * 26 + ord(letter) - ord("A") + 1
        return self.setdefault(letters, number - 1)
