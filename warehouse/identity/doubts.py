"""What a steward should look at after a working-out: rows that contradict, rows with more than one possible person, and persons
who may be one with two numbers. Pure; the queue itself is kept by `review`."""

from __future__ import annotations

import pandas as pd

from warehouse.identity.births import NO_DAY
from warehouse.identity.clusters import LINKED, REVIEW
from warehouse.identity.names import Likeness
from warehouse.identity.records import NOTHING, Records
from warehouse.identity.rules import Rule

KIND_OF_RULE = {
    Rule.CONTESTED.text: "number_conflict",
    Rule.KEY_CONFLICT.text: "key_conflict",
    Rule.DOUBTFUL.text: "doubtful_match",
    Rule.BROKEN.text: "broken_cluster",
}
COLUMNS = ["feed", "source_key", "other_feed", "other_source_key", "rule", "kind", "odds", "evidence"]


def doubts(records: Records, decided: pd.DataFrame) -> pd.DataFrame:
    """One line per question for a steward: COLUMNS; other_feed and other_source_key name a row of the possible person (None = nobody
    in particular), odds are natural log-odds (NaN = no model was asked), evidence holds classes and no value."""
    asked = decided[(decided["link_status"] == REVIEW) & decided["rule"].isin(KIND_OF_RULE)]
    evidence = [
        {name: value for name, value in (("number", number), ("name", likeness), ("birth", birth)) if value}
        for number, likeness, birth in zip(asked["number_class"], asked["name_class"], asked["birth_class"], strict=True)
    ]
    rows = _lines(decided, asked.index.to_numpy(), asked["rival"].to_numpy(), asked["rule"].to_numpy(), asked["odds"].to_numpy(), evidence)
    pairs = _persons_with_two_numbers(records, decided)
    both = {"number": "other", "name": Likeness.SAME.word, "birth": "same"}
    twice = _lines(
        decided,
        pairs["one"].to_numpy(),
        pairs["other"].to_numpy(),
        [Rule.TWO_NUMBERS.text] * len(pairs),
        [float("nan")] * len(pairs),
        [both] * len(pairs),
    )
    twice["kind"] = "two_numbers"
    torn = _persons_with_two_registrations(records, decided)
    said = {"number": "same", "registration_number": "other"}
    parted = _lines(
        decided,
        torn["one"].to_numpy(),
        torn["other"].to_numpy(),
        [Rule.BROKEN.text] * len(torn),
        [float("nan")] * len(torn),
        [said] * len(torn),
    )
    return pd.concat([rows, twice, parted], ignore_index=True)[COLUMNS]


def _lines(decided: pd.DataFrame, one, other, rule, odds, evidence) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    feed, key = decided["feed"].astype(object).to_numpy(), decided["source_key"].to_numpy(dtype=object)
    lines = pd.DataFrame({"feed": feed[one], "source_key": key[one], "rule": rule, "odds": odds, "evidence": evidence})
    lines["other_feed"] = [feed[place] if place != NOTHING else None for place in other]
    lines["other_source_key"] = [key[place] if place != NOTHING else None for place in other]
    lines["kind"] = lines["rule"].map(KIND_OF_RULE)
    return lines


def _persons_with_two_numbers(records: Records, decided: pd.DataFrame) -> pd.DataFrame:
    """Rule 10: pairs of persons with a sure number each, one name, one birth day, and one phone or dwelling: rows `one`, `other`."""
    rows = records.rows
    sure = rows[
        (decided["link_status"] == LINKED).to_numpy() & (rows["number"] != NOTHING).to_numpy() & (rows["birth"] != NO_DAY).to_numpy()
    ]
    sure = sure.assign(cluster=decided["cluster"].to_numpy()[sure.index], row=sure.index, feed=sure["feed"].astype(str)).sort_values(
        ["feed", "source_key"]
    )
    found = []
    for place in ("phone", "house"):
        same = ["name", "birth", place]
        told = sure[(sure["name"] != NOTHING) & (sure[place] != NOTHING)][[*same, "cluster", "row"]].drop_duplicates([*same, "cluster"])
        told = told[told.duplicated(same, keep=False)]
        first = told.drop_duplicates(same)
        found.append(told[~told.index.isin(first.index)].merge(first, on=same, suffixes=("", "_first")))
    pairs = pd.concat(found, ignore_index=True).drop_duplicates(["cluster", "cluster_first"])
    return pairs.rename(columns={"row_first": "one", "row": "other"})[["one", "other"]]


def _persons_with_two_registrations(records: Records, decided: pd.DataFrame) -> pd.DataFrame:
    """Persons by one sure number under two registration numbers: a row `one`, `other` of each (the number may be borrowed)."""
    is_held = ((decided["link_status"] == LINKED) & ~decided["is_loose"] & (records.rows["registration_number"] != NOTHING)).to_numpy()
    held = decided[is_held][["feed", "source_key", "cluster"]].assign(registration=records.rows["registration_number"][is_held])
    held = held.assign(row=held.index, feed=held["feed"].astype(str)).sort_values(["feed", "source_key"])
    told = held.drop_duplicates(["cluster", "registration"])
    first = told.drop_duplicates("cluster")
    pairs = told[~told.index.isin(first.index)].merge(first, on="cluster", suffixes=("", "_first"))
    return pairs.rename(columns={"row_first": "one", "row": "other"})[["one", "other"]]
