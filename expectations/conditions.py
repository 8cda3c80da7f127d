"""Whether a row meets the agreement's conditions (`when`, `negative_when`), for whole columns of canonical values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

CITIZEN_ID_TYPE_CODE = "111"


def holds(conditions: Iterable[Mapping[str, Any]], values: pd.DataFrame, derived: pd.DataFrame) -> pd.Series:
    """True for the rows where every condition holds; no condition at all holds everywhere.

    A condition on a field that is null or absent holds only for `is_set: false` and `is_valid_id: false`: a missing answer is
    that field's own problem and must not cause a second one.

    Args:
        conditions: mappings with `field` and one of `is`, `is_not`, `is_set`, `above`, `is_valid_id`, or with `any` alone.
        values: canonical text by field (see `Reading.values`).
        derived: the frame with `id_key` (see `Reading.derived`); only `is_valid_id` looks at it.

    Raises:
        ValueError: a condition has no known test; the feed's file is wrong.
    """
    result = np.ones(len(values), dtype=bool)
    for condition in conditions:
        result &= _one(condition, values, derived)
    return pd.Series(result, index=values.index, dtype=bool)


def _one(condition: Mapping[str, Any], values: pd.DataFrame, derived: pd.DataFrame) -> Any:
    if "any" in condition:
        return np.logical_or.reduce([_one(one, values, derived) for one in condition["any"]])
    column = values[condition["field"]] if condition["field"] in values else pd.Series(None, index=values.index, dtype=object)
    if "is" in condition:
        return column.isin(condition["is"]).to_numpy(dtype=bool)
    if "is_not" in condition:
        return (column.notna() & ~column.isin(condition["is_not"])).to_numpy(dtype=bool)
    if "is_set" in condition:
        return column.notna().to_numpy(dtype=bool) == condition["is_set"]
    if "above" in condition:
        return (pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan)) > condition["above"]
    if "is_valid_id" in condition:
        return _has_valid_id(values, derived) == condition["is_valid_id"]
    raise ValueError(f"a condition on {condition['field']} has no known test")


def _has_valid_id(values: pd.DataFrame, derived: pd.DataFrame) -> np.ndarray:
    """A citizen's number (type 111) that passed its checksum; numbers of other types do not tell a birth date by agreement."""
    if "id_key" not in derived:
        return np.zeros(len(values), dtype=bool)
    return (derived["id_key"].notna() & values["id_type_code"].isin([CITIZEN_ID_TYPE_CODE])).to_numpy(dtype=bool)
