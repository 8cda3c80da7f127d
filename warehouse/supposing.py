"""Three questions that change nothing: why findings stand as they do, what would be said of a household then or otherwise, and what a
parameter file would change."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from core.clock import SHANGHAI, today_date
from warehouse.benefits.changes import everybody
from warehouse.benefits.facts import KNOWN, day_number
from warehouse.benefits.reading import Reader, Scope
from warehouse.benefits.rehearsal import Part, Rehearsal, rehearse
from warehouse.benefits.runner import AT_ONCE, parts_of
from warehouse.benefits.what_if import BY_HAND, CONDUCT_RULE, NOTHING_SUPPOSED, Suppositions, answer, supposed
from warehouse.database import Role, transaction
from warehouse.handoffs.absences_then import absences_then
from warehouse.identity.links_then import links_at
from warehouse.registry.loading import read_parameters
from warehouse.registry.parameters import read_parameter_file

# Feeds whose rows name a household and a person of its own.
OF_HOUSEHOLD = ("assistance_members", "public_housing")


NOTHING_TOLD = "nothing is told here of this number: no assistance household looked at and no open application or registration is known"
STANDING = """
select benefit_code, person_id, household_number, as_of_date::text as as_of, outcome, missing_facts, payable_yuan::text, is_station_only,
       is_sample, reasons
from benefits.finding where (person_id = :subject or household_number = :subject) and not (is_station_only and :for_desks)
order by household_number nulls last, benefit_code, person_id
"""


def why(subject: str, *, for_desks: bool) -> list[dict[str, Any]]:
    """The findings that stand of a person or a household, each with its reasons; for desks those about nobody of theirs are left out."""
    with transaction(Role.ETL) as connection:
        rows = connection.execute(text(STANDING), {"subject": subject, "for_desks": for_desks}).mappings().all()
    return [dict(row) for row in rows]


def what_if(
    household: str,
    as_of: date,
    known_at: datetime | None = None,
    suppositions: Suppositions = NOTHING_SUPPOSED,
    *,
    has_written_finding: bool = False,
) -> dict[str, Any]:
    """What the rules say of the household on the day, with what was known at `known_at` (None: now); nothing is stored.

    With `has_written_finding` (the decider's word for a lawful one before him) a region's rule on conduct is noted: decide by hand.

    Rows, who is who, and parameters are those of the instant; the rules are today's code.

    Raises:
        NoSuchHousehold: no row of it is known, or was at that instant.
        NoSuchMember: a supposition names a row that is not the household's.
    """
    with transaction(Role.ETL, one_snapshot=True) as connection:
        reader = Reader(connection, as_of, known_at, absences=_absences(connection, [], as_of, known_at))
        persons = _persons(connection, household, known_at)
        tables = reader.tables(Scope([household], persons))
        concerned = {*persons, *tables["parents"]["person_id"].dropna(), *tables["assistance_members"]["person_id"].dropna()}
        tables["absences"] = _absences(connection, sorted(concerned), as_of, known_at)
        parameters = read_parameters(connection, known_at)
    return answer(supposed(tables, household, suppositions, as_of), household, parameters, as_of, has_written_finding=has_written_finding)


def _persons(connection: Connection, household: str, known_at: datetime | None) -> list[str]:
    """Everybody whom a version of a member's or an applicant's row of this household stood for."""
    then = "" if known_at is None else "and v.arrived_at <= cast(:known_at as timestamptz)"
    query = " union ".join(
        f"select l.person_id from staging.{feed} v join {links_at(known_at)} l on l.feed = '{feed}' "  # noqa: S608
        f"and l.source_key = v.source_key and l.link_status <> 'review' where v.household_number = :household {then}"
        for feed in OF_HOUSEHOLD
    )
    told = {"household": household} | ({"known_at": known_at} if known_at else {})
    return sorted(connection.execute(text(query), told).scalars())


def _absences(connection: Connection, persons: list[str], as_of: date, known_at: datetime | None) -> pd.DataFrame:
    rows = [
        {
            "person_id": person,
            "decision_date": day_number(one.since_date) if one.since_date else None,
            "return_date": day_number(one.return_date) if one.return_date else None,
            "return_region_code": int(one.return_region_code) if one.return_region_code else None,
            "is_over": int(one.is_over),
        }
        for person, one in (absences_then(connection, persons, as_of, known_at) if persons else ())
    ]
    return pd.DataFrame(rows, columns=list(KNOWN["absences"]), dtype=object)


def rehearse_parameters(file: Path, as_of: date | None = None, *, at_once: int = AT_ONCE) -> Rehearsal:
    """How many findings the file would change and how, on the first day its values count; nothing is stored.

    Raises:
        ParameterFileRefused: the file is wrong in itself, or does not fit the loaded parameters.
    """
    given = read_parameter_file(file)
    with transaction(Role.ETL, one_snapshot=True) as connection:
        loaded = read_parameters(connection)
        return rehearse(_parts(connection, as_of or today_date(), at_once), loaded, given, today_date(), as_of)


def _parts(connection: Connection, as_of: date, at_once: int) -> Iterator[Part]:
    for part in parts_of(everybody(connection), at_once):
        yield Part(Reader(connection, as_of).facts(Scope(part.households, part.persons)), part.households, part.persons)


def explain_finding(subject: str, *, for_desks: bool) -> None:
    """Prints why the findings of a person or a household stand; of one that none is told of, one and the same line whatever is known."""
    found = why(subject, for_desks=for_desks)
    print(json.dumps(found, ensure_ascii=False, indent=1) if found else NOTHING_TOLD)


def add_supposing(command: Any) -> None:
    """The commands `what-if` and `rehearse-parameters`."""
    added = command(
        "what-if", _main_what_if, "what the rules would say of a household on a day, as known then, or with other facts; stores nothing"
    )
    added.add_argument("household", metavar="HOUSEHOLD")
    added.add_argument("--as-of", type=date.fromisoformat, default=None, help="any day (default: today)")
    added.add_argument("--known-at", type=_instant, default=None, help="with what was known at this instant, e.g. 2026-11-01T08:00")
    added.add_argument("--wage", type=_wage, action="append", default=[], metavar="MEMBER=YUAN", help="suppose this monthly wage")
    added.add_argument("--left", action="append", default=[], metavar="MEMBER", help="suppose the member has left")
    added.add_argument("--counted", action="append", default=[], metavar="MEMBER", help="suppose the member is at home and counted")
    added.add_argument("--not-counted", action="append", default=[], metavar="MEMBER", help="suppose the member is recorded as not counted")
    added.add_argument("--added", type=date.fromisoformat, action="append", default=[], metavar="BIRTH", help="suppose one more member")
    added.add_argument(
        "--written-finding", action="store_true", help="a lawful written finding lies before the decider: note a region's rule on conduct"
    )
    added = command("rehearse-parameters", _main_rehearse, "show what a parameter file would change before it is loaded; stores nothing")
    added.add_argument("file", type=Path)
    added.add_argument(
        "--as-of", type=date.fromisoformat, default=None, help="day looked at (default: the first on which all values count)"
    )


def _instant(given: str) -> datetime:
    told = datetime.fromisoformat(given)
    return told if told.tzinfo else told.replace(tzinfo=SHANGHAI)


def _wage(given: str) -> tuple[str, Decimal]:
    member, equals, amount = given.rpartition("=")
    try:
        yuan = Decimal(amount)
    except InvalidOperation:
        equals = ""
    if not equals or not yuan.is_finite() or yuan < 0:
        raise argparse.ArgumentTypeError("write MEMBER=YUAN, for example MZ-M-000023456=2600.00")
    return member, yuan


def _main_what_if(given: argparse.Namespace) -> None:
    what = Suppositions(dict(given.wage), frozenset(given.left), frozenset(given.counted), frozenset(given.not_counted), tuple(given.added))
    told = what_if(given.household, given.as_of or today_date(), given.known_at, what, has_written_finding=given.written_finding)
    print(json.dumps(told, ensure_ascii=False, indent=1))


def _main_rehearse(given: argparse.Namespace) -> None:
    told = rehearse_parameters(given.file, given.as_of)
    print(f"{len(told.changed_values)} values are new or changed; looked at: {told.day} (hints, not decisions)")
    for value in told.changed_values:
        until = value.valid_to or "open"
        print(f"  {value.name} {value.region} {value.residence} = {value.amount}, from {value.valid_from} to {until}; {value.document}")
        if value.name == CONDUCT_RULE:
            print(f"    changes no finding; with a written finding before them, deciders there read: {BY_HAND}")
    print(f"{told.changed} of {told.findings} findings turn out otherwise")
    for turn, count in sorted(told.turns.items(), key=lambda item: (-item[1], str(item[0]))):
        change = f"{turn.was}, another amount" if turn.was == turn.will_be else f"{turn.was} -> {turn.will_be}"
        print(f"  {turn.county or '-':>6}  {turn.benefit_code:36} {change:32} {count:>9}")
    for number, turn in told.examples:
        print(f"  for example {number}  {turn.benefit_code}: {turn.was} -> {turn.will_be}")
