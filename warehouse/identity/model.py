"""The model of the residue: from a pattern of levels to log-odds that node and group are one person.

Gradient-boosted trees that may only rise where more likeness cannot speak against (`comparison.LEVELS`). It is trained without
anybody's labels: sure numbers are hidden from a sample of rows, and say afterwards which candidate was right. Patterns are few,
so every pattern is scored once and every decision can be traced to its row of levels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import xgboost

from warehouse.identity.comparison import LEVELS, NONE

FEWEST_LABELS = 2_000
ROUNDS = 80
SETTINGS = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_depth": 6,
    "eta": 0.25,
    "lambda": 1.0,
    "min_child_weight": 2,
    "base_score": 0.5,
    "nthread": 2,
    "seed": 0,
    "monotone_constraints": "(" + ",".join(str(direction) for direction in LEVELS.values()) + ")",
}
PACKAGED = Path(__file__).parent / "data" / "model.json"


class Model(Protocol):
    """What weighs levels: this module's trees, or Splink's (`splink_model`)."""

    @property
    def body(self) -> bytes:
        """The model in its library's open form."""
        ...

    def log_odds(self, levels: np.ndarray) -> np.ndarray:
        """Natural log-odds per row of levels (float32)."""
        ...

    def weights(self, levels: np.ndarray) -> np.ndarray:
        """What each level adds to the log-odds; the last column is what stands without evidence."""
        ...


Training = Callable[[np.ndarray, np.ndarray, np.ndarray], Model]


@dataclass(frozen=True)
class LinkModel:
    """A trained model. `body` is the booster's own open JSON."""

    body: bytes

    def log_odds(self, levels: np.ndarray) -> np.ndarray:
        """Natural log-odds per row of levels (float32)."""
        if not len(levels):
            return np.zeros(0, dtype=np.float32)
        patterns, of_row = distinct_patterns(levels)
        found: np.ndarray = _booster(self.body).predict(_matrix(patterns), output_margin=True)
        return found[of_row]

    def weights(self, levels: np.ndarray) -> np.ndarray:
        """What each level adds to the log-odds (float32, rows x (LEVELS + 1)); the last column is what stands without evidence."""
        found: np.ndarray = _booster(self.body).predict(_matrix(levels), pred_contribs=True)
        return found


def train(levels: np.ndarray, is_same: np.ndarray, weight: np.ndarray) -> LinkModel:
    """A model of labelled pairs. Equal patterns are one row of training with their summed weight: order never shows."""
    patterns, of_row = distinct_patterns(levels)
    right = np.bincount(of_row, weights=weight * is_same, minlength=len(patterns))
    wrong = np.bincount(of_row, weights=weight * ~is_same, minlength=len(patterns))
    labels = np.repeat([1.0, 0.0], len(patterns))
    weights = np.concatenate([right, wrong])
    matrix = _matrix(np.concatenate([patterns, patterns])[weights > 0], labels[weights > 0], weights[weights > 0])
    booster = xgboost.train(SETTINGS, matrix, num_boost_round=ROUNDS)
    return LinkModel(bytes(booster.save_raw("json")))


def packaged() -> LinkModel:
    """The model that ships with the project, for provinces too small to train one."""
    return LinkModel(PACKAGED.read_bytes())


def distinct_patterns(levels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows of levels in a steady order, and which one each row is."""
    packed = np.zeros(len(levels), dtype=np.int64)
    for column in levels.T:
        packed = packed * 16 + (column.astype(np.int64) + 1)
    _, first, of_row = np.unique(packed, return_index=True, return_inverse=True)
    return levels[first], of_row


def _matrix(levels: np.ndarray, labels: np.ndarray | None = None, weights: np.ndarray | None = None) -> xgboost.DMatrix:
    """Not known stands between the lowest level and the next: it speaks less against than a difference, less for than any likeness."""
    values = np.where(levels == NONE, 0.5, levels).astype(np.float32)
    return xgboost.DMatrix(values, label=labels, weight=weights, feature_names=list(LEVELS))


@lru_cache(maxsize=4)
def _booster(body: bytes) -> xgboost.Booster:
    booster = xgboost.Booster({"nthread": 2})
    booster.load_model(bytearray(body))
    return booster
