"""The queue of doubtful pairs that wait for a steward: opened, ranked, decided, and compared with what the model leaned to.

The linking proposes; what changed since becomes stale by itself; a decision is a steward's (`stewards`) and can be taken back.
Nothing here holds a name or a number: rows are named by feed and key, evidence by its classes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from core.clock import now_at
from core.errors import NotAllowed
from warehouse.bulk import copy_rows
from warehouse.identity.memory import Key, Kind, read_memory
from warehouse.identity.stewards import decide_pair, withdraw
from warehouse.identity.worth import together, value_of, what_hangs

PROPOSED = ("feed", "source_key", "other_feed", "other_source_key", "person_id", "rule", "kind", "odds", "evidence")
WRITTEN = (*PROPOSED, "value", "model_said")
OPEN_ABOUT = """
with looked_at as materialized (select * from unnest(cast(:feeds as text[]), cast(:keys as text[])) u (feed, source_key))
select * from identity.review_case where status = 'open'
and ((feed, source_key) in (select * from looked_at) or (other_feed, other_source_key) in (select * from looked_at))
"""
CLASS = re.compile(r"[A-Za-z][A-Za-z0-9_ .:+/-]{0,59}|\d{0,6}")


@dataclass(frozen=True)
class RefreshCounts:
    """What a refresh did to the queue."""

    opened: int
    unchanged: int
    stale: int


@dataclass(frozen=True)
class Case:
    """One question to a steward."""

    case_id: int
    one: Key
    other: Key | None
    person_id: str | None
    kind: str
    rule: str
    odds: float | None
    value: float
    evidence: dict[str, Any]
    model_said: str | None


@dataclass(frozen=True)
class Agreement:
    """Decisions of stewards that stand beside the model's leaning; `by_rule`: rule to (decided, agreed)."""

    decided: int
    agreed: int
    by_rule: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def share(self) -> float | None:
        """Agreed of decided, 0 to 1; None before the first decision."""
        return self.agreed / self.decided if self.decided else None


def refresh(connection: Connection, proposals: pd.DataFrame, run_id: int, scope: Collection[Key] | None = None) -> RefreshCounts:
    """The queue holds exactly what this linking proposes and nobody has decided.

    An open case whose evidence is as before stays (its rank follows the new odds); one that is no longer proposed, whose evidence
    changed or whose pair was decided elsewhere is stale, and changed evidence opens a new case. Direction does not matter: (a, b)
    and (b, a) are one question.

    Args:
        proposals: columns feed, source_key, other_feed, other_source_key, person_id (or None), rule, kind, odds (or None),
            evidence (dict of classes; a value that does not look like a class is refused).
        scope: rows this linking looked at; cases without any of them are left alone. None: all rows (a full linking).
    """
    memory = read_memory(connection)
    wanted = _wanted(proposals, [*memory.same, *memory.never])
    standing = _open_cases(connection, None if scope is None else {*scope, *(key for pair in wanted["pair"] for key in pair)})
    both = standing.merge(wanted, on=["pair", "kind"], how="outer", suffixes=("_before", ""), indicator="where")
    is_same = (both["where"] == "both") & (both["said_before"] == both["said"])
    stale = both[both["case_id"].notna() & ~is_same]
    _close_stale(connection, stale["case_id"])
    _update_rank(connection, both[is_same])
    opened = both[(both["where"] != "left_only") & ~is_same]
    _open(connection, opened, run_id)
    return RefreshCounts(len(opened), int(is_same.sum()), len(stale))


def queue(connection: Connection, limit: int = 20) -> list[Case]:
    """The open cases worth most, greatest first."""
    found = connection.execute(
        text("select * from identity.review_case where status = 'open' order by value desc, case_id limit :limit"), {"limit": limit}
    )
    return [_case(row) for row in found]


def settle(connection: Connection, case_id: int, kind: Kind, by: str, reason: str) -> int:
    """The case is decided, and with it every open case of the same two rows; returns the decision's number.

    With `never`, the row in doubt leaves the candidate's person at once where it stood there (`stewards.decide_pair`).

    Raises:
        NotAllowed: the case is not open or names one row only; or as `decide_pair`.
    """
    case = _locked(connection, case_id, "open")
    if case.other is None:
        raise NotAllowed(f"case {case_id} names one row only: split its person, or have its provider correct it")
    decision_id = decide_pair(connection, kind, case.other, case.one, by, reason)
    connection.execute(
        text(
            "update identity.review_case set status = 'decided', closed_at = :now, decision_id = :decision where status = 'open' and "
            "((feed, source_key, other_feed, other_source_key) = (:fa, :ka, :fb, :kb) "
            "or (feed, source_key, other_feed, other_source_key) = (:fb, :kb, :fa, :ka))"
        ),
        {"now": now_at(), "decision": decision_id, **_named(case.one, case.other)},
    )
    return decision_id


def reopen(connection: Connection, case_id: int, by: str, reason: str) -> int:
    """The case's decision is withdrawn (if it still stands) and the question is asked again as a new case; returns that one's number.

    Raises:
        NotAllowed: the case is not decided, or no reason or name is given.
    """
    case = _locked(connection, case_id, "decided")
    standing = text(
        "select d.decision_id from identity.review_case c join identity.steward_decision d using (decision_id) "
        "where c.case_id = :id and d.withdrawn_at is null"
    )
    decision_id = connection.execute(standing, {"id": case_id}).scalar()
    if decision_id is not None:
        withdraw(connection, decision_id, by, reason)
    elif not by.strip() or not reason.strip():
        raise NotAllowed("asking again needs a reason and a name: --reason TEXT --by NAME")
    asked = connection.execute(
        text(
            "select case_id from identity.review_case where status = 'open' and kind = :kind and "
            "((feed, source_key, other_feed, other_source_key) = (:fa, :ka, :fb, :kb) "
            "or (feed, source_key, other_feed, other_source_key) = (:fb, :kb, :fa, :ka))"
        ),
        {"kind": case.kind, **_named(case.one, case.other or case.one)},
    ).scalar()
    if asked is not None:
        return int(asked)
    return connection.execute(
        text(
            "insert into identity.review_case (feed, source_key, other_feed, other_source_key, person_id, kind, rule, odds, value, "
            "evidence, model_said, opened_at, opened_by_run) select feed, source_key, other_feed, other_source_key, person_id, kind, "
            "rule, odds, value, evidence, model_said, :now, opened_by_run from identity.review_case where case_id = :id returning case_id"
        ),
        {"id": case_id, "now": now_at()},
    ).scalar_one()


def agreement(connection: Connection) -> Agreement:
    """How often stewards decided as the model leaned; withdrawn decisions and cases without a model's leaning are left out."""
    rows = connection.execute(
        text(
            "select c.rule, count(*) as decided, count(*) filter (where c.model_said = d.kind) as agreed from identity.review_case c "
            "join identity.steward_decision d using (decision_id) "
            "where c.status = 'decided' and c.model_said is not null and d.withdrawn_at is null group by c.rule order by c.rule"
        )
    ).all()
    return Agreement(sum(r.decided for r in rows), sum(r.agreed for r in rows), {r.rule: (r.decided, r.agreed) for r in rows})


def _wanted(proposals: pd.DataFrame, decided: list[tuple[Key, Key]]) -> pd.DataFrame:
    """The proposals nobody has decided, one per pair and kind, with `pair` in order and `said` to compare by."""
    rows = proposals[list(PROPOSED)].astype(object).where(proposals[list(PROPOSED)].notna(), None)
    known = set(decided)
    pairs = [_pair(*keys) for keys in rows[list(PROPOSED[:4])].itertuples(index=False)]
    evidence = [_classes(said) for said in rows["evidence"]]
    said = [f"{rule} {classes}" for rule, classes in zip(rows["rule"], evidence, strict=True)]
    for name, values in (("pair", pairs), ("evidence", evidence), ("said", said)):
        rows[name] = pd.Series(values, index=rows.index, dtype=object)
    rows = rows[np.array([pair not in known for pair in pairs], dtype=bool)]
    return rows.sort_values(["said", *PROPOSED[:2]]).drop_duplicates(["pair", "kind"])


def _pair(feed: str, source_key: str, other_feed: str | None, other_source_key: str | None) -> tuple[Key, Key]:
    """The two rows in order; a row alone stands twice."""
    one = (feed, source_key)
    other = (other_feed, other_source_key) if other_feed and other_source_key else one
    return (one, other) if one <= other else (other, one)


def _classes(evidence: Mapping[str, Any] | None) -> str:
    """The evidence as sorted JSON.

    Raises:
        ValueError: something in it does not look like a class or a weight, and could be a value of a person.
    """
    said = dict(evidence or {})
    for name, value in said.items():
        parts = value if isinstance(value, list | tuple) else [value]
        for part in parts:
            if isinstance(part, str) and not CLASS.fullmatch(part):
                raise ValueError(f"the evidence {name!r} of a proposal is no class: give classes of evidence, never values")
            if isinstance(part, int) and abs(part) >= 10**6:
                raise ValueError(f"the evidence {name!r} of a proposal is a large number: give classes of evidence, never values")
    return json.dumps(said, sort_keys=True, default=float)


def _open_cases(connection: Connection, rows: Collection[Key] | None) -> pd.DataFrame:
    """The open cases about any of the rows; None: all."""
    if rows is None:
        found = connection.execute(text("select * from identity.review_case where status = 'open'"))
    else:
        found = connection.execute(text(OPEN_ABOUT), {"feeds": [feed for feed, _ in rows], "keys": [key for _, key in rows]})
    cases = [_case(row) for row in found]
    columns = {
        "case_id": [case.case_id for case in cases],
        "pair": [_pair(*case.one, *(case.other or (None, None))) for case in cases],
        "kind": [case.kind for case in cases],
        "said": [f"{case.rule} {_classes(case.evidence)}" for case in cases],
    }
    return pd.DataFrame(columns).astype({"case_id": "Int64", "kind": object, "said": object, "pair": object})


def _close_stale(connection: Connection, case_ids: pd.Series) -> None:
    connection.execute(
        text("update identity.review_case set status = 'stale', closed_at = :now where case_id = any(cast(:ids as bigint[]))"),
        {"now": now_at(), "ids": [int(case_id) for case_id in case_ids]},
    )


def _ranked(connection: Connection, rows: pd.DataFrame) -> dict[str, list[Any]]:
    """The columns to write, with the candidate's person as it is now, the value, and what the model leaned to."""
    columns = {name: [None if value is None or value != value else value for value in rows[name]] for name in PROPOSED}
    person_of, hanging_of = what_hangs(connection, {key for pair in rows["pair"] for key in pair})
    persons, values = [], []
    for (one, other), *key, given, odds in zip(
        rows["pair"], *(columns[n] for n in ("feed", "source_key", "person_id", "odds")), strict=True
    ):
        persons.append(given or person_of.get(one if tuple(key) == other else other))
        sides = {person_of[row] for row in (one, other) if row in person_of}
        values.append(value_of(odds, together(hanging_of[person] for person in sides)))
    said = [None if odds is None else "same" if odds > 0 else "never" for odds in columns["odds"]]
    return columns | {"person_id": persons, "value": values, "model_said": said}


def _update_rank(connection: Connection, rows: pd.DataFrame) -> None:
    if not len(rows):
        return
    ranked = _ranked(connection, rows)
    connection.execute(
        text(
            "update identity.review_case c set odds = n.odds, value = n.value, person_id = n.person_id, model_said = n.model_said "
            "from unnest(cast(:ids as bigint[]), cast(:odds as float8[]), cast(:value as float8[]), cast(:person_id as text[]), "
            "cast(:model_said as text[])) n (case_id, odds, value, person_id, model_said) where c.case_id = n.case_id "
            "and (c.odds, c.value, c.person_id, c.model_said) is distinct from (n.odds, n.value, n.person_id, n.model_said)"
        ),
        {name: ranked[name] for name in ("odds", "value", "person_id", "model_said")} | {"ids": [int(n) for n in rows["case_id"]]},
    )


def _open(connection: Connection, rows: pd.DataFrame, run_id: int) -> None:
    if not len(rows):
        return
    now, ranked = now_at().isoformat(), _ranked(connection, rows)
    lines = ((*line, now, run_id) for line in zip(*(ranked[name] for name in WRITTEN), strict=True))
    copy_rows(connection, "identity.review_case", (*WRITTEN, "opened_at", "opened_by_run"), lines)


def _locked(connection: Connection, case_id: int, status: str) -> Case:
    row = connection.execute(
        text("select * from identity.review_case where case_id = :id and status = :status for update"), {"id": case_id, "status": status}
    ).one_or_none()
    if row is None:
        raise NotAllowed(f"case {case_id} is not {status}: `python -m warehouse review` lists the open ones")
    return _case(row)


def _case(row: Any) -> Case:
    other = (row.other_feed, row.other_source_key) if row.other_feed and row.other_source_key else None
    return Case(
        row.case_id, (row.feed, row.source_key), other, row.person_id, row.kind, row.rule, row.odds, row.value, row.evidence, row.model_said
    )


def _named(one: Key, other: Key) -> dict[str, str]:
    return {"fa": one[0], "ka": one[1], "fb": other[0], "kb": other[1]}
