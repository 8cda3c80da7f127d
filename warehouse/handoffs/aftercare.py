"""Works out case flags, points balances and service counts of a day: everything on a new day, only what was touched on the same day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd
from sqlalchemy import Connection, text

from warehouse.handoffs.aftercare_cases import audience_of_case, case_references, decision_numbers, responsible_rows, stations_of
from warehouse.handoffs.aftercare_reading import (
    AftercareRows,
    cases_of_orders,
    closed_decisions,
    newest_versions,
    read_case_numbers,
    read_rows,
    read_services_of_stations,
    regions_of_stations,
    touched_cases,
    touched_stations,
)
from warehouse.handoffs.aftercare_services import service_counts, service_flags
from warehouse.handoffs.aftercare_writing import POINTS_FLAGS, Ended, write_balances, write_counts, write_flags
from warehouse.handoffs.points import ledger, points_balances, points_flags
from warehouse.handoffs.states import CLOSED_STATES
from warehouse.identity.document_numbers import normal_number


@dataclass(frozen=True)
class Mark:
    """How far the last working-out came: greatest version of each feed, and its run."""

    versions: dict[str, int]
    run_id: int


def work_out_aftercare(connection: Connection, as_of: date, run_id: int) -> dict[str, int]:
    """Schema handoffs holds the case flags, balances and service counts as of 24:00 of the day; returns counts.

    To be called after the handoffs of the same day and run are written, in the same transaction: a case whose handoff is over has
    no open flags but those of points. Running again changes nothing.
    """
    mark = _mark(connection, as_of)
    newest = newest_versions(connection)
    of_orders = cases_of_orders(connection)
    scope, stations = _scope(connection, mark, run_id, of_orders)
    rows = read_rows(connection, scope)
    of_stations = rows.services if stations is None else read_services_of_stations(connection, stations)
    closed = closed_decisions(connection, CLOSED_STATES)
    counts = _work_out(connection, rows, as_of, run_id, of_orders, closed)
    counts |= write_counts(connection, service_counts(of_stations, as_of), stations)
    _set_mark(connection, newest, as_of, run_id)
    return counts | {"cases_worked_out": len(rows.cases) if scope is None else len(scope)}


def _work_out(
    connection: Connection, rows: AftercareRows, as_of: date, run_id: int, of_orders: dict[str, str], closed: set[str]
) -> dict[str, int]:
    cases = responsible_rows(rows.cases, as_of)
    decisions = decision_numbers(cases, of_orders)
    closed_cases = set(cases.loc[decisions.isin(closed), "case_number"])
    entries = ledger(rows.entries, as_of)
    flags = pd.concat([service_flags(rows.services, as_of), points_flags(entries)], ignore_index=True)
    is_over = flags["case_number"].isin(closed_cases) & ~flags["flag_code"].str.startswith(POINTS_FLAGS)
    stations = stations_of(cases, rows.services, rows.entries)
    persons = dict(zip(cases["case_number"], cases["person_id"], strict=True))
    flags = _with_audience(_with_owner(flags[~is_over], persons, stations), regions_of_stations(connection, as_of))
    balances = _with_owner(points_balances(entries, as_of), persons, stations)
    counts = write_flags(connection, flags, rows.scope, Ended(closed_cases, rows.services), run_id)
    return counts | write_balances(connection, balances, rows.scope)


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


def _scope(
    connection: Connection, mark: Mark | None, run_id: int, of_orders: dict[str, str]
) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """Cases and stations to look at; None for all."""
    if mark is None:
        return None, None
    changed = {
        normal_number(number)
        for number in connection.execute(
            text("select decision_number from handoffs.handoff where worked_out_by_run = :run"), {"run": run_id}
        ).scalars()
    }
    of_handoffs: set[str] = set()
    if changed:
        cases = read_case_numbers(connection)
        of_handoffs.update(cases.loc[decision_numbers(cases, of_orders).isin(changed), "case_number"])
    return touched_cases(connection, mark.versions, mark.run_id) | of_handoffs, touched_stations(connection, mark.versions)


def _mark(connection: Connection, as_of: date) -> Mark | None:
    """Where the last working-out of this same day stopped; None before the first of a day."""
    found = connection.execute(text("select feed, version_id, run_id from handoffs.aftercare_mark where as_of_date = :day"), {"day": as_of})
    rows = found.all()
    return Mark({row.feed: row.version_id for row in rows}, min(row.run_id for row in rows)) if rows else None


def _set_mark(connection: Connection, newest: dict[str, int], as_of: date, run_id: int) -> None:
    connection.execute(text("delete from handoffs.aftercare_mark"))
    connection.execute(
        text("insert into handoffs.aftercare_mark (feed, version_id, as_of_date, run_id) values (:feed, :version, :day, :run)"),
        [{"feed": feed, "version": version, "day": as_of, "run": run_id} for feed, version in newest.items()],
    )
