"""Flags of a handoff: hints for people that something is due or missing; none decides anything. Source: domain rules, section 5.

A flag is a row of `FLAGS`: its code, the states in which it can be open, who acts, and a pure predicate. The next flags join by
adding a row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from warehouse.handoffs.calendar import add_days
from warehouse.handoffs.deadlines import Deadlines
from warehouse.handoffs.facts import Facts, day_of
from warehouse.handoffs.rows import Case, Notice, RosterRow, SourceRow
from warehouse.handoffs.states import POST_STATES, PRE_STATES, State

RULE_VERSION = "2026-11"
EARLY_RELEASE = "2"
FEED_OF: Mapping[type[SourceRow], str] = {Notice: "release_notices", RosterRow: "centre_roster", Case: "aftercare_cases"}


@dataclass(frozen=True)
class Flag:
    """An open flag; `due_date` None where a needed calendar year is not loaded. `evidence` holds no personal value."""

    flag_code: str
    severity: str
    due_date: date | None
    owner_role: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What a predicate that holds says."""

    severity: str
    due_date: date | None
    rows: tuple[dict[str, str], ...] = ()
    parameters: tuple[str, ...] = ()
    cause: str | None = None


@dataclass(frozen=True)
class FlagRule:
    """One flag: `opens` answers with what was found, or None."""

    code: str
    states: tuple[str, ...]
    owner_role: str
    source: str
    opens: Callable[[Facts, Deadlines], Found | None]


def flags_of(state: State, facts: Facts, deadlines: Deadlines) -> list[Flag]:
    """Every flag open on the facts' day in this state, in the order of the table."""
    opened = []
    for rule in FLAGS:
        found = rule.opens(facts, deadlines) if state.state in rule.states else None
        if found:
            opened.append(Flag(rule.code, found.severity, found.due_date, rule.owner_role, _evidence(rule, found, facts)))
    return opened


def _evidence(rule: FlagRule, found: Found, facts: Facts) -> dict[str, Any]:
    evidence: dict[str, Any] = {"rule": RULE_VERSION, "source": rule.source, "rows": list(found.rows), "parameters": list(found.parameters)}
    return evidence | ({"cause": found.cause} if found.cause else {})


def _row(row: SourceRow | None, field_name: str, value_class: str) -> tuple[dict[str, str], ...]:
    if row is None:
        return ()
    return ({"feed": FEED_OF[type(row)], "source_key": row.source_key, "field": field_name, "value_class": value_class},)


def _lead_rows(facts: Facts, deadlines: Deadlines, release: date) -> tuple[str, ...]:
    return tuple(f"{v.name}/{v.region}/{v.residence}/{v.valid_from}" for v in deadlines.lead_parameters(facts, release))


def notice_missing(facts: Facts, deadlines: Deadlines) -> Found | None:
    """No valid notice although the last working day to send one has come (戒毒条例 34); critical from the legal latest day."""
    term = facts.term_date
    if facts.notice or term is None or (facts.expected_date is None and facts.withdrawn is None):
        return None
    legal = deadlines.legal_latest(facts, term)
    shown_from = deadlines.safe_latest(facts, term) or legal
    if shown_from is None or facts.as_of < shown_from:
        return None
    severity = "critical" if legal and facts.as_of >= legal else "warning"
    rows = _row(facts.roster, "expected_release_date", "date") + _row(facts.withdrawn, "notice_status_code", "withdrawn")
    return Found(severity, legal, rows, _lead_rows(facts, deadlines, term))


def notice_late(facts: Facts, deadlines: Deadlines) -> Found | None:
    """The notice is dated after the legal latest day (戒毒条例 34); an early release explains it (33)."""
    notice = facts.notice
    if notice is None or notice.notice_date is None or notice.expected_release_date is None:
        return None
    legal = deadlines.legal_latest(facts, notice.expected_release_date)
    if legal is None or notice.notice_date <= legal:
        return None
    is_early = notice.release_type_code == EARLY_RELEASE
    rows = _row(notice, "notice_date", "after legal latest")
    parameters = _lead_rows(facts, deadlines, notice.expected_release_date)
    return Found("info" if is_early else "warning", legal, rows, parameters, "EARLY_RELEASE" if is_early else None)


def pickup_unassigned(facts: Facts, _: Deadlines) -> Found | None:
    """The day before release has come and nobody is set to meet the person (戒毒条例 34)."""
    term = facts.term_date
    if term is None or facts.has_plan or (facts.expected_date is None and facts.withdrawn is None):
        return None
    due = add_days(term, -1)
    if facts.as_of < due:
        return None
    return Found(
        "critical",
        due,
        _row(facts.notice or facts.roster, "expected_release_date", "date") + _row(facts.case, "pickup_planned_at", "empty"),
    )


def released_unmet(facts: Facts, _: Deadlines) -> Found | None:
    """The person was released, nobody met them, and nobody has seen them since (戒毒条例 34)."""
    release = facts.release_date
    if facts.handover != "unmet" or release is None or facts.reported_date:
        return None
    done = (s.service_done_at for s in facts.services if s.service_result_code == "1")
    if any(at and at < facts.until_at and day_of(at) > release for at in done):
        return None
    told = [c for c in facts.cases if c.pickup_result_code]
    row = _row(told[-1], "pickup_result_code", "not met") if told else _row(facts.release_notice, "receiver_type_code", "nobody")
    return Found("critical", add_days(release, 1), row)


FLAGS: tuple[FlagRule, ...] = (
    FlagRule("NOTICE_MISSING", PRE_STATES, "centre_officer", "戒毒条例 34", notice_missing),
    FlagRule("NOTICE_LATE", (*PRE_STATES, "RELEASED", "UNMET"), "centre_officer", "戒毒条例 34, 33", notice_late),
    FlagRule("PICKUP_UNASSIGNED", PRE_STATES, "station_worker", "戒毒条例 34", pickup_unassigned),
    FlagRule("RELEASED_UNMET", POST_STATES, "police_officer", "戒毒条例 34", released_unmet),
)
