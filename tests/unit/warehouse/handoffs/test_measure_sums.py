"""Shares summed to regions and their parents, and small counts hidden so that nobody can work them out."""

from hypothesis import given
from hypothesis import strategies as st

from warehouse.handoffs.measure_sums import KpiRow, read, regions_above, summed, written
from warehouse.handoffs.measures import MonthShares, Share
from warehouse.handoffs.small_cells import LEAST_SHOWN, hidden_cells, shared

OCTOBER = MonthShares("202610", (("VISIT_RATE", Share(1, 1, 0)), ("RELAPSE_RATE", Share(0, 0, 1))))
NOVEMBER = MonthShares("202611", (("REPORT_ABSENCE_RATE", Share(2, 13, 1)),))
REGIONS = {"A": "140106003000", "B": "140108", "C": "140200"}


def test_shares_are_read_as_they_were_written() -> None:
    text = written([OCTOBER, NOVEMBER])
    assert text == "202610 VISIT_RATE 1/1/0, RELAPSE_RATE 0/0/1; 202611 REPORT_ABSENCE_RATE 2/13/1"
    assert read(text) == (OCTOBER, NOVEMBER)
    assert written([]) is None


def test_a_region_has_its_parents_padded_with_zeros_and_each_once() -> None:
    assert regions_above("140106003000") == ("140106", "140100", "140000")
    assert regions_above("140200") == ("140200", "140000")


def test_shares_are_summed_for_the_regions_of_stations_in_the_months_asked() -> None:
    text = written([OCTOBER, NOVEMBER]) or ""
    groups = [("A", text, 2), ("B", text, 3), ("C", text, 1), ("nowhere", text, 9)]
    found = summed(groups, {"202610"}, REGIONS.get)
    assert [tuple(row) for row in found if row.kpi_code == "VISIT_RATE"] == [
        ("140000", "202610", "VISIT_RATE", 6, 6, 0),
        ("140100", "202610", "VISIT_RATE", 5, 5, 0),
        ("140106", "202610", "VISIT_RATE", 2, 2, 0),
        ("140108", "202610", "VISIT_RATE", 3, 3, 0),
        ("140200", "202610", "VISIT_RATE", 1, 1, 0),
    ]
    assert {row.month for row in found} == {"202610"}
    assert summed(groups, {"202612"}, REGIONS.get) == []


def test_a_count_of_four_is_hidden_with_the_smallest_other_and_five_is_shown() -> None:
    assert hidden_cells({"a": 4, "b": 9, "c": 7}) == {"a", "c"}
    assert hidden_cells({"a": 5, "b": 9, "c": 7}) == set()
    assert hidden_cells({"a": 0, "b": 0, "c": 7, "d": 8}) == {"a", "b", "c"}  # two zeros would be known by their sum
    assert hidden_cells({"a": 9, "b": 8}, is_total_shown=False) == {"b"}
    assert hidden_cells({"a": 4}) == {"a"}


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(0, 12), max_size=8))
def test_the_rest_of_a_total_tells_no_count_below_five(counts: dict[str, int]) -> None:
    hidden = hidden_cells(counts)
    assert all(count >= LEAST_SHOWN for cell, count in counts.items() if cell not in hidden)
    if hidden and hidden != set(counts):
        assert len(hidden) >= 2
        assert sum(counts[cell] for cell in hidden) >= LEAST_SHOWN


def row(region: str, numerator: int, denominator: int) -> KpiRow:
    return KpiRow(region, "202610", "VISIT_RATE", numerator, denominator, 0)


def test_shared_measures_hide_small_counts_of_counties_and_of_their_cities() -> None:
    rows = [
        row("140000", 31, 50), row("140100", 20, 30), row("140200", 11, 20), row("140106", 4, 10), row("140107", 6, 9),
        row("140108", 10, 11), row("140202", 5, 12), row("140203", 6, 8),
    ]  # fmt: skip
    numerators = {one.region_code: one.numerator for one in shared(rows)}
    assert numerators == {
        "140000": 31, "140100": 20, "140200": 11, "140106": None, "140107": None, "140108": 10, "140202": 5, "140203": 6,
    }  # fmt: skip
    assert all(one.denominator is not None and one.unknown_count is None for one in shared(rows))


def test_a_hidden_city_cannot_be_added_up_from_its_counties() -> None:
    rows = [
        row("140000", 31, 50), row("140100", 3, 30), row("140200", 28, 20), row("140300", 40, 60), row("140106", 3, 10),
        row("140202", 14, 12), row("140203", 14, 8),
    ]  # fmt: skip
    numerators = {one.region_code: one.numerator for one in shared(rows)}
    assert (numerators["140100"], numerators["140200"], numerators["140300"]) == (None, None, 40)
    assert (numerators["140202"], numerators["140203"]) in {(None, 14), (14, None)}
