"""What the database remembers of rows' links, as sentences of an explanation: how they stood, what is decided, what is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, text

from warehouse.identity.explanation import Sentence
from warehouse.identity.memory import Key


def named(key: Key) -> str:
    """The row as sentences name it."""
    return " ".join(key)


def standing(connection: Connection, key: Key) -> Row[Any] | None:
    """The row's link as it stands; None where there is none."""
    return connection.execute(
        text(
            "select l.* from identity.link l join identity.record r using (feed, source_key) where (l.feed, l.source_key) = (:feed, :key)"
        ),
        {"feed": key[0], "key": key[1]},
    ).one_or_none()


def person_of(connection: Connection, key: Key) -> str | None:
    """The person the row stands with."""
    found = standing(connection, key)
    return None if found is None else found.person_id


def history(connection: Connection, one: Key) -> Iterator[Sentence]:
    """How the row stood before, the latest first."""
    found = connection.execute(
        text(
            "select h.changed_by_run, h.person_id, h.link_status, h.rule, r.started_at from identity.link_history h "
            "join ops.run r on r.run_id = h.changed_by_run where (h.feed, h.source_key) = (:feed, :key) order by h.changed_by_run desc"
        ),
        {"feed": one[0], "key": one[1]},
    ).all()
    if not found:
        yield Sentence("since_first")
    for row in found:
        said = {"run": row.changed_by_run, "day": f"{row.started_at:%Y-%m-%d}", "status": row.link_status, "rule": row.rule}
        yield Sentence("was", said | {"person": row.person_id or "nobody"})


def decisions(connection: Connection, keys: list[Key], sees: frozenset[str]) -> list[Sentence]:
    """Stewards' decisions that stand: on the one row, or between the two."""
    found = connection.execute(
        text(
            "select decision_id, kind, feed_a, source_key_a, feed_b, source_key_b, decided_at from identity.steward_decision "
            "where withdrawn_at is null and feed_a = any(:sees) and feed_b = any(:sees) and "
            "((feed_a, source_key_a) in (select * from unnest(cast(:feeds as text[]), cast(:keys as text[])))) :: int + "
            "((feed_b, source_key_b) in (select * from unnest(cast(:feeds as text[]), cast(:keys as text[])))) :: int = :count "
            "order by decision_id"
        ),
        {"sees": sorted(sees), "feeds": [feed for feed, _ in keys], "keys": [key for _, key in keys], "count": len(keys)},
    )
    return [
        Sentence(
            f"steward_{row.kind}",
            {
                "one": f"{row.feed_a} {row.source_key_a}",
                "other": f"{row.feed_b} {row.source_key_b}",
                "decision": row.decision_id,
                "day": f"{row.decided_at:%Y-%m-%d}",
            },
        )
        for row in found
    ]


def cases(connection: Connection, keys: list[Key]) -> list[Sentence]:
    """Open questions to the stewards: about the one row, or about a row of each one's person."""
    found = connection.execute(
        text(
            "select c.case_id, c.kind, c.feed, c.source_key, c.other_feed, c.other_source_key, a.person_id as mine, b.person_id as theirs "
            "from identity.review_case c left join identity.link a on (a.feed, a.source_key) = (c.feed, c.source_key) "
            "left join identity.link b on (b.feed, b.source_key) = (c.other_feed, c.other_source_key) "
            "where c.status = 'open' and (a.person_id = any(:persons) or b.person_id = any(:persons)) order by c.case_id"
        ),
        {"persons": [person_of(connection, key) for key in keys]},
    ).all()
    persons = {person_of(connection, key) for key in keys}
    asked = []
    for row in found:
        sides = [(row.feed, row.source_key), *([(row.other_feed, row.other_source_key)] if row.other_feed else ())]
        if (len(keys) == 1 and keys[0] in sides) or (len(keys) == 2 and (persons == {row.mine, row.theirs} or set(sides) <= set(keys))):
            others = [named(side) for side in sides if side not in keys[:1]]
            said = {"case": row.case_id, "kind": row.kind.replace("_", " ")}
            asked.append(Sentence("case", said | {"other": others[0]}) if others else Sentence("case_of_row", said))
    return asked
