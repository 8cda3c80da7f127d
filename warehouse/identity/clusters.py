"""Who is who: sure numbers first, then business keys, households and the narrow rules for damaged numbers. Pure deciding.

Rows that no rule ties to anybody are persons of their own; what contradicts itself goes to a steward's review.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from warehouse.identity.decision import Decision
from warehouse.identity.id_numbers import is_failing, is_rounded
from warehouse.identity.keys import join_by_keys
from warehouse.identity.records import NOTHING, Records
from warehouse.identity.residue import join_by_likeness
from warehouse.identity.sure_numbers import CONTESTED

LINKED, REVIEW, UNLINKED = "linked", "review", "unlinked"
ALONE = "11"
ROUNDS = 3


def decide(records: Records) -> pd.DataFrame:
    """One line per row of `records`: cluster (equal for rows of one person), link_status, rule, and classes of evidence.

    Which rows share a cluster never depends on the order of the rows; the cluster's number means nothing.
    """
    decision = Decision(records)
    for _ in range(ROUNDS):
        if not join_by_keys(decision):
            break
    join_by_likeness(decision)
    return _verdicts(decision)


def _verdicts(decision: Decision) -> pd.DataFrame:
    rows, settled = decision.records.rows, decision.settled
    cluster = decision.groups.roots()[decision.node]
    found = pd.DataFrame({"feed": rows["feed"], "source_key": rows["source_key"], "cluster": cluster})
    sizes = found["cluster"].map(found["cluster"].value_counts()).to_numpy()
    is_contested = (settled["rule"] == CONTESTED).to_numpy()
    sound_clusters = np.unique(cluster[~is_contested])
    has_ground = np.isin(cluster, sound_clusters)
    statuses, rules = np.full(len(rows), LINKED, dtype=object), settled["rule"].to_numpy(dtype=object).copy()
    for position in np.flatnonzero(decision.is_loose).tolist():
        seen = int(sizes[position]), bool(has_ground[position]), bool(is_contested[position])
        statuses[position], rules[position] = _loose_verdict(decision, position, *seen)
    found["link_status"], found["rule"] = statuses, rules
    found["number_class"] = _number_classes(decision)
    found["name_class"], found["birth_class"] = settled["name_level"], settled["birth_level"]
    return found


def _loose_verdict(decision: Decision, position: int, size: int, has_ground: bool, is_contested: bool) -> tuple[str, str]:
    tied = decision.tied_by.get(position)
    if tied and size > 1 and has_ground:
        return LINKED, tied
    if is_contested:
        return REVIEW, CONTESTED
    doubt = decision.doubts.get(position)
    return (REVIEW, doubt) if doubt else (UNLINKED, ALONE)


def _number_classes(decision: Decision) -> np.ndarray:
    rows, settled = decision.records.rows, decision.settled
    texts = decision.records.number_texts
    failing = {code for code, value in texts.items() if is_failing(value) and not is_rounded(value)}
    text = decision.evidence.text
    classes = np.where(rows["number"].to_numpy() != NOTHING, "valid", "none").astype(object)
    classes[text != NOTHING] = "damaged"
    classes[np.isin(text, list(failing))] = "failing"
    classes[settled["is_moved"].to_numpy()] = "corrected"
    classes[(settled["rule"] == CONTESTED).to_numpy()] = "contested"
    return classes
