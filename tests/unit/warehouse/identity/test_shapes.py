import re

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.identity.shapes import Shaped


def test_texts_that_differ_in_their_numbers_have_one_shape() -> None:
    shaped = Shaped.of(pa.array(["路12号3-405", "路7号21-6", "12", "", "3号"], pa.large_string()))
    assert shaped.shapes.to_pylist() == ["路0号1-2", "0", "", "0号"]
    assert shaped.codes.tolist() == [0, 0, 1, 2, 3]


def test_a_template_gets_the_numbers_its_text_had_and_may_drop_some() -> None:
    shaped = Shaped.of(pa.array(["路12号3-405", "7", "路7号21-6", ""], pa.large_string()))
    templates = pa.array(["2楼:0", None, "无"], pa.large_string())
    assert shaped.filled(templates).to_pylist() == ["405楼:12", None, "6楼:7", "无"]


def test_a_slice_of_a_column_is_read_from_where_it_begins() -> None:
    assert Shaped.of(pa.array(["1路22", "路3", "路44"], pa.large_string()).slice(1)).shapes.to_pylist() == ["路0"]


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("0123456789路A-"), max_size=30), max_size=10))
def test_shapes_filled_again_are_the_texts(texts: list[str]) -> None:
    shaped = Shaped.of(pa.array(texts, pa.large_string()))
    many = [len(re.findall("[0-9]+", text)) > 10 for text in texts]
    assert shaped.has_many_runs.tolist() == many
    filled = shaped.filled(shaped.shapes).to_pylist()
    assert [None if has_many else text for text, has_many in zip(filled, many, strict=True)] == [
        None if has_many else text for text, has_many in zip(texts, many, strict=True)
    ]
