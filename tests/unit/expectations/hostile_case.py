"""One odd or hostile delivery and the end its label promises, and the sample rows such deliveries are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from expectations.agreement import feed
from expectations.delivery import Delivery, DeliveryForm

Code = tuple[int, str | None, str]
SOURCE_CHANGED = "SourceChanged"
LEDGER = "points_ledger"
INSURANCE = "insurance_contributions"


@dataclass(frozen=True)
class HostileFile:
    """One delivery and how it must end.

    `refused`: the agreement's file code or SourceChanged, None where rows come out. `row_count` and `row_codes`: all rows
    and all their codes, exactly. `cells`: (row_number, field, text) to look at. `notes`: entries the notes must hold.
    """

    label: str
    feed: str
    delivery: Callable[[], Delivery]
    refused: str | None = None
    row_count: int = 0
    row_codes: tuple[Code, ...] = ()
    cells: tuple[tuple[int, str, str | None], ...] = ()
    notes: Mapping[str, object] = field(default_factory=dict)


def add(cases: list[HostileFile], label: str, feed_name: str, form: DeliveryForm, content: Callable[[], bytes], **expected: object) -> None:
    """Append one delivery; declared_rows, declared_sha256 and sender_code go into the delivery, the rest is what is expected of it."""
    declared = {name: expected.pop(name) for name in ("declared_rows", "declared_sha256", "sender_code") if name in expected}

    def delivery() -> Delivery:
        return Delivery(feed(feed_name).provider, feed_name, label, form, content(), **declared)  # type: ignore[arg-type]

    cases.append(HostileFile(label, feed_name, delivery, **expected))  # type: ignore[arg-type]


def sample_rows(feed_name: str, count: int) -> list[dict[str, str]]:
    """`count` rows of the feed's own examples, each with a source_key of its own ending in its number."""
    base = {f.field: f.example or "" for f in feed(feed_name).fields}
    return [base | {"source_key": f"{base['source_key'].rstrip('0123456789')}{number}"} for number in range(1, count + 1)]


def headers_of(feed_name: str) -> list[str]:
    """The agreed column headers."""
    return [f.header for f in feed(feed_name).fields]
