"""Members and income of whole households, and the one comparison of income with a line. Source: 社会救助法 18."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.benefits.amounts import InForce
from warehouse.benefits.answers import NONE_MISSING, Answer, bit, decided
from warehouse.benefits.grouping import any_by, sum_by
from warehouse.benefits.income import Income
from warehouse.benefits.membership import RESIDENCE_UNKNOWN, Members


@dataclass(frozen=True)
class Totals:
    """Income of every household, over its counted members.

    `has_no_rows`: nobody is on its list at all. `counted`: n;
    `in_doubt`: members whose residence is not known (n may be as many more); `recorded`: n by the list alone.
    `income`: millionths a month, a lower bound where `missing` is not 0. `is_open`: sources differ, or nothing is known since a return.
    """

    has_no_rows: np.ndarray
    counted: np.ndarray
    in_doubt: np.ndarray
    recorded: np.ndarray
    income: np.ndarray
    missing: np.ndarray
    is_open: np.ndarray


def totals_of(members: Members, income: Income, count: int, parameters_missing: np.ndarray) -> Totals:
    """Members and income of each of `count` households; `parameters_missing` by member row."""
    counted, household = members.is_counted, members.household
    in_doubt = members.line == RESIDENCE_UNKNOWN
    missing = np.zeros(count, dtype=np.uint64)
    np.bitwise_or.at(missing, household[counted], (income.missing | parameters_missing)[counted])
    has_no_rows = ~any_by(household, np.ones(len(household), dtype=bool), count)
    missing |= np.where(has_no_rows, bit("members"), NONE_MISSING)
    missing |= np.where(any_by(household, in_doubt, count), bit("co_residence"), NONE_MISSING)
    return Totals(
        has_no_rows=has_no_rows,
        counted=sum_by(household, counted.astype(np.int64), count),
        in_doubt=sum_by(household, in_doubt.astype(np.int64), count),
        recorded=sum_by(household, (members.is_listed & members.is_recorded_counted).astype(np.int64), count),
        income=sum_by(household, np.where(counted, income.total, 0), count),
        missing=missing,
        is_open=any_by(household, counted & income.is_open, count),
    )


def income_test(totals: Totals, line: InForce, *, months: int = 1, rows: np.ndarray | None = None) -> Answer:
    """Income of `months` months is below the line for each counted member; one answer per household (or for these `rows` of them).

    Not below: false, also where parts of the income are not known, for more could not help. But a member whose residence is not known
    might count: then it is false only if it were with him too. Below with parts missing: missing. Below, and sources differ: open.
    """
    mine = slice(None) if rows is None else rows
    is_not_below = totals.income[mine] * months >= line.amount * (totals.counted + totals.in_doubt)[mine]
    return decided(
        is_false=is_not_below & (line.missing == 0) & ~totals.has_no_rows[mine],
        missing=totals.missing[mine] | line.missing,
        is_open=totals.is_open[mine],
    )
