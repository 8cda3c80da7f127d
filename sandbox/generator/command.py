"""`python -m sandbox generate FOLDER`: the generator from the command line."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from sandbox.generator.generate import AS_OF, generate


def add_command(commands: Any) -> None:
    """Adds `generate` to the sub-commands of `python -m sandbox`."""
    parser = commands.add_parser("generate", help="write a fictional province into a folder")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="its push/ files/ api/ share/ truth/ are replaced")
    parser.add_argument("--persons", type=int, default=2000, help="registered persons (default 2000)")
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same bytes (default 7)")
    parser.add_argument("--as-of", type=date.fromisoformat, default=AS_OF, help="the day that is today there (default 2026-11-20)")
    parser.add_argument("--with-bad-files", action="store_true", help="add files that must be refused whole, listed in truth/files.csv")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Generates and prints rows per feed."""
    arguments.folder.mkdir(parents=True, exist_ok=True)
    counts = generate(arguments.folder, arguments.persons, arguments.seed, arguments.as_of, with_bad_files=arguments.with_bad_files)
    for feed, rows in counts.items():
        print(f"{feed:26}{rows:>10,}")
    print(f"{'in all':26}{sum(counts.values()):>10,}  in {arguments.folder}")
    return 0
