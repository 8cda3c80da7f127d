"""The same scores by Spark as by DuckDB, on a real Spark of this machine. Where pyspark or Java is missing nothing is tried."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.identity.crowd import crowd
from benchmarks.identity.rates import AS_OF
from warehouse.identity.clusters import decide
from warehouse.identity.comparison import LEVELS, NONE
from warehouse.identity.records import of_columns
from warehouse.identity.splink_model import SplinkModel, train

PAIRS, PERSONS = 400, 300

pyspark_sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed: docs/identity.md, Linking with Splink")
JAVA = Path(os.environ["JAVA_HOME"], "bin", "java") if os.environ.get("JAVA_HOME") else Path(shutil.which("java") or "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not JAVA.is_file(), reason="there is no Java for Spark: docs/identity.md, Linking with Splink"),
]


def trained() -> tuple[SplinkModel, np.ndarray]:
    """A model of pairs of which those of one person agree more often, and the levels of these pairs."""
    rng = np.random.default_rng(3)
    is_same = rng.random(PAIRS) < 0.4
    levels = rng.binomial(3, np.where(is_same, 0.9, 0.1)[:, None], (PAIRS, len(LEVELS)))
    levels = np.where(rng.random(levels.shape) < 0.1, NONE, levels).astype(np.int8)
    return train(levels, is_same, np.ones(PAIRS)), levels


@pytest.fixture(scope="module")
def spark() -> Iterator[None]:
    """A Spark on one core of this machine, that nobody outside can reach."""
    settings = {"spark.ui.enabled": "false", "spark.driver.bindAddress": "127.0.0.1", "spark.sql.shuffle.partitions": "1"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        session = pyspark_sql.SparkSession.builder.master("local[1]").config(map=settings).getOrCreate()
        yield
        session.stop()


@pytest.mark.usefixtures("spark")
def test_spark_scores_as_duckdb_does_and_a_second_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    model, levels = trained()
    monkeypatch.setenv("GUITU_LINK_SCORER", "splink-duckdb")
    expected = model.log_odds(levels)
    assert len(np.unique(expected)) > PAIRS / 2
    monkeypatch.setenv("GUITU_LINK_SCORER", "splink-spark")
    assert model.log_odds(levels) == pytest.approx(expected, abs=1e-5)
    assert model.log_odds(levels[:7]) == pytest.approx(expected[:7], abs=1e-5)


@pytest.mark.usefixtures("spark")
def test_a_crowd_is_linked_by_spark_as_by_duckdb(monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = trained()
    rows = of_columns(crowd(PERSONS, seed=5), AS_OF)
    decided = {}
    for scorer in ("splink-duckdb", "splink-spark"):
        monkeypatch.setenv("GUITU_LINK_SCORER", scorer)
        decided[scorer] = decide(rows, model=model)[["cluster", "link_status"]].to_numpy().tolist()
    assert decided["splink-spark"] == decided["splink-duckdb"]


def test_spark_without_java_is_a_matter_for_the_engineer(tmp_path: Path) -> None:
    ask = (
        "import numpy as np; from warehouse.identity.comparison import LEVELS; from warehouse.identity.splink_model import SplinkModel; "
        "SplinkModel(b'{}').log_odds(np.zeros((1, len(LEVELS)), np.int8))"
    )
    environment = os.environ | {"GUITU_LINK_SCORER": "splink-spark", "JAVA_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", ask], env=environment, capture_output=True, text=True)
    assert done.returncode
    assert "FixConfiguration" in done.stderr.splitlines()[-1]
