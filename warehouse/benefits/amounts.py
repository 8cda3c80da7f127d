"""Parameters in force as columns, and exact quantities: whole millionths of a unit in int64, never a float.

Looking one up is done once for each distinct region and residence. A region or day without a value gives a mask with the
parameter's name (PARAM_MISSING), never another value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import numpy as np

from core.errors import FixConfiguration, ParameterNotInForce
from warehouse.benefits.answers import NONE_MISSING, bit
from warehouse.registry.parameters import Parameters, ParameterValue

MICRO = 1_000_000
NOT_KNOWN = -1
"""A quantity that is not known; none is ever negative."""
URBAN, RURAL = 0, 1
RESIDENCES = ("urban", "rural")


class AmountTooFine(FixConfiguration):
    """A parameter (or a product of two) has more than six decimals; nothing was worked out."""


def micro(amount: Decimal, name: str = "amount") -> int:
    """An amount in whole millionths.

    Raises:
        AmountTooFine: it has more than six decimals.
    """
    scaled = amount * MICRO
    if scaled != scaled.to_integral_value():
        raise AmountTooFine(f"{name}: {amount} is finer than a millionth; load it with at most six decimals")
    return int(scaled)


def two_decimals(amount: int) -> str:
    """Millionths as text with two decimals, half up."""
    cents = (int(amount) + MICRO // 200) // (MICRO // 100)
    return f"{cents // 100}.{cents % 100:02d}"


@dataclass(frozen=True)
class Places:
    """Rows by region and residence: `distinct` pairs (region as digits or None, residence), and each row's place among them."""

    distinct: tuple[tuple[str | None, str], ...]
    of_row: np.ndarray

    @classmethod
    def of(cls, region: np.ndarray, residence: np.ndarray) -> Places:
        """Places of int64 region codes (0 = none) and int8 residences."""
        pairs, of_row = np.unique(region * 2 + residence, return_inverse=True)
        return cls(tuple((str(pair // 2) if pair > 1 else None, RESIDENCES[pair % 2]) for pair in pairs.tolist()), of_row)

    def take(self, rows: np.ndarray) -> Places:
        """The places of these rows."""
        return Places(self.distinct, self.of_row[rows])


@dataclass(frozen=True)
class InForce:
    """One parameter for every row: the value in force, where there is one.

    `amount`: int64 millionths, 0 where there is none. `missing`: mask with the parameter's name where it is missing; an optional
    parameter never is. `values`: by place the value as loaded. `samples`: by place, whether a value marked SAMPLE stands behind it.
    `names`: by place the parameter's name, where rows have different ones.
    """

    name: str
    amount: np.ndarray
    missing: np.ndarray
    values: tuple[ParameterValue | None, ...]
    samples: tuple[bool, ...]
    places: Places
    names: tuple[str, ...] = ()

    @property
    def is_sample(self) -> np.ndarray:
        """For every row: the amount is invented, or worked out with one that is."""
        return np.array(self.samples, dtype=bool)[self.places.of_row]

    def value(self, row: int) -> ParameterValue | None:
        """The value in force for one row, with region, period and document."""
        return self.values[self.places.of_row[row]]

    def name_of(self, row: int) -> str:
        """The name of one row's parameter."""
        return self.names[self.places.of_row[row]] if self.names else self.name

    def take(self, rows: np.ndarray) -> InForce:
        """The parameter for these rows."""
        return InForce(self.name, self.amount[rows], self.missing[rows], self.values, self.samples, self.places.take(rows), self.names)


def one_or_other(one: InForce, other: InForce, is_other: np.ndarray) -> InForce:
    """For every row the one parameter, or the other where `is_other`."""
    count = len(one.places.distinct)
    places = Places(one.places.distinct + other.places.distinct, np.where(is_other, other.places.of_row + count, one.places.of_row))
    return InForce(
        one.name,
        np.where(is_other, other.amount, one.amount),
        np.where(is_other, other.missing, one.missing),
        one.values + other.values,
        one.samples + other.samples,
        places,
        (one.name,) * count + (other.name,) * len(other.places.distinct),
    )


@dataclass(frozen=True)
class Law:
    """The loaded parameters on one day."""

    parameters: Parameters
    as_of: date
    _found: dict[tuple[str, str | None, str], ParameterValue | bool | None] = field(default_factory=dict, repr=False, compare=False)

    def find(self, name: str, region: str | None, residence: str) -> tuple[ParameterValue | None, bool]:
        """The value in force, and whether it is missing (an optional parameter is not)."""
        key = (name, region, residence)
        if key not in self._found:
            try:
                self._found[key] = self.parameters.find(name, region, self.as_of, residence)
            except ParameterNotInForce:
                self._found[key] = False
        found = self._found[key]
        return (None, True) if isinstance(found, bool) else (found, False)

    def in_force(self, name: str, places: Places, *, instead_of: str | None = None) -> InForce:
        """The parameter for every row.

        Args:
            instead_of: use `name` where it has a value, else this parameter (a benefit's own ceilings, where a region has them).
        """
        looked = [self._either(name, instead_of, *place) for place in places.distinct]
        amounts = [_amount(value) for value, _ in looked]
        masks = [bit(f"parameter:{instead_of or name}") if is_missing else NONE_MISSING for _, is_missing in looked]
        return _spread(instead_of or name, amounts, masks, [[value] for value, _ in looked], places)

    def product(self, names: Sequence[str], places: Places) -> InForce:
        """The product of parameters for every row, worked out exactly; missing where any of them is. Named after the last."""
        looked = [[self.find(name, *place) for name in names] for place in places.distinct]
        masks, amounts = [], []
        for found in looked:
            gone = [bit(f"parameter:{name}") for name, (_, is_missing) in zip(names, found, strict=True) if is_missing]
            masks.append(np.bitwise_or.reduce(gone) if gone else NONE_MISSING)
            product = Decimal(1)
            for value, _ in found:
                product *= Decimal(value.amount) if value else 0
            amounts.append(0 if gone else micro(product, " x ".join(names)))
        return _spread(names[-1], amounts, masks, [[value for value, _ in found] for found in looked], places)

    def _either(self, name: str, other: str | None, region: str | None, residence: str) -> tuple[ParameterValue | None, bool]:
        value, is_missing = self.find(name, region, residence)
        return self.find(other, region, residence) if other and value is None else (value, is_missing)

    def words(self, name: str, places: Places, ask: Callable[[str], bool]) -> np.ndarray:
        """Whether the parameter's word answers `ask`, for every row; False where it is missing."""
        looked = [self.find(name, *place)[0] for place in places.distinct]
        return np.array([value is not None and ask(value.amount) for value in looked], dtype=bool)[places.of_row]


def _amount(value: ParameterValue | None) -> int:
    return micro(Decimal(value.amount), value.name) if value else 0


def _spread(name: str, amounts: list[int], masks: list[np.uint64], factors: list[list[ParameterValue | None]], places: Places) -> InForce:
    """By place: the amount, what is missing, and the values it is the product of; the last is the one shown."""
    amount, missing = np.array(amounts, dtype=np.int64), np.array(masks, dtype=np.uint64)
    shown = tuple(values[-1] for values in factors)
    samples = tuple(any(value is not None and value.is_sample for value in values) for values in factors)
    return InForce(name, amount[places.of_row], missing[places.of_row], shown, samples, places)
