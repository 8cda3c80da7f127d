"""Rows about which there is nothing to say: every cell reads without a code and everything due is given. Anything else is not plain.

A short way for a few rows, where the columns of `expectations.reading` and the verdict cost more than the rows themselves: the same
value forms cell by cell, and only the one verdict "kept". Whoever gets None goes the long way; a property test holds both to
the same outcome.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from expectations.agreement import Feed, Field
from expectations.conditions import CITIZEN_ID_TYPE_CODE
from expectations.decoding.messages import Envelope
from expectations.forms import id_number
from expectations.forms.dates import SHANGHAI_TIME
from expectations.forms.form import Form
from expectations.promises import KEPT, Promise, can_be_due, is_always_due, promises
from expectations.reading import form_of
from expectations.row_rules import CLOCK_WARNING_AFTER

Row = dict[str, str | None]
_NOT_STORED = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class PlainRow:
    """One row as `Reading` has it: canonical values of all fields, the texts received where they differ, and its id_key."""

    values: Row
    received: Mapping[str, str]
    id_key: str | None


def can_be_plain(feed: Feed) -> bool:
    """False for feeds with promises that only whole rows of columns are judged by: neutral words, rules between fields, signs."""
    return not (feed.is_neutral or feed.rules or any(field.negative_when for field in feed.fields))


def plain_rows(feed: Feed, envelope: Envelope, arrived_at: datetime) -> list[PlainRow] | None:
    """Every row of a pushed batch, read; None as soon as one is not plain."""
    if not can_be_plain(feed):
        return None
    forms = _forms_on(feed, arrived_at.astimezone(SHANGHAI_TIME).date())
    latest = (arrived_at.astimezone(UTC) + CLOCK_WARNING_AFTER).isoformat()
    found = []
    for row in envelope.rows:
        read = _read(feed, forms, row)
        if read is None or not _is_kept(feed, read, latest):
            return None
        found.append(read)
    return found


_of_day: dict[str, tuple[Feed, date, dict[str, Form]]] = {}


def _forms_on(feed: Feed, day: date) -> dict[str, Form]:
    """The forms of a feed's fields on a day (and, under "", of id_key); made once a day."""
    made = _of_day.get(feed.feed)
    if made is None or made[0] is not feed or made[1] != day:
        forms = {field.field: form_of(field, day) for field in feed.fields} | {"": id_number.key_form_of(day)}
        _of_day[feed.feed] = made = (feed, day, forms)
    return made[2]


def _read(feed: Feed, forms: Mapping[str, Form], row: Any) -> PlainRow | None:
    if not isinstance(row, dict) or not row.keys() <= feed.by_name.keys():
        return None
    values: Row = {}
    received: dict[str, str] = {}
    for field in feed.fields:
        text = row.get(field.field)
        if text is None or text == "":
            values[field.field] = None
            continue
        if type(text) is not str or not _can_be_stored(text):
            return None
        value, code = forms[field.field].read_one(text)
        if code is not None:
            return None
        values[field.field] = value
        if value != text:
            received[field.field] = text
    return PlainRow(values, received, _id_key(forms[""], values))


def _can_be_stored(text: str) -> bool:
    return not _NOT_STORED.search(text)


def _id_key(key_form: Form, values: Row) -> str | None:
    number = values.get("id_number")
    is_kind = values.get("id_type_code") in id_number.KEY_TYPES
    return key_form.read_one(number)[0] if number is not None and is_kind else None


def _is_kept(feed: Feed, row: PlainRow, latest: str) -> bool:
    values = row.values
    if values["operation_code"] not in {"I", "U"} or str(values["source_updated_at"]) > latest:
        return False
    sender = values[feed.sender_field] if feed.sender_field else None
    if sender is not None and not str(values["source_key"]).startswith(f"{sender}-"):
        return False
    always, sometimes = _due_fields(feed)
    if any(values[name] is None for name in always):
        return False
    return all(values[field.field] is not None or not _is_due(field, row) for field in sometimes)


_due: dict[str, tuple[Feed, tuple[tuple[str, ...], tuple[Field, ...]]]] = {}


def _due_fields(feed: Feed) -> tuple[tuple[str, ...], tuple[Field, ...]]:
    """Names of the fields that every row carries, and the fields that some rows carry."""
    made = _due.get(feed.feed)
    if made is None or made[0] is not feed:
        always = tuple(field.field for field in feed.fields if is_always_due(field))
        sometimes = tuple(field for field in feed.fields if can_be_due(field) and not is_always_due(field))
        _due[feed.feed] = made = (feed, (always, sometimes))
    return made[1]


def _is_due(field: Field, row: PlainRow) -> bool:
    if is_always_due(field):
        return True
    return can_be_due(field) and all(_holds(condition, row) for condition in field.when or ())


def _holds(condition: Mapping[str, Any], row: PlainRow) -> bool:
    """One condition on one row; `expectations.conditions` says what each kind means."""
    if "any" in condition:
        return any(_holds(one, row) for one in condition["any"])
    value = row.values.get(condition["field"])
    if "is" in condition:
        return value in condition["is"]
    if "is_not" in condition:
        return value is not None and value not in condition["is_not"]
    if "is_set" in condition:
        return (value is not None) == condition["is_set"]
    if "above" in condition:
        return value is not None and float(value) > condition["above"]
    if "is_valid_id" in condition:
        is_valid = row.id_key is not None and row.values["id_type_code"] == CITIZEN_ID_TYPE_CODE
        return is_valid == condition["is_valid_id"]
    raise ValueError(f"a condition on {condition['field']} has no known test")


def kept_counts(feed: Feed, rows: Sequence[PlainRow]) -> list[tuple[Promise, int]]:
    """How many of these rows each promise applies to and is kept by, in the order of `promises`."""
    return [(promise, sum(_applies(feed, promise, row) for row in rows)) for promise in promises_kept_by_rule(feed) or ()]


def _applies(feed: Feed, promise: Promise, row: PlainRow) -> bool:
    if promise.field is None:
        return True
    field = feed.by_name[promise.field]
    is_given = row.values[promise.field] is not None
    match promise.aspect:
        case "given_when_due":
            return _is_due(field, row)
        case "read_when_due":
            return is_given and _is_due(field, row)
        case "read_if_given":
            return is_given and not _is_due(field, row)
        case _:
            return is_given


_promises: dict[str, tuple[Feed, tuple[Promise, ...]]] = {}


def promises_kept_by_rule(feed: Feed) -> tuple[Promise, ...] | None:
    """The feed's promises, once Great Expectations (asked one time) said that a kept promise is kept; else None: no row is plain."""
    made = _promises.get(feed.feed)
    if made is None or made[0] is not feed:
        from expectations.suites import judgements  # seconds to import: only who judges pays

        every = promises(feed)
        failing = judgements(feed).failing({promise.column: {KEPT} for promise in every})
        _promises[feed.feed] = made = (feed, () if any(failing.values()) else every)
    return made[1] or None
