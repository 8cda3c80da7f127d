"""Files that must be refused or held whole, each with its code, made from a good file of the same kind."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

FOLDER = "files/employment"
KIND = "trainings_140000"


@dataclass(frozen=True)
class BadFile:
    """A way to spoil a whole file. `spoil` gets good UTF-8 CSV text and returns bytes; `ok` gives the .ok text, or None for none."""

    code: str
    name: Callable[[str], str]
    spoil: Callable[[str], bytes]
    ok: Callable[[bytes, int], str | None]


def _ok(content: bytes, rows: int) -> str:
    return f"rows={rows}\nsha256={hashlib.sha256(content).hexdigest()}\n"


def _plain(text: str) -> bytes:
    return text.encode()


def _named(number: int) -> Callable[[str], str]:
    return lambda day: f"{KIND}_{190000 + number}_incr_{day}.csv"


BAD_FILES = (
    BadFile("E_NO_OK", _named(1), _plain, lambda content, rows: None),
    BadFile("E_ROWS", _named(2), _plain, lambda content, rows: _ok(content, rows + 3)),
    BadFile("E_HASH", _named(3), _plain, lambda content, rows: _ok(content + b"x", rows)),
    BadFile("E_NAME", lambda day: f"trainings_{day}.csv", _plain, _ok),
    BadFile("E_FORMAT", lambda day: f"{KIND}_190105_incr_{day}.xlsx", lambda text: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2048), _ok),
    BadFile("E_ENCODING", _named(6), lambda text: text.encode("gb18030") + b"\xff\xff\x81", _ok),
    BadFile("E_HEADER", _named(7), lambda text: text.replace("培训班编号", "班号").encode(), _ok),
    BadFile("E_HEADER_UNIT", _named(8), lambda text: text.replace("培训补贴（元）", "培训补贴（万元）").encode(), _ok),
)


def write_bad_files(folder: Path, as_of: date, good: str, rows: int) -> None:
    """Every bad file lies in the employment folder, listed in truth/files.csv.

    Args:
        good: the text of a correct trainings file of `rows` rows.
    """
    listed = []
    for bad in BAD_FILES:
        name, content = bad.name(f"{as_of:%Y%m%d}"), bad.spoil(good)
        (folder / FOLDER / name).write_bytes(content)
        ok = bad.ok(content, rows)
        if ok is not None:
            (folder / FOLDER / f"{name}.ok").write_text(ok, "ascii", newline="\n")
        listed.append((f"{FOLDER}/{name}", bad.code))
    with (folder / "truth" / "files.csv").open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(("name", "code"))
        writer.writerows(listed)
