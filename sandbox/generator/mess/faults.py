"""Rows that must be rejected, one row code each: extra rows under keys of their own, never more than one in twelve."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from expectations.agreement import Feed, Field, feed
from sandbox.generator.chance import Chance
from sandbox.generator.mess.batches import Batch
from sandbox.generator.rows import Row

EXTRA_CELL = "__extra_cell__"
WORDS = {
    "E_DATE": ("2026-02-30", "2026-13-05"),
    "E_DATE_PART": ("2026-03", "2026年", "农历正月初五"),
    "E_DATE_AMBIGUOUS": ("5/1/2026", "260105", "46027"),
}
APART = 12
# Codes few media or feeds can carry go first where they fit.
SELDOM_FITS = {"E_TYPE": 1, "E_FORMULA": 2, "E_SENDER_KEY": 3, "E_COLUMNS": 4, "E_UNIT": 5, "E_RANGE": 6, "E_NUMBER": 7}


@dataclass(frozen=True)
class Formula:
    """An XLSX cell with a formula and no stored value."""

    text: str = "=A1"


def _required(agreed: Feed, *forms: str) -> list[Field]:
    skipped = {"source_key", "operation_code", "source_updated_at", "id_type_code", "name", agreed.sender_field}
    return [f for f in agreed.fields if f.required == "always" and f.form in forms and f.field not in skipped]


class Faults:
    """Adds faulty rows to batches, the rarest applicable code first."""

    def __init__(self, chance: Chance, as_of: datetime) -> None:
        self._chance, self._as_of = chance, as_of
        self.count: Counter[str] = Counter()
        self._serial: Counter[str] = Counter()
        self._ways: dict[str, Callable[[Row, Batch], str | None]] = {
            "E_REQUIRED": self._empty, "E_CONDITION": self._no_number, "E_CODE": self._bad_code, "E_DATE": self._bad_date,
            "E_DATE_PART": self._bad_date, "E_DATE_AMBIGUOUS": self._bad_date, "E_NUMBER": self._bad_number, "E_UNIT": self._bad_unit,
            "E_RANGE": self._bad_range, "E_TYPE": self._bad_type, "E_COLUMNS": self._bad_columns, "E_FORMULA": self._bad_formula,
            "E_CLOCK": self._bad_clock, "E_SENDER_KEY": self._bad_sender, "E_LENGTH": self._too_long,
        }  # fmt: skip

    def add(self, batch: Batch) -> None:
        """Adds up to one faulty row in a hundred and at least one where there is room, spread over the batch."""
        room = len(batch.rows) // APART
        wanted = min(room, max(1, len(batch.rows) // 100), 12)
        sources = [row for row in batch.rows if not row.raw and row.values["operation_code"] != "D"]
        for number in range(wanted if sources else 0):
            row = self._faulty(self._chance.choice(sources), batch)
            if row is not None:
                at = len(batch.rows) if row.fault and row.fault[1] == "E_CLOCK" else (number + 1) * len(batch.rows) // (wanted + 1)
                batch.rows.insert(at, row)

    def _faulty(self, source: Row, batch: Batch) -> Row | None:
        for code in sorted(self._ways, key=lambda code: (self.count[code], SELDOM_FITS.get(code, 9), self._chance.random())):
            row = source.copy(operation_code="I")
            row.values["source_key"] = self._new_key(source.key)
            row.fault = ("", code)
            field = self._ways[code](row, batch)
            if field is not None:
                row.fault = (field, code)
                self.count[code] += 1
                return row
        return None

    def _new_key(self, key: str) -> str:
        """A key nobody has: the highest serials of the same form, counted down."""
        match = re.search(r"\d+$", key)
        if match is None:
            raise ValueError("a source_key ends with its serial")
        stem = key[: match.start()]
        self._serial[stem] += 1
        width = len(match.group())
        return f"{stem}{10**width - self._serial[stem]:0{width}d}"

    def _pick(self, row: Row, *forms: str) -> Field | None:
        fields = [f for f in _required(feed(row.feed), *forms) if row.values[f.field] is not None]
        return self._chance.choice(fields) if fields else None

    def _empty(self, row: Row, batch: Batch) -> str | None:
        field = self._pick(row, "code", "date", "decimal", "month")
        return self._written(row, field, "")

    def _no_number(self, row: Row, batch: Batch) -> str | None:
        if row.values.get("id_type_code") != "111":
            return None
        row.raw["id_number"] = ""
        return "id_number"

    def _bad_code(self, row: Row, batch: Batch) -> str | None:
        fields = [f for f in _required(feed(row.feed), "code") if f.codes and not f.codes.pattern]
        field = self._chance.choice(fields) if fields else None
        if field is None or field.codes is None:
            return None
        own = str(row.values[field.field])
        other = next((label for code, label in field.codes.codes.items() if code != own), "")
        return self._written(row, field, "Z7" if self._chance.happens(0.5) else f"{own}-{other}")

    def _bad_date(self, row: Row, batch: Batch) -> str | None:
        words = WORDS[row.fault[1] if row.fault else "E_DATE"]
        return self._written(row, self._pick(row, "date"), self._chance.choice(words))

    def _bad_number(self, row: Row, batch: Batch) -> str | None:
        return self._written(row, self._pick(row, "money", "decimal"), self._chance.choice(("约600", "600左右", "600-800", "陆佰元")))

    def _bad_unit(self, row: Row, batch: Batch) -> str | None:
        field = self._pick(row, "money", "decimal")
        return self._written(row, field, "9600元/年") if field and field.unit == "yuan/month" else None

    def _bad_range(self, row: Row, batch: Batch) -> str | None:
        if row.feed == "community_orders":
            row.raw["term_months"] = "48"
            return "term_months"
        if row.feed in {"benefit_payments", "insurance_contributions"}:
            row.values |= (
                {"payment_kind_code": "1", "payment_state_code": "1", "payment_date": row.updated_at.date()}
                if row.feed == "benefit_payments"
                else {"contribution_state_code": "1"}
            )
        field = self._pick(row, "money", "decimal")
        return self._written(row, field, "-120.00")

    def _bad_type(self, row: Row, batch: Batch) -> str | None:
        number = row.values.get("id_number") or ""
        if batch.medium != "push" or not number.isdigit():
            return None
        row.raw["id_number"] = int(number)
        return "id_number"

    def _bad_columns(self, row: Row, batch: Batch) -> str | None:
        if batch.medium != "csv":
            return None
        row.raw[EXTRA_CELL] = "1"
        return ""

    def _bad_formula(self, row: Row, batch: Batch) -> str | None:
        return self._written(row, self._pick(row, "code", "date"), Formula()) if batch.medium == "xlsx" else None

    def _bad_clock(self, row: Row, batch: Batch) -> str | None:
        if batch.medium == "api" and row.feed != "drug_tests":
            return None
        row.values["source_updated_at"] = self._as_of + timedelta(days=self._chance.randint(40, 900))
        return "source_updated_at"

    def _bad_sender(self, row: Row, batch: Batch) -> str | None:
        if feed(row.feed).sender_field is None:
            return None
        row.values["source_key"] = (
            "149999Z001" + row.key[len(row.sender) :] if batch.medium != "push" else "149999Q009" + row.key[len(row.sender) :]
        )
        return "source_key"

    def _too_long(self, row: Row, batch: Batch) -> str | None:
        if "name" not in row.values:
            return None
        row.raw["name"] = str(row.values["name"])[:1] * 120
        return "name"

    @staticmethod
    def _written(row: Row, field: Field | None, cell: Any) -> str | None:
        if field is None:
            return None
        row.raw[field.field] = cell
        return field.field
