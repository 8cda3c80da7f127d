"""The page on how well each feed kept its promises."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from expectations.agreement import feeds
from expectations.promises import promises
from warehouse.quality_report import ASPECTS, JudgedExpectation, render, summaries

FIRST = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)


def judged(
    day: int = 0, *, feed: str = "trainings", expectation: str = "given_when_due", field: str = "name", failed: int = 0, checked: int = 100
):
    severity = "warning" if expectation in {"read_if_given", "read_without_doubt"} else "critical"
    return JudgedExpectation(day, feed, expectation, field, severity, checked, failed, FIRST + timedelta(days=day))


def test_a_feed_is_summed_over_its_deliveries() -> None:
    rows = [
        judged(0, failed=1),
        judged(1, failed=2),
        judged(0, expectation="columns_fit", field=""),
        judged(1, expectation="columns_fit", field=""),
    ]
    (found,) = summaries(rows)
    assert (found.batch_count, found.row_count, found.critical_count, found.warning_count, found.kept_count) == (2, 200, 3, 0, 1)
    assert [(line.field, line.failed, line.checked) for line in found.broken] == [("name", 3, 200)]
    assert [day.failed_share for day in found.broken[0].days] == [0.01, 0.02]


def test_deliveries_of_one_local_day_are_one_day() -> None:
    late, next_morning = datetime(2026, 11, 1, 15, 59, tzinfo=UTC), datetime(2026, 11, 1, 16, 0, tzinfo=UTC)
    rows = [
        JudgedExpectation(n, "trainings", "given_when_due", "name", "critical", 10, 1, at)
        for n, at in enumerate((late, late, next_morning))
    ]
    assert [(day.checked, day.failed) for day in summaries(rows)[0].broken[0].days] == [(20, 2), (10, 1)]


def test_critical_promises_stand_before_warnings_and_worse_before_better() -> None:
    rows = [judged(failed=1), judged(field="class_number", failed=9), judged(expectation="read_without_doubt", failed=50)]
    assert [line.field + line.severity for line in summaries(rows)[0].broken] == ["class_numbercritical", "namecritical", "namewarning"]


@pytest.mark.parametrize(("failed", "checked", "words"), [(1, 100_000, "&lt; 0.01 %"), (1, 10_000, "0.01 %"), (1, 3, "33.33 %")])
def test_a_share_is_never_rounded_to_nothing(failed: int, checked: int, words: str) -> None:
    page = render(
        [
            judged(failed=1),
            judged(1, field="class_number", failed=failed, checked=checked),
            judged(2, field="class_number", failed=0, checked=0),
        ]
    )
    assert f'<td class="n">{words}</td>' in page


def test_the_page_is_whole_by_itself() -> None:
    page = render([judged(n, failed=n % 3) for n in range(40)])
    assert not re.findall(r"https?://|<script|<link|<img|@import|url\(", page)
    assert "数据质量报告" in page


def test_the_page_is_well_formed() -> None:
    class Tags(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in {"meta", "br"}:
                self.open.append(tag)

        def handle_startendtag(self, tag: str, attrs: object) -> None:
            """A tag closed at once opens nothing."""

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    parser = Tags()
    parser.feed(render([judged(failed=1), judged(1, expectation="columns_fit", field="", failed=1)]))
    assert parser.open == []


def test_no_delivery_yet_is_said() -> None:
    assert "尚无已核验的批次" in render([])


def test_a_name_from_outside_cannot_become_markup() -> None:
    assert "<b>" not in render([judged(field="<b>", failed=1)])


def test_every_promise_of_every_feed_has_words_on_the_page() -> None:
    assert {promise.aspect for feed in feeds().values() for promise in promises(feed)} == set(ASPECTS)
