"""A steward's decisions on who is who: two rows are one person, or never; rows leave a person; a decision is taken back.

Every decision says who and why, is kept for good and obeyed by every later linking (`memory`).
"""

from __future__ import annotations

import json
import re
import secrets
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from core.clock import now_at
from core.errors import NotAllowed
from core.logs import log_event
from warehouse.identity.memory import Key, Kind, contradiction, read_memory
from warehouse.identity.persons import new_person_id

DECIDING_LOCK = 7_143_002
RULE = "steward"
CREATE_PERSON = "insert into identity.person (person_id, created_at, created_by_run) values (:new, :now, :run)"
REMEMBER = """
insert into identity.link_history (feed, source_key, changed_by_run, person_id, link_status, rule, decided_at, changed_at)
select feed, source_key, :run, person_id, link_status, rule, decided_at, cast(:now as timestamptz) from identity.link
join unnest(cast(:feeds as text[]), cast(:keys as text[])) chosen (feed, source_key) using (feed, source_key)
"""
MOVE = """
update identity.link l set person_id = :new, rule = :rule, evidence = l.evidence || cast(:said as jsonb), decided_at = :now,
    decided_by_run = :run
from unnest(cast(:feeds as text[]), cast(:keys as text[])) chosen (feed, source_key)
where l.feed = chosen.feed and l.source_key = chosen.source_key
"""
NOTE_SPLIT = "insert into identity.person_event (person_id, kind, other_person_id, run_id, at) values (:new, 'split', :old, :run, :now)"
LONG_NUMBER = re.compile(r"\d(?:[\s-]*\d){14}")


@dataclass(frozen=True)
class Split:
    """What a split by hand did: the person its rows are now, and the decisions that keep them out of the old one."""

    person_id: str
    decision_ids: tuple[int, ...]


def decide_pair(connection: Connection, kind: Kind, one: Key, other: Key, by: str, reason: str) -> int:
    """The decision stands; returns its number. The next linking obeys it.

    A `never` takes effect at once: where the two rows are one person now, `other` leaves it and is a new person until the next
    linking finds where it belongs. A `same` waits for the next linking, which joins what belongs to the two rows.

    Raises:
        NotAllowed: no reason or name, a reason that holds a long number, a row that is not linked, a pair that is decided, or a
            decision that contradicts others which stand (they are named).
    """
    _check_words(by, reason)
    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": DECIDING_LOCK})
    _check_pair(connection, kind, one, other)
    decision_id = _insert(connection, kind, one, other, by, reason, secrets.token_hex(8))
    if kind == "never":
        persons = _persons_of(connection, [one, other])
        if persons[one] == persons[other]:
            _move_out(connection, persons[one], [other])
    log_event("steward decision", decision=decision_id, kind=kind)
    return decision_id


def split(connection: Connection, person_id: str, keys: Collection[Key], by: str, reason: str) -> Split:
    """The rows `keys` are no longer this person, now and after every later linking; undone by withdrawing any of the decisions.

    One row stands for those that stay: the surest (linked by the lowest rule, told by a register, linked longest). Each chosen row
    gets one `never` against it: as many decisions as rows are taken out, not one for every pair. The chosen rows are one new
    person until the next linking, which joins or parts them by their own evidence: the split does not say that they are one.

    Raises:
        NotAllowed: as `decide_pair`; or a key is not a row of this person, or no row would stay.
    """
    _check_words(by, reason)
    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": DECIDING_LOCK})
    chosen, rows = sorted(set(keys)), _rows_of(connection, person_id)
    strangers = [key for key in chosen if key not in rows]
    staying = [key for key in rows if key not in set(chosen)]
    if strangers or not chosen or not staying:
        raise NotAllowed(
            f"person {person_id}: name some but not all of its {len(rows)} rows; {len(strangers)} of those named are not its own"
        )
    for key in chosen:
        _check_pair(connection, "never", staying[0], key)
    act = secrets.token_hex(8)
    decided = tuple(_insert(connection, "never", staying[0], key, by, reason, act) for key in chosen)
    new_person = _move_out(connection, person_id, chosen)
    log_event("person split by a steward", decisions=len(decided), rows=len(chosen))
    return Split(new_person, decided)


def withdraw(connection: Connection, decision_id: int, by: str, reason: str) -> tuple[int, ...]:
    """The decision, and those taken in the same act, stand no longer; returns their numbers. The next linking goes by evidence again.

    Links do not change before that; whatever was decided or linked in between stays as it is.

    Raises:
        NotAllowed: no reason or name, or there is no such decision that stands.
    """
    _check_words(by, reason)
    taken_back = connection.execute(
        text(
            "update identity.steward_decision d set withdrawn_at = :now, withdrawn_by = :by, withdrawal_reason = :reason "
            "from identity.steward_decision named where named.decision_id = :id and named.withdrawn_at is null "
            "and d.act = named.act and d.withdrawn_at is null returning d.decision_id"
        ),
        {"id": decision_id, "now": now_at(), "by": by, "reason": reason},
    ).scalars()
    decisions = tuple(sorted(taken_back))
    if not decisions:
        raise NotAllowed(f"decision {decision_id} does not stand: there is none of this number, or it was withdrawn")
    log_event("steward decision withdrawn", decision=decision_id, withdrawn=len(decisions))
    return decisions


def _check_words(by: str, reason: str) -> None:
    if not by.strip() or not reason.strip():
        raise NotAllowed("a steward's decision needs a reason and a name: --reason TEXT --by NAME")
    if LONG_NUMBER.search(unicodedata.normalize("NFKC", f"{by}\n{reason}")):
        raise NotAllowed("the reason holds a number of 15 digits or more: say why without any person's number")


def _check_pair(connection: Connection, kind: Kind, one: Key, other: Key) -> None:
    if kind not in {"same", "never"} or one == other:
        raise NotAllowed("a decision is same or never, about two different rows")
    persons = _persons_of(connection, [one, other])
    for feed, source_key in {one, other} - persons.keys():
        raise NotAllowed(f"{feed} {source_key} is not linked: decide on rows of published.source_links")
    standing = _standing(connection, [(one, other) if one < other else (other, one)])
    if standing:
        raise NotAllowed(f"the pair is decided by decision {standing[0]}: withdraw it first")
    against = contradiction(read_memory(connection), kind, one, other)
    if against:
        numbers = ", ".join(map(str, _standing(connection, against)[:5]))
        raise NotAllowed(f"this contradicts what stands: decisions {numbers}; withdraw what is wrong first")


def _standing(connection: Connection, pairs: list[tuple[Key, Key]]) -> list[int]:
    """Numbers of the decisions that stand on these pairs."""
    found = connection.execute(
        text(
            "select decision_id from identity.steward_decision join unnest(cast(:fa as text[]), cast(:ka as text[]), cast(:fb as text[]), "
            "cast(:kb as text[])) wanted (feed_a, source_key_a, feed_b, source_key_b) using (feed_a, source_key_a, feed_b, source_key_b) "
            "where withdrawn_at is null order by decision_id"
        ),
        {"fa": [a[0] for a, _ in pairs], "ka": [a[1] for a, _ in pairs], "fb": [b[0] for _, b in pairs], "kb": [b[1] for _, b in pairs]},
    )
    return list(found.scalars())


def _persons_of(connection: Connection, keys: list[Key]) -> dict[Key, str]:
    found = connection.execute(
        text(
            "select feed, source_key, person_id from identity.link "
            "join unnest(cast(:feeds as text[]), cast(:keys as text[])) wanted (feed, source_key) using (feed, source_key)"
        ),
        {"feeds": [feed for feed, _ in keys], "keys": [key for _, key in keys]},
    )
    return {(row.feed, row.source_key): row.person_id for row in found}


def _rows_of(connection: Connection, person_id: str) -> list[Key]:
    """The person's rows, the surest first."""
    found = connection.execute(
        text(
            "select feed, source_key from identity.link where person_id = :person order by link_status <> 'linked', "
            "case when rule ~ '^[0-9]+$' then cast(rule as integer) else 99 end, feed not in ('population_changes', 'registered_persons'), "
            'decided_at, feed collate "C", source_key collate "C"'
        ),
        {"person": person_id},
    )
    return [(row.feed, row.source_key) for row in found]


def _insert(connection: Connection, kind: Kind, one: Key, other: Key, by: str, reason: str, act: str) -> int:
    (feed_a, key_a), (feed_b, key_b) = sorted((one, other))
    return connection.execute(
        text(
            "insert into identity.steward_decision (act, kind, feed_a, source_key_a, feed_b, source_key_b, decided_by, reason, decided_at) "
            "values (:act, :kind, :fa, :ka, :fb, :kb, :by, :reason, :now) returning decision_id"
        ),
        {"act": act, "kind": kind, "fa": feed_a, "ka": key_a, "fb": feed_b, "kb": key_b, "by": by, "reason": reason, "now": now_at()},
    ).scalar_one()


def _move_out(connection: Connection, person_id: str, keys: list[Key]) -> str:
    """The rows leave the person and are a new one, with history; returns its id."""
    new_person, now = new_person_id(), now_at()
    parameters: dict[str, Any] = {
        "new": new_person,
        "old": person_id,
        "now": now,
        "rule": RULE,
        "said": json.dumps({RULE: "never"}),
        "feeds": [feed for feed, _ in keys],
        "keys": [key for _, key in keys],
    }
    parameters["run"] = connection.execute(
        text(
            "insert into ops.run (step, started_at, finished_at, state, counts) "
            "values ('steward', :now, :now, 'succeeded', jsonb_build_object('links_changed', cast(:rows as integer))) returning run_id"
        ),
        {"now": now, "rows": len(keys)},
    ).scalar_one()
    for statement in (CREATE_PERSON, REMEMBER, MOVE, NOTE_SPLIT):
        connection.execute(text(statement), parameters)
    return new_person
