"""The facts of an episode on a day: what its rows together say, before any state or flag is decided.

Source: domain rules, section 1. Every name of the rules' short table is a field here (its short form in brackets).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeVar

from warehouse.handoffs.rows import (
    Case,
    DrugTest,
    Episode,
    LeaveViolation,
    LinkConflict,
    Notice,
    Order,
    RegisteredPerson,
    RiskAssessment,
    RosterRow,
    Service,
    SourceRow,
    place_of,
)
from warehouse.handoffs.today import Today, day_of
from warehouse.identity.document_numbers import normal_number

Handover = Literal["met", "unmet"]
Item = TypeVar("Item")
Row = TypeVar("Row", bound=SourceRow)

VALID_NOTICE = {"1", "2"}
WITHDRAWN = "3"
RELEASES = {"1", "2", "3", "9"}
IN_CUSTODY = {"1", "2", "3", "4"}
RECEIVED = {"1", "2", "3", "4", "9"}
MET_RESULTS, UNMET_RESULTS = {"1", "4", "5"}, {"2", "3", "6"}
FIRST_TALK, DONE = "11", "1"


def handoff_id(decision_number: str) -> str:
    """The handoff's id: first 16 hex digits of SHA-256 of the normalised decision number."""
    return hashlib.sha256(normal_number(decision_number).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an episode at 24:00 of `as_of`; dates are Shanghai days, None is not known.

    `term_date` (T) is the day of release, known, expected or inferred; `release_notice` is the notice that gave `release_date`.
    `tests`, `violations`, `assessments` and `services` are as delivered: plans are among them, and the rules leave them out.
    """

    decision_number: str
    notices: tuple[Notice, ...]  # NN
    notice: Notice | None  # N
    valid_notices: tuple[Notice, ...]
    withdrawn: Notice | None  # W
    roster: RosterRow | None  # Ro
    order: Order | None  # O
    cases: tuple[Case, ...]  # CC
    case: Case | None  # C
    services: tuple[Service, ...]
    person: RegisteredPerson | None  # P
    expected_date: date | None  # Tx
    release_date: date | None  # R
    released_at: datetime | None
    release_notice: Notice | None
    term_date: date | None  # T
    died_date: date | None  # died
    acknowledged_at: datetime | None  # ack
    has_plan: bool  # plan
    handover: Handover | None  # hand
    picked_up_at: datetime | None
    served_date: date | None  # served
    reported_date: date | None  # reported
    agreed_date: date | None  # agreed
    talk_date: date | None  # talk
    planned_date: date | None  # planned
    is_in_force: bool  # in_force
    tests: tuple[DrugTest, ...]  # of the person or the order
    violations: tuple[LeaveViolation, ...]  # of the order
    assessments: tuple[RiskAssessment, ...]  # of the person or the order
    link_conflicts: tuple[LinkConflict, ...]
    today: Today = field(compare=False)

    @property
    def as_of(self) -> date:
        """The day, for results and messages; rules ask `today`."""
        return self.today.as_of

    @property
    def release_or_term_date(self) -> date | None:
        """R in due dates after release: T where the release is not known."""
        return self.release_date or self.term_date

    @property
    def centre_code(self) -> str | None:
        """The centre that releases: of the notice, else the roster, else the withdrawn notice."""
        return next((row.centre_code for row in (self.notice, self.roster, self.withdrawn) if row and row.centre_code), None)


def facts_of(episode: Episode, as_of: date) -> Facts:
    """The facts of the episode on `as_of`; the order of its rows never matters."""
    today = Today(as_of)
    valid = [n for n in episode.notices if n.notice_status_code in VALID_NOTICE and today.has_come(n.notice_date)]
    notice = _greatest(valid, key=lambda n: (n.notice_date or date.min, *place_of(n)))
    withdrawn = _greatest([n for n in episode.notices if n.notice_status_code == WITHDRAWN], key=place_of)
    roster = _greatest(
        [r for r in episode.roster if today.has_come(r.centre_entry_date)], key=lambda r: (r.centre_entry_date, *place_of(r))
    )
    order = _order(episode, today)
    cases = _cases(episode, order)
    person = _person(episode, order)
    expected = _earliest(
        [notice.expected_release_date if notice else None, roster.expected_release_date if roster and is_held(roster) else None]
    )
    release, release_notice = _release(valid, roster, today)
    handover, picked_up = _handover(cases, release, release_notice, today)
    started = order.execution_start_date if order and today.has_come(order.execution_start_date) else None
    case_numbers = {c.case_number for c in cases}
    services = tuple(s for s in episode.services if s.case_number in case_numbers)
    acknowledged = [c.notice_acknowledged_at for c in cases if today.has_happened(c.notice_acknowledged_at)]
    return Facts(
        decision_number=episode.decision_number,
        notices=_in_order(episode.notices),
        notice=notice,
        valid_notices=_in_order(valid),
        withdrawn=withdrawn,
        roster=roster,
        order=order,
        cases=cases,
        case=_greatest([c for c in cases if not today.has_come(c.transfer_accepted_date)], key=place_of),
        services=services,
        person=person,
        expected_date=expected,
        release_date=release,
        released_at=release_notice.actual_released_at if release_notice else None,
        release_notice=release_notice,
        term_date=release or expected or _inferred_term(withdrawn, roster, order, cases),
        died_date=_death(episode, withdrawn, roster, order, person, today),
        acknowledged_at=_earliest(acknowledged),
        has_plan=any(c.pickup_planned_at for c in cases),
        handover=handover,
        picked_up_at=picked_up,
        served_date=order.served_date if order and today.has_come(order.served_date) else None,
        reported_date=_earliest([c.report_date for c in cases if today.has_come(c.report_date)]) or started,
        agreed_date=_earliest([c.agreement_date for c in cases if today.has_come(c.agreement_date)]),
        talk_date=_first_talk(services, today),
        planned_date=_earliest([c.plan_date for c in cases if today.has_come(c.plan_date)]),
        is_in_force=_is_in_force(order, today),
        tests=episode.tests,
        violations=tuple(v for v in episode.violations if order and is_same_number(v.order_number, order.order_number)),
        assessments=episode.assessments,
        link_conflicts=episode.link_conflicts,
        today=today,
    )


def is_same_number(one: str | None, other: str | None) -> bool:
    """Two document numbers are the same when compared as the rules compare them; False without one."""
    if one is None or other is None:
        return False
    return one == other or normal_number(one) == normal_number(other)


def is_held(roster: RosterRow) -> bool:
    """The person is still the centre's: there, outside for treatment or a visit, or escaped."""
    return roster.custody_state_code in IN_CUSTODY


def _greatest(rows: Sequence[Item], key: object) -> Item | None:
    if len(rows) < 2:
        return rows[0] if rows else None
    return max(rows, key=key)  # type: ignore[call-overload,no-any-return]


def _in_order(rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(rows) if len(rows) < 2 else tuple(sorted(rows, key=place_of))


def _earliest(given: Iterable[Item | None]) -> Item | None:
    known = [value for value in given if value is not None]
    return min(known) if known else None  # type: ignore[type-var]


def _order(episode: Episode, today: Today) -> Order | None:
    number = episode.decision_number
    mine = [o for o in episode.orders if o.order_type_code == "2" and is_same_number(o.decision_number, number)]
    return _greatest([o for o in mine if today.has_come(o.order_date)], key=lambda o: (o.order_date, o.source_key))


def _cases(episode: Episode, order: Order | None) -> tuple[Case, ...]:
    number, order_number = episode.decision_number, order.order_number if order else None
    mine = [c for c in episode.cases if is_same_number(c.decision_number, number) or is_same_number(c.order_number, order_number)]
    return _in_order(mine)


def _person(episode: Episode, order: Order | None) -> RegisteredPerson | None:
    wanted = order.registration_number if order else None
    return _greatest(episode.registered, key=lambda p: (wanted is not None and p.registration_number == wanted, *place_of(p)))


def _release(valid: list[Notice], roster: RosterRow | None, today: Today) -> tuple[date | None, Notice | None]:
    told = [n for n in valid if n.release_type_code in RELEASES and today.has_happened(n.actual_released_at)]
    latest = _greatest(told, key=lambda n: (n.actual_released_at, *place_of(n)))
    if latest and latest.actual_released_at:
        return day_of(latest.actual_released_at), latest
    if roster and roster.custody_state_code == "6" and today.has_come(roster.custody_state_date):
        return roster.custody_state_date, None
    return None, None


def _inferred_term(withdrawn: Notice | None, roster: RosterRow | None, order: Order | None, cases: tuple[Case, ...]) -> date | None:
    told = (withdrawn.expected_release_date if withdrawn else None) or (roster.custody_state_date if roster else None)
    pickups = [day_of(c.pickup_at) for c in cases if c.pickup_at]
    return told or _earliest([*pickups, order.order_date if order else None, *(c.report_date for c in cases)])


def _handover(
    cases: tuple[Case, ...], release: date | None, release_notice: Notice | None, today: Today
) -> tuple[Handover | None, datetime | None]:
    """Whether the person was met, and when; the station's word beats the centre's."""
    told = _greatest([c for c in cases if c.pickup_result_code], key=place_of)
    if told and told.pickup_result_code in MET_RESULTS:
        return ("met", told.pickup_at) if today.has_happened(told.pickup_at) else (None, None)
    if told and told.pickup_result_code in UNMET_RESULTS:
        return ("unmet" if release else None), None
    if release_notice is None or release is None:
        return None, None
    if release_notice.receiver_type_code in RECEIVED:
        return "met", None
    return ("unmet" if release_notice.receiver_type_code == "0" else None), None


def _death(
    episode: Episode, withdrawn: Notice | None, roster: RosterRow | None, order: Order | None, person: RegisteredPerson | None, today: Today
) -> date | None:
    told: list[date | None] = list(episode.death_dates)
    told += [day_of(n.actual_released_at) for n in episode.notices if n.release_type_code == "7" and n.actual_released_at]
    if withdrawn and withdrawn.cancel_reason_code == "4":
        told.append(withdrawn.notice_date)
    if roster and roster.custody_state_code == "7":
        told.append(roster.custody_state_date)
    if order and order.order_state_code == "3" and order.order_state_reason_code == "5":
        told.append(order.order_state_date)
    if person and person.control_state_code == "8":
        told.append(person.control_state_date)
    return _earliest([day for day in told if today.has_come(day)]) if told else None


def _first_talk(services: tuple[Service, ...], today: Today) -> date | None:
    talks = [s.service_done_at for s in services if s.service_kind_code == FIRST_TALK and s.service_result_code == DONE]
    first = _earliest([at for at in talks if today.has_happened(at)])
    return day_of(first) if first else None


def _is_in_force(order: Order | None, today: Today) -> bool:
    if order is None:
        return False
    is_still_to_come = order.order_state_date is not None and not today.has_come(order.order_state_date)
    return (order.order_state_code if not is_still_to_come else "1") in {"1", "5"}


__all__ = ["Facts", "Handover", "Today", "day_of", "facts_of", "handoff_id", "is_held", "is_same_number"]
