"""What a single value cannot tell: checks that look at other fields of the row, at the arrival, or at the kind of identity number."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from expectations.agreement import Feed
from expectations.conditions import holds
from expectations.draft import Draft
from expectations.forms import id_number
from expectations.forms.columns import read_column, to_arrow, to_pandas

CLOCK_WARNING_AFTER = timedelta(minutes=10)
CLOCK_REFUSAL_AFTER = timedelta(hours=24)


def check_clock(draft: Draft, arrived_at: datetime) -> None:
    """E_CLOCK for rows updated over 24 hours after they arrived, W_CLOCK over 10 minutes."""
    # Canonical instants sort as text: same zone, same width, and "+" stands before "." in ASCII.
    updated_at = draft.values["source_updated_at"]
    arrived_at = arrived_at.astimezone(UTC)
    draft.mark("source_updated_at", _true(updated_at > (arrived_at + CLOCK_WARNING_AFTER).isoformat()), "W_CLOCK")
    draft.reject("source_updated_at", _true(updated_at > (arrived_at + CLOCK_REFUSAL_AFTER).isoformat()), "E_CLOCK")


def check_sender_key(feed: Feed, draft: Draft) -> None:
    """E_SENDER_KEY where source_key does not begin with the row's own sender code and `-`. The key itself stays: receipts need it."""
    if feed.sender_field is None:
        return
    keys, senders = draft.values["source_key"], draft.values[feed.sender_field]
    known = _true(keys.notna() & senders.notna())
    strange = np.zeros(len(known), dtype=bool)
    strange[known] = [not key.startswith(f"{sender}-") for key, sender in zip(keys[known], senders[known], strict=True)]
    draft.mark("source_key", strange, "E_SENDER_KEY")


def check_negative_amounts(feed: Feed, draft: Draft) -> None:
    """E_RANGE for negative numbers in rows where the agreement does not allow them."""
    for field in feed.fields:
        if not field.negative_when:  # None: the form has refused them already; empty: allowed everywhere
            continue
        negative = _true(draft.values[field.field].str.startswith("-"))
        if negative.any():
            draft.reject(field.field, negative & ~_true(holds(field.negative_when, draft.frame(), pd.DataFrame())), "E_RANGE")


def check_rules(feed: Feed, draft: Draft) -> None:
    """The feed's own rules between two fields, each with its code."""
    for rule in feed.rules:
        draft.reject(rule["field"], RULES[rule["rule"]](rule, draft), rule["error_code"])


def _is_after(rule: Mapping[str, Any], draft: Draft) -> np.ndarray:
    return _true(draft.values[rule["field"]] > draft.values[rule["other"]])


def _is_no_pair(rule: Mapping[str, Any], draft: Draft) -> np.ndarray:
    value, other = draft.values[rule["field"]], draft.values[rule["other"]]
    allowed = np.zeros(len(value), dtype=bool)
    for given, values in rule["allowed"].items():
        allowed |= _true((other == given) & value.isin(values))
    return _true(value.notna() & other.notna()) & ~allowed


RULES = {"not_after": _is_after, "pairs": _is_no_pair}


def mark_missing_names(feed: Feed, draft: Draft) -> None:
    """W_NAME_PLACEHOLDER where a name that every row must have is empty; an optional empty name is nothing to warn about."""
    for field in feed.fields:
        if field.form == "name" and field.required == "always":
            codes = draft.codes.get(field.field)
            empty = _true(draft.values[field.field].isna())
            draft.mark(field.field, empty if codes is None else empty & pd.isna(codes), "W_NAME_PLACEHOLDER")


def trust_other_documents(draft: Draft) -> None:
    """Passports and the like have no checksum to fail: their numbers carry no warning."""
    if "id_number" not in draft.codes:
        return
    kinds, numbers = draft.values["id_type_code"], draft.values["id_number"]
    opaque = _true(kinds.notna() & ~kinds.isin(sorted(id_number.KEY_TYPES)))
    foreign = _true((kinds == "553") & numbers.str.fullmatch(id_number.FOREIGN_RESIDENT.pattern))
    warned = np.array([code is not None and code.startswith("W_") for code in draft.codes["id_number"]])
    draft.unmark("id_number", (opaque | foreign) & warned)


def derive(feed: Feed, draft: Draft, as_of: date) -> pd.DataFrame:
    """`id_key` for feeds with an identity number (see `Reading.derived`), else a frame without columns."""
    if "id_number" not in feed.by_name:
        return pd.DataFrame(index=draft.index)
    is_kind = _true(draft.values["id_type_code"].isin(sorted(id_number.KEY_TYPES)))
    numbers = to_arrow(draft.values["id_number"].where(is_kind))
    return pd.DataFrame({"id_key": to_pandas(read_column(numbers, id_number.key_form_of(as_of)).values, draft.index)})


def _true(condition: pd.Series) -> np.ndarray:
    """The rows where the condition is certainly true; a comparison with null is not."""
    result: np.ndarray = condition.to_numpy(dtype=bool, na_value=False)
    return result
