"""Commands on the agreement itself: `python -m expectations documents` writes the providers' pages, `templates FOLDER` empty files."""

from __future__ import annotations

import argparse
from pathlib import Path

ROOT = Path(__file__).parents[1]


def _documents(arguments: argparse.Namespace) -> None:
    from expectations.documents import write

    for path in write(arguments.folder):
        print(path)


def _templates(arguments: argparse.Namespace) -> None:
    from expectations.templates import write_templates

    print(f"{len(write_templates(arguments.folder))} templates written to {arguments.folder}")


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m expectations", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    documents = commands.add_parser("documents", help="write one page per provider from the feeds")
    documents.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "providers", help="default: docs/providers")
    documents.set_defaults(run=_documents)
    templates = commands.add_parser("templates", help="write the empty CSV and XLSX files that senders fill in")
    templates.add_argument("folder", type=Path)
    templates.set_defaults(run=_templates)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
