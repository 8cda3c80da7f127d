"""The demo's last page: what became of every row, how many records found their person, who comes home, how many flags and findings.

Numbers, codes and days only; no name and no ID number is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import psycopg

from sandbox import tally
from sandbox.tally import Tally

DAYS_AHEAD = 30
MOST_RELEASES = 25
FATES = ("published", "superseded", "duplicates", "quarantined", "pending")


BALANCED = "Every row received has exactly one fate."


@dataclass(frozen=True)
class FeedFate:
    """How the rows of one feed ended; counts."""

    provider: str
    feed: str
    received: int
    published: int
    superseded: int
    duplicates: int
    quarantined: int
    pending: int

    @property
    def missing(self) -> int:
        """Rows received that have no fate; 0, always."""
        return self.received - sum(getattr(self, fate) for fate in FATES)


@dataclass(frozen=True)
class Release:
    """One coming release, by codes."""

    handoff_id: str
    expected_release_date: date
    centre_code: str | None
    station_code: str | None
    state: str
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """Everything the page shows. `links` counts source records by linked, review, unlinked."""

    as_of: date
    fates: Sequence[FeedFate]
    links: dict[str, int]
    persons: int
    releases: Sequence[Release]
    tally: Tally = field(default_factory=Tally)


def read(database: str, as_of: date) -> Summary:
    """The published state, from the views everybody reads."""
    until = as_of + timedelta(days=DAYS_AHEAD)
    with psycopg.connect(database) as connection:
        fates = connection.execute(
            "select provider, feed, received, published, superseded, duplicates, quarantined, pending"
            " from published.feed_health order by provider, feed"
        ).fetchall()
        links = connection.execute("select link_status, count(*) from published.source_links group by 1").fetchall()
        persons = connection.execute("select count(distinct person_id) from published.source_links where link_status = 'linked'").fetchone()
        releases = connection.execute(
            "select h.handoff_id, h.expected_release_date, h.centre_code, h.station_code, h.state,"
            " coalesce(array_agg(f.flag_code order by f.flag_code) filter (where f.status = 'open'), '{}')"
            " from published.handoffs h left join published.handoff_flags f using (handoff_id)"
            " where h.actual_released_at is null and h.expected_release_date between %s and %s"
            " group by h.handoff_id, h.expected_release_date, h.centre_code, h.station_code, h.state order by 2, 1",
            (as_of, until),
        ).fetchall()
        counts = tally.read(connection)
    return Summary(
        as_of,
        [FeedFate(provider, feed, *map(int, rows)) for provider, feed, *rows in fates],
        {status: int(count) for status, count in links},
        int(persons[0]) if persons else 0,
        [Release(row[0], row[1], row[2], row[3], row[4], tuple(row[5])) for row in releases],
        counts,
    )


def rows_received(database: str) -> dict[str, int]:
    """Rows received so far, by feed; empty while the warehouse is not there yet."""
    with psycopg.connect(database) as connection:
        return {
            feed: int(rows)
            for feed, rows in connection.execute("select feed, sum(coalesce(row_count, 0)) from landing.batch group by feed")
        }


def render(summary: Summary) -> str:
    """The page as text."""
    return "\n\n".join([_fates(summary.fates), _links(summary), *_tallied(summary.tally), _releases(summary)])


def _fates(fates: Sequence[FeedFate]) -> str:
    header = ("provider", "feed", "received", *FATES)
    body = [(f.provider, f.feed, f.received, *(getattr(f, fate) for fate in FATES)) for f in fates]
    total = ("in all", "", *(sum(getattr(f, count) for f in fates) for count in ("received", *FATES)))
    lost = [f"{f.feed} {f.missing:+,}" for f in fates if f.missing]
    closing = (
        f"NOT BALANCED: {', '.join(lost)} (python -m warehouse check-conservation)" if lost else "Every row received has exactly one fate."
    )
    return "WHAT BECAME OF EVERY ROW\n" + _table([header, *body, total]) + f"\n{closing}"


def _tallied(counts: Tally) -> list[str]:
    found = tally.sections(counts)
    return [f"{title}\n{_table(table) if len(table) > 1 else '  none'}{_closing(words)}" for title, table, words in found]


def _closing(words: str) -> str:
    return f"\n{words}" if words else ""


def _links(summary: Summary) -> str:
    counts = {status: summary.links.get(status, 0) for status in ("linked", "review", "unlinked")}
    return (
        "WHO IS WHO\n"
        f"{counts['linked']:,} source records linked to {summary.persons:,} persons;"
        f" {counts['review']:,} wait for a person's decision; {counts['unlinked']:,} stand alone so far."
    )


def _releases(summary: Summary) -> str:
    title = f"COMING HOME BY {summary.as_of + timedelta(days=DAYS_AHEAD)} (today is {summary.as_of})"
    if not summary.releases:
        return f"{title}\nNobody."
    shown = summary.releases[:MOST_RELEASES]
    header = ("release", "handoff", "centre", "station", "state", "flags")
    body = [
        (str(r.expected_release_date), r.handoff_id, r.centre_code or "?", r.station_code or "?", r.state, ", ".join(r.flags) or "-")
        for r in shown
    ]
    flagged = sum(bool(r.flags) for r in summary.releases)
    more = f"\n... and {len(summary.releases) - len(shown):,} more in published.handoffs." if len(summary.releases) > len(shown) else ""
    return f"{title}\n{_table([header, *body])}{more}\n{len(summary.releases):,} releases, {flagged:,} with something to do."


def _table(rows: Iterable[Sequence[object]]) -> str:
    texts = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in texts) for i in range(len(texts[0]))]
    is_number = [all(text.replace(",", "").isdigit() for text in column[1:]) and len(texts) > 1 for column in zip(*texts, strict=True)]
    aligned = [[text.rjust(w) if right else text.ljust(w) for text, w, right in zip(row, widths, is_number, strict=True)] for row in texts]
    return "\n".join("  " + "  ".join(row).rstrip() for row in aligned)
