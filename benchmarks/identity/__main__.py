"""All ways of linking on the same records, in one run: time, memory, precision, recall, and the share sent to review.

    python -m benchmarks.identity [--persons 10000 100000 1000000] [--seed 21] [--errors 1.0] [--ways ours splink exact] [--write]
    python -m benchmarks.identity --incremental [--persons 1000000] [--late 1000] [--seed 21] [--write]

The crowd is made once per size; each way runs in a process of its own. Seeds 7 and 8 were used for tuning, so they are for
tuning only; figures are reported on others. `--write` puts the lines into docs/figures.md. `--classes` prints every error class.
`--incremental` measures what late records cost a province that is linked already (`incremental`).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from benchmarks.identity.crowd import write
from benchmarks.identity.quality import Quality, measure_frame
from benchmarks.identity.ways import WAYS, import_for
from benchmarks.ingest import keep

AIM = "precision 0.998, recall 0.995 (aim 0.9985, 0.997), half of Splink's time, 3 GiB at 1,000,000; F1 0.985 unseen or errors doubled"


def main() -> int:
    """Measure every way at every size; prints a table, and with --write keeps a line per size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--seed", type=int, default=21)
    parser.add_argument("--errors", type=float, default=1.0, help="every error rate times this")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--classes", action="store_true", help="print precision, recall and review share per error class")
    parser.add_argument("--write", action="store_true", help="put the lines into docs/figures.md")
    parser.add_argument("--incremental", action="store_true", help="late records against a linked province, through the database")
    parser.add_argument("--late", type=int, default=1000, help="with --incremental: records of a night")
    parser.add_argument("--act", choices=(*WAYS, "crowd", "score"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.act:
        print(json.dumps(_act(given.act, given.folder, given)))
        return 0
    if given.incremental:
        for persons in given.persons:
            _measure_nights(persons, given)
        return 0
    return max(compare(persons, given) for persons in given.persons)


def _measure_nights(persons: int, given: argparse.Namespace) -> None:
    from benchmarks.identity.incremental import figure_line as night_line
    from benchmarks.identity.incremental import incremental

    told = incremental(persons, given.late, given.seed)
    for name, value in told.items():
        print(f"  {name:40} {value:,.3f}", flush=True)
    line = night_line(persons, given.late, given.seed, told, machine_now())
    print(line, flush=True)
    if given.write:
        keep(line)


def machine_now() -> str:
    """The machine and day of a figure."""
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {date.today():%Y-%m-%d}"  # noqa: DTZ011


def compare(persons: int, given: argparse.Namespace) -> int:
    """One crowd, every way on it. 1 where a way failed."""
    figures: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="guitu-bench-") as name:
        folder = Path(name)
        made = _in_child("crowd", folder, persons, given)
        print(
            f"{persons:,} persons, {made['rows']:,} records, seed {given.seed}, errors x{given.errors:g}; made in {made['seconds']:.0f} s",
            flush=True,
        )
        for way in given.ways:
            told = _in_child(way, folder, persons, given)
            if "failed" in told:
                print(f"  {way:17} failed: {told['failed']}", flush=True)
                continue
            figures[way] = told | _in_child("score", folder, persons, given) | {"rows": made["rows"]}
            print("  " + line_of(way, figures[way]), flush=True)
            if given.classes:
                _print_classes(figures[way]["classes"])
    line = figure_line(persons, given, figures)
    if line:
        print(line, flush=True)
    if line and given.write:
        keep(line)
    return 0 if len(figures) == len(given.ways) else 1


def _in_child(act: str, folder: Path, persons: int, given: argparse.Namespace) -> dict[str, Any]:
    """A fresh process, so that one way's memory is not another's."""
    command = [sys.executable, "-m", "benchmarks.identity", "--act", act, "--folder", str(folder), "--persons", str(persons)]
    command += ["--seed", str(given.seed), "--errors", str(given.errors)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        told = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return {"failed": told} if act in WAYS else sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _act(act: str, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """In the child: make the crowd, run one way, or score what it said."""
    rows, said = folder / "crowd.parquet", folder / "said.parquet"
    if act == "crowd":
        started = time.monotonic()
        return {"rows": write(rows, given.persons[0], given.seed, given.errors), "seconds": time.monotonic() - started}
    if act == "score":
        return _score(rows, said)
    way = WAYS[act]
    import_for(way)
    started, cpu = time.monotonic(), _cpu_seconds()
    found = way.act(rows)
    seconds, cpu = time.monotonic() - started, _cpu_seconds() - cpu
    peak = _peak_mib()
    found.sort_values("record_id").to_parquet(said)
    return {"seconds": seconds, "cpu_seconds": cpu, "peak_mib": peak}


def _cpu_seconds() -> float:
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def _peak_mib() -> float:
    """The most memory this process ever held. On Linux from its own account: rusage also remembers what the parent held."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def _score(rows: Path, said: Path) -> dict[str, Any]:
    crowd = pq.read_table(rows, columns=["true_person", "errors"]).to_pandas()
    told = pd.read_parquet(said)
    quality = measure_frame(crowd, told["cluster"].to_numpy(), told["status"].to_numpy(dtype=object))
    return _told(quality)


def _told(quality: Quality) -> dict[str, Any]:
    pairs = quality.pairs
    return {
        "precision": pairs.precision,
        "recall": pairs.recall,
        "f1": pairs.f1,
        "cluster_f1": quality.cluster_f1,
        "review": quality.review_share,
        "largest": quality.largest_cluster,
        "classes": {name: (score.precision, score.recall, review, count) for name, (score, review, count) in quality.classes.items()},
    }


def line_of(way: str, told: Mapping[str, Any]) -> str:
    """A way's line of the table."""
    return (
        f"{way:17}P {told['precision']:.4f}  R {told['recall']:.4f}  F1 {told['f1']:.4f}  clusters {told['cluster_f1']:.4f}  review "
        f"{told['review']:.2%}  largest {told['largest']:>4}  {told['seconds']:7.1f} s  cpu {told['cpu_seconds']:7.1f} s  "
        f"{told['seconds'] / told['rows'] * 1e6:6.1f} us/record  {told['peak_mib']:6,.0f} MiB"
    )


def _print_classes(classes: Mapping[str, tuple[float, float, float, int]]) -> None:
    for name, (precision, recall, review, count) in sorted(classes.items()):
        print(f"      {name:17}P {precision:.4f}  R {recall:.4f}  review {review:.2%}  {count:,} rows")


def figure_line(persons: int, given: argparse.Namespace, figures: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The line of docs/figures.md; None where ours was not run."""
    if "ours" not in figures:
        return None
    peers = "; ".join(f"{WAYS[way].title}: {_in_short(told)}" for way, told in figures.items() if way != "ours")
    doubled = f", error rates x{given.errors:g}" if given.errors != 1 else ""
    made = " ".join([f"--persons {persons}", f"--seed {given.seed}"] + ([f"--errors {given.errors:g}"] if given.errors != 1 else []))
    return (
        f"| link {persons:,} persons ({figures['ours']['rows']:,} records), seed {given.seed}{doubled} | {_in_short(figures['ours'])}, "
        f"{figures['ours']['review']:.2%} to review, {figures['ours']['seconds'] / figures['ours']['rows'] * 1e6:.0f} us a record | "
        f'{peers} | {AIM} | {machine_now()} | `make bench-identity ARGS="{made}"` |'
    )


def _in_short(told: Mapping[str, Any]) -> str:
    return (
        f"precision {told['precision']:.4f}, recall {told['recall']:.4f}, F1 {told['f1']:.4f}, {told['seconds']:.1f} s "
        f"({told['cpu_seconds']:.1f} s of processor), {told['peak_mib'] / 1024:.2f} GiB"
    )


if __name__ == "__main__":
    sys.exit(main())
