"""Rules 1 to 3: which rows of a sure number are its holder's, and which only carry it (borrowed, mistaken, issued twice).

Also the register's corrections: rows of an old number under a like name move to the new one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import NamedTuple

import numpy as np
import pandas as pd

from warehouse.identity.births import BirthLikeness, birth_likeness
from warehouse.identity.id_numbers import birth_of, sex_of
from warehouse.identity.names import Likeness, likeness
from warehouse.identity.records import NOTHING, NumberChange, Records

# Whose spelling of a name counts more when rows of one number disagree.
TRUST = {"population_changes": 2, "registered_persons": 1}
FAMILY_FEEDS = frozenset(
    {"assistance_households", "assistance_members", "means_checks", "benefit_payments", "temporary_assistance", "public_housing"}
)
CONTESTED = "3"


class Carried(NamedTuple):
    """A row that carries a number: what it says of itself."""

    position: int
    name: int
    birth: date | None
    sex: str | None
    feed: str


def settle_numbers(records: Records) -> pd.DataFrame:
    """For every row: holder (code of the number it is sure for, -1 = none), rule ("1", "2", CONTESTED or ""), name and birth likeness.

    Only rows of numbers whose rows disagree on the name, or with the number on the birth date, are looked at one by one.
    """
    rows = records.rows
    number = corrected_numbers(records)
    has_number = number != NOTHING
    own_days = np.array([birth_of(n) if n else None for n in records.numbers] + [None], dtype="datetime64[D]")[number]
    days = rows["birth_date"].to_numpy().astype("datetime64[D]")
    columns = {
        "rule": np.where(has_number, "1", "").astype(object),
        "name_level": np.where(has_number, Likeness.SAME.word, "").astype(object),
        "birth_level": np.where(has_number, np.where(np.isnat(days), "none", "same"), "").astype(object),
    }
    for code, group in _doubtful_groups(records, number, has_number & ~np.isnat(days) & (days != own_days)):
        _settle_group(records, code, group, columns)
    holder = np.where(columns["rule"] == CONTESTED, NOTHING, number)
    return pd.DataFrame({"holder": holder, "is_moved": number != rows["number"].to_numpy()} | columns, index=rows.index)


def _doubtful_groups(records: Records, number: np.ndarray, is_dated_otherwise: np.ndarray) -> Iterator[tuple[int, list[Carried]]]:
    rows = records.rows
    names = pd.DataFrame({"number": number, "name": rows["name"].to_numpy()}).drop_duplicates()["number"].value_counts()
    wanted = np.union1d(names.index[names > 1].to_numpy(), number[is_dated_otherwise])
    positions = np.flatnonzero(np.isin(number, wanted[wanted != NOTHING]))
    positions = positions[np.argsort(number[positions], kind="stable")]
    part = rows.iloc[positions]
    births = [None if pd.isna(at) else at.date() for at in part["birth_date"]]
    said = zip(positions.tolist(), part["name"].tolist(), births, part["sex_code"].tolist(), part["feed"].tolist(), strict=True)
    for code, group in groupby(map(Carried._make, said), key=lambda row: int(number[row.position])):
        yield code, list(group)


def corrected_numbers(records: Records) -> np.ndarray:
    """The number code of every row after the register's corrections."""
    rows = records.rows
    number, names = rows["number"].to_numpy().copy(), rows["name"].to_numpy()
    target = {change.old: change for change in sorted(records.changes, key=lambda c: (records.numbers[c.new] or "", c.name))}
    for position in np.flatnonzero(np.isin(number, list(target))):
        name, seen = int(names[position]), set[int]()
        while (change := target.get(number[position])) and change.old not in seen:
            seen.add(change.old)
            if not _is_like(records, name, change):
                break
            number[position] = change.new
    return number


def _is_like(records: Records, name: int, change: NumberChange) -> bool:
    if NOTHING in (name, change.name):
        return name == change.name
    aliases = records.aliases.get(change.new, frozenset())
    return likeness(records.names[name], records.names[change.name], aliases=aliases) > Likeness.DIFFERENT


def _settle_group(records: Records, code: int, group: list[Carried], columns: dict[str, np.ndarray]) -> None:
    codes = (code, *(change.old for change in records.changes_to.get(code, ())))
    births = _known_births(records, codes)
    aliases = frozenset[str]().union(*(records.aliases.get(c, frozenset()) for c in codes))
    number = records.numbers[code]
    reference = _reference_name(records, group, births)
    levels: dict[tuple[int, date | None], tuple[Likeness, BirthLikeness]] = {}
    for name, birth in {(row.name, row.birth) for row in group}:
        birth_level = max((birth_likeness(birth, known) for known in births), default=BirthLikeness.NONE)
        levels[name, birth] = _name_level(records, name, reference, aliases, birth_level is BirthLikeness.SAME), birth_level
    is_confirmed = any(_confirms(*levels[row.name, row.birth], row.feed) for row in group)
    own_sex = sex_of(number) if number else None
    for row in group:
        name_level, birth_level = levels[row.name, row.birth]
        is_other_sex = own_sex is not None and row.sex in {"1", "2"} and row.sex != own_sex
        columns["rule"][row.position] = _rule(name_level, birth_level, is_other_sex or row.feed in FAMILY_FEEDS, is_confirmed)
        columns["name_level"][row.position] = name_level.word
        columns["birth_level"][row.position] = birth_level.word


def _confirms(name: Likeness, birth: BirthLikeness, feed: str) -> bool:
    """The row shows that the number is this name's: born on its day, or told so by a register."""
    return name > Likeness.DIFFERENT and (birth >= BirthLikeness.NEAR or (birth is BirthLikeness.NONE and feed in TRUST))


def _rule(name: Likeness, birth: BirthLikeness, is_unlikely: bool, is_confirmed: bool) -> str:
    # The date in a valid number outranks the field: where other rows confirm the holder's name, another date is a slip.
    if name is not Likeness.DIFFERENT and (birth is not BirthLikeness.DIFFERENT or (is_confirmed and name >= Likeness.VARIANT)):
        return "1"
    return "2" if birth is BirthLikeness.SAME and not is_unlikely else CONTESTED


def _known_births(records: Records, codes: tuple[int, ...]) -> set[date]:
    own = {birth_of(number) for code in codes if (number := records.numbers[code])}
    return own.union(*(records.births.get(code, frozenset()) for code in codes))


def _reference_name(records: Records, group: list[Carried], births: set[date]) -> int:
    """The name of the number's holder: born on the number's day (or told by a register), by the register, most frequent, in this order."""
    weights: dict[int, list[int]] = {}
    for row in group:
        weight = weights.setdefault(row.name, [0, 0, 0])
        weight[0] = max(weight[0], int(row.birth in births or (row.birth is None and row.feed in TRUST)))
        weight[1] = max(weight[1], TRUST.get(row.feed, 0))
        weight[2] += 1
    return max((name for name in weights if name != NOTHING), key=lambda name: (weights[name], records.names[name]), default=NOTHING)


def _name_level(records: Records, name: int, reference: int, aliases: frozenset[str], is_birth_same: bool) -> Likeness:
    if NOTHING in (name, reference):
        return Likeness.NONE
    return likeness(records.names[name], records.names[reference], is_birth_same=is_birth_same, aliases=aliases)
