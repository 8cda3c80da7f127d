"""The rows an episode is made of, as the rules see them: only the fields the rules ask for, a rejected or absent one None."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, Protocol


class SourceRow(Protocol):
    """A current row of a feed. The kinds are named tuples: a province has millions, and the driver's tuples become them as they are."""

    @property
    def source_key(self) -> str:
        """Key of the row in its feed."""

    @property
    def source_updated_at(self) -> datetime:
        """When the source last changed it."""


def place_of(row: SourceRow) -> tuple[datetime, str]:
    """Place among versions and rows, greatest wins: later change first, then the key."""
    return (row.source_updated_at, row.source_key)


class Notice(NamedTuple):
    """A release notice; `first_arrived_at`: when the first version of it reached us."""

    source_key: str
    source_updated_at: datetime
    decision_number: str
    centre_code: str | None = None
    decision_date: date | None = None
    expected_release_date: date | None = None
    release_type_code: str | None = None
    notice_date: date | None = None
    notice_status_code: str | None = None
    cancel_reason_code: str | None = None
    rehabilitation_order_code: str | None = None
    actual_released_at: datetime | None = None
    receiver_type_code: str | None = None
    residence_region_code: str | None = None
    hukou_region_code: str | None = None
    first_arrived_at: datetime | None = None


class RosterRow(NamedTuple):
    """A person in a centre.

    `missing_since`: first snapshot of the centre without it, its last values stay. `snapshot_date`: day of the centre's latest
    accepted snapshot. `has_kin`: a relative's name is known; the name itself never comes here.
    """

    source_key: str
    source_updated_at: datetime
    decision_number: str
    centre_entry_date: date
    centre_code: str | None = None
    decision_date: date | None = None
    custody_state_code: str | None = None
    custody_state_date: date | None = None
    expected_release_date: date | None = None
    residence_region_code: str | None = None
    hukou_region_code: str | None = None
    destination_region_code: str | None = None
    escape_days: int | None = None
    diagnosis_result_code: str | None = None
    has_kin: bool = False
    missing_since: date | None = None
    snapshot_date: date | None = None


class Order(NamedTuple):
    """A community order; order_type_code 2 is rehabilitation after isolation."""

    source_key: str
    source_updated_at: datetime
    order_number: str
    order_type_code: str
    order_date: date
    decision_number: str | None = None
    registration_number: str | None = None
    served_date: date | None = None
    street_code: str | None = None
    execution_region_code: str | None = None
    execution_start_date: date | None = None
    execution_end_date: date | None = None
    street_notified_date: date | None = None
    order_state_code: str | None = None
    order_state_date: date | None = None
    order_state_reason_code: str | None = None


class Case(NamedTuple):
    """A case at a guidance station."""

    source_key: str
    source_updated_at: datetime
    case_number: str
    station_code: str | None = None
    worker_number: str | None = None
    decision_number: str | None = None
    order_number: str | None = None
    notice_acknowledged_at: datetime | None = None
    pickup_planned_at: datetime | None = None
    pickup_result_code: str | None = None
    pickup_at: datetime | None = None
    report_date: date | None = None
    agreement_date: date | None = None
    agreement_end_date: date | None = None
    plan_date: date | None = None
    file_item_codes: tuple[str, ...] = ()
    transfer_station_code: str | None = None
    transfer_date: date | None = None
    transfer_accepted_date: date | None = None
    police_report_date: date | None = None


class Service(NamedTuple):
    """A service of a case."""

    source_key: str
    source_updated_at: datetime
    case_number: str
    service_kind_code: str | None = None
    service_result_code: str | None = None
    service_done_at: datetime | None = None


class RegisteredPerson(NamedTuple):
    """The police register's row of a person."""

    source_key: str
    source_updated_at: datetime
    registration_number: str | None = None
    control_state_code: str | None = None
    control_state_date: date | None = None
    clean_since_date: date | None = None
    is_contact_lost: bool | None = None
    contact_lost_date: date | None = None
    residence_region_code: str | None = None
    hukou_region_code: str | None = None


class DrugTest(NamedTuple):
    """A planned or done test."""

    source_key: str
    source_updated_at: datetime
    order_number: str | None = None
    test_planned_date: date | None = None
    test_date: date | None = None
    test_result_code: str | None = None
    confirmation_code: str | None = None
    excuse_code: str | None = None


class LeaveViolation(NamedTuple):
    """A leave, with or without permission, or a breach of the agreement."""

    source_key: str
    source_updated_at: datetime
    order_number: str | None = None
    event_type_code: str | None = None
    absence_start_date: date | None = None
    absence_end_date: date | None = None
    approved_at: datetime | None = None
    detected_at: datetime | None = None
    police_reported_at: datetime | None = None


class RiskAssessment(NamedTuple):
    """An assessment of a person's risk."""

    source_key: str
    source_updated_at: datetime
    order_number: str | None = None
    assessment_date: date | None = None


@dataclass(frozen=True, slots=True)
class LinkConflict:
    """A row of the episode whose person is in doubt: `another person` than most of its rows, or `under review`."""

    feed: str
    source_key: str
    doubt: str


class Organization(NamedTuple):
    """An organisation in one validity period."""

    source_key: str
    source_updated_at: datetime
    organization_code: str
    organization_type_code: str | None = None
    parent_organization_code: str | None = None
    region_code: str | None = None
    served_region_codes: tuple[str, ...] = ()
    valid_from_date: date | None = None
    valid_to_date: date | None = None

    def is_valid_on(self, day: date) -> bool:
        """True when the organisation exists on this day."""
        return (self.valid_from_date or date.min) <= day <= (self.valid_to_date or date.max)


@dataclass(frozen=True, slots=True)
class Episode:
    """Everything known of one isolation episode; the order of rows never matters.

    `registered`: rows of the register for the linked person, or under the order's registration number. `death_dates`: deaths
    of the person in population_changes. `cases`: every case of this decision number or of one of its orders. `services`: of
    those cases. `tests`, `assessments`: of the person or of one of the orders. `violations`: of one of the orders.
    """

    decision_number: str
    notices: tuple[Notice, ...] = ()
    roster: tuple[RosterRow, ...] = ()
    orders: tuple[Order, ...] = ()
    cases: tuple[Case, ...] = ()
    services: tuple[Service, ...] = ()
    registered: tuple[RegisteredPerson, ...] = ()
    death_dates: tuple[date, ...] = ()
    tests: tuple[DrugTest, ...] = ()
    violations: tuple[LeaveViolation, ...] = ()
    assessments: tuple[RiskAssessment, ...] = ()
    link_conflicts: tuple[LinkConflict, ...] = ()
