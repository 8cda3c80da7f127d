"""The true persons of the crowd: households of twelve kinds, names by generation, numbers of the real form, homes and phones.

Whole columns at a time; a person is a position in them. What agencies make of the persons stands in `records`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.identity import rates
from benchmarks.identity.stocks import IN_FASHION, stocks

# A household: its share, and who lives there. H and S a couple, C children, T twins, P a parent alone, A an adult, B a brother or
# sister of an adult, O somebody old, F and M grandfather and grandmother.
TEMPLATES = (
    (0.17, "A"), (0.07, "O"), (0.20, "HS"), (0.22, "HSC"), (0.12, "HSCC"), (0.018, "HSTT"),
    (0.025, "HSCCC"), (0.05, "PC"), (0.075, "FMHSC"), (0.035, "MHSCC"), (0.018, "FMC"), (0.02, "AB"),
)  # fmt: skip
ROLES = "ABCFHMOPST"
MALE, FEMALE = "HF", "SM"
DAYS = 365.25
HEAPED = 0.02  # of those born before 1985
CHECKS = np.frombuffer(b"10X98765432", dtype="S1").astype(str)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
HAN, DOTTED, WITHOUT_SURNAME = 0, 1, 2
SEQUENCES = 500  # of one county, day and sex


@dataclass
class People:
    """One entry per true person, members of a household side by side; homes: one entry per dwelling.

    `number`: seventeen digits; `second_number`: another one, 0 = none; `home`, `other_home`: codes of homes, -1 = none.
    """

    household: np.ndarray
    role: np.ndarray
    sex: np.ndarray
    birth: np.ndarray
    surname: np.ndarray
    first: np.ndarray
    second: np.ndarray
    kind: np.ndarray
    own: np.ndarray
    father: np.ndarray
    number: np.ndarray
    second_number: np.ndarray
    is_double: np.ndarray
    phone: np.ndarray
    second_phone: np.ndarray
    home: np.ndarray
    other_home: np.ndarray
    homes: dict[str, np.ndarray]

    def __len__(self) -> int:
        return len(self.household)


def people(persons: int, seed: int) -> People:
    """`persons` people; the same for the same seed. No two have one number but those who were issued it twice."""
    chance = np.random.default_rng([seed, 0])
    household, role = _households(chance, persons)
    count = int(household[-1]) + 1
    start = np.flatnonzero(np.diff(household, prepend=-1))
    sex = np.where(np.isin(role, _codes(MALE)), 1, np.where(np.isin(role, _codes(FEMALE)), 2, chance.integers(1, 3, persons))).astype(
        np.int8
    )
    birth = _births(chance, household, role, count)
    surname = _surnames(chance, household, role, sex, count)
    first, second = given_names(chance, birth, sex)
    _share_signs(chance, household, role, sex, first, second)
    kind = np.where(chance.random(count) < rates.MINORITY_HOUSEHOLDS, np.where(chance.random(count) < 0.8, DOTTED, WITHOUT_SURNAME), HAN)
    own, father = _own_names(chance, household, role, kind[household], sex)
    copied = _make_namesakes(chance, role, (birth, sex, surname, first, second, own, father), kind := kind[household].astype(np.int8))
    county = _counties(chance, household, role, count)
    home_county = county[0]
    number, second_number, is_double = _numbers(chance, county[1], birth, sex, _second_twins(household, role), copied)
    phone, second_phone = _phones(chance, household, role, birth, start)
    home, other_home, homes = _homes(chance, household, count, home_county)
    return People(
        household, role, sex, birth, surname, first, second, kind, own, father, number, second_number, is_double,
        phone, second_phone, home, other_home, homes,
    )  # fmt: skip


def _codes(roles: str) -> list[int]:
    return [ROLES.index(role) for role in roles]


def is_role(role: np.ndarray, roles: str) -> np.ndarray:
    """Whose role is one of these letters."""
    return np.isin(role, _codes(roles))


def _households(chance: np.random.Generator, persons: int) -> tuple[np.ndarray, np.ndarray]:
    shares = np.array([share for share, _ in TEMPLATES])
    sizes = np.array([len(roles) for _, roles in TEMPLATES])
    drawn = chance.choice(len(TEMPLATES), size=persons, p=shares / shares.sum())
    drawn = drawn[: int(np.searchsorted(np.cumsum(sizes[drawn]), persons)) + 1]
    household = np.repeat(np.arange(len(drawn), dtype=np.int32), sizes[drawn])
    slot = np.arange(len(household)) - np.repeat(np.cumsum(sizes[drawn]) - sizes[drawn], sizes[drawn])
    table = np.array([_codes(roles) + [0] * (5 - len(roles)) for _, roles in TEMPLATES], dtype=np.int8)
    # The last household may be cut short: the asked number of persons is kept exactly.
    return household[:persons], table[drawn[household], slot][:persons]


def _births(chance: np.random.Generator, household: np.ndarray, role: np.ndarray, count: int) -> np.ndarray:
    """Days since 1970. The head (or the absent parent between grandparents and child) sets the generation."""
    n, today = len(role), np.datetime64(rates.AS_OF, "D").astype(int)
    head = today - (chance.triangular(23, 42, 86, count) * DAYS).astype(np.int64)
    later = np.zeros(n)
    for roles, low, high in (("S", -4, 6), ("B", 1.5, 9), ("C", 20, 34), ("T", 20, 36), ("F", -35, -22), ("M", -33, -20), ("O", -25, -5)):
        mask = is_role(role, roles)
        later[mask] = chance.uniform(low, high, int(mask.sum()))
    # Brothers and sisters come one after the other.
    is_next = is_role(role, "C") & (np.roll(role, 1) == role) & (np.roll(household, 1) == household)
    is_third = is_next & np.roll(is_next, 1)
    later[is_next] += chance.uniform(1, 5, int(is_next.sum()))
    later[is_third] += chance.uniform(3, 5, int(is_third.sum()))
    birth = head[household] + (later * DAYS).astype(np.int64)
    is_unborn = birth > today - 30
    birth[is_unborn] = today - chance.integers(30, 8 * 365, int(is_unborn.sum()))
    is_too_old = birth < today - 104 * 365
    birth[is_too_old] = today - chance.integers(70 * 365, 100 * 365, int(is_too_old.sum()))
    # Who did not know the day was entered on the first of the year, or of October.
    year = birth.astype("datetime64[D]").astype("datetime64[Y]")
    told = year.astype("datetime64[D]").astype(int) + np.where(chance.random(n) < 0.7, 0, 273)
    birth = np.where((year < np.datetime64("1985")) & (chance.random(n) < HEAPED), told, birth)
    twin = _second_twins(household, role)
    birth[twin] = birth[twin - 1]
    return birth.astype(np.int32)


def _second_twins(household: np.ndarray, role: np.ndarray) -> np.ndarray:
    is_twin = is_role(role, "T")
    return np.flatnonzero(is_twin & np.roll(is_twin, 1) & (np.roll(household, 1) == household) & (np.arange(len(role)) > 0))


def _surnames(chance: np.random.Generator, household: np.ndarray, role: np.ndarray, sex: np.ndarray, count: int) -> np.ndarray:
    held, n = stocks(), len(role)
    of_family = chance.choice(len(held.surnames), size=count, p=held.surname_weights)
    of_own = chance.choice(len(held.surnames), size=n, p=held.surname_weights)
    brings_own = is_role(role, "SM") | (is_role(role, "P") & (sex == 2)) | (is_role(role, "CT") & (chance.random(n) < 0.03))
    return np.where(brings_own, of_own, of_family[household]).astype(np.int16)


def given_names(chance: np.random.Generator, birth: np.ndarray, sex: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes of the first and the second sign (-1 = none) of a given name of that generation and sex, one per entry."""
    held, n = stocks(), len(birth)
    year = birth.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    first, second = np.zeros(n, np.int16), np.full(n, -1, np.int16)
    since = {1: 0, 2: 0}
    for era in held.generations:
        mask = np.flatnonzero((sex == era.sex) & (year > since[era.sex]) & (year <= era.until))
        since[era.sex] = era.until
        size = len(mask)
        signs = era.signs[chance.choice(len(era.signs), size=(2, size), p=era.sign_weights)]
        first[mask], second[mask] = signs[0], np.where(chance.random(size) < era.single_share, -1, signs[1])
        is_fashion = chance.random(size) < IN_FASHION
        whole = era.fashion[chance.choice(len(era.fashion), size=int(is_fashion.sum()), p=era.fashion_weights)]
        first[mask[is_fashion]], second[mask[is_fashion]] = whole[:, 0], whole[:, 1]
    return first, second


def _share_signs(
    chance: np.random.Generator, household: np.ndarray, role: np.ndarray, sex: np.ndarray, first: np.ndarray, second: np.ndarray
) -> None:
    """Twins often, brothers and sisters sometimes share a sign: by generation in front, by fashion behind."""
    child = is_role(role, "CTB")
    at = np.flatnonzero(
        child & (np.roll(household, 1) == household) & ((np.roll(role, 1) == role) | is_role(role, "B")) & (np.arange(len(role)) > 0)
    )
    shares = chance.random(len(at)) < np.where(is_role(role[at], "T"), 0.6, 0.2)
    at = at[shares & (second[at] >= 0) & (second[at - 1] >= 0)]
    in_front = chance.random(len(at)) < 0.6
    front, behind = at[in_front], at[~in_front]
    first[front] = first[front - 1]
    second[behind] = second[behind - 1]
    # A brother is not given his brother's whole name.
    same = at[(first[at] == first[at - 1]) & (second[at] == second[at - 1])]
    second[same] = -1


def _own_names(
    chance: np.random.Generator, household: np.ndarray, role: np.ndarray, kind: np.ndarray, sex: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    held, n = stocks(), len(role)
    own, father = np.zeros(n, np.int16), np.zeros(n, np.int16)
    for code in (1, 2):
        for of_kind, names in ((DOTTED, held.own[code]), (WITHOUT_SURNAME, held.alone[code])):
            mask = (sex == code) & (kind == of_kind)
            own[mask] = chance.integers(0, len(names), int(mask.sum()))
    of_family = chance.integers(0, len(held.own[1]), int(household[-1]) + 1)
    heads = np.flatnonzero(is_role(role, "H"))
    of_family[household[heads]] = own[heads] % len(held.own[1])
    father[:] = np.where(is_role(role, "CTB"), of_family[household], chance.integers(0, len(held.own[1]), n))
    return own, father


def _make_namesakes(chance: np.random.Generator, role: np.ndarray, columns: tuple[np.ndarray, ...], kind: np.ndarray) -> np.ndarray:
    """Some who live alone get another person's name, sex and birthday. Returns, for every person, whose number is theirs too, or -1."""
    n = len(role)
    alone = chance.permutation(np.flatnonzero(is_role(role, "AO")))
    names, doubles = round(n * rates.NAMESAKES), max(1, round(n * rates.DOUBLE_NUMBER))
    whom = chance.choice(np.flatnonzero(~is_role(role, "AO")), size=names + doubles, replace=False)
    for column in (*columns, kind):
        column[alone[:names]] = column[whom[:names]]
    # Issued twice: same sex, same day, same county, another name.
    birth, sex = columns[0], columns[1]
    for column in (birth, sex):
        column[alone[names : names + doubles]] = column[whom[names:]]
    copied = np.full(n, -1, np.int64)
    copied[alone[names : names + doubles]] = whom[names:]
    return copied


def _counties(chance: np.random.Generator, household: np.ndarray, role: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    held, n = stocks(), len(role)
    at_home = held.counties[chance.choice(len(held.counties), size=count, p=held.county_weights)]
    elsewhere = held.counties[chance.choice(len(held.counties), size=n, p=held.county_weights)]
    is_local = chance.random(n) < np.where(is_role(role, "CTFB"), 0.88, 0.62)
    twin = _second_twins(household, role)
    registered = np.where(is_local, at_home[household], elsewhere)
    registered[twin] = registered[twin - 1]
    return at_home, registered


def _numbers(
    chance: np.random.Generator, county: np.ndarray, birth: np.ndarray, sex: np.ndarray, twin: np.ndarray, copied: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Seventeen digits per person, a second number for a few (0 = none), and who shares a number with somebody."""
    n = len(county)
    holders = np.sort(chance.choice(n, size=round(n * rates.SECOND_NUMBER), replace=False))
    # Half of the second numbers come from another county, the others from another day of birth.
    moved = chance.random(len(holders)) < 0.5
    held = stocks()
    counties = np.where(moved, held.counties[chance.choice(len(held.counties), size=len(holders))], county[holders])
    days = np.where(moved, birth[holders], birth[holders] - chance.integers(1, 900, len(holders)))
    all_county, all_birth = np.concatenate([county, counties]), np.concatenate([birth, days])
    all_sex = np.concatenate([sex, sex[holders]])
    slot = (all_county.astype(np.int64) * 100_000 + (all_birth + 50_000)) * 2 + all_sex % 2
    sequence = chance.integers(0, SEQUENCES, len(slot))
    # Twins stand next to each other in the register.
    step = (sex[twin] == sex[twin - 1]).astype(int)
    sequence[twin] = (sequence[twin - 1] + step) % SEQUENCES
    for _ in range(200):
        key = slot * SEQUENCES + sequence
        order = np.argsort(key, kind="stable")
        taken = order[1:][key[order][1:] == key[order][:-1]]
        if not len(taken):
            break
        sequence[taken] = chance.integers(0, SEQUENCES, len(taken))
    else:
        raise ValueError("no free numbers left: more persons than the counties have room for")
    days8 = _yyyymmdd(all_birth)
    number = all_county.astype(np.int64) * 10**11 + days8 * 1000 + sequence * 2 + all_sex % 2
    second = np.zeros(n, np.int64)
    second[holders] = number[n:]
    number = number[:n]
    late = np.flatnonzero(copied >= 0)
    number[late] = number[copied[late]]
    is_double = np.zeros(n, bool)
    is_double[late] = is_double[copied[late]] = True
    return number, second, is_double


def _yyyymmdd(birth: np.ndarray) -> np.ndarray:
    days = birth.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    year, month = months.astype(int) // 12 + 1970, months.astype(int) % 12 + 1
    return year.astype(np.int64) * 10_000 + month * 100 + (days - months).astype(int) + 1


def number_texts(number: np.ndarray) -> np.ndarray:
    """Eighteen characters each, with the check digit of GB 11643; "" for 0. Objects of str."""
    total, rest = np.zeros(len(number), np.int64), number.copy()
    for weight in reversed(WEIGHTS):
        total += rest % 10 * weight
        rest //= 10
    texts = pc.binary_join_element_wise(pc.cast(pa.array(number), pa.string()), pa.array(CHECKS[total % 11]), "")
    return np.where(number == 0, "", texts.to_numpy(zero_copy_only=False))


def _phones(
    chance: np.random.Generator, household: np.ndarray, role: np.ndarray, birth: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    n, today = len(role), np.datetime64(rates.AS_OF, "D").astype(int)
    heads = chance.integers(3, 10, n) * 10**9 + chance.integers(0, 10**9, n)
    phone = 10**10 + heads
    age = (today - birth) / DAYS
    takes_part = (age < 15) | ((age > 72) & (chance.random(n) < 0.4))
    # Of those without a phone of their own the household's first member answers, or the second.
    of_family = start[household] + ((np.diff(start, append=n)[household] > 1) & (chance.random(n) < 0.4))
    phone = np.where(takes_part, phone[np.minimum(of_family, n - 1)], phone)
    second = np.where(chance.random(n) < rates.PERSONS_WITH_SECOND_PHONE, 10**10 + chance.integers(3 * 10**9, 10**10, n), 0)
    return phone, second


def _homes(
    chance: np.random.Generator, household: np.ndarray, count: int, county: np.ndarray
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Every household has a home; some have another, some members one of their own (a dormitory, a rented room)."""
    n, held = len(household), stocks()
    has_second = chance.random(count) < rates.HOUSEHOLDS_WITH_SECOND_HOME
    has_own = chance.random(n) < rates.PERSONS_WITH_OWN_HOME
    seconds, owns = int(has_second.sum()), int(has_own.sum())
    code = np.full(count, -1, np.int64)
    code[has_second] = count + np.arange(seconds)
    other = code[household]
    other[has_own] = count + seconds + np.arange(owns)
    total = count + seconds + owns
    near = np.concatenate([county, county[has_second], county[household[has_own]]])
    elsewhere = held.counties[chance.choice(len(held.counties), size=total, p=held.county_weights)]
    is_away = (np.arange(total) >= count) & (chance.random(total) < 0.4)
    is_village = chance.random(total) < 0.35
    homes = {
        "county": np.where(is_away, elsewhere, near),
        "is_village": is_village,
        **{kind: chance.integers(0, len(held.places[kind]), total, dtype=np.int16) for kind in ("streets", "roads", "estates", "villages")},
        "house": chance.integers(1, 300, total, dtype=np.int16),
        "building": chance.integers(1, 25, total, dtype=np.int16),
        "unit": chance.integers(1, 5, total, dtype=np.int16),
        "room": (chance.integers(1, 19, total) * 100 + chance.integers(1, 5, total)).astype(np.int16),
        "cadre_phone": (13_000_000_000 + near.astype(np.int64) * 1000 + chance.integers(0, 40, total)),
    }
    return household.astype(np.int64), other, homes
