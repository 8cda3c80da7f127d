"""A clean row: what a provider knows, in Python values, before anybody wrote it down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from expectations.agreement import feed as agreed_feed
from sandbox.generator.people import Person

PERSON_FIELDS = {
    "id_type_code": "id_type_code",
    "id_number": "id_number",
    "name": "name",
    "sex_code": "sex_code",
    "birth_date": "birth_date",
    "ethnicity_code": "ethnicity_code",
    "hukou_region_code": "hukou_region",
    "hukou_address": "hukou_address",
    "residence_region_code": "region",
    "residence_address": "address",
    "phone": "phone",
    "former_names": "former_names",
}


@dataclass(slots=True)
class Row:
    """One version of one record. `values` has every agreed field; `error_class` says what was done to the identity.

    `sender`: the centre or station that delivers it. `raw`: cells that are written just so, whatever the value.
    `fault`: (field, code) the row is to be rejected with; the field is "" where no single one is at fault.
    """

    feed: str
    person: int | None
    values: dict[str, Any]
    sender: str = ""
    error_classes: list[str] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)
    fault: tuple[str, str] | None = None

    @property
    def key(self) -> str:
        """The source_key."""
        return str(self.values["source_key"])

    @property
    def updated_at(self) -> datetime:
        """The source_updated_at, Asia/Shanghai without zone."""
        at: datetime = self.values["source_updated_at"]
        return at

    def copy(self, **changed: Any) -> Row:
        """The same row with some values changed; identity errors are not carried over."""
        return Row(self.feed, self.person, self.values | changed, self.sender)


def make_row(feed: str, person: Person | None, key: str, updated_at: datetime, **values: Any) -> Row:
    """A row of `feed` with the identity block of `person`; agreed fields not given are None.

    Raises:
        KeyError: a value for a field the feed does not have.
    """
    fields = agreed_feed(feed).by_name
    unknown = set(values) - set(fields)
    if unknown:
        raise KeyError(f"{feed} has no fields {sorted(unknown)}")
    row: dict[str, Any] = dict.fromkeys(fields)
    if person is not None:
        for name, attribute in PERSON_FIELDS.items():
            if name in fields:
                row[name] = getattr(person, attribute)
    row.update(values, source_key=key, operation_code=values.get("operation_code", "I"), source_updated_at=updated_at)
    return Row(feed, None if person is None else person.number, row)
