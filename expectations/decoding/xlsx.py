"""An .xlsx file to columns. The hostile work is done by `expectations.workbook` in a child process with limits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from core.errors import AgreementBroken
from expectations.agreement import Feed, Field
from expectations.decoding.delimited import arrow_rows
from expectations.decoding.frames import Columns, Problem
from expectations.decoding.headers import Layout, check_complete, lay_out
from expectations.workbook.cells import Kind
from expectations.workbook.child import Order
from expectations.workbook.titles import normal_title

MEMORY_BYTES = 2 << 30
OUTPUT_BYTES = 1 << 30
CPU_SECONDS = 300
WALL_SECONDS = 900

_PROJECT = str(Path(__file__).resolve().parents[2])
_PROGRAM = "import sys; sys.path.insert(0, sys.argv.pop()); from expectations.workbook.child import main; main()"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_workbook(asked: Feed, content: bytes) -> Columns:
    """The rows of the first visible sheet whose header matches.

    Raises:
        AgreementBroken: E_FORMAT (not a plain .xlsx, damaged, hostile, over 500,000 rows), E_HEADER, E_HEADER_UNIT.
    """
    if content.startswith(_OLE):
        raise AgreementBroken(
            "E_FORMAT", "the file is protected by a password or an old .xls/.et; save it as plain .xlsx and send it again"
        )
    if not content.startswith(b"PK\x03\x04"):
        raise AgreementBroken("E_FORMAT", "the file is no .xlsx workbook")
    rows, problem_lines, report = _in_child(content, _order(asked))
    if "refused" in report:
        raise AgreementBroken("E_FORMAT", str(report["refused"]))
    titles = list(report["titles"])  # type: ignore[call-overload]
    layout = lay_out(asked, titles)
    check_complete(asked, layout)
    # Behind the titled columns the child writes one mark, so that no row is an empty line.
    table = arrow_rows(rows, 0, len(rows), ",", Layout((*layout.fields, None), ()))
    notes: dict[str, object] = dict(report["notes"])  # type: ignore[call-overload]
    return Columns(table, list(_problems(problem_lines, layout)), notes | {"unknown_columns": list(layout.unknown)})


def _problems(lines: bytes, layout: Layout) -> Iterator[Problem]:
    for line in lines.decode("ascii").splitlines():
        row_number, column, code = line.split(",")
        if name := layout.fields[int(column)]:
            yield int(row_number), name, code


def _order(asked: Feed) -> Order:
    return Order(
        kinds={normal_title(f.header): _kind(f) for f in asked.fields},
        required=[normal_title(f.header) for f in asked.fields if f.required == "always"],
        key=next(normal_title(f.header) for f in asked.fields if f.key),
        memory_bytes=MEMORY_BYTES,
        output_bytes=OUTPUT_BYTES,
        cpu_seconds=CPU_SECONDS,
    )


def _kind(asked: Field) -> Kind:
    if asked.type == "text":
        return asked.form if asked.form in ("id", "month") else "text"  # type: ignore[return-value]
    return asked.type if asked.type in ("date", "datetime") else "other"  # type: ignore[return-value]


@contextmanager
def _memory_file(content: bytes = b"") -> Iterator[int]:
    """A file in memory only: received rows never touch a disk unencrypted."""
    fd = os.memfd_create("workbook")
    try:
        with open(fd, "wb", closefd=False) as file:
            file.write(content)
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd
    finally:
        os.close(fd)


def _in_child(content: bytes, order: Order) -> tuple[bytes, bytes, dict[str, object]]:
    with ExitStack() as stack:
        source, *outputs = (stack.enter_context(_memory_file(given)) for given in (content, b"", b"", b""))
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-S", "-c", _PROGRAM, *map(str, outputs), _PROJECT],
                stdin=source,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=outputs,
                cwd="/",
                env={"ORDER": json.dumps(asdict(order))},
                timeout=WALL_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise AgreementBroken(
                "E_FORMAT", "the workbook could not be read within the time allowed; send it as .csv or in parts"
            ) from error
        rows, problems, report = (_whole(fd) for fd in outputs)
    if done.returncode != 0 or not report:
        raise AgreementBroken(
            "E_FORMAT", "the workbook could not be read within the limits of memory and time; send it as .csv or in parts"
        )
    return rows, problems, json.loads(report)


def _whole(fd: int) -> bytes:
    os.lseek(fd, 0, os.SEEK_SET)
    with open(fd, "rb", closefd=False) as file:
        return file.read()
