"""Who is who: sure numbers first, then business keys, households, the narrow rules for damaged numbers, and the model. Pure deciding.

Rows that nothing ties to anybody are persons of their own; what contradicts itself goes to a steward's review.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from warehouse.identity.births import BirthLikeness
from warehouse.identity.decision import Decision, Memory
from warehouse.identity.keys import join_by_keys
from warehouse.identity.model import Model, Training, train
from warehouse.identity.names import Likeness
from warehouse.identity.records import NOTHING, Records
from warehouse.identity.residue import join_by_likeness
from warehouse.identity.rules import TEXTS, Rule

LINKED, REVIEW, UNLINKED = "linked", "review", "unlinked"
ROUNDS = 3
# A person with more registration numbers is not one person.
MOST_REGISTRATIONS = 1


def decide(
    records: Records,
    memory: Memory | None = None,
    model: Model | None = None,
    standing: np.ndarray | None = None,
    train: Training = train,
) -> pd.DataFrame:
    """One line per row of `records`: cluster (equal for rows of one person), link_status, rule, classes of evidence, is_loose, odds
    and rival (a row of the best candidate that was not joined, -1 = none).

    Which rows share a cluster never depends on the order of the rows; the cluster's number means nothing.

    Args:
        memory: what stewards decided, as pairs of positions in `records.rows`.
        model: the model to use; None trains one on the records themselves where they suffice, and else takes the packaged one.
        standing: the person each row stands with (codes by row, -1 = none).
        train: makes a model of labelled pairs.
    """
    decision = Decision(records, memory)
    for _ in range(ROUNDS):
        if not join_by_keys(decision):
            break
    used = join_by_likeness(decision, model, standing, train)
    found = _verdicts(decision)
    found.attrs["model"] = used
    return found


def _verdicts(decision: Decision) -> pd.DataFrame:
    rows = decision.records.rows
    cluster = decision.groups.roots()[decision.node]
    of_row = pd.factorize(cluster)[0]
    size = np.bincount(of_row)[of_row]
    contested = decision.rule == Rule.CONTESTED
    has_ground = (np.bincount(of_row, weights=~contested) > 0)[of_row]
    tied_by = _told_by_partners(of_row, decision)
    keeps_number = (tied_by == Rule.HOLDER) | (tied_by == Rule.NOTED)
    tied = (tied_by != Rule.NONE) & has_ground & ((size > 1) | keeps_number)
    broken = tied & ~keeps_number & _is_broken(of_row, rows["registration_number"].to_numpy())
    conditions = [~decision.is_loose, broken, tied, contested, decision.doubt_of != Rule.NONE]
    status = np.select(conditions, [0, 1, 0, 1, 1], 2)
    rule = np.select(conditions, [decision.rule, Rule.BROKEN, tied_by, Rule.CONTESTED, decision.doubt_of], Rule.ALONE)
    found = pd.DataFrame({"feed": rows["feed"], "source_key": rows["source_key"], "cluster": cluster})
    found["link_status"] = pd.Categorical.from_codes(status, [LINKED, REVIEW, UNLINKED])
    found["rule"] = pd.Categorical.from_codes(rule, TEXTS)
    found["number_class"] = _number_classes(decision)
    has_number = decision.number != NOTHING
    for name, level, words in (("name_class", decision.name_level, Likeness), ("birth_class", decision.birth_level, BirthLikeness)):
        found[name] = pd.Categorical.from_codes(np.where(has_number, level + 1, 0), ["", *(word.word for word in words)])
    found["is_loose"] = decision.is_loose
    # Of a contested number a steward wants to see the holder, where nobody fits better.
    is_unasked = contested & (decision.rival == NOTHING) & has_number
    rival = np.where(is_unasked, decision.groups.roots()[decision.number], decision.rival)
    found["odds"], found["rival"] = decision.odds, _representatives(found, rival)
    return found


def _number_classes(decision: Decision) -> pd.Categorical:
    codes = np.where(decision.number != NOTHING, 1, np.where(decision.evidence.text != NOTHING, 2, 0))
    codes[decision.is_moved] = 3
    codes[decision.rule == Rule.CONTESTED] = 4
    return pd.Categorical.from_codes(codes, ["none", "valid", "damaged", "corrected", "contested"])


def _told_by_partners(of_row: np.ndarray, decision: Decision) -> np.ndarray:
    """The rule that tied each row; a loose row that others joined has theirs."""
    first = np.full(int(of_row.max(initial=NOTHING)) + 1, len(Rule), dtype=np.int8)
    tied = np.flatnonzero(decision.tied_by != Rule.NONE)
    np.minimum.at(first, of_row[tied], decision.tied_by[tied])
    theirs = np.where(first < len(Rule), first, Rule.NONE)[of_row]
    is_waiting = (decision.tied_by == Rule.NONE) & (decision.doubt_of == Rule.NONE) & decision.is_loose
    return np.where(is_waiting, theirs, decision.tied_by)


def _is_broken(of_row: np.ndarray, registration: np.ndarray) -> np.ndarray:
    """Rows of persons with more than one registration number: one of them is somebody else's."""
    told = pd.DataFrame({"cluster": of_row, "registration": registration})[registration != NOTHING].drop_duplicates()["cluster"]
    return np.bincount(told, minlength=int(of_row.max(initial=NOTHING)) + 1)[of_row] > MOST_REGISTRATIONS


def _representatives(found: pd.DataFrame, rival: np.ndarray) -> np.ndarray:
    """One row of each row's rival group, the same whatever the order of the rows; -1 = no rival."""
    asking = np.flatnonzero(rival != NOTHING)
    is_wanted = np.zeros(int(found["cluster"].max()) + 1 if len(found) else 0, dtype=bool)
    is_wanted[rival[asking][rival[asking] < len(is_wanted)]] = True
    members = found.iloc[np.flatnonzero(is_wanted[found["cluster"].to_numpy()])][["feed", "source_key", "cluster"]]
    members = members.assign(feed=members["feed"].astype(str)).sort_values(["cluster", "feed", "source_key"]).drop_duplicates("cluster")
    row_of = pd.Series(members.index.to_numpy(), index=members["cluster"].to_numpy())
    representative = np.full(len(rival), NOTHING, dtype=np.int64)
    representative[asking] = row_of.reindex(rival[asking]).fillna(NOTHING).to_numpy(dtype=np.int64)
    return representative
