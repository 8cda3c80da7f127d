"""Every flag stands on a row: one that says something is missing, and names no row of its own, on a row of its episode."""

from __future__ import annotations

from dataclasses import replace

from warehouse.handoffs.facts import Facts
from warehouse.handoffs.flag_rules import FEED_OF
from warehouse.handoffs.flags import Flag


def grounded(flags: tuple[Flag, ...], facts: Facts) -> tuple[Flag, ...]:
    """The flags, each with at least one row as evidence."""
    return tuple(flag if flag.evidence["rows"] else _on_episode(flag, facts) for flag in flags)


def _on_episode(flag: Flag, facts: Facts) -> Flag:
    rows = (facts.release_notice, facts.notice, facts.roster, facts.withdrawn, facts.order, *facts.cases)
    row = next(row for row in rows if row)
    ground = {"feed": FEED_OF[type(row)], "source_key": row.source_key, "field": "decision_number", "value_class": "the episode's"}
    return replace(flag, evidence={**flag.evidence, "rows": [ground]})
