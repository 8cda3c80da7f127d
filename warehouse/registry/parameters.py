"""Dated parameters as values: reading a parameter file, refusing a wrong one, looking one up. No database here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from core.errors import FixConfiguration, ParameterNotInForce

NATION = "000000"
RESIDENCES = ("urban", "rural", "any")
# A monthly standard outside this band is a slip of the keyboard (yuan a year, fen, a lost digit), not a standard.
PLAUSIBLE_YUAN = {"dibao_standard_yuan": (Decimal(300), Decimal(2500))}
OPEN_END = date.max
# The mark of an invented value, in the place where a real one names its document.
SAMPLE = "SAMPLE"


class ParameterFileRefused(FixConfiguration):
    """A parameter file breaks its own rules; nothing of it was loaded."""


@dataclass(frozen=True)
class ParameterValue:
    """The value of one parameter for a region prefix and residence from `valid_from` to `valid_to`, both days included (None = open)."""

    name: str
    region: str
    residence: str
    valid_from: date
    valid_to: date | None
    amount: str
    document: str

    @property
    def key(self) -> tuple[str, str, str, date]:
        """What makes it one value: name, region, residence, first day."""
        return (self.name, self.region, self.residence, self.valid_from)

    @property
    def is_sample(self) -> bool:
        """True when its document says that it is invented."""
        return SAMPLE in self.document

    def covers(self, day: date) -> bool:
        """True when it is in force on this day."""
        return self.valid_from <= day <= (self.valid_to or OPEN_END)


@dataclass(frozen=True)
class Parameter:
    """What a parameter means; `default_national`: falls back to the nation's value; `optional`: absent means off."""

    name: str
    means: str
    unit: str
    source: str
    default_national: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Parameters:
    """All parameters known, looked up by name, region and day."""

    parameters: Mapping[str, Parameter]
    values: tuple[ParameterValue, ...]
    _by_place: Mapping[tuple[str, str, str], tuple[ParameterValue, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_place: dict[tuple[str, str, str], tuple[ParameterValue, ...]] = {}
        for value in self.values:
            place = (value.name, value.region, value.residence)
            by_place[place] = (*by_place.get(place, ()), value)
        object.__setattr__(self, "_by_place", by_place)

    def find(self, name: str, region: str | None, day: date, residence: str = "any") -> ParameterValue | None:
        """The value in force for this region and day: longest region prefix first, exact residence before any, then the nation's.

        None only for a parameter marked optional.

        Raises:
            ParameterNotInForce: no such parameter, or no value for the region and day (PARAM_MISSING).
        """
        parameter = self.parameters.get(name)
        if parameter is None:
            raise ParameterNotInForce(f"PARAM_MISSING: no parameter {name} is loaded: run `python -m warehouse load-parameters`")
        prefixes = [region[:length] for length in range(len(region), 0, -1)] if region else []
        if parameter.default_national:
            prefixes.append(NATION)
        for prefix in prefixes:
            for kind in dict.fromkeys((residence, "any")):
                for value in self._by_place.get((name, prefix, kind), ()):
                    if value.covers(day):
                        return value
        if parameter.optional:
            return None
        raise ParameterNotInForce(f"PARAM_MISSING: {name} has no value for region {region or NATION} on {day}: load its notice")

    def whole_number(self, name: str, region: str | None, day: date) -> int:
        """The value in force as a whole number.

        Raises:
            ParameterNotInForce: as `find`; an optional parameter without a value raises too.
        """
        value = self.find(name, region, day)
        if value is None:
            raise ParameterNotInForce(f"PARAM_MISSING: {name} has no value for region {region or NATION} on {day}")
        return int(value.amount)


def read_parameter_file(path: Path) -> Parameters:
    """The parameters of a file, every rule of the form kept.

    Raises:
        ParameterFileRefused: unreadable, or any problem `problems_of` names; all of them are in the message.
    """
    try:
        given = yaml.safe_load(path.read_text("utf-8"))
        entries = given["parameters"]
        parameters = [_parameter(entry) for entry in entries]
        values = [_value(entry["name"], value) for entry in entries for value in entry["values"]]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        kind = type(error).__name__
        raise ParameterFileRefused(f"{path.name} does not have the form of a parameter file ({kind}); compare with the sample") from error
    repeated = sorted({p.name for p in parameters if sum(p.name == other.name for other in parameters) > 1})
    problems = [f"{name}: told twice" for name in repeated] + problems_of(parameters, values)
    if problems:
        raise ParameterFileRefused(f"{path.name} is refused, nothing was loaded: " + "; ".join(problems))
    return Parameters({p.name: p for p in parameters}, tuple(values))


def problems_of(parameters: Iterable[Parameter], values: Iterable[ParameterValue]) -> list[str]:
    """Everything wrong with these parameters, in words, in a steady order; empty when all is well."""
    found = [f"{p.name}: {what} is missing" for p in parameters for what in ("means", "unit", "source") if not getattr(p, what).strip()]
    by_place: dict[tuple[str, str, str], list[ParameterValue]] = {}
    for value in values:
        found.extend(_value_problems(value))
        by_place.setdefault((value.name, value.region, value.residence), []).append(value)
    for (name, region, residence), periods in sorted(by_place.items()):
        periods.sort(key=lambda v: v.valid_from)
        for earlier, later in pairwise(periods):
            if (earlier.valid_to or OPEN_END) >= later.valid_from:
                found.append(f"{name} {region} {residence}: the periods from {earlier.valid_from} and from {later.valid_from} overlap")
    return found


def _value_problems(value: ParameterValue) -> list[str]:
    where = f"{value.name} {value.region} from {value.valid_from}"
    found = []
    if not value.document.strip():
        found.append(f"{where}: the document is missing")
    if not (value.region.isdecimal() and 2 <= len(value.region) <= 12):
        found.append(f"{where}: the region must be 2 to 12 digits")
    if value.residence not in RESIDENCES:
        found.append(f"{where}: residence must be urban, rural or any")
    if value.valid_to is not None and value.valid_to < value.valid_from:
        found.append(f"{where}: it ends before it begins")
    if value.name in PLAUSIBLE_YUAN and not _is_plausible(value):
        least, most = PLAUSIBLE_YUAN[value.name]
        found.append(f"{where}: outside the plausible band of {least} to {most} yuan a month")
    return found


def _is_plausible(value: ParameterValue) -> bool:
    least, most = PLAUSIBLE_YUAN[value.name]
    try:
        return least <= Decimal(value.amount) <= most
    except InvalidOperation:
        return False


def _parameter(entry: Mapping[str, Any]) -> Parameter:
    means, unit, source = (str(entry.get(what) or "") for what in ("means", "unit", "source"))
    return Parameter(entry["name"], means, unit, source, bool(entry.get("default_national")), bool(entry.get("optional")))


def _value(name: str, entry: Mapping[str, Any]) -> ParameterValue:
    first, last = entry["valid_from"], entry.get("valid_to")
    if not isinstance(first, date) or not isinstance(last, date | None) or not isinstance(entry["amount"], str):
        raise TypeError(f"{name}: dates are written plainly, amounts in quotes")
    document = str(entry.get("document") or "")
    return ParameterValue(name, str(entry["region"]), entry.get("residence", "any"), first, last, entry["amount"], document)
