"""How right a linking is: pairs, clusters, review, and the same for every error class. Counted, never enumerated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Score:
    """Pairs said to be one person. Shares of 0 to 1; `right`, `told`, `true` are counts of pairs (for a class: of row ends)."""

    right: int
    told: int
    true: int

    @property
    def precision(self) -> float:
        """Of the pairs told, how many are right. 1 where none is told."""
        return self.right / self.told if self.told else 1.0

    @property
    def recall(self) -> float:
        """Of the true pairs, how many are told. 1 where there is none."""
        return self.right / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        return 2 * self.right / (self.told + self.true) if self.told + self.true else 1.0


@dataclass(frozen=True)
class Quality:
    """A linking beside the truth. `cluster_f1`: of persons found whole and alone; `review_share`: of rows left to a steward."""

    pairs: Score
    cluster_f1: float
    review_share: float
    unlinked_share: float
    largest_cluster: int
    classes: Mapping[str, tuple[Score, float, int]]
    """Per error class: the score of its rows against all others, their review share, their number."""


def measure(truth: np.ndarray, cluster: np.ndarray, status: np.ndarray, errors: np.ndarray) -> Quality:
    """Rows in one order: true person, told cluster (rows not linked each alone), link status, labels joined by '+'."""
    _, true = np.unique(truth, return_inverse=True)
    told_names, told = np.unique(cluster, return_inverse=True)
    _, cell = np.unique(true.astype(np.int64) * len(told_names) + told, return_inverse=True)
    in_both, in_true, in_told = np.bincount(cell), np.bincount(true), np.bincount(told)
    exact = in_both[cell] == in_true[true]
    exact &= in_both[cell] == in_told[told]
    found = float((1 / in_both[cell][exact]).sum())
    is_review, rows = status == "review", (in_both[cell] - 1, in_told[told] - 1, in_true[true] - 1)
    classes = {}
    distinct, label = np.unique(errors.astype(str), return_inverse=True)
    for name in sorted({name for text in distinct for name in text.split("+")}):
        mask = np.isin(label, [i for i, text in enumerate(distinct) if name in text.split("+")])
        counts = (int(column[mask].sum()) for column in rows)
        classes[name] = (Score(*counts), float(is_review[mask].mean()), int(mask.sum()))
    return Quality(
        Score(_pairs(in_both), _pairs(in_told), _pairs(in_true)),
        2 * found / (len(in_told) + len(in_true)),
        float(is_review.mean()),
        float((status == "unlinked").mean()),
        int(in_told.max()),
        classes,
    )


def measure_frame(crowd: pd.DataFrame, cluster: np.ndarray, status: np.ndarray) -> Quality:
    """`measure` on a crowd; rows that are not 'linked' stand alone whatever their cluster."""
    codes = pd.factorize(cluster)[0].astype(np.int64)
    codes = np.where(status == "linked", codes, len(codes) + np.arange(len(codes)))
    return measure(crowd["true_person"].to_numpy(), codes, status, crowd["errors"].to_numpy())


def _pairs(sizes: np.ndarray) -> int:
    return int((sizes.astype(np.int64) * (sizes.astype(np.int64) - 1) // 2).sum())
