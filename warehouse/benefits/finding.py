"""What a benefit's rule answers: one row per subject, every condition with what it rests on; reasons are put into words row by row.

Columns decide, words explain: `reason` shows the same answers that `combine` took, so that a case read alone cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from warehouse.benefits.amounts import InForce
from warehouse.benefits.answers import OUTCOMES, Answer, combine, names_of
from warehouse.benefits.facts import NOBODY, Facts

RETURN_FEED = "handoff"
"""The source shown for days of return and times not counted; their rows are never named."""


@dataclass(frozen=True)
class Told:
    """What a condition looked at for one subject: a fact's name, its value, the row it comes from and its date."""

    fact: str
    value: Any = None
    feed: str | None = None
    source_key: str | None = None
    fact_date: date | None = None


@dataclass(frozen=True)
class Condition:
    """One condition for every subject: its answers, its citation, what it looked at, and the parameter it compares with.

    `tell` and the rows of `parameter` go by the subject's place among the subjects. `also`: parameters it takes in beside that one.
    """

    rule: str
    answer: Answer
    citation: str
    tell: Callable[[int], Told]
    parameter: InForce | None = None
    also: tuple[InForce, ...] = ()

    @property
    def rests_on(self) -> tuple[InForce, ...]:
        """Every parameter that it takes in."""
        return ((self.parameter,) if self.parameter else ()) + self.also


@dataclass(frozen=True)
class Findings:
    """One benefit's answers for all its subjects.

    `household`, `person`: places in the facts (NOBODY: none); a member row whose person is in doubt has the one it stands for alone.
    `member_row`: row of assistance_members the subject is, where it is one (-1 else). `payable`: millionths of a yuan, NOT_KNOWN where no
    amount is modelled. `region`: whose office looks at it, 0 where not known. `has_own_application`: the person asks for this very
    thing, or is registered for it, on the day.
    """

    benefit_code: str
    version: str
    household: np.ndarray
    person: np.ndarray
    member_row: np.ndarray
    conditions: tuple[Condition, ...]
    region: np.ndarray
    has_own_application: np.ndarray
    payable: np.ndarray

    @property
    def outcome(self) -> Answer:
        """The outcome of every subject, OUTCOMES by code, with the names of all that was not known."""
        return combine([condition.answer for condition in self.conditions])

    @property
    def is_station_only(self) -> np.ndarray:
        """For every subject: without assistance household and own application, for the station worker alone."""
        return (self.household == NOBODY) & ~self.has_own_application

    @property
    def is_sample(self) -> np.ndarray:
        """For every subject: an amount marked SAMPLE, which is invented, stands behind the answer."""
        found = np.zeros(len(self), dtype=bool)
        for one in self.rests_on:
            found |= one.is_sample
        return found

    @property
    def rests_on(self) -> tuple[InForce, ...]:
        """Every parameter that any condition takes in."""
        return tuple(one for condition in self.conditions for one in condition.rests_on)

    def __len__(self) -> int:
        return len(self.household)

    def take(self, rows: np.ndarray) -> Findings:
        """The findings of these subjects alone."""
        return Findings(
            self.benefit_code,
            self.version,
            self.household[rows],
            self.person[rows],
            self.member_row[rows],
            tuple(_take(condition, rows) for condition in self.conditions),
            self.region[rows],
            self.has_own_application[rows],
            self.payable[rows],
        )

    def reasons(self, row: int) -> list[dict[str, Any]]:
        """Every condition of one subject, in order."""
        return [reason(condition, row, self.version) for condition in self.conditions]

    def outcome_word(self, row: int) -> str:
        """likely, possible, unlikely or unknown."""
        return OUTCOMES[min(int(condition.answer.result[row]) for condition in self.conditions)]

    def missing_facts(self, row: int) -> list[str]:
        """Names of what was not known, sorted; empty for likely and possible."""
        return list(names_of(int(np.bitwise_or.reduce([condition.answer.missing[row] for condition in self.conditions]))))

    def key(self, row: int, facts: Facts) -> str:
        """What makes the finding one: benefit, household and person; the member's own row where no person is known."""
        household, person = int(self.household[row]), int(self.person[row])
        number = facts.households[household] if household != NOBODY else ""
        if self.member_row[row] < 0 and self.benefit_code in OF_HOUSEHOLD:
            return f"{self.benefit_code}|{number}|"
        who = (
            facts.persons[person]
            if person != NOBODY
            else f"row {facts.column('assistance_members', 'source_key')[int(self.member_row[row])]}"
        )
        return f"{self.benefit_code}|{number}|{who}"


OF_HOUSEHOLD = ("dibao", "dibao_marginal", "rigid_expenditure")
OF_PERSONS = ("temporary_assistance", "public_housing", "employment_assistance")


def rows_told(findings: Findings, households: np.ndarray, persons: np.ndarray) -> np.ndarray:
    """Rows of a benefit's findings that belong to these households and persons, each marked by its place in the facts.

    Facts of some subjects bring others along (a person's household, a household's members), whose findings another part tells.
    """
    if not len(findings):
        return np.array([], dtype=np.int64)
    return np.flatnonzero(persons[findings.person] if findings.benefit_code in OF_PERSONS else households[findings.household])


def reason(condition: Condition, row: int, version: str) -> dict[str, Any]:
    """One condition of one subject in the shape of published reasons."""
    told = condition.tell(row)
    return {
        "rule": condition.rule,
        "result": condition.answer.word(row),
        "fact": told.fact,
        "value": told.value,
        "source": {"feed": told.feed, "source_key": None if told.feed == RETURN_FEED else told.source_key},
        "fact_date": told.fact_date.isoformat() if told.fact_date else None,
        "parameter": _parameter(condition.parameter, row),
        "citation": condition.citation,
        "version": version,
    }


def _parameter(used: InForce | None, row: int) -> Mapping[str, Any] | None:
    if used is None:
        return None
    value = used.value(row)
    if value is None:
        region, residence = used.places.distinct[used.places.of_row[row]]
        return dict.fromkeys(("valid_from", "amount", "document")) | {"name": used.name_of(row), "region": region, "residence": residence}
    return {
        "name": value.name,
        "region": value.region,
        "residence": value.residence,
        "valid_from": value.valid_from.isoformat(),
        "amount": value.amount,
        "document": value.document,
    }


def _take(condition: Condition, rows: np.ndarray) -> Condition:
    return Condition(
        condition.rule,
        condition.answer.take(rows),
        condition.citation,
        lambda row: condition.tell(int(rows[row])),
        condition.parameter.take(rows) if condition.parameter else None,
        tuple(one.take(rows) for one in condition.also),
    )
