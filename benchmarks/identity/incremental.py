"""A night's late records against a province that is linked already, through the database: how long, how right, who is renumbered.

The crowd is written straight into the records of the warehouse by the very functions a refresh uses; receiving and staging are
another figure. Cold is a fresh process, libraries included.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import psycopg
import pyarrow as pa
from sqlalchemy import text

from benchmarks.identity.rates import AS_OF

PART = 250_000
AIM = "1,000 late records warm within 1 s, cold within 5 s, at 1,000,000 persons"


def incremental(persons: int, late: int, seed: int = 7, folder: Path | None = None) -> dict[str, float]:
    """Figures of a full linking of `persons` and of two nights of `late` records each, the first in a fresh process."""
    kept: AbstractContextManager[str] = (
        nullcontext(str(folder)) if folder else tempfile.TemporaryDirectory(prefix="guitu-bench-", ignore_cleanup_errors=True)
    )
    with kept as place:
        _give_memory(Path(place) / "data")
        return _measured(persons, late, seed, Path(place))


def _give_memory(data: Path) -> None:
    """The server takes from its next start what docker-compose.yml gives it."""
    from sandbox import postgres

    with postgres.running_postgres(data) as server, psycopg.connect(server.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute("alter system set shared_buffers = '1GB'")


def _measured(persons: int, late: int, seed: int, place: Path) -> dict[str, float]:
    from benchmarks.identity.crowd import crowd
    from core.sealing import KeyFolder
    from sandbox import postgres
    from warehouse.migrations import migrate

    with postgres.running_postgres(place / "data") as server:
        url = postgres.create_database(server, "linking")
        migrate(url)
        KeyFolder(place / "keys").create_missing()
        os.environ.update(GUITU_DATABASE_URL=url, GUITU_KEYS=str(place / "keys"))
        frame = crowd(persons, seed)
        chosen = np.random.default_rng([seed, 2]).permutation(len(frame))[: 2 * late]
        nights = [frame.iloc[np.sort(chosen[:late])], frame.iloc[np.sort(chosen[late:])]]
        for number, rows in enumerate(nights):
            rows.to_parquet(place / f"night{number}.parquet")
        truth = frame[["feed", "source_key", "true_person"]].copy()
        figures = _full(frame.drop(index=frame.index[chosen]))
        before = _links()
        figures |= {f"cold_{name}": value for name, value in _fresh(place / "night0.parquet").items()}
        figures |= {f"warm_{name}": value for name, value in _warm(nights[1]).items()}
        figures |= _judged(before, truth, pd.concat(nights))
        return figures


def _full(frame: pd.DataFrame) -> dict[str, float]:
    from warehouse.database import Role, transaction
    from warehouse.identity.link import link_touched
    from warehouse.identity.record_store import Touched, begin
    from warehouse.runs import run_record

    started = time.perf_counter()
    with transaction(Role.ETL) as connection:
        _put(connection, frame)
    prepared = time.perf_counter()
    with run_record("link") as run, transaction(Role.ETL, one_snapshot=True) as connection:
        begin(connection)
        link_touched(connection, run.run_id, AS_OF, Touched(0, 0), full=True)
    seconds = time.perf_counter() - prepared
    with transaction(Role.OWNER) as connection:
        connection.execute(text("analyze identity.record, identity.link, identity.value, identity.person"))
    peak = psutil.Process().memory_info()
    return {"prepare_seconds": prepared - started, "full_seconds": seconds, "resident_gib": peak.rss / 2**30, "peak_gib": _peak_gib()}


def _peak_gib() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _put(connection, frame: pd.DataFrame):  # type: ignore[no-untyped-def]
    from warehouse.identity.prepared import prepare
    from warehouse.identity.record_store import begin, finish, put

    begin(connection)
    for start in range(0, len(frame), PART):
        put(connection, prepare(_told(frame.iloc[start : start + PART]), AS_OF))
    return finish(connection)


def _told(frame: pd.DataFrame) -> pa.Table:
    """The crowd's rows as `reading.read_told` gives staged ones."""
    names = ("feed", "source_key", "id_type_code", "id_number", "name", "sex_code", "birth_date", "phone", "address")
    columns = {name: pa.array(frame[name], pa.string(), from_pandas=True) for name in names}
    columns["residence_region_code"] = pa.array(frame["region_code"], pa.string(), from_pandas=True)
    columns["hukou_region_code"] = pa.nulls(len(frame), pa.string())
    columns["version_id"] = pa.array(frame["record_id"].to_numpy(np.int64))
    return pa.table(columns)


def _night(frame: pd.DataFrame) -> dict[str, float]:
    from warehouse.database import Role, transaction
    from warehouse.identity.link import link_touched
    from warehouse.runs import run_record

    started, cpu = time.perf_counter(), time.process_time()
    with run_record("link") as run, transaction(Role.ETL, one_snapshot=True) as connection:
        backend = psutil.Process(connection.execute(text("select pg_backend_pid()")).scalar_one())
        before = sum(backend.cpu_times()[:2])
        counts = link_touched(connection, run.run_id, AS_OF, _put(connection, frame))
        in_database = sum(backend.cpu_times()[:2]) - before
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "database_cpu_seconds": in_database,
        **{k: float(v) for k, v in counts.as_dict().items()},
    }


def _warm(frame: pd.DataFrame) -> dict[str, float]:
    """A night in a process that has linked one before."""
    return _night(frame)


def _fresh(path: Path) -> dict[str, float]:
    started = time.perf_counter()
    code = (
        "import pandas, sys, json; from pathlib import Path; from benchmarks.identity.incremental import _night; "
        "print(json.dumps(_night(pandas.read_parquet(sys.argv[1]))))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
    whole = time.perf_counter() - started
    return {**json.loads(done.stdout.splitlines()[-1]), "process_seconds": whole}


def _links() -> pd.DataFrame:
    from warehouse.database import Role, transaction

    with transaction(Role.ETL) as connection:
        found = connection.execute(text("select feed, source_key, person_id, link_status from identity.link")).all()
    return pd.DataFrame(found, columns=["feed", "source_key", "person_id", "link_status"])


def _judged(before: pd.DataFrame, truth: pd.DataFrame, late: pd.DataFrame) -> dict[str, float]:
    """Late rows rightly and wrongly with a person, and persons whose earlier rows have another id now."""
    key = ["feed", "source_key"]
    after = _links().merge(truth, on=key)
    renumbered = before.merge(after, on=key, suffixes=("_before", "")).query("person_id_before != person_id")
    old = after.merge(before[key], on=key)
    main = old.groupby("person_id")["true_person"].agg(lambda true: true.mode().iloc[0])
    known = set(old["true_person"])
    mine = after.merge(late[key], on=key)
    stands = mine["person_id"].map(main)
    is_sure = mine["link_status"] == "linked"
    joined = stands.notna()
    right = joined & (stands == mine["true_person"])
    is_known = mine["true_person"].isin(known)
    return {
        "late_rows": len(mine),
        "joined_right": int(right.sum()),
        "joined_wrong": int((joined & ~right).sum()),
        "new_right": int((~joined & ~is_known).sum()),
        "new_wrong_and_linked": int((~joined & is_known & is_sure).sum()),
        "new_wrong_in_review_or_unlinked": int((~joined & is_known & ~is_sure).sum()),
        "earlier_rows_moved": len(renumbered),
    }


def figure_line(persons: int, late: int, seed: int, told: Mapping[str, float], machine: str) -> str:
    """The line of docs/figures.md for `incremental`'s figures."""
    right, wrong = told["joined_right"] + told["new_right"], told["joined_wrong"] + told["new_wrong_and_linked"]
    return (
        f"| link {late:,} late records against {persons:,} linked persons, seed {seed} | {told['warm_seconds']:.1f} s warm "
        f"({told['warm_cpu_seconds']:.1f} s of processor, {told['warm_database_cpu_seconds']:.1f} s more in the database), "
        f"{told['cold_process_seconds']:.1f} s as a fresh process; {told['warm_rows']:,.0f} rows decided again; "
        f"late rows {right:,.0f} right, {wrong:,.0f} wrong, {told['new_wrong_in_review_or_unlinked']:,.0f} waiting; "
        f"{told['earlier_rows_moved']:,.0f} earlier rows with another id | the whole in {told['full_seconds']:.1f} s, made ready in "
        f"{told['prepare_seconds']:.1f} s | {AIM} | {machine} | "
        f'`make bench-identity ARGS="--incremental --persons {persons} --late {late} --seed {seed}"` |'
    )
