"""Small sets of records for tests: each row says feed, key, number, name, birth and whatever else it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from expectations.forms.id_number import check_digit, key_of
from warehouse.identity.births import NO_DAY, day_of
from warehouse.identity.document_numbers import normal_number
from warehouse.identity.names import Names, bare_keys
from warehouse.identity.records import BUSINESS_KEYS, CODES, DOCUMENT_KEYS, NOTHING, PLACES, NumberChange, Records, region_codes

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
    told = [key for r in rows if r["name"] for key in bare_keys([r["name"]])] + [key for *_, n in moved for key in bare_keys([n])]
    names = sorted(set(told) - {""})
    frame = pd.DataFrame({"feed": pd.Categorical([r["feed"] for r in rows]), "source_key": [r["source_key"] for r in rows]})
    frame["number"] = [numbers.index(key) if key else NOTHING for key in keys]
    has_text = [bool(r["id_number"]) and not key for r, key in zip(rows, keys, strict=True)]
    frame["text_number"] = [texts.index(r["id_number"]) if has else NOTHING for r, has in zip(rows, has_text, strict=True)]
    own_names = [bare_keys([r["name"]])[0] if r["name"] else "" for r in rows]
    frame["name"] = [names.index(name) if name else NOTHING for name in own_names]
    for column in ("phone", "house", *BUSINESS_KEYS):
        values = [normal_number(v) if (v := r.get(column)) and column in DOCUMENT_KEYS else r.get(column) for r in rows]
        frame[column] = pd.factorize(pd.Series(values, dtype="object"))[0]
    frame["birth"] = [day_of(date.fromisoformat(r["birth"])) if r["birth"] else NO_DAY for r in rows]
    frame["sex"] = np.array([int(r.get("sex_code") or 0) for r in rows], dtype=np.int8)
    for column in PLACES:
        frame[column] = region_codes(pa.chunked_array([pa.array([r.get(f"{column}_code") for r in rows], pa.string())]))
    return Records(
        frame.astype(dict.fromkeys((*CODES, "birth", *PLACES), np.int32)),
        np.array(numbers, dtype="S18"),
        Names.prepare(names),
        np.array(texts, dtype=object),
        [NumberChange(numbers.index(old), numbers.index(new), names.index(bare_keys([name])[0])) for old, new, name in moved],
        {numbers.index(n): frozenset(bare_keys(sorted(found))) for n, found in (aliases or {}).items()},
        {numbers.index(n): frozenset(found) for n, found in (births or {}).items()},
    )
