"""Deadlines of an episode: the calendar's arithmetic with the region's parameters, looked up on the day the period starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from warehouse.handoffs.calendar import DayKind, WorkingCalendar, add_days
from warehouse.handoffs.facts import Facts
from warehouse.handoffs.rows import Organization
from warehouse.registry.parameters import Parameters, ParameterValue

Directory = Mapping[str, tuple[Organization, ...]]


@dataclass(frozen=True)
class Deadlines:
    """Parameters, calendar and directory (organisations by code) of one working-out.

    Raises (every method): ParameterNotInForce where a region and day have no value.
    """

    parameters: Parameters
    calendar: WorkingCalendar
    directory: Directory

    def legal_latest(self, facts: Facts, release: date | None) -> date | None:
        """Last day on which the notice of a release on `release` is in time."""
        return self.calendar.legal_latest(release, *self._lead(facts, release)) if release else None

    def safe_latest(self, facts: Facts, release: date | None) -> date | None:
        """Last working day on or before the legal latest day."""
        return self.calendar.safe_latest(release, *self._lead(facts, release)) if release else None

    def lead_parameters(self, facts: Facts, release: date) -> tuple[ParameterValue, ...]:
        """The parameter rows behind the notice deadlines, for evidence."""
        region = self.centre_region(facts, release)
        found = (self.parameters.find(name, region, release) for name in ("notice_lead_days", "notice_lead_day_kind"))
        return tuple(value for value in found if value)

    def acknowledge_by(self, facts: Facts) -> date | None:
        """The station acknowledges a notice by this day."""
        day = facts.notice.notice_date if facts.notice else None
        return self._working(day, "ack_working_days", self._station_region(facts, day))

    def report_by(self, facts: Facts) -> date | None:
        """The person reports to the street by this day (戒毒条例 38), rolled to a working day."""
        return self._rolled(facts, facts.served_date)

    def accept_by(self, facts: Facts, since: date | None) -> date | None:
        """A transfer is accepted by this day."""
        return self._rolled(facts, since)

    def agree_by(self, facts: Facts) -> date | None:
        """The agreement is signed by this day."""
        return self._working(facts.reported_date, "agreement_working_days", self._station_region(facts, facts.reported_date))

    def talk_by(self, facts: Facts) -> date | None:
        """The first talk is held by this day."""
        day = facts.agreed_date
        if day is None:
            return None
        return add_days(day, self.parameters.whole_number("first_talk_days", self._station_region(facts, day), day))

    def centre_region(self, facts: Facts, day: date) -> str | None:
        """Region of the releasing centre: as the directory has it, else the first 6 digits of its code."""
        code = facts.centre_code
        if code is None:
            return None
        return self._region_of(code, day) or code[:6]

    def _lead(self, facts: Facts, release: date) -> tuple[int, DayKind]:
        days, kind = self.lead_parameters(facts, release)
        return int(days.amount), cast(DayKind, kind.amount)

    def _region_of(self, organization_code: str, day: date) -> str | None:
        known = self.directory.get(organization_code, ())
        valid = [o for o in known if o.is_valid_on(day)] or list(known)
        newest = max(valid, key=lambda o: (o.valid_from_date or date.min, *o.order), default=None)
        return newest.region_code if newest else None

    def _station_region(self, facts: Facts, day: date | None) -> str | None:
        code = facts.case.station_code if facts.case else None
        return (self._region_of(code, day) or code[:6]) if code and day else None

    def _working(self, day: date | None, parameter: str, region: str | None) -> date | None:
        return self.calendar.add_working(day, self.parameters.whole_number(parameter, region, day)) if day else None

    def _rolled(self, facts: Facts, day: date | None) -> date | None:
        region = facts.order.execution_region_code if facts.order else None
        return self.calendar.roll(add_days(day, self.parameters.whole_number("report_days", region, day))) if day else None
