"""A case wakes on the first day on which its rows may say something else."""

from __future__ import annotations

from datetime import date, timedelta

import aftercare_rows as rows
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.handoffs.aftercare_waking import months_turned, wakes_on
from warehouse.handoffs.calendar import add_months

CASES = pd.DataFrame({"case_number": pd.Series(dtype="str"), "transfer_accepted_date": pd.Series(dtype="datetime64[s]")})
ENTRY = {"kind": "1", "rule": "01", "count": 10, "balance": 10}
ORDERED = {"kind": "51", "result": "0", "state": "1"}


def waking_day(services: list[dict[str, object]], entries: list[dict[str, object]], as_of: date = rows.AS_OF) -> date | None:
    found = wakes_on(CASES, rows.services(services), rows.entries(entries), as_of)["wakes_on"].tolist()
    return found[0].date() if found else None


@given(st.dates(date(2015, 1, 1), date(2035, 12, 31)))
def test_an_entry_wakes_its_case_when_it_leaves_the_twelve_months(day: date) -> None:
    woken = waking_day([], [ENTRY | {"date": day}], day)
    assert woken is not None
    assert add_months(woken, -12) >= day > add_months(woken - timedelta(days=1), -12)


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        (ORDERED | {"planned": date(2026, 11, 20)}, date(2026, 11, 21)),
        (ORDERED | {"planned": date(2026, 11, 19)}, None),
        (ORDERED | {"updated": date(2026, 11, 1)}, date(2026, 12, 2)),
        (ORDERED | {"state": "5", "updated": date(2026, 10, 21)}, date(2026, 11, 21)),
        (ORDERED | {"state": "5", "updated": date(2026, 10, 20)}, None),
        ({"kind": "12", "result": "2", "done": date(2026, 11, 21)}, date(2026, 11, 21)),
        ({"kind": "12", "result": "2", "done": date(2026, 11, 20)}, None),
    ],
)
def test_a_service_wakes_its_case_when_it_is_overdue_shown_no_more_or_done(service: dict[str, object], expected: date | None) -> None:
    assert waking_day([service], []) == expected


def test_a_service_whose_day_has_come_is_counted_anew_in_its_month() -> None:
    services = rows.services([{"kind": "12", "result": "1", "done": date(2026, 11, day)} for day in (20, 21, 23)])
    assert months_turned(services, rows.AS_OF, date(2026, 11, 22)) == {("140105Z003", "202611")}
    assert months_turned(services, date(2026, 11, 21), date(2026, 11, 22)) == frozenset()
