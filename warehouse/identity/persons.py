"""Persistent person ids: a person keeps its id while its rows come and go; a merge keeps the older id, a part that leaves gets its
own id, or its former one. Pure deciding."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

KEY = ["feed", "source_key"]


@dataclass(frozen=True)
class Assignment:
    """Person id per cluster, and what happened to persons: ids that are new; ids that turned out to be another person (old -> kept);
    ids that left a person (new or revived -> the person left); merged ids that are used again."""

    person_of: Mapping[int, str]
    new: tuple[str, ...]
    merged: Mapping[str, str]
    split: Mapping[str, str] = field(default_factory=dict)
    revived: tuple[str, ...] = ()


def new_person_id() -> str:
    """An opaque id that says nothing of the person."""
    return secrets.token_hex(12)


def assign(
    decided: pd.DataFrame,
    links: pd.DataFrame,
    age: Mapping[str, int],
    new_id: Callable[[], str] = new_person_id,
    former: pd.DataFrame | None = None,
) -> Assignment:
    """Give every cluster its person id.

    An id stays with the cluster that holds most of its rows; a cluster with several keeps the oldest, the others are merged
    into it; a cluster with none takes back the merged id most of its rows had, or else gets a new id.

    Args:
        decided: feed, source_key, cluster.
        links: feed, source_key, person_id as they stand.
        age: place of each person id in order of creation, oldest first.
        former: feed, source_key, person_id: ids, merged since, that rows had before.
    """
    claims = _claims(decided, links)
    main = claims.sort_values(["rows", "first"], ascending=[False, True]).drop_duplicates("person_id")
    main = main.assign(age=main["person_id"].map(age)).sort_values(["cluster", "age", "person_id"])
    first = main.drop_duplicates("cluster")
    kept: dict[int, str] = dict(zip(first["cluster"].tolist(), first["person_id"], strict=True))
    others = main[main.duplicated("cluster")]
    merged = {old: kept[cluster] for old, cluster in zip(others["person_id"], others["cluster"].tolist(), strict=True)}
    homeless = decided[~decided["cluster"].isin(kept)]
    revived = _revived(homeless, former, age)
    fresh = {cluster: new_id() for cluster in homeless["cluster"].unique().tolist() if cluster not in revived}
    left = claims[~claims["cluster"].isin(kept)].sort_values(["rows", "first"], ascending=[False, True]).drop_duplicates("cluster")
    person_of = kept | revived | fresh
    split = {person_of[cluster]: person for cluster, person in zip(left["cluster"].tolist(), left["person_id"], strict=True)}
    return Assignment(person_of, tuple(fresh.values()), merged, split, tuple(revived.values()))


def _claims(decided: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Rows of each person in each cluster, and a place that orders equals whatever order they came in."""
    claims = decided[[*KEY, "cluster"]].merge(links[[*KEY, "person_id"]], on=KEY).sort_values(KEY)
    claims = claims.assign(first=range(len(claims)))
    return claims.groupby(["person_id", "cluster"], sort=False).agg(rows=("first", "size"), first=("first", "min")).reset_index()


def _revived(homeless: pd.DataFrame, former: pd.DataFrame | None, age: Mapping[str, int]) -> dict[int, str]:
    """Per cluster without an id the merged id that most of its rows had; each id comes back once, to the cluster with most."""
    if former is None or not len(former):
        return {}
    claims = _claims(homeless, former.drop_duplicates([*KEY, "person_id"]))
    claims = claims.assign(age=claims["person_id"].map(age)).sort_values(["rows", "age", "first"], ascending=[False, True, True])
    found = claims.drop_duplicates("person_id").drop_duplicates("cluster")
    return dict(zip(found["cluster"].tolist(), found["person_id"], strict=True))
