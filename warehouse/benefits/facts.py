"""Facts of benefits as columns: what feeds say of households, members, their income and housing, and of days of return.

One frame per feed, one row per current row of it, columns named as the feed's fields. Frames stand in order of household (or person)
and source key, whatever order the rows came in. Everything is coded in small whole numbers:

| kind | dtype | not known |
|---|---|---|
| household, person, employer | int32, place in `households`, `persons` | NOBODY |
| day | int32, days since 1970-01-01 | NO_DAY |
| code | int8, the code as a number | NO_CODE |
| quantity (yuan, square metres) | int64, millionths | NOT_KNOWN |
| count, month (yyyymm) | int32 | NO_CODE, 0 |
| region | int64, its digits | NO_REGION |
| instant | int64, microseconds since 1970 in UTC | – |
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from warehouse.benefits.amounts import NOT_KNOWN

NOBODY = -1
NO_CODE = -1
NO_DAY = -(2**31)
NO_REGION = 0
EPOCH = date(1970, 1, 1)

CODED = {"day": (np.int32, NO_DAY), "code": (np.int8, NO_CODE), "quantity": (np.int64, NOT_KNOWN), "count": (np.int32, NO_CODE)}
CODED |= {"month": (np.int32, 0), "region": (np.int64, NO_REGION), "instant": (np.int64, 0)}

ROW = {"source_key": "text", "source_updated_at": "instant"}
HOUSEHOLD = {"household_number": "household"}
PERSON = {"person_id": "person"}
# Who a row of one household is taken for inside that household, also while a person still looks at who it is.
CANDIDATE = {"candidate_id": "person"}
FEEDS: Mapping[str, Mapping[str, str]] = {
    "assistance_households": ROW
    | HOUSEHOLD
    | PERSON
    | {
        "household_register_number": "text",
        "category_code": "code",
        "household_state_code": "code",
        "application_date": "day",
        "benefit_end_month": "month",
        "counted_members_count": "count",
        "household_income_yuan": "quantity",
        "next_review_date": "day",
        "assistance_region_code": "region",
    },
    "assistance_members": ROW
    | HOUSEHOLD
    | PERSON
    | CANDIDATE
    | {
        "birth_date": "day",
        "residence_region_code": "region",
        "relationship_code": "code",
        "counted_state_code": "code",
        "not_counted_start_date": "day",
        "not_counted_end_date": "day",
        "labour_capacity_code": "code",
        "work_state_code": "code",
        "wage_income_yuan": "quantity",
        "business_income_yuan": "quantity",
        "property_income_yuan": "quantity",
        "transfer_income_yuan": "quantity",
        "disability_type_code": "code",
        "disability_grade_code": "code",
        "major_illness_code": "code",
        "student_level_code": "code",
        "household_join_date": "day",
        "household_leave_date": "day",
    },
    "means_checks": ROW
    | HOUSEHOLD
    | PERSON
    | CANDIDATE
    | {
        "consent_date": "day",
        "request_date": "day",
        "report_issued_date": "day",
        "valid_until_date": "day",
        "insured_wage_yuan": "quantity",
        "taxed_income_yuan": "quantity",
        "pension_income_yuan": "quantity",
        "houses_count": "count",
        "houses_area_sqm": "quantity",
        "vehicles_count": "count",
        "vehicles_value_yuan": "quantity",
        "business_links_count": "count",
        "deposit_band_code": "code",
        "securities_band_code": "code",
        "check_result_code": "code",
    },
    "job_placements": ROW | PERSON | {"employment_start_date": "day", "employment_end_date": "day", "wage_yuan": "quantity"},
    "insurance_contributions": ROW
    | PERSON
    | {
        "insurance_kind_code": "code",
        "contribution_month": "month",
        "employer_credit_number": "employer",
        "contribution_base_yuan": "quantity",
        "contribution_state_code": "code",
    },
    "job_seekers": ROW
    | PERSON
    | {
        "residence_region_code": "region",
        "job_registration_type_code": "code",
        "job_registration_date": "day",
        "unemployed_since_date": "day",
        "employment_hardship_start_date": "day",
        "employment_hardship_end_date": "day",
        "job_state_code": "code",
    },
    "public_housing": ROW
    | HOUSEHOLD
    | PERSON
    | {
        "application_number": "text",
        "application_date": "day",
        "current_area_sqm": "quantity",
        "arrears_months": "count",
        "idle_months": "count",
        "tenancy_state_code": "code",
        "assistance_region_code": "region",
    },
    "temporary_assistance": ROW | HOUSEHOLD | PERSON | {"approval_date": "day", "approved_amount_yuan": "quantity"},
}
# What is known beside the feeds: of whom it is, never by which row.
KNOWN: Mapping[str, Mapping[str, str]] = {
    # One row per absence: since when, until when (none = still away), region the return was announced for.
    "absences": PERSON | {"decision_date": "day", "return_date": "day", "return_region_code": "region", "is_over": "code"},
    "deaths": PERSON | {"change_date": "day"},
    "addresses": PERSON | {"source_updated_at": "instant", "residence_region_code": "region", "address_verified_date": "day"},
    "people": PERSON | {"birth_date": "day", "sex_code": "code"},
    # One row per child's member row and known parent.
    "parents": {"source_key": "text"} | PERSON,
    # Of the register of the population: who moved where, and births by the number of the household's register.
    "moves": PERSON | {"change_date": "day", "new_region_code": "region"},
    "births": PERSON
    | {"change_date": "day", "household_register_number": "text", "new_region_code": "region", "police_region_code": "region"},
    # Ordinary payments that arrived, of households with a category that has ended.
    "payments": HOUSEHOLD | {"category_code": "code", "benefit_month": "month", "payment_date": "day"},
}


@dataclass(frozen=True)
class Facts:
    """Everything the rules look at, as coded frames; `households` and `persons` are the numbers and ids behind the codes."""

    households: np.ndarray
    persons: np.ndarray
    frames: Mapping[str, pd.DataFrame]
    _columns: dict[tuple[str, str], np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]

    def column(self, name: str, column: str) -> np.ndarray:
        """One column as an array; it is taken out of its frame once."""
        found = self._columns.get((name, column))
        if found is None:
            found = self._columns[name, column] = self.frames[name][column].to_numpy()
        return found


def facts_of(tables: Mapping[str, pd.DataFrame]) -> Facts:
    """The facts in these tables; the order of rows does not matter, a table left out is empty.

    Args:
        tables: by name of FEEDS and KNOWN; ids, numbers and keys as text, days as days since 1970-01-01, quantities in millionths,
            everything else as whole numbers; nothing known = null.
    """
    whole = {name: _plain(tables.get(name), kinds) for name, kinds in {**FEEDS, **KNOWN}.items()}
    # One index for each kind: its table of places is made once, not for every column.
    codes = {kind: pd.Index(_distinct(whole, kind), dtype=object) for kind in ("household", "person", "employer")}
    frames = {name: _coded(whole[name], kinds, codes) for name, kinds in {**FEEDS, **KNOWN}.items()}
    return Facts(codes["household"].to_numpy(), codes["person"].to_numpy(), frames)


def _plain(table: pd.DataFrame | None, kinds: Mapping[str, str]) -> pd.DataFrame:
    if table is None:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in kinds})
    if "candidate_id" in kinds and "candidate_id" not in table:
        table = table.assign(candidate_id=table["person_id"])
    return table.reindex(columns=list(kinds))


def _distinct(tables: Mapping[str, pd.DataFrame], kind: str) -> np.ndarray:
    found: set[str] = set()
    for name, kinds in {**FEEDS, **KNOWN}.items():
        for column in (column for column, has in kinds.items() if has == kind):
            found.update(tables[name][column].dropna().unique().tolist())
    return np.array(sorted(found), dtype=object)


def _coded(table: pd.DataFrame, kinds: Mapping[str, str], codes: Mapping[str, pd.Index]) -> pd.DataFrame:
    columns = {name: _column(table[name], kind, codes) for name, kind in kinds.items()}
    group = "household_number" if "household_number" in kinds else "person_id"
    # Keys tell the rows of a feed apart; what is known without one is ordered by all it says.
    order = [group, "source_key"] if "source_updated_at" in kinds and "source_key" in kinds else [group, *(n for n in kinds if n != group)]
    return pd.DataFrame(columns).sort_values(order, ignore_index=True, kind="stable")


def _column(values: pd.Series, kind: str, codes: Mapping[str, pd.Index]) -> np.ndarray | pd.Series:
    if kind == "text":
        return values.astype("str").where(values.notna(), "")
    if kind in codes:
        return codes[kind].get_indexer(pd.Index(values.astype(object), dtype=object)).astype(np.int32)
    dtype, nothing = CODED[kind]
    if pd.api.types.is_extension_array_dtype(values.dtype) and pd.api.types.is_integer_dtype(values.dtype):
        return values.to_numpy(dtype=dtype, na_value=nothing)
    return values.astype("object").where(values.notna(), nothing).to_numpy().astype(dtype)


def day_number(day: date) -> int:
    """A day as days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date | None:
    """The day behind a number; None for NO_DAY."""
    return None if number == NO_DAY else date.fromordinal(EPOCH.toordinal() + int(number))


def shanghai_days(instants: np.ndarray) -> np.ndarray:
    """The Asia/Shanghai day (UTC+8, no summer time) of instants in microseconds, as day numbers."""
    return ((instants + 8 * 3_600_000_000) // 86_400_000_000).astype(np.int32)


def shanghai_day(instant: int) -> date:
    """The Asia/Shanghai day of one instant in microseconds."""
    return date.fromordinal(EPOCH.toordinal() + (instant + 8 * 3_600_000_000) // 86_400_000_000)


def months_before(day: date, months: int) -> date:
    """The same day so many months before, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def ages(birth_days: np.ndarray, as_of: date) -> np.ndarray:
    """Full years on the day, int32; NO_CODE where the birth is not known."""
    days = birth_days.astype("datetime64[D]")
    months = days.astype("datetime64[M]").astype(np.int64)
    day_in_month = (days - days.astype("datetime64[M]")).astype(np.int64) + 1
    today = (as_of.year - 1970) * 12 + as_of.month - 1
    full_months = today - months - (day_in_month > as_of.day)
    return np.where(birth_days == NO_DAY, NO_CODE, full_months // 12).astype(np.int32)


def younger(age: np.ndarray, years: int) -> np.ndarray:
    """True where the age is known and below so many years."""
    return (age >= 0) & (age < years)


def past(days: np.ndarray, as_of: int) -> np.ndarray:
    """True where the day is known and not after the day looked at: later facts do not exist yet."""
    return (days != NO_DAY) & (days <= as_of)


def none_or_from(days: np.ndarray, as_of: int) -> np.ndarray:
    """True where an end is open or not before the day looked at."""
    return (days == NO_DAY) | (days >= as_of)
