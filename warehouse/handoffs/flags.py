"""The flags open on a handoff: hints for people that something is due or missing; none decides anything (个人信息保护法 24).

The rules stand in the modules of their phase; here they are one table, asked in its order. Source: domain rules, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from warehouse.handoffs import flags_after_release, flags_before_release, flags_of_records, flags_rehabilitation, flags_supervision
from warehouse.handoffs.flag_rules import Audience, FlagRule, Found, Seen, rows_of_term
from warehouse.handoffs.region_parameters import ParameterMissing
from warehouse.handoffs.situation import Situation
from warehouse.handoffs.states import PHASES
from warehouse.registry.parameters import ParameterValue

RULE_VERSION = "2026-11-22"

FLAGS: tuple[FlagRule, ...] = (
    *flags_before_release.RULES,
    *flags_after_release.RULES,
    *flags_rehabilitation.RULES,
    *flags_supervision.RULES,
    *flags_of_records.RULES,
)
AUDIENCE: Mapping[str, tuple[Audience, ...]] = {rule.code: rule.see for rule in FLAGS}
"""Who sees each flag; TEST_POSITIVE is told per flag (`Flag.see`): the station sees it only when a laboratory confirmed it."""
RULES_OF_STATE: Mapping[str, tuple[FlagRule, ...]] = {state: tuple(r for r in FLAGS if state in r.states) for state in PHASES}


@dataclass(frozen=True, slots=True)
class Flag:
    """An open flag; `due_date` None where none runs or a needed calendar year is not loaded. `evidence` holds no personal value."""

    flag_code: str
    severity: str
    due_date: date | None
    owner_role: str
    see: tuple[Audience, ...]
    evidence: Mapping[str, Any] = field(default_factory=dict)


def flags_of(situation: Situation) -> list[Flag]:
    """Every flag open in this situation, in the order of the table.

    A flag whose parameter has no value for its region is not raised; the deadlines keep (name, region) for the operator.
    """
    opened = []
    terms = situation.terms
    for rule in RULES_OF_STATE[situation.state.state]:
        terms.used.clear()
        try:
            found = rule.opens(situation)
        except ParameterMissing:
            continue
        if found:
            evidence = _evidence(rule, found, found.rows or rows_of_term(situation.facts), terms.used)
            opened.append(Flag(rule.code, found.severity, found.due_date, rule.owner_role, found.see or rule.see, evidence))
    return opened


def _evidence(rule: FlagRule, found: Found, rows: tuple[Seen, ...], used: list[ParameterValue]) -> dict[str, Any]:
    parameters = dict.fromkeys(f"{v.name}/{v.region}/{v.residence}/{v.valid_from}" for v in used)
    evidence: dict[str, Any] = {
        "rule": RULE_VERSION,
        "source": rule.source,
        "rows": [{"feed": row.feed, "source_key": row.source_key, "field": row.field, "value_class": row.value_class} for row in rows],
        "parameters": list(parameters),
        "see": [str(one) for one in found.see or rule.see],
    }
    return evidence | ({"cause": found.cause} if found.cause else {})
