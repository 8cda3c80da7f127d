"""The answers: who is behind every row, which rows must be rejected, and how every handoff stands on the day."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from sandbox.generator.journeys import INSIDE, Journey
from sandbox.generator.mess.batches import Batch
from sandbox.generator.province import Province

WINDOW_DAYS = 90


def write_truth(folder: Path, province: Province, delivered: Iterable[Batch]) -> None:
    """Writes truth/persons.csv, truth/rejected.csv and truth/handoffs.csv."""
    people: dict[tuple[str, str], tuple[datetime, int, str]] = {}
    rejected: dict[tuple[str, str], tuple[str, str]] = {}
    for batch in delivered:
        for row in batch.rows:
            if row.fault is not None:
                rejected[row.feed, row.key] = row.fault
            elif row.person is not None:
                known = people.get((row.feed, row.key))
                if known is None or row.updated_at >= known[0]:
                    people[row.feed, row.key] = (row.updated_at, row.person, "+".join(row.error_classes) or "none")
    _write(
        folder / "persons.csv", "feed source_key true_person error_class", [(f, k, p, e) for (f, k), (_, p, e) in sorted(people.items())]
    )
    _write(folder / "rejected.csv", "feed source_key field error_code", [(f, k, *fault) for (f, k), fault in sorted(rejected.items())])
    handoffs = [found for journey in province.journeys if (found := handoff(journey, province)) is not None]
    _write(folder / "handoffs.csv", "decision_number true_person state station_code expected_release_date released_date", handoffs)


def _write(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(header.split())
        writer.writerows(rows)


def handoff(journey: Journey, province: Province) -> tuple[object, ...] | None:
    """The handoff of a journey on as_of, or None where nobody has told of a release within the window."""
    expected, released = _expected(journey), _released(journey)
    day = released or expected or _fallback(journey)
    if day is None or day > province.as_of + timedelta(days=WINDOW_DAYS):
        return None
    station = _station(journey, province, day)
    return journey.decision_number, journey.person.number, state(journey, released), station or "", expected or "", released or ""


def _expected(journey: Journey) -> date | None:
    """The earlier of what notice and roster expect."""
    notice = journey.notice
    told = notice.expected_date if notice and notice.withdrawn_on is None else None
    shown = journey.due_date if journey.on_roster and journey.custody_code in "1234" else None
    return min((d for d in (told, shown) if d), default=None)


def _released(journey: Journey) -> date | None:
    notice = journey.notice
    if journey.released_at and notice and notice.type_code in {"1", "2", "3", "9"}:
        return journey.released_at.date()
    return journey.custody_date if journey.on_roster and journey.custody_code == "6" else None


def _fallback(journey: Journey) -> date | None:
    if journey.notice and journey.notice.withdrawn_on:
        return journey.notice.expected_date
    return journey.custody_date if journey.on_roster else None


def state(journey: Journey, released: date | None) -> str:
    """The furthest milestone; ends and interruptions first. Source: the handoff specification, states 1 to 24."""
    return _ended(journey) or _rehabilitation(journey) or _after_release(journey, released) or _inside(journey)


def _ended(journey: Journey) -> str | None:
    order = journey.order
    if journey.person.died_on or journey.kind == "died_inside":
        return "DECEASED"
    if journey.kind == "control_ended":
        return "CONTROL_ENDED"
    ended = {"4": "COMPLETED", "3": "TERMINATED", "2": "SUSPENDED", "6": "REFUSED"}.get(order.state_code) if order else None
    return ended or ("TRANSFERRED" if journey.transferred_on else None)


def _rehabilitation(journey: Journey) -> str | None:
    order = journey.order
    if order is None:
        return None
    if journey.agreed_date and journey.talk_at and journey.plan_date:
        return "IN_REHAB"
    if journey.agreed_date:
        return "AGREED"
    if order.reported_date:
        return "REPORTED"
    return "ORDER_SERVED" if order.served_date else None


def _after_release(journey: Journey, released: date | None) -> str | None:
    if released and journey.order is None and journey.notice and journey.notice.rehabilitation_code == "0":
        return "NO_ORDER"
    if journey.pickup_result_code in {"1", "4", "5"} or (
        journey.pickup_result_code is None and journey.receiver_code in set("12349") and released
    ):
        return "PICKED_UP"
    if released and (journey.pickup_result_code or journey.receiver_code == "0"):
        return "UNMET"
    return "RELEASED" if released else None


def _inside(journey: Journey) -> str:
    other = {"converted": "CONVERTED", "justice": "JUSTICE", "hospital": "OUT_HOSPITAL", "escaped": "ESCAPED"}.get(journey.kind)
    if other and (journey.kind not in INSIDE or journey.on_roster):
        return other
    if journey.pickup_planned_at:
        return "PICKUP_SET"
    if journey.acknowledged_at:
        return "ACKED"
    return "NOTICED" if journey.notice and journey.notice.withdrawn_on is None else "EXPECTED"


def _station(journey: Journey, province: Province, day: date) -> str | None:
    """The case's station; else that of the street of the order; else the one serving the residence."""
    region, places = journey.person.region, province.places
    has_case = journey.acknowledged_at is not None or (journey.order is not None and journey.order.reported_date is not None)
    if has_case:
        return places.station_for(region, province.as_of)
    if journey.order:
        return places.station_of_street(places.street(region).code, day)
    return places.station_for(region, day)
