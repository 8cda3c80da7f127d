import random
from datetime import date, timedelta

import episodes as e
import pytest
from random_episodes import DIRECTORY, RandomEpisodes

from warehouse.handoffs.handoff import handoff_of
from warehouse.handoffs.routing import Stations
from warehouse.handoffs.today import Today

DAY = date(2026, 11, 20)


def test_a_day_remembers_the_first_later_day_that_changes_an_answer() -> None:
    today = Today(DAY)
    assert today.wakes_on is None
    assert (today.has_come(DAY), today.is_past(DAY - e.DAY), today.has_happened(e.noon(DAY)), today.wakes_on) == (True, True, True, None)
    assert (today.has_come(DAY + 9 * e.DAY), today.wakes_on) == (False, DAY + 9 * e.DAY)
    assert (today.is_past(DAY + 4 * e.DAY), today.wakes_on) == (False, DAY + 5 * e.DAY)
    assert (today.has_happened(e.noon(DAY + 3 * e.DAY)), today.wakes_on) == (False, DAY + 3 * e.DAY)
    assert (today.is_past(DAY), today.wakes_on) == (False, DAY + e.DAY)


def test_a_day_asked_about_nothing_says_no_and_sleeps() -> None:
    today = Today(DAY)
    assert (today.has_come(None), today.is_past(None), today.has_happened(None), today.wakes_on) == (False, False, False, None)


def test_months_bounds_and_open_ends_wake_at_their_next_step() -> None:
    months, bounds, ends = Today(DAY), Today(DAY), Today(DAY)
    assert (months.month_start(), months.wakes_on) == (date(2026, 11, 1), date(2026, 12, 1))
    assert (bounds.days_come((DAY - e.DAY, DAY, DAY + 7 * e.DAY)), bounds.wakes_on) == (2, DAY + 7 * e.DAY)
    assert (ends.capped(DAY - e.DAY), ends.wakes_on) == (DAY - e.DAY, None)
    assert (ends.capped(None), ends.wakes_on) == (DAY, DAY + e.DAY)


def test_the_last_second_of_a_day_has_happened_and_midnight_has_not() -> None:
    midnight = e.noon(DAY) + timedelta(hours=12)
    assert Today(DAY).has_happened(midnight - timedelta(seconds=1))
    assert not Today(DAY).has_happened(midnight)
    assert Today(DAY + e.DAY).has_happened(midnight)


@pytest.mark.parametrize("count", [400, pytest.param(10_000, marks=pytest.mark.slow)])
def test_until_it_wakes_a_handoff_stays_as_it_is(count: int) -> None:
    """Whatever the rows: on every day before `wakes_on` the same handoff comes out, and on that day often another."""
    chance, episodes = random.Random(7), RandomEpisodes(DAY, seed=20261120)
    rules, stations = e.deadlines(*DIRECTORY), Stations(DIRECTORY)
    changed = 0
    for number in range(count):
        episode = episodes.next()
        as_of = DAY + timedelta(days=chance.randint(-60, 60))
        known = handoff_of(episode, as_of, rules, stations)
        asleep = (known.wakes_on or as_of + timedelta(days=900)) - e.DAY
        for day in {asleep, as_of + timedelta(days=chance.randint(0, (asleep - as_of).days))}:
            later = handoff_of(episode, day, rules, stations)
            assert (later.handoff, later.wakes_on) == (known.handoff, known.wakes_on), f"episode {number} from {as_of} to {day}"
        changed += known.wakes_on is not None and handoff_of(episode, known.wakes_on, rules, stations).handoff != known.handoff
    assert changed > count // 5
