"""Rules 7 to 9 and the model: rows that no sure number or key holds find the one person who fits, or are left for a steward.

A row joins one person or nobody: it never ties two persons together. Rows that nobody fits may still be one person among
themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from warehouse.identity.births import NO_DAY, BirthLikeness
from warehouse.identity.bundles import Bundles
from warehouse.identity.candidates import Finder, Rows, number_keys, row_keys
from warehouse.identity.comparison import (
    BIRTH_NEAR,
    BIRTH_SAME,
    NAME_VARIANT,
    NONE,
    NUMBER_CONTRADICTS,
    NUMBER_ONE_SLIP,
    NUMBER_PREFIX15,
    Compared,
    compare,
    has_ground,
    is_same_name_and_birth,
    is_worth_showing,
    number_levels,
    profiles,
)
from warehouse.identity.decision import Decision
from warehouse.identity.id_numbers import ROWS_PER_TEXT, births_of, sexes_of
from warehouse.identity.model import FEWEST_LABELS, LinkModel, packaged, train
from warehouse.identity.practice import Practice, practise, sexes_in_texts
from warehouse.identity.records import NOTHING
from warehouse.identity.rules import Rule

# Posteriors of the best candidate, chosen on the tuning seeds of benchmarks/identity.
LINK_FROM = 0.75  # a row joins a person from here
STAY_FROM = 0.60  # a row that stands with the person already stays from here
SHOW_FROM = 0.10  # from here a steward is asked
RULE_KEEPS_FROM = 0.25  # below, what rules 7 and 8 would join goes to a steward
PERSONS_PER_PHONE = 5


def join_by_likeness(decision: Decision, model: LinkModel | None = None, standing: np.ndarray | None = None) -> LinkModel | None:
    """Every loose group finds its person, or its doubt. Returns the model that was used (None where nothing was asked of one).

    Rows whose number is contested look first: where they belong decides what the number's other rows say of its holder.

    Args:
        model: used as it is; None trains one where sure numbers give enough labels, and else takes the packaged one.
        standing: the person of each row as it stands (codes, -1 = none): leaving takes more than staying.
    """
    if not decision.is_loose.any():
        return None
    crowd = Crowd(decision)
    contested = _Residue(crowd, decision.is_contested)
    practice = practise(decision) if model is None else None
    if practice is not None and len(practice.position) < FEWEST_LABELS:
        practice = None
    compared, trial = contested.compare(practice)
    if model is None:
        model = packaged() if practice is None else _trained(practice, trial)
    _assign(decision, contested, compared, model, standing)
    _keep_noted_rows(decision)
    crowd.believe(decision.is_disputed & (decision.tied_by == Rule.HOLDER))
    loose = _Residue(crowd, ~decision.is_contested)
    compared, _ = loose.compare(None)
    _assign(decision, loose, compared, model, standing)
    _keep_single_documents(decision)
    return model


def _trained(practice: Practice, trial: Compared) -> LinkModel:
    node = trial.pairs["node"].to_numpy()
    is_right = practice.own[node] == trial.pairs["group"].to_numpy()
    return train(trial.levels, is_right, practice.weight[node]) if is_right.sum() >= FEWEST_LABELS else packaged()


class Crowd:
    """Every row as it is compared, and the damaged numbers that may still be somebody's."""

    def __init__(self, decision: Decision) -> None:
        self.decision, self.records = decision, decision.records
        rows, records = self.records.rows, self.records
        birth, sex = decision.evidence.birth.copy(), rows["sex"].to_numpy().copy()
        self._own_day, self._own_sex = births_of(records.numbers), sexes_of(records.numbers).astype(sex.dtype)
        phone = rows["phone"].to_numpy()
        is_shared = np.append(records.names_of_phones() > PERSONS_PER_PHONE, False)[phone]
        self.rows = Rows(
            position=np.arange(len(rows), dtype=np.int32),
            name=rows["name"].to_numpy(),
            birth=birth,
            phone=np.where(is_shared, NOTHING, phone).astype(np.int32),
            house=rows["house"].to_numpy(),
            hukou=rows["hukou_region"].to_numpy(),
            residence=rows["residence_region"].to_numpy(),
            sex=sex,
            feed=decision.evidence.feed,
        )
        is_filler = records.rows_of_texts() > ROWS_PER_TEXT
        self.text = np.append(np.where(is_filler, NOTHING, np.arange(len(is_filler))), NOTHING)[decision.evidence.text]
        self.believe(~decision.is_loose)
        self._doubt()

    def believe(self, wanted: np.ndarray) -> None:
        """These rows have the date and sex of their number, which outrank the fields."""
        positions = np.flatnonzero(wanted & (self.decision.number != NOTHING))
        number = self.decision.number[positions]
        positions, number = positions[self._own_day[number] != NO_DAY], number[self._own_day[number] != NO_DAY]
        self.rows.birth[positions], self.rows.sex[positions] = self._own_day[number], self._own_sex[number]

    def _doubt(self) -> None:
        """Nothing is believed that may be copied from a number that is somebody else's, nor the sex that a damaged number says."""
        positions = np.flatnonzero(self.decision.is_contested & (self.decision.number != NOTHING))
        number = self.decision.number[positions]
        self.rows.birth[positions[self.rows.birth[positions] == self._own_day[number]]] = NO_DAY
        self.rows.sex[positions[self.rows.sex[positions] == self._own_sex[number]]] = 0
        damaged = np.flatnonzero(self.decision.evidence.text != NOTHING)
        said = sexes_in_texts(self.records.texts)[self.decision.evidence.text[damaged]]
        self.rows.sex[damaged[self.rows.sex[damaged] == said]] = 0

    def texts_of(self, positions: np.ndarray) -> np.ndarray:
        """The damaged number of each row, "" where it has none."""
        texts: np.ndarray = np.append(self.records.texts, "")[self.text[positions]]
        return texts


class _Residue:
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


@dataclass(frozen=True)
class _Best:
    """The best candidate per node that has one: arrays node, group, posterior, odds, pair (its place among the pairs)."""

    node: np.ndarray
    group: np.ndarray
    posterior: np.ndarray
    odds: np.ndarray
    pair: np.ndarray


def _best(compared: Compared, odds: np.ndarray, rule: np.ndarray) -> _Best:
    """Of equally likely candidates the one that a rule names; two that no rule names are both too unlikely to be joined."""
    node, group = compared.pairs["node"].to_numpy(), compared.pairs["group"].to_numpy()
    likelihood = np.exp(np.minimum(odds.astype(np.float64), 30))
    total = 1 + np.bincount(node, weights=likelihood, minlength=int(node.max(initial=-1)) + 1)
    posterior = likelihood / total[node]
    order = np.lexsort((rule == Rule.MODEL, -posterior, node))
    first = order[np.flatnonzero(np.diff(node[order], prepend=-1))]
    return _Best(node[first], group[first], posterior[first], odds[first], first)


def _assign(decision: Decision, residue: _Residue, compared: Compared, model: LinkModel, standing: np.ndarray | None) -> None:
    """Each node joins its best person, or is shown to a steward; those that no person fits may be one person among themselves."""
    odds = model.log_odds(compared.levels)
    group, is_contested = compared.pairs["group"].to_numpy(), residue.has_row(decision.is_contested)
    is_anchored = group < decision.anchor_count
    to_persons = compared.only(is_anchored)
    rules = _rules(to_persons, is_contested)
    best = _best(to_persons, odds[is_anchored], rules)
    rule = rules[best.pair]
    may_join = (has_ground(to_persons) & ~residue.has_row(decision.doubt_of != Rule.NONE)[to_persons.pairs["node"].to_numpy()])[best.pair]
    links = (best.posterior >= LINK_FROM) | (_stands(decision, residue, best, standing) & (best.posterior >= STAY_FROM))
    links = may_join & (links | ((rule != Rule.MODEL) & (best.posterior >= RULE_KEEPS_FROM)))
    joined = _join(decision, residue, best, links, rule)
    shown = ~joined & (links | ((best.posterior >= SHOW_FROM) & is_worth_showing(to_persons)[best.pair]))
    _note(decision, residue, best, shown)
    # Rows of a disputed number have a person: the number's.
    is_open = ~residue.has_row(np.isin(decision.number, decision.number[decision.is_disputed]) & (decision.number != NOTHING))
    is_open[best.node[joined | shown]] = False
    is_settled = np.zeros(residue.count, dtype=bool)
    is_settled[best.node[joined]] = True
    rest = ~is_anchored & is_open[compared.pairs["node"].to_numpy()]
    _join_among_themselves(decision, residue, compared.only(rest), odds[rest], is_open | is_settled)


def _rules(compared: Compared, is_node_contested: np.ndarray) -> np.ndarray:
    """ALIKE or ONE_SLIP for the one candidate of a node that these rules join, MODEL for all others."""
    node = compared.pairs["node"].to_numpy()
    number = compared.level("number")
    is_slip = (number == NUMBER_ONE_SLIP) & (compared.level("name") >= NAME_VARIANT) & (compared.level("birth") >= BIRTH_NEAR)
    is_alike = is_same_name_and_birth(compared) & (number != NUMBER_CONTRADICTS)
    is_supported = (number >= NUMBER_PREFIX15) | (compared.level("county") == 1) | (compared.level("phone") == 1)
    count = int(node.max(initial=-1)) + 1
    slips, alike = np.bincount(node[is_slip], minlength=count), np.bincount(node[is_alike], minlength=count)
    by_slip = is_slip & (slips[node] == 1)
    by_place = is_alike & is_supported & (alike[node] == 1) & (slips[node] == 0)
    free = ~is_node_contested[node]
    return np.select([by_slip & free, by_place & free], [Rule.ONE_SLIP, Rule.ALIKE], Rule.MODEL).astype(np.int8)


def _stands(decision: Decision, residue: _Residue, best: _Best, standing: np.ndarray | None) -> np.ndarray:
    """Best candidates with whom the node stands already."""
    if standing is None:
        return np.zeros(len(best.node), dtype=bool)
    held = pd.DataFrame({"group": residue.group, "person": standing})
    held = held[(held["person"] != NOTHING) & ~residue.is_loose].drop_duplicates()
    mine = pd.DataFrame({"node": residue.nodes["node"].to_numpy(), "person": standing[residue.nodes["position"].to_numpy()]})
    wanted = pd.DataFrame({"node": best.node, "group": best.group, "place": np.arange(len(best.node))})
    together = wanted.merge(mine[mine["person"] != NOTHING].drop_duplicates(), on="node").merge(held, on=["group", "person"])
    found = np.zeros(len(best.node), dtype=bool)
    found[together["place"].to_numpy()] = True
    return found


def _join(decision: Decision, residue: _Residue, best: _Best, links: np.ndarray, rule: np.ndarray) -> np.ndarray:
    """Joins the chosen nodes to their groups; returns which of `best` are joined now (a steward may keep two apart)."""
    joined = links.copy()
    joined[links] = decision.groups.join_many(best.group[links], residue.root_of_node[best.node[links]])
    of_node = np.zeros(residue.count, dtype=np.int8)
    of_node[best.node[joined]] = rule[joined]
    _write(decision, residue, of_node, decision.tied_by)
    _tell(decision, residue, best, joined)
    return joined


def _note(decision: Decision, residue: _Residue, best: _Best, shown: np.ndarray) -> None:
    of_node = np.zeros(residue.count, dtype=np.int8)
    of_node[best.node[shown]] = Rule.DOUBTFUL
    _write(decision, residue, of_node, decision.doubt_of)
    _tell(decision, residue, best, shown)


def _write(decision: Decision, residue: _Residue, of_node: np.ndarray, column: np.ndarray) -> None:
    node, position = residue.nodes["node"].to_numpy(), residue.nodes["position"].to_numpy()
    is_new = (of_node[node] != Rule.NONE) & (column[position] == Rule.NONE)
    column[position[is_new]] = of_node[node[is_new]]


def _tell(decision: Decision, residue: _Residue, best: _Best, chosen: np.ndarray) -> None:
    """Odds and a row of the candidate's for every row of the chosen nodes."""
    node, position = residue.nodes["node"].to_numpy(), residue.nodes["position"].to_numpy()
    odds, group = np.full(residue.count, np.nan, dtype=np.float32), np.full(residue.count, NOTHING, dtype=np.int64)
    odds[best.node[chosen]], group[best.node[chosen]] = best.odds[chosen], best.group[chosen]
    told = group[node] != NOTHING
    decision.odds[position[told]], decision.rival[position[told]] = odds[node[told]], group[node[told]]


def _join_among_themselves(decision: Decision, residue: _Residue, compared: Compared, odds: np.ndarray, is_found: np.ndarray) -> None:
    """Nodes that are alike are one person, the surest pairs first; nobody is joined whom the model sets apart from a member.

    Args:
        compared: pairs of nodes that have no person yet with groups of the residue.
        is_found: nodes that may be joined: still open, or settled just before.
    """
    node, group = compared.pairs["node"].to_numpy(), compared.pairs["group"].to_numpy()
    node_of_group = pd.Series(np.arange(residue.count), index=residue.root_of_node)
    other = node_of_group.reindex(group).fillna(NOTHING).to_numpy(dtype=np.int64)
    # Groups outside the residue (a stranger's candidates) are named by themselves, behind the nodes.
    other = np.where(other == NOTHING, residue.count + group, other)
    kept = np.append(is_found, True)[np.minimum(other, residue.count)]
    grounded = kept & has_ground(compared)
    rule = _rules(compared, np.zeros(residue.count, dtype=bool))
    likely = np.log(
        np.where(rule == Rule.MODEL, LINK_FROM, RULE_KEEPS_FROM) / (1 - np.where(rule == Rule.MODEL, LINK_FROM, RULE_KEEPS_FROM))
    )
    bundles = Bundles(zip(node[kept].tolist(), other[kept].tolist(), odds[kept].tolist(), strict=True))
    order = np.lexsort((residue.rank(group), residue.rank(residue.root_of_node[node]), -odds))
    of_node = np.zeros(residue.count, dtype=np.int8)
    for pair in order[grounded[order] & (odds[order] >= likely[order])].tolist():
        if bundles.join(int(node[pair]), int(other[pair])) and decision.groups.join(
            int(group[pair]), int(residue.root_of_node[node[pair]])
        ):
            for end in (node[pair], other[pair]):
                if end < residue.count and not of_node[end]:
                    of_node[end] = rule[pair]
    _write(decision, residue, of_node, decision.tied_by)
    is_left = (of_node[node] == Rule.NONE) & kept & is_worth_showing(compared)
    best = _best(compared.only(is_left), odds[is_left], rule[is_left])
    _note(decision, residue, best, best.posterior >= SHOW_FROM)


def _keep_single_documents(decision: Decision) -> None:
    """A passport that one row alone shows is that row's own, where nothing else says whose it is."""
    for position in np.flatnonzero(decision.is_alone & (decision.tied_by == Rule.NONE) & (decision.doubt_of == Rule.NONE)).tolist():
        if decision.groups.join(int(decision.number[position]), int(decision.node[position])):
            decision.tied_by[position] = Rule.HOLDER


def _keep_noted_rows(decision: Decision) -> None:
    """Rows of a disputed number, and of another name but the number's birth day (rule 2), stay with the number unless somebody
    else fits them or might, or they live and telephone elsewhere. Without that day they must live or telephone where it does."""
    is_free = decision.is_loose & (decision.tied_by == Rule.NONE) & (decision.doubt_of == Rule.NONE)
    phone, house = (_against_holder(decision, column) for column in ("phone", "house"))
    is_elsewhere = (phone == _OTHER) & (house != _SAME)
    is_near = (phone == _SAME) | (house == _SAME)
    is_kept = (decision.rule == Rule.NOTED) & ~is_elsewhere & ((decision.birth_level == BirthLikeness.SAME) | is_near)
    for rule, wanted in ((Rule.HOLDER, decision.is_disputed), (Rule.NOTED, is_kept)):
        for position in np.flatnonzero(is_free & wanted).tolist():
            if decision.groups.join(int(decision.number[position]), int(decision.node[position])):
                decision.tied_by[position] = rule
    decision.rule[decision.is_contested & (decision.tied_by != Rule.HOLDER) & (decision.tied_by != Rule.NOTED)] = Rule.CONTESTED


_SAME, _OTHER = 1, 0


def _against_holder(decision: Decision, column: str) -> np.ndarray:
    """Noted rows: _SAME where the number's holder has the row's phone or dwelling, _OTHER where it has only others; else -1."""
    is_noted = decision.rule == Rule.NOTED
    is_theirs = np.zeros(decision.anchor_count + 1, dtype=bool)
    is_theirs[decision.number[is_noted]] = True
    at = np.flatnonzero(is_theirs[decision.number] & (decision.records.rows[column].to_numpy() != NOTHING))
    frame = pd.DataFrame({"number": decision.number[at], column: decision.records.rows[column].to_numpy()[at]}, index=at)
    held, mine = frame[decision.rule[at] == Rule.HOLDER].drop_duplicates(), frame[is_noted[at]]
    is_known = mine["number"].isin(held["number"]).to_numpy()
    is_same = pd.MultiIndex.from_frame(mine).isin(pd.MultiIndex.from_frame(held))
    found = np.full(len(decision.number), NOTHING)
    found[mine.index[is_known]] = np.where(is_same[is_known], _SAME, _OTHER)
    return found
