"""What one feed promises, one promise per field and aspect, derived from the feed; the suite, the verdict and the documents say the same.

Whether a row keeps a promise is worked out in `expectations.states`; what follows is `consequence`, the only place that says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from expectations.agreement import COMMON_FIELDS, Feed, Field

KEPT = "kept"

Aspect = Literal["columns_fit", "given_when_due", "read_when_due", "read_if_given", "read_without_doubt", "neutral_words"]
Consequence = Literal["quarantine", "hold", "count"]

# A refused value of a field that is not due becomes null with a warning named after the refusal. E_UNIT gets a name of its own,
# because the agreement already uses W_UNIT for a value that was multiplied and kept.
_DROPPED_OTHERWISE = {"E_UNIT": "W_UNIT_REFUSED"}


@dataclass(frozen=True)
class Promise:
    """One promise: `column` of the frame of states, where every state but KEPT and null (does not apply) breaks it.

    `consequence` of a broken promise: quarantine and hold keep the row out of staging, count does not. `means` is one sentence.
    """

    column: str
    field: str | None
    aspect: Aspect
    consequence: Consequence
    means: str

    @property
    def severity(self) -> Literal["critical", "warning"]:
        """Critical where a broken promise keeps the row out."""
        return "warning" if self.consequence == "count" else "critical"


def dropped_code(code: str) -> str:
    """The warning under which a refusal is published when the field is not due and simply becomes null."""
    return _DROPPED_OTHERWISE.get(code, "W_" + code.removeprefix("E_"))


def missing_code(field: Field) -> str:
    """The code of a value that is due and not there."""
    return "E_REQUIRED" if field.required == "always" else "E_CONDITION"


def is_always_due(field: Field) -> bool:
    """True when every row, or every row but deletions, must carry the field."""
    return field.required == "always"


def can_be_due(field: Field) -> bool:
    """True when some row must carry the field and the row itself tells which."""
    return is_always_due(field) or (field.required == "when" and field.when is not None)


def promises(feed: Feed) -> tuple[Promise, ...]:
    """Every promise of a feed, in the order of its fields; row promises first."""
    return tuple(_all_of(feed))


def _all_of(feed: Feed) -> Iterator[Promise]:
    yield Promise("row.columns_fit", None, "columns_fit", "quarantine", "The row has as many cells as the header has columns.")
    yield Promise("row.read_without_doubt", None, "read_without_doubt", "count", "Nothing about the row as a whole is in doubt.")
    for field in feed.fields:
        yield from _of_field(feed, field)


def _of_field(feed: Feed, field: Field) -> Iterator[Promise]:
    name = field.field
    rules = "".join(f"; {rule['means']}" for rule in feed.rules if rule["field"] == name)
    if can_be_due(field):
        yield Promise(f"{name}.given_when_due", name, "given_when_due", "quarantine", f"{name} is given in {due_words(field)}.")
        yield Promise(
            f"{name}.read_when_due", name, "read_when_due", "quarantine", f"{name}, where it is due, reads as {form_words(field)}."
        )
    if not is_always_due(field):
        yield Promise(f"{name}.read_if_given", name, "read_if_given", "count", f"{name}, if given, reads as {form_words(field)}{rules}.")
    yield Promise(f"{name}.read_without_doubt", name, "read_without_doubt", "count", f"{name} reads without a warning.")
    if feed.is_neutral and field.neutral_text:
        yield Promise(
            f"{name}.neutral_words", name, "neutral_words", "hold", f"{name} holds no word on custody, treatment or community orders."
        )


def due_words(field: Field) -> str:
    """When the field must be there, in words."""
    if is_always_due(field):
        return "every row" if field.field in COMMON_FIELDS else "every row but a deletion"
    if field.required == "never":
        return "no row: it is optional"
    if field.when is None:
        return "rows the note describes; one row alone cannot show it, so no row is refused for it"
    return "rows where " + " and ".join(_condition_words(c) for c in field.when)


def form_words(field: Field) -> str:
    """What the field is read as, in words."""
    if field.codes:
        kind = "a list of codes of" if field.form == "list" else "a code of"
        return f"{kind} {field.codes.name}"
    words = field.form if not field.unit else f"{field.form} in {field.unit}"
    return words if not field.refers_to else f"{words} known to {field.refers_to}"


def _condition_words(condition: Mapping[str, Any]) -> str:
    if "any" in condition:
        return " or ".join(_condition_words(c) for c in condition["any"])
    field = condition["field"]
    if "is" in condition:
        return f"{field} is {' or '.join(condition['is'])}"
    if "is_not" in condition:
        return f"{field} is given and not {' or '.join(condition['is_not'])}"
    if "is_set" in condition:
        return f"{field} is {'given' if condition['is_set'] else 'empty'}"
    if "above" in condition:
        return f"{field} is above {condition['above']}"
    return f"{field} is {'' if condition['is_valid_id'] else 'not '}a valid resident number"
