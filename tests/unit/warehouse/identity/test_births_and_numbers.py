from datetime import date

import people
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.forms.id_number import has_checksum
from warehouse.identity.births import BirthLikeness, birth_likeness
from warehouse.identity.id_numbers import agreeing_digits, birth_of, is_failing, one_slip_away, sex_of

NUMBER = people.number("1985-03-12")


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (date(1985, 3, 12), date(1985, 3, 12), BirthLikeness.SAME),
        (date(1985, 3, 12), date(1985, 3, 13), BirthLikeness.NEAR),
        (date(1985, 3, 12), date(1985, 12, 3), BirthLikeness.NEAR),
        (date(1985, 3, 12), date(1985, 1, 1), BirthLikeness.NEAR),
        (date(1989, 3, 12), date(1990, 3, 12), BirthLikeness.NEAR),
        (date(1985, 2, 20), date(1985, 1, 1), BirthLikeness.NEAR),  # the lunar new year of 1985, too
        (date(1990, 10, 3), date(1990, 8, 15), BirthLikeness.NEAR),  # mid-autumn: the 15th of the eighth month
        (date(1985, 3, 12), date(1986, 4, 12), BirthLikeness.DIFFERENT),
        (date(1983, 6, 5), date(1944, 10, 27), BirthLikeness.DIFFERENT),
        (date(1985, 3, 12), None, BirthLikeness.NONE),
    ],
)
def test_labelled_birth_dates_have_their_level_both_ways(one: date, other: date | None, level: BirthLikeness) -> None:
    assert birth_likeness(one, other) is level
    assert birth_likeness(other, one) is level


def test_a_number_tells_birth_and_sex() -> None:
    assert birth_of(NUMBER) == date(1985, 3, 12)
    assert sex_of(NUMBER) == "1"
    assert sex_of(people.number("1985-03-12", "002")) == "2"


@given(st.integers(0, 17), st.sampled_from("0123456789"))
def test_a_wrong_digit_is_one_slip_from_the_right_number(position: int, digit: str) -> None:
    wrong = NUMBER[:position] + digit + NUMBER[position + 1 :]
    if wrong != NUMBER:
        assert is_failing(wrong)
        assert NUMBER in set(one_slip_away(wrong))


@given(st.integers(0, 16))
def test_two_swapped_digits_are_one_slip_and_every_suggestion_is_sound(position: int) -> None:
    wrong = NUMBER[:position] + NUMBER[position + 1] + NUMBER[position] + NUMBER[position + 2 :]
    if wrong != NUMBER:
        found = list(one_slip_away(wrong))
        assert NUMBER in found
        assert len(found) == len(set(found))
        assert all(has_checksum(other) for other in found)


@pytest.mark.parametrize(
    ("damaged", "digits"),
    [
        (NUMBER[:15] + "000", 15),
        (f"{NUMBER[0]}.{NUMBER[1:6]}E+17", 6),
        (NUMBER[:4] + "*" * 10 + NUMBER[14:], 8),
        (NUMBER[:17], 17),
        ("9" + NUMBER[1:15] + "000", None),
        ("2.49999E+17", None),
        ("150" + "*" * 11 + NUMBER[14:], None),
    ],
)
def test_a_damaged_number_supports_or_contradicts_a_whole_one(damaged: str, digits: int | None) -> None:
    assert agreeing_digits(damaged, NUMBER) == digits
