"""Whose case it is: its station and person, whether its handoff is over, whom its flags concern, what it is called in messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np
import pandas as pd

from core.sealing import blind_index
from warehouse.identity.document_numbers import normal_number

REFERENCE_LETTERS = 16


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


def audience_of_case(station_code: str, region_code: str, told_organizations: Iterable[str]) -> list[str]:
    """Whom a flag of a case concerns, as audience:scope: its station, the organisations it reported to, the region's coordinator.

    Args:
        region_code: of the station; empty where the directory does not know it, then the region its code begins with.
    """
    told = {f"station:{station_code}", f"coordinator:{region_code or station_code[:6]}"}
    return sorted(told | {f"organization:{code}" for code in told_organizations})


def case_references(case_numbers: Iterable[str]) -> list[str]:
    """What each case is called outside its station: the same at every working-out, and no way back without our key.

    A case number tells station, year and place in the list, and can be guessed; its plain hash could too.
    """
    index = blind_index("case_reference")
    return [index.of(number).hex()[:REFERENCE_LETTERS] for number in case_numbers]
