"""A fictional province of isolation episodes, put straight into staging as accepted deliveries and a linking leave it.

Releases lie between three years before the day and nine months after it; what follows a release (pickup, order, agreement, services,
tests, assessments) has come as far as its time allows, with the usual gaps. No names: handoffs do not ask for them.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, text

from expectations.agreement import feeds
from warehouse.staging.versions import copy_table

AS_OF = date(2026, 11, 20)
STATIONS, CENTRES = 400, 20
NEVER = np.datetime64("NaT", "D")


def province(episodes: int, seed: int = 5) -> dict[str, pd.DataFrame]:
    """The rows of every feed by name; `person` numbers the person a row is about."""
    chance = np.random.default_rng(seed)
    life = _lives(episodes, chance)
    is_noticed = life["notice_date"].notna()
    is_ordered, is_agreed = life["served_date"].notna(), life["agreed_date"].notna()
    return {
        "centre_roster": _roster(life),
        "release_notices": _notices(life[is_noticed]),
        "community_orders": _orders(life[is_ordered]),
        "aftercare_cases": _cases(life[is_noticed]),
        "registered_persons": _register(life),
        "aftercare_services": _repeated(life[is_agreed], "agreed_date", 30, chance, _services),
        "drug_tests": _repeated(life[is_agreed], "reported_date", 45, chance, _tests),
        "risk_assessments": _repeated(life[is_agreed], "reported_date", 182, chance, _assessments),
        "points_ledger": _repeated(life[is_agreed], "agreed_date", 60, chance, _points),
    }


def _lives(count: int, chance: np.random.Generator) -> pd.DataFrame:
    """When everything happened to each person; NaT where it did not, or not yet."""
    today = np.datetime64(AS_OF, "D")
    release = today + chance.integers(-1100, 270, count).astype("timedelta64[D]")
    has = lambda share: chance.random(count) < share  # noqa: E731  a draw per person
    later = lambda days, most, share: np.where(has(share), days + chance.integers(0, most, count).astype("timedelta64[D]"), NEVER)  # noqa: E731
    noticed = np.where(has(0.97), release - chance.integers(2, 30, count).astype("timedelta64[D]"), NEVER)
    served = later(release, 10, 0.8)
    reported = np.where(np.isnat(served), NEVER, later(served, 16, 0.93))
    agreed = np.where(np.isnat(reported), NEVER, later(reported, 4, 0.95))
    frame = pd.DataFrame(
        {
            "person": np.arange(count),
            "release": release,
            "notice_date": noticed,
            "served_date": served,
            "reported_date": reported,
            "agreed_date": agreed,
            "picked_up": has(0.9),
            "station": chance.integers(0, STATIONS, count),
            "centre": chance.integers(0, CENTRES, count),
        }
    )
    for name in ("notice_date", "served_date", "reported_date", "agreed_date"):
        frame[name] = frame[name].where(frame[name] <= pd.Timestamp(AS_OF))
    for name, first in (("reported_date", "served_date"), ("agreed_date", "reported_date")):
        frame[name] = frame[name].where(frame[first].notna())
    return frame


def _numbers(life: pd.DataFrame, kind: str) -> pd.Series:
    return "样公" + kind + "决字〔2024〕第" + life["person"].astype(str).str.zfill(7) + "号"


def _station(life: pd.DataFrame) -> pd.Series:
    return "1401" + (life["station"] // 20 + 1).astype(str).str.zfill(2) + "Z" + life["station"].astype(str).str.zfill(3)


def _centre(life: pd.DataFrame) -> pd.Series:
    return "140100Q" + life["centre"].astype(str).str.zfill(3)


def _street(life: pd.DataFrame) -> pd.Series:
    return "1401" + (life["station"] // 20 + 1).astype(str).str.zfill(2) + (life["station"] % 20 + 1).astype(str).str.zfill(3) + "001"


def _is_out(life: pd.DataFrame) -> pd.Series:
    return life["release"] <= pd.Timestamp(AS_OF)


def _of(life: pd.DataFrame, prefix: str, **fields: Any) -> pd.DataFrame:
    keys = {"source_key": prefix + life["person"].astype(str).str.zfill(7), "person": life["person"]}
    return pd.DataFrame(keys | fields, index=life.index)


def _roster(life: pd.DataFrame) -> pd.DataFrame:
    is_out = _is_out(life)
    return _of(
        life, "ZS-", centre_code=_centre(life), decision_number=_numbers(life, "强戒"), decision_date=life["release"] - timedelta(days=730),
        centre_entry_date=life["release"] - timedelta(days=700), custody_state_code=np.where(is_out, "6", "1"),
        custody_state_date=life["release"].where(is_out, life["release"] - timedelta(days=700)), expected_release_date=life["release"],
        residence_region_code=_street(life), destination_region_code=_street(life).str[:6], diagnosis_result_code="1", escape_days=0,
    )  # fmt: skip


def _notices(life: pd.DataFrame) -> pd.DataFrame:
    is_out = _is_out(life)
    return _of(
        life, "TZ-", centre_code=_centre(life), decision_number=_numbers(life, "强戒"), decision_date=life["release"] - timedelta(days=730),
        expected_release_date=life["release"], release_type_code="1", notice_date=life["notice_date"], notice_status_code="1",
        rehabilitation_order_code="1", residence_region_code=_street(life), hukou_region_code=_street(life).str[:6],
        actual_released_at=_at(life["release"].where(is_out), 9), receiver_type_code=pd.Series("2", life.index).where(is_out),
    )  # fmt: skip


def _orders(life: pd.DataFrame) -> pd.DataFrame:
    return _of(
        life, "SQ-", order_number=_numbers(life, "社康"), order_type_code="2", order_date=life["served_date"],
        registration_number=_register_number(life), decision_number=_numbers(life, "强戒"), served_date=life["served_date"],
        street_code=_street(life).str[:9], execution_region_code=_street(life).str[:6],
        execution_start_date=life["reported_date"], execution_end_date=life["served_date"] + timedelta(days=1095),
        order_state_code="1", order_state_date=life["served_date"],
    )  # fmt: skip


def _cases(life: pd.DataFrame) -> pd.DataFrame:
    is_met = _is_out(life) & life["picked_up"]
    return _of(
        life, "AJ-", case_number="GA-" + life["person"].astype(str), station_code=_station(life), decision_number=_numbers(life, "强戒"),
        order_number=_numbers(life, "社康"), case_state_code="4", worker_number="W1",
        notice_acknowledged_at=_at(life["notice_date"], 10), pickup_planned_at=_at(life["release"].where(life["picked_up"]), 8),
        pickup_result_code=pd.Series("1", life.index).where(is_met), pickup_at=_at(life["release"].where(is_met), 9),
        report_date=life["reported_date"], agreement_date=life["agreed_date"], plan_date=life["agreed_date"],
        agreement_end_date=life["agreed_date"] + timedelta(days=1095),
        file_item_codes=pd.Series('["01", "02", "03", "04", "05", "06", "07", "08"]', life.index),
    )  # fmt: skip


def _register_number(life: pd.DataFrame) -> pd.Series:
    return "R" + life["person"].astype(str).str.zfill(13)


def _register(life: pd.DataFrame) -> pd.DataFrame:
    return _of(
        life, "GA-", registration_number=_register_number(life), control_state_code="2", control_state_date=life["release"],
        clean_since_date=life["release"], is_contact_lost=life["person"] % 200 == 0,
        contact_lost_date=life["release"].where(life["person"] % 200 == 0), residence_region_code=_street(life),
        hukou_region_code=_street(life).str[:6],
    )  # fmt: skip


def _repeated(life: pd.DataFrame, since: str, every_days: int, chance: np.random.Generator, rows: Any) -> pd.DataFrame:
    """A row of each person every so many days from `since` until the day, one in twelve left out."""
    counts = ((pd.Timestamp(AS_OF) - life[since]).dt.days // every_days + 1).to_numpy()
    of = life.loc[life.index.repeat(counts)].reset_index(drop=True)
    turn = of.groupby("person").cumcount()
    of["day"] = of[since] + pd.to_timedelta(turn * every_days + chance.integers(0, 7, len(of)), unit="D")
    of = of[(chance.random(len(of)) > 1 / 12) & (of["day"] <= pd.Timestamp(AS_OF))]
    made: pd.DataFrame = rows(of, turn[of.index])
    made["source_key"] = made["source_key"] + "-" + turn[of.index].astype(str)
    return made


def _services(life: pd.DataFrame, turn: pd.Series) -> pd.DataFrame:
    kinds = pd.Series("12", life.index).mask(turn == 0, "11").mask(turn == 1, "32")
    return _of(
        life, "FW-", case_number="GA-" + life["person"].astype(str), service_kind_code=kinds, service_result_code="1",
        service_done_at=_at(life["day"], 15), station_code=_station(life), service_mode_code="1", duration_minutes=40,
        is_special_report=life["person"] % 500 == 0, special_report_organization_code=_street(life).str[:9],
    )  # fmt: skip


def _points(life: pd.DataFrame, turn: pd.Series) -> pd.DataFrame:
    """Ten points every second month; one ledger in a hundred forgets a sum."""
    left = 10 * (life.groupby("person").cumcount() + 1)
    return _of(
        life, "JF-", case_number="GA-" + life["person"].astype(str), station_code=_station(life),
        entry_number=turn.astype(str).str.zfill(4), entry_date=life["day"], entry_kind_code="1", points_rule_code="01", points_count=10,
        points_balance_count=left.where((life["person"] % 100 != 0) | (turn != 2), 0),
    )  # fmt: skip


def _tests(life: pd.DataFrame, turn: pd.Series) -> pd.DataFrame:
    return _of(
        life, "JC-", order_number=_numbers(life, "社康"), test_planned_date=life["day"], test_date=life["day"],
        test_result_code=pd.Series("0", life.index).mask((life["person"] % 50 == 0) & (turn == 3), "1"),
    )  # fmt: skip


def _assessments(life: pd.DataFrame, _: pd.Series) -> pd.DataFrame:
    return _of(life, "FX-", order_number=_numbers(life, "社康"), assessment_date=life["day"])


def _at(days: pd.Series, hour: int) -> pd.Series:
    return (pd.to_datetime(days) + pd.to_timedelta(hour - 8, unit="h")).dt.tz_localize("UTC")


def directory() -> pd.DataFrame:
    """Centres and stations, each station serving one street."""
    number = pd.DataFrame({"person": np.arange(STATIONS), "station": np.arange(STATIONS)})
    stations = pd.DataFrame(
        {
            "source_key": "ZD-" + _station(number), "organization_code": _station(number), "organization_type_code": "21",
            "parent_organization_code": _street(number).str[:9], "region_code": _street(number).str[:6],
            "served_region_codes": '["' + _street(number) + '"]',
        }
    )  # fmt: skip
    codes = pd.Series([f"140100Q{number:03}" for number in range(CENTRES)])
    centres = pd.DataFrame(
        {"source_key": "ZD-" + codes, "organization_code": codes, "organization_type_code": "12", "region_code": "140105"}
    )
    return pd.concat([stations, centres], ignore_index=True).assign(valid_from_date=date(2015, 1, 1), person=-1)


def put(connection: Connection, feed: str, rows: pd.DataFrame, updated_at: datetime, run_id: int | None = None) -> None:
    """The rows are the current versions of their keys, linked by `run_id` to the persons they name where they were not."""
    table = f"{feeds()[feed].schema}.{feed}"
    keys = pa.table({"source_key": pa.array(rows["source_key"], pa.string())})
    connection.execute(text("create temporary table put_key (source_key text primary key) on commit drop"))
    copy_table(connection, "put_key", keys)
    connection.execute(text("analyze put_key"))
    connection.execute(text(f"update {table} t set is_current = false from put_key k where t.source_key = k.source_key and t.is_current"))
    fields = {name: _column(rows[name]) for name in rows.columns if name not in {"person"}}
    stamp = updated_at.isoformat()
    copy_table(
        connection,
        table,
        pa.table(
            fields
            | {
                "source_updated_at": pa.array([stamp] * len(rows)),
                "arrived_at": pa.array([stamp] * len(rows)),
                "operation_code": pa.array(["I"] * len(rows)),
                "batch_id": pa.array([1] * len(rows)),
                "row_number": pa.array(range(len(rows)), pa.int32()),
                "content_hash": pa.array([f"\\x{number:032x}" for number in range(len(rows))]),
                "is_current": pa.array([True] * len(rows)),
            }
        ),
    )
    connection.execute(text("drop table put_key"))
    if run_id is not None:
        _link(connection, feed, rows, updated_at, run_id)


def _link(connection: Connection, feed: str, rows: pd.DataFrame, at: datetime, run_id: int) -> None:
    connection.execute(text("create temporary table put_link (source_key text, person_id text) on commit drop"))
    persons = "P" + rows["person"].astype(str).str.zfill(9)
    copy_table(connection, "put_link", pa.table({"source_key": pa.array(rows["source_key"], pa.string()), "person_id": pa.array(persons)}))
    told = {"feed": feed, "now": at, "run": run_id}
    connection.execute(
        text(
            "insert into identity.person (person_id, created_at, created_by_run) select distinct person_id, cast(:now as timestamptz), "
            "cast(:run as bigint) from put_link on conflict do nothing"
        ),
        told,
    )
    connection.execute(
        text(
            "insert into identity.link (feed, source_key, person_id, link_status, rule, decided_at, decided_by_run) "
            "select :feed, source_key, person_id, 'linked', '1', :now, :run from put_link on conflict do nothing"
        ),
        told,
    )
    connection.execute(text("drop table put_link"))


def _column(values: pd.Series) -> pa.Array:
    if str(values.dtype).startswith("datetime64") and "UTC" not in str(values.dtype):
        return pa.array(values.dt.date, pa.date32(), from_pandas=True)
    return pa.array(values, from_pandas=True)
