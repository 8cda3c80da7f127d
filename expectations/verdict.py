"""The verdict on one delivery's rows: which are refused and why, which wait for a steward, what is only counted, and what befalls a file.

Great Expectations decides which states fail (`expectations.suites`); this module carries its answer back to row numbers and counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass

import numpy as np
import pandas as pd

from expectations.agreement import Feed
from expectations.conditions import CITIZEN_ID_TYPE_CODE
from expectations.delivery import DeliveryForm, Reading, no_problems
from expectations.promises import Consequence, dropped_code
from expectations.states import Standing, standings

FILE_FORMS: tuple[DeliveryForm, ...] = ("csv", "xlsx")
ID_DAMAGE_CODES = ("W_ID_DAMAGED", "W_ID_CHECKSUM")
# Agreement section 8, "id file test", and section 9: both shares must be passed, not only reached.
ID_DAMAGE_PERCENT, ID_DAMAGE_LEAST_ROWS = 5, 20
TOO_MANY_PERCENT = 20


@dataclass(frozen=True)
class Tally:
    """The counts the file rules look at."""

    row_count: int = 0
    rejected_count: int = 0
    tested_id_count: int = 0
    damaged_id_count: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True)
class Verdict:
    """What follows for the rows of one delivery.

    `rejected`, `held`, `warnings`: row_number, field (None for the row as a whole), code; one line per reason, sorted by row. A row
    in `rejected` is not in `held`; a row in neither may be staged. `expectations`: expectation, field, severity, checked, failed,
    passed; counts of rows, no values. `file_code`: E_TOO_MANY (nothing is loaded, the sender repairs), H_ID_DAMAGE (nothing is
    loaded until a steward decides) or None; `file_detail` says the counts behind it. `tally`: the same counts, to be added up
    where a delivery is judged in pieces; then `file_rules` of the sum counts, not the pieces' codes.
    """

    rejected: pd.DataFrame
    held: pd.DataFrame
    warnings: pd.DataFrame
    expectations: pd.DataFrame
    tally: Tally
    file_code: str | None = None
    file_detail: str | None = None

    @property
    def rejected_rows(self) -> frozenset[int]:
        """Row numbers that go to quarantine."""
        return frozenset(self.rejected["row_number"])

    @property
    def held_rows(self) -> frozenset[int]:
        """Row numbers that wait for a steward."""
        return frozenset(self.held["row_number"])


def judge(feed: Feed, reading: Reading, *, decoded_problems: pd.DataFrame, row_count: int, form: DeliveryForm = "csv") -> Verdict:
    """Every row of the delivery is judged by its feed's suite.

    Args:
        reading: all rows, read.
        decoded_problems: what decoding found (see `Decoded.problems`); the reader's own problems are in the reading.
        row_count: rows received, the denominator of the file rule E_TOO_MANY.
        form: the two file rules apply to csv and xlsx only.

    Raises:
        FixConfiguration: the suite could not be evaluated.
    """
    from expectations.suites import judgements  # seconds to import: only who judges pays

    given = [frame for frame in (decoded_problems, reading.problems) if len(frame)]
    problems = pd.concat(given, ignore_index=True) if given else no_problems()
    all_standings = list(standings(feed, reading, problems))
    failing = judgements(feed).failing({s.promise.column: s.states for s in all_standings})
    failed = [s.only(failing[s.promise.column]) for s in all_standings]

    rejected = _lines(failed, "quarantine")
    held = _lines(failed, "hold")
    held = held[~held["row_number"].isin(rejected["row_number"])].reset_index(drop=True)
    warnings = _lines(failed, "count")
    tally = _tally(feed, reading, rejected, problems, row_count)
    code, detail = next(file_rules(tally), (None, None)) if form in FILE_FORMS else (None, None)
    return Verdict(rejected, held, warnings, _counts(failed), tally, code, detail)


def _lines(failed: Iterable[Standing], consequence: Consequence) -> pd.DataFrame:
    broken = [s for s in failed if s.promise.consequence == consequence and len(s.codes)]
    if not broken:
        return no_problems()
    lines = pd.DataFrame(
        {
            "row_number": np.concatenate([s.row_numbers for s in broken]),
            "field": pd.Series([s.promise.field for s in broken for _ in s.codes], dtype=object),
            "code": pd.Series(np.concatenate([_published(s) for s in broken]), dtype=object),
        }
    )
    return lines.drop_duplicates().sort_values("row_number", kind="stable", ignore_index=True)


def _published(standing: Standing) -> np.ndarray:
    """The codes of the breaches; a refusal that only drops an optional value appears under its warning's name."""
    if standing.promise.aspect != "read_if_given":
        return standing.codes
    return np.array([dropped_code(code) for code in standing.codes], dtype=object)


def _counts(failed: Iterable[Standing]) -> pd.DataFrame:
    standings_ = list(failed)
    broken = np.array([s.broken_count for s in standings_], dtype="int64")
    return pd.DataFrame(
        {
            "expectation": pd.Series([s.promise.aspect for s in standings_], dtype=object),
            "field": pd.Series([s.promise.field for s in standings_], dtype=object),
            "severity": pd.Series([s.promise.severity for s in standings_], dtype=object),
            "checked": np.array([s.kept_count for s in standings_], dtype="int64") + broken,
            "failed": broken,
            "passed": broken == 0,
        }
    )


def _tally(feed: Feed, reading: Reading, rejected: pd.DataFrame, problems: pd.DataFrame, row_count: int) -> Tally:
    rejected_count = rejected["row_number"].nunique()
    if "id_number" not in feed.by_name or "id_number" not in reading.values:
        return Tally(row_count, rejected_count)
    is_citizen = reading.values["id_type_code"].isin([CITIZEN_ID_TYPE_CODE]) & reading.values["id_number"].notna()
    tested = reading.values.index[is_citizen.to_numpy(dtype=bool)]
    damaged_rows = problems.loc[(problems["field"] == "id_number") & problems["code"].isin(ID_DAMAGE_CODES), "row_number"].unique()
    return Tally(row_count, rejected_count, len(tested), int(tested.isin(damaged_rows).sum()))


def file_rules(tally: Tally) -> Iterator[tuple[str, str]]:
    """Code and counts of every rule a whole file breaks; a file to be sent again needs no steward, so E_TOO_MANY comes first."""
    if tally.rejected_count * 100 > TOO_MANY_PERCENT * tally.row_count:
        yield "E_TOO_MANY", f"{tally.rejected_count} of {tally.row_count} rows rejected, more than {TOO_MANY_PERCENT} %"
    if tally.tested_id_count >= ID_DAMAGE_LEAST_ROWS and tally.damaged_id_count * 100 > ID_DAMAGE_PERCENT * tally.tested_id_count:
        yield (
            "H_ID_DAMAGE",
            f"{tally.damaged_id_count} of {tally.tested_id_count} resident ID numbers damaged or failing, more than {ID_DAMAGE_PERCENT} %",
        )
