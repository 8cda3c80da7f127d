"""The ways of saying who is who that are compared. Each reads the crowd's parquet and returns record_id, cluster and status per row.

Reading and normalising the rows, and training where there is any, belong to a way and count in its time; importing libraries
does not. The truth and the error labels are never read here.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.identity.rates import AS_OF

RECEIVED = (
    "record_id", "feed", "source_key", "id_type_code", "id_number", "name", "sex_code", "birth_date", "phone", "region_code", "address",
)  # fmt: skip
THRESHOLD = 0.9
SAMPLED_PAIRS = 1e6  # Splink's own default for u; EM on more pairs takes longer and finds the same


def ours(path: Path) -> pd.DataFrame:
    """The staged linking of the warehouse."""
    from warehouse.identity.clusters import decide
    from warehouse.identity.records import of_columns

    frame = pd.read_parquet(path, columns=list(RECEIVED))
    decided = decide(of_columns(frame, AS_OF))
    return pd.DataFrame(
        {"record_id": frame["record_id"], "cluster": decided["cluster"].to_numpy(), "status": decided["link_status"].to_numpy()}
    )


def splink(path: Path) -> pd.DataFrame:
    """Splink 5 on DuckDB with its ordinary settings: library comparisons, six blocking rules, EM, 0.9, connected components."""
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink import comparison_library as compare

    columns = ("id_number", "name", "birth_date", "phone", "address")
    trimmed = ", ".join(f"nullif(trim({column}), '') as {column}" for column in columns)
    database = DuckDBAPI()
    rows = database.register(
        database._con.sql(f"select record_id as unique_id, {trimmed}, region_code from read_parquet('{path}')"), table_name="rows"
    )
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            compare.DamerauLevenshteinAtThresholds("id_number"),
            compare.NameComparison("name").configure(term_frequency_adjustments=True),
            compare.DateOfBirthComparison("birth_date", input_is_string=True),
            compare.DamerauLevenshteinAtThresholds("phone"),
            compare.JaroWinklerAtThresholds("address"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("id_number"),
            block_on("name", "birth_date"),
            block_on("name", "phone"),
            block_on("birth_date", "phone"),
            block_on("name", "address"),
            block_on("birth_date", "region_code"),
        ],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )
    linker = Linker(rows, settings)
    linker.training.estimate_probability_two_random_records_match(
        [block_on("id_number", "name"), block_on("name", "birth_date")], recall=0.9
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=1)
    for known in (("id_number",), ("name", "birth_date")):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*known), max_pairs=SAMPLED_PAIRS)
    pairs = linker.inference.predict(threshold_match_probability=THRESHOLD)
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=THRESHOLD)
    clusters = database._con.sql(f"select unique_id as record_id, cluster_id as cluster from {found.physical_name}").df()
    return clusters.assign(status="linked")


def splink_residue(path: Path) -> pd.DataFrame:
    """The staged linking with Splink in the model's place: the same sure numbers, candidates, levels and thresholds."""
    from warehouse.identity.clusters import decide
    from warehouse.identity.records import of_columns
    from warehouse.identity.splink_model import train

    frame = pd.read_parquet(path, columns=list(RECEIVED))
    decided = decide(of_columns(frame, AS_OF), train=train)
    return pd.DataFrame(
        {"record_id": frame["record_id"], "cluster": decided["cluster"].to_numpy(), "status": decided["link_status"].to_numpy()}
    )


def exact(path: Path) -> pd.DataFrame:
    """The limit: rows are one person where the number is the same text, blanks at its ends apart. In DuckDB."""
    return _by_number(f"select record_id, nullif(trim(id_number), '') as number from read_parquet('{path}')")


def exact_normalised(path: Path) -> pd.DataFrame:
    """The same with the number the agreement calls a key: half width, eighteen digits, a right check digit and a real birth date."""
    import pyarrow as pa

    from expectations.forms.columns import read_column, to_arrow, to_pandas
    from expectations.forms.id_number import form_of, key_form_of

    frame = pd.read_parquet(path, columns=["record_id", "id_number"])
    read = read_column(to_arrow(frame["id_number"]), form_of(AS_OF)).values
    keys = read_column(read.fill_null(""), key_form_of(AS_OF)).values
    numbers = pa.table({"record_id": frame["record_id"], "number": to_pandas(keys, frame.index)})
    return _by_number("select record_id, nullif(number, '') as number from numbers", numbers)


def _by_number(query: str, numbers: object = None) -> pd.DataFrame:
    import duckdb

    with duckdb.connect() as database:
        if numbers is not None:
            database.register("numbers", numbers)
        return database.sql(
            "select record_id, min(record_id) over (partition by coalesce(number, 'row ' || record_id)) as cluster, 'linked' as status "
            f"from ({query})"
        ).df()


@dataclass(frozen=True)
class Way:
    """A way, the libraries that are imported before the clock starts, and what a table calls it."""

    act: Callable[[Path], pd.DataFrame]
    imports: tuple[str, ...]
    title: str


WAYS = {
    "exact": Way(exact, ("duckdb",), "number equal, DuckDB"),
    "exact_normalised": Way(exact_normalised, ("duckdb", "expectations.forms.id_number"), "number normalised"),
    "splink": Way(splink, ("splink", "duckdb"), "Splink 5, ordinary settings"),
    "splink_residue": Way(
        splink_residue, ("warehouse.identity.clusters", "warehouse.identity.records", "splink"), "ours, residue scored by Splink"
    ),
    "ours": Way(ours, ("warehouse.identity.clusters", "warehouse.identity.records"), "ours"),
}


def import_for(way: Way) -> None:
    """The way's libraries are in memory; what they cost to load is nobody's figure."""
    for name in way.imports:
        importlib.import_module(name)
