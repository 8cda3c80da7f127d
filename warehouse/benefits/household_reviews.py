"""Reviews of a household that no change of its members asks for: residence, wages, dates due, births, counts, late payments.

Each answer is a list of (household, day number and, where told, more); households by their place in the facts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from warehouse.benefits.amounts import MICRO, NOT_KNOWN, two_decimals
from warehouse.benefits.facts import EPOCH, NO_DAY, NO_REGION, NOBODY, Facts, day_number, past
from warehouse.benefits.grouping import any_by, at, latest_by
from warehouse.benefits.household_changes import PAID, is_paid_to
from warehouse.benefits.income import is_placed
from warehouse.benefits.membership import ACTIVE, LOOKED_AT_CATEGORIES, RESIDENCE_UNKNOWN, first_digits
from warehouse.benefits.situation import Situation
from warehouse.benefits.wakes import DAYS_OF_BIRTHS

RELEVANT = 100 * MICRO
ENDED = 4
HOUSEHOLDS = "assistance_households"


def _existing(situation: Situation) -> pd.DataFrame:
    rows = situation.facts[HOUSEHOLDS]
    return rows[past(rows["application_date"].to_numpy(), day_number(situation.as_of))]


def _looked_at(situation: Situation) -> np.ndarray:
    return situation.households.is_active & situation.households.is_looked_at


def unknown_residences(situation: Situation) -> list[tuple[int, int]]:
    """Households with a member who came back and whose residence nobody knows; the day of return."""
    members = situation.members
    rows = np.flatnonzero((members.line == RESIDENCE_UNKNOWN) & _looked_at(situation)[members.household])
    days = at(situation.whereabouts.return_day, members.person[rows], NO_DAY)
    return list(zip(members.household[rows].tolist(), days.tolist(), strict=True))


def higher_wages(situation: Situation) -> list[tuple[int, int]]:
    """Households in payment in which a wage known to the employment agency exceeds the recorded one by what matters.

    The day is the latest among such members: start of the latest employment in force, else the month of the contribution.
    """
    facts, members = situation.facts, situation.members
    own, wages = at(situation.wages.own, members.person, NOT_KNOWN), situation.wages
    recorded = np.maximum(facts.column("assistance_members", "wage_income_yuan"), 0)
    share = situation.law.in_force("income_tolerance_share", situation.households.places.take(members.household))
    gap, fen = own - recorded, MICRO // 100
    is_higher = (gap > RELEVANT) & (gap // fen * MICRO > share.amount * (own // fen)) & (own != NOT_KNOWN) & (share.missing == 0)
    is_higher &= members.is_counted & (_looked_at(situation) & is_paid_to(situation))[members.household]
    placed = facts["job_placements"]
    since = latest_by(
        placed["person_id"].to_numpy(), placed["employment_start_date"].to_numpy(), is_placed(facts, situation.as_of), len(facts.persons)
    )
    started = np.where(since != NO_DAY, since, _first_days(wages.insured_month))
    day = latest_by(members.household, at(started, members.person, NO_DAY), is_higher, len(facts.households))
    return [(household, int(day[household])) for household in np.flatnonzero(day != NO_DAY).tolist()]


def _first_days(months: np.ndarray) -> np.ndarray:
    """First day of months (yyyymm) as day numbers."""
    since_epoch = (months // 100 - EPOCH.year) * 12 + months % 100 - 1
    return since_epoch.astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)


def income_recorded(situation: Situation, household: int) -> dict[str, Any]:
    """Members as worked out and the income that the agency recorded."""
    row = int(situation.households.row[household])
    told = situation.facts.column(HOUSEHOLDS, "household_income_yuan")[row] if row >= 0 else NOT_KNOWN
    return {"members": int(situation.totals.counted[household]), "income_yuan": None if told == NOT_KNOWN else two_decimals(int(told))}


def income_shown(situation: Situation, household: int, *, is_known: bool) -> dict[str, Any]:
    """Members and income as worked out; null where a part of the income is missing."""
    income = two_decimals(int(situation.totals.income[household])) if is_known else None
    return {"members": int(situation.totals.counted[household]), "income_yuan": income}


def incomes_known(situation: Situation) -> np.ndarray:
    """By household: no part of the income of anybody counted is missing."""
    members = situation.members
    return ~any_by(members.household, members.is_counted & (situation.income.missing != 0), len(situation.facts.households))


def due_reviews(situation: Situation) -> list[tuple[int, int]]:
    """Households in payment whose review is overdue, for each row's date."""
    rows = _existing(situation)
    due = rows["next_review_date"]
    holds = rows["category_code"].isin(LOOKED_AT_CATEGORIES) & rows["household_state_code"].isin(PAID)
    holds &= (due != NO_DAY) & (due < day_number(situation.as_of)) & _looked_at(situation)[rows["household_number"]]
    return sorted(set(zip(rows["household_number"][holds].tolist(), due[holds].tolist(), strict=True)))


def births(situation: Situation) -> list[tuple[int, int]]:
    """Households in payment into whose register a child was born in the last year who is no member."""
    facts, day = situation.facts, day_number(situation.as_of)
    born, rows = facts["births"], _existing(situation)
    born = born[born["change_date"].between(day - DAYS_OF_BIRTHS, day) & (born["household_register_number"] != "")]
    rows = rows[(rows["household_register_number"] != "") & (rows["assistance_region_code"] != NO_REGION)]
    rows = rows[(_looked_at(situation) & is_paid_to(situation))[rows["household_number"]]]
    if born.empty or rows.empty:
        return []
    here = rows.assign(county=first_digits(rows["assistance_region_code"].to_numpy(), 6))
    told = [born.assign(county=first_digits(born[name].to_numpy(), 6)) for name in ("new_region_code", "police_region_code")]
    both = ["household_register_number", "county"]
    columns = [*both, "person_id", "change_date"]
    found = pd.concat(told)[columns].merge(here[[*both, "household_number"]].drop_duplicates(), on=both)
    is_inside = _is_member(situation, found["household_number"].to_numpy(), found["person_id"].to_numpy())
    found = found[~is_inside]
    return sorted(set(zip(found["household_number"].tolist(), found["change_date"].tolist(), strict=True)))


def _is_member(situation: Situation, household: np.ndarray, person: np.ndarray) -> np.ndarray:
    members = situation.members
    inside = members.household[members.is_member].astype(np.int64) << 32 | members.person[members.is_member].astype(np.int64) & 0xFFFFFFFF
    return np.isin(household.astype(np.int64) << 32 | person.astype(np.int64) & 0xFFFFFFFF, inside) & (person != NOBODY)


def count_mismatches(situation: Situation) -> list[tuple[int, int]]:
    """Active households whose recorded number of members is not that of their list; with the recorded number."""
    rows = _existing(situation)
    told = rows["counted_members_count"]
    holds = rows["category_code"].isin(LOOKED_AT_CATEGORIES) & rows["household_state_code"].isin(ACTIVE)
    wrong = rows[holds & (told != situation.totals.recorded[rows["household_number"]])].drop_duplicates("household_number")
    return list(zip(wrong["household_number"].tolist(), wrong["counted_members_count"].tolist(), strict=True))


def payments_after_end(situation: Situation) -> Iterator[tuple[int, int, int, int]]:
    """Households paid for a month after the last one of an ended category: first day of that month, last month, that month."""
    facts: Facts = situation.facts
    rows, paid = _existing(situation), facts["payments"]
    ended = rows[(rows["household_state_code"] == ENDED) & (rows["benefit_end_month"] > 0)]
    has_come = (paid["payment_date"] == NO_DAY) | (paid["payment_date"] <= day_number(situation.as_of))
    on = ["household_number", "category_code"]
    found = ended[[*on, "benefit_end_month"]].merge(paid[has_come], on=on)
    found = found[found["benefit_month"] > found["benefit_end_month"]]
    first = found.groupby([*on, "benefit_end_month"], as_index=False)["benefit_month"].min()
    for row in first.itertuples(index=False):
        day = int(_first_days(np.array([row.benefit_month]))[0])
        yield int(row.household_number), day, int(row.benefit_end_month), int(row.benefit_month)
