"""Monthly income of a member: four components, each from the first source that has a value, with what other sources say.

Source: 社会救助法 18; 民发〔2021〕57号 13, 14. Assistance money is no income. Not modelled: twelve-month averages, local lists of
exempt income.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from warehouse.benefits.amounts import MICRO, NOT_KNOWN, InForce
from warehouse.benefits.answers import NONE_MISSING, bit
from warehouse.benefits.facts import NO_DAY, NOBODY, Facts, day_number, none_or_from, past, shanghai_days, younger
from warehouse.benefits.grouping import at
from warehouse.benefits.membership import Members, Whereabouts

FEN = MICRO // 100
RELEVANT_FEN = 100 * 100
WAGE_KINDS, PAID_STATES = (1, 3, 5, 6), (1, 2)
WINDOW_MONTHS = 3
OLD_AGE, SCHOOL_AGE_END = 60, 16
NO_WORK_STATES = (3, 4, 5)
NO_LABOUR = 3
WAGE_SOURCES = ("job_placements", "insurance_contributions", "means_checks", "assistance_members")
# Which source gave a component: place in WAGE_SOURCES for wages; NO_SOURCE: 0 by rule; UNKNOWN_SOURCE: missing.
NO_SOURCE, UNKNOWN_SOURCE = -1, -2


@dataclass(frozen=True)
class Wages:
    """Wages of each person by the two sources of the employment agency, NOT_KNOWN where they have none.

    `placed_since` is the first day of the latest employment in force, `insured_month` the month (yyyymm) the bases are of, and the
    rows are the ones in the facts that show it (-1: none).
    """

    placed: np.ndarray
    placed_since: np.ndarray
    placed_row: np.ndarray
    insured: np.ndarray
    insured_month: np.ndarray
    insured_row: np.ndarray

    @property
    def own(self) -> np.ndarray:
        """The first of the two that is known."""
        return np.where(self.placed != NOT_KNOWN, self.placed, self.insured)


@dataclass(frozen=True)
class Income:
    """Income of every member row, whether counted or not.

    `wage`, `business`, `property_income`, `transfer`: millionths a month as they count, 0 where missing. `wage_sources`: the four
    sources side by side, NOT_KNOWN where one has no value or is out of date. `wage_source`: which of them counts. `total`: their
    sum, a lower bound where `missing` names a component. `differs`: sources differ by what matters; `has_no_evidence`: returned, and
    nothing is known of a wage since.
    """

    wage: np.ndarray
    wage_sources: np.ndarray
    wage_source: np.ndarray
    business: np.ndarray
    property_income: np.ndarray
    transfer: np.ndarray
    transfer_sources: np.ndarray
    total: np.ndarray
    missing: np.ndarray
    differs: np.ndarray
    has_no_evidence: np.ndarray

    @property
    def is_open(self) -> np.ndarray:
        """What is known does not decide."""
        return self.differs | self.has_no_evidence


def wages_of(facts: Facts, as_of: date) -> Wages:
    """What the employment agency knows of every person's wage on the day."""
    placed, since, placed_row = _placements(facts, day_number(as_of))
    insured, month, insured_row = _insured(facts, as_of)
    return Wages(placed, since, placed_row, insured, month, insured_row)


def is_placed(facts: Facts, as_of: date) -> np.ndarray:
    """True for every row of job_placements in force on the day."""
    rows, day = facts["job_placements"], day_number(as_of)
    return past(rows["employment_start_date"].to_numpy(), day) & none_or_from(rows["employment_end_date"].to_numpy(), day)


def is_in_window(facts: Facts, as_of: date) -> np.ndarray:
    """True for every contribution for the month of the day or one of the three before it."""
    month = facts.column("insurance_contributions", "contribution_month")
    number = month // 100 * 12 + month % 100
    today = as_of.year * 12 + as_of.month
    return (month > 0) & (number >= today - WINDOW_MONTHS) & (number <= today)


def _placements(facts: Facts, day: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, count = facts["job_placements"], len(facts.persons)
    person, wage, start = (rows[name].to_numpy() for name in ("person_id", "wage_yuan", "employment_start_date"))
    holds = past(start, day) & none_or_from(rows["employment_end_date"].to_numpy(), day) & (wage != NOT_KNOWN) & (person != NOBODY)
    total, last = np.full(count, NOT_KNOWN, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    total[person[holds]] = 0
    np.add.at(total, person[holds], wage[holds])
    order = np.lexsort((start, person))
    order = order[holds[order]]
    last[person[order]] = order
    return total, at(start, last, NO_DAY), last


def _insured(facts: Facts, as_of: date) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, count = facts["insurance_contributions"], len(facts.persons)
    holds = is_in_window(facts, as_of) & (rows["contribution_base_yuan"] != NOT_KNOWN).to_numpy() & (rows["person_id"] != NOBODY).to_numpy()
    holds &= rows["insurance_kind_code"].isin(WAGE_KINDS).to_numpy() & rows["contribution_state_code"].isin(PAID_STATES).to_numpy()
    found = rows[holds]
    month, total, last = np.zeros(count, dtype=np.int32), np.full(count, NOT_KNOWN, dtype=np.int64), np.full(count, -1, dtype=np.int64)
    np.maximum.at(month, found["person_id"].to_numpy(), found["contribution_month"].to_numpy())
    found = found[found["contribution_month"].to_numpy() == month[found["person_id"].to_numpy()]]
    greatest = found.groupby(["person_id", "employer_credit_number"])["contribution_base_yuan"].max()
    summed = greatest.groupby(level=0).sum()
    total[summed.index.to_numpy()] = summed.to_numpy()
    last[found["person_id"].to_numpy()[::-1]] = found.index.to_numpy()[::-1]
    return total, month, last


def income_of(
    facts: Facts,
    members: Members,
    whereabouts: Whereabouts,
    wages: Wages,
    checks: pd.DataFrame,
    tolerance: InForce,
    work_cost: InForce,
) -> Income:
    """The income of every member row.

    Args:
        checks: the valid check of each member row, NOT_KNOWN and NO_CODE where there is none.
        tolerance: income_tolerance_share, `work_cost`: work_cost_deduction_yuan, both by member row.
    """
    rows = facts["assistance_members"]
    sources, has_no_evidence = _wage_sources(facts, members, whereabouts, wages, checks)
    is_known = sources != NOT_KNOWN
    first = np.where(is_known.any(axis=0), is_known.argmax(axis=0), NO_SOURCE)
    gross = np.where(first == NO_SOURCE, 0, np.take_along_axis(sources, np.maximum(first, 0)[None, :], axis=0)[0])
    gross[has_no_evidence] = 0
    is_wage_missing = (first == NO_SOURCE) & ~has_no_evidence & ~_has_no_wage_by_rule(facts, members.age)
    transfers = np.stack([rows["transfer_income_yuan"].to_numpy(), checks["pension_income_yuan"].to_numpy()])
    is_transfer_missing = (transfers.max(axis=0) == NOT_KNOWN) & ~younger(members.age, OLD_AGE)
    business, property_income = rows["business_income_yuan"].to_numpy(), rows["property_income_yuan"].to_numpy()
    has_no_business = checks["business_links_count"].to_numpy() == 0
    has_one_house = np.isin(checks["houses_count"].to_numpy(), (0, 1))
    missing = (
        np.where(is_wage_missing, bit("wage"), NONE_MISSING)
        | np.where((business == NOT_KNOWN) & ~has_no_business, bit("business"), NONE_MISSING)
        | np.where((property_income == NOT_KNOWN) & ~has_one_house, bit("property_income"), NONE_MISSING)
        | np.where(is_transfer_missing, bit("transfer"), NONE_MISSING)
    )
    wage = np.maximum(gross - work_cost.amount, 0)
    parts = [wage, *(np.maximum(one, 0) for one in (business, property_income, transfers.max(axis=0)))]
    return Income(
        wage=wage,
        wage_sources=sources,
        wage_source=np.where(is_wage_missing, UNKNOWN_SOURCE, np.where(has_no_evidence, NO_SOURCE, first)).astype(np.int8),
        business=parts[1],
        property_income=parts[2],
        transfer=parts[3],
        transfer_sources=transfers,
        total=np.sum(parts, axis=0),
        missing=missing,
        differs=(_differ(sources, gross, tolerance) & ~has_no_evidence) | _differ(transfers, transfers.max(axis=0), tolerance),
        has_no_evidence=has_no_evidence,
    )


def _wage_sources(
    facts: Facts, members: Members, whereabouts: Whereabouts, wages: Wages, checks: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """The four sources by member row, the last one left out where it is older than the return; and who has no evidence since."""
    rows, person = facts["assistance_members"], members.person
    placed, insured = at(wages.placed, person, NOT_KNOWN), at(wages.insured, person, NOT_KNOWN)
    insured_wage, taxed = checks["insured_wage_yuan"].to_numpy(), checks["taxed_income_yuan"].to_numpy()
    monthly = np.where(taxed == NOT_KNOWN, NOT_KNOWN, (taxed + 6 * FEN) // (12 * FEN) * FEN)
    checked = np.maximum(insured_wage, monthly)
    checked = np.where(checked > 0, checked, NOT_KNOWN)
    told = rows["wage_income_yuan"].to_numpy()
    is_returned = at(whereabouts.is_returned, person, False)
    updated = shanghai_days(rows["source_updated_at"].to_numpy())
    is_stale = is_returned & (told != NOT_KNOWN) & (updated < at(whereabouts.return_day, person, NO_DAY))
    has_work = (placed != NOT_KNOWN) | (insured != NOT_KNOWN)
    has_no_evidence = is_returned & ~has_work & (is_stale | ((checked == NOT_KNOWN) & (told == NOT_KNOWN)))
    return np.stack([placed, insured, checked, np.where(is_stale, NOT_KNOWN, told)]), has_no_evidence


def _has_no_wage_by_rule(facts: Facts, age: np.ndarray) -> np.ndarray:
    rows = facts["assistance_members"]
    student = rows["student_level_code"].to_numpy()
    cannot_work = rows["labour_capacity_code"].to_numpy() == NO_LABOUR
    has_no_work = np.isin(rows["work_state_code"].to_numpy(), NO_WORK_STATES)
    return cannot_work | younger(age, SCHOOL_AGE_END) | ((student >= 1) & (student <= 6)) | has_no_work


def _differ(sources: np.ndarray, used: np.ndarray, tolerance: InForce) -> np.ndarray:
    """True where a known source differs from the used one by more than 100 yuan and by more than the share of the greater."""
    in_fen, used_fen = sources // FEN, used // FEN
    gap = np.abs(in_fen - used_fen)
    matters = (gap > RELEVANT_FEN) & (gap * MICRO > tolerance.amount * np.maximum(in_fen, used_fen))
    return (matters & (sources != NOT_KNOWN)).any(axis=0)
