"""Delivered batches as bytes: JSON envelopes, JSON lines, CSV in the encodings that occur, XLSX with all that surrounds a table."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from expectations.agreement import SCHEMA_VERSION, feed
from sandbox.generator.chance import Chance
from sandbox.generator.mess.batches import Batch
from sandbox.generator.mess.faults import EXTRA_CELL, Formula
from sandbox.generator.mess.forms import Pen
from sandbox.generator.rows import Row

ENCODINGS = {"gb18030": 45, "utf-8": 18, "utf-8-sig": 22, "utf-16": 15}
CREATED = datetime(2026, 1, 1)


def write_batch(folder: Path, batch: Batch, chance: Chance) -> None:
    """Writes the batch below `folder`, with its .ok file where one belongs."""
    path = folder / batch.path
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"push": _envelope, "api": _lines, "share": _table, "csv": _csv, "xlsx": _xlsx}[batch.medium](batch, chance)
    path.write_bytes(content)
    if batch.has_ok:
        ok = f"rows={len(batch.rows)}\nsha256={hashlib.sha256(content).hexdigest()}\n"
        path.with_name(path.name + ".ok").write_text(ok, "ascii", newline="\n")


def _cells(batch: Batch, pen: Pen) -> list[dict[str, Any]]:
    return [pen.write(row) for row in batch.rows]


def _envelope(batch: Batch, chance: Chance) -> bytes:
    rows = []
    for cells in _cells(batch, Pen(chance, batch.feed, "push")):
        rows.append({k: v for k, v in cells.items() if v is not None or chance.random() < 0.5})
    body = {
        "schema_version": SCHEMA_VERSION, "feed": batch.feed, "sender_code": batch.sender, "batch_id": batch.notes["batch_id"],
        "exported_at": f"{batch.sent_at.isoformat()}+08:00", "row_count": len(rows), "rows": rows,
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=False).encode()


def _lines(batch: Batch, chance: Chance) -> bytes:
    rows = _cells(batch, Pen(chance, batch.feed, "api"))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def _table(batch: Batch, chance: Chance) -> bytes:
    return _separated([f.field for f in feed(batch.feed).fields], _cells(batch, Pen(chance, batch.feed, "share")), ",", "\n").encode()


def _csv(batch: Batch, chance: Chance) -> bytes:
    encoding, separator, newline = _dress(batch, chance)
    names = [f.field for f in feed(batch.feed).fields]
    if not batch.is_snapshot and encoding == "utf-16":
        chance.shuffle(names)
    headers = {f.field: f.header for f in feed(batch.feed).fields}
    if not batch.is_snapshot and chance.happens(0.15):
        headers = {f.field: f"*{f.header} " if f.required == "always" else f"{f.header} " for f in feed(batch.feed).fields}
    text = _separated(names, _cells(batch, Pen(chance, batch.feed, "csv", separator)), separator, newline, headers)
    return ("\ufeff" + text).encode("utf-16-le") if encoding == "utf-16" else text.encode(encoding)


def plain_csv(feed_name: str, rows: Sequence[Row], chance: Chance) -> str:
    """The rows as a comma-separated file with the agreed headers in agreement order."""
    fields, pen = feed(feed_name).fields, Pen(chance, feed_name, "csv")
    headers = {f.field: f.header for f in fields}
    return _separated([f.field for f in fields], [pen.write(row) for row in rows], ",", "\n", headers)


def _dress(batch: Batch, chance: Chance) -> tuple[str, str, str]:
    """Encoding, separator and line end: fixed for rosters and the directory, the sender's own elsewhere."""
    if batch.feed == "centre_roster":
        return "gb18030", ",", chance.choice(("\r\n", "\n"))
    if batch.feed == "station_directory":
        return "utf-8-sig", ",", "\n"
    encoding = chance.weighted(ENCODINGS)
    separator = "\t" if encoding == "utf-16" else chance.choices(",\t|", (60, 22, 18))[0]
    return encoding, separator, chance.choice(("\r\n", "\n"))


def _separated(
    names: Sequence[str], rows: Sequence[Mapping[str, Any]], separator: str, newline: str, headers: Mapping[str, str] | None = None
) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=newline)
    writer.writerow([headers[name] for name in names] if headers else names)
    for row in rows:
        cells = ["" if (cell := row[name]) is None else cell for name in names]
        writer.writerow([*cells, row[EXTRA_CELL]] if EXTRA_CELL in row else cells)
    return text.getvalue()


def _xlsx(batch: Batch, chance: Chance) -> bytes:
    """A workbook as people send it: titles above, totals below, a hidden sheet before or after the table."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": CREATED, "author": "样例"})
    if chance.happens(0.3):
        hidden = book.add_worksheet("说明")
        hidden.write_string(0, 0, "填报说明：请勿改动表头")
        hidden.hide()
    sheet = book.add_worksheet("数据")
    sheet.activate()
    sheet.set_first_sheet()
    day_format = book.add_format({"num_format": "yyyy-mm-dd"})
    fields = feed(batch.feed).fields
    top = 0
    for title in ("基础数据上报表", f"填报日期：{batch.sent_at:%Y-%m-%d}", "单位：元")[: chance.choice((0, 1, 2, 3))]:
        sheet.write_string(top, 0, title)
        top += 1
    for place, field in enumerate(fields):
        sheet.write_string(top, place, field.header + ("\n" if place == 3 else ""))
    pen = Pen(chance, batch.feed, "xlsx")
    for row in batch.rows:
        top += 1
        cells = pen.write(row)
        for place, field in enumerate(fields):
            _cell(sheet, top, place, cells[field.field], day_format)
    if chance.happens(0.2):
        top += 1
        sheet.write_string(top, 0, "隐藏行，仅供核对")
        sheet.set_row(top, None, None, {"hidden": True})
    if chance.happens(0.5):
        sheet.write_string(top + 1, 0, "合计")
        sheet.write_number(top + 1, 2, len(batch.rows))
        top += 1
    if chance.happens(0.5):
        sheet.write_string(top + 2, 0, "制表人：样例")
    book.close()
    return target.getvalue()


def _cell(sheet: Any, row: int, column: int, cell: Any, day_format: Any) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, Formula):
        sheet.write_formula(row, column, cell.text, None, "")
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, datetime(cell.year, cell.month, cell.day), day_format)
    elif isinstance(cell, (int, float)):
        sheet.write_number(row, column, cell)
    else:
        sheet.write_string(row, column, cell)
