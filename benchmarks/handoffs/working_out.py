"""Seconds to work out all handoffs of a province, and those of a night that touched one in a hundred, beside reading the rows alone.

Aftercare and measures follow in the same transaction and have lines of their own.

The limit is what PostgreSQL needs to hand over the very rows the rules ask for, by COPY, sorted by nothing and decided by nobody.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import text

from benchmarks.handoffs import episodes as made
from warehouse.database import Role, transaction
from warehouse.handoffs.aftercare import work_out_aftercare
from warehouse.handoffs.grouping import HANDOFF_FEEDS, table_of
from warehouse.handoffs.measure_writing import write_measures
from warehouse.handoffs.runner import work_out
from warehouse.lease import take
from warehouse.registry.loading import ensure_reference_data
from warehouse.runs import run_record

LANDED_AT = datetime(2026, 11, 19, tzinfo=UTC)
TURNS = ("full", "again", "night", "next_day")


def prepare(count: int, seed: int) -> int:
    """The province stands in staging, linked; returns its rows."""
    rows = 0
    for feed, frame in (made.province(count, seed) | {"station_directory": made.directory()}).items():
        with run_record("link") as run, transaction(Role.ETL) as connection:
            made.put(connection, feed, frame, LANDED_AT, run.run_id if feed != "station_directory" else None)
        rows += len(frame)
    with transaction(Role.ETL) as connection:
        ensure_reference_data(connection)
        take(connection, "handoffs")
    with transaction(Role.OWNER) as connection:
        connection.execute(text("analyze"))
    return rows


def night(count: int, seed: int) -> int:
    """One episode in a hundred gets a new version of a row: services, tests, cases and notices; returns how many rows came."""
    chance = np.random.default_rng(seed)
    life = made.province(count, seed)
    touched = chance.choice(count, count // 100, replace=False)
    at, rows = LANDED_AT + timedelta(hours=20), 0
    for feed, persons in zip(
        ("aftercare_services", "drug_tests", "aftercare_cases", "release_notices"), np.array_split(touched, 4), strict=True
    ):
        frame = life[feed][life[feed]["person"].isin(persons)].drop_duplicates("person").reset_index(drop=True)
        with run_record("link"), transaction(Role.ETL) as connection:
            made.put(connection, feed, frame, at)
        rows += len(frame)
    return rows


def bare_copy() -> float:
    """Seconds of handing over every current row of the handoff feeds."""
    started = time.monotonic()
    with transaction(Role.ETL, one_snapshot=True) as connection:
        driver: Any = connection.connection.driver_connection
        for feed in HANDOFF_FEEDS:
            with driver.cursor().copy(f"copy (select * from {table_of(feed)} where is_current) to stdout") as rows:
                for _ in rows:
                    pass
    return time.monotonic() - started


def measure(turn: str) -> dict[str, float]:
    """In the child: one working-out and what it took, with the processor time and memory of all its processes."""
    day = made.AS_OF + timedelta(days=turn == "next_day")
    took: dict[str, float] = {}
    with run_record("handoffs") as run, transaction(Role.ETL, one_snapshot=True) as connection:
        steps: dict[str, Callable[[], dict[str, int]]] = {
            "": lambda: work_out(connection, day, run.run_id, full=turn == "full"),
            "aftercare_": lambda: work_out_aftercare(connection, day, run.run_id),
            "measures_": lambda: write_measures(connection, day),
        }
        for name, step in steps.items():
            started, processor = time.monotonic(), _processor_seconds()
            run.counts |= step()
            took[f"{name}seconds"], took[f"{name}processor_seconds"] = time.monotonic() - started, _processor_seconds() - processor
            took[f"{name}peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return took | {
        "worker_peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        "worked_out": run.counts["episodes_worked_out"],
        "cases": run.counts["cases_worked_out"],
        "flags": run.counts["flags_open"],
    }


def _processor_seconds() -> float:
    """Of this process and of the workers that ended."""
    own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + workers.ru_utime + workers.ru_stime


def in_child(turn: str) -> dict[str, float]:
    """A fresh process, so that one turn's memory is not another's."""
    command = [sys.executable, "-m", "benchmarks.handoffs", "--turn", turn]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"GUITU_AS_OF": str(made.AS_OF)})
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def figure_lines(count: int, rows: int, night_rows: int, told: dict[str, dict[str, float]], limit: float, machine: str) -> list[str]:
    """The lines of docs/figures.md."""

    def said(turn: str) -> str:
        one = told[turn]
        return (
            f"{one['seconds']:.1f} s ({one['processor_seconds']:.1f} s of processor without the database), "
            f"{one['worked_out']:,.0f} episodes worked out, peak {one['peak_mib']:.0f} MiB, largest worker {one['worker_peak_mib']:.0f} MiB"
        )

    def beside(turn: str, step: str, what: str = "") -> str:
        one = told[turn]
        return f"{one[f'{step}_seconds']:.1f} s ({one[f'{step}_processor_seconds']:.1f} s of processor without the database){what}"

    def cases(turn: str) -> str:
        return beside(turn, "aftercare", f", {told[turn]['cases']:,.0f} cases worked out")

    command = f'`make bench-handoffs ARGS="--episodes {count}"`'
    peer = f"bare COPY of the same {rows:,} rows out of the database: {limit:.1f} s"
    return [
        f"| work out all of {count:,} handoffs | {said('full')} | {peer} | 60 s, 4 GiB | {machine} | {command} |",
        f"| work out a night that touched 1 % of {count:,} handoffs ({night_rows:,} rows) | {said('night')}; the next day, when time alone "
        f"changes others: {said('next_day')} | all of them: {told['full']['seconds']:.1f} s; nothing touched: "
        f"{told['again']['seconds']:.1f} s | 3 s | {machine} | {command} |",
        f"| aftercare of {count:,} handoffs | {cases('full')}; peak {told['full']['aftercare_peak_mib']:.0f} MiB | "
        f"{peer} | none told | {machine} | {command} |",
        f"| aftercare of that night | {cases('night')}; the next day: {cases('next_day')} | all of it: "
        f"{told['full']['aftercare_seconds']:.1f} s; nothing touched: {told['again']['aftercare_seconds']:.1f} s | none told | {machine} | "
        f"{command} |",
        f"| measures summed from {count:,} handoffs | {beside('full', 'measures')}; a night: {beside('night', 'measures')} | all handoffs "
        f"worked out: {told['full']['seconds']:.1f} s | none told | {machine} | {command} |",
    ]
