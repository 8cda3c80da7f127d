"""Deadlines of an episode: the calendar's arithmetic with the region's parameters, looked up on the day the period starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import cast

from warehouse.handoffs.calendar import DayKind, WorkingCalendar, add_days, add_months
from warehouse.handoffs.facts import Facts
from warehouse.handoffs.region_parameters import ParameterMissing, RegionParameters
from warehouse.handoffs.rows import Organization, place_of
from warehouse.registry.parameters import Parameters, ParameterValue

Directory = Mapping[str, tuple[Organization, ...]]


@dataclass(frozen=True)
class Deadlines:
    """Parameters, calendar and directory (organisations by code) of one working-out.

    `missing_parameters` collects (name, region) of every look-up without a value, for the operator: PARAM_MISSING:<name>:<region>.
    """

    parameters: Parameters
    calendar: WorkingCalendar
    directory: Directory
    missing_parameters: set[tuple[str, str]] = field(default_factory=set, compare=False)
    _by_region: RegionParameters = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_region", RegionParameters(self.parameters))

    def of(self, facts: Facts, station_code: str | None) -> Terms:
        """The deadlines of one handoff with this responsible station."""
        return Terms(self, facts, station_code)

    @property
    def by_region(self) -> RegionParameters:
        """The parameters by region and day."""
        return self._by_region

    def region_of(self, organization_code: str, day: date) -> str | None:
        """The organisation's region on the day, as the directory has it; of one not valid then, its latest."""
        known = self.directory.get(organization_code, ())
        if len(known) < 2:
            return known[0].region_code if known else None
        valid = [o for o in known if o.is_valid_on(day)] or list(known)
        return max(valid, key=lambda o: (o.valid_from_date or date.min, *place_of(o))).region_code


class Terms:
    """Deadlines of one handoff. `used`: the parameter rows asked since it was last emptied, for evidence.

    A method answers None where its first day is not known, or a calendar year it needs is not loaded.

    Raises (every method): ParameterMissing where a region and day have no value.
    """

    __slots__ = ("_centre", "_facts", "_find", "_reported", "_rules", "_station", "calendar", "used")

    def __init__(self, rules: Deadlines, facts: Facts, station_code: str | None) -> None:
        self._rules = rules
        self._find = rules.by_region.find
        self._facts = facts
        self._centre = facts.centre_code
        self._station = station_code
        self.calendar = rules.calendar
        self.used: list[ParameterValue] = []
        self._reported: dict[date, tuple[date | None, ParameterValue]] = {}

    def centre_days(self, name: str, day: date) -> int:
        """A whole number of the releasing centre's region."""
        return int(self._value(name, self._centre_region(day), day).amount)

    def order_days(self, name: str, day: date) -> int:
        """A whole number of the region in which the order is carried out."""
        return int(self._value(name, self._order_region(), day).amount)

    def station_days(self, name: str, day: date) -> int:
        """A whole number of the responsible station's region."""
        return int(self._value(name, self._station_region(day), day).amount)

    def legal_latest(self, release: date | None) -> date | None:
        """Last day on which the notice of a release on `release` is in time (戒毒条例 34)."""
        return self.calendar.legal_latest(release, *self._lead(release)) if release else None

    def safe_latest(self, release: date | None) -> date | None:
        """Last working day on or before the legal latest day."""
        return self.calendar.safe_latest(release, *self._lead(release)) if release else None

    def acknowledge_by(self) -> date | None:
        """The station acknowledges the notice by this day."""
        day = self._facts.notice.notice_date if self._facts.notice else None
        return self.calendar.add_working(day, self.station_days("ack_working_days", day)) if day else None

    def documents_by(self) -> date | None:
        """The centre's documents are at the street by this day; None also where the region has no such rule."""
        day = self._facts.release_or_term_date
        found = self._find("docs_after_release_working_days", self._centre_region(day), day) if day else None
        if found is None or day is None:
            return None
        self.used.append(found)
        return self.calendar.add_working(day, int(found.amount))

    def report_by(self) -> date | None:
        """The person reports to the street by this day (戒毒条例 38), rolled to a working day."""
        return self._reported_from(self._facts.served_date)

    def accept_by(self, since: date | None) -> date | None:
        """A transfer is accepted by this day (戒毒条例 22)."""
        return self._reported_from(since)

    def agree_by(self) -> date | None:
        """The agreement is signed by this day."""
        day = self._facts.reported_date
        return self.calendar.add_working(day, self.station_days("agreement_working_days", day)) if day else None

    def after_agreement(self, name: str) -> date | None:
        """`name` calendar days after the agreement."""
        day = self._facts.agreed_date
        return add_days(day, self.station_days(name, day)) if day else None

    def talk_by(self) -> date | None:
        """The first talk is held by this day."""
        return self.after_agreement("first_talk_days")

    def control_ends_on(self) -> date | None:
        """Dynamic control ends on this day when nothing happened since (戒毒条例 7)."""
        day = self._facts.person.clean_since_date if self._facts.person else None
        return add_months(day, 12 * self.order_days("control_end_years", day)) if day else None

    def _reported_from(self, day: date | None) -> date | None:
        if day is None:
            return None
        found, value = self._reported.get(day) or self._report_from(day)
        self.used.append(value)
        return found

    def _report_from(self, day: date) -> tuple[date | None, ParameterValue]:
        """Worked out once: many flags and measures ask."""
        value = self._in_force("report_days", self._order_region(), day)
        found = self._reported[day] = (self.calendar.roll(add_days(day, int(value.amount))), value)
        return found

    def _lead(self, release: date) -> tuple[int, DayKind]:
        region = self._centre_region(release)
        days, kind = (self._value(name, region, release) for name in ("notice_lead_days", "notice_lead_day_kind"))
        return int(days.amount), cast(DayKind, kind.amount)

    def _value(self, name: str, region: str | None, day: date) -> ParameterValue:
        found = self._in_force(name, region, day)
        self.used.append(found)
        return found

    def _in_force(self, name: str, region: str | None, day: date) -> ParameterValue:
        found = self._find(name, region, day)
        if found is None:
            self._rules.missing_parameters.add((name, region or ""))
            raise ParameterMissing(name, region)
        return found

    def _centre_region(self, day: date) -> str | None:
        """Region of the releasing centre: as the directory has it, else the first 6 digits of its code."""
        return (self._rules.region_of(self._centre, day) or self._centre[:6]) if self._centre else None

    def _order_region(self) -> str | None:
        return self._facts.order.execution_region_code if self._facts.order else None

    def _station_region(self, day: date) -> str | None:
        return (self._rules.region_of(self._station, day) or self._station[:6]) if self._station else None
