"""One plain page on how well each feed kept its promises over time: counts only, no received value, nothing loaded from elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import text

from core.clock import SHANGHAI, now_at
from expectations.agreement import Feed, feeds
from warehouse.database import Role, transaction

PAGES = Path(__file__).with_name("pages")
ROW_EXPECTATION = "columns_fit"  # touches every row once, so its `checked` is the number of rows
ASPECTS = {
    "columns_fit": ("单元格数与表头一致", "cells fit the header"),
    "given_when_due": ("应填已填", "given when due"),
    "read_when_due": ("应填项可识读", "readable when due"),
    "read_if_given": ("选填项可识读", "readable if given"),
    "read_without_doubt": ("识读无疑义", "read without doubt"),
    "neutral_words": ("表述中性", "worded neutrally"),
}
TREND_DAYS = 30
BAR_WIDTH, BAR_STEP, BAR_HEIGHT = 5, 7, 24  # pixels


@dataclass(frozen=True)
class JudgedExpectation:
    """One expectation judged on one delivery (a row of ops.expectation_result). `field` is empty for the row as a whole."""

    batch_id: int
    feed: str
    expectation: str
    field: str
    severity: str
    checked: int
    failed: int
    judged_at: datetime


@dataclass(frozen=True)
class Day:
    """Counts of one calendar day in Asia/Shanghai; `failed_share` is None where nothing was checked."""

    day: date
    checked: int
    failed: int

    @property
    def failed_share(self) -> float | None:
        """Failed rows among those checked, 0 to 1."""
        return self.failed / self.checked if self.checked else None


@dataclass(frozen=True)
class Line:
    """One expectation of a feed over all its deliveries, with its last days, oldest first."""

    expectation: str
    field: str
    header: str
    severity: str
    checked: int
    failed: int
    days: Sequence[Day]


@dataclass(frozen=True)
class FeedSummary:
    """How one feed kept its promises. `broken`: expectations that failed at least once, most failed rows first; `kept_count`: others."""

    feed: Feed
    batch_count: int
    row_count: int
    last_judged_at: datetime
    critical_count: int
    warning_count: int
    broken: Sequence[Line]
    kept_count: int


def summaries(rows: Iterable[JudgedExpectation]) -> list[FeedSummary]:
    """One summary per feed that was judged, in agreement order."""
    by_feed: dict[str, list[JudgedExpectation]] = defaultdict(list)
    for row in rows:
        by_feed[row.feed].append(row)
    return [_summary(feed, by_feed[name]) for name, feed in feeds().items() if name in by_feed]


def render(rows: Iterable[JudgedExpectation], *, made_at: datetime | None = None) -> str:
    """A whole HTML page, Chinese first, that needs no other file.

    Args:
        made_at: the instant printed on it; now if not given.
    """
    environment = Environment(
        loader=FileSystemLoader(PAGES), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"share": _share_words, "at": _at_words, "bars": _bars}
    page = environment.get_template("quality_report.html.j2")
    found = summaries(rows)
    return page.render(
        summaries=found,
        providers=list(dict.fromkeys(s.feed.provider for s in found)),
        aspects=ASPECTS,
        made_at=made_at or now_at(),
        trend_days=TREND_DAYS,
        bar={"width": BAR_WIDTH, "height": BAR_HEIGHT},
    )


def write_report(file: Path) -> int:
    """The page over everything judged so far stands in `file`; returns how many feeds are on it."""
    with transaction(Role.OPERATOR) as connection:
        rows = connection.execute(
            text("select batch_id, feed, expectation, field, severity, checked, failed, judged_at from ops.expectation_result")
        ).mappings()
        judged = [JudgedExpectation(**row) for row in rows]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(render(judged), "utf-8")
    return len({row.feed for row in judged})


def _summary(feed: Feed, rows: list[JudgedExpectation]) -> FeedSummary:
    by_line: dict[tuple[str, str], list[JudgedExpectation]] = defaultdict(list)
    for row in rows:
        by_line[row.expectation, row.field].append(row)
    lines = [_line(feed, judged) for judged in by_line.values()]
    broken = sorted((line for line in lines if line.failed), key=lambda line: (line.severity, -line.failed, line.field, line.expectation))
    return FeedSummary(
        feed=feed,
        batch_count=len({row.batch_id for row in rows}),
        row_count=sum(row.checked for row in rows if row.expectation == ROW_EXPECTATION),
        last_judged_at=max(row.judged_at for row in rows),
        critical_count=sum(line.failed for line in broken if line.severity == "critical"),
        warning_count=sum(line.failed for line in broken if line.severity == "warning"),
        broken=broken,
        kept_count=len(lines) - len(broken),
    )


def _line(feed: Feed, judged: list[JudgedExpectation]) -> Line:
    by_day: dict[date, tuple[int, int]] = {}
    for row in judged:
        day = row.judged_at.astimezone(SHANGHAI).date()
        checked, failed = by_day.get(day, (0, 0))
        by_day[day] = (checked + row.checked, failed + row.failed)
    one = judged[0]
    agreed = feed.by_name.get(one.field)
    return Line(
        expectation=one.expectation,
        field=one.field,
        header=agreed.header if agreed else "",
        severity=one.severity,
        checked=sum(row.checked for row in judged),
        failed=sum(row.failed for row in judged),
        days=[Day(day, *by_day[day]) for day in sorted(by_day)[-TREND_DAYS:]],
    )


def _bars(days: Sequence[Day]) -> list[tuple[int, float, float]]:
    """x, y and height of one bar per day, the worst day as high as the picture; a failing day is at least one pixel."""
    worst = max((day.failed_share or 0 for day in days), default=0)
    heights = [max(1.0, BAR_HEIGHT * (day.failed_share or 0) / worst) if day.failed else 0.0 for day in days]
    return [(number * BAR_STEP, round(BAR_HEIGHT - height, 1), round(height, 1)) for number, height in enumerate(heights)]


def _share_words(failed: int, checked: int) -> str:
    percent = 100 * failed / checked
    return "< 0.01 %" if 0 < percent < 0.01 else f"{percent:.2f} %"


def _at_words(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
