"""Templates carry what the feed asks for, and a filled-in template is read without complaint."""

import io
import subprocess
import sys

import openpyxl
import pytest

from expectations.agreement import feed, feeds
from expectations.decoding import decode
from expectations.decoding.names import forms_of_files
from expectations.delivery import Delivery
from expectations.templates import csv_template, write_templates, xlsx_template

FILE_FEEDS = [name for name in feeds() if forms_of_files(name)]


def _decode(name: str, form: str, content: bytes):
    return decode(feed(name), Delivery(feed(name).provider, name, "t", form, content))  # type: ignore[arg-type]


def test_every_feed_that_travels_as_files_has_its_templates(tmp_path):
    written = {str(path.relative_to(tmp_path)) for path in write_templates(tmp_path)}
    assert "detention_centers/centre_roster.csv" in written
    assert "detention_centers/centre_roster.xlsx" not in written
    assert {"employment/job_seekers.csv", "employment/job_seekers.xlsx", "community/station_directory.csv"} <= written
    assert not [path for path in written if path.startswith(("civil_affairs", "public_security"))]
    assert len(written) == 2 * len(FILE_FEEDS) - 2


@pytest.mark.parametrize("name", FILE_FEEDS)
def test_an_empty_csv_template_has_every_agreed_column_and_no_row(name):
    decoded = _decode(name, "csv", csv_template(feed(name)))
    assert list(decoded.rows.columns) == list(feed(name).by_name)
    assert decoded.row_count == 0
    assert decoded.notes["unknown_columns"] == []


@pytest.mark.parametrize("name", ["job_seekers", "aftercare_services"])
def test_a_filled_xlsx_template_comes_back_as_written(name):
    book = openpyxl.load_workbook(io.BytesIO(xlsx_template(feed(name))))
    book.worksheets[0].append([f.example for f in feed(name).fields])
    out = io.BytesIO()
    book.save(out)
    decoded = _decode(name, "xlsx", out.getvalue())
    assert decoded.row_count == 1
    assert decoded.problems.empty
    assert {n: t for n, t in decoded.rows.loc[1].items() if t == t} == {f.field: f.example for f in feed(name).fields if f.example}


def test_text_and_code_columns_are_formatted_as_text_and_required_ones_starred():
    asked = feed("job_seekers")
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx_template(asked))).worksheets[0]
    titles = [cell.value for cell in sheet[1]]
    assert titles[0] == "业务流水号*"
    assert "手机号码" in titles
    formats = [sheet.column_dimensions[openpyxl.utils.get_column_letter(n)].number_format for n in range(1, len(titles) + 1)]
    assert {formats[n] for n, f in enumerate(asked.fields) if f.type in ("text", "code", "list")} == {"@"}
    assert {formats[n] for n, f in enumerate(asked.fields) if f.type == "date"} == {"yyyy-mm-dd"}


def test_the_second_sheet_lists_every_code():
    asked = feed("points_ledger")
    rows = list(openpyxl.load_workbook(io.BytesIO(xlsx_template(asked))).worksheets[1].iter_rows(min_row=2, values_only=True))
    assert set(rows) == {(f.header, code, label) for f in asked.fields if f.codes for code, label in f.codes.codes.items()}


def test_the_command_writes_them(tmp_path):
    done = subprocess.run([sys.executable, "-m", "expectations", "templates", str(tmp_path)], capture_output=True, text=True, check=True)
    assert "templates written" in done.stdout
    assert (tmp_path / "community" / "points_ledger.xlsx").stat().st_size > 3000
