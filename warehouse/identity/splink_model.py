"""The same residue scored by Splink: a Fellegi-Sunter model on equal levels, on DuckDB or on Spark.

It stands where `model` stands (settings.link_scorer): candidates, levels, what may be joined and the thresholds stay ours. It is
the floor, not the default: levels speak independently of each other here, so twins and families weigh more than they should.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from core.errors import FixConfiguration
from core.settings import LinkScorer, link_scorer
from warehouse.identity.comparison import LEVELS, NONE
from warehouse.identity.model import distinct_patterns

# A level that no labelled pair showed is rare, not impossible.
UNSEEN = 0.5
# What an occurrence says either way (same feed, namesakes, rivals, rows) is no evidence by itself in this model.
WEIGHED = tuple(name for name, direction in LEVELS.items() if direction)


@dataclass(frozen=True)
class SplinkModel:
    """Splink's settings with their trained probabilities, as JSON."""

    body: bytes

    def log_odds(self, levels: np.ndarray) -> np.ndarray:
        """Natural log-odds per row of levels (float32), by Splink on the engine of `settings.link_scorer`.

        Raises:
            FixConfiguration: Spark is asked for, and it or its Java is not there.
        """
        if not len(levels):
            return np.zeros(0, dtype=np.float32)
        patterns, of_row = distinct_patterns(levels)
        place = np.arange(len(patterns))
        # Arrow in and out: Spark's own way through pandas is not made for pandas 3.
        told = pa.table({"unique_id": place, "pair": place, **dict(zip(LEVELS, patterns.T.astype(np.int64), strict=True))})
        engine = _engine(link_scorer())
        # A pair is one row on either side: Splink compares exactly the pairs that our keys found.
        tables = [engine.register(told, dataset_display_name=side) for side in ("candidates", "seekers")]
        found = Linker(tables, json.loads(self.body)).inference.predict(threshold_match_weight=-1000).as_pyarrow_table()
        odds = np.zeros(len(patterns), dtype=np.float32)
        odds[found["unique_id_l"].to_numpy()] = found["match_weight"].to_numpy() * np.log(2)
        return odds[of_row]

    def weights(self, levels: np.ndarray) -> np.ndarray:
        """What each level adds to the log-odds (float32, rows x (LEVELS + 1)); the last column is what stands without evidence."""
        told = json.loads(self.body)
        prior = told["probability_two_random_records_match"]
        found = np.zeros((len(levels), len(LEVELS) + 1), dtype=np.float32)
        found[:, -1] = np.log(prior / (1 - prior))
        for comparison in told["comparisons"]:
            name = comparison["output_column_name"]
            at = list(LEVELS).index(name)
            for level in comparison["comparison_levels"]:
                if "m_probability" in level:
                    is_here = levels[:, at] == int(level["label_for_charts"])
                    found[is_here, at] = np.log(level["m_probability"] / level["u_probability"])
        return found


def train(levels: np.ndarray, is_same: np.ndarray, weight: np.ndarray) -> SplinkModel:
    """Probabilities of the levels among labelled pairs of one person (m) and of two (u)."""
    comparisons = [_comparison(name, levels[:, list(LEVELS).index(name)], is_same, weight) for name in WEIGHED]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on("pair")],
        probability_two_random_records_match=float(np.average(is_same, weights=weight)),
        retain_matching_columns=False,
    )
    return SplinkModel(json.dumps(settings.create_settings_dict("duckdb"), sort_keys=True).encode())


def _comparison(name: str, level: np.ndarray, is_same: np.ndarray, weight: np.ndarray) -> dict[str, Any]:
    values = sorted({int(one) for one in np.unique(level)} - {NONE}, reverse=True)
    m, u = (_shares(level, values, weight * chosen) for chosen in (is_same, ~is_same))
    # No quotes around a name: for Spark they make a text of it.
    told = [
        {"sql_condition": f"{name}_l = {value}", "label_for_charts": str(value), "m_probability": m[value], "u_probability": u[value]}
        for value in values
    ]
    unknown = {"sql_condition": f"{name}_l = {NONE}", "label_for_charts": "not known", "is_null_level": True}
    # What nobody's pair showed in training says nothing.
    return {"output_column_name": name, "comparison_levels": [unknown, *told, _elsewhere()]}


def _elsewhere() -> dict[str, Any]:
    return {"sql_condition": "ELSE", "label_for_charts": "99", "m_probability": UNSEEN, "u_probability": UNSEEN}


def _shares(level: np.ndarray, values: list[int], weight: np.ndarray) -> dict[int, float]:
    counts = {value: float(weight[level == value].sum()) + UNSEEN for value in values}
    return {value: count / sum(counts.values()) for value, count in counts.items()}


def _engine(scorer: LinkScorer) -> Any:
    return _spark() if scorer is LinkScorer.SPLINK_SPARK else DuckDBAPI()


def _spark() -> Any:
    """Splink on the Spark that spark-defaults.conf or the environment names, or on this machine's cores."""
    if importlib.util.find_spec("pyspark") is None:
        raise FixConfiguration("GUITU_LINK_SCORER asks for Spark and pyspark is not installed: install pyspark, or use splink-duckdb")
    try:
        # Tables of one scoring are not in the way of the next: each has a session of its own on the same Spark.
        session = importlib.import_module("pyspark.sql").SparkSession.builder.getOrCreate().newSession()
    except importlib.import_module("pyspark.errors").PySparkException as error:
        raise FixConfiguration("GUITU_LINK_SCORER asks for Spark and it did not start: is there a Java of its version?") from error
    return importlib.import_module("splink.backends.spark").SparkAPI(
        spark_session=session,
        # The patterns of a country fit into the memory of one machine: no shared folder for checkpoints, no hundred parts.
        break_lineage_method="persist",
        num_partitions_on_repartition=session.sparkContext.defaultParallelism,
        register_udfs_automatically=False,
    )
