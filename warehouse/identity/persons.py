"""Persistent person ids: a person keeps its id while its rows come and go; a merge keeps the older id. Pure deciding."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

KEY = ["feed", "source_key"]


@dataclass(frozen=True)
class Assignment:
    """Person id per cluster, the ids that are new, and the ids that turned out to be another person (old -> kept)."""

    person_of: Mapping[int, str]
    new: tuple[str, ...]
    merged: Mapping[str, str]


def new_person_id() -> str:
    """An opaque id that says nothing of the person."""
    return secrets.token_hex(12)


def assign(decided: pd.DataFrame, links: pd.DataFrame, age: Mapping[str, int], new_id: Callable[[], str] = new_person_id) -> Assignment:
    """Give every cluster its person id.

    An id stays with the cluster that holds most of its rows; a cluster with several keeps the oldest, the others are merged
    into it; a cluster with none gets a new id.

    Args:
        decided: feed, source_key, cluster.
        links: feed, source_key, person_id as they stand.
        age: place of each person id in order of creation, oldest first.
    """
    kept: dict[int, str] = {}
    merged: dict[str, str] = {}
    if len(links):
        claims = decided[[*KEY, "cluster"]].merge(links[[*KEY, "person_id"]], on=KEY)
        claims = claims.sort_values(KEY).groupby(["person_id", "cluster"], sort=False).size().rename("rows").reset_index()
        claims = claims.sort_values("rows", ascending=False, kind="stable").drop_duplicates("person_id")
        claims["age"] = claims["person_id"].map(age)
        claims = claims.sort_values(["cluster", "age", "person_id"])
        first = claims.drop_duplicates("cluster")
        kept = dict(zip(first["cluster"].tolist(), first["person_id"], strict=True))
        others = claims[claims.duplicated("cluster")]
        merged = {old: kept[cluster] for old, cluster in zip(others["person_id"], others["cluster"].tolist(), strict=True)}
    fresh = {int(cluster): new_id() for cluster in decided["cluster"].unique() if cluster not in kept}
    return Assignment(kept | fresh, tuple(fresh.values()), merged)
