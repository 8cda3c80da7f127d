import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.forms.phones import read_one
from warehouse.identity.phones import read_phones

LABELLED = [
    ("13800001234", 13800001234),
    ("+8613800001234", 13800001234),
    ("+86 138 0000 1234", 13800001234),
    ("0086-138-0000-1234", 13800001234),
    ("8613800001234", 13800001234),
    ("１３８００００１２３４", 13800001234),
    ("138 0000 1234/13900001234", 13800001234),
    ("1380000123413900001234", 13800001234),
    ("13800001234.0", 13800001234),
    ("1.38E+10", 0),
    ("12800001234", 0),
    ("0351-7654321", 0),
    ("1380000123", 0),
    ("无", 0),
    ("", 0),
    (None, 0),
]


@pytest.mark.parametrize(("text", "number"), LABELLED)
def test_a_text_has_its_mobile_number(text: str | None, number: int) -> None:
    assert read_phones([text, "19900001234"]).tolist() == [number, 19900001234]
    assert read_phones(pa.chunked_array([pa.array([text], pa.string())])).tolist() == [number]


def from_form(text: str) -> int:
    digits = read_one(text)[0] or ""
    return int(digits) if re.fullmatch("1[3-9][0-9]{9}", digits) else 0


PIECES = st.lists(
    st.sampled_from(["+", "00", "86", "138", "0000", "1234", "139", " ", "-", "/", "(", ")", "1", "9", "　"]), max_size=9
).map("".join)


@settings(deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=15)), min_size=1, max_size=20))
def test_a_column_reads_what_the_value_form_reads(texts: list[str]) -> None:
    assert read_phones(texts).tolist() == [from_form(text) for text in texts]
