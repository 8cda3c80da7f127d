"""What the four agencies hold about a part of the people: one row each, with the errors of `rates` and their labels."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.identity import damage, rates
from benchmarks.identity.people import DOTTED, HAN, People, given_names, number_texts
from benchmarks.identity.stocks import stocks, traditional

COLUMNS = (
    "record_id", "feed", "source_key", "id_type_code", "id_number", "name", "sex_code", "birth_date", "phone", "region_code", "address",
    "true_person", "errors",
)  # fmt: skip
EXCLUSIVE_NUMBERS = ("id_missing", "id_placeholder", "id_borrowed", "id_excel", "id_sci", "id_typo", "id_swap")
DAMAGED_DATES = ("id_typo", "id_swap", "id_borrowed")
EXCLUSIVE_NAMES = tuple(name for name in rates.RATES if name.startswith("name_") and name != "name_dot")
NICKNAMES = ("小{0}", "大{0}", "老{0}", "阿{0}", "{0}子", "{0}儿")
HABITS = (0, 2, 0, 2)  # how an agency writes addresses; now and then it does as its neighbour
EPOCH = date(1970, 1, 1)


class Rows:
    """The rows about persons `low` to `high` while they are written: whom and for which agency, and the errors so far."""

    def __init__(self, everyone: People, low: int, high: int, chance: np.random.Generator, errors: float) -> None:
        self.everyone, self.chance, self.errors = everyone, chance, errors
        self.low, self.high = low, high
        who, agency = [], []
        for code, share in enumerate(rates.COVERAGE):
            known = low + np.flatnonzero(chance.random(high - low) < share)
            twice = known[chance.random(len(known)) < rates.DUPLICATES]
            who.append(np.concatenate([known, twice]))
            agency.append(np.full(len(known) + len(twice), code, np.int8))
        order = chance.permutation(sum(map(len, who)))
        self.who, self.agency = np.concatenate(who)[order], np.concatenate(agency)[order]
        self.labels = np.zeros(len(self.who), np.int64)

    def __len__(self) -> int:
        return len(self.who)

    def at_agency(self, values: tuple[float, ...]) -> np.ndarray:
        """A value per agency, for every row."""
        return np.asarray(values)[self.agency]

    def happens(self, values: tuple[float, ...]) -> np.ndarray:
        """True for that share of every agency's rows."""
        return self.chance.random(len(self)) < self.at_agency(values)

    def mark(self, error: str, mask: np.ndarray) -> None:
        """These rows have that error."""
        self.labels[mask] |= 1 << rates.CLASSES.index(error)

    def has(self, *errors: str) -> np.ndarray:
        """True where the row has one of the errors."""
        return (self.labels & sum(1 << rates.CLASSES.index(error) for error in errors)) != 0

    def one_of(self, errors: tuple[str, ...]) -> np.ndarray:
        """For every row the position of the error that happens to it, or -1; never two."""
        limits = np.cumsum([self.at_agency(rates.RATES[error]) * self.errors for error in errors], axis=0)
        drawn = (self.chance.random(len(self)) >= limits).sum(axis=0)
        return np.where(drawn == len(errors), -1, drawn)

    def change(self, error: str, values: np.ndarray, mask: np.ndarray) -> None:
        """Damage the values of these rows in place; only what really changed is marked."""
        act = damage.NUMBERS.get(error) or damage.NAMES[error]
        at = np.flatnonzero(mask)
        changed = np.array([act(value, c) for value, c in zip(values[at], self.chance.random(len(at)), strict=True)], dtype=object)
        self.mark(error, at[changed != values[at]])
        values[at] = changed


def rows_of(everyone: People, low: int, high: int, seed: int, errors: float, first_id: int) -> pd.DataFrame:
    """The rows of all agencies about persons `low` to `high`, in no order; record ids count from `first_id`."""
    rows = Rows(everyone, low, high, np.random.default_rng([seed, 1, low]), errors)
    numbers, derived = _numbers(rows)
    births, sexes = _births_and_sexes(rows, *derived)
    names = _names(rows)
    home = _homes(rows)
    record_id = first_id + np.arange(len(rows), dtype=np.int64)
    count = pa.array(record_id)
    label, text = np.unique(rows.labels, return_inverse=True)
    return pd.DataFrame(
        {
            "record_id": record_id,
            "feed": pd.Series(np.array(rates.FEEDS, dtype=object)[rows.agency], dtype="str"),
            "source_key": pc.binary_join_element_wise("C", pc.cast(count, pa.string()), "-").to_pandas(),
            "id_type_code": pd.Series(np.where(numbers == "", "999", "111"), dtype="str"),
            "id_number": _text(numbers),
            "name": _text(names),
            "sex_code": _text(sexes),
            "birth_date": _text(births),
            "phone": _text(_phones(rows, home)),
            "region_code": _text(
                np.where(rows.chance.random(len(rows)) < rates.REGION_MISSING, "", _as_text(pa.array(everyone.homes["county"][home])))
            ),
            "address": _text(_addresses(rows, home)),
            "true_person": rows.who.astype(np.int64),
            "errors": pd.Series(np.array([_labels(mask) for mask in label.tolist()], dtype=object)[text], dtype="str"),
        },
        columns=list(COLUMNS),
    )


def _as_text(values: pa.Array) -> np.ndarray:
    return np.asarray(pc.cast(values, pa.string()).to_numpy(zero_copy_only=False), dtype=object)


def _text(values: np.ndarray) -> pd.Series:
    return pd.Series(values, dtype="str").mask(values == "")


def _labels(mask: int) -> str:
    return "+".join(error for bit, error in enumerate(rates.CLASSES) if mask >> bit & 1) or "none"


def _numbers(rows: Rows) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """The numbers as received; and what dates and sexes are taken from: number texts, and where that happens."""
    everyone, who, chance = rows.everyone, rows.who, rows.chance
    second = everyone.second_number[who]
    # A person with two numbers shows at each agency the one of the day.
    uses_second = (second > 0) & (chance.random(len(rows)) < 0.5)
    drawn = rows.one_of(EXCLUSIVE_NUMBERS)
    is_ = {error: drawn == i for i, error in enumerate(EXCLUSIVE_NUMBERS)}
    lender = np.where(is_["id_borrowed"], _lenders(rows), who)
    codes = np.where(uses_second & ~is_["id_borrowed"], second, everyone.number[lender])
    texts = number_texts(codes)
    rows.mark("id_borrowed", is_["id_borrowed"])
    for error in ("id_typo", "id_swap"):
        rows.change(error, texts, is_[error])
    source = texts.copy()
    for error in ("id_excel", "id_sci", "id_placeholder"):
        rows.change(error, texts, is_[error])
    derives = rows.happens(rates.DERIVED_DATES) & ~is_["id_missing"] & ~is_["id_placeholder"]
    derives |= is_["id_borrowed"] & (chance.random(len(rows)) < rates.FOLLOWS_BORROWED)
    texts[is_["id_missing"]] = ""
    rows.mark("id_missing", is_["id_missing"])
    is_whole = ~is_["id_missing"] & ~rows.has("id_placeholder", "id_excel", "id_sci")
    rows.change("id_15", texts, is_whole & ~rows.has("id_typo", "id_swap") & rows.happens(_scaled(rows, "id_15")))
    rows.change("id_dirty", texts, is_whole & rows.happens(_scaled(rows, "id_dirty")))
    shown = is_whole & ~is_["id_borrowed"]
    rows.mark("id_second", uses_second & shown)
    rows.mark("id_double", everyone.is_double[who] & ~uses_second & shown)
    return texts, (source, derives)


def _scaled(rows: Rows, error: str) -> tuple[float, ...]:
    return tuple(rate * rows.errors for rate in rates.RATES[error])


def _lenders(rows: Rows) -> np.ndarray:
    """Somebody else of the household; for those who live alone, the next person of the register."""
    household, who = rows.everyone.household, rows.who
    step = rows.chance.integers(1, 5, len(rows))
    found = np.full(len(rows), -1)
    for move in (step, -step, 1, -1):
        other = np.clip(who + move, rows.low, rows.high - 1)
        found = np.where((found < 0) & (household[other] == household[who]) & (other != who), other, found)
    beside = np.where(who + 1 < rows.high, who + 1, who - 1)
    return np.where(found < 0, beside, found)


def _births_and_sexes(rows: Rows, source: np.ndarray, derives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    everyone, who, chance = rows.everyone, rows.who, rows.chance
    days = everyone.birth[who].astype(np.int64)
    sexes = everyone.sex[who].astype(np.int64)
    wrong = chance.random(len(rows)) < rates.SEX_WRONG * rows.errors
    sexes = np.where(wrong & ~derives, 3 - sexes, sexes)
    second = derives & (everyone.second_number[who] > 0)
    for i in np.flatnonzero(derives & rows.has(*DAMAGED_DATES) | second).tolist():
        told = damage.date_in(source[i])
        # A date that is none is refused by the form, and typed from the card.
        days[i], sexes[i] = ((told - EPOCH).days if told else days[i]), 2 - int(source[i][16]) % 2
    excel = derives & rows.has("id_excel")
    sexes[excel] = np.where(chance.random(int(excel.sum())) < 0.5, 2, sexes[excel])
    _damage_dates(rows, days, ~derives)
    births = _as_text(pa.array(days.astype("datetime64[D]")))
    missing = rows.happens(_scaled(rows, "birth_missing"))
    births[missing] = ""
    rows.labels &= ~np.where(missing, sum(1 << rates.CLASSES.index(error) for error in damage.DATES), 0)
    rows.mark("birth_missing", missing)
    return births, np.where(chance.random(len(rows)) < rates.SEX_MISSING, "", np.array(["", "1", "2"], dtype=object)[sexes])


def _damage_dates(rows: Rows, days: np.ndarray, is_typed: np.ndarray) -> None:
    drawn = np.where(is_typed, rows.one_of(tuple(damage.DATES)), -1)
    for i, (error, act) in enumerate(damage.DATES.items()):
        at = np.flatnonzero(drawn == i)
        told = [act(EPOCH + timedelta(days=day), c) for day, c in zip(days[at].tolist(), rows.chance.random(len(at)), strict=True)]
        typed = np.array([(day - EPOCH).days if day and day <= rates.AS_OF else -(10**6) for day in told], dtype=np.int64)
        real = (typed > -(10**6)) & (typed != days[at])
        days[at[real]] = typed[real]
        rows.mark(error, at[real])


def _names(rows: Rows) -> np.ndarray:
    everyone, low, high = rows.everyone, rows.low, rows.high
    of_person = _true_names(everyone, slice(low, high))
    names, kind = of_person[rows.who - low], everyone.kind[rows.who]
    drawn = rows.one_of(EXCLUSIVE_NAMES)
    for i, error in enumerate(EXCLUSIVE_NAMES):
        mask = (drawn == i) & ((kind == HAN) | np.isin(error, ("name_lost", "name_space")))
        if error in damage.NAMES:
            rows.change(error, names, mask)
        else:
            _change_whole(rows, error, names, np.flatnonzero(mask))
    rows.change("name_dot", names, (kind == DOTTED) & rows.happens(_scaled(rows, "name_dot")))
    return names


def _change_whole(rows: Rows, error: str, names: np.ndarray, at: np.ndarray) -> None:
    """Another name altogether: in traditional characters, an alias, a new surname. One person has one alias."""
    if error == "name_traditional":
        changed = np.array(traditional(names[at].tolist()), dtype=object)
    else:
        whom, which = np.unique(rows.who[at], return_inverse=True)
        act = _aliases if error == "name_alias" else _with_other_surname
        changed = act(rows, whom)[which]
    if len(at):
        rows.mark(error, at[changed != names[at]])
        names[at] = changed


def _aliases(rows: Rows, whom: np.ndarray) -> np.ndarray:
    everyone, held = rows.everyone, stocks()
    first, second = given_names(rows.chance, everyone.birth[whom], everyone.sex[whom])
    whole = _joined(held.surnames[everyone.surname[whom]], held.signs[first], np.where(second < 0, "", held.signs[second]))
    last = np.where(everyone.second[whom] < 0, everyone.first[whom], everyone.second[whom])
    forms = np.array(NICKNAMES, dtype=object)[rows.chance.integers(0, len(NICKNAMES), len(whom))]
    short = np.array([form.format(sign) for form, sign in zip(forms, held.signs[last], strict=True)], dtype=object)
    return np.where(rows.chance.random(len(whom)) < 0.3, short, whole)


def _with_other_surname(rows: Rows, whom: np.ndarray) -> np.ndarray:
    everyone, held = rows.everyone, stocks()
    surname = held.surnames[rows.chance.choice(len(held.surnames), size=len(whom), p=held.surname_weights)]
    first, second = everyone.first[whom], everyone.second[whom]
    return _joined(surname, held.signs[first], np.where(second < 0, "", held.signs[second]))


def _true_names(everyone: People, part: slice) -> np.ndarray:
    held, second, kind, sex = stocks(), everyone.second[part], everyone.kind[part], everyone.sex[part]
    names = _joined(held.surnames[everyone.surname[part]], held.signs[everyone.first[part]], np.where(second < 0, "", held.signs[second]))
    own, father = everyone.own[part], held.own[1][everyone.father[part]]
    for code in (1, 2):
        dotted, alone = (kind == DOTTED) & (sex == code), (kind > DOTTED) & (sex == code)
        names[dotted] = _joined(held.own[code][own[dotted] % len(held.own[code])], "·", father[dotted])
        names[alone] = held.alone[code][own[alone] % len(held.alone[code])]
    return names


def _joined(*parts: np.ndarray | str) -> np.ndarray:
    """The parts of every row one after the other. Objects of str."""
    size = max(len(part) for part in parts if not isinstance(part, str))
    if not size:
        return np.zeros(0, object)
    arrays = [part if isinstance(part, str) else pa.array(part, pa.string()) for part in parts]
    return np.asarray(pc.binary_join_element_wise(*arrays, "").to_numpy(zero_copy_only=False), dtype=object)


def _homes(rows: Rows) -> np.ndarray:
    other = rows.everyone.other_home[rows.who]
    return np.where((other >= 0) & (rows.chance.random(len(rows)) < rates.USES_SECOND), other, rows.everyone.home[rows.who])


def _phones(rows: Rows, home: np.ndarray) -> np.ndarray:
    everyone, who, chance = rows.everyone, rows.who, rows.chance
    second = everyone.second_phone[who]
    phone = np.where((second > 0) & (chance.random(len(rows)) < rates.USES_SECOND), second, everyone.phone[who])
    phone = np.where(rows.happens(rates.PHONE_OF_FAMILY), everyone.phone[_lenders(rows)], phone)
    of_cadre = everyone.homes["is_village"][home] & rows.happens(rates.PHONE_OF_CADRE)
    texts = _as_text(pa.array(np.where(of_cadre, everyone.homes["cadre_phone"][home], phone)))
    form = chance.random(len(rows))
    texts[form < 0.01] = "+86" + texts[form < 0.01]
    spaced = np.flatnonzero((form > 0.01) & (form < 0.02))
    texts[spaced] = [f"{text[:3]} {text[3:7]} {text[7:]}" for text in texts[spaced]]
    texts[rows.happens(rates.PHONE_MISSING)] = ""
    return texts


def _addresses(rows: Rows, home: np.ndarray) -> np.ndarray:
    """Street, community, building, unit, room as each agency is used to write them."""
    held, homes = stocks().places, rows.everyone.homes
    written = _as_text(pa.array(np.arange(2000)))
    of = {name: written[homes[name][home]] for name in ("house", "building", "unit", "room")}
    of |= {kind: held[kind][homes[kind][home]] for kind in ("streets", "roads", "estates", "villages")}
    group = written[homes["building"][home] % 12 + 1]
    texts = np.empty(len(rows), object)
    is_village, habit = homes["is_village"][home], np.array(HABITS)[rows.agency] ^ (rows.chance.random(len(rows)) < 0.1)
    for village in (True, False):
        for form in range(4):
            at = np.flatnonzero((is_village == village) & (habit == form))
            p = {name: values[at] for name, values in of.items()} | {"group": group[at]}
            texts[at] = _joined(*(_village(form, p) if village else _town(form, p)))
    texts[rows.happens(rates.ADDRESS_MISSING)] = ""
    return texts


def _village(form: int, p: dict[str, np.ndarray]) -> tuple[np.ndarray | str, ...]:
    if form == 0:
        return p["streets"], "镇", p["villages"], "村", p["group"], "组", p["house"], "号"
    if form == 1:
        return p["streets"], "镇", p["villages"], "村", p["house"], "号"
    if form == 2:
        return p["streets"], "镇", p["villages"], "村第", p["group"], "组", p["house"], "号"
    return p["villages"], "村", p["group"], "组", p["house"], "号"


def _town(form: int, p: dict[str, np.ndarray]) -> tuple[np.ndarray | str, ...]:
    if form == 0:
        return (
            p["streets"], "街道", p["estates"], "社区", p["roads"], p["house"], "号",
            p["building"], "号楼", p["unit"], "单元", p["room"], "室",
        )  # fmt: skip
    if form == 1:
        return p["roads"], p["house"], "号", p["estates"], "小区", p["building"], "栋", p["unit"], "单元", p["room"]
    if form == 2:
        return p["streets"], "街道", p["roads"], p["house"], "号", p["estates"], "小区", p["building"], "幢", p["unit"], "-", p["room"]
    return p["roads"], p["house"], "号", p["building"], "-", p["unit"], "-", p["room"]
