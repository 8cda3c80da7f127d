"""What stewards have decided about pairs of source records: the same person, or never these two. Kept on source keys.

A decision survives every linking, merge, split and new person id, because it names rows of feeds and not persons. Only reading
and reasoning here; deciding and taking back is in `stewards`. That no transaction leaves a never pair on one person is the
database's own guard (revision 0002), for every way of writing links.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection, text

Key = tuple[str, str]
Kind = Literal["same", "never"]


@dataclass(frozen=True)
class Memory:
    """The decisions that stand: pairs of rows (feed, source_key), each in order, the lists in order too."""

    same: list[tuple[Key, Key]] = field(default_factory=list)
    never: list[tuple[Key, Key]] = field(default_factory=list)


def read_memory(connection: Connection) -> Memory:
    """Every decision that stands, for the linking to obey."""
    memory = Memory()
    for row in connection.execute(
        text(
            "select kind, feed_a, source_key_a, feed_b, source_key_b from identity.steward_decision where withdrawn_at is null "
            'order by feed_a collate "C", source_key_a collate "C", feed_b collate "C", source_key_b collate "C"'
        )
    ):
        (memory.same if row.kind == "same" else memory.never).append(((row.feed_a, row.source_key_a), (row.feed_b, row.source_key_b)))
    return memory


def touched_since(connection: Connection, run_id: int | None = None) -> set[Key]:
    """Rows of decisions, and of withdrawals, that no linking up to and including `run_id` knew (None: no linking at all).

    Counted by `mark_known` and not by the clock: a decision committed while a linking ran is not lost between two instants.
    """
    found = connection.execute(
        text(
            "select feed_a, source_key_a, feed_b, source_key_b from identity.steward_decision "
            "where known_to_run is null or known_to_run > coalesce(:run, 9223372036854775807) "
            "or (withdrawn_at is not null and (withdrawal_known_to_run is null "
            "or withdrawal_known_to_run > coalesce(:run, 9223372036854775807)))"
        ),
        {"run": run_id},
    )
    return {key for row in found for key in ((row.feed_a, row.source_key_a), (row.feed_b, row.source_key_b))}


def mark_known(connection: Connection, run_id: int) -> int:
    """The decisions and withdrawals this linking read count as known to it; in its own transaction. Returns how many were new."""
    news = connection.execute(
        text(
            "update identity.steward_decision set known_to_run = coalesce(known_to_run, :run), "
            "withdrawal_known_to_run = case when withdrawn_at is not null then coalesce(withdrawal_known_to_run, :run) end "
            "where known_to_run is null or (withdrawn_at is not null and withdrawal_known_to_run is null)"
        ),
        {"run": run_id},
    )
    return news.rowcount


def contradiction(memory: Memory, kind: Kind, one: Key, other: Key) -> list[tuple[Key, Key]]:
    """Pairs that stand and cannot stand beside the new decision; empty when there are none. `same` is followed through its chains."""
    mine, theirs = _tied_to(memory.same, one), _tied_to(memory.same, other)
    if kind == "never":
        return [pair for pair in memory.same if pair[0] in mine] if other in mine else []
    return [(a, b) for a, b in memory.never if (a in mine and b in theirs) or (b in mine and a in theirs)]


def _tied_to(pairs: Iterable[tuple[Key, Key]], start: Key) -> set[Key]:
    neighbours: dict[Key, list[Key]] = {}
    for one, other in pairs:
        neighbours.setdefault(one, []).append(other)
        neighbours.setdefault(other, []).append(one)
    found, waiting = {start}, [start]
    while waiting:
        for key in neighbours.get(waiting.pop(), ()):
            if key not in found:
                found.add(key)
                waiting.append(key)
    return found
