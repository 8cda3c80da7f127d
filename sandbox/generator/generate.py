"""Writes a whole fictional province directory as agreement section 10 lays it out, and the truth beside it."""

from __future__ import annotations

import csv
import shutil
from datetime import date, datetime, time
from pathlib import Path

from sandbox.generator.bad_files import write_bad_files
from sandbox.generator.chance import stream
from sandbox.generator.mess.batches import Batch, batches
from sandbox.generator.mess.faults import Faults
from sandbox.generator.mess.identity import IdentityErrors
from sandbox.generator.mess.repeats import Repeats
from sandbox.generator.province import Province, build_province
from sandbox.generator.truth import write_truth
from sandbox.generator.writing import plain_csv, write_batch

PARTS = ("push", "files", "api", "share", "truth")
AS_OF = date(2026, 11, 20)


def generate(folder: Path, persons: int, seed: int, as_of: date = AS_OF, *, with_bad_files: bool = False) -> dict[str, int]:
    """A province lies in `folder`; what a former run left there is gone. The same arguments give the same bytes.

    Returns:
        Delivered rows per feed, repeats and faulty rows included.
    """
    for part in PARTS:
        shutil.rmtree(folder / part, ignore_errors=True)
    province = build_province(persons, seed, as_of)
    delivered = spoil(province)
    for batch in delivered:
        write_batch(folder, batch, stream(seed, "pen " + batch.path))
    _write_loads(folder, province, delivered)
    write_truth(folder / "truth", province, delivered)
    if with_bad_files:
        _write_bad_files(folder, province, delivered)
    counts: dict[str, int] = {}
    for batch in delivered:
        counts[batch.feed] = counts.get(batch.feed, 0) + len(batch.rows)
    return counts


def spoil(province: Province) -> list[Batch]:
    """The province's deliveries with identity errors, faulty rows and repeats in them, values still clean."""
    seed, evening = province.seed, datetime.combine(province.as_of, time(23, 59))
    delivered = batches(stream(seed, "batches"), province)
    errors = IdentityErrors(stream(seed, "identity"), province.population.persons)
    repeats, faults = Repeats(stream(seed, "repeats")), Faults(stream(seed, "faults"), evening)
    for batch in delivered:
        errors.spoil(batch.rows)
        repeats.add(batch)
        faults.add(batch)
    return delivered


def _write_loads(folder: Path, province: Province, delivered: list[Batch]) -> None:
    """share/batches.csv: one finished load per front-end table."""
    with (folder / "share" / "batches.csv").open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(["feed", "batch_id", "row_count", "min_updated_at", "max_updated_at", "exported_at"])
        for batch in delivered:
            if batch.medium == "share" and batch.rows:
                moments = [row.updated_at for row in batch.rows if row.updated_at <= batch.sent_at]
                name = f"MZ-{province.as_of:%Y%m%d}-{batch.feed}"
                writer.writerow([batch.feed, name, len(batch.rows), min(moments), max(moments), batch.sent_at])


def _write_bad_files(folder: Path, province: Province, delivered: list[Batch]) -> None:
    """Bad files of the rows of one good file, so that only the file itself is at fault."""
    rows = next(batch.rows for batch in delivered if batch.feed == "trainings")
    good = [row for row in rows if row.fault is None]
    write_bad_files(folder, province.as_of, plain_csv("trainings", good, stream(province.seed, "bad files")), len(good))
