"""Writes what was set aside: quarantined rows, reasons and warnings, and the counts of every expectation."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, text

from core.clock import now_at
from expectations.agreement import Feed
from warehouse.landing.batches import LandedBatch
from warehouse.staging.columns import bytea_literals
from warehouse.staging.prepare import Prepared
from warehouse.staging.versions import copy_table


def without_repeats(
    connection: Connection, feed: Feed, chunk: Prepared, duplicates: list[int], *, is_pulled: bool
) -> tuple[Prepared, list[int]]:
    """The chunk without what was told before, and the row numbers of all its duplicates.

    A duplicate's warnings were given with the first of its kind. A refused row that a pull brings again (runs overlap by two
    days) is a duplicate too; one that a sender sends again is refused again.
    """
    again: list[int] = []
    if is_pulled and len(chunk.quarantined):
        told = connection.execute(
            text("select received_hash from quarantine.row where feed = :feed and received_hash = any(:hashes)"),
            {"feed": feed.feed, "hashes": chunk.quarantined["received_hash"].tolist()},
        ).scalars()
        known = {bytes(value) for value in told}
        again = [
            int(number)
            for number, value in zip(chunk.quarantined["row_number"], chunk.quarantined["received_hash"], strict=True)
            if value in known
        ]
    every = sorted([*duplicates, *again])
    if not every:
        return chunk, every
    kept = chunk.problems[~chunk.problems["row_number"].isin(every)]
    return replace(chunk, quarantined=chunk.quarantined[~chunk.quarantined["row_number"].isin(again)], problems=kept), every


def write_quarantine(connection: Connection, feed: Feed, batch: LandedBatch, parts: list[Prepared]) -> None:
    """Every set-aside row of the batch stands in quarantine.row."""
    for part in parts:
        rows = part.quarantined
        if len(rows):
            copy_table(
                connection,
                "quarantine.row",
                pa.table(
                    _of_batch(feed, batch, len(rows))
                    | {
                        "row_number": pa.array(rows["row_number"], pa.int32()),
                        "source_key": pa.array(rows["source_key"], pa.string(), from_pandas=True),
                        "state": pa.array(rows["state"], pa.string()),
                        "received_sealed": bytea_literals(rows["received_sealed"].tolist()),
                        "received_hash": bytea_literals(rows["received_hash"].tolist()),
                        "quarantined_at": pa.array([now_at().isoformat()] * len(rows), pa.string()),
                    }
                ),
            )


def write_problems(connection: Connection, feed: Feed, batch: LandedBatch, found: list[pd.DataFrame]) -> None:
    """Every reason and warning of the batch stands in quarantine.problem; a frame without severity holds warnings."""
    for problems in found:
        if len(problems):
            told = problems if "severity" in problems else problems.assign(severity="warning")
            copy_table(
                connection,
                "quarantine.problem",
                pa.table(
                    _of_batch(feed, batch, len(told))
                    | {"row_number": pa.array(told["row_number"], pa.int32())}
                    | {name: pa.array(told[name], pa.string(), from_pandas=True) for name in ("source_key", "field", "code", "severity")}
                ),
            )


def write_expectations(connection: Connection, feed: Feed, batch: LandedBatch, parts: list[Prepared]) -> None:
    """The counts of every expectation judged on the batch stand in ops.expectation_result."""
    if not parts:
        return
    whole = (
        pd.concat([part.expectations for part in parts])
        .groupby(["expectation", "field", "severity"], as_index=False, dropna=False)[["checked", "failed"]]
        .sum()
    )
    rows = whole.assign(field=whole["field"].fillna(""), batch=batch.batch_id, feed=feed.feed, now=now_at()).to_dict("records")
    if rows:
        connection.execute(
            text(
                "insert into ops.expectation_result (batch_id, feed, expectation, field, severity, checked, failed, judged_at) "
                "values (:batch, :feed, :expectation, :field, :severity, :checked, :failed, :now)"
            ),
            rows,
        )


def _of_batch(feed: Feed, batch: LandedBatch, count: int) -> dict[str, pa.Array]:
    return {
        "batch_id": pa.array([batch.batch_id] * count, pa.int64()),
        "provider": pa.array([feed.provider] * count, pa.string()),
        "feed": pa.array([feed.feed] * count, pa.string()),
    }
