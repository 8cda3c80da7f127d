"""A part of all episodes worked out: from its staged rows to drafts; a large number of episodes in processes, one part each."""

from __future__ import annotations

import gc
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context

from sqlalchemy import Connection, text

from warehouse.database import Role, transaction
from warehouse.handoffs.audience import audience_of
from warehouse.handoffs.calendar import WorkingCalendar
from warehouse.handoffs.deadlines import Deadlines
from warehouse.handoffs.drafts import Asked, Collecting, Drafts, Worked, together
from warehouse.handoffs.facts import handoff_id
from warehouse.handoffs.grounding import grounded
from warehouse.handoffs.grouping import Part, Wanted, count_episodes, split
from warehouse.handoffs.handoff import handoff_of
from warehouse.handoffs.reading import KnownEpisode, read_directory, read_episodes
from warehouse.handoffs.routing import Stations
from warehouse.handoffs.rows import Organization
from warehouse.registry.loading import read_calendar_days, read_parameters

# Below, a second process takes longer to start than it saves.
PARALLEL_FROM = 20_000


@dataclass(frozen=True)
class Rulebook:
    """What one working-out goes by."""

    deadlines: Deadlines
    stations: Stations

    def missing(self) -> set[str]:
        """Codes of what operators have to supply, as far as anything asked for it."""
        years = {f"CALENDAR_MISSING:{year}" for year in self.deadlines.calendar.missing_years}
        return years | {f"PARAM_MISSING:{name}:{region or 'no region'}" for name, region in self.deadlines.missing_parameters}


def read_rulebook(connection: Connection) -> Rulebook:
    """Parameters, working days and organisations as they are loaded now."""
    organizations = read_directory(connection)
    by_code: dict[str, tuple[Organization, ...]] = {}
    for organization in organizations:
        by_code[organization.organization_code] = (*by_code.get(organization.organization_code, ()), organization)
    calendar = WorkingCalendar(read_calendar_days(connection))
    return Rulebook(Deadlines(read_parameters(connection), calendar, by_code), Stations(organizations))


def work_out_one(known: KnownEpisode, as_of: date, rulebook: Rulebook) -> tuple[Worked | None, Asked]:
    """The handoff of one episode on the day, None where it is not (yet) one, and what else was asked of it."""
    outcome = handoff_of(known.episode, as_of, rulebook.deadlines, rulebook.stations)
    its_id = handoff_id(known.number)
    asked = Asked(known.number, its_id, outcome.wakes_on, known.person_id, outcome.absence)
    found = outcome.handoff
    if found is None:
        return None, asked
    worked = Worked(
        handoff_id=its_id,
        person_id=known.person_id,
        facts=found.facts,
        state=found.state,
        step=found.step,
        station_code=found.route.station_code,
        audience=audience_of(found, rulebook.deadlines),
        flags=grounded(found.flags, found.facts),
        shares=found.shares,
    )
    return worked, asked


def work_out_here(connection: Connection, which: Part | Wanted, as_of: date, rulebook: Rulebook) -> Drafts:
    """The drafts of these episodes, worked out on this connection."""
    gathered = Collecting()
    for known in read_episodes(connection, which):
        worked, asked = work_out_one(known, as_of, rulebook)
        gathered.add(asked, worked)
    return gathered.drafts(rulebook.missing())


def work_out_all(connection: Connection, as_of: date, rulebook: Rulebook) -> Drafts:
    """The drafts of all episodes; many of them on every core, each process reading its part of the caller's snapshot."""
    workers = os.cpu_count() or 1
    if workers == 1 or count_episodes(connection) < PARALLEL_FROM:
        return work_out_here(connection, Part(), as_of, rulebook)
    snapshot = connection.execute(text("select pg_export_snapshot()")).scalar_one()
    parts = split(connection, workers)
    with ProcessPoolExecutor(len(parts), mp_context=get_context("spawn")) as pool:
        return together(pool.map(_in_process, parts, [as_of] * len(parts), [snapshot] * len(parts)))


def _in_process(part: Part, as_of: date, snapshot: str) -> Drafts:
    gc.disable()  # rows and facts hold no cycles, and looking for them takes a fifth of the time; the process ends with its part
    with transaction(Role.ETL, one_snapshot=True, snapshot=snapshot) as connection:
        return work_out_here(connection, part, as_of, read_rulebook(connection))
