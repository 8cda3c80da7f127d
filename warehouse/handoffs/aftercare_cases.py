"""Whose case it is: its station and person, and whether its handoff is over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from warehouse.identity.document_numbers import normal_number


def responsible_rows(cases: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per case number: the newest that no other station has taken over, else the newest."""
    is_taken_over = cases["transfer_accepted_date"] <= np.datetime64(as_of, "s")
    ordered = cases.assign(is_taken_over=is_taken_over).sort_values(
        ["is_taken_over", "updated_at", "source_key"], ascending=[False, True, True]
    )
    return ordered.drop_duplicates("case_number", keep="last").sort_values("case_number", ignore_index=True)


def stations_of(cases: pd.DataFrame, *named_by: pd.DataFrame) -> dict[str, str]:
    """Case -> station, of `cases` (one row each), else the smallest station among the rows that name the case."""
    loose = pd.concat([rows[["case_number", "station_code"]] for rows in named_by])
    smallest = loose.groupby("case_number")["station_code"].min()
    return {**smallest.to_dict(), **dict(zip(cases["case_number"], cases["station_code"], strict=True))}


def decision_numbers(cases: pd.DataFrame, of_orders: Mapping[str, str]) -> pd.Series:
    """The decision number (as compared) of each case: its own, else that of its order; missing where neither is known."""
    own, of_order = _normal(cases["decision_number"]), _normal(cases["order_number"])
    return own.fillna(pd.Series([of_orders.get(number) for number in of_order], cases.index, dtype="str"))


def _normal(numbers: pd.Series) -> pd.Series:
    return pd.Series([normal_number(n) if isinstance(n, str) else None for n in numbers], numbers.index, dtype="str")
