"""Small sets of records for tests: each row says feed, key, number, name, birth and whatever else it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import pandas as pd

from expectations.forms.id_number import check_digit, key_of
from warehouse.identity.document_numbers import normal_number
from warehouse.identity.names import bare_keys
from warehouse.identity.records import BUSINESS_KEYS, DOCUMENT_KEYS, NOTHING, PLACES, NumberChange, Records

AS_OF = date(2026, 11, 20)


def number(birth: str, sequence: str = "001", region: str = "149999") -> str:
    """A valid number of an invented person."""
    first17 = region + birth.replace("-", "") + sequence
    return first17 + check_digit(first17)


def row(feed: str, source_key: str, id_number: str | None, name: str | None, birth: str | None = None, **given: Any) -> dict[str, Any]:
    return {"feed": feed, "source_key": source_key, "id_number": id_number, "name": name, "birth": birth} | given


def records(
    rows: Iterable[Mapping[str, Any]],
    moved: Iterable[tuple[str, str, str]] = (),
    aliases: Mapping[str, set[str]] | None = None,
    births: Mapping[str, set[date]] | None = None,
) -> Records:
    """Records as they would be read. `moved`: (old number, new number, name); `aliases`, `births`: by number."""
    rows = list(rows)
    keys = [key_of(r["id_number"], AS_OF) if r["id_number"] else None for r in rows]
    numbers = sorted({key for key in keys if key} | {n for old, new, _ in moved for n in (old, new)})
    texts = sorted({r["id_number"] for r in rows if r["id_number"]})
    names = sorted({key for r in rows if r["name"] for key in bare_keys([r["name"]])} | {key for *_, n in moved for key in bare_keys([n])})
    frame = pd.DataFrame({"feed": [r["feed"] for r in rows], "source_key": [r["source_key"] for r in rows]})
    frame["number"] = [numbers.index(key) if key else NOTHING for key in keys]
    frame["text_number"] = [texts.index(r["id_number"]) if r["id_number"] else NOTHING for r in rows]
    frame["name"] = [names.index(bare_keys([r["name"]])[0]) if r["name"] else NOTHING for r in rows]
    for column in ("phone", *BUSINESS_KEYS):
        told = [normal_number(v) if (v := r.get(column)) and column in DOCUMENT_KEYS else r.get(column) for r in rows]
        frame[column] = pd.factorize(pd.Series(told, dtype="object"))[0]
    frame["birth_date"] = pd.to_datetime(pd.Series([r["birth"] for r in rows], dtype="object"))
    frame["sex_code"] = pd.Series([r.get("sex_code") for r in rows], dtype="object")
    for column in PLACES:
        frame[column] = pd.Series([r.get(column) for r in rows], dtype="object")
    return Records(
        frame,
        list(numbers),
        names,
        {code: text for code, text in enumerate(texts) if not key_of(text, AS_OF)},
        [NumberChange(numbers.index(old), numbers.index(new), names.index(bare_keys([name])[0])) for old, new, name in moved],
        {numbers.index(n): frozenset(bare_keys(sorted(found))) for n, found in (aliases or {}).items()},
        {numbers.index(n): frozenset(found) for n, found in (births or {}).items()},
    )
