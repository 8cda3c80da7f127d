"""What holds for every delimited or JSON delivery, whatever its cells are."""

import csv
import io
import json

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import AgreementBroken, SourceChanged
from expectations.agreement import feed
from expectations.decoding import decode, decode_chunks
from expectations.decoding.careful import read_records
from expectations.decoding.delimited import _gb18030_by_column, read_body
from expectations.decoding.headers import Layout
from expectations.delivery import Delivery
from tests.unit.expectations.hostile_case import LEDGER, headers_of, sample_rows

NAMES = list(feed(LEDGER).by_name)
PIECES = st.sampled_from(["张", "示例", "a", "1", " ", "　", ",", "\t", "|", '"', '""', "\n", "\r\n", "\r", "𠮷", "é", "\ue000", "-", "'"])
CELL = st.lists(PIECES, max_size=5).map("".join)
ROWS = st.lists(st.tuples(CELL, CELL, CELL), max_size=6)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"])


def _lines(rows):
    base = sample_rows(LEDGER, 1)[0]
    for first, middle, last in rows:
        row = base | {"source_key": "k", "name": middle, "remark" if "remark" in base else "sex_code": last, "entry_number": first}
        yield [row[name] for name in NAMES]


def _written(rows, separator, quoting, encoding) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, quoting=quoting).writerows([headers_of(LEDGER), *_lines(rows)])
    return b"\xff\xfe" + out.getvalue().encode("utf-16-le") if encoding == "utf-16" else out.getvalue().encode(encoding)


def _delivery(content: bytes, form: str = "csv") -> Delivery:
    return Delivery("community", LEDGER, "t", form, content)  # type: ignore[arg-type]


def _texts(rows) -> list[list[str]]:
    return rows.astype(object).where(rows.notna(), "").to_numpy().tolist()


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from([",", "\t", "|"]), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]), ENCODINGS)
def test_what_a_sender_wrote_by_rfc_4180_is_what_is_read(rows, separator, quoting, encoding):
    decoded = decode(feed(LEDGER), _delivery(_written(rows, separator, quoting, encoding)))
    assert _texts(decoded.rows) == list(_lines(rows))
    assert decoded.problems.empty


@settings(max_examples=20, deadline=None)
@given(ROWS, st.integers(1, 4))
def test_chunks_are_the_whole_in_pieces(rows, size):
    content = _written(rows, ",", csv.QUOTE_MINIMAL, "utf-8") + b"odd row\n"
    whole = decode(feed(LEDGER), _delivery(content))
    pieces = list(decode_chunks(feed(LEDGER), _delivery(content), size))
    assert [n for piece in pieces for n in piece.rows.index] == list(whole.rows.index)
    assert [row for piece in pieces for row in _texts(piece.rows)] == _texts(whole.rows)
    assert [tuple(p) for piece in pieces for p in piece.problems.itertuples(index=False)] == [(len(rows) + 1, None, "E_COLUMNS")]
    assert all(set(piece.problems["row_number"]) <= set(piece.rows.index) for piece in pieces)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=5), st.sampled_from([",", "\t", "|"]))
def test_the_fast_and_the_careful_reader_agree_on_clean_text(rows, separator):
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    layout, text = Layout(("a", "b"), ()), out.getvalue()
    fast = read_body(text.encode(), 0, separator, layout).table
    for trusted in (True, False):
        careful = read_records(text, separator, layout, quotes_are_closed=trusted)
        assert careful.table.to_pydict() == fast.to_pydict()
        assert not careful.problems


@settings(max_examples=60, deadline=None)
@given(
    ROWS,
    st.sampled_from([",", "\t"]),
    st.integers(0, 2000),
    st.sampled_from([b"", b"\x80", b"\xff", b"\x81\x30", b"\xa4\x40", b"\n", b'"']),
)
def test_gb18030_by_column_is_gb18030_as_a_whole_or_nothing(rows, separator, place, noise):
    content = _written(rows, separator, csv.QUOTE_MINIMAL, "gb18030")
    content = content[:place] + noise + content[place:]
    quick = _gb18030_by_column(feed(LEDGER), content)
    if quick is None:
        return
    whole = decode(feed(LEDGER), _delivery(b"\x84\x31\x95\x33" + content.decode("gb18030").encode("gb18030")))
    assert quick.table.num_rows == whole.row_count
    assert pa.Table.from_pandas(whole.rows, preserve_index=False).to_pydict() == quick.table.to_pydict()


@settings(max_examples=80, deadline=None)
@given(ROWS, st.lists(st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=3)), max_size=4), ENCODINGS)
def test_damaged_bytes_are_refused_or_read_and_never_crash(rows, damage, encoding):
    content = bytearray(_written(rows, ",", csv.QUOTE_MINIMAL, encoding))
    for place, noise in damage:
        content[place : place + 1] = noise
    try:
        decoded = decode(feed(LEDGER), _delivery(bytes(content)))
        outcome = "read" if decoded.row_count == len(decoded.rows) else "rows lost"
    except AgreementBroken as refusal:
        outcome = refusal.code
    assert outcome in {"read", "E_ENCODING", "E_HEADER", "E_FORMAT"}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*NAMES, "x"]), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(st.lists(JSON_VALUES, max_size=4))
def test_any_json_rows_are_counted_or_the_page_is_refused(rows):
    try:
        decoded = decode(feed(LEDGER), _delivery(json.dumps({"rows": rows}).encode(), "page"))
    except SourceChanged:
        return
    assert decoded.row_count == len(decoded.rows) == len(rows)
    no_objects = {n for n, row in enumerate(rows, 1) if not isinstance(row, dict)}
    assert no_objects == {n for n, f in zip(decoded.problems["row_number"], decoded.problems["field"], strict=True) if f is None}
