"""The Great Expectations suite of each feed, and Great Expectations' judgement on the states of rows. Importing this is slow (seconds).

The suite reads like the agreement: one expectation per promise. It is run with the COMPLETE result format, but never on received
values: the frame it sees holds states (`kept` or a code), and only numbers of failing states come back.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Collection, Mapping

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # must stand before the import: it would report usage to its makers

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it imports parts of the standard library that are on their way out
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.data_context.types.base import ProgressBarsConfig

import pandas as pd

from core.errors import FixConfiguration
from expectations.agreement import SCHEMA_VERSION, Feed
from expectations.promises import KEPT, Promise, promises

STATE_NUMBER = "state_number"


def suite(feed: Feed) -> gx.ExpectationSuite:
    """What the agency promised, as Great Expectations states it: one expectation per promise, over the frame of states.

    Its columns are the promises' `column`; its meta names field, aspect, severity and consequence.
    """
    expectations = [_expectation(promise) for promise in promises(feed)]
    meta = {"provider": feed.provider, "schema_version": SCHEMA_VERSION, "grain": feed.grain}
    return gx.ExpectationSuite(name=feed.feed, expectations=expectations, meta=meta)


def run(expectations: gx.ExpectationSuite, frame: pd.DataFrame, index_column: str) -> dict[str, list[int]]:
    """Numbers of the failing lines by column of the frame, as Great Expectations finds them; columns without one have an empty list.

    Args:
        expectations: a suite as `suite` makes it.
        frame: states by promise column, null where a promise does not apply, beside `index_column` that numbers the lines.

    Raises:
        FixConfiguration: an expectation could not be evaluated, or was passed over.
    """
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    batch = context.data_sources.add_pandas("states").add_dataframe_asset("states").add_batch_definition_whole_dataframe("all")
    outcome = batch.get_batch({"dataframe": frame}).validate(
        expectations,
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": [index_column],
            "return_unexpected_index_query": False,
        },
    )
    found = {}
    for one in outcome.results:
        column = one.expectation_config.kwargs["column"]
        if "element_count" not in one.result:
            raise FixConfiguration(f"Great Expectations could not judge {expectations.name} {column}; see docs/runbook.md")
        found[column] = [int(line[index_column]) for line in one.result.get("unexpected_index_list") or ()]
    asked = {one.column for one in expectations.expectations}
    if set(found) != asked:
        raise FixConfiguration(f"Great Expectations passed over {sorted(asked - set(found))} of {expectations.name}")
    return found


class Judgements:
    """What Great Expectations has said so far about the states of one feed; asked only about states not seen before.

    An expectation looks at one cell, so two rows in the same state are judged alike. That is why a million rows need no more
    evaluations than a few, and why a second small delivery needs none (a suite of 60 expectations costs about a second per run).
    """

    def __init__(self, feed: Feed) -> None:
        self._suite = suite(feed)
        self._failing: dict[tuple[str, str], bool] = {}
        self._lock = threading.Lock()

    def failing(self, states: Mapping[str, Collection[str]]) -> dict[str, frozenset[str]]:
        """Which of the given states fail their expectation, by column."""
        with self._lock:
            unseen = {c: sorted(s for s in given if (c, s) not in self._failing) for c, given in states.items()}
            unseen = {c: new for c, new in unseen.items() if new}
            if unseen:
                self._judge(unseen)
            return {c: frozenset(s for s in given if self._failing[c, s]) for c, given in states.items()}

    def _judge(self, unseen: Mapping[str, list[str]]) -> None:
        asked = gx.ExpectationSuite(name=self._suite.name, expectations=[_copy(e) for e in self._suite.expectations if e.column in unseen])
        frame = pd.DataFrame({column: pd.Series(new, dtype=object) for column, new in unseen.items()})
        failing = run(asked, frame.rename_axis(STATE_NUMBER).reset_index(), STATE_NUMBER)
        for column, new in unseen.items():
            self._failing |= {(column, state): number in failing[column] for number, state in enumerate(new)}


_judgements: dict[int, tuple[Feed, Judgements]] = {}


def judgements(feed: Feed) -> Judgements:
    """This process's judgements on a feed; the feed is kept beside them, so that its identity stays its own."""
    if id(feed) not in _judgements:
        _judgements[id(feed)] = (feed, Judgements(feed))
    return _judgements[id(feed)][1]


def warm(feed: Feed) -> None:
    """The feed's suite has run once in this process, so that its first delivery does not wait for it (about two seconds)."""
    judgements(feed).failing({promise.column: {KEPT} for promise in promises(feed)})


def _expectation(promise: Promise) -> gxe.ExpectColumnValuesToBeInSet:
    meta = {"field": promise.field, "aspect": promise.aspect, "severity": promise.severity, "consequence": promise.consequence}
    return gxe.ExpectColumnValuesToBeInSet(
        column=promise.column, value_set=[KEPT], severity=promise.severity, description=promise.means, meta=meta
    )


def _copy(expectation: gxe.ExpectColumnValuesToBeInSet) -> gxe.ExpectColumnValuesToBeInSet:
    """A suite takes over its expectations, so another suite needs its own."""
    return expectation.copy(update={"id": None})
