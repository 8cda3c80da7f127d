"""What handoffs cost, each figure beside its limit in the same run; one module of this package each.

    python -m benchmarks.handoffs [--episodes 100000] [--seed 5] [--write]

`--write` puts the lines into docs/figures.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.handoffs import working_out
from benchmarks.identity.__main__ import machine_now
from benchmarks.ingest import keep


def main() -> int:
    """Measure, print, and with --write keep a line per figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the lines into docs/figures.md")
    parser.add_argument("--turn", choices=working_out.TURNS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.turn:
        print(json.dumps(working_out.measure(given.turn)))
        return 0
    for line in _work_out(given.episodes, given.seed):
        print(line, flush=True)
        if given.write:
            keep(line)
    return 0


def _work_out(episodes: int, seed: int) -> list[str]:
    """On a fresh server: everything, nothing, a night, and the next day."""
    from core.sealing import KeyFolder
    from sandbox import postgres
    from warehouse.migrations import migrate

    with (
        tempfile.TemporaryDirectory(prefix="guitu-bench-", ignore_cleanup_errors=True) as folder,
        postgres.running_postgres(Path(folder) / "pg") as server,
    ):
        KeyFolder(Path(folder) / "keys").create_missing()
        os.environ |= {"GUITU_DATABASE_URL": postgres.create_database(server, "handoffs"), "GUITU_KEYS": str(Path(folder) / "keys")}
        migrate(os.environ["GUITU_DATABASE_URL"])
        rows = working_out.prepare(episodes, seed)
        print(f"{episodes:,} episodes, {rows:,} rows", flush=True)
        limit = working_out.bare_copy()
        told = {turn: working_out.in_child(turn) for turn in ("full", "again")}
        night_rows = working_out.night(episodes, seed)
        told |= {turn: working_out.in_child(turn) for turn in ("night", "next_day")}
    for turn, one in told.items():
        print(f"  {turn:10} " + "  ".join(f"{name} {value:,.1f}" for name, value in one.items()), flush=True)
    return working_out.figure_lines(episodes, rows, night_rows, told, limit, machine_now())


if __name__ == "__main__":
    sys.exit(main())
