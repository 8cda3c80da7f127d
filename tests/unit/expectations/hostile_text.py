"""Odd and hostile delimited text: encodings, headers, units, quotes, line ends, cell counts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

from expectations.agreement import feed
from tests.unit.expectations.hostile_case import INSURANCE, LEDGER, HostileFile, add, headers_of, sample_rows
from tests.unit.expectations.hostile_workbooks import plain_workbook

Row = Mapping[str, str | None]
CASES: list[HostileFile] = []


def _changed(feed_name: str, count: int, **cells: str) -> list[dict[str, str]]:
    """Sample rows with cells of the second one changed."""
    rows = sample_rows(feed_name, count)
    rows[1] |= cells
    return rows


def _line(values: Sequence[str], separator: str = ",") -> str:
    return separator.join(
        f'"{v.replace(chr(34), chr(34) * 2)}"' if any(c in v for c in (separator, '"', "\n", "\r")) else v for v in values
    )


def _text(
    feed_name: str,
    rows: Sequence[Row],
    *,
    separator: str = ",",
    end: str = "\r\n",
    titles: Sequence[str] | None = None,
    fields: Sequence[str] | None = None,
) -> str:
    names = list(fields or feed(feed_name).by_name)
    titles = titles if titles is not None else [feed(feed_name).by_name[n].header if n in feed(feed_name).by_name else n for n in names]
    return end.join(_line(line, separator) for line in (titles, *([row.get(n) or "" for n in names] for row in rows))) + end


def _csv(label: str, make: Callable[[], str | bytes], feed_name: str = LEDGER, encoding: str = "utf-8", **expected: object) -> None:
    def content() -> bytes:
        made = make()
        return made if isinstance(made, bytes) else made.encode(encoding)

    add(CASES, f"csv: {label}", feed_name, "csv", content, **expected)


def _three(**how: object) -> Callable[[], str]:
    return lambda: _text(LEDGER, sample_rows(LEDGER, 3), **how)  # type: ignore[arg-type]


def _with_line(number: int, change: Callable[[str], str], **how: object) -> Callable[[], str]:
    """Three rows of which one line (0 = header) is changed as text."""

    def make() -> str:
        lines = _three(end="\n", **how)().split("\n")
        lines[number] = change(lines[number])
        return "\n".join(lines)

    return make


def _titled(change: Callable[[list[str]], list[str]], feed_name: str = LEDGER) -> Callable[[], str]:
    """Three rows under changed titles; further titles bring empty cells."""

    def make() -> str:
        titles = change(headers_of(feed_name))
        names = list(feed(feed_name).by_name)
        names += [f"+{n}" for n in range(len(titles) - len(names))]
        return _text(feed_name, sample_rows(feed_name, 3), titles=titles, fields=names)

    return make


def _renamed(old: str, new: str) -> Callable[[list[str]], list[str]]:
    return lambda titles: [new if title == old else title for title in titles]


THREE = {"row_count": 3, "cells": ((2, "name", "张示例"), (3, "points_count", "20"))}
TWO_MISSING_ONE = {"row_count": 3, "row_codes": ((2, None, "E_COLUMNS"),), "cells": ((3, "name", "张示例"),)}

for _encoding in ("utf-8", "utf-8-sig", "gb18030"):
    for _separator, _word in ((",", "comma"), ("\t", "tab"), ("|", "bar")):
        _csv(f"{_encoding} with {_word} is read", _three(separator=_separator), encoding=_encoding, **THREE)
_csv("UTF-16LE with BOM and tabs is read", lambda: b"\xff\xfe" + _three(separator="\t")().encode("utf-16-le"), **THREE)
_csv("UTF-16LE with BOM, commas and LF is read", lambda: b"\xff\xfe" + _three(end="\n")().encode("utf-16-le"), **THREE)
_csv("GB18030 with its own BOM is read", lambda: ("\ufeff" + _three()()).encode("gb18030"), **THREE)
_csv("UTF-16LE without BOM is no agreed encoding", lambda: _three()().encode("utf-16-le"), refused="E_ENCODING")
_csv("UTF-16BE with BOM is no agreed encoding", lambda: b"\xfe\xff" + _three()().encode("utf-16-be"), refused="E_ENCODING")
_csv("UTF-32LE with BOM is no agreed encoding", lambda: b"\xff\xfe\x00\x00" + _three()().encode("utf-32-le"), refused="E_ENCODING")
_csv("Big5 bytes that are no GB18030 either", lambda: _three()().encode() + b"\xa4\x40\xff\xff\n", refused="E_ENCODING")
_csv("UTF-8 BOM but GB18030 text", lambda: b"\xef\xbb\xbf" + _three()().encode("gb18030"), refused="E_ENCODING")
_csv("UTF-8 cut in the middle of a character", lambda: _three()().encode()[:-2] + "张".encode()[:2], refused="E_ENCODING")
_csv("GB18030 cut in the middle of a character", lambda: _three()().encode("gb18030") + b"\xd5", refused="E_ENCODING")
_csv("UTF-16LE with an odd number of bytes", lambda: b"\xff\xfe" + _three()().encode("utf-16-le") + b"a", refused="E_ENCODING")
_csv("UTF-16LE with half of a surrogate pair", lambda: b"\xff\xfe" + _three()().encode("utf-16-le") + b"\x00\xd8", refused="E_ENCODING")
_csv(
    "GB18030 rows with one broken byte among good ones",
    lambda: _three()().encode("gb18030").replace(b"20", b"\x80\x20"),
    refused="E_ENCODING",
)
_csv(
    "a private-use character of GB18030-2005 becomes its Unicode character",
    lambda: _text(LEDGER, _changed(LEDGER, 3, name="张\ue81e")),
    encoding="gb18030",
    row_count=3,
    cells=((2, "name", "张\u9fb4"),),
)
_csv(
    "a rare character outside the table stays",
    lambda: _text(LEDGER, _changed(LEDGER, 3, name="张\U00020bb7\ue000")),
    encoding="gb18030",
    row_count=3,
    cells=((2, "name", "张\U00020bb7\ue000"),),
)

_csv("an empty file has no header", lambda: b"", refused="E_HEADER")
_csv("only a BOM has no header", lambda: b"\xef\xbb\xbf", refused="E_HEADER")
_csv("only line ends have no header", lambda: "\r\n\r\n\n", refused="E_HEADER")
_csv("a header without rows is no row", lambda: _text(LEDGER, []), row_count=0)
_csv("a header without line end is no row", lambda: _text(LEDGER, []).rstrip("\r\n"), row_count=0)
_csv("data without header", lambda: _text(LEDGER, sample_rows(LEDGER, 3)).split("\r\n", 1)[1], refused="E_HEADER")
_csv("a picture under a csv name", lambda: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, refused="E_ENCODING")
_csv("a workbook under a csv name", lambda: plain_workbook(LEDGER, sample_rows(LEDGER, 1)), refused="E_ENCODING")
_csv("a page of HTML", lambda: "<html>\n<body>404 Not Found</body>\n</html>\n", refused="E_HEADER")
_csv("semicolons as separator", _three(separator=";"), refused="E_HEADER")
_csv("columns in another order", lambda: _text(LEDGER, sample_rows(LEDGER, 3), fields=[*feed(LEDGER).by_name][::-1]), **THREE)
_csv("stars, spaces and line breaks in headers", _titled(lambda t: [f"＊ {x[0]} \n{x[1:]} *" for x in t]), **THREE)
_csv("full-width brackets and letters in headers", _titled(_renamed("缴费基数（元）", "缴费基数(元)"), INSURANCE), INSURANCE, row_count=3)
_csv("an unknown column is ignored and listed", _titled(lambda t: [*t, "备用"]), row_count=3, notes={"unknown_columns": ["备用"]})
_csv(
    "an unknown column that looks like a value is listed by number",
    _titled(lambda t: [*t, "13000000001"]),
    row_count=3,
    notes={"unknown_columns": ["column 22"]},
)
_csv("two columns without title", _titled(lambda t: [*t, "", ""]), row_count=3)
_csv("a missing required column", _titled(_renamed("姓名", "名字")), refused="E_HEADER")
_csv("a missing column that is not required", _titled(_renamed("性别", "男女")), row_count=3, notes={"unknown_columns": ["男女"]})
_csv("a header twice", _titled(lambda t: [*t, "姓名"]), refused="E_HEADER")
_csv("a header twice in other writing", _titled(lambda t: [*t, "姓 名*"]), refused="E_HEADER")
_csv("English field names as headers", _titled(lambda t: list(feed(LEDGER).by_name)), refused="E_HEADER")
_csv("title row above the header", lambda: "积分台账\n" + _three()(), refused="E_HEADER")
for _unit in ("（元/年）", "（万元）", "(千元)", "（元每年）", "：万元", "【元／年】", "（单位：万元）"):
    _csv(
        f"unit in header: 缴费基数{_unit}",
        _titled(_renamed("缴费基数（元）", f"缴费基数{_unit}"), INSURANCE),
        INSURANCE,
        refused="E_HEADER_UNIT",
    )
_csv(
    "unit in header: the agreed unit in other words",
    _titled(_renamed("缴费基数（元）", "缴费基数（元/月）"), INSURANCE),
    INSURANCE,
    row_count=3,
    cells=((1, "contribution_base_yuan", "4200.00"),),
)
_csv(
    "unit in header: 时长（小时）for minutes",
    _titled(_renamed("时长（分钟）", "时长（小时）"), "aftercare_services"),
    "aftercare_services",
    refused="E_HEADER_UNIT",
)
_csv(
    "unit in header: a word that is no unit is another column",
    _titled(_renamed("单位缴费（元）", "单位缴费（选填）"), INSURANCE),
    INSURANCE,
    row_count=3,
)

_csv("LF and no end of line at the end", lambda: _three(end="\n")().rstrip("\n"), **THREE)
_csv("CRLF and LF mixed", lambda: _three()().replace("\r\n", "\n", 2), **THREE)
_csv("CR alone as line end", _three(end="\r"), refused="E_FORMAT")
_csv("empty lines between rows", lambda: _three(end="\n\n")(), **THREE, notes={"blank_lines": 3})
_csv("empty lines before the header and at the end", lambda: "\r\n\n" + _three()() + "\r\n\r\n\n", **THREE)
_csv("a row with one cell too few", _with_line(2, lambda line: line.rpartition(",")[0]), **TWO_MISSING_ONE)
_csv("a row with one cell too many", _with_line(2, lambda line: line + ","), **TWO_MISSING_ONE)
_csv("a row of one cell", _with_line(2, lambda line: "x"), **TWO_MISSING_ONE)
_csv("a row of spaces", _with_line(2, lambda line: "   "), **TWO_MISSING_ONE)
_csv(
    "every row with a separator too many",
    lambda: _text(LEDGER, sample_rows(LEDGER, 3)).replace("\r\n", ",\r\n").replace(",\r\n", "\r\n", 1),
    row_count=3,
    row_codes=tuple((n, None, "E_COLUMNS") for n in (1, 2, 3)),
)
_csv("a row of separators only is a row", _with_line(2, lambda line: "," * line.count(",")), row_count=3, cells=((2, "source_key", None),))
_csv("the file stops in the middle of the last row", lambda: _three()()[:-60], row_count=3, row_codes=((3, None, "E_COLUMNS"),))
_csv("a DOS end-of-file mark is a row nobody can read", lambda: _three()() + "\x1a", row_count=4, row_codes=((4, None, "E_COLUMNS"),))
_csv("a comma inside quotes", lambda: _text(LEDGER, _changed(LEDGER, 3, remark="一,二")), row_count=3)
_csv(
    "a line end inside quotes",
    lambda: _text(LEDGER, _changed(LEDGER, 3, name="张\n示例")),
    row_count=3,
    cells=((2, "name", "张\n示例"), (3, "name", "张示例")),
)
_csv(
    "CRLF and empty lines inside quotes",
    lambda: _text(LEDGER, _changed(LEDGER, 3, name="张\r\n\r\n示例")),
    row_count=3,
    cells=((2, "name", "张\r\n\r\n示例"), (3, "name", "张示例")),
)
_csv(
    "doubled quotes inside quotes",
    lambda: _text(LEDGER, _changed(LEDGER, 3, name='张"示"例')),
    row_count=3,
    cells=((2, "name", '张"示"例'),),
)
_csv(
    "every cell quoted", lambda: "\r\n".join(",".join(f'"{c}"' for c in line.split(",")) for line in _three()().split("\r\n")[:-1]), **THREE
)
_csv(
    "a lone CR inside a cell is text",
    lambda: _text(LEDGER, sample_rows(LEDGER, 3)).replace("张示例", "张\r示例", 2),
    row_count=3,
    cells=((1, "name", "张\r示例"), (3, "name", "张示例")),
)
_csv(
    "a lone CR inside quotes is text",
    lambda: _text(LEDGER, _changed(LEDGER, 3, name="张\r示例")),
    row_count=3,
    cells=((2, "name", "张\r示例"),),
)
_csv(
    "a lone CR and a quoted line end in one file",
    lambda: _text(LEDGER, _changed(LEDGER, 3, name="张\n示例")).replace("20,20", "20\r,20", 1),
    row_count=3,
    cells=((1, "points_count", "20\r"), (2, "name", "张\n示例")),
)
_csv(
    "a quote that is never closed costs its own row only", _with_line(2, lambda line: line.replace("张示例", '"张示例')), **TWO_MISSING_ONE
)
_csv(
    "a quote that the next row closes costs both, not more",
    lambda: _three(end="\n")().replace("张示例", '"张示例', 2),
    row_count=3,
    row_codes=((1, None, "E_COLUMNS"), (2, None, "E_COLUMNS")),
    cells=((3, "name", "张示例"),),
)
_csv("text behind a closing quote", _with_line(2, lambda line: line.replace("张示例", '"张"示例')), **TWO_MISSING_ONE)
_csv(
    "a quote in the middle of a cell is text",
    _with_line(2, lambda line: line.replace("张示例", '张"示例')),
    row_count=3,
    cells=((2, "name", '张"示例'), (3, "name", "张示例")),
)
_csv("an open quote at the very end", lambda: _three(end="\n")() + '"', row_count=4, row_codes=((4, None, "E_COLUMNS"),))
_csv(
    "an open quote followed by 2,000 rows",
    lambda: _text(LEDGER, sample_rows(LEDGER, 2000), end="\n").replace("张示例", '"张示例', 1),
    row_count=2000,
    row_codes=((1, None, "E_COLUMNS"),),
)
_csv(
    "quotes broken all over the file",
    lambda: _text(LEDGER, sample_rows(LEDGER, 5_100), end="\n").replace("张示例", '"张"示例'),
    refused="E_FORMAT",
)
_csv(
    "a NUL in a cell empties that cell",
    _with_line(2, lambda line: line.replace("张示例", "张\x00示例")),
    row_count=3,
    row_codes=((2, "name", "E_TYPE"),),
    cells=((2, "name", None), (3, "name", "张示例")),
)
_csv("a NUL in a header is another header", _with_line(0, lambda line: line.replace("姓名", "姓\x00名")), refused="E_HEADER")
_csv(
    "other control characters stay in the cell",
    _with_line(2, lambda line: line.replace("张示例", "张\x07\x1f示例")),
    row_count=3,
    cells=((2, "name", "张\x07\x1f示例"),),
)
_csv(
    "a cell of a million characters",
    lambda: _text(LEDGER, _changed(LEDGER, 3, name="张" * 1_000_000)),
    row_count=3,
    cells=((2, "name", "张" * 1_000_000),),
)
_csv(
    "a cell of a million characters beside an odd row",
    lambda: _text(LEDGER, _changed(LEDGER, 3, name="张" * 1_000_000)) + "x",
    row_count=4,
    row_codes=((4, None, "E_COLUMNS"),),
)
_csv("a header of a million characters", lambda: "x" * 1_000_000 + "\n" + _three()(), refused="E_HEADER")
_csv("two thousand unknown columns", _titled(lambda t: [*t, *(f"列{n}" for n in range(2000))]), row_count=3)
_csv(
    "formula text is text",
    lambda: _text(LEDGER, _changed(LEDGER, 3, name="=HYPERLINK(1)")),
    row_count=3,
    cells=((2, "name", "=HYPERLINK(1)"),),
)
_csv("more rows than the .ok file says", _three(), declared_rows=2, refused="E_ROWS")
_csv("fewer rows than the .ok file says", _three(), declared_rows=4, refused="E_ROWS")
_csv("odd rows count as rows", _with_line(2, lambda line: "x"), declared_rows=3, **TWO_MISSING_ONE)
_csv("another hash than the .ok file says", _three(), declared_sha256="0" * 64, refused="E_HASH")
_csv(
    "the hash and the rows of the .ok file",
    _three(),
    declared_rows=3,
    declared_sha256=hashlib.sha256(_three()().encode()).hexdigest(),
    **THREE,
)
_csv(
    "a roster in GB18030 with commas",
    lambda: _text("centre_roster", sample_rows("centre_roster", 3)),
    "centre_roster",
    encoding="gb18030",
    row_count=3,
)

add(
    CASES,
    "table: field names as header",
    "means_checks",
    "table",
    lambda: _text("means_checks", sample_rows("means_checks", 3), titles=[*feed("means_checks").by_name]).encode(),
    row_count=3,
    cells=((1, "taxed_income_yuan", "0.00"),),
)
add(
    CASES,
    "table: Chinese headers are not field names",
    "means_checks",
    "table",
    lambda: _text("means_checks", sample_rows("means_checks", 3)).encode(),
    refused="E_HEADER",
)
add(
    CASES,
    "table: GB18030 is not agreed",
    "means_checks",
    "table",
    lambda: _text("means_checks", sample_rows("means_checks", 3), titles=[*feed("means_checks").by_name]).encode("gb18030"),
    refused="E_ENCODING",
)
add(
    CASES,
    "table: a required column is missing",
    "means_checks",
    "table",
    lambda: b"source_key,operation_code,source_updated_at\nA,I,2026-01-01\n",
    refused="E_HEADER",
)
