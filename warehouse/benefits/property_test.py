"""Valid checks of members, and the property test over them: vehicles, dwellings, money, business links, the check's own result.

Source: 社会救助法 18, 40; 民发〔2021〕57号 15, 16. A check counts only with consent given before it was asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from warehouse.benefits.amounts import MICRO, NOT_KNOWN, InForce, Law
from warehouse.benefits.answers import FALSE, MISSING, NONE_MISSING, OPEN, PROPERTY_PARAMETERS, TRUE, Answer, answer, bit
from warehouse.benefits.facts import CODED, FEEDS, NO_CODE, NO_DAY, NOBODY, Facts, day_number, none_or_from, past, younger
from warehouse.benefits.grouping import any_by, at, sum_by
from warehouse.benefits.membership import Households, Members
from warehouse.benefits.totals import Totals

ADULT = 18
DOES_NOT_FIT, TO_BE_SEEN = 2, 3
# Bounds in yuan of the bands of deposits and securities; a band not told may be anything.
BAND_LOWER = (0, 0, 5_000, 20_000, 50_000, 100_000)
BAND_UPPER = (0, 5_000, 20_000, 50_000, 100_000, None)
TESTS = ("vehicles", "houses", "money", "business", "check_result")


@dataclass(frozen=True)
class Property:
    """What the valid checks of a household's counted adults add up to, one row per household.

    Sums are lower bounds where a check leaves the field empty (`is_..._told` False). `lower`, `upper`: bounds of money in millionths
    of a yuan; `has_no_upper`: no upper bound. `row`: the check of the first of them (-1: none). `lacks_check`: an adult has none.
    """

    vehicles: np.ndarray
    vehicles_value: np.ndarray
    houses: np.ndarray
    houses_area: np.ndarray
    is_told: dict[str, np.ndarray]
    lower: np.ndarray
    upper: np.ndarray
    has_no_upper: np.ndarray
    has_business: np.ndarray
    does_not_fit: np.ndarray
    is_to_be_seen: np.ndarray
    lacks_check: np.ndarray


def valid_checks(facts: Facts, as_of: date) -> tuple[np.ndarray, pd.DataFrame]:
    """The valid check of each member row: its row in means_checks (-1: none), and its fields by member row.

    Valid: issued by the day, not run out, consent not after the request; of several the latest issued, then the greatest key. A check
    belongs to the member of its own household whom it is taken for, also while that link is under review.
    """
    rows, members, day = facts["means_checks"], facts["assistance_members"], day_number(as_of)
    issued, consent, request = (rows[name].to_numpy() for name in ("report_issued_date", "consent_date", "request_date"))
    is_valid = past(issued, day) & none_or_from(rows["valid_until_date"].to_numpy(), day)
    is_valid &= (consent != NO_DAY) & (consent <= request) & (rows["candidate_id"] != NOBODY).to_numpy()
    of_check = _pair(rows)
    order = np.lexsort((issued, of_check))
    order = order[is_valid[order]]
    pairs, last = np.unique(of_check[order][::-1], return_index=True)
    chosen = order[::-1][last]
    wanted = _pair(members)
    place = np.minimum(np.searchsorted(pairs, wanted), max(len(pairs) - 1, 0))
    is_found = (pairs[place] == wanted) if len(pairs) else np.zeros(len(wanted), dtype=bool)
    row = np.where(is_found & (members["candidate_id"] != NOBODY).to_numpy(), at(chosen, np.where(is_found, place, -1), -1), -1)
    kinds = {name: kind for name, kind in FEEDS["means_checks"].items() if kind in {"quantity", "count", "code"}}
    fields = {name: at(rows[name].to_numpy(), row, CODED[kind][1]) for name, kind in kinds.items()}
    return row, pd.DataFrame(fields)


def _pair(rows: pd.DataFrame) -> np.ndarray:
    return rows["household_number"].to_numpy().astype(np.int64) << 32 | rows["candidate_id"].to_numpy().astype(np.int64) & 0xFFFFFFFF


def property_of(members: Members, check_row: np.ndarray, checks: pd.DataFrame, count: int) -> Property:
    """What the checks of counted adults add up to for each of `count` households."""
    is_adult = members.is_counted & ~younger(members.age, ADULT)
    has_check = is_adult & (check_row >= 0)
    household = members.household[has_check]
    mine = checks[has_check]

    def total(name: str) -> np.ndarray:
        return sum_by(household, np.maximum(mine[name].to_numpy(), 0).astype(np.int64), count)

    def is_told(name: str, nothing: int) -> np.ndarray:
        return ~any_by(household, mine[name].to_numpy() == nothing, count)

    bands = [mine[name].to_numpy() for name in ("deposit_band_code", "securities_band_code")]
    lower, upper = np.array(BAND_LOWER, dtype=np.int64) * MICRO, np.array([bound or 0 for bound in BAND_UPPER], dtype=np.int64) * MICRO
    return Property(
        vehicles=total("vehicles_count"),
        vehicles_value=total("vehicles_value_yuan"),
        houses=total("houses_count"),
        houses_area=total("houses_area_sqm"),
        is_told={
            "vehicles": is_told("vehicles_count", NO_CODE),
            "vehicles_value": is_told("vehicles_value_yuan", NOT_KNOWN),
            "houses": is_told("houses_count", NO_CODE),
            "houses_area": is_told("houses_area_sqm", NOT_KNOWN),
        },
        lower=sum_by(household, np.sum([np.where(band == NO_CODE, 0, lower[band]) for band in bands], axis=0), count),
        upper=sum_by(household, np.sum([upper[band] for band in bands], axis=0), count),
        has_no_upper=any_by(household, np.any([(band == NO_CODE) | (band == len(BAND_UPPER) - 1) for band in bands], axis=0), count),
        has_business=any_by(household, mine["business_links_count"].to_numpy() > 0, count),
        does_not_fit=any_by(household, mine["check_result_code"].to_numpy() == DOES_NOT_FIT, count),
        is_to_be_seen=any_by(household, mine["check_result_code"].to_numpy() == TO_BE_SEEN, count),
        lacks_check=any_by(members.household[is_adult & (check_row < 0)], np.ones(int((is_adult & (check_row < 0)).sum()), bool), count),
    )


@dataclass(frozen=True)
class PropertyTest:
    """The property test of every household: its answer, the answers of its parts in order of TESTS, the ceiling in millionths."""

    answer: Answer
    parts: tuple[Answer, ...]
    ceiling: np.ndarray
    parameters: dict[str, InForce]


def property_test(owned: Property, totals: Totals, households: Households, law: Law, prefix: str = "") -> PropertyTest:
    """The property test of every household over its counted members.

    Args:
        prefix: a benefit's own limits (`marginal_`, `rigid_`) stand in for the general ones where the region has them.
    """
    counted = totals.counted
    used = {
        name: law.in_force(f"{prefix}{name}", households.places, instead_of=name) if prefix else law.in_force(name, households.places)
        for name in PROPERTY_PARAMETERS
    }
    standard = law.in_force("dibao_standard_yuan", households.places)
    ceiling = used["financial_ceiling_months"].amount * standard.amount * counted // MICRO
    parts = (
        _either_of(
            _within(owned.vehicles * MICRO, owned.is_told["vehicles"], used["vehicles_max"].amount),
            _within(owned.vehicles_value, owned.is_told["vehicles_value"], used["vehicles_value_max_yuan"].amount),
            used["vehicles_max"].missing | used["vehicles_value_max_yuan"].missing,
        ),
        _either_of(
            _within(owned.houses * MICRO, owned.is_told["houses"], used["houses_max"].amount),
            _within(owned.houses_area, owned.is_told["houses_area"], used["houses_area_max_sqm"].amount * counted),
            used["houses_max"].missing | used["houses_area_max_sqm"].missing,
        ),
        _money(owned, ceiling, used["financial_ceiling_months"].missing | standard.missing),
        answer(np.where(owned.has_business, OPEN, TRUE)),
        answer(np.where(owned.does_not_fit, FALSE, np.where(owned.is_to_be_seen, OPEN, TRUE))),
    )
    lacks = answer(np.where(owned.lacks_check, MISSING, TRUE), np.full(len(counted), bit("means_check")))
    unlisted = answer(np.where(totals.has_no_rows, MISSING, TRUE), np.full(len(counted), bit("members")))
    whole = (*parts, lacks, unlisted)
    result = np.minimum.reduce([part.result for part in whole])
    missing = np.bitwise_or.reduce([part.missing for part in whole])
    return PropertyTest(answer(result, missing), parts, ceiling, {**used, "dibao_standard_yuan": standard})


def _within(total: np.ndarray, is_told: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Answers whether a sum keeps its limit; a sum that is not whole can only break it."""
    return np.where(total > limit, FALSE, np.where(is_told, TRUE, MISSING))


def _either_of(one: np.ndarray, other: np.ndarray, parameters_missing: np.ndarray) -> Answer:
    """One of two limits kept is enough; without a limit's value nothing is decided."""
    best = np.where((one == TRUE) | (other == TRUE), TRUE, np.where((one == FALSE) & (other == FALSE), FALSE, MISSING))
    is_undecided = parameters_missing != 0
    missing = np.where(is_undecided, parameters_missing, bit("means_check"))
    return answer(np.where(is_undecided, MISSING, best), missing)


def _money(owned: Property, ceiling: np.ndarray, parameters_missing: np.ndarray) -> Answer:
    is_within = ~owned.has_no_upper & (owned.upper <= ceiling)
    result = np.where(owned.lower > ceiling, FALSE, np.where(is_within, TRUE, OPEN))
    return answer(np.where(parameters_missing != NONE_MISSING, MISSING, result), parameters_missing)
