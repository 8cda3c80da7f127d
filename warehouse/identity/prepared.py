"""From what rows tell to their evidence as it is stored: keyed codes, classes, and the few values that must be opened again.

Pure: reading is in `reading`, storing in `record_store`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from warehouse.identity.addresses import SAME_AS_HUKOU, address_keys
from warehouse.identity.births import NO_DAY
from warehouse.identity.document_numbers import normal_number
from warehouse.identity.id_numbers import births_of, read_numbers
from warehouse.identity.keyed import NONE, NameCodes, codes_of, number_parts, place_codes, row_codes
from warehouse.identity.names import Names, bare_keys
from warehouse.identity.phones import read_phones
from warehouse.identity.reading import CHANGES_FEED, NUMBER_CHANGE, Change
from warehouse.identity.records import (
    BUSINESS_KEYS,
    DOCUMENT_KEYS,
    KINDS_WITH_OWN_NUMBERS,
    NO_NUMBER_KIND,
    NOTHING,
    region_codes,
)

SURE_CODES = ("number_code", *(f"{name}_code" for name in BUSINESS_KEYS))
CODES = ("number_code", "text_code", "name_code", "phone_code", "house_code", *SURE_CODES[1:])
STORED = (
    "feed",
    "source_key",
    "version_id",
    *CODES,
    "place_code",
    "seeking_code",
    "birth_date",
    "sex",
    "hukou_region",
    "residence_region",
    "register_codes",
    "keys",
)
# Another form of the stored evidence makes every record anew.
FORM = 3


@dataclass(frozen=True)
class Values:
    """Distinct values of one kind (name, number or text): their codes (uint64) and the texts to seal."""

    kind: str
    codes: np.ndarray
    texts: list[str]


@dataclass(frozen=True)
class Prepared:
    """Rows as `identity.record` has them (columns STORED), and their values."""

    rows: pa.Table
    values: tuple[Values, Values, Values]


def prepare(told: pa.Table, as_of: date, changes: Iterable[Change] = ()) -> Prepared:
    """The evidence of rows (columns `reading.TOLD`; business keys and hukou_address may be missing), in their order."""
    count = len(told)
    column = {name: _column(told, name) for name in told.column_names}
    number, text_code, own_day, parts, numbers, texts = _numbers(column, as_of)
    name_of_row, names = _names(column)
    phone = _of_rows(column, "phone", count, _phone_codes)
    house = _houses(column)
    business = {f"{name}_code": _of_rows(column, name, count, _business_codes(name)) for name in BUSINESS_KEYS}
    birth = _days(told["birth_date"])
    hukou, residence = (region_codes(told[name]) for name in ("hukou_region_code", "residence_region_code"))
    county = np.where(residence == NOTHING, hukou, residence)
    codes = {name: np.append(getattr(names, name), NONE)[name_of_row] for name in ("name", "plain", "sound", "given")}
    first = np.where(own_day == NO_DAY, birth, own_day)
    other = np.where(own_day == birth, NO_DAY, np.where(own_day == NO_DAY, NO_DAY, birth))
    found = [*row_codes(codes, first, phone, house, county), *row_codes(codes, other, phone, house, county)]
    register = _register_codes(told, changes, as_of)
    place, seeking = place_codes(codes["plain"], county)
    found += [place, np.where(first == NO_DAY, seeking, NONE)]
    keys = [number, text_code, codes["name"], phone, *business.values(), *found, *parts.T, *register.T]
    columns = {
        "number_code": number,
        "text_code": text_code,
        "name_code": codes["name"],
        "phone_code": phone,
        "house_code": house,
        **business,
        "place_code": place,
        "seeking_code": seeking,
    }
    sex = pc.fill_null(pc.index_in(told["sex_code"], pa.array(["1", "2"])), NOTHING).to_numpy().astype(np.int16) + 1
    stored: dict[str, pa.Array | pa.ChunkedArray] = {
        "feed": told["feed"].cast(pa.string()),
        "source_key": told["source_key"],
        "version_id": told["version_id"],
        **{name: _nullable(values) for name, values in columns.items()},
        "birth_date": pa.array(birth, mask=birth == NO_DAY).cast(pa.date32()),
        "sex": pa.array(sex),
        "hukou_region": pa.array(hukou, mask=hukou == NOTHING),
        "residence_region": pa.array(residence, mask=residence == NOTHING),
        "register_codes": _lists(list(register.T)),
        "keys": _lists(keys),
    }
    return Prepared(pa.table({name: stored[name] for name in STORED}), (Values("name", names.name, names.keys), numbers, texts))


def _column(told: pa.Table, name: str) -> pa.DictionaryArray:
    whole = told[name].combine_chunks()
    whole = whole if isinstance(whole, pa.DictionaryArray) else whole.dictionary_encode()
    return whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole


def _places(coded: pa.DictionaryArray) -> np.ndarray:
    places: np.ndarray = coded.indices.fill_null(NOTHING).to_numpy(zero_copy_only=False)
    return places


def _of_rows(column: dict[str, pa.DictionaryArray], name: str, count: int, codes) -> np.ndarray:  # type: ignore[no-untyped-def]
    """Codes by row of what `codes` makes of the distinct values; NONE where the row or the table has none."""
    if name not in column:
        return np.zeros(count, dtype=np.uint64)
    coded = column[name]
    found: np.ndarray = np.append(codes(coded.dictionary.to_pylist()), NONE)[_places(coded)]
    return found


def _phone_codes(texts: list[str]) -> np.ndarray:
    return codes_of("phone", [str(number) if number else None for number in read_phones(texts).tolist()])


def _business_codes(name: str):  # type: ignore[no-untyped-def]
    def codes(texts: list[str]) -> np.ndarray:
        return codes_of(name, [normal_number(one) for one in texts] if name in DOCUMENT_KEYS else texts)

    return codes


def _houses(column: dict[str, pa.DictionaryArray]) -> np.ndarray:
    """The dwelling of each row; where it says "as in the household register", the one written there."""
    house, says_hukou = _dwellings(column["address"])
    if says_hukou.any() and "hukou_address" in column:
        house = np.where(says_hukou, _dwellings(column["hukou_address"])[0], house)
    return house


def _dwellings(coded: pa.DictionaryArray) -> tuple[np.ndarray, np.ndarray]:
    keys = address_keys(coded.dictionary.to_pylist(), None)[0]
    says_hukou = np.array([key == SAME_AS_HUKOU for key in keys], dtype=bool)
    codes = codes_of("house", [None if says else key for says, key in zip(says_hukou.tolist(), keys, strict=True)])
    return np.append(codes, NONE)[_places(coded)], np.append(says_hukou, False)[_places(coded)]


def _names(column: dict[str, pa.DictionaryArray]) -> tuple[np.ndarray, NameCodes]:
    coded = column["name"]
    same, distinct = pd.factorize(pd.Series(bare_keys(coded.dictionary.to_pylist()), dtype="object"))
    return np.append(same, NOTHING)[_places(coded)], NameCodes(Names.prepare(list(distinct)))


def _numbers(column: dict[str, pa.DictionaryArray], as_of: date) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, Values, Values]:
    """Number and text codes, the number's day and the codes of its parts, by row; the values behind numbers and texts."""
    coded, kinds = column["id_number"], column["id_type_code"]
    place = _places(coded)
    kind = np.append(np.array(kinds.dictionary.to_pylist(), dtype=object), "")[_places(kinds)]
    read = read_numbers(coded.dictionary.to_pylist(), as_of)
    has_number = (place != NOTHING) & (kind != NO_NUMBER_KIND) & np.append(pd.notna(read.text), False)[place]
    keys = read.key.astype(str)
    is_sure = has_number & np.append(keys != "", False)[place]
    is_opaque = has_number & ~is_sure & np.isin(kind, list(KINDS_WITH_OWN_NUMBERS))
    is_text = has_number & ~is_sure & ~is_opaque
    of_key, of_text = codes_of("number", keys), codes_of("text", [one or None for one in read.text])
    number = np.where(is_sure, np.append(of_key, NONE)[place], NONE)
    own = np.flatnonzero(is_opaque)
    number[own] = codes_of("number", [f"{kind[at]} {read.text[place[at]]}" for at in own.tolist()])
    text_code = np.where(is_text, np.append(of_text, NONE)[place], NONE)
    own_day = np.where(is_sure, np.append(births_of(read.key), NO_DAY)[place], NO_DAY).astype(np.int32)
    shown = [key or one or "" for key, one in zip(keys.tolist(), read.text.tolist(), strict=True)]
    parts = np.vstack([number_parts(shown), np.zeros((1, 3), dtype=np.uint64)])[np.where(is_sure | is_text, place, NOTHING)]
    used_keys, used_texts = np.unique(place[is_sure]), np.unique(place[is_text])
    numbers = Values("number", of_key[used_keys], keys[used_keys].tolist())
    return number, text_code, own_day, parts, numbers, Values("text", of_text[used_texts], read.text[used_texts].tolist())


def _register_codes(told: pa.Table, changes: Iterable[Change], as_of: date) -> np.ndarray:
    """The numbers that the register's corrections name, by row (rows x 2)."""
    found = np.zeros((len(told), 2), dtype=np.uint64)
    corrected = {change.source_key: change.values for change in changes if change.feed == CHANGES_FEED and change.kind == NUMBER_CHANGE}
    if corrected:
        at = [place for place, key in enumerate(told["source_key"].to_pylist()) if key in corrected]
        keys = told["source_key"].take(pa.array(at)).to_pylist()
        for side in (0, 1):
            read = read_numbers([corrected[key][side] or None for key in keys], as_of)
            found[at, side] = codes_of("number", read.key.astype(str))
    return found


def _days(column: pa.ChunkedArray) -> np.ndarray:
    plain = column.cast(pa.string()) if not pa.types.is_string(column.type) else column
    days = pc.strptime(plain, format="%Y-%m-%d", unit="s").cast(pa.date32()).cast(pa.int32())
    found: np.ndarray = days.fill_null(NO_DAY).to_numpy().astype(np.int32)
    return found


def _nullable(codes: np.ndarray) -> pa.Array:
    return pa.array(codes.view(np.int64), mask=codes == NONE)


def _lists(columns: list[np.ndarray]) -> pa.Array:
    """The codes of each row as PostgreSQL writes an array."""
    matrix = np.column_stack(columns)
    is_there = matrix != NONE
    offsets = np.concatenate([[0], np.cumsum(is_there.sum(axis=1))]).astype(np.int32)
    texts = pa.array(matrix[is_there].view(np.int64)).cast(pa.string())
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), texts), ",")
    return pc.binary_join_element_wise("{", joined, "}", "")
