"""Loose groups that look for their person: who might be theirs, by blocking keys, and how each candidate compares."""

from __future__ import annotations

import numpy as np
import pandas as pd

from warehouse.identity.births import NO_DAY
from warehouse.identity.candidates import Finder, Rows, number_keys, row_keys
from warehouse.identity.comparison import BIRTH_SAME, NONE, Compared, compare, number_levels, profiles
from warehouse.identity.crowd import Crowd
from warehouse.identity.id_numbers import births_of
from warehouse.identity.practice import Practice
from warehouse.identity.records import NOTHING


class Seekers:
    """Loose groups as nodes, among everybody."""

    def __init__(self, crowd: Crowd, wanted: np.ndarray) -> None:
        self.crowd, self.decision = crowd, crowd.decision
        self.group = self.decision.groups.roots()[self.decision.node]
        self.is_loose = self.group >= self.decision.anchor_count
        positions = np.flatnonzero(self.is_loose & wanted)
        node, self.root_of_node = pd.factorize(self.group[positions])
        self.nodes = pd.DataFrame({"node": node.astype(np.int32), "position": positions})
        self.count = len(self.root_of_node)

    def rank(self, groups: np.ndarray) -> np.ndarray:
        """A steady place for groups, whatever order their rows came in."""
        at = np.flatnonzero(np.isin(self.group, groups))
        keys = self.decision.evidence.source_key.iloc[at].to_numpy()
        rows = pd.DataFrame({"group": self.group[at], "feed": self.decision.evidence.feed_order[at], "key": keys})
        rows = rows.sort_values(["feed", "key"]).drop_duplicates("group")
        return pd.Series(np.arange(len(rows)), index=rows["group"]).reindex(groups).to_numpy()

    def has_row(self, wanted: np.ndarray) -> np.ndarray:
        """Nodes with one of the wanted rows."""
        found = np.zeros(self.count, dtype=bool)
        found[self.nodes["node"].to_numpy()[wanted[self.nodes["position"].to_numpy()]]] = True
        return found

    def compare(self, practice: Practice | None) -> tuple[Compared, Compared]:
        """The candidates of the nodes, compared; and those of practising rows (nodes from 0) among the persons with a sure number.
        (Of a loose group nobody knows whose it is.)"""
        position, node = self.nodes["position"].to_numpy(), self.nodes["node"].to_numpy()
        mine = self._lines(position, node)
        is_contested = self.decision.is_contested[position]
        told = pd.Series(self.crowd.texts_of(position), index=node)
        texts = told[told != ""].groupby(level=0).min().reindex(range(self.count)).fillna("").to_numpy(dtype=object)
        parts, own = [mine, self._households(mine[is_contested], position[is_contested])], self.root_of_node
        if practice is not None:
            rehearsed = self._lines(practice.position, self.count + np.arange(len(practice.position)))
            parts.append(rehearsed.assign(birth=practice.birth, sex=practice.sex))
            texts, own = np.concatenate([texts, practice.texts]), np.append(own, np.full(len(practice.position), NOTHING))
        compared = self._compare(pd.concat(parts, ignore_index=True), texts, own)
        _forget_copied_births(compared, texts, pd.concat(parts)[["node", "birth"]])
        is_trial = compared.pairs["node"].to_numpy() >= self.count
        trial = compared.only(is_trial & (compared.pairs["group"].to_numpy() < self.decision.anchor_count))
        trial.pairs["node"] -= self.count
        return compared.only(~is_trial), trial

    def _lines(self, position: np.ndarray, node: np.ndarray) -> pd.DataFrame:
        columns = {name: getattr(self.crowd.rows, name)[position] for name in Rows.__dataclass_fields__}
        return pd.DataFrame(columns | {"node": node.astype(np.int32)})

    def _households(self, mine: pd.DataFrame, position: np.ndarray) -> pd.DataFrame:
        """The contested rows again, living where their number's holder lives: numbers are borrowed within the family."""
        wanted = pd.DataFrame({"number": self.decision.number[position], "at": np.arange(len(position))})
        at = np.flatnonzero(np.isin(self.decision.number, wanted["number"]) & ~self.decision.is_loose)
        held = pd.DataFrame({"number": self.decision.number[at], "phone": self.crowd.rows.phone[at], "house": self.crowd.rows.house[at]})
        both = wanted.merge(held.drop_duplicates(), on="number")
        return mine.iloc[both["at"].to_numpy()].assign(phone=both["phone"].to_numpy(), house=both["house"].to_numpy())

    def _compare(self, mine: pd.DataFrame, texts: np.ndarray, own: np.ndarray) -> Compared:
        decision, crowd, records = self.decision, self.crowd, self.decision.records
        finder = Finder(mine, self.group, own)
        looking = row_keys(records.names, Rows(**{name: mine[name].to_numpy() for name in Rows.__dataclass_fields__}), is_looking=True)
        for (_, node_key), (_, key) in zip(looking, row_keys(records.names, crowd.rows, is_looking=False), strict=True):
            finder.by_rows(node_key, key)
        if (texts != "").any():
            anchors = decision.groups.roots()[: decision.anchor_count]
            for (_, node_key), (_, key) in zip(number_keys(_as_numbers(texts)), number_keys(records.numbers), strict=True):
                finder.by_numbers(node_key, key, anchors)
            finder.by_rows(crowd.text[mine["position"].to_numpy()].astype(np.int64), crowd.text.astype(np.int64))
        pairs = finder.pairs()
        is_found = np.zeros(decision.anchor_count + len(self.group), dtype=bool)
        is_found[pairs["group"].to_numpy()] = True
        at = np.flatnonzero(is_found[self.group])
        theirs = self._lines(at, at).rename(columns={"node": "group"}).assign(group=self.group[at])
        counts = records.rows_of_names(), records.rows_in_all(), decision.anchor_count
        compared = compare(pairs, profiles(mine, "node"), profiles(theirs, "group"), records.names, *counts)
        groups = compared.pairs["group"].to_numpy()
        is_anchored = groups < decision.anchor_count
        numbers = np.where(is_anchored, np.append(records.numbers, b"")[np.where(is_anchored, groups, NOTHING)], b"")
        damaged = np.flatnonzero(crowd.text != NOTHING)
        text_of_group = pd.Series(crowd.texts_of(damaged), index=self.group[damaged]).groupby(level=0).min()
        number_levels(compared, texts, numbers, text_of_group.reindex(groups).fillna("").to_numpy(dtype=object))
        return compared


def _as_numbers(texts: np.ndarray) -> np.ndarray:
    """Texts of 18 characters as S18, b"" for all others."""
    return np.array([text.encode() if len(text) == 18 and text.isascii() else b"" for text in texts], dtype="S18")


def _forget_copied_births(compared: Compared, texts: np.ndarray, told: pd.DataFrame) -> None:
    """A date that stands in the node's damaged number too was copied from it: where it differs from the group's, it says nothing."""
    inside = births_of(_as_numbers(texts))
    told = told[(told["birth"] != NO_DAY).to_numpy() & (inside[told["node"].to_numpy()] == told["birth"].to_numpy())]
    is_copied = np.zeros(len(texts), dtype=bool)
    is_copied[told["node"].to_numpy()] = True
    birth = compared.level("birth")
    birth[is_copied[compared.pairs["node"].to_numpy()] & (birth != BIRTH_SAME)] = NONE
