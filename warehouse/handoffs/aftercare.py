"""Works out case flags, points balances and service counts of a day: of the cases that were touched, or of everything."""

from __future__ import annotations

from datetime import date

import pandas as pd
from sqlalchemy import Connection

from warehouse.handoffs.aftercare_cases import audience_of_case, case_references, decision_numbers, responsible_rows, stations_of
from warehouse.handoffs.aftercare_reading import (
    AftercareRows,
    cases_of_orders,
    closed_decisions,
    read_rows,
    read_services_of_months,
    regions_of_stations,
)
from warehouse.handoffs.aftercare_services import service_counts, service_flags
from warehouse.handoffs.aftercare_touched import Mark, can_go_on, present_mark, read_mark, touched_cases, touched_counts, write_mark
from warehouse.handoffs.aftercare_waking import months_turned, wakes_on
from warehouse.handoffs.aftercare_writing import POINTS_FLAGS, Ended, write_balances, write_counts, write_flags, write_waking
from warehouse.handoffs.points import ledger, points_balances, points_flags
from warehouse.handoffs.states import CLOSED_STATES


def work_out_aftercare(connection: Connection, as_of: date, run_id: int) -> dict[str, int]:
    """Schema handoffs holds the case flags, balances and service counts as of 24:00 of the day; returns counts.

    To be called after the handoffs of the same day and run are written, in the same transaction: a case whose handoff is over has
    no open flags but those of points. Only cases touched since the last time are worked out, unless rules or directory changed.
    Running again changes nothing.
    """
    before, now = read_mark(connection), present_mark(connection, as_of, run_id)
    if before is not None and not can_go_on(connection, before, now):
        before = None
    scope = touched_cases(connection, before, now) if before else None
    rows = read_rows(connection, scope)
    counts = _work_out(connection, rows, as_of, run_id)
    counts |= _count_services(connection, rows, before, as_of)
    write_mark(connection, now)
    return counts | {"cases_worked_out": len(rows.cases) if scope is None else len(scope)}


def _work_out(connection: Connection, rows: AftercareRows, as_of: date, run_id: int) -> dict[str, int]:
    cases = responsible_rows(rows.cases, as_of)
    decisions = decision_numbers(cases, cases_of_orders(connection, None if rows.scope is None else cases))
    closed_cases = set(cases.loc[decisions.isin(closed_decisions(connection, CLOSED_STATES)), "case_number"])
    entries = ledger(rows.entries, as_of)
    flags = pd.concat([service_flags(rows.services, as_of), points_flags(entries)], ignore_index=True)
    is_over = flags["case_number"].isin(closed_cases) & ~flags["flag_code"].str.startswith(POINTS_FLAGS)
    stations = stations_of(cases, rows.services, rows.entries)
    persons = dict(zip(cases["case_number"], cases["person_id"], strict=True))
    flags = _with_audience(_with_owner(flags[~is_over], persons, stations), regions_of_stations(connection, as_of))
    balances = _with_owner(points_balances(entries, as_of), persons, stations)
    counts = write_flags(connection, flags, rows.scope, Ended(closed_cases, rows.services), run_id)
    write_waking(connection, wakes_on(rows.cases, rows.services, rows.entries, as_of), rows.scope)
    return counts | write_balances(connection, balances, rows.scope)


def _count_services(connection: Connection, rows: AftercareRows, before: Mark | None, as_of: date) -> dict[str, int]:
    """The counts of stations and months whose services changed, or whose day to be done has come; every count where all were read."""
    if before is None:
        return write_counts(connection, service_counts(rows.services, as_of), None)
    counted = touched_counts(connection, before) | months_turned(rows.services, before.as_of, as_of)
    return write_counts(connection, service_counts(read_services_of_months(connection, counted), as_of), counted)


def _with_owner(frame: pd.DataFrame, persons: dict[str, str], stations: dict[str, str]) -> pd.DataFrame:
    numbers = frame["case_number"].tolist()
    return frame.assign(
        person_id=pd.Series([persons.get(number) for number in numbers], frame.index, dtype="object"),
        station_code=pd.Series([stations.get(number) for number in numbers], frame.index, dtype="object"),
    )


def _with_audience(flags: pd.DataFrame, regions: dict[str, str]) -> pd.DataFrame:
    """With whom each flag concerns, and what its case is called in messages."""
    told = [evidence.get("tell", []) for evidence in flags["evidence"]]
    audience = [audience_of_case(s, regions.get(s, ""), codes) for s, codes in zip(flags["station_code"], told, strict=True)]
    references = case_references(flags["case_number"])
    return flags.assign(
        audience=pd.Series(audience, flags.index, dtype="object"), case_reference=pd.Series(references, flags.index, dtype="object")
    )
