"""What a steward's decision on two rows is worth: how much hangs on it, how unsure we are, how soon it is felt."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from warehouse.identity.memory import Key


@dataclass(frozen=True)
class Worth:
    """What makes a decision worth a steward's time. Chosen, not measured: reasons beside each."""

    # One more feed is one more agency whose facts reach (or miss) the person; rows of a feed repeat each other, so they count by
    # their logarithm: a household's sixty payments do not outrank five agencies.
    per_feed: float = 1.0
    per_doubling_of_rows: float = 0.5
    # A person about to come home: a wrong or missing link is felt within days, and cannot be made good afterwards.
    release_notice: float = 2.0
    open_handoff: float = 1.5
    # Even where the model is nearly sure the question is not worth nothing: it was asked because a rule forbids to decide alone.
    least_uncertainty: float = 0.05


WORTH = Worth()


@dataclass(frozen=True)
class Hanging:
    """What hangs on a decision: rows and feeds of both sides, and whether a release is near for either."""

    rows: int = 0
    feeds: frozenset[str] = frozenset()
    has_release_notice: bool = False
    has_open_handoff: bool = False


def value_of(odds: float | None, hanging: Hanging, worth: Worth = WORTH) -> float:
    """What deciding is worth: how much hangs on it, times how unsure we are, more when a release is near.

    Args:
        odds: natural logarithm of the model's odds; None (rules contradict each other, no model was asked) counts as fully unsure.
    """
    reach = worth.per_feed * len(hanging.feeds) + worth.per_doubling_of_rows * math.log2(1 + hanging.rows)
    sure = 0.0 if odds is None else math.tanh(odds / 2) ** 2  # 4 p (1 - p) = 1 - tanh(odds / 2)^2
    urgency = (worth.release_notice if hanging.has_release_notice else 1.0) * (worth.open_handoff if hanging.has_open_handoff else 1.0)
    return reach * max(1.0 - sure, worth.least_uncertainty) * urgency


def together(sides: Iterable[Hanging]) -> Hanging:
    """What hangs on several persons at once; a feed that both have counts once."""
    every = list(sides)
    return Hanging(
        sum(one.rows for one in every),
        frozenset[str]().union(*(one.feeds for one in every)),
        any(one.has_release_notice for one in every),
        any(one.has_open_handoff for one in every),
    )


def what_hangs(connection: Connection, keys: Collection[Key]) -> tuple[dict[Key, str], dict[str, Hanging]]:
    """The person of each row, and what hangs on each of these persons."""
    wanted = {"feeds": [feed for feed, _ in keys], "keys": [key for _, key in keys]}
    found = connection.execute(
        text(
            "select feed, source_key, person_id from identity.link "
            "join unnest(cast(:feeds as text[]), cast(:keys as text[])) wanted (feed, source_key) using (feed, source_key)"
        ),
        wanted,
    )
    person_of = {(row.feed, row.source_key): row.person_id for row in found}
    sides = connection.execute(
        text(
            "select l.person_id, count(*) as rows, array_agg(distinct l.feed) as feeds, bool_or(l.feed = 'release_notices') as release, "
            "exists (select from handoffs.handoff h where h.person_id = l.person_id and h.next_step <> 'none') as handoff "
            "from identity.link l where l.person_id = any(cast(:persons as text[])) group by l.person_id"
        ),
        {"persons": sorted(set(person_of.values()))},
    )
    return person_of, {s.person_id: Hanging(s.rows, frozenset(s.feeds), s.release, s.handoff) for s in sides}
