"""A decoded delivery read by the value forms of the agreement: canonical text, codes, and the text received where it differs.

Every feed is read by its own fields in `feeds/*.yaml`; no feed has code of its own. Deciding what a code means for the row
(rejected, or null with a warning) is the suites' verdict.
"""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from expectations import row_rules
from expectations.agreement import Feed, Field
from expectations.delivery import Decoded, Reading
from expectations.draft import Draft
from expectations.forms import (
    booleans,
    codes,
    dates,
    id_number,
    instants,
    lists,
    months,
    names,
    numbers,
    organizations,
    phones,
    regions,
    texts,
)
from expectations.forms.columns import TEXT, read_column, to_arrow
from expectations.forms.form import Form

REGION_STANDARD = "GB/T 2260"


def read_rows(feed: Feed, decoded: Decoded, *, arrived_at: datetime) -> Reading:
    """Every cell read or refused by its form; nothing is dropped, whatever is in it.

    `values` has all fields of the feed in agreement order (a column that was not delivered is null) as pandas `str` columns
    backed by Arrow: missing is NaN, so ask `.isna()`, and `pyarrow.Table.from_pandas` gives true nulls without a copy.
    `received` holds only the columns with a difference; an empty text received counts as nothing received. A cell refused by
    the decoder is null here too; its code stays in `decoded.problems` and is not repeated. A cell refused here is null with its
    E_ code, except E_SENDER_KEY: the key stays, receipts are made with it. May be called on any part of the rows.

    Args:
        arrived_at: when the delivery arrived (aware): the clock check, and the day birth dates must not be after.
    """
    rows = decoded.rows
    as_of = arrived_at.astimezone(dates.SHANGHAI_TIME).date()
    draft = Draft(rows.index)
    for field in feed.fields:
        received = to_arrow(rows[field.field]) if field.field in rows else pa.nulls(len(rows), TEXT)
        draft.add(field.field, received, read_column(received, form_of(field, as_of)))
    _clear_refused_cells(draft, decoded.problems)
    row_rules.check_clock(draft, arrived_at)
    row_rules.check_sender_key(feed, draft)
    row_rules.check_negative_amounts(feed, draft)
    row_rules.check_rules(feed, draft)
    row_rules.mark_missing_names(feed, draft)
    row_rules.trust_other_documents(draft)
    is_delete = draft.values["operation_code"].eq("D").to_numpy(dtype=bool, na_value=False)
    return Reading(draft.frame(), draft.received(), draft.problems(is_delete), row_rules.derive(feed, draft, as_of))


def form_of(field: Field, as_of: date) -> Form:
    """How one field's texts are read on a day (only identity numbers look at the day)."""
    if field.form in FIXED:
        return FIXED[field.form]
    if field.form == "code" and field.codes is not None:
        return codes.form_of(field.codes)
    if field.form == "id":
        return id_number.form_of(as_of)
    if field.form == "list":
        return lists.form_of(field, _item_form(field, as_of))
    return BY_FIELD[field.form](field)


def _item_form(field: Field, as_of: date) -> Form:
    if field.codes is not None:
        return codes.form_of(field.codes)
    if field.refers_to == REGION_STANDARD:
        return regions.FORM
    return id_number.form_of(as_of) if field.field.endswith("id_numbers") else texts.FORM


FIXED = {
    "text": texts.FORM,
    "name": names.FORM,
    "phone": phones.FORM,
    "region": regions.FORM,
    "organization": organizations.FORM,
    "boolean": booleans.FORM,
}
BY_FIELD = {
    "date": lambda field: dates.form_of(field.open_ended),
    "datetime": lambda field: instants.form_of(field.open_ended),
    "month": lambda field: months.form_of(field.open_ended),
    "money": numbers.form_of,
    "decimal": numbers.form_of,
    "integer": numbers.form_of,
}


def _clear_refused_cells(draft: Draft, problems: pd.DataFrame) -> None:
    refused = problems[problems["code"].str.startswith("E_") & problems["field"].isin(list(draft.values))] if len(problems) else problems
    for name, rows in refused.groupby("field"):
        draft.clear(str(name), np.asarray(draft.index.isin(rows["row_number"])))
