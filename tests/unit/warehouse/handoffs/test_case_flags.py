"""Flags of aftercare cases, service counts and points balances: labelled cases, and that the order of rows never matters."""

from datetime import date
from pathlib import Path
from typing import Any

import aftercare_rows as rows
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.handoffs.aftercare_cases import decision_numbers, responsible_rows, stations_of
from warehouse.handoffs.aftercare_services import service_counts, service_flags
from warehouse.handoffs.points import ledger, points_balances, points_flags

GOLDEN = yaml.safe_load(Path(__file__).with_name("case_flags.yaml").read_text("utf-8"))
FLAGS = {
    "SERVICE_UNMET", "SERVICE_IMPOSSIBLE", "SERVICE_REFUSED_OFTEN", "SPECIAL_REPORT", "POINTS_NEGATIVE", "POINTS_BALANCE_BROKEN",
    "POINTS_REVERSAL_WRONG", "POINTS_RULE_WRONG", "POINTS_FAMILY_UNNAMED",
}  # fmt: skip


def flags_of(services: pd.DataFrame, entries: pd.DataFrame) -> list[dict[str, Any]]:
    found = pd.concat([service_flags(services, rows.AS_OF), points_flags(ledger(entries, rows.AS_OF))])
    return sorted(found.to_dict("records"), key=lambda flag: (flag["case_number"], flag["flag_code"]))


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden["name"])
def test_golden_cases_open_what_they_say(golden: dict[str, Any]) -> None:
    found = flags_of(rows.services(golden.get("services", [])), rows.entries(golden.get("entries", [])))
    due = {flag["flag_code"]: flag["due_date"].date() if flag["due_date"] else None for flag in found}
    assert due == golden["open"]


def test_every_flag_has_golden_cases_in_which_it_opens() -> None:
    assert {code for golden in GOLDEN for code in golden["open"]} == FLAGS


def test_evidence_names_every_row_that_opened_the_flag_and_nobody() -> None:
    services = rows.services([{"kind": "12", "result": "1", "done": date(2026, 11, 19), "special": True, "key": "Z003-FW-7"}])
    (flag,) = service_flags(services, rows.AS_OF).to_dict("records")
    expected = {"feed": "aftercare_services", "source_key": "Z003-FW-7", "field": "is_special_report"}
    assert flag["evidence"]["rows"] == [expected | {"value_class": "yes, nothing done since"}]
    assert flag["evidence"]["tell"] == ["140105J001"]
    assert (flag["severity"], flag["owner_role"]) == ("critical", "station_worker")


DAYS = st.dates(date(2026, 8, 1), date(2026, 11, 25))
CODES = {"kind": ["12", "51"], "state": ["1", "2", "5", None], "result": ["0", "1", "2", "3", "4"], "case": ["A", "B"]}
SERVICE = st.fixed_dictionaries(
    {name: st.sampled_from(codes) for name, codes in CODES.items()}
    | {"planned": st.none() | DAYS, "done": st.none() | DAYS, "updated": DAYS, "special": st.booleans()}
)
ENTRY = st.fixed_dictionaries(
    {
        "kind": st.sampled_from("1234"), "rule": st.sampled_from(["01", "51", "99"]), "count": st.integers(-3, 3),
        "balance": st.integers(-2, 4), "case": st.sampled_from("AB"), "date": DAYS, "redeemer": st.sampled_from(["1", "2", None]),
        "number": st.sampled_from(["JF1", "JF2", "JF3"]), "reversed": st.sampled_from(["JF1", "JF2", None]), "named": st.booleans(),
    }
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(SERVICE, max_size=8), st.lists(ENTRY, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(services: list[dict[str, Any]], entries: list[dict[str, Any]], chance: Any) -> None:
    keyed = [one | {"key": f"K{place}"} for place, one in enumerate(services)]
    kept = [one | {"key": f"K{place}"} for place, one in enumerate(entries)]
    one, balances, counts = _all(keyed, kept)
    chance.shuffle(keyed)
    chance.shuffle(kept)
    other, other_balances, other_counts = _all(keyed, kept)
    assert one == other
    pd.testing.assert_frame_equal(balances, other_balances)
    pd.testing.assert_frame_equal(counts, other_counts)


def _all(services: list[dict[str, Any]], entries: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], pd.DataFrame, pd.DataFrame]:
    frame, kept = rows.services(services), rows.entries(entries)
    return flags_of(frame, kept), points_balances(ledger(kept, rows.AS_OF), rows.AS_OF), service_counts(frame, rows.AS_OF)


def test_balances_look_back_exactly_twelve_months() -> None:
    given_entries = rows.entries(
        [
            {"kind": "1", "rule": "01", "count": 7, "balance": 7, "date": date(2025, 11, 20)},
            {"kind": "1", "rule": "01", "count": 10, "balance": 17, "date": date(2025, 11, 21)},
            {"kind": "2", "rule": "51", "count": -4, "balance": 13, "date": date(2026, 3, 1), "redeemer": "1"},
            {"kind": "2", "rule": "51", "count": -5, "balance": 8, "date": date(2026, 3, 2), "redeemer": "2", "named": True},
            {"kind": "3", "rule": "99", "count": -7, "balance": 1, "date": date(2026, 3, 3), "reversed": "JF000"},
            {"kind": "1", "rule": "01", "count": 90, "balance": 91, "date": date(2026, 11, 21)},
        ]
    )
    (found,) = points_balances(ledger(given_entries, rows.AS_OF), rows.AS_OF).to_dict("records")
    assert found == {
        "case_number": rows.CASE, "balance": 1, "earned_12_months": 10, "redeemed_12_months": 9, "redeemed_by_family_12_months": 5,
        "last_entry_date": pd.Timestamp(2026, 3, 3),
    }  # fmt: skip


def test_services_are_counted_by_station_month_kind_need_and_mode() -> None:
    visit = {"kind": "12", "mode": "1"}
    found = service_counts(
        rows.services(
            [
                visit | {"result": "1", "done": date(2026, 10, 31), "minutes": 40},
                visit | {"result": "1", "done": date(2026, 11, 1), "minutes": 30},
                visit | {"result": "2", "done": date(2026, 11, 2), "minutes": 5},
                visit | {"result": "3", "done": date(2026, 11, 3)},
                visit | {"result": "1", "done": date(2026, 11, 21), "minutes": 60},
                {"kind": "12", "mode": "3", "result": "1", "done": date(2026, 11, 4), "minutes": 10},
                {"kind": "51", "need": "01", "state": "1", "result": "0", "planned": date(2026, 12, 1)},
                {"kind": "51", "need": "01", "state": "1", "result": "4", "updated": date(2026, 9, 1)},
            ]
        ),
        rows.AS_OF,
    )
    assert [tuple(row[1:]) for row in found.itertuples(index=False)] == [
        ("202609", "51", "01", "", 0, 0, 0, 0, 1, 0),
        ("202610", "12", "", "1", 0, 1, 0, 0, 0, 40),
        ("202611", "12", "", "1", 1, 1, 1, 1, 0, 30),
        ("202611", "12", "", "3", 0, 1, 0, 0, 0, 10),
        ("202612", "51", "01", "", 1, 0, 0, 0, 0, 0),
    ]


def test_a_case_belongs_to_the_station_that_did_not_hand_it_on() -> None:
    columns = {"source_key": "K", "updated_at": pd.Timestamp(2026, 9, 1), "transfer_accepted_date": pd.NaT, "case_number": "A"}
    handed_on = columns | {"station_code": "OLD", "source_key": "Z", "transfer_accepted_date": pd.Timestamp(rows.AS_OF)}
    cases = pd.DataFrame([handed_on, columns | {"station_code": "NEW"}]).astype({"transfer_accepted_date": "datetime64[s]"})
    assert responsible_rows(cases, rows.AS_OF)["station_code"].tolist() == ["NEW"]
    assert responsible_rows(cases, date(2026, 11, 19))["station_code"].tolist() == ["OLD"]
    loose = pd.DataFrame({"case_number": ["A", "B", "B"], "station_code": ["X", "Q", "P"]})
    assert stations_of(responsible_rows(cases, rows.AS_OF), loose) == {"A": "NEW", "B": "P"}


def test_a_case_finds_its_decision_itself_or_through_its_order() -> None:
    cases = pd.DataFrame(
        {"decision_number": ["并强[2024] 1号", None, None], "order_number": [None, "责〔2025〕2号", "责〔2025〕9号"]}, dtype="str"
    )
    found = decision_numbers(cases, {"责〔2025〕2号": "并强〔2024〕2号"})
    assert found.fillna("none").tolist() == ["并强〔2024〕1号", "并强〔2024〕2号", "none"]
