"""The facts of an episode on a day: what its rows together say, before any state or flag is decided.

Source: domain rules, section 1. Every name of the rules' short table is a field here (its short form in brackets).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, TypeVar

from core.clock import SHANGHAI, end_of_day_at
from warehouse.handoffs.rows import Case, Episode, Notice, Order, RegisteredPerson, RosterRow, Service
from warehouse.identity.document_numbers import normal_number

Handover = Literal["met", "unmet"]
Item = TypeVar("Item")

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


def day_of(instant: datetime) -> date:
    """The Shanghai day of an instant."""
    return instant.astimezone(SHANGHAI).date()


@dataclass(frozen=True)
class Facts:
    """What is known of an episode at 24:00 of `as_of`; dates are Shanghai days, None is not known.

    `term_date` (T) is the day of release, known, expected or inferred; `release_notice` is the notice that gave `release_date`.
    """

    as_of: date
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

    @property
    def until_at(self) -> datetime:
        """24:00 of `as_of` (A): an instant counts when it is earlier."""
        return end_of_day_at(self.as_of)

    @property
    def centre_code(self) -> str | None:
        """The centre that releases: of the notice, else the roster, else the withdrawn notice."""
        return next((row.centre_code for row in (self.notice, self.roster, self.withdrawn) if row and row.centre_code), None)


def facts_of(episode: Episode, as_of: date) -> Facts:
    """The facts of the episode on `as_of`; the order of its rows never matters."""
    until = end_of_day_at(as_of)
    valid = [n for n in episode.notices if n.notice_status_code in VALID_NOTICE and _is_past(n.notice_date, as_of)]
    notice = _greatest(valid, key=lambda n: (n.notice_date or date.min, *n.order))
    withdrawn = _greatest((n for n in episode.notices if n.notice_status_code == WITHDRAWN), key=lambda n: n.order)
    roster = _greatest((r for r in episode.roster if r.centre_entry_date <= as_of), key=lambda r: (r.centre_entry_date, *r.order))
    order = _order(episode, as_of)
    cases = _cases(episode, order)
    person = _person(episode, order)
    expected = _earliest(
        [notice.expected_release_date if notice else None, roster.expected_release_date if roster and _is_held(roster) else None]
    )
    release, release_notice = _release(valid, roster, as_of, until)
    handover, picked_up = _handover(cases, release, release_notice, until)
    term = release or expected or _inferred_term(withdrawn, roster, order, cases)
    report_dates = [c.report_date for c in cases if _is_past(c.report_date, as_of)]
    started = order.execution_start_date if order and _is_past(order.execution_start_date, as_of) else None
    case_numbers = {c.case_number for c in cases}
    services = tuple(sorted((s for s in episode.services if s.case_number in case_numbers), key=lambda s: s.order))
    return Facts(
        as_of=as_of,
        decision_number=episode.decision_number,
        notices=tuple(sorted(episode.notices, key=lambda n: n.order)),
        notice=notice,
        valid_notices=tuple(sorted(valid, key=lambda n: n.order)),
        withdrawn=withdrawn,
        roster=roster,
        order=order,
        cases=cases,
        case=_greatest((c for c in cases if not _is_past(c.transfer_accepted_date, as_of)), key=lambda c: c.order),
        services=services,
        person=person,
        expected_date=expected,
        release_date=release,
        released_at=release_notice.actual_released_at if release_notice else None,
        release_notice=release_notice,
        term_date=term,
        died_date=_death(episode, withdrawn, roster, order, person, as_of),
        acknowledged_at=_earliest(c.notice_acknowledged_at for c in cases if _is_before(c.notice_acknowledged_at, until)),
        has_plan=any(c.pickup_planned_at for c in cases),
        handover=handover,
        picked_up_at=picked_up,
        served_date=order.served_date if order and _is_past(order.served_date, as_of) else None,
        reported_date=_earliest(report_dates) or started,
        agreed_date=_earliest(c.agreement_date for c in cases if _is_past(c.agreement_date, as_of)),
        talk_date=_first_talk(services, until),
        planned_date=_earliest(c.plan_date for c in cases if _is_past(c.plan_date, as_of)),
        is_in_force=_is_in_force(order, as_of),
    )


def _is_past(day: date | None, as_of: date) -> bool:
    return day is not None and day <= as_of


def _is_before(instant: datetime | None, until: datetime) -> bool:
    return instant is not None and instant < until


def _greatest(rows: Iterable[Item], key: object) -> Item | None:
    return max(rows, key=key, default=None)  # type: ignore[call-overload,no-any-return]


def _earliest(given: Iterable[Item | None]) -> Item | None:
    return min((value for value in given if value is not None), default=None)  # type: ignore[type-var]


def _is_held(roster: RosterRow) -> bool:
    return roster.custody_state_code in IN_CUSTODY


def _order(episode: Episode, as_of: date) -> Order | None:
    number = normal_number(episode.decision_number)
    mine = (o for o in episode.orders if o.decision_number and normal_number(o.decision_number) == number)
    return _greatest((o for o in mine if o.order_type_code == "2" and o.order_date <= as_of), key=lambda o: (o.order_date, o.source_key))


def _cases(episode: Episode, order: Order | None) -> tuple[Case, ...]:
    number = normal_number(episode.decision_number)
    order_number = normal_number(order.order_number) if order else None

    def belongs(case: Case) -> bool:
        by_decision = case.decision_number is not None and normal_number(case.decision_number) == number
        return by_decision or (
            order_number is not None and case.order_number is not None and normal_number(case.order_number) == order_number
        )

    return tuple(sorted(filter(belongs, episode.cases), key=lambda c: c.order))


def _person(episode: Episode, order: Order | None) -> RegisteredPerson | None:
    wanted = order.registration_number if order else None
    return _greatest(episode.registered, key=lambda p: (wanted is not None and p.registration_number == wanted, *p.order))


def _release(valid: list[Notice], roster: RosterRow | None, as_of: date, until: datetime) -> tuple[date | None, Notice | None]:
    told = [n for n in valid if n.release_type_code in RELEASES and _is_before(n.actual_released_at, until)]
    latest = _greatest(told, key=lambda n: (n.actual_released_at, *n.order))
    if latest and latest.actual_released_at:
        return day_of(latest.actual_released_at), latest
    if roster and roster.custody_state_code == "6" and _is_past(roster.custody_state_date, as_of):
        return roster.custody_state_date, None
    return None, None


def _inferred_term(withdrawn: Notice | None, roster: RosterRow | None, order: Order | None, cases: tuple[Case, ...]) -> date | None:
    told = (withdrawn.expected_release_date if withdrawn else None) or (roster.custody_state_date if roster else None)
    pickups = [day_of(c.pickup_at) for c in cases if c.pickup_at]
    return told or _earliest([*pickups, order.order_date if order else None, *(c.report_date for c in cases)])


def _handover(
    cases: tuple[Case, ...], release: date | None, release_notice: Notice | None, until: datetime
) -> tuple[Handover | None, datetime | None]:
    """Whether the person was met, and when; the station's word beats the centre's."""
    told = _greatest((c for c in cases if c.pickup_result_code), key=lambda c: c.order)
    if told and told.pickup_result_code in MET_RESULTS:
        return ("met", told.pickup_at) if _is_before(told.pickup_at, until) else (None, None)
    if told and told.pickup_result_code in UNMET_RESULTS:
        return ("unmet" if release else None), None
    if release_notice is None or release is None:
        return None, None
    if release_notice.receiver_type_code in RECEIVED:
        return "met", None
    return ("unmet" if release_notice.receiver_type_code == "0" else None), None


def _death(
    episode: Episode, withdrawn: Notice | None, roster: RosterRow | None, order: Order | None, person: RegisteredPerson | None, as_of: date
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
    return _earliest(day for day in told if _is_past(day, as_of))


def _first_talk(services: tuple[Service, ...], until: datetime) -> date | None:
    talks = (s for s in services if s.service_kind_code == FIRST_TALK and s.service_result_code == DONE)
    first = _earliest(s.service_done_at for s in talks if _is_before(s.service_done_at, until))
    return day_of(first) if first else None


def _is_in_force(order: Order | None, as_of: date) -> bool:
    if order is None:
        return False
    is_still_to_come = order.order_state_date is not None and order.order_state_date > as_of
    return (order.order_state_code if not is_still_to_come else "1") in {"1", "5"}
