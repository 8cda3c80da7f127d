"""Every feed has a suite that states all it promises, at a severity that has a consequence."""

import os

import pandas as pd
import pytest

from expectations import suites
from expectations.agreement import Feed, feeds
from expectations.promises import KEPT, promises
from expectations.suites import judgements, run, suite, warm


@pytest.mark.parametrize("feed", feeds().values(), ids=feeds())
def test_every_field_of_the_feed_stands_in_its_suite(feed: Feed) -> None:
    stated = {one.meta["field"] for one in suite(feed).expectations}
    assert stated >= set(feed.by_name)


@pytest.mark.parametrize("feed", feeds().values(), ids=feeds())
def test_every_expectation_says_what_it_means_and_what_follows(feed: Feed) -> None:
    for one in suite(feed).expectations:
        assert one.description
        assert one.meta["aspect"]
        assert one.severity == one.meta["severity"]
        assert (one.meta["consequence"] == "count") == (one.severity == "warning")


@pytest.mark.parametrize("name", ["means_checks"])
def test_great_expectations_passes_what_is_kept_and_fails_what_is_not(name: str) -> None:
    states = {promise.column: {KEPT, "E_ANY"} for promise in promises(feeds()[name])}
    failing = judgements(feeds()[name]).failing(states)
    assert failing == {column: frozenset({"E_ANY"}) for column in states}


def test_a_warmed_suite_is_not_run_again_for_a_clean_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = feeds()["trainings"]
    warm(feed)
    monkeypatch.setattr(suites, "run", lambda *_: pytest.fail("Great Expectations ran again"))
    assert not any(judgements(feed).failing({"name.given_when_due": {KEPT}}).values())


def test_a_null_state_is_a_promise_that_does_not_apply() -> None:
    feed = feeds()["points_ledger"]
    frame = pd.DataFrame({promise.column: [None, KEPT] for promise in promises(feed)}, dtype=object).assign(number=[1, 2])
    assert not any(run(suite(feed), frame, "number").values())


def test_usage_is_not_reported_to_anybody() -> None:
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
