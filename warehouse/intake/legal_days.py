"""The last day on which the notice of a release is in time, as the receipt says it: the same parameters and calendar as the flags.

Source: 戒毒条例 34; regions' own days where loaded. Only event dates count: when a notice arrived is not looked at.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import cast

from sqlalchemy import Connection, text

from core.errors import ParameterNotInForce
from warehouse.database import Role, transaction
from warehouse.handoffs.calendar import DayKind, WorkingCalendar
from warehouse.registry.loading import read_calendar_days, read_parameters
from warehouse.registry.parameters import Parameters

FRESH_SECONDS = 60

Regions = Mapping[str, tuple[tuple[date | None, date | None, str], ...]]
"""By centre: first day, last day and region of each line of the directory, oldest first."""


@dataclass(frozen=True)
class LegalDays:
    """What is needed to tell the legal latest day of a notice; loaded once, asked often."""

    parameters: Parameters
    calendar: WorkingCalendar
    regions: Regions
    _found: dict[tuple[str, date], date | None] = field(init=False, repr=False, compare=False, default_factory=dict)

    def latest(self, centre_code: str, release: date) -> date | None:
        """Last day for the notice of a release on `release`; None where no parameter or no calendar of the year is loaded."""
        asked = (centre_code, release)
        if asked not in self._found:
            self._found[asked] = self._latest(centre_code, release)
        return self._found[asked]

    def _latest(self, centre_code: str, release: date) -> date | None:
        region = self._region(centre_code, release)
        try:
            days = self.parameters.find("notice_lead_days", region, release)
            kind = self.parameters.find("notice_lead_day_kind", region, release)
        except ParameterNotInForce:
            return None
        return self.calendar.legal_latest(release, int(days.amount), cast(DayKind, kind.amount)) if days and kind else None

    def _region(self, centre_code: str, day: date) -> str:
        """As the directory has it on that day, else as its newest line has it, else the centre's first 6 digits."""
        known = self.regions.get(centre_code, ())
        valid = [line for line in known if (line[0] or date.min) <= day <= (line[1] or date.max)] or known
        return valid[-1][2] if valid else centre_code[:6]


def read_legal_days(connection: Connection) -> LegalDays:
    """Parameters, working days and the centres' regions as they are now."""
    lines = connection.execute(
        text(
            "select organization_code, valid_from_date, valid_to_date, region_code from staging.station_directory where is_current "
            "and operation_code <> 'D' and organization_type_code in ('11', '12') and region_code is not null "
            "order by valid_from_date nulls first, source_updated_at, source_key"
        )
    )
    regions: dict[str, tuple[tuple[date | None, date | None, str], ...]] = {}
    for line in lines:
        regions[line.organization_code] = (
            *regions.get(line.organization_code, ()),
            (line.valid_from_date, line.valid_to_date, line.region_code),
        )
    return LegalDays(read_parameters(connection), WorkingCalendar(read_calendar_days(connection)), regions)


class FreshLegalDays:
    """The legal days of this installation, read again once they are a minute old."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: LegalDays | None = None
        self._read_at = 0.0

    def now(self) -> LegalDays:
        """At most a minute old."""
        with self._lock:
            if self._read is None or time.monotonic() - self._read_at > FRESH_SECONDS:
                with transaction(Role.INTAKE) as connection:
                    self._read = read_legal_days(connection)
                self._read_at = time.monotonic()
            return self._read
