"""Any step without Airflow: `python -m pipeline ingest|link|handoffs|benefits|publish|run-all|reconcile|carry|notify|unsent|
manifests`."""

from __future__ import annotations

import argparse
import sys

from core.errors import GuituError
from core.logs import show_events
from expectations.agreement import feeds, providers


def main(arguments: list[str] | None = None) -> int:
    """Run one step; an expected error is one clear line and exit status 1."""
    show_events()
    given = _parser().parse_args(arguments)
    try:
        given.run(given)
    except GuituError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pipeline", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="step")
    ingest = commands.add_parser("ingest", help="take in what the providers (or one of them, or one feed) have")
    ingest.add_argument("provider", nargs="?", choices=providers())
    ingest.add_argument("feed", nargs="?", choices=tuple(feeds()))
    ingest.set_defaults(run=lambda given: _ingest(given.provider, given.feed))
    link = commands.add_parser("link", help="work out who is who: what came since the last time, and whom it touches")
    link.add_argument("--full", action="store_true", help="decide every record again")
    link.add_argument("--retrain", action="store_true", help="with --full: train the model anew")
    link.add_argument("--compare", action="store_true", help="say what --full would change; nothing is written")
    link.set_defaults(run=lambda given: _compare() if given.compare else _link(full=given.full, retrain=given.retrain))
    handoffs = commands.add_parser("handoffs", help="work out release handoffs and their flags: what was touched since the last time")
    handoffs.add_argument("--full", action="store_true", help="work out every handoff again")
    handoffs.add_argument("--compare", action="store_true", help="say what --full would change; nothing is written")
    handoffs.set_defaults(run=lambda given: _compare_handoffs() if given.compare else _handoffs(full=given.full))
    benefits = commands.add_parser("benefits", help="work out benefit findings: what was touched since the last time")
    benefits.add_argument("--full", action="store_true", help="look at every household and person again")
    benefits.set_defaults(run=lambda given: _benefits(full=given.full))
    for name, run, means in (
        ("publish", _publish, "switch the published tables"),
        ("reconcile", _reconcile, "compare all keys with the sources and tell of rows without a partner (monthly)"),
        ("carry", _carry, "carry pushed release notices that wait through to their flags"),
        ("notify", _notify, "send the messages that are due"),
        ("unsent", _unsent, "look for what the centres should have sent"),
        ("manifests", _manifests, "sign for each centre what came from it on the days that are over"),
        ("run-all", _run_all, "ingest, link, handoffs, benefits and publish, in this order"),
    ):
        commands.add_parser(name, help=means).set_defaults(run=lambda given, run=run: run())
    return parser


def _ingest(provider: str | None = None, feed: str | None = None) -> None:
    from pipeline.ingest import ingest

    # The directory of stations first: everything else refers to it.
    for name in [provider] if provider else sorted(providers(), key=lambda p: p != "community"):
        ingest(name, feed)


def _link(*, full: bool = False, retrain: bool = False) -> None:
    from pipeline.link import link

    link(full=full, retrain=retrain)


def _compare() -> None:
    from pipeline.link import compare

    differing = compare()
    by_rule = differing.groupby(["status_before", "rule_before", "status", "rule"], dropna=False).size()
    for (status_before, rule_before, status, rule), count in by_rule.items():
        print(f"{count}\t{status_before} by {rule_before} -> {status} by {rule}")
    for row in differing.itertuples():
        moved = "" if row.person_before == row.person else f"\tperson {row.person_before} -> {row.person}"
        print(f"{row.feed}\t{row.source_key}\t{row.status_before} by {row.rule_before} -> {row.status} by {row.rule}{moved}")
    print(f"{len(differing)} links differ")


def _handoffs(*, full: bool = False) -> None:
    from pipeline.handoffs import work_out_handoffs

    work_out_handoffs(full=full)


def _compare_handoffs() -> None:
    from pipeline.handoffs import compare

    differing = compare()
    for one in differing:
        print(f"{one.handoff_id}\t{one.flag_code}")
    print(f"{len(differing)} handoffs and flags differ")


def _benefits(*, full: bool = False) -> None:
    from pipeline.benefits import work_out_benefits

    work_out_benefits(full=full)


def _publish() -> None:
    from pipeline.publish import publish

    publish()


def _reconcile() -> None:
    from pipeline.reconcile import reconcile

    reconcile()


def _carry() -> None:
    from pipeline.arrivals import carry_notices

    carry_notices()


def _notify() -> None:
    from pipeline.notify import send_messages

    send_messages()


def _unsent() -> None:
    from pipeline.notify import look_for_unsent

    look_for_unsent()


def _manifests() -> None:
    from pipeline.manifests import write_manifests

    write_manifests()


def _run_all() -> None:
    for step in (_ingest, _link, _handoffs, _benefits, _publish):
        step()


if __name__ == "__main__":
    sys.exit(main())
