"""The warehouse's commands: `python -m warehouse <command>`; each says what it needs with --help."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from pathlib import Path

from core.errors import GuituError
from core.logs import show_events
from core.settings import database_url
from warehouse.intake.commands import add_centres
from warehouse.publish.commands import add_messages
from warehouse.supposing import add_supposing


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
    command("rotate-proof-key", _rotate_proof_key, "sign receipts and messages with a new key; what the old one signed still verifies")
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
    _add_review(command)
    add_centres(command)
    add_messages(command)
    added = command("load-parameters", _load_parameters, "load dated parameters from a YAML file")
    added.add_argument("file", type=Path)
    added.add_argument("--by", default=getpass.getuser())
    add_supposing(command)
    added = command("load-calendar", _load_calendar, "load the working days of a year")
    added.add_argument("year", type=int)
    return parser


def _add_review(command: Callable[[str, Callable[[argparse.Namespace], object], str], argparse.ArgumentParser]) -> None:
    """The data stewards' commands on who is who."""

    def decided(added: argparse.ArgumentParser) -> None:
        added.add_argument("--reason", required=True, help="why, in words; no person's number")
        added.add_argument("--by", default=getpass.getuser(), help="who decides (default: the login)")

    added = command("review", _review, "list the doubtful pairs whose decision is worth most; no names, no numbers")
    added.add_argument("--limit", type=int, default=20)
    added = command("review-settle", _review_settle, "decide a case: its two rows are the same person, or never")
    added.add_argument("case", type=int)
    added.add_argument("kind", choices=("same", "never"))
    decided(added)
    added = command("review-decide", _review_decide, "decide on two rows that no case names")
    added.add_argument("kind", choices=("same", "never"))
    added.add_argument("rows", nargs=2, type=_key, metavar="FEED:KEY")
    decided(added)
    added = command("review-split", _review_split, "take rows out of a person, now and after every later linking")
    added.add_argument("person")
    added.add_argument("rows", nargs="+", type=_key, metavar="FEED:KEY")
    decided(added)
    added = command("review-withdraw", _review_withdraw, "take back a decision, and those taken in the same act")
    added.add_argument("decision", type=int)
    decided(added)
    command("review-agreement", _review_agreement, "how often stewards decided as the model leaned")
    added = command("explain", _explain, "why a row is whose it is, or what a flag or handoff stands on, back to the raw bytes; no values")
    added.add_argument("what", choices=("link", "flag", "case-flag", "handoff", "finding"))
    added.add_argument(
        "rows",
        nargs="+",
        metavar="ID",
        help="link: FEED KEY [FEED KEY]; flag: HANDOFF FLAG_CODE; case-flag: CASE FLAG_CODE; handoff: HANDOFF; finding: PERSON, HOUSEHOLD",
    )
    added.add_argument("--for", dest="reader", choices=("stewards", "benefits"), default="stewards", help="who reads it")
    command("tell-corrections", _tell_corrections, "ask senders, in their receipts, to check rows that contradict their own; each once")


def _key(given: str) -> tuple[str, str]:
    feed, colon, source_key = given.partition(":")
    if not colon or not source_key:
        raise argparse.ArgumentTypeError("name a row as FEED:KEY")
    return feed, source_key


def _migrate(given: argparse.Namespace) -> None:
    from warehouse.migrations import migrate

    migrate(database_url())


def _create_keys(given: argparse.Namespace) -> None:
    from core.sealing import key_source

    made = key_source().create_missing()
    print(f"created {', '.join(made)}" if made else "every key is there")


def _rotate_proof_key(_: argparse.Namespace) -> None:
    from core.proof import rotate

    old, new = rotate()
    print(f"key {new} signs from now on; key {old} stays in the key set, for what it signed")


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


def _review(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.identity.review import queue

    with transaction(Role.ETL) as connection:
        cases = queue(connection, given.limit)
    for case in cases:
        other = " ".join(case.other) if case.other else "no other row"
        odds = "" if case.odds is None else f"  odds {case.odds:+.2f}"
        said = ", ".join(f"{name} {value}" for name, value in sorted(case.evidence.items()))
        print(f"{case.case_id:>8}  worth {case.value:.1f}  {case.kind}, rule {case.rule}{odds}")
        print(f"          {' '.join(case.one)}  |  {other}  (person {case.person_id or 'unknown'})\n          {said}")
    print(f"{len(cases)} cases")


def _review_settle(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.identity.review import settle

    with transaction(Role.ETL) as connection:
        decision = settle(connection, given.case, given.kind, given.by, given.reason)
    print(f"decision {decision}: {given.kind}; the next linking obeys it")


def _review_decide(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.identity.stewards import decide_pair

    one, other = given.rows
    with transaction(Role.ETL) as connection:
        decision = decide_pair(connection, given.kind, one, other, given.by, given.reason)
    print(f"decision {decision}: {given.kind}; the next linking obeys it")


def _review_split(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.identity.stewards import split

    with transaction(Role.ETL) as connection:
        done = split(connection, given.person, given.rows, given.by, given.reason)
    print(f"{len(given.rows)} rows are person {done.person_id}; decisions {', '.join(map(str, done.decision_ids))}")


def _review_withdraw(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.identity.stewards import withdraw

    with transaction(Role.ETL) as connection:
        decisions = withdraw(connection, given.decision, given.by, given.reason)
    print(f"withdrawn: {', '.join(map(str, decisions))}; the next linking goes by evidence again")


def _review_agreement(given: argparse.Namespace) -> None:
    from warehouse.database import Role, transaction
    from warehouse.identity.review import agreement

    with transaction(Role.ETL) as connection:
        found = agreement(connection)
    for rule, (decided, agreed) in found.by_rule.items():
        print(f"rule {rule:8} {agreed} of {decided}")
    share = "" if found.share is None else f" ({found.share:.1%})"
    print(f"stewards decided as the model leaned in {found.agreed} of {found.decided}{share}")


def _explain(given: argparse.Namespace) -> None:
    by_kind = {"link": _explain_link, "flag": _explain_flag, "case-flag": _explain_flag, "handoff": _explain_handoff}
    (by_kind | {"finding": _explain_finding})[given.what](given)


def _explain_finding(given: argparse.Namespace) -> None:
    from core.errors import NotAllowed
    from warehouse.supposing import explain_finding

    if len(given.rows) != 1:
        raise NotAllowed("name one person or household: explain finding PERSON (or HOUSEHOLD)")
    explain_finding(given.rows[0], for_desks=given.reader == "benefits")


def _explain_flag(given: argparse.Namespace) -> None:
    from core.errors import NotAllowed
    from warehouse.database import Role, transaction
    from warehouse.handoffs.explanation import flag_text
    from warehouse.handoffs.lineage import case_flag_lineage, flag_lineage
    from warehouse.handoffs.raw_rows import RawRows
    from warehouse.landing.raw import RawStore

    # Two words as they are: a case number may hold a slash itself.
    named = given.rows if len(given.rows) == 2 else given.rows[0].rsplit("/", 1)
    if len(given.rows) > 2 or len(named) != 2:
        raise NotAllowed("name one flag: explain flag HANDOFF FLAG_CODE (or HANDOFF/FLAG_CODE), explain case-flag CASE FLAG_CODE")
    lineage = case_flag_lineage if given.what == "case-flag" else flag_lineage
    with transaction(Role.ETL) as connection:
        print(flag_text(lineage(connection, *named), RawRows(connection, RawStore()).has))


def _explain_handoff(given: argparse.Namespace) -> None:
    from core.errors import NotAllowed
    from warehouse.database import Role, transaction
    from warehouse.handoffs.explanation import handoff_text
    from warehouse.handoffs.lineage import handoff_lineage
    from warehouse.handoffs.raw_rows import RawRows
    from warehouse.landing.raw import RawStore

    if len(given.rows) != 1:
        raise NotAllowed("name one handoff: explain handoff HANDOFF")
    with transaction(Role.ETL) as connection:
        print(handoff_text(handoff_lineage(connection, given.rows[0]), RawRows(connection, RawStore()).has))


def _explain_link(given: argparse.Namespace) -> None:
    from core.errors import NotAllowed
    from warehouse.database import Role, transaction
    from warehouse.identity.explain import ALL, OPEN, explain_pair, explain_row

    if len(given.rows) not in {2, 4}:
        raise NotAllowed("name one row or two: explain link FEED KEY [FEED KEY]")
    keys = list(zip(given.rows[::2], given.rows[1::2], strict=True))
    sees = OPEN if given.reader == "benefits" else ALL
    with transaction(Role.ETL) as connection:
        found = explain_row(connection, *keys, sees=sees) if len(keys) == 1 else explain_pair(connection, *keys, sees=sees)
    print(found.text())


def _tell_corrections(given: argparse.Namespace) -> None:
    from core.clock import today_date
    from warehouse.database import Role, transaction
    from warehouse.identity.corrections import tell
    from warehouse.runs import run_record

    with run_record("corrections") as run, transaction(Role.ETL, one_snapshot=True) as connection:
        run.counts["corrections"] = tell(connection, run.run_id, today_date())
    print(f"{run.counts['corrections']} corrections stand in receipts, which go out with the next run of their senders")


def _load_parameters(given: argparse.Namespace) -> int:
    from warehouse.registry.loading import main_load_parameters

    return main_load_parameters(given)


def _load_calendar(given: argparse.Namespace) -> int:
    from warehouse.registry.loading import main_load_calendar

    return main_load_calendar(given)


if __name__ == "__main__":
    sys.exit(main())
