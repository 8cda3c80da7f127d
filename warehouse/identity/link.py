"""Links every record about a person to a persistent person, and remembers every change of mind.

By default only the neighbourhood of what came since the last linking is decided again; what stands elsewhere is not touched.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from core.clock import now_at, today_date
from warehouse.identity import memory as stewards_memory
from warehouse.identity import review
from warehouse.identity.clusters import decide
from warehouse.identity.doubts import doubts
from warehouse.identity.link_writing import Written, write
from warehouse.identity.loading import Loaded, load
from warehouse.identity.model import Model, packaged
from warehouse.identity.neighbourhood import extend, gather
from warehouse.identity.persons import KEY, Assignment, assign
from warehouse.identity.prior import active_model, model_in_use, standing_persons, told_by_stewards, training
from warehouse.identity.record_store import Touched, look_up, refresh, touch

# Deciding everything costs less than finding the neighbourhood of so many rows.
FULL_FROM_SHARE = 0.2
MOST_SPREADS = 8


@dataclass(frozen=True)
class LinkCounts:
    """What a linking did: rows it decided, by status; their persons; what happened to persons; and what changed."""

    is_full: int
    rows: int
    linked: int
    review: int
    unlinked: int
    persons: int
    new_persons: int
    merged_persons: int
    split_persons: int
    revived_persons: int
    links_changed: int
    links_gone: int
    rows_moved: int

    def as_dict(self) -> dict[str, int]:
        """The counts by name, for the run's record."""
        return asdict(self)


@dataclass(frozen=True)
class _Worked:
    """Rows as decided: `decided` (decide's columns, with record_id and is_decided), and where they stand."""

    loaded: Loaded
    decided: pd.DataFrame
    standing: pd.Series


def link(connection: Connection, run_id: int, as_of: date | None = None, *, full: bool = False, retrain: bool = False) -> LinkCounts:
    """Every current row of the person feeds has its link in schema identity. Running again on the same rows changes nothing.

    Args:
        full: decides every row again, as a check on the increments; the first linking is always full.
        retrain: with `full`, trains the model anew on today's records.
    """
    day = as_of or today_date()
    return link_touched(connection, run_id, day, refresh(connection, day, complete=full), full=full, retrain=retrain)


def link_touched(
    connection: Connection, run_id: int, day: date, touched: Touched, *, full: bool = False, retrain: bool = False
) -> LinkCounts:
    """`link`, after the records have been brought up to date."""
    touch(connection, stewards_memory.touched_since(connection))
    whole = full or _is_worth_all(connection, touched)
    if not whole and not connection.execute(text("select exists (select from touched_record)")).scalar_one():
        return LinkCounts(*[0] * 13)
    found = None if whole else _work_near(connection, day)
    if found is None:
        whole = True
        look_up(connection, rows=False)
        found = _work_all(connection, day, retrain=retrain, run_id=run_id)
    worked, assignment = found
    mine = worked.decided[worked.decided["is_decided"]]
    mine = mine.assign(person_id=mine["cluster"].map(assignment.person_of))
    done = write(connection, mine, assignment, run_id, is_whole=whole)
    _propose(connection, worked, assignment, run_id, is_whole=whole)
    stewards_memory.mark_known(connection, run_id)
    return _counts(mine, assignment, done, is_whole=whole)


def compare(connection: Connection, run_id: int, as_of: date | None = None) -> pd.DataFrame:
    """What a full linking would change, by feed and source_key: person_before, status_before, rule_before, person, status, rule.

    It does link: the caller takes the transaction back. Whatever came since the last linking is linked by increments first.
    """
    link(connection, run_id, as_of)
    columns = "feed, source_key, person_id, link_status, rule"
    connection.execute(text(f"create temporary table standing_link on commit drop as select {columns} from identity.link"))  # noqa: S608
    link(connection, run_id, as_of, full=True)
    found = connection.execute(
        text(
            "select feed, source_key, s.person_id as person_before, s.link_status as status_before, s.rule as rule_before, "
            "l.person_id as person, l.link_status as status, l.rule "
            "from standing_link s full join identity.link l using (feed, source_key) "
            "where (s.person_id, s.link_status, s.rule) is distinct from (l.person_id, l.link_status, l.rule) order by feed, source_key"
        )
    )
    return pd.DataFrame(found.all(), columns=list(found.keys()))


def touched_persons(connection: Connection, run_id: int) -> set[str]:
    """Persons whose rows or links changed in this linking: those who have such rows now, and those who had them before."""
    found = connection.execute(
        text(
            "select person_id from identity.link where decided_by_run = :run union "
            "select person_id from identity.link_history where changed_by_run = :run and person_id is not null union "
            "select person_id from identity.person_event where run_id = :run"
        ),
        {"run": run_id},
    )
    return set(found.scalars())


def _is_worth_all(connection: Connection, touched: Touched) -> bool:
    if not connection.execute(text("select exists (select from identity.link)")).scalar_one():
        return True
    if touched.changed + touched.gone < 1000:
        return False
    known = connection.execute(text("select reltuples from pg_class where oid = 'identity.record'::regclass")).scalar_one()
    return bool(touched.changed + touched.gone > FULL_FROM_SHARE * known)


def _work_all(connection: Connection, day: date, *, retrain: bool, run_id: int) -> tuple[_Worked, Assignment]:
    loaded = load(connection, day)
    model = None if retrain else active_model(connection)
    worked = _work(connection, loaded, model)
    used = worked.decided.attrs.get("model")
    if model is None and used is not None and used.body != packaged().body:
        _keep_model(connection, used, len(loaded.record_id), run_id)
    return worked, _assign(connection, worked)


def _work_near(connection: Connection, day: date) -> tuple[_Worked, Assignment] | None:
    """Decides the neighbourhood; where it draws in a row from outside, or decides one at its edge otherwise than before, that row's
    neighbourhood is decided with it. None where it goes on growing: then all is near."""
    model = model_in_use(connection)
    reached = gather(connection)
    loaded = None
    for _ in range(MOST_SPREADS):
        loaded = load(connection, day, "near", loaded)
        worked = _work(connection, loaded, model)
        assignment = _assign(connection, worked)
        spreading = _drawn_in(worked) | _is_of_merged_person(worked, assignment) | _is_altered_at_the_edge(worked, assignment)
        if not spreading.any():
            return worked, assignment
        before, reached = reached, extend(connection, loaded.record_id[spreading].tolist())
        if reached == before:
            return worked, assignment
    return None


def _is_of_merged_person(worked: _Worked, assignment: Assignment) -> np.ndarray:
    """Rows of the context whose person turns out to be another one."""
    return worked.standing.isin(set(assignment.merged)).to_numpy() & ~worked.decided["is_decided"].to_numpy()


def _is_altered_at_the_edge(worked: _Worked, assignment: Assignment) -> np.ndarray:
    """Decided rows from which nothing has spread yet, and whose verdict is another one than stands: their neighbours feel it."""
    near, decided = worked.loaded.near, worked.decided
    if near is None:
        return np.zeros(len(decided), dtype=bool)
    found = (decided["is_decided"] & ~near["has_spread"]).to_numpy()
    is_same = decided["cluster"].map(assignment.person_of).to_numpy() == near["person_id"].to_numpy()
    for column in ("link_status", "rule"):
        is_same &= decided[column].astype(str).to_numpy() == near[column].to_numpy()
    return found & ~is_same


def _work(connection: Connection, loaded: Loaded, model: Model | None) -> _Worked:
    standing = standing_persons(connection, loaded)
    codes = pd.factorize(standing)[0].astype(np.int64)
    decided = decide(loaded.records, told_by_stewards(connection, loaded.records.rows), model, codes, training())
    used = decided.attrs.get("model")
    is_decided = True if loaded.near is None else loaded.near["is_decided"].to_numpy()
    decided = decided.assign(record_id=loaded.record_id, is_decided=is_decided)
    decided.attrs["model"] = used
    return _Worked(loaded, decided, standing)


def _drawn_in(worked: _Worked) -> np.ndarray:
    """Loose rows of the context that share a person with a row that is decided, and stood elsewhere."""
    decided, standing = worked.decided, worked.standing
    mine = decided.loc[decided["is_decided"], "cluster"].unique()
    outside = decided[~decided["is_decided"] & decided["is_loose"] & decided["cluster"].isin(mine)]
    held = decided[~decided["is_loose"] & decided["cluster"].isin(outside["cluster"])]
    persons = standing.reindex(held.index).groupby(held["cluster"]).agg(set)
    found = np.zeros(len(decided), dtype=bool)
    found[outside.index] = [
        standing[row] not in persons.get(cluster, ()) for row, cluster in zip(outside.index, outside["cluster"], strict=True)
    ]
    return found


def _assign(connection: Connection, worked: _Worked) -> Assignment:
    """Ids for every cluster with a decided row. Held rows of the context speak for their persons; its loose rows say nothing."""
    decided = worked.decided
    speaking = decided[decided["is_decided"] | ~decided["is_loose"]]
    speaking = speaking[[*KEY, "cluster", "is_decided"]].astype({"feed": str})
    links = speaking[KEY].assign(person_id=worked.standing.reindex(speaking.index)).dropna(subset=["person_id"])
    former = _former(connection, worked, links)
    ages = _ages(connection, pd.concat([_competing(worked, links), former["person_id"]]).unique().tolist())
    return assign(speaking, links, ages, former=former)


def _competing(worked: _Worked, links: pd.DataFrame) -> pd.Series:
    """Persons whose cluster has rows of another person too: which of them is older decides whose id stays."""
    claims = links.assign(cluster=worked.decided["cluster"].reindex(links.index))[["person_id", "cluster"]].drop_duplicates()
    return claims.loc[claims["cluster"].duplicated(keep=False), "person_id"]


def _former(connection: Connection, worked: _Worked, links: pd.DataFrame) -> pd.DataFrame:
    """Ids, merged since, that rows of persons had whose rows part now."""
    cluster = worked.decided["cluster"].reindex(links.index)
    parted = links.loc[links["person_id"].map(cluster.groupby(links["person_id"]).nunique()) > 1]
    found = connection.execute(
        text(
            "select distinct h.feed, h.source_key, h.person_id from unnest(cast(:feeds as text[]), cast(:keys as text[])) u "
            "(feed, source_key) join identity.link_history h using (feed, source_key) join identity.person p using (person_id) "
            "where p.merged_into is not null"
        ),
        {"feeds": parted["feed"].tolist(), "keys": parted["source_key"].tolist()},
    ).all()
    return pd.DataFrame(found, columns=[*KEY, "person_id"])


def _ages(connection: Connection, persons: list[str]) -> dict[str, int]:
    ordered = connection.execute(
        text("select person_id from identity.person where person_id = any(:ids) order by created_by_run, person_id"), {"ids": persons}
    ).scalars()
    return {person_id: place for place, person_id in enumerate(ordered)}


def _propose(connection: Connection, worked: _Worked, assignment: Assignment, run_id: int, *, is_whole: bool) -> None:
    """The review queue holds what is doubtful about the rows that were decided."""
    decided = worked.decided
    asked = doubts(worked.loaded.records, decided)
    of_key = pd.Series(decided["cluster"].to_numpy(), index=pd.MultiIndex.from_frame(decided[KEY].astype({"feed": str})))
    mine = decided[decided["is_decided"]]
    keys = set(zip(mine["feed"].astype(str), mine["source_key"], strict=True))
    if not is_whole:
        is_mine = [_keys_of(asked, side) for side in (("feed", "source_key"), ("other_feed", "other_source_key"))]
        asked = asked[np.array([one in keys or other in keys for one, other in zip(*is_mine, strict=True)], dtype=bool)]
    others = _keys_of(asked, ("other_feed", "other_source_key"))
    persons = [assignment.person_of.get(int(of_key[other])) if other[0] is not None and other in of_key.index else None for other in others]
    odds = [None if pd.isna(one) else float(one) for one in asked["odds"]]
    asked = asked.assign(
        person_id=pd.Series(persons, index=asked.index, dtype=object), odds=pd.Series(odds, index=asked.index, dtype=object)
    )
    review.refresh(connection, asked, run_id, None if is_whole else keys)


def _keys_of(asked: pd.DataFrame, columns: tuple[str, str]) -> list[tuple[str, str]]:
    return list(zip(asked[columns[0]], asked[columns[1]], strict=True))


def _keep_model(connection: Connection, model: Model, row_count: int, run_id: int) -> None:
    connection.execute(text("update identity.model set is_active = false where is_active"))
    connection.execute(
        text("insert into identity.model (body, trained_at, trained_by_run, row_count, is_active) values (:body, :now, :run, :rows, true)"),
        {"body": model.body, "now": now_at(), "run": run_id, "rows": row_count},
    )


def _counts(mine: pd.DataFrame, assignment: Assignment, done: Written, *, is_whole: bool) -> LinkCounts:
    statuses = mine["link_status"].value_counts()
    return LinkCounts(
        is_full=int(is_whole),
        rows=len(mine),
        **{status: int(statuses.get(status, 0)) for status in ("linked", "review", "unlinked")},
        persons=int(mine["cluster"].nunique()),
        new_persons=len(assignment.new),
        merged_persons=len(assignment.merged),
        split_persons=len(assignment.split),
        revived_persons=len(assignment.revived),
        links_changed=done.changed,
        links_gone=done.gone,
        rows_moved=done.moved,
    )
