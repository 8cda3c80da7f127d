"""What becomes of a pushed batch after its answer: taken up by a run, and carried when what follows from it was published.

A run takes up every decided batch before it links, so that its own look at the rows is later than their commit; it marks them as
carried after it has published. A batch whose run failed stays uncarried, and is taken up again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from core.clock import now_at

UNDECIDED = timedelta(minutes=1)

UNCARRIED = (
    "select p.landing_batch_id, p.taken_up_at is null as is_fresh from landing.push p "
    "join landing.batch b on b.batch_id = p.landing_batch_id where p.carried_at is null "
    "and (b.state not in ('landed', 'held') or (b.state = 'landed' and p.received_at < %(before)s))"
)
"""Batches that wait to be carried, and whether no run has taken them up yet; `before`: as of `undecided_before`. For a bare driver."""


def undecided_before() -> datetime:
    """A batch that came earlier and is not decided yet is one whose server died."""
    return now_at() - UNDECIDED


def left_undecided(connection: Connection) -> list[int]:
    """Pushed batches whose server died before it decided them."""
    found = connection.execute(
        text(
            "select b.batch_id from landing.push p join landing.batch b on b.batch_id = p.landing_batch_id "
            "where p.carried_at is null and b.state = 'landed' and p.received_at < :before order by 1"
        ),
        {"before": undecided_before()},
    )
    return list(found.scalars())


def take_up(connection: Connection) -> list[int]:
    """Every decided batch that is not carried is this run's; gives their numbers."""
    taken = connection.execute(
        text(
            "update landing.push p set taken_up_at = :now from landing.batch b where b.batch_id = p.landing_batch_id "
            "and p.carried_at is null and b.state not in ('landed', 'held') returning p.landing_batch_id"
        ),
        {"now": now_at()},
    )
    return sorted(taken.scalars())


def mark_carried(connection: Connection, batch_ids: Sequence[int]) -> None:
    """What follows from these batches is published."""
    connection.execute(
        text("update landing.push set carried_at = :now where landing_batch_id = any(:ids) and carried_at is null"),
        {"ids": list(batch_ids), "now": now_at()},
    )


@dataclass
class Bell:
    """Decides when to call for a run: once for all that came since the last run began, and again when nothing came of it.

    Attributes:
        again_seconds: after this long without effect the call counts as lost, or its run as failed.
    """

    again_seconds: float = 120.0
    called_for: set[int] = field(default_factory=set)
    called_at: float = float("-inf")

    def rings(self, waiting: dict[int, bool], now_seconds: float) -> bool:
        """True when a run is to be called now. `waiting`: batch number to whether no run has taken it up yet."""
        fresh = {batch for batch, is_fresh in waiting.items() if is_fresh}
        is_awaited = bool(self.called_for & fresh)  # the run called for has not begun: it will take the new ones too
        is_lost = bool(waiting) and now_seconds - self.called_at >= self.again_seconds
        if not is_lost and (not fresh or is_awaited):
            return False
        self.called_for, self.called_at = set(waiting), now_seconds
        return True
