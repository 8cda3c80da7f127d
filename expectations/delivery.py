"""The shapes in which a delivery passes from a connector to the warehouse: as received, decoded, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

import pandas as pd

DeliveryForm = Literal["csv", "xlsx", "push", "page", "table"]
PROBLEM_COLUMNS = ("row_number", "field", "code")


@dataclass(frozen=True)
class Delivery:
    """One delivery of one feed, exactly as a provider handed it over.

    `name`: file name, push batch_id, or for pulled pages a name made of feed, run and page. `form` says how `content` is
    decoded: csv or xlsx (a file), push (a JSON envelope), page (a JSON page of the REST interface or one row per line),
    table (UTF-8 CSV of front-end table rows, header = field names). `snapshot_date`: set for a full snapshot, the day whose
    state at 24:00 it shows. `scope`: what a snapshot is complete for (a centre code, a region, or "" for the whole feed).
    `part`: (number, count) of a delivery in parts. `declared_*`: what the .ok file or envelope says; None where nothing does.
    `refusal`: an agreement code the edge itself already knows (E_NO_OK, E_NAME); the bytes are landed all the same.
    """

    provider: str
    feed: str
    name: str
    form: DeliveryForm
    content: bytes
    sender_code: str | None = None
    snapshot_date: date | None = None
    scope: str = ""
    part: tuple[int, int] | None = None
    declared_rows: int | None = None
    declared_sha256: str | None = None
    exported_at: datetime | None = None
    refusal: str | None = None


@dataclass
class Decoded:
    """Rows as received: one string column per agreed field that is there, absent cell None, index = row_number from 1.

    `problems` (row_number, field or None, code) holds what decoding itself found: E_COLUMNS, E_FORMULA, E_TYPE,
    W_NUMERIC_TEXT. Rows with E_COLUMNS are in `row_count` and in `rows` (cells that could be placed), never dropped.
    `notes` are counts and names for the receipt: unknown columns, skipped title and total rows, hidden sheets.
    """

    rows: pd.DataFrame
    problems: pd.DataFrame
    row_count: int
    notes: Mapping[str, object] = field(default_factory=dict)


@dataclass
class Reading:
    """Rows read by the value forms: canonical text per field, ready for COPY; index = row_number.

    Canonical text: date ``2026-11-20``; datetime ``2026-11-20T01:16:00+00:00`` (UTC); month ``202611``; decimal ``1234.50``;
    integer ``3``; boolean ``true``/``false``; list a JSON array; everything else its text. None = null.
    `received` keeps the text as received only where it differs from the canonical text (else None), same columns.
    `problems` (row_number, field, code): every E_ and W_ code a value form gave. Deciding which rows they reject is the
    suites' verdict, not the reader's. `derived` holds, for a feed with id_number, the column `id_key`: the valid 18-digit number
    or the 18-digit form of a good 15-digit one; None = no key, never used alone to link.
    """

    values: pd.DataFrame
    received: pd.DataFrame
    problems: pd.DataFrame
    derived: pd.DataFrame


def no_problems() -> pd.DataFrame:
    """An empty problems frame."""
    return pd.DataFrame({"row_number": pd.Series(dtype="int64"), "field": pd.Series(dtype="object"), "code": pd.Series(dtype="object")})
