"""The pages in docs/providers say what the feeds say now."""

from pathlib import Path

import pytest

from expectations.agreement import Feed, feeds, providers
from expectations.documents import pages as render
from expectations.neutral import WORDS

PAGES = render()
FOLDER = Path(__file__).parents[2] / "docs" / "providers"


@pytest.mark.parametrize("provider", providers())
def test_the_page_is_up_to_date(provider: str) -> None:
    page = FOLDER / f"{provider}.md"
    assert page.read_text("utf-8") == PAGES[page.name], "run: python -m expectations documents docs/providers"


@pytest.mark.parametrize("feed", feeds().values(), ids=feeds())
def test_the_page_has_a_line_for_every_field(feed: Feed) -> None:
    section = PAGES[f"{feed.provider}.md"].split(f"## {feed.feed}: ")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[1:]] == list(feed.by_name)
    assert {line.count(" | ") for line in lines} == {6}


@pytest.mark.parametrize("provider", ["civil_affairs", "employment"])
def test_a_neutral_provider_reads_nothing_of_the_others(provider: str) -> None:
    others = [feed.feed for feed in feeds().values() if not feed.is_neutral]
    found = [word for word in (*others, *WORDS, "treatment", "custody") if word in PAGES[f"{provider}.md"]]
    assert not found
