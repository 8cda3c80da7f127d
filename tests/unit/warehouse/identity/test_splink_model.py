"""Splink in the model's place: its scores are the sum of what its levels say, and Spark is asked for by name or not at all."""

import importlib.util

import numpy as np
import pytest
from people import number, records, row

from core.errors import FixConfiguration
from warehouse.identity.clusters import decide
from warehouse.identity.comparison import LEVELS, NONE
from warehouse.identity.model import packaged
from warehouse.identity.prior import model_of, training
from warehouse.identity.splink_model import SplinkModel, train

PAIRS = 400


def trained() -> tuple[SplinkModel, np.ndarray]:
    """A model of pairs of which those of one person agree more often, and the levels of these pairs."""
    rng = np.random.default_rng(3)
    is_same = rng.random(PAIRS) < 0.4
    agrees = rng.random((PAIRS, len(LEVELS))) < np.where(is_same, 0.9, 0.1)[:, None]
    levels = np.where(rng.random(agrees.shape) < 0.1, NONE, agrees).astype(np.int8)
    return train(levels, is_same, np.ones(PAIRS)), levels


def test_splink_scores_a_pair_as_its_levels_say() -> None:
    model, levels = trained()
    assert model.log_odds(levels) == pytest.approx(model.weights(levels).sum(axis=1), abs=1e-4)
    assert model.log_odds(levels[:0]).shape == (0,)


def test_agreeing_says_more_than_not_known_and_that_more_than_differing() -> None:
    model, _ = trained()
    levels = np.array([[1] * len(LEVELS), [NONE] * len(LEVELS), [0] * len(LEVELS)], dtype=np.int8)
    assert list(np.argsort(model.log_odds(levels))) == [2, 1, 0]


def test_a_level_that_nobody_showed_in_training_says_nothing() -> None:
    model, _ = trained()
    levels = np.full((2, len(LEVELS)), NONE, dtype=np.int8)
    levels[1, 0] = 6
    seen, unseen = model.log_odds(levels)
    assert seen == pytest.approx(unseen)


def test_a_kept_model_is_read_as_what_it_is() -> None:
    model, _ = trained()
    assert model_of(model.body) == model
    assert model_of(packaged().body) == packaged()


def test_rows_find_their_person_by_splink_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUITU_LINK_SCORER", "splink-duckdb")
    model, _ = trained()
    known = {"phone": "13800000001", "residence_region_code": "140105"}
    people = [
        row("trainings", "p", number("1980-02-03"), "肖国明", "1980-02-03", **known),
        row("trainings", "x", None, "肖国鸣", "1980-02-03", **known),
        row("trainings", "y", None, "吴丽华", "1980-02-03"),
    ]
    decided = decide(records(people), model=model)
    assert decided["cluster"].iat[0] == decided["cluster"].iat[1] != decided["cluster"].iat[2]


def test_the_scorer_is_ours_unless_another_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GUITU_LINK_SCORER", raising=False)
    assert training().__module__ == "warehouse.identity.model"
    monkeypatch.setenv("GUITU_LINK_SCORER", "splink-duckdb")
    assert training() is train
    monkeypatch.setenv("GUITU_LINK_SCORER", "zingg")
    with pytest.raises(FixConfiguration, match="GUITU_LINK_SCORER"):
        training()


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is not None, reason="pyspark is installed here")
def test_spark_without_pyspark_is_a_matter_for_the_engineer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUITU_LINK_SCORER", "splink-spark")
    model, levels = trained()
    with pytest.raises(FixConfiguration, match="pyspark"):
        model.log_odds(levels)
