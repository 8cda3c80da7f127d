"""What the centres tell: notices of coming releases with their later versions, and the nightly rosters."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sandbox.generator.chance import Chance
from sandbox.generator.journeys import Journey
from sandbox.generator.places import Places, bureau_of
from sandbox.generator.rows import Row, make_row

ROSTER_AT = time(22, 10)


def notice_rows(chance: Chance, journeys: list[Journey], places: Places) -> list[Row]:
    """Every version of every notice, oldest first for each key."""
    serials: dict[str, int] = {}
    rows: list[Row] = []
    for journey in journeys:
        if journey.notice is not None:
            serial = serials[journey.centre_code] = serials.get(journey.centre_code, 0) + 1
            rows += _versions(chance, journey, f"{journey.centre_code}-TZ-{serial:06d}", places)
    return rows


def _versions(chance: Chance, journey: Journey, key: str, places: Places) -> list[Row]:
    notice, person = journey.notice, journey.person
    if notice is None:
        return []
    street = places.street(person.region)
    is_adjusted = notice.type_code in {"2", "3"}
    told_at = chance.office_time(notice.notice_date)
    first = make_row(
        "release_notices", person, key, told_at, notice_number=f"晋戒通字〔{notice.notice_date.year}〕第{notice.serial:05d}号",
        centre_code=journey.centre_code, decision_number=journey.decision_number, decision_date=journey.decision_date,
        expected_release_date=notice.first_expected_date, release_type_code=notice.type_code,
        adjustment_document_number=f"晋戒变字〔{notice.notice_date.year}〕第{notice.serial:05d}号" if is_adjusted else None,
        notice_date=notice.notice_date, notice_status_code="1", police_station_code=street.police_code,
        street_code=street.code if chance.happens(0.85) else None, rehabilitation_order_code=notice.rehabilitation_code,
    )  # fmt: skip
    first.sender = journey.centre_code
    versions = [first]
    if notice.changed_on:
        changed = {"expected_release_date": notice.expected_date, "notice_status_code": "2", "operation_code": "U"}
        versions.append(first.copy(source_updated_at=_later(chance, told_at, notice.changed_on), **changed))
    if notice.withdrawn_on:
        withdrawn = {"notice_status_code": "3", "cancel_reason_code": "1", "operation_code": "U"}
        versions.append(first.copy(source_updated_at=_later(chance, told_at, notice.withdrawn_on), **withdrawn))
    if journey.released_at:
        released: dict[str, object] = {
            "actual_released_at": journey.released_at, "receiver_type_code": journey.receiver_code, "operation_code": "U",
            "release_certificate_number": f"晋戒解字〔{journey.due_date.year}〕第{notice.serial:05d}号",
        }  # fmt: skip
        if journey.order and journey.order.order_date <= journey.due_date:
            released["order_number"] = journey.order.number
            released["rehabilitation_order_code"] = "1"
        versions.append(versions[-1].copy(source_updated_at=_later(chance, told_at, journey.due_date, 11), **released))
    return versions


def _later(chance: Chance, at: datetime, day: date, first_hour: int = 8) -> datetime:
    """A moment of that day, after `at`, still the same evening."""
    return max(chance.office_time(day, first_hour), at + timedelta(minutes=10))


def roster_rows(chance: Chance, journeys: list[Journey], as_of: date) -> dict[tuple[str, date], list[Row]]:
    """(centre, day) -> everybody on its roster at 24:00 of that day; two snapshots, the later one never much shorter.

    Marks each journey with the days on which it was shown.
    """
    snapshots: dict[tuple[str, date], list[Row]] = {}
    days = (as_of - timedelta(days=10), as_of)
    for serial, journey in enumerate(journeys, 1):
        for day in days:
            for centre, row in _shown(chance, journey, serial, day, days):
                snapshots.setdefault((centre, day), []).append(row)
    _keep_from_shrinking(snapshots, days)
    by_decision = {j.decision_number: j for j in journeys}
    for (_, day), rows in snapshots.items():
        for row in rows:
            by_decision[row.values["decision_number"]].on_roster.add(day)
    return snapshots


def _shown(chance: Chance, journey: Journey, serial: int, day: date, days: tuple[date, ...]) -> list[tuple[str, Row]]:
    if journey.entry_date > day or (journey.kind == "left_unknown" and day == days[-1]):
        return []
    code, since = journey.custody_code, journey.custody_date or journey.entry_date
    if since > day:
        code, since = "1", journey.entry_date
    if code in {"5", "6", "7"} and since < day - timedelta(days=30):
        return []
    shown = [(journey.centre_code, _roster_row(journey, serial, day, journey.centre_code, journey.entry_date, code, since))]
    moved = journey.entry_date + timedelta(days=20)
    if journey.earlier_centre_code and moved <= day and day - moved <= timedelta(days=30):
        old = _roster_row(journey, serial, day, journey.earlier_centre_code, journey.entry_date, "5", moved)
        shown.append((journey.earlier_centre_code, old))
    return shown


def _roster_row(journey: Journey, serial: int, day: date, centre: str, entry: date, code: str, since: date) -> Row:
    kin, person = journey.kin, journey.person
    row = make_row(
        "centre_roster", person, f"{centre}-ZS-{serial:06d}", datetime.combine(day, ROSTER_AT), centre_code=centre,
        inmate_number=f"{centre[-4:]}-{entry.year}-{serial:05d}", decision_number=journey.decision_number,
        decision_date=journey.decision_date, deciding_organization_code=bureau_of(person.registration_number or ""), term_months=24,
        centre_entry_date=entry, custody_state_code=code, custody_state_date=since, extension_days=journey.extension_days,
        escape_days=journey.escape_days, expected_release_date=journey.due_date, diagnosis_result_code=journey.diagnosis_code,
        minors_in_care_count=0, kin_name=kin.name if kin else None, kin_phone=kin.phone if kin else None,
        destination_region_code=journey.destination,
    )  # fmt: skip
    row.sender = centre
    return row


def _keep_from_shrinking(snapshots: dict[tuple[str, date], list[Row]], days: tuple[date, ...]) -> None:
    """Takes leavers off the earlier roster until the later one is at most 5 % shorter, or it would rightly be held."""
    for centre in {centre for centre, _ in snapshots}:
        earlier, later = snapshots.get((centre, days[0]), []), snapshots.get((centre, days[1]), [])
        staying = {row.key for row in later}
        leavers = [row for row in earlier if row.key not in staying]
        while leavers and len(later) < 0.95 * len(earlier):
            earlier.remove(leavers.pop())
