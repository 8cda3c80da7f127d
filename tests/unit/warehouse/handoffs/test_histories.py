"""Whatever the order, repetition and grouping in which a story reaches us, the same rows are current and the same handoff comes out."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import episodes as e
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_episodes import DIRECTORY, RandomEpisodes

from warehouse.handoffs.handoff import Handoff, handoff_of
from warehouse.handoffs.routing import Stations
from warehouse.handoffs.rows import Episode, SourceRow

DAY = date(2026, 11, 20)
RULES, STATIONS = e.deadlines(*DIRECTORY), Stations(DIRECTORY)
PARTS = ("notices", "roster", "orders", "cases", "services", "registered", "tests", "violations", "assessments")
CARRIED = ("services", "tests", "violations", "assessments")
Version = tuple[str, SourceRow]


def history_of(final: Episode, chance: random.Random) -> list[Version]:
    """Versions that end in the episode's rows: some rows were first told otherwise, with fields empty or of a neighbour row."""
    told: list[Version] = []
    for part in PARTS:
        for row in getattr(final, part):
            told.append((part, row))
            for age in range(1, chance.choice((1, 1, 2, 3))):
                told.append((part, _earlier(row, age, chance)))
    return told


def _earlier(row: Any, age: int, chance: random.Random) -> SourceRow:
    optional = [name for name, default in row._field_defaults.items() if default is None and chance.random() < 0.5]
    return row._replace(source_updated_at=row.source_updated_at - timedelta(hours=age), **dict.fromkeys(optional))


def episode_after(batches: Iterable[Iterable[Version]], final: Episode) -> Episode:
    """The episode as staging would have it after the batches: of each key the latest change is current (agreement section 2)."""
    current: dict[tuple[str, str], SourceRow] = {}
    for batch in batches:
        for part, row in batch:
            known = current.get((part, row.source_key))
            if known is None or row.source_updated_at >= known.source_updated_at:
                current.pop((part, row.source_key), None)  # as a database would, a changed row moves to the end
                current[part, row.source_key] = row
    rows: dict[str, list[Any]] = {part: [] for part in PARTS}
    for (part, _), row in current.items():
        rows[part].append(row)
    return replace(final, **{part: tuple(found) for part, found in rows.items()})


def batches_of(told: list[Version], chance: random.Random) -> Iterator[list[Version]]:
    """The versions in another order, some twice, cut into batches of one to all."""
    arrived = told + chance.sample(told, chance.randint(0, len(told)))
    chance.shuffle(arrived)
    while arrived:
        size = chance.randint(1, len(arrived))
        yield arrived[:size]
        del arrived[:size]


def worked_out(episode: Episode, as_of: date) -> Handoff | None:
    """The handoff; rows the facts only carry along are put in order, for no rule asks for their order.

    `wakes_on` is left out: a rule that found its answer in one row asks no further, so it may wake earlier than it must.
    """
    found = handoff_of(episode, as_of, RULES, STATIONS).handoff
    if found is None:
        return None
    carried: dict[str, Any] = {name: tuple(sorted(getattr(found.facts, name), key=lambda row: row.source_key)) for name in CARRIED}
    return replace(found, facts=replace(found.facts, **carried))


def agrees_however_it_arrives(seed: int) -> None:
    chance = random.Random(seed)
    final = RandomEpisodes(DAY, seed).next()
    as_of = DAY + timedelta(days=chance.randint(-60, 60))
    told = history_of(final, chance)
    in_order = sorted(told, key=lambda version: (version[1].source_updated_at, version[0], version[1].source_key))
    expected = worked_out(episode_after([in_order], final), as_of)
    assert worked_out(episode_after(batches_of(told, chance), final), as_of) == expected
    assert worked_out(final, as_of) == expected


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_a_history_gives_the_same_handoff_however_it_is_permuted_repeated_and_split(seed: int) -> None:
    agrees_however_it_arrives(seed)


@pytest.mark.slow
@settings(max_examples=10_000, deadline=None)
@given(st.integers(0, 2**32))
def test_ten_thousand_histories_give_the_same_handoff_however_they_arrive(seed: int) -> None:
    agrees_however_it_arrives(seed)


def test_histories_are_not_all_alike() -> None:
    outcomes = [worked_out(RandomEpisodes(DAY, seed).next(), DAY) for seed in range(300)]
    states = {found.state.state for found in outcomes if found}
    codes = {flag.flag_code for found in outcomes if found for flag in found.flags}
    assert len(states) > 12
    assert len(codes) > 25
