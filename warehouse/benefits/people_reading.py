"""Birth and sex of persons, by what most of their rows say, their numbers included; as known now, or as known at an instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, text

from core.sealing import sealer
from expectations.agreement import Feed
from warehouse.identity.births import NO_DAY
from warehouse.identity.id_numbers import births_of, read_numbers, sexes_of
from warehouse.identity.prepared import prepare
from warehouse.identity.reading import read_told

TOLD = ["person_id", "birth_date", "sex_code"]


def people_of(rows: pd.DataFrame, numbers: dict[int, str], as_of: date) -> pd.DataFrame:
    """One row per person: person_id, birth_date, sex_code (null = not told).

    Args:
        rows: one per source record: TOLD and `number`, the code of its sure number.
        numbers: the number of each code.
    """
    codes = list(numbers)
    key = read_numbers([numbers[code] for code in codes], as_of).key
    births = {code: birth for code, birth in zip(codes, births_of(key).tolist(), strict=True) if birth != NO_DAY}
    sexes = {code: sex for code, sex in zip(codes, sexes_of(key).tolist(), strict=True) if sex}
    numbered = rows.assign(birth_date=rows["number"].map(births), sex_code=rows["number"].map(sexes))
    both = pd.concat([rows[TOLD], numbered[TOLD]])
    birth = _most_told(both, "birth_date", lambda values: values.notna())
    sex = _most_told(both, "sex_code", lambda values: values.isin((1, 2)))
    return pd.DataFrame({"birth_date": birth, "sex_code": sex}).rename_axis("person_id").reset_index()


def numbers_now(connection: Connection, codes: list[int]) -> dict[int, str]:
    """The numbers behind these codes."""
    found = connection.execute(
        text("select code, sealed from identity.value where kind = 'number' and code = any(:codes)"), {"codes": codes}
    )
    rows = found.all()
    opened = sealer("identity.value.sealed").open_texts([sealed for _, sealed in rows])
    return {code: number for (code, _), number in zip(rows, opened, strict=True) if number is not None}


def told_by(connection: Connection, feed: Feed, person_of: dict[int, str], as_of: date) -> tuple[pd.DataFrame, dict[int, str]]:
    """What versions of a feed's rows tell, as `people_of` takes it; `person_of`: whose each version is."""
    prepared = prepare(read_told(connection, feed, list(person_of)), as_of)
    rows = prepared.rows
    day = rows["birth_date"].cast(pa.int32()).to_pandas(types_mapper={pa.int32(): pd.Int64Dtype()}.get)
    number = rows["number_code"].to_pandas(types_mapper={pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}.get)
    told = pd.DataFrame({"person_id": [person_of[one] for one in rows["version_id"].to_pylist()], "birth_date": day})
    told = told.assign(sex_code=rows["sex"].to_pandas().astype("Int64"), number=number.astype("Int64"))
    numbers = next(values for values in prepared.values if values.kind == "number")
    return told, dict(zip(numbers.codes.view("int64").tolist(), numbers.texts, strict=True))


def _most_told(rows: pd.DataFrame, column: str, counts: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """For each person the value told most often, the smallest of equals."""
    told = rows[counts(rows[column])]
    sizes = told.groupby(["person_id", column]).size().rename("rows").reset_index()
    return sizes.sort_values(["rows", column], ascending=[False, True]).drop_duplicates("person_id").set_index("person_id")[column]
