"""The rows that linking compares, as columns of small numbers; the few texts behind them stand once each.

Where they come from is not said here: `prepared` makes them from the warehouse, `of_columns` from any table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from expectations.agreement import Feed, feeds
from warehouse.identity.addresses import address_keys
from warehouse.identity.births import NO_DAY
from warehouse.identity.id_numbers import read_numbers
from warehouse.identity.names import Names, bare_keys
from warehouse.identity.phones import read_phones
from warehouse.identity.regions import counties

NOTHING = -1
BUSINESS_KEYS = ("registration_number", "order_number", "decision_number", "case_number", "job_seeker_number", "household_number")
DOCUMENT_KEYS = ("order_number", "decision_number")
PLACES = ("hukou_region", "residence_region")
CODES = ("number", "text_number", "name", "phone", "house", *BUSINESS_KEYS)
# A number of these kinds is a key within its kind although it has no checksum of ours: passports and foreigners' documents.
KINDS_WITH_OWN_NUMBERS = frozenset({"414", "511", "553"})
NO_NUMBER_KIND = "999"


@dataclass(frozen=True)
class NumberChange:
    """The register corrected a number: rows of `old` under a like name are `new`'s. Codes of `Records.numbers` and names."""

    old: int
    new: int
    name: int


@dataclass
class Records:
    """Current rows, one per source record.

    `rows` columns: feed (categories: feed names), source_key (text); number, text_number, name, phone, house and the business
    keys (int32 codes, -1 = none); birth (int32 days since 1970-01-01, NO_DAY = none); sex (int8, 1 male, 2 female, 0 = none);
    hukou_region, residence_region (int32, six digits of a county, -1 = none). A row has a number or a text_number, not both.

    `numbers`: the 18-digit number per code (S18), b"" where it is a passport's; `names`: name keys per code; `texts`: what the
    row has instead of a number, per code of text_number. `aliases`, `births`: other name keys and birth dates the registers
    tell, per number code.

    `all_rows` (how many rows there are in all), `name_rows`, `text_rows` (rows per name and text_number code) and `phone_names`
    (names per phone code) are given where the rows are only some of those that are known; None means: count them here.
    """

    rows: pd.DataFrame
    numbers: np.ndarray
    names: Names
    texts: np.ndarray
    changes: list[NumberChange] = field(default_factory=list)
    aliases: Mapping[int, frozenset[str]] = field(default_factory=dict)
    births: Mapping[int, frozenset[date]] = field(default_factory=dict)
    name_rows: np.ndarray | None = None
    text_rows: np.ndarray | None = None
    phone_names: np.ndarray | None = None
    all_rows: int | None = None

    def rows_in_all(self) -> int:
        """How many rows there are."""
        return len(self.rows) if self.all_rows is None else self.all_rows

    def rows_of_names(self) -> np.ndarray:
        """Rows per name code."""
        return _counted(self.rows["name"].to_numpy(), len(self.names.keys)) if self.name_rows is None else self.name_rows

    def rows_of_texts(self) -> np.ndarray:
        """Rows per text_number code."""
        return _counted(self.rows["text_number"].to_numpy(), len(self.texts)) if self.text_rows is None else self.text_rows

    def names_of_phones(self) -> np.ndarray:
        """Different names per phone code; no name is one too."""
        if self.phone_names is not None:
            return self.phone_names
        phones = self.rows[["phone", "name"]].drop_duplicates()["phone"].to_numpy()
        return _counted(phones, int(phones.max(initial=NOTHING)) + 1)

    @cached_property
    def changes_to(self) -> Mapping[int, list[NumberChange]]:
        """The register's corrections by the code of the new number."""
        found: dict[int, list[NumberChange]] = defaultdict(list)
        for change in self.changes:
            found[change.new].append(change)
        return found


def _counted(codes: np.ndarray, count: int) -> np.ndarray:
    return np.bincount(codes + 1, minlength=count + 1)[1:]


def person_feeds() -> list[Feed]:
    """The feeds about persons, in agreement order."""
    return [feed for feed in feeds().values() if feed.is_about_persons]


def of_columns(frame: pd.DataFrame | pa.Table, as_of: date) -> Records:
    """Records of a table with the columns feed, source_key, id_type_code, id_number, name, sex_code, birth_date, phone,
    region_code and address, all text as received (null = none).

    Names, numbers, phones and addresses are normalised once per distinct value.
    """
    table = frame if isinstance(frame, pa.Table) else pa.Table.from_pandas(frame, preserve_index=False)
    rows = pd.DataFrame(index=pd.RangeIndex(len(table)))
    rows["feed"] = pd.Categorical(table["feed"].to_pandas())
    rows["source_key"] = table["source_key"].to_pandas()
    numbers, texts = _read_number_columns(table, rows, as_of)
    keys = _distinct(table["name"])
    names, same = _distinct_texts(bare_keys(keys.values))
    rows["name"] = _recoded(keys.codes, same)
    phones = _distinct(table["phone"])
    rows["phone"] = _recoded(phones.codes, _dense(read_phones(phones.values), 0))
    addresses = _distinct(table["address"])
    houses, _ = address_keys(addresses.values, None)
    rows["house"] = _recoded(addresses.codes, pd.factorize(pd.Series(houses, dtype="object"))[0].astype(np.int32))
    for name in BUSINESS_KEYS:
        rows[name] = _distinct(table[name]).codes if name in table.column_names else np.full(len(table), NOTHING, dtype=np.int32)
    days = pc.strptime(table["birth_date"], format="%Y-%m-%d", unit="s").cast(pa.date32()).cast(pa.int32())
    rows["birth"] = days.fill_null(NO_DAY).to_numpy().astype(np.int32)
    rows["sex"] = pc.fill_null(pc.index_in(table["sex_code"], pa.array(["1", "2"])), NOTHING).to_numpy().astype(np.int8) + np.int8(1)
    rows["hukou_region"] = np.full(len(table), NOTHING, dtype=np.int32)
    rows["residence_region"] = region_codes(table["region_code"])
    return Records(rows, numbers, Names.prepare(names), texts)


def region_codes(column: pa.ChunkedArray) -> np.ndarray:
    """The present-day county of each code as a number of six digits, -1 = none."""
    distinct = _distinct(column)
    found = [int(county) if county else NOTHING for county in counties(distinct.values)]
    return _recoded(distinct.codes, np.array(found, dtype=np.int32))


def _read_number_columns(table: pa.Table, rows: pd.DataFrame, as_of: date) -> tuple[np.ndarray, np.ndarray]:
    kinds = table["id_type_code"].to_pandas()
    received = _distinct(table["id_number"])
    has_number = (received.codes != NOTHING) & (kinds != NO_NUMBER_KIND).to_numpy()
    read = read_numbers(received.values, as_of)
    keys, of_key = np.unique(read.key, return_inverse=True)
    number = np.where(has_number, _recoded(received.codes, np.where(keys == b"", NOTHING, np.arange(len(keys)))[of_key]), NOTHING)
    is_opaque = has_number & (number == NOTHING) & kinds.isin(KINDS_WITH_OWN_NUMBERS).to_numpy()
    opaque = np.full(len(number), NOTHING)
    opaque[is_opaque] = pd.factorize(received.codes[is_opaque])[0]
    rows["number"] = np.where(is_opaque, len(keys) + opaque, number).astype(np.int32)
    is_text = has_number & (rows["number"].to_numpy() == NOTHING)
    used, place = np.unique(received.codes[is_text], return_inverse=True)
    text_of, texts = pd.factorize(read.text[used])
    rows["text_number"] = np.full(len(rows), NOTHING, dtype=np.int32)
    rows.loc[is_text, "text_number"] = text_of[place].astype(np.int32)
    numbers = np.append(keys, np.full(int(opaque.max(initial=NOTHING)) + 1, b"", dtype="S18")).astype("S18")
    return numbers, np.asarray(texts, dtype=object)


@dataclass(frozen=True)
class _Distinct:
    """The distinct values of a column, and the code of each row (int32, -1 = null)."""

    values: list[str]
    codes: np.ndarray


def _distinct(column: pa.ChunkedArray) -> _Distinct:
    coded = column.combine_chunks()
    coded = coded if isinstance(coded, pa.DictionaryArray) else coded.dictionary_encode()
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    codes = coded.indices.fill_null(NOTHING).to_numpy(zero_copy_only=False).astype(np.int32)
    return _Distinct(coded.dictionary.to_pylist(), codes)


def _distinct_texts(texts: list[str]) -> tuple[list[str], np.ndarray]:
    same, distinct = pd.factorize(pd.Series(texts, dtype="object"))
    return list(distinct), same.astype(np.int32)


def _dense(values: np.ndarray, nothing: int) -> np.ndarray:
    same, _ = pd.factorize(values)
    return np.where(values == nothing, NOTHING, same).astype(np.int32)


def _recoded(codes: np.ndarray, new: np.ndarray) -> np.ndarray:
    """The new code of each row's code; -1 stays -1."""
    return np.append(new, np.int32(NOTHING))[codes].astype(np.int32)
