"""`python -m sandbox generate|serve`: a fictional province, written or played."""

from __future__ import annotations

import argparse
import sys

from sandbox.generator.command import add_command as add_generate
from sandbox.servers.command import add_command as add_serve


def main() -> int:
    """Runs the sub-command named on the command line; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_generate(commands)
    add_serve(commands)
    arguments = parser.parse_args()
    return int(arguments.run(arguments))


if __name__ == "__main__":
    sys.exit(main())
