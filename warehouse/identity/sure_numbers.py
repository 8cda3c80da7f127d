"""Rules 1 to 3: which rows of a sure number are its holder's, and which only carry it (borrowed, mistaken, issued twice).

Also the register's corrections: rows of an old number under a like name move to the new one.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from warehouse.identity.births import NO_DAY, BirthLikeness, birth_levels
from warehouse.identity.id_numbers import births_of, sexes_of
from warehouse.identity.names import Likeness, likeness, name_levels, same_given
from warehouse.identity.records import NOTHING, NumberChange, Records
from warehouse.identity.rules import Rule

# Whose spelling of a name counts more when rows of one number disagree.
TRUST = {"population_changes": 2, "registered_persons": 1}
FAMILY_FEEDS = frozenset(
    {"assistance_households", "assistance_members", "means_checks", "benefit_payments", "temporary_assistance", "public_housing"}
)
EPOCH = date(1970, 1, 1).toordinal()


def settle_numbers(records: Records) -> pd.DataFrame:
    """For every row: number (code after the register's corrections), rule (NONE, HOLDER, NOTED or CONTESTED), name_level and
    birth_level (likeness to the number's holder), is_moved, and is_disputed: a holder's row that no other row outweighs the
    strangers' rows with.

    Only rows of numbers whose rows disagree on the name, or with the number on the birth date, are compared.
    """
    rows = records.rows
    number = corrected_numbers(records)
    has_number = number != NOTHING
    own_day = np.append(births_of(records.numbers), NO_DAY)[number]
    birth = rows["birth"].to_numpy()
    rule = np.where(has_number, Rule.HOLDER, Rule.NONE).astype(np.int8)
    name_level = np.where(has_number, Likeness.SAME, Likeness.NONE).astype(np.int8)
    birth_level = np.where(has_number & (birth != NO_DAY), BirthLikeness.SAME, BirthLikeness.NONE).astype(np.int8)
    is_disputed = np.zeros(len(rows), dtype=bool)
    doubtful = _doubtful_rows(records, number, has_number & (birth != NO_DAY) & (birth != own_day))
    if len(doubtful):
        settling = _Settling(records, number, own_day, doubtful)
        rule[doubtful], name_level[doubtful], birth_level[doubtful] = settling.verdicts()
        is_disputed[doubtful] = settling.are_disputed(rule[doubtful])
    is_moved = number != rows["number"].to_numpy()
    return pd.DataFrame(
        {
            "number": number,
            "rule": rule,
            "name_level": name_level,
            "birth_level": birth_level,
            "is_moved": is_moved,
            "is_disputed": is_disputed,
        }
    )


def _doubtful_rows(records: Records, number: np.ndarray, is_dated_otherwise: np.ndarray) -> np.ndarray:
    """Positions of the rows of doubtful numbers, by number."""
    names = pd.DataFrame({"number": number, "name": records.rows["name"].to_numpy()})[number != NOTHING].drop_duplicates()["number"]
    is_doubtful = np.zeros(len(records.numbers) + 1, dtype=bool)
    is_doubtful[names[names.duplicated()].to_numpy()] = True
    is_doubtful[number[is_dated_otherwise]] = True
    is_doubtful[NOTHING] = False
    positions = np.flatnonzero(is_doubtful[number])
    return positions[np.argsort(number[positions], kind="stable")]


def corrected_numbers(records: Records) -> np.ndarray:
    """The number code of every row after the register's corrections."""
    rows = records.rows
    number, names = rows["number"].to_numpy().copy(), rows["name"].to_numpy()
    target = {change.old: change for change in sorted(records.changes, key=lambda c: (records.numbers[c.new], c.name))}
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
    return likeness(records.names.keys[name], records.names.keys[change.name], aliases=aliases) > Likeness.DIFFERENT


class _Settling:
    """The doubtful rows as columns, ordered by number; `group` counts their numbers from 0."""

    def __init__(self, records: Records, number: np.ndarray, own_day: np.ndarray, positions: np.ndarray) -> None:
        rows = records.rows.iloc[positions]
        self.records, self.number, self.own_day = records, number[positions], own_day[positions]
        self.group = pd.factorize(self.number)[0]
        self.name, self.birth, self.sex = rows["name"].to_numpy(), rows["birth"].to_numpy(), rows["sex"].to_numpy()
        categories = rows["feed"].cat.categories
        feed = rows["feed"].cat.codes.to_numpy()
        self.trust = np.array([TRUST.get(name, 0) for name in categories])[feed]
        self.is_of_family = np.array([name in FAMILY_FEEDS for name in categories])[feed]

    def verdicts(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rule, name level and birth level of each doubtful row."""
        birth = self._birth_levels()
        name = self._name_levels(birth)
        is_told = (birth >= BirthLikeness.NEAR) | ((birth == BirthLikeness.NONE) & (self.trust > 0))
        confirming = np.bincount(self.group, weights=(name > Likeness.DIFFERENT) & is_told) > 0
        own_sex = np.append(sexes_of(self.records.numbers), 0)[self.number]
        is_other_sex = (own_sex > 0) & (self.sex > 0) & (own_sex != self.sex)
        # The date in a valid number outranks the field: where other rows confirm the holder's name, another date is a slip.
        is_slip = confirming[self.group] & (name >= Likeness.VARIANT)
        is_holder = (name != Likeness.DIFFERENT) & ((birth != BirthLikeness.DIFFERENT) | is_slip)
        is_noted = (birth != BirthLikeness.DIFFERENT) & ~(is_other_sex | self.is_of_family)
        return np.select([is_holder, is_noted], [Rule.HOLDER, Rule.NOTED], Rule.CONTESTED).astype(np.int8), name, birth

    def are_disputed(self, rule: np.ndarray) -> np.ndarray:
        """Holders' rows of numbers with as many rows of strangers, and no word of a register."""
        mine = rule == Rule.HOLDER
        told = np.bincount(self.group, weights=mine & (self.trust > 0)) > 0
        is_outweighed = np.bincount(self.group, weights=~mine) >= np.bincount(self.group, weights=mine)
        disputed: np.ndarray = mine & (is_outweighed & ~told)[self.group]
        return disputed

    def _days_of_documents(self) -> np.ndarray:
        """The number's day; of a passport, which tells none, the day most of its rows say."""
        told = pd.DataFrame({"group": self.group, "birth": self.birth})[(self.own_day == NO_DAY) & (self.birth != NO_DAY)]
        most = (
            told.value_counts(["group", "birth"])
            .reset_index()
            .sort_values(["group", "count", "birth"])
            .drop_duplicates("group", keep="last")
        )
        said = most.set_index("group")["birth"].reindex(self.group).fillna(NO_DAY).to_numpy(dtype=np.int32)
        return np.where(self.own_day == NO_DAY, said, self.own_day)

    def _birth_levels(self) -> np.ndarray:
        level = birth_levels(self.birth, self._days_of_documents())
        at, days = self._told(lambda code: {_day(day) for day in self.records.births.get(code, ())})
        for old, new in ((change.old, change.new) for change in self.records.changes):
            mine = np.flatnonzero(self.number == new)
            at, days = np.append(at, mine), np.append(days, np.repeat(births_of(self.records.numbers[[old]]), len(mine)))
        np.maximum.at(level, at, birth_levels(self.birth[at], days.astype(np.int32)))
        return level

    def _name_levels(self, birth: np.ndarray) -> np.ndarray:
        names = self.records.names
        reference = self._reference_names(birth)[self.group]
        level = name_levels(names, self.name, reference)
        is_different = level == Likeness.DIFFERENT
        is_part = is_different & (birth == BirthLikeness.SAME) & same_given(names, self.name, reference)
        level[is_part] = Likeness.PART
        at, aliases = self._told(self._alias_codes)
        is_alias = self.name[at] == aliases
        level[at[is_alias & is_different[at]]] = Likeness.ALIAS
        return level

    def _alias_codes(self, code: int) -> set[int]:
        codes = (code, *(change.old for change in self.records.changes_to.get(code, ())))
        return {
            self.records.names.code_of[key] for c in codes for key in self.records.aliases.get(c, ()) if key in self.records.names.code_of
        }

    def _told(self, of_code) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[no-untyped-def]
        """Rows and the values that the registers tell of their number."""
        told = set(self.records.births) | set(self.records.aliases) | set(self.records.changes_to)
        at, values = [], []
        for code in np.intersect1d(np.unique(self.number), list(told)).tolist() if told else ():
            found = sorted(of_code(code))
            mine = np.flatnonzero(self.number == code)
            at.append(np.repeat(mine, len(found)))
            values.append(np.tile(found, len(mine)))
        empty = np.zeros(0, dtype=np.int64)
        return np.concatenate([empty, *at]).astype(np.int64), np.concatenate([empty, *values]).astype(np.int64)

    def _reference_names(self, birth: np.ndarray) -> np.ndarray:
        """Per group the holder's name: born on the number's day (or told by a register), by the register, most frequent."""
        is_confirmed = (birth == BirthLikeness.SAME) | ((birth == BirthLikeness.NONE) & (self.trust > 0))
        frame = pd.DataFrame({"group": self.group, "name": self.name, "told": is_confirmed, "trust": self.trust, "rows": 1})
        frame = frame.groupby(["group", "name"], sort=False).agg({"told": "max", "trust": "max", "rows": "sum"}).reset_index()
        keys = np.asarray(self.records.names.keys, dtype=object)
        distinct, place = np.unique(frame["name"].to_numpy(), return_inverse=True)
        texts = np.where(distinct == NOTHING, "", keys[distinct]) if len(keys) else np.full(len(distinct), "")
        rank = np.argsort(np.argsort(texts.astype(str), kind="stable"))[place]
        frame["is_named"], frame["rank"] = frame["name"].to_numpy() != NOTHING, rank
        best = frame.sort_values(["group", "is_named", "told", "trust", "rows", "rank"]).drop_duplicates("group", keep="last")
        reference: np.ndarray = best["name"].to_numpy()
        return reference


def _day(day: date) -> int:
    return day.toordinal() - EPOCH
