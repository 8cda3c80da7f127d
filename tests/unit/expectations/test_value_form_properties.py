"""Whatever the text: a reading never raises, invents nothing, reads its own canonical text to itself, and is the same quick or slow."""

import json
import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from expectations.agreement import feeds
from expectations.forms import id_number
from expectations.forms.clean import clean
from expectations.forms.columns import TEXT, read_column
from expectations.forms.form import Form
from expectations.forms.private_use import TO_UNICODE
from expectations.reading import form_of

AS_OF = date(2026, 11, 20)
DIGITS = "0123456789"


CODE_LISTS = {"sex", "relationship", "risk_grade", "ethnicity", "desired_occupation"}


def one_field_of_each_kind():
    """One field for each way of reading: by form, options, and five code lists that differ in kind."""
    found = {}
    for feed in feeds().values():
        for field in feed.fields:
            codes = field.codes.name if field.codes else None
            if codes is None or codes in CODE_LISTS:
                found.setdefault((field.form, codes, field.refers_to, field.open_ended, field.negative_when is None), field)
    return list(found.values())


FIELDS = one_field_of_each_kind()
FORMS = [form_of(field, AS_OF) for field in FIELDS]
WORDS = [
    "无",
    "长期",
    "男(1)",
    "1-男",
    "2024",
    "-",
    "/",
    "年",
    "月",
    "日",
    "万元",
    "元/月",
    " ",
    "\u3000",
    "'",
    "X",
    "*",
    "×",
    "+86",
    "0086",
    "E+1",
    ".0",
    ":",
    "T",
    "Z",
]
PIECES = st.lists(st.one_of(st.sampled_from(WORDS), st.text(DIGITS, max_size=6), st.characters(codec="utf-8")), max_size=8).map("".join)
SHAPES = st.one_of(
    st.text(max_size=40),
    PIECES,
    st.from_regex(r"[0-9]{17}[0-9Xx]", fullmatch=True),
    st.from_regex(r"[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}日?( [0-9]{1,2}:[0-9]{2}(:[0-9]{2})?)?", fullmatch=True),
    st.from_regex(r"-?[¥]?[0-9]{1,6}(,[0-9]{3})?(\.[0-9]{1,4})?[元人天万]?", fullmatch=True),
    st.from_regex(r"\+?(86)?-?1[3-9][0-9]{9}([ /]1[3-9][0-9]{9})?", fullmatch=True),
    st.dates(date(1895, 1, 1), date(2105, 1, 1)).map(date.isoformat),
    st.datetimes(datetime(1895, 1, 1), datetime(2105, 1, 1)).map(lambda d: d.replace(microsecond=0).isoformat(" ")),
)


def valid_number(parts):
    region, birth, serial = parts
    first = f"{region:06d}{birth:%Y%m%d}{serial:03d}"
    return first + id_number.check_digit(first)


GOOD_IDS = st.tuples(st.integers(110000, 999999), st.dates(date(1890, 1, 1), date(2028, 1, 1)), st.integers(0, 999)).map(valid_number)


@settings(max_examples=100, deadline=None)
@given(SHAPES)
@example("[[[[")
@example("￥" * 600)
@example("9" * 5000)
@example("\ud800")
def test_a_reading_never_raises_and_gives_a_value_or_an_error_but_never_both(text):
    for field, form in zip(FIELDS, FORMS, strict=True):
        value, code = form.read_one(text)
        assert value is None or code is None or code.startswith("W_"), field.field


@settings(max_examples=100, deadline=None)
@given(SHAPES)
@example("86-0086123")
@example("e-\u0301")
def test_the_canonical_text_reads_to_itself_without_an_error(text):
    for field, form in zip(FIELDS, FORMS, strict=True):
        value, _ = form.read_one(text)
        if value is not None:
            again, code = form.read_one(value)
            assert again == value, field.field
            assert code is None or code.startswith(("W_ID", "W_NAME")), field.field


@settings(max_examples=100, deadline=None)
@given(st.one_of(SHAPES, GOOD_IDS))
def test_nothing_comes_out_that_was_not_in_the_text(text):
    for field, form in zip(FIELDS, FORMS, strict=True):
        value, _ = form.read_one(text)
        if value is not None:
            assert IS_IN_TEXT[field.form](value, text, field), field.field


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), SHAPES, GOOD_IDS), max_size=12), st.integers(0, 3))
def test_the_quick_reading_of_a_column_is_the_slow_one(given_texts, skipped):
    texts = [t if t is None or not has_surrogate(t) else None for t in given_texts]
    array = pa.array(texts, TEXT)[skipped:]
    for field, form in zip(FIELDS, FORMS, strict=True):
        quick, slow = read_column(array, form), [(None, None) if t is None else form.read_one(t) for t in texts[skipped:]]
        assert quick.values.to_pylist() == [value for value, _ in slow], field.field
        assert codes_of(quick, len(array)) == [code for _, code in slow], field.field
        differs = [False] * len(array) if quick.differs is None else quick.differs.tolist()
        assert differs == [t is not None and t != "" and t != value for t, (value, _) in zip(texts[skipped:], slow, strict=True)], (
            field.field
        )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(GOOD_IDS, st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True), st.from_regex("[0-9]{15}", fullmatch=True), st.none()),
        max_size=20,
    )
)
def test_keys_of_a_column_are_the_keys_of_its_numbers(numbers):
    keys = read_column(pa.array(numbers, TEXT), id_number.key_form_of(AS_OF)).values.to_pylist()
    assert keys == [None if n is None else id_number.key_of(n, AS_OF) for n in numbers]


@given(st.datetimes(datetime(1901, 1, 1), datetime(2098, 12, 31)))
@settings(max_examples=100, deadline=None)
def test_instants_are_eight_hours_behind_shanghai(local):
    form = next(form for field, form in zip(FIELDS, FORMS, strict=True) if field.form == "datetime")
    text = local.replace(microsecond=0).isoformat(" ")
    for read in (read_column(pa.array([text], TEXT), form).values[0].as_py(), form.read_one(text)[0]):
        assert (
            local.replace(microsecond=0) - datetime.fromisoformat(read).astimezone(UTC).replace(tzinfo=None)
        ).total_seconds() == 8 * 3600


@pytest.mark.parametrize("kind", ["text", "name", "id", "phone", "date", "datetime", "money", "integer"])
def test_the_quick_reading_does_take_over_the_usual_spelling(kind):
    usual = {"text": "RS-SB-0000000001", "name": "张示例", "id": "11010519491231002X", "phone": "13000000001", "date": "2026-11-20"}
    usual |= {"datetime": "2026-11-20 09:15:30", "money": "1234.50", "integer": "3"}
    field = next(f for f in FIELDS if f.form == kind and f.greatest is None)
    form = form_of(field, AS_OF)

    def forbidden(text):
        raise AssertionError("read slowly")

    assert form.quick is not None
    assert read_column(pa.array([usual[kind]] * 2, TEXT), Form(forbidden, form.quick)).values[0].as_py() == form.read_one(usual[kind])[0]


# ------------------------------------------------------------------ what "was in the text" means for each kind


def has_surrogate(text):
    return any("\ud800" <= c <= "\udfff" for c in text)


def codes_of(column, size):
    return [None] * size if column.codes is None else column.codes.tolist()


def normal(text):
    return unicodedata.normalize("NFKC", text.replace("\0", "").translate(TO_UNICODE))


def is_subsequence(small, large):
    rest = iter(large)
    return all(c in rest for c in small)


def numbers_in(text):
    return {int(n) for n in re.findall("[0-9]+", text)}


def is_text(value, text, field):
    return value in normal(text)


def is_id(value, text, field):
    # Taken apart: where a blank goes, an accent may join the letter before it. The last character may be read as X.
    return is_subsequence(unicodedata.normalize("NFKD", value)[:-1], unicodedata.normalize("NFKD", normal(text)))


def is_phone(value, text, field):
    return is_subsequence(value, normal(text))


def is_code(value, text, field):
    return value in field.codes.codes or bool(re.fullmatch(field.codes.pattern or "", value))


def is_region(value, text, field):
    from expectations.forms.regions import codes_by_name

    return value in normal(text) or value in codes_by_name().values()


def is_boolean(value, text, field):
    return value in {"true", "false"} and clean(text) != ""


def is_date(value, text, field):
    digits = "".join(c for c in normal(text) if c in DIGITS)
    written = value.replace("-", "")
    in_figures = written in digits or {int(p) for p in value.split("-")} <= numbers_in(normal(text))
    return in_figures or bool(re.search("[一二三四五六七八九十]|[Zz+-]", text))


def is_datetime(value, text, field):
    local = datetime.fromisoformat(value).timestamp() + 8 * 3600
    return any(is_date(datetime.fromtimestamp(local - cut, UTC).date().isoformat(), text, field) for cut in (0, 86400))


def is_month(value, text, field):
    return is_date(f"{value[:4]}-{value[4:]}", text, field)


def is_number(value, text, field):
    digits = "".join(c for c in normal(text) if c in DIGITS + ".")
    number = abs(Decimal(value))
    return any(abs(Decimal(digits) * factor - number) <= Decimal("0.005") for factor in (1, 10000))


def is_list(value, text, field):
    return isinstance(json.loads(value), list)


IS_IN_TEXT = {
    "text": is_text,
    "name": is_text,
    "id": is_id,
    "phone": is_phone,
    "code": is_code,
    "region": is_region,
    "boolean": is_boolean,
    "date": is_date,
}
IS_IN_TEXT |= {"datetime": is_datetime, "month": is_month, "money": is_number, "decimal": is_number, "integer": is_number, "list": is_list}
IS_IN_TEXT |= {"organization": lambda value, text, field: value in normal(text).upper()}
