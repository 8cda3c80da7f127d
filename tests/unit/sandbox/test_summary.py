"""The demo's last page shows counts and codes, balances, and hides nothing that is wrong."""

from datetime import date

from sandbox.summary import BALANCED, MOST_RELEASES, FeedFate, Release, Summary, render

AS_OF = date(2026, 11, 20)
EVEN = FeedFate("public_security", "drug_tests", 1234, 1200, 10, 14, 9, 1)
RELEASE = Release("00ff00ff00ff00ff", date(2026, 11, 25), "140100Q001", None, "NOTICED", ("PICKUP_UNASSIGNED",))


def page(fates: list[FeedFate] | None = None, releases: list[Release] | None = None, links: dict[str, int] | None = None) -> str:
    return render(Summary(AS_OF, fates if fates is not None else [EVEN], links or {}, 7, releases or []))


def test_every_feed_has_a_line_with_every_fate_and_the_sum_stands_below() -> None:
    more = FeedFate("community", "points_ledger", 6, 6, 0, 0, 0, 0)
    lines = page([EVEN, more]).splitlines()
    assert lines[2].split() == ["public_security", "drug_tests", "1,234", "1,200", "10", "14", "9", "1"]
    assert lines[4].split() == ["in", "all", "1,240", "1,206", "10", "14", "9", "1"]
    assert BALANCED in page([EVEN, more])


def test_a_row_without_a_fate_is_said_loudly() -> None:
    text = page([EVEN, FeedFate("community", "points_ledger", 6, 5, 0, 0, 0, 0)])
    assert "NOT BALANCED: points_ledger +1" in text
    assert BALANCED not in text


def test_numbers_stand_under_each_other() -> None:
    lines = page([EVEN, FeedFate("community", "points_ledger", 6, 6, 0, 0, 0, 0)]).splitlines()[1:5]
    assert len({len(line) for line in lines}) == 1


def test_a_release_is_shown_by_codes_with_its_open_flags() -> None:
    line = next(line for line in page(releases=[RELEASE]).splitlines() if "00ff00ff00ff00ff" in line)
    assert line.split() == ["2026-11-25", "00ff00ff00ff00ff", "140100Q001", "?", "NOTICED", "PICKUP_UNASSIGNED"]
    assert "COMING HOME BY 2026-12-20" in page(releases=[RELEASE])


def test_a_long_list_is_cut_and_says_how_much_is_left() -> None:
    text = page(releases=[RELEASE] * (MOST_RELEASES + 3))
    assert text.count("140100Q001") == MOST_RELEASES
    assert "... and 3 more" in text
    assert f"{MOST_RELEASES + 3} releases, {MOST_RELEASES + 3} with something to do." in text


def test_nobody_coming_home_is_said_in_words() -> None:
    assert page().endswith("Nobody.")


def test_every_link_status_is_counted_also_when_there_is_none() -> None:
    text = page(links={"linked": 2000, "review": 3})
    assert "2,000 source records linked to 7 persons; 3 wait for a person's decision; 0 stand alone" in text


def test_an_empty_warehouse_has_a_page_too() -> None:
    assert "in all" in page(fates=[])
