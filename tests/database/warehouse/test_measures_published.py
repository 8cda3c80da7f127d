"""Measures in the database: from staged rows to the published rates of a region, and months that are over."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import staged
from sqlalchemy import text

from core.clock import SHANGHAI
from pipeline.handoffs import work_out_handoffs
from pipeline.publish import publish
from warehouse.database import Role, transaction

pytestmark = pytest.mark.usefixtures("warehouse_url")
RELEASED_AT = datetime(2026, 10, 6, 9, tzinfo=SHANGHAI)
STATION = "140106Z003"


def put(feed: str, source_key: str, **fields: Any) -> None:
    with transaction(Role.ETL) as connection:
        staged.stage(connection, feed, source_key, **fields)


def put_release(number: int, notice_date: date) -> None:
    decision = f"并公(样)强戒决字〔2024〕第{number:04}号"
    put(
        "release_notices", f"140100Q001-TZ-{number}", centre_code="140100Q001", decision_number=decision, notice_status_code="1",
        release_type_code="1", rehabilitation_order_code="1", notice_date=notice_date, expected_release_date=date(2026, 10, 6),
        actual_released_at=RELEASED_AT,
    )  # fmt: skip
    put("aftercare_cases", f"{STATION}-AJ-{number}", case_number=f"AJ-{number}", station_code=STATION, decision_number=decision)


def kpis(month: str) -> dict[tuple[str, str], tuple[int, int, int]]:
    query = text("select region_code, kpi_code, numerator, denominator, unknown_count from published.kpis where month = :month")
    with transaction(Role.PUBLISHER) as connection:
        return {(row[0], row[1]): (row[2], row[3], row[4]) for row in connection.execute(query, {"month": month})}


def work_out(day: date) -> None:
    work_out_handoffs(day)
    publish(day)


def test_measures_of_a_region_are_published_and_stay_when_their_months_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUITU_AS_OF", "2026-10-20")
    put("station_directory", "ZD-1", organization_code=STATION, organization_type_code="21", region_code="140106003000",
        served_region_codes=["140106003"], valid_from_date=date(2018, 6, 1))  # fmt: skip
    put_release(1, date(2026, 10, 3))
    put_release(2, date(2026, 10, 4))
    work_out(date(2026, 10, 20))
    released = {"NOTICE_ON_TIME": (1, 2, 0), "PICKUP_RATE": (0, 2, 2)}
    regions = ("140000", "140100", "140106")
    expected = {(region, code): counts for region in regions for code, counts in released.items()}
    assert kpis("202610") == expected
    assert kpis("202609") == {}

    met = {"pickup_result_code": "1", "pickup_at": RELEASED_AT, "decision_number": "并公（样）强戒决字[2024]第0002号"}
    later = {"source_updated_at": datetime(2026, 10, 21, tzinfo=UTC)}
    put("aftercare_cases", f"{STATION}-AJ-2", case_number="AJ-2", station_code=STATION, **met | later)
    work_out(date(2026, 11, 20))
    expected |= {(region, "PICKUP_RATE"): (1, 2, 1) for region in regions}
    assert kpis("202610") == expected

    put_release(3, date(2026, 10, 1))
    work_out(date(2026, 12, 1))
    assert kpis("202610") == expected, "a month two months back keeps what was last worked out"
    assert kpis("202611") == {} == kpis("202612")
    work_out(date(2026, 10, 20))
    assert kpis("202610")[("140106", "NOTICE_ON_TIME")] == (2, 3, 0)
