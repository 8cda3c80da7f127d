"""Region parameters as the handoff rules ask for them: often, by few regions, and with a missing one told by name.

The look-up itself, longest region prefix first and the nation's value last, is the registry's.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta

from core.errors import ParameterNotInForce
from warehouse.registry.parameters import Parameters, ParameterValue


class ParameterMissing(ParameterNotInForce):
    """No value for the region and day: what needs it is left out and reported, everything else goes on."""

    def __init__(self, name: str, region: str | None) -> None:
        super().__init__(f"PARAM_MISSING:{name}:{region or 'no region'}")
        self.name = name
        self.region = region or ""


class RegionParameters:
    """The parameters, each region's values of a name put in order of time once."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._first_days: dict[str, list[date]] = {}
        for name in parameters.parameters:
            told = [value for value in parameters.values if value.name == name]
            changes = {value.valid_from for value in told} | {v.valid_to + timedelta(days=1) for v in told if v.valid_to}
            self._first_days[name] = sorted(changes)
        self._in_time: dict[tuple[str, str | None], tuple[list[date], list[ParameterValue | None]]] = {}

    def find(self, name: str, region: str | None, day: date) -> ParameterValue | None:
        """The value in force for the region on the day, or None where there is none."""
        try:
            first_days, values = self._in_time[name, region]
        except KeyError:
            first_days, values = self._in_time[name, region] = self._put_in_time(name, region)
        return values[bisect_right(first_days, day)]

    def _put_in_time(self, name: str, region: str | None) -> tuple[list[date], list[ParameterValue | None]]:
        first_days = self._first_days.get(name, [])
        return first_days, [None, *(self._on(name, region, first) for first in first_days)]

    def _on(self, name: str, region: str | None, day: date) -> ParameterValue | None:
        try:
            return self._parameters.find(name, region, day)
        except ParameterNotInForce:
            return None
