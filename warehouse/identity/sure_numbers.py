"""Rules 1 to 3: which rows of a sure number are its holder's, and which only carry it (borrowed, mistaken, issued twice).

Also the register's corrections: rows of an old number under a like name move to the new one.
"""

from __future__ import annotations

from datetime import date

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


def settle_numbers(records: Records) -> pd.DataFrame:
    """For every row: holder (code of the number it is sure for, -1 = none), rule ("1", "2", CONTESTED or ""), name and birth likeness."""
    rows = records.rows
    number = corrected_numbers(records)
    settled = pd.DataFrame({"holder": number, "rule": "", "name_level": Likeness.SAME.word, "birth_level": ""}, index=rows.index)
    settled["is_moved"] = number != rows["number"].to_numpy()
    has_number = number != NOTHING
    settled["rule"] = np.where(has_number, "1", "")
    cases = pd.DataFrame(
        {"number": number, "name": rows["name"], "birth_date": rows["birth_date"], "sex_code": rows["sex_code"], "feed": rows["feed"]}
    )
    cases = cases[has_number]
    cases["own_birth"] = (
        pd.to_datetime(pd.Series([birth_of(n) if n else None for n in records.numbers], dtype="object")).reindex(cases["number"]).to_numpy()
    )
    is_dated_otherwise = cases["birth_date"].notna() & (cases["birth_date"] != cases["own_birth"])
    odd_births = cases.loc[is_dated_otherwise, "number"].unique()
    kinds = cases.groupby("number")["name"].nunique()
    doubtful = cases[cases["number"].isin(kinds.index[kinds > 1]) | cases["number"].isin(odd_births)]
    quiet = settled.index[has_number].difference(doubtful.index)
    settled.loc[quiet, "birth_level"] = np.where(rows.loc[quiet, "birth_date"].isna(), "none", "same")
    old_numbers = _old_numbers(records)
    for code, group in doubtful.groupby("number", sort=True):
        _settle_group(records, int(code), group, old_numbers.get(int(code), ()), settled)
    settled.loc[settled["rule"] == CONTESTED, "holder"] = NOTHING
    return settled


def corrected_numbers(records: Records) -> np.ndarray:
    """The number code of every row after the register's corrections."""
    rows = records.rows
    number, names = rows["number"].to_numpy().copy(), rows["name"].to_numpy()
    target = {change.old: change for change in sorted(records.changes, key=lambda c: (c.old, c.new, c.name))}
    for position in np.flatnonzero(np.isin(number, list(target))):
        name, seen = int(names[position]), set[int]()
        while (change := target.get(number[position])) and change.old not in seen:
            seen.add(change.old)
            if not _is_like(records, name, change):
                break
            number[position] = change.new
    return number


def _old_numbers(records: Records) -> dict[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    for change in records.changes:
        found[change.new] = (*found.get(change.new, ()), change.old)
    return found


def _is_like(records: Records, name: int, change: NumberChange) -> bool:
    if NOTHING in (name, change.name):
        return name == change.name
    aliases = records.aliases.get(change.new, frozenset())
    return likeness(records.names[name], records.names[change.name], aliases=aliases) > Likeness.DIFFERENT


def _settle_group(records: Records, code: int, group: pd.DataFrame, old: tuple[int, ...], settled: pd.DataFrame) -> None:
    births = _known_births(records, (code, *old))
    aliases = frozenset[str]().union(*(records.aliases.get(c, frozenset()) for c in (code, *old)))
    number = records.numbers[code]
    reference = _reference_name(group, births)
    levels: dict[tuple[int, object], tuple[Likeness, BirthLikeness]] = {}
    for name, birth_at in set(zip(group["name"], group["birth_date"], strict=True)):
        birth = None if pd.isna(birth_at) else birth_at.date()
        birth_level = max((birth_likeness(birth, known) for known in births), default=BirthLikeness.NONE)
        levels[name, birth_at] = _name_level(records, name, reference, aliases, birth_level is BirthLikeness.SAME), birth_level
    said = list(zip(group["name"], group["birth_date"], group["sex_code"], group["feed"], strict=True))
    is_confirmed = any(_confirms(*levels[name, birth], feed) for name, birth, _, feed in said)
    own_sex = sex_of(number) if number else None
    for position, (name, birth_at, sex, feed) in zip(group.index, said, strict=True):
        name_level, birth_level = levels[name, birth_at]
        is_other_sex = own_sex is not None and sex in {"1", "2"} and sex != own_sex
        rule = _rule(name_level, birth_level, is_other_sex or feed in FAMILY_FEEDS, is_confirmed)
        settled.loc[position, ["rule", "name_level", "birth_level"]] = (rule, name_level.word, birth_level.word)


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


def _reference_name(group: pd.DataFrame, births: set[date]) -> int:
    """The name of the number's holder: born on the number's day, told by the register, most frequent, in this order."""
    known = {pd.Timestamp(day) for day in births}
    weights: dict[int, list[int]] = {}
    for name, birth, feed in zip(group["name"], group["birth_date"], group["feed"], strict=True):
        weight = weights.setdefault(int(name), [0, 0, 0])
        weight[0] = max(weight[0], int(birth in known))
        weight[1] = max(weight[1], TRUST.get(feed, 0))
        weight[2] += 1
    return max((name for name in weights if name != NOTHING), key=lambda name: (*weights[name], -name), default=NOTHING)


def _name_level(records: Records, name: int, reference: int, aliases: frozenset[str], is_birth_same: bool) -> Likeness:
    if NOTHING in (name, reference):
        return Likeness.NONE
    return likeness(records.names[name], records.names[reference], is_birth_same=is_birth_same, aliases=aliases)
