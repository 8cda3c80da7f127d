"""What a flag rule is: a row of the table of flags with a pure predicate, and what a predicate that holds answers.

Source: domain rules, section 5. A predicate never asks for the phase: the rule's states do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from warehouse.handoffs.facts import Facts
from warehouse.handoffs.rows import (
    Case,
    DrugTest,
    LeaveViolation,
    Notice,
    Order,
    RegisteredPerson,
    RiskAssessment,
    RosterRow,
    Service,
    SourceRow,
)
from warehouse.handoffs.situation import Situation

INFO, WARNING, CRITICAL = "info", "warning", "critical"
CENTRE_OFFICER, STATION_WORKER, POLICE_OFFICER = "centre_officer", "station_worker", "police_officer"
COORDINATOR, OPERATOR, DATA_STEWARD = "coordinator", "operator", "data_steward"
FEED_OF: dict[type[SourceRow], str] = {
    Notice: "release_notices",
    RosterRow: "centre_roster",
    Order: "community_orders",
    Case: "aftercare_cases",
    Service: "aftercare_services",
    RegisteredPerson: "registered_persons",
    DrugTest: "drug_tests",
    LeaveViolation: "leave_violations",
    RiskAssessment: "risk_assessments",
}


class Audience(StrEnum):
    """Who sees a flag: the responsible station (during a transfer both), the centre, the police of the responsible and the hukou
    station, the coordinator (never a test result), the operator, the data steward."""

    STATION = "S"
    CENTRE = "C"
    POLICE = "P"
    COORDINATOR = "K"
    OPERATOR = "O"
    STEWARD = "T"


def audience(letters: str) -> tuple[Audience, ...]:
    """The audience of letters such as `CSP`, in their order."""
    return tuple(Audience(letter) for letter in letters)


class Seen(NamedTuple):
    """One row a flag stands on: which field of it, and the class of its value; never the value."""

    feed: str
    source_key: str
    field: str
    value_class: str


class Found(NamedTuple):
    """What a predicate that holds says. `due_date` None: no day runs, or a calendar year it needs is not loaded.

    `cause`: why, where the rule tells causes apart. `see`: the audience where it is another than the rule's.
    """

    severity: str
    due_date: date | None
    rows: tuple[Seen, ...] = ()
    cause: str | None = None
    see: tuple[Audience, ...] | None = None


@dataclass(frozen=True, slots=True)
class FlagRule:
    """One flag: `opens` answers with what was found, or None. `states`: where it can be open; `see`: who sees it."""

    code: str
    states: tuple[str, ...]
    owner_role: str
    see: tuple[Audience, ...]
    source: str
    opens: Callable[[Situation], Found | None]


def seen(row: SourceRow | None, field: str, value_class: str) -> tuple[Seen, ...]:
    """The row as evidence; nothing for no row."""
    return (Seen(FEED_OF[type(row)], row.source_key, field, value_class),) if row is not None else ()


def seen_all(rows: Iterable[SourceRow], field: str, value_class: str) -> tuple[Seen, ...]:
    """Rows as evidence, in order of their keys."""
    return tuple(one for row in sorted(rows, key=lambda row: row.source_key) for one in seen(row, field, value_class))


def rows_of_term(facts: Facts) -> tuple[Seen, ...]:
    """The row that told the term date: what a flag stands on when all it says is that something is not there."""
    if facts.release_date:
        return seen(facts.release_notice, "actual_released_at", "date") or seen(facts.roster, "custody_state_date", "date")
    for row in (facts.notice, facts.roster, facts.withdrawn):
        if row is not None and row.expected_release_date:
            return seen(row, "expected_release_date", "date")
    told = seen(facts.roster, "custody_state_date", "date") or seen(facts.order, "order_date", "date")
    return told or seen_all(facts.cases, "report_date", "date")
