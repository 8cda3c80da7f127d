"""Odd and hostile workbooks, most of them written part by part, because a library would not write them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from xml.sax.saxutils import escape

import openpyxl

from expectations.agreement import feed
from tests.unit.expectations.hostile_case import INSURANCE, LEDGER, HostileFile, add, headers_of, sample_rows

CASES: list[HostileFile] = []
Row = Mapping[str, object]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"

THREE = {"row_count": 3, "cells": ((2, "name", "张示例"), (3, "points_count", "20"))}


_RICH = '<r><t>张</t></r><r><t>示例_x000D_</t></r><rPh sb="0" eb="1"><t>zhang</t></rPh>'


def _one_link(target: str) -> str:
    return f'<Relationships><Relationship Id="rId1" Type="{RELS}/worksheet" {target}/></Relationships>'


def _letters(column: int) -> str:
    return chr(65 + column) if column < 26 else chr(64 + column // 26) + chr(65 + column % 26)


def cell_xml(reference: str, value: object) -> str:
    """One cell of a sheet: text inline, numbers as numbers, bytes as XML of one's own."""
    if isinstance(value, bytes):
        return value.decode().replace("REF", reference)
    if isinstance(value, (int, float)):
        return f'<c r="{reference}"><v>{value!r}</v></c>'
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def sheet_xml(lines: Sequence[Sequence[object]], hidden: Sequence[int] = ()) -> str:
    """A worksheet part; None and empty text leave a cell out. `hidden`: numbers (from 1) of hidden rows."""
    rows = "".join(
        f'<row r="{n}" hidden="{int(n in hidden)}">'
        + "".join(cell_xml(f"{_letters(c)}{n}", v) for c, v in enumerate(line) if v not in (None, ""))
        + "</row>"
        for n, line in enumerate(lines, 1)
    )
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def workbook(
    sheets: Mapping[str, str],
    *,
    states: Mapping[str, str] | None = None,
    parts: Mapping[str, str | bytes] | None = None,
    properties: str = "",
    content_type: str = SHEET_TYPE,
) -> bytes:
    """An .xlsx archive of worksheet parts by title, with further parts added or replaced."""
    names = list(sheets)
    listed = "".join(
        f'<sheet name="{n}" sheetId="{i}" r:id="rId{i}"' + (f' state="{states[n]}"' if states and n in states else "") + "/>"
        for i, n in enumerate(names, 1)
    )
    targets = "".join(
        f'<Relationship Id="rId{i}" Type="{RELS}/worksheet" Target="worksheets/sheet{i}.xml"/>' for i in range(1, len(names) + 1)
    )
    targets += f'<Relationship Id="rIdS" Type="{RELS}/styles" Target="styles.xml"/>'
    targets += f'<Relationship Id="rIdT" Type="{RELS}/sharedStrings" Target="sharedStrings.xml"/>'
    whole: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{TYPES}"><Override PartName="/xl/workbook.xml" ContentType="{content_type}"/></Types>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELS}">{properties}<sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{LINKS}">{targets}</Relationships>',
        "xl/styles.xml": STYLES,
        **{f"xl/worksheets/sheet{i}.xml": sheets[n] for i, n in enumerate(names, 1)},
        **(parts or {}),
    }
    return archive({name: content if isinstance(content, bytes) else content.encode() for name, content in whole.items()})


STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy-mm-dd hh:mm"/>'
    '<numFmt numFmtId="166" formatCode="[Red]0.00&quot;day&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="14"/></cellXfs></styleSheet>'
)


def archive(parts: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as whole:
        for name, content in parts.items():
            whole.writestr(name, content)
    return out.getvalue()


def lines_of(feed_name: str, rows: Sequence[Row]) -> list[list[object]]:
    """Header and rows as lines of a sheet."""
    return [list(headers_of(feed_name)), *([row[name] for name in feed(feed_name).by_name] for row in rows)]


def plain_workbook(feed_name: str, rows: Sequence[Row]) -> bytes:
    """One sheet with a header and these rows, every cell text."""
    return workbook({"数据": sheet_xml(lines_of(feed_name, rows))})


def ledger_lines(count: int = 3, **changed: object) -> list[list[object]]:
    """Header and sample rows of the points ledger, cells of row 2 changed."""
    rows: list[dict[str, object]] = [{**row} for row in sample_rows(LEDGER, count)]
    if changed:
        rows[1] |= changed
    return lines_of(LEDGER, rows)


def _xlsx(label: str, content: Callable[[], bytes], feed_name: str = LEDGER, **expected: object) -> None:
    add(CASES, f"xlsx: {label}", feed_name, "xlsx", content, **expected)


def _one_sheet(label: str, lines: Callable[[], list[list[object]]], **expected: object) -> None:
    hidden = expected.pop("hidden", ())
    _xlsx(label, lambda: workbook({"数据": sheet_xml(lines(), hidden)}), **expected)  # type: ignore[arg-type]


def _by_openpyxl() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["积分台账"])
    for line in lines_of(LEDGER, sample_rows(LEDGER, 3)):
        book.active.append(line)
    entry_date = list(feed(LEDGER).by_name).index("entry_date") + 1
    book.active.cell(4, entry_date, date(2024, 1, 5))
    book.active.cell(5, entry_date, datetime(2024, 1, 5, 8, 30))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


_xlsx(
    "a workbook of openpyxl with title, dates and shared strings",
    _by_openpyxl,
    row_count=3,
    cells=(
        (1, "entry_date", "2026-12-16"),
        (2, "entry_date", "2024-01-05"),
        (3, "entry_date", "2024-01-05 08:30:00"),
        (3, "name", "张示例"),
    ),
    notes={"title_rows": 1},
)
_one_sheet("text cells only", ledger_lines, **THREE)
_one_sheet("five title rows", lambda: [["甲"], ["乙"], ["丙"], [""], ["丁"], ["戊"], *ledger_lines()], **THREE, notes={"title_rows": 5})
_one_sheet("six title rows", lambda: [*[["标题"]] * 6, *ledger_lines()], refused="E_HEADER")
_one_sheet(
    "total, remark and signature rows are skipped",
    lambda: [*ledger_lines(), ["合 计", None, "3"], ["小计："], ["备注：无"], ["", "", "制表人 某"]],
    **THREE,
    notes={"total_rows": 4},
)
_one_sheet(
    "empty rows are skipped and not counted",
    lambda: [ledger_lines()[0], [], *ledger_lines()[1:3], ["  ", "\u3000"], ledger_lines()[3], []],
    **THREE,
    notes={"empty_rows": 3},
)
_one_sheet("a row whose free text begins with 备注 is a row", lambda: ledger_lines(name="备注"), row_count=3)
_one_sheet(
    "hidden rows are not read but counted",
    ledger_lines,
    hidden=(3,),
    row_count=2,
    cells=((2, "source_key", sample_rows(LEDGER, 3)[2]["source_key"]),),
    notes={"hidden_rows": 1},
)
_one_sheet("a hidden header is no header", ledger_lines, hidden=(1,), refused="E_HEADER")
_one_sheet("a cell right of the last title is not read", lambda: [*ledger_lines()[:2], [*ledger_lines()[2], "stray"]], row_count=2)
_one_sheet("an empty sheet", list, refused="E_HEADER")
_one_sheet("a header without rows", lambda: ledger_lines(0), row_count=0)
_one_sheet("a missing required column", lambda: [line[1:] for line in ledger_lines()], refused="E_HEADER")
_one_sheet("a column twice", lambda: [[*line, line[0]] for line in ledger_lines()], refused="E_HEADER")
_xlsx(
    "万元 in a header",
    lambda: workbook(
        {
            "a": sheet_xml(
                [
                    [str(c).replace("缴费基数（元）", "缴费基数（万元）") for c in line]
                    for line in lines_of(INSURANCE, sample_rows(INSURANCE, 2))
                ]
            )
        }
    ),
    INSURANCE,
    refused="E_HEADER_UNIT",
)
_xlsx(
    "hidden sheets are passed over and counted",
    lambda: workbook(
        {"旧": sheet_xml(ledger_lines(5)), "深": sheet_xml(ledger_lines(4)), "数据": sheet_xml(ledger_lines())},
        states={"旧": "hidden", "深": "veryHidden"},
    ),
    **THREE,
    notes={"hidden_sheets": 2},
)
_xlsx("only hidden sheets", lambda: workbook({"旧": sheet_xml(ledger_lines())}, states={"旧": "hidden"}), refused="E_HEADER")
_xlsx(
    "the first visible sheet whose header matches",
    lambda: workbook(
        {"说明": sheet_xml([["填表说明"], ["姓名", "必填"]]), "一": sheet_xml(ledger_lines(3)), "二": sheet_xml(ledger_lines(7))}
    ),
    **THREE,
)
_one_sheet(
    "a formula without stored value",
    lambda: ledger_lines(points_count=b'<c r="REF"><f>SUM(A1:A2)</f></c>'),
    row_count=3,
    row_codes=((2, "points_count", "E_FORMULA"),),
    cells=((2, "points_count", None),),
)
_one_sheet(
    "a formula with an empty stored value",
    lambda: ledger_lines(points_count=b'<c r="REF"><f>SUM(A1:A2)</f><v></v></c>'),
    row_count=3,
    row_codes=((2, "points_count", "E_FORMULA"),),
)
_one_sheet("a formula by its stored value", lambda: ledger_lines(points_count=b'<c r="REF"><f>10+10</f><v>20</v></c>'), **THREE)
_one_sheet(
    "a formula whose stored text is empty",
    lambda: ledger_lines(sex_code=b'<c r="REF" t="str"><f>""</f><v></v></c>'),
    row_count=3,
    cells=((2, "sex_code", None),),
)
_one_sheet(
    "an error value",
    lambda: ledger_lines(points_count=b'<c r="REF" t="e"><f>1/0</f><v>#DIV/0!</v></c>'),
    row_count=3,
    row_codes=((2, "points_count", "E_FORMULA"),),
)
_one_sheet(
    "a number in a text column is its digits",
    lambda: ledger_lines(case_number=20260001),
    row_count=3,
    row_codes=((2, "case_number", "W_NUMERIC_TEXT"),),
    cells=((2, "case_number", "20260001"),),
)
_one_sheet(
    "an ID number of 15 digits as a number",
    lambda: ledger_lines(id_number=149999850312001),
    row_count=3,
    row_codes=((2, "id_number", "W_NUMERIC_TEXT"),),
    cells=((2, "id_number", "149999850312001"),),
)
_one_sheet(
    "an ID number of 18 digits as a number is what Excel shows",
    lambda: ledger_lines(id_number=149999198503120010),
    row_count=3,
    cells=((2, "id_number", "1.49999E+17"),),
)
_one_sheet(
    "an ID number as a double is what Excel shows",
    lambda: ledger_lines(id_number=b'<c r="REF"><v>1.4999919850312E+17</v></c>'),
    row_count=3,
    cells=((2, "id_number", "1.49999E+17"),),
)
_one_sheet(
    "a key of 18 digits as a number is not taken",
    lambda: ledger_lines(source_key=149999198503120010),
    row_count=3,
    row_codes=((2, "source_key", "E_TYPE"),),
    cells=((2, "source_key", None),),
)
_one_sheet(
    "a fraction, a date and a truth value in text columns",
    lambda: ledger_lines(case_number=1.5, entry_number=b'<c r="REF" s="1"><v>45296</v></c>', name=b'<c r="REF" t="b"><v>1</v></c>'),
    row_count=3,
    row_codes=((2, "case_number", "E_TYPE"), (2, "entry_number", "E_TYPE"), (2, "name", "E_TYPE")),
)
_one_sheet(
    "numbers in number and code columns",
    lambda: ledger_lines(
        points_count=b'<c r="REF"><v>0.1E1</v></c>', points_balance_count=0.30000000000000004, sex_code=b'<c r="REF"><v>2.0</v></c>'
    ),
    row_count=3,
    cells=((2, "points_count", "1"), (2, "points_balance_count", "0.30000000000000004"), (2, "sex_code", "2")),
)
_one_sheet(
    "a number that is none",
    lambda: ledger_lines(points_count=b'<c r="REF"><v>0x1F</v></c>'),
    row_count=3,
    row_codes=((2, "points_count", "E_TYPE"),),
)
_one_sheet(
    "a number without bounds",
    lambda: ledger_lines(points_count=b'<c r="REF"><v>1e999</v></c>'),
    row_count=3,
    cells=((2, "points_count", "1e999"),),
)
for _serial, _day in (
    (45296, "2024-01-05"),
    (45296.354166666664, "2024-01-05 08:30:00"),
    (59, "1900-02-28"),
    (60, "1900-02-29"),
    (61, "1900-03-01"),
    (0, "1900-01-00"),
    (20240105, "20240105"),
    (-1, "-1"),
    (2958465, "9999-12-31"),
):
    _one_sheet(f"{_serial} in a date column", lambda s=_serial: ledger_lines(entry_date=s), row_count=3, cells=((2, "entry_date", _day),))
_xlsx(
    "a date of the 1904 system",
    lambda: workbook({"a": sheet_xml(ledger_lines(entry_date=43834))}, properties='<workbookPr date1904="1"/>'),
    row_count=3,
    cells=((2, "entry_date", "2024-01-05"),),
)
_one_sheet(
    "midnight in a cell that shows a time",
    lambda: ledger_lines(source_updated_at=b'<c r="REF" s="2"><v>45296</v></c>'),
    row_count=3,
    cells=((2, "source_updated_at", "2024-01-05 00:00:00"),),
)
_one_sheet(
    "a date cell in ISO form",
    lambda: ledger_lines(entry_date=b'<c r="REF" t="d"><v>2024-01-05T08:30:00</v></c>'),
    row_count=3,
    cells=((2, "entry_date", "2024-01-05 08:30:00"),),
)
_xlsx(
    "a month as number and as date cell",
    lambda: workbook(
        {
            "a": sheet_xml(
                lines_of(
                    INSURANCE,
                    [
                        {**sample_rows(INSURANCE, 1)[0], "contribution_month": 202611},
                        {**sample_rows(INSURANCE, 1)[0], "contribution_month": b'<c r="REF" s="4"><v>46327</v></c>'},
                    ],
                )
            )
        }
    ),
    INSURANCE,
    row_count=2,
    row_codes=((1, "contribution_month", "W_NUMERIC_TEXT"),),
    cells=((1, "contribution_month", "202611"), (2, "contribution_month", "2026-11-01")),
)
_xlsx(
    "rich text and phonetic hints in shared strings",
    lambda: workbook(
        {"a": sheet_xml(ledger_lines(name=b'<c r="REF" t="s"><v>0</v></c>'))},
        parts={"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si>{_RICH}</si></sst>'},
    ),
    row_count=3,
    cells=((2, "name", "张示例\r"),),
)
_xlsx(
    "a namespace prefix before every element",
    lambda: workbook({"a": sheet_xml(ledger_lines()).replace("<", "<x:").replace("<x:/", "</x:").replace("xmlns=", "xmlns:x=")}),
    **THREE,
)
_one_sheet(
    "line ends, quotes and commas in a cell",
    lambda: ledger_lines(name='张"示",\n例'),
    row_count=3,
    cells=((2, "name", '张"示",\n例'), (3, "name", "张示例")),
)
_xlsx("fewer rows than the .ok file says", lambda: plain_workbook(LEDGER, sample_rows(LEDGER, 3)), declared_rows=4, refused="E_ROWS")

_xlsx("an old .xls or a password: an OLE container", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), refused="E_FORMAT")
_xlsx("text under an xlsx name", lambda: b"a,b\r\n1,2\r\n", refused="E_FORMAT")
_xlsx("no bytes", lambda: b"", refused="E_FORMAT")
_xlsx("a zip archive without workbook", lambda: archive({"a.txt": b"x"}), refused="E_FORMAT")
_xlsx(
    "a workbook with macros by its type",
    lambda: workbook({"a": sheet_xml(ledger_lines())}, content_type="application/vnd.ms-excel.sheet.macroEnabled.main+xml"),
    refused="E_FORMAT",
)
_xlsx(
    "a workbook with a macro part",
    lambda: workbook({"a": sheet_xml(ledger_lines())}, parts={"xl/vbaProject.bin": b"x"}),
    refused="E_FORMAT",
)
_xlsx(
    "an OpenDocument sheet",
    lambda: archive({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"}),
    refused="E_FORMAT",
)
_xlsx("cut off in the middle", lambda: plain_workbook(LEDGER, sample_rows(LEDGER, 3))[:-300], refused="E_FORMAT")
_xlsx("a sheet that is no XML", lambda: workbook({"a": "<worksheet><sheetData><row>"}), refused="E_FORMAT")
_xlsx(
    "a sheet that is missing",
    lambda: workbook(
        {"a": sheet_xml(ledger_lines())},
        parts={"xl/_rels/workbook.xml.rels": _one_link('Target="worksheets/none.xml"')},
    ),
    refused="E_FORMAT",
)
_xlsx(
    "a sheet outside the archive is no sheet",
    lambda: workbook(
        {"a": sheet_xml(ledger_lines())},
        parts={"xl/_rels/workbook.xml.rels": _one_link('TargetMode="External" Target="file:///etc/passwd"')},
    ),
    refused="E_HEADER",
)
_xlsx(
    "a shared string that is not there",
    lambda: workbook({"a": sheet_xml(ledger_lines(name=b'<c r="REF" t="s"><v>7</v></c>'))}),
    refused="E_FORMAT",
)
_one_sheet("a cell twice", lambda: ledger_lines(name=b'<c r="REF"><v>1</v></c><c r="REF"><v>2</v></c>'), refused="E_FORMAT")
_one_sheet("a cell beyond the last column", lambda: ledger_lines(name=b'<c r="ZZZ1"><v>1</v></c>'), refused="E_FORMAT")
_one_sheet("a cell without a place", lambda: ledger_lines(name=b'<c r="../1"><v>1</v></c>'), refused="E_FORMAT")
_one_sheet("a cell with more text than a cell holds", lambda: ledger_lines(name="x" * 40_000), refused="E_FORMAT")

_BOMB = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9)) + "]>"
_xlsx(
    "a billion laughs in the sheet",
    lambda: workbook({"a": _BOMB + sheet_xml(ledger_lines(name=b'<c r="REF" t="str"><v>&j;</v></c>'))}),
    refused="E_FORMAT",
)
_xlsx(
    "an external entity in the shared strings",
    lambda: workbook(
        {"a": sheet_xml(ledger_lines())},
        parts={"xl/sharedStrings.xml": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><sst><si><t>&e;</t></si></sst>'},
    ),
    refused="E_FORMAT",
)
_xlsx(
    "a document type in the list of contents",
    lambda: workbook(
        {"a": sheet_xml(ledger_lines())}, parts={"[Content_Types].xml": '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd"><Types/>'}
    ),
    refused="E_FORMAT",
)
_xlsx(
    "a zip bomb: 64 MiB of spaces in a sheet",
    lambda: workbook({"a": "<worksheet>" + " " * (64 << 20) + "</worksheet>"}),
    refused="E_FORMAT",
)
_xlsx("an archive of 3,000 parts", lambda: archive({f"p{n}": b"" for n in range(3000)}), refused="E_FORMAT")


def _lying(part: str, **said: int) -> bytes:
    """A good workbook whose directory lies about one part."""
    whole = bytearray(plain_workbook(LEDGER, sample_rows(LEDGER, 3)))
    place = whole.rfind(part.encode())
    entry = whole.rfind(b"PK\x01\x02", 0, place)
    offsets = {"flags": (8, "<H"), "method": (10, "<H"), "crc": (16, "<I"), "size": (24, "<I")}
    for name, value in said.items():
        offset, form = offsets[name]
        struct.pack_into(form, whole, entry + offset, value)
    return bytes(whole)


SHEET_PART = "xl/worksheets/sheet1.xml"
_xlsx("a directory that says a part is smaller", lambda: _lying(SHEET_PART, size=400), refused="E_FORMAT")
_xlsx("a directory that says a part is 4 GiB", lambda: _lying(SHEET_PART, size=0xFFFFFFF0), refused="E_FORMAT")
_xlsx("a directory with a wrong checksum", lambda: _lying(SHEET_PART, crc=zlib.crc32(b"x")), refused="E_FORMAT")
_xlsx("a part said to be encrypted", lambda: _lying(SHEET_PART, flags=1), refused="E_FORMAT")
_xlsx("a part packed in an unknown way", lambda: _lying(SHEET_PART, method=99), refused="E_FORMAT")


def _twice() -> bytes:
    out = io.BytesIO(plain_workbook(LEDGER, sample_rows(LEDGER, 3)))
    with zipfile.ZipFile(out, "a") as whole:
        whole.writestr("XL/worksheets/sheet1.xml", sheet_xml(ledger_lines(9)))
    return out.getvalue()


_xlsx("a part twice under names that differ in case", _twice, refused="E_FORMAT")
_xlsx("an archive behind other bytes", lambda: b"PK\x03\x04" + bytes(100) + plain_workbook(LEDGER, sample_rows(LEDGER, 3)), **THREE)
_xlsx(
    "more rows than a sheet can have",
    lambda: workbook({"a": f'<worksheet xmlns="{MAIN}"><sheetData>' + "<row/>" * 1_048_600 + "</sheetData></worksheet>"}),
    refused="E_FORMAT",
)
