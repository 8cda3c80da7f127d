from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.identity.births import NO_DAY, BirthLikeness, birth_levels, birth_likeness, day_of

DAYS = st.dates(date(1905, 1, 1), date(2026, 12, 31))
ANY = st.dates() | st.none()


def levels_of(pairs: list[tuple[date | None, date | None]]) -> list[int]:
    one, other = (np.array([day_of(pair[side]) for pair in pairs], dtype=np.int32) for side in (0, 1))
    return birth_levels(one, other).tolist()


def slips(day: date) -> list[date]:
    """Every real day one written digit, or a year, from the day, its first of January and the days a lunar date may be."""
    texts = {f"{day:%Y%m%d}"[:i] + digit + f"{day:%Y%m%d}"[i + 1 :] for i in range(8) for digit in "0123456789"}
    texts |= {f"{day.year}{day.day:02d}{day.month:02d}", f"{day.year}0101", f"{day.year - 1}{day:%m%d}", f"{day.year + 1}{day:%m%d}"}
    found = []
    for text in sorted(texts):
        try:
            found.append(date(int(text[:4]), int(text[4:6]), int(text[6:])))
        except ValueError:
            continue
    return found + [day + timedelta(days=lag) for lag in range(-55, 56)]


@given(DAYS)
@settings(max_examples=40, deadline=None)
def test_columns_and_one_pair_agree_around_a_day(day: date) -> None:
    pairs = [(day, other) for other in slips(day)]
    assert levels_of(pairs) == [birth_likeness(*pair) for pair in pairs]


@settings(deadline=None)
@given(st.lists(st.tuples(ANY, ANY), min_size=1, max_size=20))
def test_columns_and_one_pair_agree_on_any_days(pairs: list[tuple[date | None, date | None]]) -> None:
    assert levels_of(pairs) == [birth_likeness(*pair) for pair in pairs]


def test_a_lunar_date_in_a_leap_month_is_near_its_day() -> None:
    # 2020 had the fourth month twice: 2020-06-01 is the tenth of the second one, written 4-10.
    assert birth_likeness(date(2020, 6, 1), date(2020, 4, 10)) is BirthLikeness.NEAR
    assert levels_of([(date(2020, 6, 1), date(2020, 4, 10)), (date(2020, 4, 10), date(2020, 6, 1))]) == [BirthLikeness.NEAR] * 2


def test_days_the_lunar_table_does_not_hold_have_no_lunar_date() -> None:
    pairs = [(date(1900, 1, 30), date(1900, 3, 17)), (date(2149, 1, 1), date(2147, 3, 12))]
    assert levels_of(pairs) == [BirthLikeness.DIFFERENT] * 2


def test_an_unknown_day_is_no_evidence_and_an_empty_column_is_answered_empty() -> None:
    assert levels_of([(None, None), (None, date(1990, 1, 1))]) == [BirthLikeness.NONE] * 2
    assert day_of(None) == NO_DAY
    assert len(birth_levels(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32))) == 0
