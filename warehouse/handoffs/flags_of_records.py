"""Flags about what we know rather than what anybody does: gaps in a story and rows of doubtful persons. Source: domain rules, section 5."""

from __future__ import annotations

from warehouse.handoffs.calendar import add_days
from warehouse.handoffs.flag_rules import CRITICAL, DATA_STEWARD, INFO, FlagRule, Found, Seen, audience
from warehouse.handoffs.situation import Situation
from warehouse.handoffs.states import FROZEN_STATES, POST_STATES, PRE_STATES

GAP_LOOKED_BACK_DAYS = 365
UNTIL_HANDOVER = 3


def sequence_gap(s: Situation) -> Found | None:
    """Of notice, release, handover, service, report and agreement one is missing while a later one is known.

    Only in the first year after the release; without an order only the first three are asked.
    """
    facts, term = s.facts, s.facts.term_date
    if term is None or not s.today.has_come(term) or s.today.is_past(add_days(term, GAP_LOOKED_BACK_DAYS)):
        return None
    steps = {
        "notice": facts.notice is not None,
        "release": facts.release_date is not None,
        "handover": facts.handover is not None,
        "served": facts.served_date is not None,
        "reported": facts.reported_date is not None,
        "agreed": facts.agreed_date is not None,
    }
    asked = list(steps)[:UNTIL_HANDOVER] if s.state.state == "NO_ORDER" else list(steps)
    last = max((position for position, step in enumerate(asked) if steps[step]), default=0)
    missing = [step for step in asked[:last] if not steps[step]]
    return Found(INFO, None, cause="MISSING:" + ",".join(missing)) if missing else None


def identity_conflict(s: Situation) -> Found | None:
    """Rows with this decision's or its order's number are linked to two persons, or one of them is under review."""
    doubts = s.facts.link_conflicts
    if not doubts:
        return None
    return Found(CRITICAL, None, tuple(Seen(doubt.feed, doubt.source_key, "person_id", doubt.doubt) for doubt in doubts))


RULES: tuple[FlagRule, ...] = (
    FlagRule("SEQUENCE_GAP", POST_STATES, DATA_STEWARD, audience("TS"), "house rule", sequence_gap),
    FlagRule(
        "IDENTITY_CONFLICT", (*PRE_STATES, *POST_STATES, *FROZEN_STATES), DATA_STEWARD, audience("T"), "house rule", identity_conflict
    ),
)
