"""The warehouse's commands: `python -m warehouse <command>`; each says what it needs with --help."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path

from core.errors import GuituError
from core.logs import show_events
from core.settings import database_url


def main(arguments: list[str] | None = None) -> int:
    """Run one command; an expected error is one clear line and exit status 1."""
    show_events()
    given = _parser().parse_args(arguments)
    try:
        return int(given.run(given) or 0)
    except GuituError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m warehouse", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, run: object, means: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=means, description=means)
        added.set_defaults(run=run)
        return added

    command("migrate", _migrate, "bring the database of GUITU_DATABASE_URL to the present form; safe to repeat")
    command("create-keys", _create_keys, "create the key files that are missing in GUITU_KEYS")
    command("check-conservation", _check_conservation, "prove that every received row has exactly one fate")
    command("held", _held, "list the deliveries a steward has to decide")
    for name, run, means in (
        ("accept-held", _accept_held, "load a held delivery"),
        ("reject-held", _reject_held, "refuse a held delivery"),
    ):
        added = command(name, run, means)
        added.add_argument("batch", type=int)
        added.add_argument("--reason", required=True)
        added.add_argument("--by", default=getpass.getuser(), help="who decides (default: the login)")
    command("hash", _hash, "print the hash of staging, per feed")
    added = command("replay", _replay, "rebuild staging from the raw bytes in an empty, migrated database and compare")
    added.add_argument("--into", required=True, metavar="URL")
    added = command("quality-report", _quality_report, "write the quality report as one HTML page without values")
    added.add_argument("file", type=Path)
    added = command("load-parameters", _load_parameters, "load dated parameters from a YAML file")
    added.add_argument("file", type=Path)
    added.add_argument("--by", default=getpass.getuser())
    added = command("load-calendar", _load_calendar, "load the working days of a year")
    added.add_argument("year", type=int)
    return parser


def _migrate(given: argparse.Namespace) -> None:
    from warehouse.migrations import migrate

    migrate(database_url())


def _create_keys(given: argparse.Namespace) -> None:
    from core.sealing import key_source

    made = key_source().create_missing()
    print(f"created {', '.join(made)}" if made else "every key is there")


def _check_conservation(given: argparse.Namespace) -> int:
    from warehouse.database import Role, transaction
    from warehouse.staging.conservation import broken_batches, feed_totals

    with transaction(Role.ETL) as connection:
        totals, broken = feed_totals(connection), broken_batches(connection)
    columns = ("feed", "received", "published", "superseded", "duplicates", "quarantined", "pending", "difference")
    print(f"{'feed':26}" + "".join(f"{name:>13}" for name in columns[1:]))
    for total in totals:
        print(f"{total['feed']!s:26}" + "".join(f"{total[name]!s:>13}" for name in columns[1:]))
    for batch in broken:
        print(
            f"BROKEN batch {batch.batch_id} of {batch.feed}: {batch.without_fate} of {batch.row_count} rows without a fate, "
            f"{batch.with_two_fates} with two"
        )
    is_broken = bool(broken) or any(total["difference"] for total in totals)
    print("broken: replay the batches named above" if is_broken else "every received row has exactly one fate")
    return int(is_broken)


def _held(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.staging.decide import held

    with transaction(Role.ETL) as connection:
        found = held(connection)
    for batch in found:
        print(f"{batch['batch_id']:>8}  {batch['code']}  {batch['feed']}  {batch['name']}\n          {batch['detail']}")
    print(f"{len(found)} deliveries are held")


def _accept_held(given: argparse.Namespace) -> None:
    from warehouse.landing.raw import RawStore
    from warehouse.staging.decide import accept_held

    outcome = accept_held(given.batch, RawStore(), given.reason, given.by)
    print(f"batch {given.batch}: {outcome.state}" + (f" ({outcome.code})" if outcome.code else ""))


def _reject_held(given: argparse.Namespace) -> None:
    from warehouse.landing.raw import RawStore
    from warehouse.staging.decide import reject_held

    reject_held(given.batch, RawStore(), given.reason, given.by)
    print(f"batch {given.batch}: rejected, its sender is told with the next run")


def _hash(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.staging.replay import staging_hash

    with transaction(Role.ETL) as connection:
        print(json.dumps(staging_hash(connection), indent=1))


def _replay(given: argparse.Namespace) -> int:
    from warehouse.landing.raw import RawStore
    from warehouse.staging.replay import replay

    differing = replay(given.into, RawStore())
    for name, (ours, theirs) in differing.items():
        print(f"{name}: {ours} here, {theirs} rebuilt")
    print("rebuilt staging differs" if differing else "rebuilt staging is the same")
    return int(bool(differing))


def _quality_report(given: argparse.Namespace) -> None:
    from warehouse.quality_report import write_report

    print(f"{write_report(given.file)} feeds in {given.file}")


def _load_parameters(given: argparse.Namespace) -> int:
    from warehouse.registry.loading import main_load_parameters

    return main_load_parameters(given)


def _load_calendar(given: argparse.Namespace) -> int:
    from warehouse.registry.loading import main_load_calendar

    return main_load_calendar(given)


if __name__ == "__main__":
    sys.exit(main())
