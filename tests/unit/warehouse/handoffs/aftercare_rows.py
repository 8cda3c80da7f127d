"""Frames of services and ledger entries for tests, from the few fields that matter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from warehouse.handoffs import aftercare_services, points
from warehouse.handoffs.frames import empty_frame

AS_OF = date(2026, 11, 20)
CASE = "140105Z003-2026-0001"
UPDATED = date(2026, 9, 1)


def _frame(rows: list[dict[str, Any]], columns: dict[str, str]) -> pd.DataFrame:
    types = empty_frame(columns).dtypes
    return pd.DataFrame(rows, columns=list(columns)).astype(types) if rows else empty_frame(columns)


def services(given: Sequence[dict[str, Any]]) -> pd.DataFrame:
    rows = []
    for place, one in enumerate(given):
        updated = one.get("updated", UPDATED)
        rows.append(
            {
                "source_key": one.get("key", f"FW-{place}"), "updated_date": updated, "updated_at": updated,
                "case_number": one.get("case", CASE), "station_code": one.get("station", "140105Z003"),
                "service_kind_code": one["kind"], "planned_date": one.get("planned"), "done_date": one.get("done"),
                "done_at": one.get("done"), "service_mode_code": one.get("mode"), "service_result_code": one["result"],
                "duration_minutes": one.get("minutes", 0), "need_code": one.get("need"), "service_order_state_code": one.get("state"),
                "is_special_report": "t" if one.get("special") else "f",
                "special_report_organization_code": "140105J001" if one.get("special") else None,
            }
        )  # fmt: skip
    return _frame(rows, aftercare_services.COLUMNS)


def entries(given: Sequence[dict[str, Any]]) -> pd.DataFrame:
    rows = []
    for place, one in enumerate(given):
        rows.append(
            {
                "source_key": one.get("key", f"JF-{place}"), "case_number": one.get("case", CASE), "station_code": "140105Z003",
                "entry_number": one.get("number", f"JF{place:03}"),
                "entry_date": one.get("date", date(2026, 10, 1) + timedelta(days=place)), "entry_kind_code": one["kind"],
                "points_rule_code": one["rule"], "points_count": one["count"], "points_balance_count": one["balance"],
                "redeemer_code": one.get("redeemer"), "is_redeemer_named": "t" if one.get("named") else "f",
                "reversed_entry_number": one.get("reversed"),
            }
        )  # fmt: skip
    return _frame(rows, points.COLUMNS)
