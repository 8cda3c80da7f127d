"""Empty files for a sender to fill in, made from the feed's definition alone: CSV and XLSX with the agreed headers and codes."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from expectations.agreement import Feed, Field, feeds
from expectations.decoding.names import forms_of_files

_CODE_SHEET = "代码表"
_CODE_TITLES = ("列名", "代码", "含义")
_TEXT_FORMAT, _DATE_FORMAT, _INSTANT_FORMAT = "@", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"


def csv_template(asked: Feed) -> bytes:
    """A header row in UTF-8 with BOM, which every spreadsheet program opens rightly; required columns carry `*`."""
    out = io.StringIO(newline="")
    csv.writer(out).writerow([_title(f) for f in asked.fields])
    return out.getvalue().encode("utf-8-sig")


def xlsx_template(asked: Feed) -> bytes:
    """A sheet with the header row, text columns formatted as text so that no digit is lost, and a sheet with the code lists."""
    book = Workbook()
    data = book.active
    data.title = asked.feed
    for column, f in enumerate(asked.fields, 1):
        data.cell(1, column, _title(f)).font = Font(bold=f.required == "always")
        dimension = data.column_dimensions[get_column_letter(column)]
        dimension.number_format, dimension.width = _cell_format(f), max(12, 2 * len(f.header) + 4)
    data.freeze_panes = "A2"
    _write_codes(book.create_sheet(_CODE_SHEET), asked)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def write_templates(folder: Path) -> list[Path]:
    """Every template of every feed that travels as files, written to `folder/<provider>/<feed>.<csv|xlsx>`; the paths written."""
    written = []
    for asked in feeds().values():
        for form in forms_of_files(asked.feed):
            path = folder / asked.provider / f"{asked.feed}.{form}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(xlsx_template(asked) if form == "xlsx" else csv_template(asked))
            written.append(path)
    return written


def _title(f: Field) -> str:
    return f"{f.header}*" if f.required == "always" else f.header


def _cell_format(f: Field) -> str:
    formats = {"decimal": "General", "integer": "General", "date": _DATE_FORMAT, "datetime": _INSTANT_FORMAT}
    # Codes are text too: a spreadsheet would take the zero from 01.
    return formats.get(f.type, _TEXT_FORMAT)


def _write_codes(sheet: Worksheet, asked: Feed) -> None:
    sheet.append(_CODE_TITLES)
    for f in asked.fields:
        for code, label in f.codes.codes.items() if f.codes else ():
            sheet.append((f.header, code, label))
    for row in sheet.iter_rows(min_row=2, min_col=2, max_col=2):
        row[0].number_format = _TEXT_FORMAT
    for letter, width in zip("ABC", (24, 14, 36), strict=True):
        sheet.column_dimensions[letter].width = width
