"""The counts of the demo's last page: every code that occurs has its line, and invented amounts are called so."""

from datetime import date

from sandbox.summary import Summary, render
from sandbox.tally import Tally

TALLY = Tally(
    open_flags={("releases", "warning"): 3, ("aftercare cases", "critical"): 1200},
    findings={("DIBAO", "likely"): 5, ("DIBAO", "unknown"): 1, ("TEKUN", "unlikely"): 7},
    household_flags={("MEMBER_CHANGE", "A"): 2},
    messages={("centre", "sent"): 4, ("operator", "waiting"): 1},
    sample_parameters=(30, 80),
)


def page(tally: Tally) -> str:
    return render(Summary(date(2026, 11, 20), [], {}, 0, [], tally))


def line(text: str, begins: str) -> list[str]:
    return next(line.split() for line in text.splitlines() if line.strip().startswith(begins))


def test_flags_are_counted_by_severity_and_what_does_not_occur_is_nought() -> None:
    assert line(page(TALLY), "aftercare cases") == ["aftercare", "cases", "1,200", "0"]
    assert line(page(TALLY), "releases ") == ["releases", "0", "3"]


def test_findings_are_counted_by_benefit_and_outcome() -> None:
    assert line(page(TALLY), "benefit") == ["benefit", "likely", "unlikely", "unknown"]
    assert line(page(TALLY), "DIBAO") == ["DIBAO", "5", "0", "1"]


def test_an_outcome_nobody_foresaw_is_shown_too() -> None:
    assert line(page(Tally(findings={("DIBAO", "maybe"): 1})), "benefit") == ["benefit", "maybe"]


def test_invented_amounts_are_called_so_and_only_where_there_are_any() -> None:
    assert "SAMPLE amounts: 30 of 80 parameter values are invented" in page(TALLY)
    assert "SAMPLE" not in page(Tally(sample_parameters=(0, 80)))


def test_changes_of_households_and_messages_have_their_lines() -> None:
    assert line(page(TALLY), "MEMBER_CHANGE") == ["MEMBER_CHANGE", "A", "2"]
    assert line(page(TALLY), "centre") == ["centre", "4", "0"]


def test_nothing_at_all_is_said_in_words() -> None:
    assert page(Tally()).count("  none") == 4
