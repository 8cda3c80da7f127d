"""Which rows travel together: push batches, files by sender and period, one set of rows per pulled feed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sandbox.generator.chance import Chance
from sandbox.generator.province import Province
from sandbox.generator.rows import Row

COMMUNITY_FEEDS = ("aftercare_cases", "aftercare_services", "points_ledger")
API_FEEDS = ("registered_persons", "community_orders", "drug_tests", "risk_assessments", "leave_violations", "population_changes")
SHARE_FEEDS = ("assistance_households", "assistance_members", "means_checks", "benefit_payments", "temporary_assistance", "public_housing")
REGION = "140000"


@dataclass
class Batch:
    """Rows delivered together. `medium`: push, api, share, csv or xlsx; `path` is relative to the province's folder."""

    feed: str
    medium: str
    path: str
    rows: list[Row]
    sent_at: datetime
    sender: str = ""
    is_snapshot: bool = False
    has_ok: bool = False
    notes: dict[str, str] = field(default_factory=dict)


def batches(chance: Chance, province: Province) -> list[Batch]:
    """Every delivery of the province, in no particular order between senders."""
    found = _pushes(chance, province) + _rosters(province) + _directories(province)
    for feed in COMMUNITY_FEEDS:
        found += _station_files(chance, province, feed)
    found += _employment(chance, province)
    evening = datetime.combine(province.as_of, time(23, 50))
    for medium, feeds, suffix in (("api", API_FEEDS, "jsonl"), ("share", SHARE_FEEDS, "csv")):
        for feed in feeds:
            found.append(Batch(feed, medium, f"{medium}/{feed}.{suffix}", _in_order(province.rows.get(feed, [])), evening))
    return found


def _in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row.updated_at, row.key))


def _pushes(chance: Chance, province: Province) -> list[Batch]:
    """A first load of everything older, then a batch per centre and day; some rows come a day or two late."""
    began = province.as_of - timedelta(days=60)
    groups: dict[tuple[str, date], list[Row]] = defaultdict(list)
    for row in _in_order(province.rows.get("release_notices", [])):
        day = max(row.updated_at.date(), began)
        if chance.happens(0.05):
            day = min(day + timedelta(days=chance.randint(1, 3)), province.as_of)
        groups[row.sender, day].append(row)
    found: list[Batch] = []
    for (centre, day), rows in sorted(groups.items(), key=lambda item: (item[0][1], item[0][0])):
        for start in range(0, len(rows), 400):
            number = len(found) + 1
            latest = max(row.updated_at for row in rows)
            sent = max(chance.office_time(day, 20, 22), latest + timedelta(minutes=1))
            batch = Batch("release_notices", "push", f"push/{sent:%Y%m%d%H%M%S}-{number:05d}.json", rows[start : start + 400], sent, centre)
            batch.notes["batch_id"] = f"{centre}-{sent:%Y%m%d}-{number:05d}"
            found.append(batch)
    return found


def _rosters(province: Province) -> list[Batch]:
    found = []
    for (centre, day), rows in sorted(province.rosters.items()):
        path = f"files/detention_centers/centre_roster_{centre}_{day:%Y%m%d}.csv"
        sent_at = datetime.combine(day, time(23, 30))
        found.append(Batch("centre_roster", "csv", path, rows, sent_at, centre, is_snapshot=True, has_ok=True))
    return [batch for batch in found if batch.rows]


def _directories(province: Province) -> list[Batch]:
    return [
        Batch(
            "station_directory",
            "csv",
            f"files/community/station_directory_{day:%Y%m%d}.csv",
            rows,
            datetime.combine(day, time(17, 0)),
            is_snapshot=True,
        )
        for day, rows in sorted(province.directories.items())
    ]


def _station_files(chance: Chance, province: Province, feed: str) -> list[Batch]:
    """Each station uploads what it changed since its last upload: once long ago, once lately, once just now."""
    cuts = [province.as_of - timedelta(days=days) for days in (150, 14, 0)]
    groups: dict[tuple[str, date], list[Row]] = defaultdict(list)
    for row in _in_order(province.rows.get(feed, [])):
        places = [number for number, cut in enumerate(cuts) if row.updated_at.date() <= cut]
        late = 1 if len(places) > 1 and chance.happens(0.04) else 0
        groups[row.sender, cuts[places[late]]].append(row)
    found = []
    for (station, day), rows in sorted(groups.items()):
        medium = "xlsx" if chance.happens(0.22) else "csv"
        path = f"files/community/{feed}_{station}_{day:%Y%m%d}_01.{medium}"
        found.append(Batch(feed, medium, path, rows, datetime.combine(day, time(23, 0)), station))
    return found


def _employment(chance: Chance, province: Province) -> list[Batch]:
    as_of = province.as_of
    found = _seeker_snapshots(chance, province)
    weeks = [day for back in range(84, -1, -1) if (day := as_of - timedelta(days=back)).weekday() == 0]
    found += _periods(province, "job_placements", [*weeks, as_of], lambda day: f"{day.isocalendar().year}W{day.isocalendar().week:02d}")
    months = sorted({_third(as_of, back) for back in range(6)} | {as_of})
    months = [day for day in months if day <= as_of]
    found += _periods(province, "trainings", months, lambda day: f"{day - timedelta(days=4):%Y%m}")
    by_month: dict[str, list[Row]] = defaultdict(list)
    for row in _in_order(province.rows.get("insurance_contributions", [])):
        by_month[row.values["contribution_month"]].append(row)
    for month, rows in sorted(by_month.items()):
        day = max(row.updated_at for row in rows).date() + timedelta(days=5)
        found.append(_employment_file("insurance_contributions", month, "incr", min(day, as_of), rows, "csv"))
    return found


def _third(as_of: date, back: int) -> date:
    count = as_of.year * 12 + as_of.month - 1 - back
    return date(count // 12, count % 12 + 1, 3)


def _periods(province: Province, feed: str, days: list[date], period: Callable[[date], str]) -> list[Batch]:
    """Increments by the first delivery day on or after the change."""
    groups: dict[date, list[Row]] = defaultdict(list)
    for row in _in_order(province.rows.get(feed, [])):
        groups[min(day for day in days if day >= row.updated_at.date())].append(row)
    return [_employment_file(feed, period(day), "incr", day, rows, "csv") for day, rows in sorted(groups.items())]


def _seeker_snapshots(chance: Chance, province: Province) -> list[Batch]:
    """The last two monthly snapshots; the later one has the newest registrations too and lost a few."""
    rows = _in_order(province.rows.get("job_seekers", []))
    newest = {row.key for row in rows if chance.happens(0.05)}
    gone = {row.key for row in rows if chance.happens(0.02)} - newest if len(rows) > 60 else set()
    found = []
    for back, left_out in ((1, newest), (0, gone)):
        fifth = _third(province.as_of, back) + timedelta(days=2)
        if fifth > province.as_of:
            continue
        shown = [row.copy() for row in rows if row.key not in left_out and row.updated_at.date() < fifth]
        month = f"{fifth - timedelta(days=6):%Y%m}"
        found.append(_employment_file("job_seekers", month, "full", fifth, shown, "xlsx"))
    return found


def _employment_file(feed: str, period: str, kind: str, day: date, rows: list[Row], medium: str) -> Batch:
    path = f"files/employment/{feed}_{REGION}_{period}_{kind}_{day:%Y%m%d}.{medium}"
    return Batch(feed, medium, path, rows, datetime.combine(day, time(18, 0)), "", is_snapshot=kind == "full", has_ok=True)
