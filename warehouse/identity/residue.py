"""Rules 7 to 9 and the model: rows that no sure number or key holds find the one person who fits, or are left for a steward.

A row joins one person or nobody: it never ties two persons together. Rows that nobody fits may still be one person among
themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from warehouse.identity.bundles import Bundles
from warehouse.identity.comparison import (
    BIRTH_NEAR,
    NAME_VARIANT,
    NUMBER_CONTRADICTS,
    NUMBER_ONE_SLIP,
    NUMBER_PREFIX15,
    Compared,
    has_ground,
    is_same_name_and_birth,
    is_worth_showing,
)
from warehouse.identity.crowd import Crowd
from warehouse.identity.decision import Decision
from warehouse.identity.model import FEWEST_LABELS, Model, Training, packaged, train
from warehouse.identity.noted import keep_noted_rows, keep_single_documents
from warehouse.identity.practice import Practice, practise
from warehouse.identity.records import NOTHING
from warehouse.identity.rules import Rule
from warehouse.identity.seekers import Seekers

# Posteriors of the best candidate, chosen on the tuning seeds of benchmarks/identity.
LINK_FROM = 0.50  # a row joins a person from here: likelier than all others and nobody together
STAY_FROM = 0.40  # a row that stands with the person already stays from here
SHOW_FROM = 0.10  # from here a steward is asked
RULE_KEEPS_FROM = 0.25  # below, what rules 7 and 8 would join goes to a steward


def join_by_likeness(
    decision: Decision, model: Model | None = None, standing: np.ndarray | None = None, train: Training = train
) -> Model | None:
    """Every loose group finds its person, or its doubt. Returns the model that was used (None where nothing was asked of one).

    Rows whose number is contested look first: where they belong decides what the number's other rows say of its holder.

    Args:
        model: used as it is; None trains one where sure numbers give enough labels, and else takes the packaged one.
        train: makes a model of labelled pairs.
        standing: the person of each row as it stands (codes, -1 = none): leaving takes more than staying.
    """
    if not decision.is_loose.any():
        return None
    crowd = Crowd(decision)
    contested = Seekers(crowd, decision.is_contested)
    practice = practise(decision) if model is None else None
    if practice is not None and len(practice.position) < FEWEST_LABELS:
        practice = None
    compared, trial = contested.compare(practice)
    if model is None:
        model = packaged() if practice is None else _trained(practice, trial, train)
    _assign(decision, contested, compared, model, standing)
    keep_noted_rows(decision)
    crowd.believe(decision.is_disputed & (decision.tied_by == Rule.HOLDER))
    loose = Seekers(crowd, ~decision.is_contested)
    compared, _ = loose.compare(None)
    _assign(decision, loose, compared, model, standing)
    keep_single_documents(decision)
    return model


def _trained(practice: Practice, trial: Compared, train: Training) -> Model:
    node = trial.pairs["node"].to_numpy()
    is_right = practice.own[node] == trial.pairs["group"].to_numpy()
    return train(trial.levels, is_right, practice.weight[node]) if is_right.sum() >= FEWEST_LABELS else packaged()


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


def _assign(decision: Decision, seekers: Seekers, compared: Compared, model: Model, standing: np.ndarray | None) -> None:
    """Each node joins its best person, or is shown to a steward; those that no person fits may be one person among themselves."""
    odds = model.log_odds(compared.levels)
    group, is_contested = compared.pairs["group"].to_numpy(), seekers.has_row(decision.is_contested)
    is_anchored = group < decision.anchor_count
    to_persons = compared.only(is_anchored)
    rules = _rules(to_persons, is_contested)
    best = _best(to_persons, odds[is_anchored], rules)
    rule = rules[best.pair]
    may_join = (has_ground(to_persons) & ~seekers.has_row(decision.doubt_of != Rule.NONE)[to_persons.pairs["node"].to_numpy()])[best.pair]
    links = (best.posterior >= LINK_FROM) | (_stands(decision, seekers, best, standing) & (best.posterior >= STAY_FROM))
    links = may_join & (links | ((rule != Rule.MODEL) & (best.posterior >= RULE_KEEPS_FROM)))
    joined = _join(decision, seekers, best, links, rule)
    asked = ((best.posterior >= SHOW_FROM) & is_worth_showing(to_persons)[best.pair]) | _is_alike_in_a_place(to_persons)[best.pair]
    shown = ~joined & (links | asked)
    _note(decision, seekers, best, shown)
    # Rows of a disputed number have a person: the number's.
    is_open = ~seekers.has_row(np.isin(decision.number, decision.number[decision.is_disputed]) & (decision.number != NOTHING))
    is_open[best.node[joined | shown]] = False
    is_settled = np.zeros(seekers.count, dtype=bool)
    is_settled[best.node[joined]] = True
    rest = ~is_anchored & is_open[compared.pairs["node"].to_numpy()]
    _join_among_themselves(decision, seekers, compared.only(rest), odds[rest], is_open | is_settled)


def _rules(compared: Compared, is_node_contested: np.ndarray) -> np.ndarray:
    """ALIKE or ONE_SLIP for the one candidate of a node that these rules join, MODEL for all others."""
    node = compared.pairs["node"].to_numpy()
    number = compared.level("number")
    is_slip = (number == NUMBER_ONE_SLIP) & (compared.level("name") >= NAME_VARIANT) & (compared.level("birth") >= BIRTH_NEAR)
    is_alike = _is_alike(compared)
    count = int(node.max(initial=-1)) + 1
    slips, alike = np.bincount(node[is_slip], minlength=count), np.bincount(node[is_alike], minlength=count)
    by_slip = is_slip & (slips[node] == 1)
    by_place = _is_alike_in_a_place(compared) & (alike[node] == 1) & (slips[node] == 0)
    free = ~is_node_contested[node]
    return np.select([by_slip & free, by_place & free], [Rule.ONE_SLIP, Rule.ALIKE], Rule.MODEL).astype(np.int8)


def _is_alike(compared: Compared) -> np.ndarray:
    alike: np.ndarray = is_same_name_and_birth(compared) & (compared.level("number") != NUMBER_CONTRADICTS)
    return alike


def _is_alike_in_a_place(compared: Compared) -> np.ndarray:
    """Rule 7 but for the second candidate, with whom it is rule 9: such a row is joined or asked about, whatever the model says."""
    supported: np.ndarray = (compared.level("number") >= NUMBER_PREFIX15) | (compared.level("county") == 1) | (compared.level("phone") == 1)
    return _is_alike(compared) & supported


def _stands(decision: Decision, seekers: Seekers, best: _Best, standing: np.ndarray | None) -> np.ndarray:
    """Best candidates with whom the node stands already."""
    if standing is None:
        return np.zeros(len(best.node), dtype=bool)
    held = pd.DataFrame({"group": seekers.group, "person": standing})
    held = held[(held["person"] != NOTHING) & ~seekers.is_loose].drop_duplicates()
    mine = pd.DataFrame({"node": seekers.nodes["node"].to_numpy(), "person": standing[seekers.nodes["position"].to_numpy()]})
    wanted = pd.DataFrame({"node": best.node, "group": best.group, "place": np.arange(len(best.node))})
    together = wanted.merge(mine[mine["person"] != NOTHING].drop_duplicates(), on="node").merge(held, on=["group", "person"])
    found = np.zeros(len(best.node), dtype=bool)
    found[together["place"].to_numpy()] = True
    return found


def _join(decision: Decision, seekers: Seekers, best: _Best, links: np.ndarray, rule: np.ndarray) -> np.ndarray:
    """Joins the chosen nodes to their groups; returns which of `best` are joined now (a steward may keep two apart)."""
    joined = links.copy()
    joined[links] = decision.groups.join_many(best.group[links], seekers.root_of_node[best.node[links]])
    of_node = np.zeros(seekers.count, dtype=np.int8)
    of_node[best.node[joined]] = rule[joined]
    _write(decision, seekers, of_node, decision.tied_by)
    _tell(decision, seekers, best, joined)
    return joined


def _note(decision: Decision, seekers: Seekers, best: _Best, shown: np.ndarray) -> None:
    of_node = np.zeros(seekers.count, dtype=np.int8)
    of_node[best.node[shown]] = Rule.DOUBTFUL
    _write(decision, seekers, of_node, decision.doubt_of)
    _tell(decision, seekers, best, shown)


def _write(decision: Decision, seekers: Seekers, of_node: np.ndarray, column: np.ndarray) -> None:
    node, position = seekers.nodes["node"].to_numpy(), seekers.nodes["position"].to_numpy()
    is_new = (of_node[node] != Rule.NONE) & (column[position] == Rule.NONE)
    column[position[is_new]] = of_node[node[is_new]]


def _tell(decision: Decision, seekers: Seekers, best: _Best, chosen: np.ndarray) -> None:
    """Odds and a row of the candidate's for every row of the chosen nodes."""
    node, position = seekers.nodes["node"].to_numpy(), seekers.nodes["position"].to_numpy()
    odds, group = np.full(seekers.count, np.nan, dtype=np.float32), np.full(seekers.count, NOTHING, dtype=np.int64)
    odds[best.node[chosen]], group[best.node[chosen]] = best.odds[chosen], best.group[chosen]
    told = group[node] != NOTHING
    decision.odds[position[told]], decision.rival[position[told]] = odds[node[told]], group[node[told]]


def _join_among_themselves(decision: Decision, seekers: Seekers, compared: Compared, odds: np.ndarray, is_found: np.ndarray) -> None:
    """Nodes that are alike are one person, the surest pairs first; nobody is joined whom the model sets apart from a member.

    Args:
        compared: pairs of nodes that have no person yet with groups of the seekers.
        is_found: nodes that may be joined: still open, or settled just before.
    """
    node, group = compared.pairs["node"].to_numpy(), compared.pairs["group"].to_numpy()
    node_of_group = pd.Series(np.arange(seekers.count), index=seekers.root_of_node)
    other = node_of_group.reindex(group).fillna(NOTHING).to_numpy(dtype=np.int64)
    # Groups outside the seekers (a stranger's candidates) are named by themselves, behind the nodes.
    other = np.where(other == NOTHING, seekers.count + group, other)
    kept = np.append(is_found, True)[np.minimum(other, seekers.count)]
    grounded = kept & has_ground(compared)
    rule = _rules(compared, np.zeros(seekers.count, dtype=bool))
    likely = np.log(
        np.where(rule == Rule.MODEL, LINK_FROM, RULE_KEEPS_FROM) / (1 - np.where(rule == Rule.MODEL, LINK_FROM, RULE_KEEPS_FROM))
    )
    bundles = Bundles(zip(node[kept].tolist(), other[kept].tolist(), odds[kept].tolist(), strict=True))
    order = np.lexsort((seekers.rank(group), seekers.rank(seekers.root_of_node[node]), -odds))
    of_node = np.zeros(seekers.count, dtype=np.int8)
    for pair in order[grounded[order] & (odds[order] >= likely[order])].tolist():
        if bundles.join(int(node[pair]), int(other[pair])) and decision.groups.join(
            int(group[pair]), int(seekers.root_of_node[node[pair]])
        ):
            for end in (node[pair], other[pair]):
                if end < seekers.count and not of_node[end]:
                    of_node[end] = rule[pair]
    _write(decision, seekers, of_node, decision.tied_by)
    is_left = (of_node[node] == Rule.NONE) & kept & is_worth_showing(compared)
    best = _best(compared.only(is_left), odds[is_left], rule[is_left])
    _note(decision, seekers, best, best.posterior >= SHOW_FROM)
