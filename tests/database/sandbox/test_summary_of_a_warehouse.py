"""The demo's last page read from a real warehouse: the coming releases only, with their open flags only."""

from datetime import date, timedelta

import psycopg

from sandbox.summary import DAYS_AHEAD, read, render, rows_received

AS_OF = date(2026, 11, 20)


def test_only_coming_releases_and_only_open_flags_are_listed(warehouse_url: str) -> None:
    url = warehouse_url.replace("postgresql+psycopg://", "postgresql://", 1)
    days = {"yesterday": -1, "today": 0, "last": DAYS_AHEAD, "later": DAYS_AHEAD + 1, "gone": 3}
    with psycopg.connect(url) as connection:
        for handoff_id, days_ahead in days.items():
            connection.execute(
                "insert into published.handoffs (handoff_id, decision_number, expected_release_date, actual_released_at, state)"
                " values (%s, 'sample', %s, %s, 'NOTICED')",
                (handoff_id, AS_OF + timedelta(days=days_ahead), "2026-11-19" if handoff_id == "gone" else None),
            )
        for flag_code, status in (("NOTICE_LATE", "open"), ("NOTICE_MISSING", "resolved"), ("PICKUP_UNASSIGNED", "open")):
            connection.execute(
                "insert into published.handoff_flags (handoff_id, flag_code, severity, status, owner_role, evidence)"
                " values ('today', %s, 'warning', %s, 'station', '{}')",
                (flag_code, status),
            )
        connection.execute(
            "insert into published.source_links (feed, source_key, person_id, link_status)"
            " values ('drug_tests', 'a', 'p1', 'linked'), ('drug_tests', 'b', 'p1', 'linked'), ('drug_tests', 'c', 'p2', 'review')"
        )
    found = read(url, AS_OF)
    assert [release.handoff_id for release in found.releases] == ["today", "last"]
    assert [release.flags for release in found.releases] == [("NOTICE_LATE", "PICKUP_UNASSIGNED"), ()]
    assert (found.links, found.persons) == ({"linked": 2, "review": 1}, 1)
    assert len(found.fates) == 22
    assert "Every row received has exactly one fate." in render(found)


def test_before_anything_arrived_no_feed_has_rows(warehouse_url: str) -> None:
    assert rows_received(warehouse_url.replace("postgresql+psycopg://", "postgresql://", 1)) == {}
