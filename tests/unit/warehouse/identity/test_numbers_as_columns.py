from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.forms.id_number import check_digit, check_digits, derived18, has_checksum, key_of, read_one
from warehouse.identity.births import NO_DAY, day_of
from warehouse.identity.id_numbers import (
    NumberKind,
    NumberLikeness,
    agreement_levels,
    birth_of,
    births_of,
    one_slip_away,
    read_numbers,
    sex_of,
    sexes_of,
    text_agreement_levels,
)
from warehouse.identity.number_likeness import EIGHTEEN, are_rounded, is_rounded, number_likeness, text_likeness

AS_OF = date(2026, 11, 20)
WHOLE = "11010519491231002X"  # the example of the standard
SHORT = "140107850312235"
LONG = derived18(SHORT)

KINDS = [
    (WHOLE, NumberKind.VALID, WHOLE),
    ("'11010519491231002x", NumberKind.VALID, WHOLE),
    ("110105 19491231 002Ⅹ", NumberKind.VALID, WHOLE),
    ("110105-19491231-002*", NumberKind.VALID, WHOLE),
    ("１１０１０５１９４９１２３１００２Х", NumberKind.VALID, WHOLE),
    (SHORT, NumberKind.DERIVED, LONG),
    (" " + SHORT, NumberKind.DERIVED, LONG),
    ("140107851332001", NumberKind.NO_DATE, ""),
    ("CHN110000000001", NumberKind.FOREIGN, ""),
    (WHOLE[:15] + "000", NumberKind.ROUNDED, ""),
    ("110105194912310032", NumberKind.ROUNDED, ""),
    ("1.10105E+17", NumberKind.SCIENTIFIC, ""),
    ("1.1010519491231E+17", NumberKind.SCIENTIFIC, ""),
    (WHOLE[:17], NumberKind.SEVENTEEN, ""),
    (WHOLE[1:], NumberKind.SEVENTEEN, ""),
    ("110105********002X", NumberKind.MASKED, ""),
    ("110105xxxxxxxx002X", NumberKind.MASKED, ""),
    ("110105194912310021", NumberKind.FAILING, ""),
    ("12", NumberKind.OTHER, ""),
    ("无", NumberKind.NONE, ""),
    ("0", NumberKind.NONE, ""),
    ("", NumberKind.NONE, ""),
    (None, NumberKind.NONE, ""),
]


@pytest.mark.parametrize(("text", "kind", "key"), KINDS)
def test_a_received_number_is_of_its_kind(text: str | None, kind: NumberKind, key: str) -> None:
    read = read_numbers([text, WHOLE], AS_OF)
    assert (NumberKind(read.kind[0]), read.key[0].decode()) == (kind, key)


def with_check(first17: str) -> str:
    return next(first17 + last for last in "0123456789X" if has_checksum(first17 + last))


def test_regions_that_are_gone_and_new_resident_numbers_are_valid() -> None:
    texts = [with_check("42900119500101123"), with_check("81000019900101123"), with_check("91101519850312001")]
    assert read_numbers(texts, AS_OF).kind.tolist() == [NumberKind.VALID, NumberKind.VALID, NumberKind.FOREIGN]
    assert (read_numbers(texts, AS_OF).key != b"").all()


def test_a_birth_after_the_day_or_too_long_ago_gives_no_key() -> None:
    late, old = with_check("14010720261121001"), with_check("14010718951231001")
    assert read_numbers([late, old], AS_OF).kind.tolist() == [NumberKind.NO_DATE, NumberKind.NO_DATE]
    assert read_numbers([late], date(2026, 11, 21)).kind.tolist() == [NumberKind.VALID]


DIGITS = st.text(st.sampled_from("0123456789"), min_size=13, max_size=19)
NUMBERS = st.builds(
    lambda region, day, order: with_check(f"{region}{day:%Y%m%d}{order:03d}"),
    st.sampled_from(["140107", "110105", "810000"]),
    st.dates(date(1900, 1, 1), AS_OF),
    st.integers(0, 999),
)


def damage(number: str, at: int, digit: str, how: int) -> str:
    """The number as it may be received: slips, losses, a spreadsheet's or a mask's work."""
    swapped = number[: at % 17] + number[at % 17 + 1] + number[at % 17] + number[at % 17 + 2 :]
    wrong = number[:at] + digit + number[at + 1 :]
    return (
        number,
        wrong,
        swapped,
        number[:at] + number[at + 1 :],
        number[:15] + "000",
        f"{number[0]}.{number[1:6]}E+17",
        f"{number[0]}.{number[1:17]}E+17",
        number[:at] + "*" * (18 - at),
        number[:6] + "********" + number[14:],
        number[:6] + number[8:17],
        wrong[:6] + wrong[8:17],
        "无此证",
        wrong[:3] + digit + wrong[4:],
    )[how]


DAMAGED = st.builds(damage, NUMBERS, st.integers(0, 17), st.sampled_from("0123456789"), st.integers(0, 12))


@settings(deadline=None)
@given(st.lists(st.one_of(DAMAGED, DIGITS, st.text(max_size=6)), min_size=1, max_size=20, unique=True))
def test_a_column_reads_each_text_as_the_value_form_does(texts: list[str]) -> None:
    read = read_numbers(pa.chunked_array([texts]), AS_OF)
    assert read.text.tolist() == [read_one(text, AS_OF)[0] for text in texts]
    assert [key.decode() or None for key in read.key] == [key_of(n, AS_OF) if (n := read_one(t, AS_OF)[0]) else None for t in texts]
    has_key = np.isin(read.kind, [NumberKind.VALID, NumberKind.DERIVED, NumberKind.FOREIGN])
    assert has_key[read.key != b""].all()


@settings(deadline=None)
@given(st.lists(DAMAGED.filter(EIGHTEEN.fullmatch), min_size=1, max_size=10, unique=True))
def test_the_kind_of_a_number_of_full_length_is_told_by_its_check_digit_and_its_end(texts: list[str]) -> None:
    read = read_numbers(texts, AS_OF)
    expected = [
        NumberKind.VALID
        if key_of(text, AS_OF)
        else NumberKind.NO_DATE
        if has_checksum(text)
        else NumberKind.ROUNDED
        if is_rounded(text)
        else NumberKind.FAILING
        for text in texts
    ]
    assert read.kind.tolist() == expected


FIRST17 = st.text(st.sampled_from("0123456789"), min_size=17, max_size=17)


@given(st.lists(st.tuples(FIRST17, st.sampled_from(["", "0008", "0000", "6000", "1600", "000X"])), min_size=1, max_size=10))
def test_columns_have_the_check_digits_and_the_rounding_of_each_number(cases: list[tuple[str, str]]) -> None:
    numbers = [(first17 + "5")[: 18 - len(end)] + end for first17, end in cases]
    matrix = np.array(numbers, dtype="S18").view(np.uint8).reshape(-1, 18)
    of_standard = ["10X98765432"[sum(int(digit) * 2 ** (17 - at) for at, digit in enumerate(n[:17])) % 11] for n in numbers]
    assert bytes(check_digits(matrix[:, :17])).decode() == "".join(of_standard)
    assert [check_digit(number[:17]) for number in numbers] == of_standard
    assert are_rounded(matrix).tolist() == [is_rounded(number) for number in numbers]


def test_a_check_digit_of_other_than_17_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="17 digits"):
        check_digit("1101051949123100")


@given(st.lists(NUMBERS, max_size=10))
def test_columns_tell_birth_and_sex_as_one_number_does(numbers: list[str]) -> None:
    keys = np.array([*numbers, ""], dtype="S18")
    assert births_of(keys).tolist() == [*(day_of(birth_of(number)) for number in numbers), NO_DAY]
    assert sexes_of(keys).tolist() == [*(int(sex_of(number)) for number in numbers), 0]


@settings(deadline=None)
@given(
    st.lists(st.tuples(NUMBERS, st.integers(0, 17), st.sampled_from("0123456789"), st.integers(0, 12), NUMBERS), min_size=1, max_size=12)
)
def test_columns_and_one_pair_agree_on_damaged_numbers(cases: list[tuple[str, int, str, int, str]]) -> None:
    damaged = [damage(number, at, digit, how) for number, at, digit, how, _ in cases]
    for keys in ([case[0] for case in cases], [case[4] for case in cases]):
        levels = agreement_levels(np.array(damaged, dtype=object), np.array(keys, dtype="S18"))
        assert levels.tolist() == [number_likeness(text, key) for text, key in zip(damaged, keys, strict=True)]
    levels = text_agreement_levels(np.array(damaged, dtype=object), np.array(damaged[::-1], dtype=object))
    assert levels.tolist() == [text_likeness(*pair) for pair in zip(damaged, damaged[::-1], strict=True)]
    assert levels.tolist() == levels[::-1].tolist()


@settings(deadline=None, max_examples=30)
@given(NUMBERS, st.integers(0, 17), st.sampled_from("0123456789"), st.sampled_from([1, 2, 12]))
def test_one_slip_is_what_a_list_of_all_slips_says(number: str, at: int, digit: str, how: int) -> None:
    text = damage(number, at, digit, how)
    expected = number in set(one_slip_away(text)) and not has_checksum(text)
    assert (number_likeness(text, number) is NumberLikeness.ONE_SLIP) == expected


LEVELS = [
    (LONG, LONG, NumberLikeness.SAME),
    (SHORT, LONG, NumberLikeness.SAME),
    (SHORT[:-1] + "2", LONG, NumberLikeness.ONE_SLIP),
    (LONG[:16] + "9" + LONG[17], LONG, NumberLikeness.ONE_SLIP),
    (LONG[:3] + LONG[4] + LONG[3] + LONG[5:], LONG, NumberLikeness.ONE_SLIP),
    (WHOLE[:16] + "X2", WHOLE, NumberLikeness.ONE_SLIP),
    (LONG[:9] + LONG[10:], LONG, NumberLikeness.ONE_SLIP),
    (LONG[:15] + "000", LONG, NumberLikeness.PREFIX15),
    (f"{LONG[0]}.{LONG[1:15]}E+17", LONG, NumberLikeness.PREFIX15),
    (f"{LONG[0]}.{LONG[1:6]}E+17", LONG, NumberLikeness.HEAD),
    (f"{LONG[0]}.{LONG[1:4]}E+17", LONG, NumberLikeness.NONE),
    (LONG[:6] + "********" + LONG[14:], LONG, NumberLikeness.HEAD),
    (LONG[:2] + "*" * 14 + LONG[16:], LONG, NumberLikeness.NONE),
    ("9" + LONG[1:6] + "********" + LONG[14:], LONG, NumberLikeness.CONTRADICTS),
    ("2.40107E+17", LONG, NumberLikeness.CONTRADICTS),
    ("1.40107E+14", LONG, NumberLikeness.NONE),
    (with_check(LONG[:16] + "6"), LONG, NumberLikeness.CONTRADICTS),  # twins: neighbours in sequence, both numbers good
    ("24" + LONG[2:12] + "9" + LONG[13:], LONG, NumberLikeness.CONTRADICTS),
    (WHOLE[:17], LONG, NumberLikeness.CONTRADICTS),
    ("遗失", LONG, NumberLikeness.NONE),
    ("", LONG, NumberLikeness.NONE),
    (LONG, "", NumberLikeness.NONE),
]


@pytest.mark.parametrize(("text", "key", "level"), LEVELS)
def test_labelled_damage_has_its_level(text: str, key: str, level: NumberLikeness) -> None:
    assert agreement_levels(np.array([text], dtype=object), np.array([key], dtype="S18")).tolist() == [level]


TEXTS = [
    (LONG[:17], LONG[:17], NumberLikeness.SAME),
    (LONG[:15] + "000", LONG[:15] + "000", NumberLikeness.PREFIX15),
    ("1.40107E+17", "1.40107E+17", NumberLikeness.HEAD),
    ("1.40107E+17", "1.40108E+17", NumberLikeness.NONE),
    ("1.40107E+17", "140107198503120001", NumberLikeness.HEAD),
    ("140107198503120001", "140107198503120081", NumberLikeness.ONE_SLIP),
    ("140107198503120001", "140107198503120192", NumberLikeness.PREFIX15),
    ("140107198503120001", "140106198503190001", NumberLikeness.NONE),
    ("140107198503120001", "220381197611190001", NumberLikeness.CONTRADICTS),
    ("140107********0001", "140107198503120001", NumberLikeness.HEAD),
    ("140107********0001", "140107********0002", NumberLikeness.NONE),
    (None, "140107198503120001", NumberLikeness.NONE),
]


@pytest.mark.parametrize(("one", "other", "level"), TEXTS)
def test_labelled_pairs_of_damaged_texts_have_their_level(one: str | None, other: str, level: NumberLikeness) -> None:
    pair = np.array([one], dtype=object), np.array([other], dtype=object)
    assert text_agreement_levels(*pair).tolist() == text_agreement_levels(*pair[::-1]).tolist() == [level]
