"""`python -m sandbox demo|notice|stop|status|generate|serve`: a fictional province shown, written or played."""

from __future__ import annotations

import argparse
import sys

from sandbox.demo import add_commands as add_demo
from sandbox.generator.command import add_command as add_generate
from sandbox.servers.command import add_command as add_serve


def main() -> int:
    """Runs the sub-command named on the command line; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_demo(commands)
    add_generate(commands)
    add_serve(commands)
    arguments = parser.parse_args()
    return int(arguments.run(arguments))


if __name__ == "__main__":
    sys.exit(main())
