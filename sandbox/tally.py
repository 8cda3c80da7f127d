"""Counts for the demo's last page: open flags, findings, changes of households, messages. By code only; never of a person.

A count is a count of everybody in a fictional province; a real page would hide small cells first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

SEVERITIES = ("critical", "warning", "info")
OUTCOMES = ("likely", "possible", "unlikely", "unknown")
MESSAGE_STATES = ("sent", "waiting", "sending", "dropped", "dead")
Counts = dict[tuple[str, str], int]


@dataclass(frozen=True)
class Tally:
    """How many of what.

    Attributes:
        open_flags: of handoffs and of aftercare cases, by (whose, severity).
        findings: by (benefit, outcome).
        household_flags: by (flag, neutral reason).
        messages: by (audience, state).
        sample_parameters: how many parameter values are invented, and how many there are.
    """

    open_flags: Counts = field(default_factory=dict)
    findings: Counts = field(default_factory=dict)
    household_flags: Counts = field(default_factory=dict)
    messages: Counts = field(default_factory=dict)
    sample_parameters: tuple[int, int] = (0, 0)


def read(connection: psycopg.Connection[Any]) -> Tally:
    """The published state of this moment."""
    samples = connection.execute(
        "select count(*) filter (where document like 'SAMPLE%'), count(*) from registry.parameter_value"
    ).fetchone()
    return Tally(
        _counted(
            connection,
            "select 'releases', severity, count(*) from published.handoff_flags where status = 'open' group by 2 union all "
            "select 'aftercare cases', severity, count(*) from published.case_flags where status = 'open' group by 2",
        ),
        _counted(connection, "select benefit_code, outcome, count(*) from published.findings group by 1, 2"),
        _counted(connection, "select flag_code, neutral_reason_code, count(*) from published.household_flags group by 1, 2"),
        _counted(
            connection, "select audience, state, count(*) from outbox.message join outbox.recipient using (recipient_id) group by 1, 2"
        ),
        (int(samples[0]), int(samples[1])) if samples else (0, 0),
    )


def sections(tally: Tally) -> list[tuple[str, list[Sequence[object]], str]]:
    """(title, table with its header, closing words) of each part."""
    invented, all_values = tally.sample_parameters
    return [
        ("OPEN FLAGS", _crossed(tally.open_flags, "of", SEVERITIES), ""),
        (
            "WHO MAY BE ENTITLED TO WHAT (hints to a clerk, not decisions)",
            _crossed(tally.findings, "benefit", OUTCOMES),
            f"SAMPLE amounts: {invented:,} of {all_values:,} parameter values are invented; no line above is about a real standard."
            if invented
            else "",
        ),
        ("CHANGES OF HOUSEHOLDS", [("flag", "neutral reason", "count"), *((*k, n) for k, n in sorted(tally.household_flags.items()))], ""),
        (
            "MESSAGES",
            _crossed(tally.messages, "to", MESSAGE_STATES),
            "What is not critical waits for the round of the next morning, which a rehearsed day never reaches."
            if tally.messages
            else "Nobody is told before an office is registered (python -m warehouse register-recipient).",
        ),
    ]


def _crossed(counts: Counts, name: str, columns: Sequence[str]) -> list[Sequence[object]]:
    """A header, and a line for each first code with the counts of every column that occurs."""
    used = [column for column in columns if any(second == column for _, second in counts)]
    used += sorted({second for _, second in counts} - set(columns))
    return [(name, *used), *((first, *(counts.get((first, column), 0) for column in used)) for first in sorted({f for f, _ in counts}))]


def _counted(connection: psycopg.Connection[Any], query: str) -> Counts:
    return {(str(first), str(second)): int(count) for first, second, count in connection.execute(query)}
