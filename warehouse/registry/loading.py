"""Parameters and working days into schema registry and out of it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from core.clock import now_at
from core.errors import FixConfiguration
from core.logs import log_event
from warehouse.database import Role, transaction
from warehouse.registry.job_restrictions import load_job_restrictions
from warehouse.registry.parameters import Parameter, ParameterFileRefused, Parameters, ParameterValue, problems_of, read_parameter_file
from warehouse.tables import registry as tables
from warehouse.tables.base import Table

SAMPLE_FILE = Path(__file__).with_name("parameters.sample.yaml")
FIRST_CALENDAR_YEAR = 2004


def load_parameters(connection: Connection, file: Path, by: str) -> int:
    """The file's parameters stand in schema registry; returns how many values were added or changed. Safe to run again.

    A value already there under the same name, region, residence and first day is replaced by the file's, and kept in
    registry.replaced_parameter_value; others stay.

    Raises:
        ParameterFileRefused: the file is wrong in itself, or its periods overlap with values already loaded.
    """
    given = read_parameter_file(file)
    kept = read_parameters(connection)
    merged = {value.key: value for value in kept.values} | {value.key: value for value in given.values}
    problems = problems_of(given.parameters.values(), merged.values())
    if problems:
        raise ParameterFileRefused(f"{file.name} does not fit the loaded parameters, nothing was loaded: " + "; ".join(problems))
    _write_parameters(connection, given, by)
    before = {value.key: value for value in kept.values}
    changed = [value for value in given.values if before.get(value.key) != value]
    _write_values(connection, changed, by)
    load_job_restrictions(connection, file, by)
    log_event("parameters loaded", file=file.name, parameters=len(given.parameters), values=len(given.values), changed=len(changed))
    return len(changed)


def read_parameters(connection: Connection, known_at: datetime | None = None) -> Parameters:
    """Every loaded parameter; with `known_at` those that were loaded at that instant, replaced since or not."""
    parameters = [
        Parameter(*tuple(row))
        for row in _loaded(connection, tables.Parameter, tables.ReplacedParameter, Parameter.__dataclass_fields__, known_at)
    ]
    values = [
        ParameterValue(*tuple(row))
        for row in _loaded(
            connection,
            tables.ParameterValue,
            tables.ReplacedParameterValue,
            ParameterValue.__dataclass_fields__,
            known_at,
        )
    ]
    return Parameters({p.name: p for p in parameters}, tuple(values))


def _loaded(
    connection: Connection, standing: type[Table], replaced: type[Table], names: Iterable[str], known_at: datetime | None
) -> Iterator[Row[Any]]:
    """Rows that stand, or at the instant those that had been loaded and were not replaced yet."""
    kept, former = standing.__table__, replaced.__table__
    query = select(*(kept.c[n] for n in names))
    if known_at is None:
        yield from connection.execute(query)
        return
    yield from connection.execute(query.where(kept.c.loaded_at <= known_at))
    yield from connection.execute(
        select(*(former.c[n] for n in names)).where(former.c.loaded_at <= known_at, former.c.replaced_at > known_at)
    )


def _write_parameters(connection: Connection, given: Parameters, by: str) -> None:
    """The file's parameters stand as it says; what they were before stays readable."""
    kept = {p.name: p for p in read_parameters(connection).parameters.values()}
    changed = [p for p in given.parameters.values() if kept.get(p.name) != p]
    if not changed:
        return
    now, table = now_at(), tables.Parameter.__table__
    names = [c.name for c in table.columns]
    standing = select(*(table.c[n] for n in names), literal(now), literal(by)).where(table.c.name.in_([p.name for p in changed]))
    connection.execute(insert(tables.ReplacedParameter).from_select([*names, "replaced_at", "replaced_by"], standing))
    statement = insert(tables.Parameter).values([asdict(p) | {"loaded_at": now, "loaded_by": by} for p in changed])
    replaced = {c.name: statement.excluded[c.name] for c in table.columns if not c.primary_key}
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=replaced))


def _write_values(connection: Connection, changed: list[ParameterValue], by: str) -> None:
    if not changed:
        return
    loaded = {"loaded_at": now_at(), "loaded_by": by}
    _keep_replaced(connection, changed, loaded["loaded_at"], by)
    statement = insert(tables.ParameterValue).values([asdict(value) | loaded for value in changed])
    replaced = {name: statement.excluded[name] for name in ("valid_to", "amount", "document", "loaded_at", "loaded_by")}
    connection.execute(statement.on_conflict_do_update(index_elements=["name", "region", "residence", "valid_from"], set_=replaced))


def _keep_replaced(connection: Connection, changed: list[ParameterValue], now: object, by: str) -> None:
    """What stands under the keys of `changed` stays readable after it is replaced."""
    kept = tables.ParameterValue.__table__
    names = [c.name for c in kept.columns]
    standing = select(*(kept.c[n] for n in names), literal(now), literal(by)).where(
        tuple_(kept.c.name, kept.c.region, kept.c.residence, kept.c.valid_from).in_([value.key for value in changed])
    )
    connection.execute(insert(tables.ReplacedParameterValue).from_select([*names, "replaced_at", "replaced_by"], standing))


def load_calendar(connection: Connection, year: int) -> int:
    """Every day of the year stands in registry.calendar_day as the State Council's notice has it; returns the days added or changed.

    Source: package chinesecalendar, which copies the yearly notices (days off and make-up work days).

    Raises:
        FixConfiguration: the package does not know the year; upgrade it when the notice is out (November of the year before).
    """
    import chinese_calendar

    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
    try:
        is_working = [chinese_calendar.is_workday(day) for day in days]
    except NotImplementedError as error:
        raise FixConfiguration(f"CALENDAR_MISSING:{year}: chinesecalendar has no such year; upgrade it once the notice is out") from error
    source = f"State Council notice for {year}, from package chinesecalendar"
    statement = insert(tables.CalendarDay).values(
        [{"day": d, "is_working": w, "source": source} for d, w in zip(days, is_working, strict=True)]
    )
    statement = statement.on_conflict_do_update(
        index_elements=["day"],
        set_={"is_working": statement.excluded.is_working, "source": statement.excluded.source},
        where=tables.CalendarDay.is_working.is_distinct_from(statement.excluded.is_working),
    )
    changed = len(connection.execute(statement.returning(tables.CalendarDay.day)).all())
    log_event("calendar loaded", year=year, changed=changed)
    return changed


def read_calendar_days(connection: Connection) -> Mapping[date, bool]:
    """Every loaded day and whether it is a working day."""
    table = tables.CalendarDay.__table__
    return {row.day: row.is_working for row in connection.execute(select(table.c.day, table.c.is_working))}


def ensure_reference_data(connection: Connection) -> None:
    """Parameters and working days are loaded: an empty table gets the shipped SAMPLE values, or the years chinesecalendar knows."""
    import chinese_calendar

    if not connection.execute(select(func.count()).select_from(tables.Parameter.__table__)).scalar_one():
        load_parameters(connection, SAMPLE_FILE, "shipped sample")
        log_event("SAMPLE parameters are in use: load the real notices with `python -m warehouse load-parameters FILE` before any real use")
    if not connection.execute(select(func.count()).select_from(tables.CalendarDay.__table__)).scalar_one():
        last = max(day.year for day in chinese_calendar.holidays)
        for year in range(FIRST_CALENDAR_YEAR, last + 1):
            load_calendar(connection, year)


def main_load_parameters(arguments: Namespace) -> int:
    """`python -m warehouse load-parameters FILE [--by NAME]`: exit status 0 when loaded."""
    with transaction(Role.ETL) as connection:
        changed = load_parameters(connection, Path(arguments.file), getattr(arguments, "by", None) or "command line")
    log_event("load-parameters done", changed=changed)
    return 0


def main_load_calendar(arguments: Namespace) -> int:
    """`python -m warehouse load-calendar YEAR`: exit status 0 when loaded."""
    with transaction(Role.ETL) as connection:
        changed = load_calendar(connection, int(arguments.year))
    log_event("load-calendar done", year=int(arguments.year), changed=changed)
    return 0
