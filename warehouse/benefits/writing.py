"""Findings into schema benefits: of the subjects worked out, what differs; what is no longer found goes. And when to look again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import Connection, text

from warehouse.benefits.amounts import NOT_KNOWN
from warehouse.benefits.facts import NOBODY, Facts, day_of
from warehouse.benefits.finding import OF_PERSONS, Findings, rows_told
from warehouse.benefits.wakes import NEVER
from warehouse.bulk import copy_rows

COLUMNS = (
    "finding_key",
    "person_id",
    "household_number",
    "benefit_code",
    "outcome",
    "missing_facts",
    "reasons",
    "payable_yuan",
    "region_code",
    "is_station_only",
    "has_own_application",
    "is_sample",
)
ABSENCE = "absence_id, person_id, since_date, return_date, return_region_code, is_over"
TOLD_ABSENCES = (
    "select handoff_id as absence_id, person_id, since_date, return_date, return_region_code, coalesce(is_over, false) as is_over "
    "from handoffs.episode where person_id is not null"
)
CODES = ", ".join(f"'{code}'" for code in OF_PERSONS)


@dataclass(frozen=True)
class Subjects:
    """Whose findings were worked out: household numbers and person ids."""

    households: Sequence[str]
    persons: Sequence[str]


def sync_absences(connection: Connection) -> list[str]:
    """`benefits.absence` is what handoffs know now; returns the persons whose absences changed."""
    run = connection.execute
    run(text(f"create temporary table told_absence on commit drop as {TOLD_ABSENCES}"))
    one, other = f"select {ABSENCE} from told_absence", f"select {ABSENCE} from benefits.absence"  # noqa: S608
    differing = f"(({one} except {other}) union ({other} except {one})) d"
    persons = sorted(run(text(f"select distinct person_id from {differing}")).scalars())  # noqa: S608
    run(text("delete from benefits.absence where person_id = any(:persons)"), {"persons": persons})
    run(text(f"insert into benefits.absence ({ABSENCE}) {one} where person_id = any(:persons)"), {"persons": persons})
    run(text("drop table told_absence"))
    return persons


def write_findings(connection: Connection, found: Iterable[Findings], facts: Facts, subjects: Subjects, as_of: date, run_id: int) -> int:
    """Of these subjects, benefits.finding holds exactly what was found; rows that do not differ are not touched. Returns changes."""
    run = connection.execute
    drafts = f"select {', '.join(COLUMNS)} from benefits.finding with no data"  # noqa: S608
    run(text(f"create temporary table worked_finding on commit drop as {drafts}"))
    copy_rows(connection, "worked_finding", COLUMNS, rows_of(found, facts, subjects))
    run(text("create temporary table worked_subject (kind text, subject text) on commit drop"))
    copy_rows(connection, "worked_subject", ("kind", "subject"), _subject_rows(subjects))
    run(text("analyze worked_finding, worked_subject"))
    gone = run(text(_gone("household", f"f.household_number = s.subject and f.benefit_code not in ({CODES})"))).rowcount
    gone += run(text(_gone("person", f"f.person_id = s.subject and f.benefit_code in ({CODES})"))).rowcount
    rest = COLUMNS[1:]
    differs = f"({', '.join(f'f.{name}' for name in rest)}) is distinct from ({', '.join(f'excluded.{name}' for name in rest)})"
    news = ", ".join(f"{name} = excluded.{name}" for name in (*rest, "as_of_date", "worked_out_by_run"))
    changed = run(
        text(
            f"insert into benefits.finding as f ({', '.join(COLUMNS)}, as_of_date, worked_out_by_run) "  # noqa: S608
            f"select {', '.join(COLUMNS)}, :as_of, :run from worked_finding on conflict (finding_key) do update set {news} where {differs}"
        ),
        {"as_of": as_of, "run": run_id},
    ).rowcount
    run(text("drop table worked_finding, worked_subject"))
    return gone + changed


def _gone(kind: str, same_subject: str) -> str:
    return (
        f"delete from benefits.finding f using worked_subject s where s.kind = '{kind}' and {same_subject} "  # noqa: S608
        "and not exists (select from worked_finding w where w.finding_key = f.finding_key)"
    )


def _subject_rows(subjects: Subjects) -> Iterator[tuple[str, str]]:
    yield from (("household", number) for number in subjects.households)
    yield from (("person", person) for person in subjects.persons)


def rows_of(found: Iterable[Findings], facts: Facts, subjects: Subjects) -> Iterator[tuple[Any, ...]]:
    """One row of COLUMNS per finding of the subjects; of two rows of one person in one household the first speaks."""
    seen: set[str] = set()
    households = np.isin(facts.households.astype(str), np.asarray(subjects.households, dtype=str))
    persons = np.isin(facts.persons.astype(str), np.asarray(subjects.persons, dtype=str))
    for findings in found:
        marks = np.column_stack((findings.is_station_only, findings.has_own_application, findings.is_sample)).tolist()
        for row in rows_told(findings, households, persons).tolist():
            key = findings.key(row, facts)
            if key not in seen:
                seen.add(key)
                yield key, *_row(findings, row, facts), *marks[row]


def _row(findings: Findings, row: int, facts: Facts) -> tuple[Any, ...]:
    person, household = int(findings.person[row]), int(findings.household[row])
    payable = int(findings.payable[row])
    return (
        facts.persons[person] if person != NOBODY else None,
        facts.households[household] if household != NOBODY else None,
        findings.benefit_code,
        findings.outcome_word(row),
        json.dumps(findings.missing_facts(row)),
        json.dumps(findings.reasons(row), ensure_ascii=False, separators=(",", ":")),
        None if payable == NOT_KNOWN else Decimal(payable).scaleb(-6).quantize(Decimal("0.01")),
        str(findings.region[row]) if findings.region[row] else None,
    )


def forget_others(connection: Connection, subjects: Subjects) -> int:
    """After everything was worked out: findings of households and persons that are no subjects any more are gone."""
    connection.execute(text("create temporary table every_subject (kind text, subject text, primary key (kind, subject)) on commit drop"))
    copy_rows(connection, "every_subject", ("kind", "subject"), _subject_rows(subjects))
    gone = 0
    for kind, column, codes in (("household", "household_number", f"not in ({CODES})"), ("person", "person_id", f"in ({CODES})")):
        absent = f"not exists (select from every_subject s where s.kind = '{kind}' and s.subject = f.{column})"
        gone += connection.execute(text(f"delete from benefits.finding f where benefit_code {codes} and {absent}")).rowcount  # noqa: S608
    connection.execute(
        text("delete from benefits.wake w where not exists (select from every_subject s where (s.kind, s.subject) = (w.kind, w.subject))")
    )
    connection.execute(text("drop table every_subject"))
    return gone


def write_wakes(connection: Connection, facts: Facts, wakes: tuple[np.ndarray, np.ndarray], subjects: Subjects) -> None:
    """`benefits.wake` holds the next day of each of these subjects that has one."""
    rows = list(_wakes("household", facts.households, wakes[0], subjects.households))
    rows += _wakes("person", facts.persons, wakes[1], subjects.persons)
    connection.execute(text("create temporary table worked_wake (kind text, subject text, wakes_on date) on commit drop"))
    copy_rows(connection, "worked_wake", ("kind", "subject", "wakes_on"), rows)
    connection.execute(
        text(
            "insert into benefits.wake as w (kind, subject, wakes_on) "
            "select kind, subject, wakes_on from worked_wake where wakes_on is not null "
            "on conflict (kind, subject) do update set wakes_on = excluded.wakes_on where w.wakes_on <> excluded.wakes_on"
        )
    )
    connection.execute(
        text("delete from benefits.wake w using worked_wake n where (n.kind, n.subject) = (w.kind, w.subject) and n.wakes_on is null")
    )
    connection.execute(text("drop table worked_wake"))


def _wakes(kind: str, names: np.ndarray, days: np.ndarray, subjects: Sequence[str]) -> Iterator[tuple[str, str, date | None]]:
    wanted = np.isin(names.astype(str), np.asarray(subjects, dtype=str))
    for name, day in zip(names[wanted].tolist(), days[wanted].tolist(), strict=True):
        yield kind, name, None if day == NEVER else day_of(day)


def set_day(connection: Connection, as_of: date) -> None:
    """Findings that stand unchanged stand for this day."""
    connection.execute(text("update benefits.finding set as_of_date = :as_of where as_of_date <> :as_of"), {"as_of": as_of})
