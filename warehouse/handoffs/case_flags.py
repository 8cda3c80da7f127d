"""A flag of an aftercare case: its row in the table of flags, and the rows that opened it folded into one flag per case.

Here: what services and points have in common. Which rows open a flag stands in aftercare_services and points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

RULE_VERSION = "2026-11"
SERVICES, POINTS = "aftercare_services", "points_ledger"
FLAG_COLUMNS = ("case_number", "flag_code", "severity", "due_date", "owner_role", "evidence")


@dataclass(frozen=True)
class CaseFlagRule:
    """One flag of a case; `field` and `value_class` say in the evidence what was looked at, never the value.

    `see`: letters of those who may see it: S the station, G the organisation it reported to, k the coordinator, as a number only.
    """

    code: str
    severity: str
    owner_role: str
    feed: str
    field: str
    value_class: str
    see: str = "S"


UNMET = CaseFlagRule("SERVICE_UNMET", "warning", "station_worker", SERVICES, "service_planned_at", "past and not done")
IMPOSSIBLE = CaseFlagRule("SERVICE_IMPOSSIBLE", "info", "coordinator", SERVICES, "service_order_state_code", "cannot be met", see="Sk")
REFUSED_OFTEN = CaseFlagRule("SERVICE_REFUSED_OFTEN", "warning", "station_worker", SERVICES, "service_result_code", "refused")
SPECIAL_REPORT = CaseFlagRule(
    "SPECIAL_REPORT", "critical", "station_worker", SERVICES, "is_special_report", "yes, nothing done since", see="SG"
)
NEGATIVE = CaseFlagRule("POINTS_NEGATIVE", "warning", "station_worker", POINTS, "points_balance_count", "below zero")
BROKEN = CaseFlagRule("POINTS_BALANCE_BROKEN", "warning", "station_worker", POINTS, "points_balance_count", "not the sum so far")
REVERSAL_WRONG = CaseFlagRule(
    "POINTS_REVERSAL_WRONG", "warning", "station_worker", POINTS, "reversed_entry_number", "reverses nothing rightly"
)
RULE_WRONG = CaseFlagRule("POINTS_RULE_WRONG", "info", "station_worker", POINTS, "points_rule_code", "does not fit the kind or sign")
FAMILY_UNNAMED = CaseFlagRule("POINTS_FAMILY_UNNAMED", "info", "station_worker", POINTS, "redeemer_name", "empty")


def flags_of_hits(rule: CaseFlagRule, hits: pd.DataFrame) -> pd.DataFrame:
    """One flag for each case among the hits, due on the earliest of their days, with every hit as evidence.

    Args:
        hits: rows with case_number, due_date (may be missing) and source_key; `told_organization_code`, where there is such a
            column, names who is to be told.

    Returns:
        Columns FLAG_COLUMNS, by case number; evidence is a dictionary without personal values.
    """
    if hits.empty:
        return pd.DataFrame({name: pd.Series(dtype="object") for name in FLAG_COLUMNS})
    grouped = hits.sort_values(["case_number", "source_key"]).groupby("case_number")
    found = pd.DataFrame({"due_date": grouped["due_date"].min(), "keys": grouped["source_key"].agg(list)})
    told = grouped["told_organization_code"].agg(list) if "told_organization_code" in hits else pd.Series([[]] * len(found), found.index)
    evidence = [_evidence(rule, keys, codes) for keys, codes in zip(found["keys"], told, strict=True)]
    return pd.DataFrame(
        {
            "case_number": list(found.index),
            "flag_code": rule.code,
            "severity": rule.severity,
            "due_date": [None if pd.isna(day) else day for day in found["due_date"]],
            "owner_role": rule.owner_role,
            "evidence": evidence,
        },
        dtype="object",
    )


def _evidence(rule: CaseFlagRule, source_keys: Sequence[str], told: Sequence[str | None]) -> dict[str, Any]:
    rows = [{"feed": rule.feed, "source_key": key, "field": rule.field, "value_class": rule.value_class} for key in source_keys]
    organizations = sorted({code for code in told if code and not pd.isna(code)})
    evidence: dict[str, Any] = {"rule": RULE_VERSION, "source": "station practice, no law", "rows": rows, "parameters": []}
    return evidence | {"see": list(rule.see)} | ({"tell": organizations} if organizations else {})
