"""Household flags into schema benefits: of the households worked out what differs, and all tenancies each time.

What came, changed and went stays readable in `benefits.household_flag_event`. A flag keeps the moment from which benefit desks may see
it: 08:00 of the next working day after it was first found, so that no day of a flag can be laid beside a list of another agency.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection, text

from core.clock import SHANGHAI
from warehouse.benefits.household_flags import HouseholdFlag
from warehouse.bulk import copy_rows

KEY = ("household_number", "flag_code", "effective_date", "neutral_reason_code")
REST = ("before", "after", "region_code", "is_sample")
COLUMNS = (*KEY, *REST)
TENANCY, COUNT_MISMATCH = "TENANCY_AT_RISK", "HH_COUNT_MISMATCH"
OPENING = time(8)
HOW = "case when is_new then 'raised' else 'changed' end"
EVENT = "household_number, flag_code, effective_date, neutral_reason_code, kind, why, as_of_date, before, after, run_id"
OF_EVENT = "household_number, flag_code, effective_date, neutral_reason_code, {kind}, '{why}', :as_of, before, after, :run"


@dataclass(frozen=True)
class Occasion:
    """On which flags are written: the run, the day it works out, and when benefit desks may see what it finds."""

    run_id: int
    as_of: date
    visible_from: datetime


def visible_from(as_of: date, working_days: Mapping[date, bool]) -> datetime:
    """08:00 of the first working day after the day; of the day after it where the calendar does not reach so far."""
    for ahead in range(1, 31):
        day = as_of + timedelta(days=ahead)
        if day not in working_days:
            break
        if working_days[day]:
            return datetime.combine(day, OPENING, SHANGHAI)
    return datetime.combine(as_of + timedelta(days=1), OPENING, SHANGHAI)


def move_day(connection: Connection, as_of: date) -> None:
    """Flags that are dated by the day looked at stand for this one; to be asked before any are written."""
    connection.execute(
        text("update benefits.household_flag set effective_date = :as_of where flag_code = :code and effective_date <> :as_of"),
        {"as_of": as_of, "code": COUNT_MISMATCH},
    )


def write_flags(connection: Connection, flags: Iterable[HouseholdFlag], households: Sequence[str], occasion: Occasion) -> int:
    """These households have exactly these flags, but for tenancies. Returns how many rows changed."""
    connection.execute(text("create temporary table flagged_household (household_number text primary key) on commit drop"))
    copy_rows(connection, "flagged_household", ("household_number",), ((number,) for number in households))
    asked = set(households)
    wanted = [flag for flag in flags if flag.subject in asked]
    mine = f"f.flag_code <> '{TENANCY}' and f.household_number in (select household_number from flagged_household)"  # noqa: S608
    changed = _write(connection, wanted, mine, occasion)
    connection.execute(text("drop table flagged_household"))
    return changed


def write_tenancies(connection: Connection, flags: Iterable[HouseholdFlag], occasion: Occasion) -> int:
    """The flags of tenancies are exactly these. Returns how many rows changed."""
    return _write(connection, list(flags), f"f.flag_code = '{TENANCY}'", occasion)


def forget_other_flags(connection: Connection, households: Sequence[str], occasion: Occasion) -> int:
    """After everything was worked out: flags of households that are no subjects any more are gone."""
    others = "f.flag_code <> :code and not f.household_number = any(:households)"
    told = {"code": TENANCY, "households": list(households), "run": occasion.run_id, "as_of": occasion.as_of}
    return connection.execute(text(_gone(others, "no_subject")), told).rowcount


def _gone(which: str, why: str) -> str:
    """Flags go, and the history says so."""
    event = OF_EVENT.format(kind="'gone'", why=why)
    return (
        f"with gone as (delete from benefits.household_flag f where {which} returning f.*) "  # noqa: S608
        f"insert into benefits.household_flag_event ({EVENT}) select {event} from gone"
    )


def _write(connection: Connection, flags: Sequence[HouseholdFlag], mine: str, occasion: Occasion) -> int:
    run = connection.execute
    run(
        text(
            f"create temporary table worked_flag on commit drop as select {', '.join(COLUMNS)} from benefits.household_flag with no data"  # noqa: S608
        )
    )
    copy_rows(connection, "worked_flag", COLUMNS, (_row(flag) for flag in flags))
    same = " and ".join(f"w.{name} = f.{name}" for name in KEY)
    told = {"run": occasion.run_id, "as_of": occasion.as_of, "visible": occasion.visible_from}
    gone = run(text(_gone(f"{mine} and not exists (select from worked_flag w where {same})", "facts")), told)
    differs = f"({', '.join(f'f.{name}' for name in REST)}) is distinct from ({', '.join(f'excluded.{name}' for name in REST)})"
    news = ", ".join(f"{name} = excluded.{name}" for name in (*REST, "worked_out_by_run"))
    written = run(
        text(
            f"with written as (insert into benefits.household_flag as f ({', '.join(COLUMNS)}, worked_out_by_run, visible_from) "  # noqa: S608
            f"select {', '.join(COLUMNS)}, :run, :visible from worked_flag "
            f"on conflict ({', '.join(KEY)}) do update set {news} where {differs} returning f.*, f.xmax = 0 as is_new) "
            f"insert into benefits.household_flag_event ({EVENT}) "
            f"select {OF_EVENT.format(kind=HOW, why='facts')} from written"
        ),
        told,
    )
    run(text("drop table worked_flag"))
    return gone.rowcount + written.rowcount


def _row(flag: HouseholdFlag) -> tuple[str | date | bool | None, ...]:
    before, after = (json.dumps(told, ensure_ascii=False, separators=(",", ":")) for told in (flag.before, flag.after))
    return (*flag.key, before, after, str(flag.region) if flag.region else None, flag.is_sample)
