"""Journeys through isolation: from the decision to the release and, where it comes to that, the order and the case after it.

Dates are drawn here once, so that every feed tells the same story. Facts after `as_of` exist only as plans.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sandbox.generator.chance import Chance
from sandbox.generator.people import Person, Population
from sandbox.generator.places import Places

# kind: (weight, earliest and latest day of release, counted from as_of)
KINDS: dict[str, tuple[float, int, int]] = {
    "far": (15, 91, 640),
    "expected": (9, 12, 90),
    "notice_missing": (2, 1, 3),
    "noticed": (4, 4, 26),
    "acknowledged": (3.5, 3, 22),
    "pickup_set": (7, 1, 24),
    "unassigned": (2, 0, 1),
    "early": (1.2, 5, 20),
    "extended": (1.2, 5, 25),
    "changed": (1.6, 6, 28),
    "withdrawn": (1.2, 60, 90),
    "conflict": (1, 5, 25),
    "unconfirmed": (1, -6, -1),
    "left_unknown": (0.8, 2, 20),
    "hospital": (1, 20, 80),
    "escaped": (0.7, 20, 80),
    "justice": (0.7, -25, -1),
    "converted": (0.6, -200, -45),
    "died_inside": (0.4, -200, -5),
    "met": (6.5, -18, -1),
    "unmet": (3, -14, -1),
    "unknown": (2, -20, -1),
    "no_order": (3, -300, -3),
    "served": (4, -24, -4),
    "not_reported": (2, -120, -30),
    "reported": (3, -30, -6),
    "agreed": (3, -36, -10),
    "rehabilitation": (20, -1000, -45),
    "completed": (4, -1900, -1150),
    "terminated": (1, -900, -200),
    "suspended": (1, -900, -200),
    "refused": (1, -500, -60),
    "transferred": (1.5, -700, -90),
    "control_ended": (2, -1900, -1150),
    "deceased": (1, -900, -60),
}
INSIDE = {"far", "expected", "notice_missing", "noticed", "acknowledged", "pickup_set", "unassigned", "early", "extended", "changed"} | {
    "withdrawn", "conflict", "unconfirmed", "left_unknown", "hospital", "escaped",
}  # fmt: skip
WITHOUT_NOTICE = {"far", "expected", "notice_missing", "hospital", "escaped", "left_unknown"}
WITH_ORDER = {"served", "not_reported", "reported", "agreed", "rehabilitation", "completed", "terminated", "suspended", "refused"} | {
    "transferred", "control_ended", "deceased",
}  # fmt: skip


@dataclass(slots=True)
class Notice:
    """A notice as first sent. `changed_on`/`withdrawn_on`: the day a later version replaced or withdrew it."""

    serial: int
    notice_date: date
    expected_date: date
    first_expected_date: date
    type_code: str
    rehabilitation_code: str
    changed_on: date | None = None
    withdrawn_on: date | None = None


@dataclass(slots=True)
class Order:
    """A community order. `type_code` 2 follows an isolation, 1 stands alone."""

    number: str
    person: Person
    type_code: str
    order_date: date
    served_date: date | None = None
    reported_date: date | None = None
    term_months: int = 36
    state_code: str = "1"
    state_date: date | None = None
    state_reason_code: str | None = None
    decision_number: str | None = None


@dataclass(slots=True)
class Journey:
    """One isolation episode. `due_date`: the expected release by the roster; `released_at`: the real one, if it happened."""

    person: Person
    kind: str
    serial: int
    decision_date: date
    due_date: date
    centre_code: str
    entry_date: date
    earlier_centre_code: str | None = None
    extension_days: int = 0
    escape_days: int = 0
    kin: Person | None = None
    destination: str | None = None
    diagnosis_code: str = "0"
    custody_code: str = "1"
    custody_date: date | None = None
    notice: Notice | None = None
    released_at: datetime | None = None
    receiver_code: str | None = None
    order: Order | None = None
    acknowledged_at: datetime | None = None
    pickup_planned_at: datetime | None = None
    pickup_result_code: str | None = None
    pickup_at: datetime | None = None
    agreed_date: date | None = None
    talk_at: datetime | None = None
    plan_date: date | None = None
    transferred_on: date | None = None
    transfer_accepted_on: date | None = None
    on_roster: set[date] = field(default_factory=set)

    @property
    def decision_number(self) -> str:
        """The number of the decision: what every feed calls this episode."""
        county = (self.person.registration_number or "R000000")[3:7]
        return f"晋公({county})强戒决字〔{self.decision_date.year}〕第{self.serial:05d}号"


def build_journeys(chance: Chance, population: Population, places: Places, as_of: date) -> list[Journey]:
    """Journeys of somewhat under half of the registered persons; nobody has two."""
    weights = {kind: weight for kind, (weight, _, _) in KINDS.items()}
    journeys: list[Journey] = []
    # The stories a demonstration shows first occur even in the smallest province.
    wanted = ["notice_missing", "pickup_set", "unassigned", "met", "unmet", "noticed", "rehabilitation", "expected", "unknown", "withdrawn"]
    for person in population.registered:
        if not chance.happens(0.49) and len(journeys) > len(wanted):
            continue
        kind = wanted.pop(0) if wanted else chance.weighted(weights)
        journeys.append(_journey(chance, person, kind, len(journeys) + 1, places, population, as_of))
    return journeys


def _journey(chance: Chance, person: Person, kind: str, serial: int, places: Places, population: Population, as_of: date) -> Journey:
    _, first, last = KINDS[kind]
    due = as_of + timedelta(days=chance.randint(first, last))
    extension = chance.choice((60, 90, 180)) if kind == "extended" else 0
    escaped = chance.randint(5, 40) if kind == "escaped" or chance.happens(0.01) else 0
    shortened = chance.randint(60, 300) if kind == "early" else 0
    decided = _years_before(due, 2) - timedelta(days=extension + escaped) + timedelta(days=shortened)
    centre = chance.choices([c.code for c in places.centres], (6, 2, 4))[0]
    entry = chance.days_after(decided, 50, 100)
    journey = Journey(person, kind, serial, decided, due, centre, entry, extension_days=extension, escape_days=escaped)
    if chance.happens(0.05) and kind in INSIDE:
        journey.earlier_centre_code = chance.choice([c.code for c in places.centres if c.code != centre])
    grown_up = [p for p in population.household_of[person.number].members[1:] if p.age_on(as_of) > 20]
    journey.kin = chance.choice(grown_up) if grown_up and chance.happens(0.9) else None
    journey.destination = person.region if chance.happens(0.8) else None
    journey.diagnosis_code = "1" if due < as_of or chance.happens(0.6) else "0"
    _notice(chance, journey, as_of)
    _leave(chance, journey, as_of)
    _receive(chance, journey, as_of)
    if kind in WITH_ORDER or (kind == "met" and chance.happens(0.5)):
        _order(chance, journey, as_of)
    return journey


def _years_before(day: date, years: int) -> date:
    return day.replace(year=day.year - years, day=min(day.day, 28) if day.month == 2 else day.day)


def _notice(chance: Chance, journey: Journey, as_of: date) -> None:
    if journey.kind in WITHOUT_NOTICE and not (journey.kind == "left_unknown" and chance.happens(0.5)):
        return
    lead = chance.randint(0, 2) if chance.happens(0.12) else chance.randint(3, 20)
    told = min(journey.due_date - timedelta(days=lead), chance.days_after(as_of, -11, -1))
    told = max(told, journey.entry_date)
    kinds = {"early": "2", "extended": "3", "converted": "4", "justice": "6", "died_inside": "7"}
    rehabilitation = "0" if journey.kind == "no_order" else chance.choices("19", (85, 15))[0]
    notice = Notice(journey.serial, told, journey.due_date, journey.due_date, kinds.get(journey.kind, "1"), rehabilitation)
    if journey.kind == "changed":
        notice.first_expected_date += timedelta(days=chance.choice((-9, 7, 14)))
        notice.changed_on = as_of - timedelta(days=chance.randint(0, 1))
        notice.notice_date = min(told, notice.changed_on)
    elif journey.kind == "withdrawn":
        notice.expected_date = notice.first_expected_date = as_of + timedelta(days=chance.randint(8, 25))
        notice.withdrawn_on = as_of - timedelta(days=chance.randint(0, 3))
        notice.notice_date = min(told, notice.withdrawn_on)
    elif journey.kind == "conflict":
        notice.expected_date = notice.first_expected_date = journey.due_date - timedelta(days=chance.randint(1, 4))
    journey.notice = notice


def _leave(chance: Chance, journey: Journey, as_of: date) -> None:
    """Custody state, the release itself, and who received the person."""
    kind = journey.kind
    if kind in {"hospital", "escaped"}:
        journey.custody_code, journey.custody_date = ("2" if kind == "hospital" else "4"), chance.days_after(as_of, -40, -2)
    elif kind in INSIDE:
        journey.custody_date = journey.entry_date
    else:
        journey.custody_code = {"justice": "5", "died_inside": "7"}.get(kind, "6")
        journey.custody_date = journey.due_date
        journey.released_at = chance.office_time(journey.due_date, 8, 10).replace(second=0)
        if kind == "unmet":
            journey.receiver_code = "0"
        elif kind == "unknown":
            journey.released_at = None
        elif kind not in {"died_inside", "justice"}:
            journey.receiver_code = chance.choices("12349", (40, 12, 40, 3, 5))[0]
        else:
            journey.receiver_code = "9"


def _receive(chance: Chance, journey: Journey, as_of: date) -> None:
    """What the station did: acknowledging, planning, meeting."""
    kind, notice = journey.kind, journey.notice
    if notice is None or kind in {"noticed", "withdrawn", "conflict", "justice", "died_inside", "converted", "unknown", "left_unknown"}:
        return
    if kind == "unassigned" and chance.happens(0.5):
        return
    journey.acknowledged_at = chance.office_time(min(chance.days_after(notice.notice_date, 0, 2), as_of), 9, 18)
    if kind in {"unassigned", "acknowledged"}:
        return
    journey.pickup_planned_at = datetime.combine(journey.due_date, datetime.min.time()).replace(hour=9)
    if journey.released_at is None:
        return
    if kind == "unmet":
        journey.pickup_result_code = chance.choice(("2", "2", "3", "6"))
    else:
        journey.pickup_result_code = {"2": "5", "1": "4"}.get(journey.receiver_code or "", "1")
        journey.pickup_at = journey.released_at + timedelta(minutes=chance.randint(5, 90))


def _order(chance: Chance, journey: Journey, as_of: date) -> None:
    """The order after release and how far the person came with it."""
    kind, left = journey.kind, journey.due_date
    county = (journey.person.registration_number or "R000000")[3:7]
    order = Order(
        f"晋公({county})责社康决字〔{left.year}〕第{journey.serial:05d}号", journey.person, "2", chance.days_after(left, 0, 1),
        decision_number=journey.decision_number,
    )  # fmt: skip
    journey.order = order
    order.order_date = min(order.order_date, as_of)
    if kind == "met":
        return
    order.served_date = min(chance.days_after(order.order_date, 0, 3), as_of)
    if kind in {"served", "not_reported"}:
        return
    order.reported_date = min(chance.days_after(order.served_date, 1, 13), as_of)
    if kind != "reported":
        journey.agreed_date = min(chance.days_after(order.reported_date, 0, 4), as_of)
    if kind not in {"reported", "agreed"}:
        journey.talk_at = chance.office_time(chance.days_after(journey.agreed_date or left, 1, 12))
        journey.plan_date = chance.days_after(journey.agreed_date or left, 1, 10)
    _end(chance, journey, order, as_of)


def _end(chance: Chance, journey: Journey, order: Order, as_of: date) -> None:
    start = order.reported_date or journey.due_date
    if journey.kind in {"completed", "control_ended"}:
        order.state_code, order.state_reason_code, order.state_date = "4", "1", start + timedelta(days=1095)
    elif journey.kind in {"terminated", "suspended", "refused", "deceased"}:
        code, reason = {"terminated": ("3", "4"), "suspended": ("2", "2"), "refused": ("6", "7"), "deceased": ("3", "5")}[journey.kind]
        order.state_code, order.state_reason_code = code, reason
        order.state_date = chance.day_between(start + timedelta(days=30), as_of - timedelta(days=2))
        if journey.kind == "refused":
            order.reported_date = journey.agreed_date = journey.talk_at = journey.plan_date = None
        elif journey.kind == "deceased":
            journey.person.died_on = order.state_date
    elif journey.kind == "transferred":
        journey.transferred_on = chance.days_after(as_of, -20, -1)
