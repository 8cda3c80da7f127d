"""Boundary cases in threes: the day before, the day itself, and the fact missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import episodes as e

from warehouse.handoffs.deadlines import Deadlines
from warehouse.handoffs.flags import FLAGS
from warehouse.handoffs.rows import Organization

RULE = {rule.code: rule for rule in FLAGS}


@dataclass(frozen=True)
class Boundary:
    """A flag opens on `opens_on`, not the day before, with this due date; `turns` is the day its severity becomes `then`.

    `without`: changes of the rows under which it stays shut on the day it would open. `shuts_on`: the first day on which it is
    over by time alone.
    """

    code: str
    rows: Sequence[Any]
    opens_on: date
    due: date | None
    severity: str
    turns: date | None = None
    then: str | None = None
    shuts_on: date | None = None
    without: Sequence[Sequence[Any]] = ()
    stations: Sequence[Organization] = ()
    is_open_before: bool = False
    rules: Deadlines | None = None
    parts: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code} on {self.opens_on}"

    def on(self, day: date, rows: Sequence[Any] | None = None) -> tuple[str, date | None] | None:
        """Severity and due date of the flag on the day, None where it is shut."""
        given = self.rows if rows is None else rows
        flag = e.opened(*given, as_of=day, rules=self.rules, stations=self.stations, **self.parts).get(self.code)
        return (flag.severity, flag.due_date) if flag else None


def holds(boundary: Boundary) -> None:
    """The flag keeps to its boundary on both sides and stays shut without the facts it stands on."""
    opened = (boundary.severity, boundary.due)
    assert boundary.on(boundary.opens_on) == opened
    assert boundary.on(boundary.opens_on - e.DAY) == (opened if boundary.is_open_before else None)
    if boundary.turns:
        assert boundary.on(boundary.turns - e.DAY) == opened
        assert boundary.on(boundary.turns) == (boundary.then, boundary.due)
    if boundary.shuts_on:
        assert boundary.on(boundary.shuts_on - e.DAY) is not None
        assert boundary.on(boundary.shuts_on) is None
    for rows in boundary.without:
        assert boundary.on(boundary.opens_on, rows) is None
    flag = e.opened(
        *boundary.rows, as_of=boundary.opens_on, rules=boundary.rules, stations=boundary.stations, **boundary.parts
    )[boundary.code]  # fmt: skip
    assert flag.evidence["source"] == RULE[boundary.code].source
