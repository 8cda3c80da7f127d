"""What the benefit rules cost: all benefits and household flags at three sizes, beside OpenFisca-core computing dibao alone.

    python -m benchmarks.benefits [--households 10000 100000 1000000] [--seed 7] [--write]

OpenFisca-core is no dependency: it is installed into an environment of its own that is thrown away. `--write` puts the lines into
docs/figures.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.benefits import working_out
from benchmarks.identity.__main__ import machine_now
from benchmarks.ingest import keep

PEER = Path(__file__).with_name("openfisca_dibao.py")
PACKAGE = "openfisca-core==46.*"
SIZES = (10_000, 100_000, 1_000_000)


def main() -> int:
    """Measure, print, and with --write keep a line per size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--households", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="put the lines into docs/figures.md")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(working_out.measure(given.households[0], given.seed, given.measure)))
        return 0
    with tempfile.TemporaryDirectory(prefix="guitu-bench-") as name:
        peer = peer_python(Path(name))
        for households in given.households:
            folder = Path(name) / str(households)
            folder.mkdir()
            ours = working_out.in_child(households, given.seed, folder)
            theirs = _peer(peer, folder) if peer else None
            shutil.rmtree(folder)
            line = figure_line(households, ours, theirs, given.seed)
            print(line, flush=True)
            if given.write:
                keep(line)
    return 0


def peer_python(folder: Path) -> Path | None:
    """The Python of a fresh environment with OpenFisca-core, or None (and a line that says so) where it cannot be had."""
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    python = folder / "peer" / "bin" / "python"
    if uv:
        steps = [[uv, "venv", "-q", "--python", sys.executable, str(folder / "peer")]]
        steps += [[uv, "pip", "install", "-q", "--python", str(python), PACKAGE]]
    else:
        steps = [[sys.executable, "-m", "venv", str(folder / "peer")], [str(python), "-m", "pip", "install", "-q", PACKAGE]]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"OpenFisca-core cannot be installed here, the peer is left out: {done.stderr.strip().splitlines()[-1:]}", flush=True)
            return None
    return python


def _peer(python: Path, folder: Path) -> dict[str, Any]:
    alone = os.environ | {"PYTHONPATH": ""}
    done = subprocess.run([str(python), str(PEER), str(folder)], capture_output=True, text=True, check=True, env=alone)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def figure_line(households: int, ours: dict[str, Any], theirs: dict[str, Any] | None, seed: int) -> str:
    """The line for docs/figures.md."""
    all_rules = ours["coding"] + ours["rules"]
    measured = (
        f"dibao, incomes ready: {households / ours['dibao_ready']:,.0f} households/s; dibao from coded facts: "
        f"{households / ours['dibao_alone']:,.0f}/s; all benefits and flags: {households / all_rules:,.0f}/s ({all_rules:.1f} s, of it "
        f"coding the facts {ours['coding']:.1f} s; {ours['findings']:,} findings, {ours['flags']:,} flags); "
        f"1 % changed {ours['one_percent']:.2f} s; peak {ours['peak_mib']:,.0f} MiB"
    )
    peer = "OpenFisca-core could not be installed"
    if theirs:
        whole = theirs["build"] + theirs["calculate"]
        peer = (
            f"OpenFisca-core, dibao, incomes ready: {households / whole:,.0f}/s ({whole:.2f} s, of it calculating "
            f"{theirs['calculate']:.2f} s), peak {theirs['peak_mib']:,.0f} MiB; same outcome for {theirs['agree']:,} of "
            f"{theirs['households']:,}"
        )
    command = f'`make bench-benefits ARGS="--households {households} --seed {seed}"`'
    name = f"benefits of {households:,} households ({ours['members']:,} members)"
    return f"| {name} | {measured} | {peer} | faster than OpenFisca on the same rule | {machine_now()} | {command} |"


if __name__ == "__main__":
    sys.exit(main())
