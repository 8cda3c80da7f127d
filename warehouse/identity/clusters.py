"""Who is who: sure numbers first, then business keys, households, the narrow rules for damaged numbers, and the model. Pure deciding.

Rows that nothing ties to anybody are persons of their own; what contradicts itself goes to a steward's review.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from warehouse.identity.births import BirthLikeness
from warehouse.identity.decision import Decision, Memory
from warehouse.identity.keys import join_by_keys
from warehouse.identity.model import LinkModel
from warehouse.identity.records import NOTHING, Records
from warehouse.identity.residue import join_by_likeness
from warehouse.identity.sure_numbers import CONTESTED, HOLDER, NOTED

LINKED, REVIEW, UNLINKED = "linked", "review", "unlinked"
ALONE, BROKEN = "11", "broken"
ROUNDS = 3
# A person with more registration numbers is not one person.
MOST_REGISTRATIONS = 1


def decide(
    records: Records, memory: Memory | None = None, model: LinkModel | None = None, standing: np.ndarray | None = None
) -> pd.DataFrame:
    """One line per row of `records`: cluster (equal for rows of one person), link_status, rule, classes of evidence, is_loose, odds and rival
    (a row of the best candidate that was not joined, -1 = none).

    Which rows share a cluster never depends on the order of the rows; the cluster's number means nothing.

    Args:
        memory: what stewards decided, as pairs of positions in `records.rows`.
        model: the model to use; None trains one on the records themselves where they suffice, and else takes the packaged one.
        standing: the person each row stands with (codes by row, -1 = none).
    """
    decision = Decision(records, memory)
    for _ in range(ROUNDS):
        if not join_by_keys(decision):
            break
    used = join_by_likeness(decision, model, standing)
    found = _verdicts(decision)
    found.attrs["model"] = used
    return found


def _verdicts(decision: Decision) -> pd.DataFrame:
    rows = decision.records.rows
    cluster = decision.groups.roots()[decision.node]
    contested = decision.rule == CONTESTED
    of_row = pd.factorize(cluster)[0]
    size = np.bincount(of_row)[of_row]
    has_ground = (np.bincount(of_row, weights=~contested) > 0)[of_row]
    keeps_number = np.isin(decision.tied_by, (HOLDER, NOTED))
    tied_by = _told_by_partners(of_row, decision)
    tied = (tied_by != "") & has_ground & ((size > 1) | keeps_number)
    broken = tied & ~keeps_number & _is_broken(of_row, rows["registration_number"].to_numpy())
    conditions = [~decision.is_loose, broken, tied, contested, decision.doubt_of != ""]
    found = pd.DataFrame({"feed": rows["feed"], "source_key": rows["source_key"], "cluster": cluster})
    found["link_status"] = np.select(conditions, [LINKED, REVIEW, LINKED, REVIEW, REVIEW], UNLINKED)
    found["rule"] = np.select(conditions, [decision.rule, BROKEN, tied_by, CONTESTED, decision.doubt_of], ALONE)
    found["number_class"], found["name_class"] = decision.number_classes(), decision.name_classes()
    words = np.array([level.word for level in BirthLikeness], dtype=object)
    found["birth_class"] = np.where(decision.number != NOTHING, words[decision.birth_level], "")
    found["is_loose"] = decision.is_loose
    found["odds"], found["rival"] = decision.odds, _representatives(found, decision.rival)
    return found


def _told_by_partners(of_row: np.ndarray, decision: Decision) -> np.ndarray:
    """The rule that tied each row; a loose row that others joined has theirs."""
    told = pd.DataFrame({"person": of_row, "rule": decision.tied_by})[decision.tied_by != ""].groupby("person")["rule"].min()
    waiting = (decision.tied_by == "") & (decision.doubt_of == "") & decision.is_loose
    rules = decision.tied_by.copy()
    rules[waiting] = told.reindex(of_row[waiting]).fillna("").to_numpy()
    return rules


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
