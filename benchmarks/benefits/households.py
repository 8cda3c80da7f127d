"""Fictional households as the tables the benefit rules take: one to four members each, checks, work, insurance, stays; from a seed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

DAY = date(2026, 11, 20)
TODAY = (DAY - date(1970, 1, 1)).days
REGIONS = np.array([140221, 140106, 210102, 500103, 410102])
STREETS = 1_000_001
YUAN = 1_000_000
SHARE_SELF_TOLD = 0.8


def tables(first: int, count: int, seed: int) -> dict[str, pd.DataFrame]:
    """Households `first` to `first + count` with everything about them; the same numbers give the same households."""
    pick = np.random.default_rng([seed, first])
    numbers = pd.Series(np.arange(first, first + count)).map("H{:09d}".format).to_numpy(dtype=object)
    sizes = pick.integers(1, 5, count)
    region = pick.choice(REGIONS, count)
    of_member = np.repeat(np.arange(count), sizes)
    place = np.arange(len(of_member)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    persons = pd.Series(np.arange(len(of_member)) + first * 8).map("P{:010d}".format).to_numpy(dtype=object)
    updated = (TODAY - pick.integers(1, 400, len(of_member))) * 86_400 * 1_000_000
    households = pd.DataFrame(
        {
            "source_key": numbers,
            "source_updated_at": (TODAY - 30) * 86_400 * 1_000_000,
            "household_number": numbers,
            "person_id": persons[np.cumsum(sizes) - sizes],
            "household_register_number": "",
            "category_code": pick.choice([11, 12, 31, 51], count, p=[0.35, 0.4, 0.15, 0.1]),
            "household_state_code": pick.choice([1, 2, 3, 4, 5], count, p=[0.1, 0.75, 0.05, 0.05, 0.05]),
            "application_date": TODAY - pick.integers(30, 1500, count),
            "counted_members_count": sizes,
            "household_income_yuan": pick.integers(0, 3000, count) * YUAN,
            "next_review_date": TODAY + pick.integers(-60, 300, count),
            "assistance_region_code": region,
        }
    )
    away = pick.random(len(of_member)) < 0.02
    members = pd.DataFrame(
        {
            "source_key": persons,
            "source_updated_at": updated,
            "household_number": numbers[of_member],
            "person_id": persons,
            "birth_date": TODAY - pick.integers(1, 90 * 365, len(of_member)),
            "residence_region_code": region[of_member] * STREETS,
            "relationship_code": np.where(place == 0, 1, pick.choice([10, 20, 30, 51, 97], len(of_member))),
            "counted_state_code": np.where(away, 2, 0),
            "not_counted_start_date": np.where(away, TODAY - 700, np.nan),
            "labour_capacity_code": pick.choice([1, 2, 3], len(of_member)),
            "work_state_code": pick.choice([1, 3, 4, 5], len(of_member)),
            "wage_income_yuan": _told(pick, pick.choice([0, 0, 400, 900, 2600], len(of_member))),
            "business_income_yuan": _told(pick, np.zeros(len(of_member))),
            "property_income_yuan": _told(pick, np.zeros(len(of_member))),
            "transfer_income_yuan": _told(pick, pick.choice([0, 310], len(of_member))),
            "disability_type_code": pick.choice([0, 4, 5, 6], len(of_member), p=[0.85, 0.05, 0.05, 0.05]),
            "disability_grade_code": pick.integers(1, 5, len(of_member)),
            "major_illness_code": pick.choice([0, 1, 2], len(of_member), p=[0.9, 0.05, 0.05]),
            "student_level_code": pick.choice([0, 2, 5], len(of_member)),
        }
    )
    made = {
        "assistance_households": households,
        "assistance_members": members,
        "means_checks": _checks(pick, members),
        "job_placements": _placements(pick, persons),
        "insurance_contributions": _insurance(pick, persons),
        "absences": _absences(pick, persons[away]),
        "addresses": pd.DataFrame({"person_id": persons[away], "residence_region_code": region[of_member[away]] * STREETS}),
    }
    return {name: _as_read(table) for name, table in made.items()}


def _as_read(table: pd.DataFrame) -> pd.DataFrame:
    """Whole numbers that may be absent, as the reader of the database hands them over."""
    numbers = [name for name in table if pd.api.types.is_numeric_dtype(table[name])]
    return table.astype(dict.fromkeys(numbers, "Int64"))


def _told(pick: np.random.Generator, yuan: np.ndarray) -> np.ndarray:
    """Amounts in millionths; nothing is known of some."""
    return np.where(pick.random(len(yuan)) < 0.97, yuan * YUAN, np.nan)


def _checks(pick: np.random.Generator, members: pd.DataFrame) -> pd.DataFrame:
    rows = members[pick.random(len(members)) < 0.95]
    count = len(rows)
    return pd.DataFrame(
        {
            "source_key": rows["source_key"].to_numpy(),
            "household_number": rows["household_number"].to_numpy(),
            "person_id": rows["person_id"].to_numpy(),
            "consent_date": TODAY - 120,
            "request_date": TODAY - 119,
            "report_issued_date": TODAY - 100,
            "valid_until_date": TODAY + 80,
            "insured_wage_yuan": 0,
            "taxed_income_yuan": 0,
            "pension_income_yuan": pick.choice([0, 0, 0, 1040], count) * YUAN,
            "houses_count": pick.choice([0, 0, 1, 1, 2], count),
            "houses_area_sqm": pick.integers(0, 120, count) * YUAN,
            "vehicles_count": pick.choice([0, 1], count, p=[0.95, 0.05]),
            "vehicles_value_yuan": pick.choice([0, 2000, 60000], count) * YUAN,
            "business_links_count": pick.choice([0, 1], count, p=[0.98, 0.02]),
            "deposit_band_code": pick.choice([0, 1, 2, 3], count, p=[0.4, 0.4, 0.15, 0.05]),
            "securities_band_code": pick.choice([0, 1], count, p=[0.95, 0.05]),
            "check_result_code": pick.choice([1, 2, 3], count, p=[0.95, 0.02, 0.03]),
        }
    )


def _placements(pick: np.random.Generator, persons: np.ndarray) -> pd.DataFrame:
    who = persons[pick.random(len(persons)) < 0.1]
    since, wage = TODAY - pick.integers(1, 300, len(who)), pick.integers(1500, 6000, len(who)) * YUAN
    return pd.DataFrame({"source_key": who, "person_id": who, "employment_start_date": since, "wage_yuan": wage})


def _insurance(pick: np.random.Generator, persons: np.ndarray) -> pd.DataFrame:
    who = np.repeat(persons[pick.random(len(persons)) < 0.15], 3)
    return pd.DataFrame(
        {
            "source_key": pd.Series(np.arange(len(who))).astype(str) + who,
            "person_id": who,
            "insurance_kind_code": 1,
            "contribution_month": np.tile([202609, 202610, 202611], len(who) // 3),
            "employer_credit_number": "E1",
            "contribution_base_yuan": np.repeat(pick.integers(1500, 6000, len(who) // 3), 3) * YUAN,
            "contribution_state_code": 1,
        }
    )


def _absences(pick: np.random.Generator, who: np.ndarray) -> pd.DataFrame:
    back = np.where(pick.random(len(who)) < 0.6, TODAY - pick.integers(1, 200, len(who)), np.nan)
    return pd.DataFrame({"person_id": who, "decision_date": TODAY - 705, "return_date": back, "is_over": 0})
