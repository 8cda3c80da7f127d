"""What a parameter file would change, before it goes live: findings that turn out otherwise, by region, benefit and outcome.

Both answers are for one day, the first on which the file's values count; nothing is stored. Examples are masked: no person, and of a
household number the county and the last two digits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from warehouse.benefits.all_benefits import findings_of
from warehouse.benefits.amounts import NOT_KNOWN
from warehouse.benefits.answers import OUTCOMES
from warehouse.benefits.facts import NOBODY, Facts
from warehouse.benefits.finding import Findings, rows_told
from warehouse.benefits.membership import first_digits
from warehouse.benefits.situation import situation_of
from warehouse.registry.parameters import ParameterFileRefused, Parameters, ParameterValue, problems_of

EXAMPLES = 20
NO_FINDING = "no finding"
SUBJECT = ["benefit_code", "household", "person", "member_row"]


@dataclass(frozen=True)
class Part:
    """Facts of some subjects; a finding is counted in the part that has its household, or for a benefit of persons its person."""

    facts: Facts
    households: Collection[str]
    persons: Collection[str]


@dataclass(frozen=True)
class Turn:
    """One way findings turn out otherwise: county, benefit, outcome before and after; the same twice: only the amount differs."""

    county: str
    benefit_code: str
    was: str
    will_be: str


@dataclass
class Rehearsal:
    """The findings of `day` under the loaded parameters and with the file's: how many there are, how many turn, which for example."""

    day: date
    changed_values: tuple[ParameterValue, ...]
    findings: int = 0
    turns: Counter[Turn] = field(default_factory=Counter)
    examples: list[tuple[str, Turn]] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """How many findings turn out otherwise."""
        return sum(self.turns.values())


def with_values(loaded: Parameters, given: Parameters) -> tuple[Parameters, tuple[ParameterValue, ...]]:
    """The parameters as they would stand with the file loaded, and its values that are new or others.

    Raises:
        ParameterFileRefused: the file's periods overlap with values that are loaded.
    """
    before = {value.key: value for value in loaded.values}
    merged = before | {value.key: value for value in given.values}
    problems = problems_of(given.parameters.values(), merged.values())
    if problems:
        raise ParameterFileRefused("the file does not fit the loaded parameters: " + "; ".join(problems))
    changed = tuple(value for value in given.values if before.get(value.key) != value)
    return Parameters({**loaded.parameters, **given.parameters}, tuple(merged.values())), changed


def day_of_activation(changed: Sequence[ParameterValue], today: date) -> date:
    """The first day on which all of these values count, today when they already do."""
    return max((value.valid_from for value in changed), default=today)


def rehearse(parts: Iterable[Part], loaded: Parameters, given: Parameters, today: date, day: date | None = None) -> Rehearsal:
    """What the file would change in the findings of these parts' subjects; no subject may be in two parts.

    Args:
        day: the day looked at instead of the day of activation (never before today).
    """
    future, changed = with_values(loaded, given)
    told = Rehearsal(day or max(today, day_of_activation(changed, today)), changed)
    for part in parts:
        before, after = (_frame(_told(part, parameters, told.day)) for parameters in (loaded, future))
        both = before.merge(after, on=SUBJECT, how="outer", suffixes=("_was", "_will_be"))
        told.findings += len(both)
        _count(told, both, part.facts)
    return told


def _told(part: Part, parameters: Parameters, day: date) -> Iterable[Findings]:
    facts = part.facts
    households, persons = (
        np.isin(names.astype(str), np.asarray(list(wanted), dtype=str))
        for names, wanted in ((facts.households, part.households), (facts.persons, part.persons))
    )
    return (found.take(rows_told(found, households, persons)) for found in findings_of(situation_of(facts, parameters, day)))


def _frame(found: Iterable[Findings]) -> pd.DataFrame:
    """One row per finding: whose, where, the outcome and the amount."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "benefit_code": one.benefit_code,
                    "household": one.household,
                    "person": one.person,
                    "member_row": one.member_row,
                    "county": first_digits(one.region, 6),
                    "outcome": np.array(OUTCOMES)[one.outcome.result],
                    "payable": one.payable,
                }
            )
            for one in found
        ],
        ignore_index=True,
    )


def _count(told: Rehearsal, both: pd.DataFrame, facts: Facts) -> None:
    was, will_be = (both[f"outcome_{when}"].fillna(NO_FINDING) for when in ("was", "will_be"))
    amounts = [both[f"payable_{when}"].fillna(NOT_KNOWN) for when in ("was", "will_be")]
    county = both["county_was"].fillna(both["county_will_be"]).astype("int64")
    for place in np.flatnonzero((was != will_be) | (amounts[0] != amounts[1])).tolist():
        code = int(county.iat[place])
        turn = Turn(str(code) if code else "", str(both["benefit_code"].iat[place]), was.iat[place], will_be.iat[place])
        told.turns[turn] += 1
        if len(told.examples) < EXAMPLES:
            told.examples.append((masked(facts, int(both["household"].iat[place])), turn))


def masked(facts: Facts, household: int) -> str:
    """A household number of which only the county and the last two digits can be read; without a household only that."""
    if household == NOBODY:
        return "no household"
    number = str(facts.households[household])
    return f"{number[:6]}{'*' * max(len(number) - 8, 4)}{number[-2:]}" if len(number) > 8 else "*" * len(number)
