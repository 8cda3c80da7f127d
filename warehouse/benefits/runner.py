"""Works out the findings of a day part by part: reads facts, asks the rules, writes differences in the caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection

from warehouse.benefits.all_benefits import findings_of
from warehouse.benefits.changes import basis_before, basis_now, everybody, must_look_at_all, touched, write_basis
from warehouse.benefits.facts import facts_of
from warehouse.benefits.household_flag_writing import (
    Occasion,
    forget_other_flags,
    move_day,
    visible_from,
    write_flags,
    write_tenancies,
)
from warehouse.benefits.household_flags import household_flags_of
from warehouse.benefits.occupation_writing import write_excluded_occupations
from warehouse.benefits.reading import Reader, Scope
from warehouse.benefits.situation import situation_of
from warehouse.benefits.tenancy_flags import tenancy_flags_of
from warehouse.benefits.wakes import wakes_of
from warehouse.benefits.writing import Subjects, forget_others, set_day, sync_absences, write_findings, write_wakes
from warehouse.registry.loading import read_calendar_days, read_parameters
from warehouse.registry.parameters import Parameters

# So many households, or persons, are held in memory at once.
AT_ONCE = 50_000
WINDOWS = ("temporary_assistance_window_days", "benefit_window_days")
UNEMPLOYED_MONTHS = "long_unemployed_months"
TENANCY_MONTHS = "tenancy_warn_months"


def work_out(connection: Connection, as_of: date, run_id: int, *, full: bool = False, at_once: int = AT_ONCE) -> dict[str, int]:
    """Schema benefits holds every finding of the day; returns counts. Running again changes nothing.

    Only households and persons touched since the last run are looked at, unless rules, parameters or the month changed, or `full`.
    """
    absent = sync_absences(connection)
    before, now = basis_before(connection), basis_now(connection, as_of)
    is_whole = full or must_look_at_all(connection, before, now)
    subjects = everybody(connection) if is_whole or before is None else touched(connection, before, now, absent)
    parameters = read_parameters(connection)
    occasion = Occasion(run_id, as_of, visible_from(as_of, read_calendar_days(connection)))
    move_day(connection, as_of)
    counts = _work_out(connection, subjects, parameters, occasion, at_once)
    if is_whole:
        counts["findings_changed"] += forget_others(connection, subjects)
        counts["household_flags_changed"] += forget_other_flags(connection, subjects.households, occasion)
    counts["household_flags_changed"] += _tenancies(connection, parameters, occasion)
    counts["excluded_occupations_changed"] = write_excluded_occupations(connection, as_of)
    set_day(connection, as_of)
    write_basis(connection, now, run_id)
    return counts | {"is_whole": int(is_whole), "households": len(subjects.households), "persons": len(subjects.persons)}


def _work_out(connection: Connection, subjects: Subjects, parameters: Parameters, occasion: Occasion, at_once: int) -> Counter[str]:
    day = occasion.as_of
    counts: Counter[str] = Counter(findings_changed=0, household_flags_changed=0)
    for part in parts_of(subjects, at_once):
        facts = Reader(connection, day).facts(Scope(part.households, part.persons))
        situation = situation_of(facts, parameters, day)
        counts["findings_changed"] += write_findings(connection, findings_of(situation), facts, part, day, occasion.run_id)
        if part.households:
            flags = household_flags_of(situation)
            counts["household_flags_changed"] += write_flags(connection, flags, part.households, occasion)
        wakes = wakes_of(facts, day, windows_days=amounts_of(parameters, *WINDOWS), months=amounts_of(parameters, UNEMPLOYED_MONTHS))
        write_wakes(connection, facts, wakes, part)
    return counts


def _tenancies(connection: Connection, parameters: Parameters, occasion: Occasion) -> int:
    """Tenancies at risk are few and hang on no household: all are looked at each time."""
    least = min(amounts_of(parameters, TENANCY_MONTHS), default=None)
    if least is None:
        return write_tenancies(connection, (), occasion)
    facts = facts_of(Reader(connection, occasion.as_of).let_dwellings(least))
    return write_tenancies(connection, tenancy_flags_of(situation_of(facts, parameters, occasion.as_of)), occasion)


def parts_of(subjects: Subjects, at_once: int) -> Iterator[Subjects]:
    """The subjects in parts small enough for memory: households first, then persons; a household is never divided."""
    if len(subjects.households) + len(subjects.persons) <= at_once:
        yield subjects
        return
    for start in range(0, len(subjects.households), at_once):
        yield Subjects(subjects.households[start : start + at_once], ())
    for start in range(0, len(subjects.persons), at_once):
        yield Subjects((), subjects.persons[start : start + at_once])


def amounts_of(parameters: Parameters, *names: str) -> set[int]:
    """Every whole amount that is loaded for these parameters, whatever the region and time."""
    return {int(value.amount) for value in parameters.values if value.name in names}
