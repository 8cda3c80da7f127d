"""Four-valued answers as columns: true, false, open, or missing with the names of the facts that are missing.

Answers are int8 columns whose order is the order of precedence (false, missing, open, true), so that conditions combine by taking
the smallest. Beside them stands a column of bit masks, one bit per name, that is 0 wherever the answer is not MISSING.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

FALSE, MISSING, OPEN, TRUE = 0, 1, 2, 3
WORDS = ("false", "missing", "open", "true")
OUTCOMES = ("unlikely", "unknown", "possible", "likely")

FACTS = (
    "wage",
    "business",
    "property_income",
    "transfer",
    "means_check",
    "members",
    "housing_area",
    "labour_capacity",
    "supporters",
    "rigid_spending",
    "parent_state",
    "co_residence",
)
PROPERTY_PARAMETERS = ("vehicles_max", "vehicles_value_max_yuan", "houses_max", "houses_area_max_sqm", "financial_ceiling_months")
PARAMETERS = (
    "dibao_standard_yuan",
    "marginal_multiplier",
    "disposable_income_per_head_yuan",
    "rigid_share",
    *PROPERTY_PARAMETERS,
    *(f"marginal_{name}" for name in PROPERTY_PARAMETERS),
    *(f"rigid_{name}" for name in PROPERTY_PARAMETERS),
    "work_cost_deduction_yuan",
    "income_tolerance_share",
    "payable_rounding_yuan",
    "payment_mode",
    "temporary_income_multiplier",
    "temporary_times_per_year",
    "temporary_assistance_window_days",
    "benefit_window_days",
    "housing_area_line_sqm",
    "housing_income_multiplier",
    "work_age_max_years",
    "long_unemployed_months",
    "older_worker_age_male_years",
    "older_worker_age_female_years",
    "tenancy_warn_months",
)
NAMES = (*FACTS, *(f"parameter:{name}" for name in PARAMETERS))
BITS = {name: np.uint64(1 << place) for place, name in enumerate(NAMES)}
NONE_MISSING = np.uint64(0)


def bit(name: str) -> np.uint64:
    """The mask with this name alone.

    Raises:
        KeyError: no rule knows the name.
    """
    return BITS[name]


@cache
def names_of(mask: int) -> tuple[str, ...]:
    """The names of a mask, sorted; without the person or row they belong to."""
    return tuple(sorted(name for place, name in enumerate(NAMES) if mask >> place & 1))


@dataclass(frozen=True)
class Answer:
    """One condition's answers: `result` (int8) and `missing` (uint64 masks, 0 unless the result is MISSING), one per row."""

    result: np.ndarray
    missing: np.ndarray

    def __len__(self) -> int:
        return len(self.result)

    def take(self, rows: np.ndarray) -> Answer:
        """The answers of these rows."""
        return Answer(self.result[rows], self.missing[rows])

    def word(self, row: int) -> str:
        """One answer as reasons show it: true, false, open or missing(names)."""
        word = WORDS[self.result[row]]
        return f"missing({','.join(names_of(int(self.missing[row])))})" if word == "missing" else word


def answer(result: np.ndarray, missing: np.ndarray | None = None) -> Answer:
    """An answer whose masks are empty wherever the result is not MISSING."""
    codes = result.astype(np.int8)
    if missing is None:
        return Answer(codes, np.zeros(len(codes), dtype=np.uint64))
    return Answer(codes, np.where(codes == MISSING, missing, NONE_MISSING))


def always(result: int, rows: int, name: str | None = None) -> Answer:
    """The same answer for every row; `name` is the fact that is missing."""
    missing = np.full(rows, bit(name), dtype=np.uint64) if name else None
    return answer(np.full(rows, result), missing)


def decided(*, is_false: np.ndarray, missing: np.ndarray, is_open: np.ndarray) -> Answer:
    """False wins, then missing names, then open, else true."""
    return answer(np.where(is_false, FALSE, np.where(missing != 0, MISSING, np.where(is_open, OPEN, TRUE))), missing)


def combine(answers: Sequence[Answer]) -> Answer:
    """The outcome of conditions that must all hold (OUTCOMES by code), with the names missing in any of them.

    Any false: unlikely; else any missing: unknown; else any open: possible; else likely. The names stand beside unlikely too: they
    are what else was not known.
    """
    result = np.minimum.reduce([one.result for one in answers])
    return Answer(result, np.bitwise_or.reduce([one.missing for one in answers]))
