"""What a page would have said then: nights are published one after another, and each can be asked for afterwards, word for word."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import staged
from sqlalchemy import text

from core.clock import now_at
from expectations.forms.id_number import check_digit
from pipeline.benefits import work_out_benefits
from pipeline.handoffs import work_out_handoffs
from pipeline.link import link
from pipeline.publish import publish
from warehouse.database import Role, transaction
from warehouse.identity import stewards
from warehouse.registry.loading import SAMPLE_FILE, load_parameters
from warehouse.supposing import what_if

HOUSEHOLD = "140221001001000001"
ZHANG, LI = (number + check_digit(number) for number in ("14022119800101001", "14022119810202002"))
INCOMES = {f"{part}_income_yuan": 0 for part in ("wage", "business", "property", "transfer")}
ABLE = {"labour_capacity_code": "1", "work_state_code": "3", "household_number": HOUSEHOLD}
STAY = {"decision_number": "晋公强字〔2023〕第1号", "decision_date": date(2023, 9, 1), "centre_entry_date": date(2023, 9, 2)}
STAY |= {"centre_code": "140100Q001", "custody_state_code": "6", "custody_state_date": date(2026, 11, 2)}
NOTICE = '- {region: "14", residence: urban, valid_from: 2026-07-01, valid_to: null, amount: "720.00"'


def put(feed: str, key: str, hour: int = 0, **fields: Any) -> None:
    """The row arrives now; `hour` orders versions by the source's clock."""
    with transaction(Role.ETL) as connection:
        staged.stage(connection, feed, key, source_updated_at=datetime(2026, 11, 10, hour, tzinfo=UTC), arrived_at=now_at(), **fields)


def household() -> None:
    """A head with a check; his wife, recorded as not counted; a stay that nothing ties to her yet."""
    told = {"category_code": "11", "household_state_code": "2", "application_date": date(2024, 5, 1), "counted_members_count": 1}
    put(
        "assistance_households",
        "A1",
        household_number=HOUSEHOLD,
        assistance_region_code="140221",
        next_review_date=date(2027, 1, 1),
        **told,
    )
    head = {"relationship_code": "01", "counted_state_code": "00", "id_number": ZHANG, "name": "张示例"}
    put("assistance_members", "M1", **head, **ABLE, **INCOMES)
    wife = {"relationship_code": "10", "counted_state_code": "02", "not_counted_start_date": date(2023, 10, 1), "name": "李示例"}
    put("assistance_members", "M2", id_number=LI, **wife, **ABLE, **INCOMES)
    days = {"consent_date": date(2026, 5, 1), "request_date": date(2026, 5, 1), "report_issued_date": date(2026, 6, 1)}
    found = {"houses_count": 1, "vehicles_count": 0, "vehicles_value_yuan": 0, "houses_area_sqm": 20, "business_links_count": 0}
    bands = {"deposit_band_code": "0", "securities_band_code": "0", "check_result_code": "1"}
    for key, number, name in (("C1", ZHANG, "张示例"), ("C2", LI, "李示例")):
        put("means_checks", key, household_number=HOUSEHOLD, id_number=number, name=name, **days, **found, **bands)
    put("centre_roster", "140100Q001_1", name="李示例", **STAY)


def her_number_arrives() -> None:
    put("centre_roster", "140100Q001_1", 1, name="李示例", id_number=LI, **STAY)


def another_standard_is_loaded(folder: Path) -> None:
    given = SAMPLE_FILE.read_text("utf-8")
    assert NOTICE in given
    file = folder / "notice.yaml"
    file.write_text(given.replace(NOTICE, NOTICE.replace("720.00", "735.00")), "utf-8")
    with transaction(Role.ETL) as connection:
        load_parameters(connection, file, "test")


def a_steward_parts_the_stay_from_her() -> None:
    with transaction(Role.ETL) as connection:
        stewards.decide_pair(
            connection, "never", ("assistance_members", "M2"), ("centre_roster", "140100Q001_1"), "test", "another woman of the name"
        )
    link()


def he_earns() -> None:
    head = {"relationship_code": "01", "counted_state_code": "00", "id_number": ZHANG, "name": "张示例"}
    put("assistance_members", "M1", 2, **head, **ABLE, **INCOMES | {"wage_income_yuan": 500})


def shown() -> dict[str, list[str]]:
    """What is published of the household, in a fixed order."""
    with transaction(Role.OWNER) as connection:
        findings = connection.execute(
            text("select benefit_code, outcome, missing_facts, payable_yuan, reasons from published.findings where household_number = :h"),
            {"h": HOUSEHOLD},
        ).all()
        flags = connection.execute(
            text(
                "select flag_code, effective_date, neutral_reason_code, before, after from published.household_flags "
                "where household_number = :h"
            ),
            {"h": HOUSEHOLD},
        ).all()
    told = [[f[0], f[1], f[2], None if f[3] is None else f"{f[3]:.2f}", f[4]] for f in findings]
    return {"findings": in_order(told), "flags": in_order([[f[0], f[1].isoformat(), *f[2:]] for f in flags])}


def answered(day: date, known_at: datetime) -> dict[str, list[str]]:
    """What the question gives, in the same form."""
    told = what_if(HOUSEHOLD, day, known_at)
    finding = ("benefit_code", "outcome", "missing_facts", "payable_yuan", "reasons")
    flag = ("flag_code", "effective_date", "reason", "before", "after")
    return {
        "findings": in_order([[f[name] for name in finding] for f in told["findings"]]),
        "flags": in_order([[f[name] for name in flag] for f in told["flags"]]),
    }


def in_order(rows: list[list[Any]]) -> list[str]:
    return sorted(json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows)


@pytest.fixture
def nights(warehouse_url: str, tmp_path: Path) -> list[tuple[date, datetime, dict[str, list[str]]]]:
    """Day, instant after the publication, and what was shown, of five nights on which another thing changed each."""
    steps: list[Callable[[], None]] = [household, her_number_arrives, lambda: another_standard_is_loaded(tmp_path)]
    steps += [a_steward_parts_the_stay_from_her, he_earns]
    told = []
    for night, change in enumerate(steps):
        day = date(2026, 11, 16 + night)
        change()
        link()
        work_out_handoffs(day)
        work_out_benefits(day)
        publish(day)
        told.append((day, now_at(), shown()))
    return told


def test_each_night_can_be_asked_for_afterwards_as_it_was_published(nights: list[tuple[date, datetime, dict[str, list[str]]]]) -> None:
    """And flags that went stay readable, and what rests on invented amounts says so: one story is told once for the three."""
    pages = [page for _, _, page in nights]
    assert all(one != other for one, other in pairwise(pages)), "a night on which nothing changed proves nothing"
    text_of = [json.dumps(page, ensure_ascii=False) for page in pages]
    assert ["M2 返家计入" in told for told in text_of] == [False, True, True, False, False]
    assert ["735.00" in told for told in text_of] == [False, False, True, True, True]
    for day, known_at, page in nights:
        assert answered(day, known_at) == page, day
    assert_flags_that_came_and_went_stay_readable(nights)
    assert_what_rests_on_invented_amounts_says_so(nights)


def assert_flags_that_came_and_went_stay_readable(nights: list[tuple[date, datetime, Any]]) -> None:
    with transaction(Role.ETL) as connection:
        told = connection.execute(
            text(
                "select kind, as_of_date, after ->> 'payable_yuan' from benefits.household_flag_event "
                "where household_number = :h and flag_code = 'HH_CHANGED' order by event_id"
            ),
            {"h": HOUSEHOLD},
        ).all()
    days = [day for day, _, _ in nights]
    assert [tuple(row) for row in told] == [
        ("raised", days[1], "1440.00"),
        ("changed", days[2], "1470.00"),  # another standard, two members
        ("gone", days[3], "1470.00"),
    ]


def assert_what_rests_on_invented_amounts_says_so(nights: list[tuple[date, datetime, Any]]) -> None:
    with transaction(Role.OWNER) as connection:
        shown = "select coalesce(bool_and(is_sample), true) from published.{} where {}"
        assert connection.execute(text(shown.format("findings", "benefit_code in ('dibao', 'dibao_marginal')"))).scalar_one()
        assert connection.execute(text(shown.format("household_flags", "after ? 'payable_yuan'"))).scalar_one()
    told = what_if(HOUSEHOLD, nights[1][0], nights[1][1])
    assert all(one["is_sample"] for one in [*told["findings"], *told["effects"]] if one.get("benefit_code") != "employment_assistance")
    assert {flag["flag_code"]: flag["is_sample"] for flag in told["flags"]}["HH_CHANGED"]
