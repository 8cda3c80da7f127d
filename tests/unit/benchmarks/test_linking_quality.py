"""Precision and recall counted from sizes are those of the pairs themselves."""

from itertools import combinations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.identity.quality import measure, measure_frame

rows = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=12)


@given(rows)
def test_counts_are_those_of_every_pair_looked_at(told: list[tuple[int, int]]) -> None:
    truth, cluster = (np.array(column) for column in zip(*told, strict=True))
    quality = measure(truth, cluster, np.full(len(told), "linked"), np.full(len(told), "none"))
    pairs = list(combinations(range(len(told)), 2))
    assert quality.pairs.true == sum(truth[i] == truth[j] for i, j in pairs)
    assert quality.pairs.told == sum(cluster[i] == cluster[j] for i, j in pairs)
    assert quality.pairs.right == sum(truth[i] == truth[j] and cluster[i] == cluster[j] for i, j in pairs)


def test_rows_under_review_stand_alone_and_are_counted_for_every_class_they_are_in() -> None:
    crowd = pd.DataFrame({"true_person": [1, 1, 1, 2], "errors": ["none", "a", "a+b", "none"]})
    quality = measure_frame(crowd, np.array([5, 5, 5, 6]), np.array(["linked", "linked", "review", "linked"], dtype=object))
    assert (quality.pairs.right, quality.pairs.told, quality.pairs.true) == (1, 1, 3)
    assert quality.review_share == 0.25
    score, review_share, count = quality.classes["b"]
    assert (score.right, score.true, review_share, count) == (0, 2, 1.0, 1)
    assert quality.cluster_f1 == 2 * 1 / (3 + 2)
