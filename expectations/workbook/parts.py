"""What the small parts of a workbook say: its sheets, its date system, which styles show dates, its shared strings."""

from __future__ import annotations

import re
from dataclasses import dataclass

from expectations.workbook.archive import Archive, Refused, local_attribute, part_path

WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
MOST_SHEETS = 256
MOST_STRINGS = 8_000_000
LONGEST_TEXT = 32_767
"""Longest text of a cell in the format itself, in UTF-16 units."""
_BUILT_IN_DATES = {*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)}
_BUILT_IN_TIMES = {18, 19, 20, 21, 22, 32, 33, 45, 46, 47}
_NOT_FORMAT = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True)
class Sheet:
    """One worksheet: the path of its part, and whether people see it."""

    path: str
    is_hidden: bool


@dataclass(frozen=True)
class Workbook:
    """The worksheets in tab order, and whether days are counted from 1904."""

    sheets: tuple[Sheet, ...]
    is_1904: bool


@dataclass(frozen=True)
class DateStyles:
    """Which cell styles show a number as a date, and which of them with a time of day."""

    dates: frozenset[int]
    times: frozenset[int]


def read_workbook(archive: Archive) -> tuple[Workbook, DateStyles, list[str]]:
    """The workbook's parts.

    Raises:
        Refused: not an .xlsx workbook (macros and other kinds included), or its parts are damaged.
    """
    path = _workbook_path(archive)
    targets = _targets(archive, path)
    sheets: list[Sheet] = []
    is_1904 = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal is_1904
        if tag == "workbookPr":
            is_1904 = attributes.get("date1904") in ("1", "true")
        elif tag == "sheet":
            kind, target = targets.get(local_attribute(attributes, "id") or "", ("", ""))
            if kind == "worksheet":
                sheets.append(Sheet(target, attributes.get("state", "visible") != "visible"))

    archive.parse(path, start)
    if len(sheets) > MOST_SHEETS:
        raise Refused(f"the workbook has more than {MOST_SHEETS} sheets")
    by_kind = dict(targets.values())
    styles = _date_styles(archive, by_kind["styles"]) if by_kind.get("styles", "") in archive else DateStyles(frozenset(), frozenset())
    strings = _shared_strings(archive, by_kind["sharedStrings"]) if by_kind.get("sharedStrings", "") in archive else []
    return Workbook(tuple(sheets), is_1904), styles, strings


def _workbook_path(archive: Archive) -> str:
    if "[Content_Types].xml" not in archive:
        raise Refused("the file is no .xlsx workbook")
    found: list[str] = []
    types: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("ContentType", "")
        types.append(kind.lower())
        if tag == "Override" and kind == WORKBOOK_TYPE:
            found.append(attributes.get("PartName", "").lstrip("/"))

    archive.parse("[Content_Types].xml", start)
    if any("macroenabled" in kind or "vbaproject" in kind for kind in types) or "xl/vbaProject.bin" in archive:
        raise Refused("workbooks with macros are not read; save it as .xlsx and send it again")
    if len(found) != 1:
        raise Refused("the file is no .xlsx workbook")
    return found[0]


def _targets(archive: Archive, path: str) -> dict[str, tuple[str, str]]:
    """Relationship id to (kind, path in the archive); what lies outside the archive is left out."""
    folder, _, name = path.rpartition("/")
    found: dict[str, tuple[str, str]] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            kind = attributes.get("Type", "").rpartition("/")[2]
            found[attributes.get("Id", "")] = kind, part_path(path, attributes.get("Target", ""))

    archive.parse(f"{folder}/_rels/{name}.rels".lstrip("/"), start)
    return found


def _date_styles(archive: Archive, path: str) -> DateStyles:
    own: dict[str, str] = {}
    formats: list[str] = []
    inside = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if tag == "numFmt":
            own[attributes.get("numFmtId", "")] = _NOT_FORMAT.sub("", attributes.get("formatCode", "")[:500]).lower()
        elif tag == "cellXfs":
            inside = True
        elif tag == "xf" and inside:
            formats.append(attributes.get("numFmtId", "0"))

    def end(tag: str) -> None:
        nonlocal inside
        inside = inside and tag != "cellXfs"

    archive.parse(path, start, end)
    dates = {index for index, number in enumerate(formats) if _shows(number, own, "ymdhs年月日", _BUILT_IN_DATES)}
    times = {index for index, number in enumerate(formats) if _shows(number, own, "hs时秒", _BUILT_IN_TIMES)}
    return DateStyles(frozenset(dates), frozenset(times))


def _shows(number: str, own: dict[str, str], marks: str, built_in: set[int]) -> bool:
    if number in own:
        return "general" not in own[number] and any(mark in own[number] for mark in marks)
    return number.isascii() and number.isdigit() and int(number) in built_in


def _shared_strings(archive: Archive, path: str) -> list[str]:
    strings: list[str] = []
    pieces: list[str] = []
    in_text = in_phonetic = False

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal in_text, in_phonetic
        if tag == "t":
            in_text = not in_phonetic
        elif tag == "si":
            pieces.clear()
        elif tag == "rPh":
            in_phonetic = True

    def end(tag: str) -> None:
        nonlocal in_text, in_phonetic
        if tag == "t":
            in_text = False
        elif tag == "rPh":
            in_phonetic = False
        elif tag == "si":
            if len(strings) >= MOST_STRINGS:
                raise Refused("the workbook has more texts than are read")
            strings.append(whole_text(pieces))

    def text(piece: str) -> None:
        if in_text:
            pieces.append(piece)

    archive.parse(path, start, end, text)
    return strings


def whole_text(pieces: list[str]) -> str:
    """A cell's text from its pieces, `_xHHHH_` escapes read where they stand for a character.

    Raises:
        Refused: longer than a cell can be.
    """
    text = pieces[0] if len(pieces) == 1 else "".join(pieces)
    if len(text) > LONGEST_TEXT:
        raise Refused("a cell holds more text than a cell can")
    return _ESCAPED.sub(_unescaped, text) if "_x" in text else text


def _unescaped(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return found[0] if number == 0 or 0xD800 <= number <= 0xDFFF else chr(number)
