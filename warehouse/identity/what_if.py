"""What would change a verdict: the engine decides again with one thing about one row changed. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from expectations.forms.id_number import check_digit
from warehouse.identity.births import NO_DAY
from warehouse.identity.clusters import REVIEW, decide
from warehouse.identity.crowd import PERSONS_PER_PHONE
from warehouse.identity.decision import Decision, Memory
from warehouse.identity.evidence import EPOCH
from warehouse.identity.explanation import Sentence
from warehouse.identity.id_numbers import births_of
from warehouse.identity.keys import HOUSEHOLD, join_by_keys
from warehouse.identity.model import Model
from warehouse.identity.names import Names
from warehouse.identity.records import BUSINESS_KEYS, NOTHING, NumberChange, Records

ROUNDS = 3
NOBODYS_NAME = "甲乙丙丁戊己"
ANOTHER_DAY = 4_321
SURE = ("number", *(key for key in BUSINESS_KEYS if key != HOUSEHOLD))
_COLUMNS = {"phone": "phone", "dwelling": "house"}


@dataclass(frozen=True)
class World:
    """Everything a verdict on some rows depends on."""

    records: Records
    memory: Memory
    model: Model
    standing: np.ndarray | None = None

    def decided(self) -> pd.DataFrame:
        """The engine's verdict on every row."""
        return decide(self.records, self.memory, self.model, self.standing)

    def before_likeness(self) -> Decision:
        """The state when sure numbers, keys and stewards have spoken."""
        decision = Decision(self.records, self.memory)
        for _ in range(ROUNDS):
            if not join_by_keys(decision):
                break
        return decision

    def with_row(self, position: int, **changed: int) -> World:
        """The same with some columns of one row changed."""
        rows = self.records.rows.copy()
        for column, value in changed.items():
            rows.loc[position, column] = np.array(value, dtype=rows[column].dtype)
        return replace(self, records=replace(self.records, rows=rows))


def are_one(decided: pd.DataFrame, one: int, other: int) -> bool:
    """True where the two rows are one person."""
    return bool(decided["cluster"].iat[one] == decided["cluster"].iat[other])


def is_asked(records: Records, decided: pd.DataFrame, one: int, other: int) -> bool:
    """True where one of the rows waits for a steward because of the other's person, or of a number or key that both have."""
    if are_one(decided, one, other) or REVIEW not in decided["link_status"].iloc[[one, other]].tolist():
        return False
    if any(records.rows[key].iat[one] == records.rows[key].iat[other] != NOTHING for key in SURE):
        return True
    clusters, rivals = decided["cluster"].to_numpy(), decided["rival"].to_numpy()
    return any(
        decided["link_status"].iat[mine] == REVIEW and rivals[mine] != NOTHING and clusters[rivals[mine]] == clusters[theirs]
        for mine, theirs in ((one, other), (other, one))
    )


def changes(world: World, decided: pd.DataFrame, one: int, other: int) -> Iterator[Sentence]:
    """Each single change that alters the verdict on the two rows."""
    loose = decided["is_loose"].to_numpy()
    mine, theirs = (one, other) if loose[one] or not loose[other] else (other, one)
    together, asked = are_one(decided, one, other), is_asked(world.records, decided, one, other)
    for what, key, changed in (_partings if together else _joinings)(world, mine, theirs):
        then = changed.decided()
        if together and not are_one(then, one, other):
            yield Sentence("would_part", {"what": what} | ({"key": key} if key else {}))
        elif not together and are_one(then, one, other):
            yield Sentence("would_join", {"what": what})
        elif not together and not asked and is_asked(changed.records, then, one, other):
            yield Sentence("would_ask", {"what": what})


def _joinings(world: World, mine: int, theirs: int) -> Iterator[tuple[str, str, World]]:
    rows = world.records.rows
    number = rows["number"].to_numpy()
    if NOTHING in (number[mine], number[theirs]):
        yield "equal_number", "", _of_one_number(world, mine, theirs)
    elif number[mine] != number[theirs]:
        told = NumberChange(int(number[mine]), int(number[theirs]), int(rows["name"].iat[mine]))
        yield "register_correction", "", replace(world, records=replace(world.records, changes=[*world.records.changes, told]))
    name = rows["name"].iat[theirs]
    if name not in (NOTHING, rows["name"].iat[mine]):
        yield "equal_name", "", world.with_row(mine, name=int(name))
    birth = _birth(world.records, theirs)
    if birth not in (NO_DAY, rows["birth"].iat[mine]):
        yield "equal_birth", "", world.with_row(mine, birth=birth)
    for what in ("phone", "dwelling"):
        if (shared := _of_one_place(world, mine, theirs, what)) is not None:
            yield f"equal_{what}", "", shared
    county = _county(rows, theirs)
    if county != NOTHING and county not in (rows["hukou_region"].iat[mine], rows["residence_region"].iat[mine]):
        yield "equal_county", "", world.with_row(mine, residence_region=county)
    yield (
        "steward_same",
        "",
        replace(world, memory=Memory((*world.memory.same, (mine, theirs)), _without(world.memory.never, mine, theirs))),
    )


def _partings(world: World, mine: int, theirs: int) -> Iterator[tuple[str, str, World]]:
    rows = world.records.rows
    if rows["number"].iat[mine] != NOTHING or rows["text_number"].iat[mine] != NOTHING:
        yield "no_number", "", world.with_row(mine, number=NOTHING, text_number=NOTHING)
    for key in BUSINESS_KEYS:
        if rows[key].iat[mine] != NOTHING:
            yield "no_key", key, world.with_row(mine, **{key: NOTHING})
    yield "other_name", "", _named_otherwise(world, mine)
    if rows["birth"].iat[mine] != NO_DAY:
        yield "other_birth", "", world.with_row(mine, birth=int(rows["birth"].iat[mine]) - ANOTHER_DAY)
    for what, column in _COLUMNS.items():
        if rows[column].iat[mine] != NOTHING:
            yield f"no_{what}", "", world.with_row(mine, **{column: NOTHING})
    if _county(rows, mine) != NOTHING:
        yield "no_county", "", world.with_row(mine, hukou_region=NOTHING, residence_region=NOTHING)
    yield (
        "steward_never",
        "",
        replace(world, memory=Memory(_without(world.memory.same, mine, theirs), (*world.memory.never, (mine, theirs)))),
    )


def _without(pairs: tuple[tuple[int, int], ...], one: int, other: int) -> tuple[tuple[int, int], ...]:
    return tuple(pair for pair in pairs if set(pair) != {one, other})


def _birth(records: Records, position: int) -> int:
    """The day a row tells, first by its number."""
    number = records.rows["number"].iat[position]
    own = int(births_of(records.numbers[[number]])[0]) if number != NOTHING else NO_DAY
    return own if own != NO_DAY else int(records.rows["birth"].iat[position])


def _county(rows: pd.DataFrame, position: int) -> int:
    residence = int(rows["residence_region"].iat[position])
    return residence if residence != NOTHING else int(rows["hukou_region"].iat[position])


def _of_one_number(world: World, mine: int, theirs: int) -> World:
    """Both rows with the number of the one that has one, or with a new one made of the birth date they tell."""
    numbers = world.records.rows["number"].to_numpy()
    code = int(max(numbers[mine], numbers[theirs]))
    if code == NOTHING:
        day = next((day for day in (_birth(world.records, theirs), _birth(world.records, mine)) if day != NO_DAY), 0)
        first17 = f"999999{pd.Timestamp.fromordinal(EPOCH + day):%Y%m%d}999"
        made = np.append(world.records.numbers, (first17 + check_digit(first17)).encode()).astype("S18")
        world, code = replace(world, records=replace(world.records, numbers=made)), len(world.records.numbers)
    return world.with_row(mine, number=code, text_number=NOTHING).with_row(theirs, number=code, text_number=NOTHING)


def _of_one_place(world: World, mine: int, theirs: int, what: str) -> World | None:
    """Both rows with one phone or dwelling that nobody else has; None where they have one that counts."""
    column, records = _COLUMNS[what], world.records
    codes = records.rows[column].to_numpy()
    told = records.names_of_phones() if what == "phone" else np.zeros(int(codes.max(initial=NOTHING)) + 1)
    if codes[mine] == codes[theirs] != NOTHING and told[codes[mine]] <= PERSONS_PER_PHONE:
        return None
    fresh = max(len(told), int(codes.max(initial=NOTHING)) + 1)
    if what == "phone" and records.phone_names is not None:
        world = replace(world, records=replace(records, phone_names=np.append(records.phone_names, 1)))
    return world.with_row(mine, **{column: fresh}).with_row(theirs, **{column: fresh})


def _named_otherwise(world: World, position: int) -> World:
    records = world.records
    names = Names.prepare([*records.names.keys, NOBODYS_NAME])
    counts = None if records.name_rows is None else np.append(records.name_rows, 1)
    return replace(world, records=replace(records, names=names, name_rows=counts)).with_row(position, name=len(records.names))
