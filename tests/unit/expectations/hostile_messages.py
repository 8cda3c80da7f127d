"""Odd and hostile JSON: envelopes, pages, rows one per line."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from tests.unit.expectations.hostile_case import SOURCE_CHANGED, HostileFile, add, sample_rows

CASES: list[HostileFile] = []
NOTICES = "release_notices"
TESTS = "drug_tests"


def _envelope(rows: Sequence[object], /, **said: object) -> bytes:
    whole = {
        "schema_version": "2026-11",
        "feed": NOTICES,
        "sender_code": "140100Q001",
        "batch_id": "140100Q001-20261120-0001",
        "exported_at": "2026-11-20T09:16:00+08:00",
        "row_count": len(rows),
        "rows": list(rows),
    }
    return json.dumps({name: value for name, value in (whole | said).items() if value is not ...}, ensure_ascii=False).encode()


def _push(label: str, content: Callable[[], bytes], **expected: object) -> None:
    add(CASES, f"push: {label}", NOTICES, "push", content, **expected)


def _notice(**cells: object) -> dict[str, object]:
    return {**sample_rows(NOTICES, 1)[0], **cells}


def _swapped(old: bytes, new: bytes) -> Callable[[], bytes]:
    def make() -> bytes:
        whole = _envelope([_notice()])
        assert old in whole, old
        return whole.replace(old, new, 1)

    return make


_push("one notice", lambda: _envelope([_notice()]), row_count=1, cells=((1, "name", "张示例"),))
_push("a nil return", lambda: _envelope([]), row_count=0)
_push("BOM before the envelope", lambda: b"\xef\xbb\xbf" + _envelope([_notice()]), row_count=1)
_push(
    "null and left out are both empty",
    lambda: _envelope([_notice(sex_code=None), {"source_key": "x"}]),
    row_count=2,
    cells=((1, "sex_code", None), (2, "name", None)),
)
_push(
    "numbers and true where no text is agreed",
    lambda: _envelope([_notice(sex_code=1, centre_code=True)]),
    row_count=1,
    cells=((1, "sex_code", "1"), (1, "centre_code", "true")),
)
_push(
    "an ID number as a JSON number",
    lambda: _envelope([_notice(id_number=149999198503120011)]),
    row_count=1,
    row_codes=((1, "id_number", "E_TYPE"),),
    cells=((1, "id_number", None),),
)
_push(
    "a key as a JSON number",
    lambda: _envelope([_notice(source_key=1)]),
    row_count=1,
    row_codes=((1, "source_key", "E_TYPE"),),
)
_push("true as a name", lambda: _envelope([_notice(name=True)]), row_count=1, row_codes=((1, "name", "E_TYPE"),))
_push("an object as a name", lambda: _envelope([_notice(name={"a": "b"})]), row_count=1, row_codes=((1, "name", "E_TYPE"),))
_push("an array where no list is agreed", lambda: _envelope([_notice(sex_code=["1"])]), row_count=1, row_codes=((1, "sex_code", "E_TYPE"),))
_push(
    "a row that is no object",
    lambda: _envelope([_notice(), "text", None, _notice()]),
    row_count=4,
    row_codes=((2, None, "E_TYPE"), (3, None, "E_TYPE")),
)
_push(
    "NUL in a text",
    lambda: _envelope([_notice(name="张\x00")]),
    row_count=1,
    row_codes=((1, "name", "E_TYPE"),),
    cells=((1, "name", None),),
)
_push(
    "half of a surrogate pair in a text",
    _swapped("张示例".encode(), b"\\ud842"),
    row_count=1,
    row_codes=((1, "name", "E_TYPE"),),
    cells=((1, "name", None),),
)
_push("an unknown field is listed", lambda: _envelope([_notice(spare="x")]), row_count=1, notes={"unknown_columns": ["spare"]})
_push("empty bytes", lambda: b"", refused=SOURCE_CHANGED)
_push("an HTML answer", lambda: b"<html>busy</html>", refused=SOURCE_CHANGED)
_push("cut off in the middle", lambda: _envelope([_notice()])[:-40], refused=SOURCE_CHANGED)
_push("two envelopes", lambda: _envelope([]) * 2, refused=SOURCE_CHANGED)
_push("a list instead of an envelope", lambda: b"[]", refused=SOURCE_CHANGED)
_push("GB18030 instead of UTF-8", lambda: _envelope([_notice()]).decode().encode("gb18030"), refused=SOURCE_CHANGED)
_push("UTF-16 instead of UTF-8", lambda: _envelope([_notice()]).decode().encode("utf-16"), refused=SOURCE_CHANGED)
_push("a field twice in a row", _swapped(b'"name":', b'"name": "x", "name":'), refused=SOURCE_CHANGED)
_push("rows twice in the envelope", _swapped(b'"rows":', b'"rows": [], "rows":'), refused=SOURCE_CHANGED)
_push("NaN", _swapped(b'"row_count": 1', b'"row_count": NaN'), refused=SOURCE_CHANGED)
_push("minus Infinity in a row", _swapped('"张示例"'.encode(), b"-Infinity"), refused=SOURCE_CHANGED)
_push("20,000 brackets deep", lambda: b'{"rows":' + b"[" * 20_000 + b"]" * 20_000 + b"}", refused=SOURCE_CHANGED)
_push("20,000 objects deep", lambda: b'{"a":' * 20_000 + b"1" + b"}" * 20_000, refused=SOURCE_CHANGED)
_push("a number of 5,000 digits", _swapped(b'"row_count": 1', b'"row_count": ' + b"1" * 5000), refused=SOURCE_CHANGED)
_push("a number of 5,000 digits in a row", _swapped('"张示例"'.encode(), b"9" * 5000), refused=SOURCE_CHANGED)
_push("row_count differs", lambda: _envelope([_notice()], row_count=2), refused="E_ROWS")
_push("row_count as text", lambda: _envelope([_notice()], row_count="1"), refused=SOURCE_CHANGED)
_push("row_count true", lambda: _envelope([_notice()], row_count=True), refused=SOURCE_CHANGED)
_push("row_count with a fraction", _swapped(b'"row_count": 1', b'"row_count": 1.0'), refused=SOURCE_CHANGED)
_push("row_count below zero", lambda: _envelope([], row_count=-1), refused=SOURCE_CHANGED)
_push("another feed", lambda: _envelope([_notice()], feed="centre_roster"), refused=SOURCE_CHANGED)
_push("an old schema_version", lambda: _envelope([_notice()], schema_version="2025-01"), refused=SOURCE_CHANGED)
_push("schema_version as a number", lambda: _envelope([_notice()], schema_version=2026.11), refused=SOURCE_CHANGED)
_push("no batch_id", lambda: _envelope([_notice()], batch_id=...), refused=SOURCE_CHANGED)
_push("no rows", lambda: _envelope([], rows=...), refused=SOURCE_CHANGED)
_push("rows as an object", lambda: _envelope([], rows={}), refused=SOURCE_CHANGED)
_push("another sender than the one who delivered", lambda: _envelope([_notice()]), sender_code="140200Q001", refused=SOURCE_CHANGED)
_push("sender_code as a number", lambda: _envelope([_notice()], sender_code=140100), refused=SOURCE_CHANGED)
_push("501 rows", lambda: _envelope([_notice()] * 501), refused=SOURCE_CHANGED)


def _page(label: str, content: Callable[[], bytes], **expected: object) -> None:
    add(CASES, f"page: {label}", TESTS, "page", content, **expected)


def _test_lines(count: int) -> list[bytes]:
    return [json.dumps(row, ensure_ascii=False).encode() for row in sample_rows(TESTS, count)]


_page("rows in an envelope", lambda: json.dumps({"rows": sample_rows(TESTS, 3)}).encode(), row_count=3)
_page("a page printed over many lines", lambda: json.dumps({"feed": TESTS, "rows": sample_rows(TESTS, 3)}, indent=1).encode(), row_count=3)
add(
    CASES,
    "page: lists as arrays, and an array of arrays",
    "registered_persons",
    "page",
    lambda: json.dumps(
        {"rows": [{"source_key": "a", "former_names": ["张甲", "张乙"]}, {"source_key": "b", "former_names": [["张甲"]]}]}
    ).encode(),
    row_count=2,
    row_codes=((2, "former_names", "E_TYPE"),),
    cells=((1, "former_names", "张甲;张乙"), (2, "former_names", None)),
)
add(
    CASES,
    "page: a phone as a JSON number",
    "registered_persons",
    "page",
    lambda: b'{"rows": [{"source_key": "a", "phone": 13000000001}]}',
    row_count=1,
    row_codes=((1, "phone", "E_TYPE"),),
)
_page("an empty page", lambda: b'{"rows": []}', row_count=0)
_page("one row per line", lambda: b"\n".join(_test_lines(3)), row_count=3)
_page(
    "one row per line with CRLF, empty lines and a BOM", lambda: b"\xef\xbb\xbf" + b"\r\n\r\n".join(_test_lines(3)) + b"\r\n", row_count=3
)
_page("a single row", lambda: _test_lines(1)[0], row_count=1)
_page("no row at all", lambda: b"", row_count=0)
_page("a broken line among good ones", lambda: b"\n".join([*_test_lines(2), b'{"source_key": ']), refused=SOURCE_CHANGED)
_page("a line that is no object", lambda: b"\n".join([*_test_lines(2), b"7"]), refused=SOURCE_CHANGED)
_page("fewer rows than declared", lambda: b"\n".join(_test_lines(3)), declared_rows=4, refused="E_ROWS")
_page("rows of another feed", lambda: json.dumps({"feed": "registered_persons", "rows": []}).encode(), refused=SOURCE_CHANGED)
_page("rows as text", lambda: b'{"rows": "none"}', refused=SOURCE_CHANGED)
_page("an error answer", lambda: b'{"error_code": "E500", "message": "busy", "request_id": "1"}', refused=SOURCE_CHANGED)
_page("a list", lambda: json.dumps(sample_rows(TESTS, 1)).encode(), refused=SOURCE_CHANGED)
_page(
    "an exponent without sense stays for the value forms",
    lambda: b'{"rows": [{"source_key": "a", "hair_length_cm": 1e999999999}]}',
    row_count=1,
    cells=((1, "hair_length_cm", "1e999999999"),),
)
_page(
    "an exponent with sense is written out",
    lambda: b'{"rows": [{"source_key": "a", "hair_length_cm": 1.5E1}]}',
    row_count=1,
    cells=((1, "hair_length_cm", "15"),),
)
