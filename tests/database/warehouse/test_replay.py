"""The raw bytes and the stewards' decisions, replayed into an empty database, give the same staging to the hash."""

from pathlib import Path

import pytest
from sqlalchemy import text

from core.errors import FixConfiguration
from expectations.delivery import Delivery
from sandbox import postgres
from warehouse.database import Role, transaction
from warehouse.landing.batches import land
from warehouse.landing.raw import RawStore
from warehouse.staging.accept import accept
from warehouse.staging.decide import accept_held, reject_held
from warehouse.staging.replay import replay, staging_hash

HEADER = (
    "source_key,operation_code,source_updated_at,id_type_code,id_number,name,birth_date,application_number,household_members_count,assistance_kind_code,"
    "hardship_code,hardship_region_code,application_date"
)


def table(name: str, *rows: str) -> int:
    content = "\n".join([HEADER, *rows, ""]).encode()
    batch_id, _ = land(Delivery("civil_affairs", "temporary_assistance", name, "table", content), RawStore())
    accept(batch_id, RawStore())
    return batch_id


def damaged_file(name: str) -> int:
    """Twenty rows, two with failing numbers: held for H_ID_DAMAGE."""
    from expectations.agreement import feed

    fields = [f for f in feed("job_placements").fields if f.required == "always" or f.field in ("id_number", "birth_date")]
    values = {
        "operation_code": "I",
        "source_updated_at": "2026-11-01 10:00:00",
        "id_type_code": "111",
        "name": "张示例",
        "birth_date": "1985-03-12",
        "occupation_code": "4-09-08-01",
        "employment_kind_code": "2",
        "employment_start_date": "2026-10-01",
    }
    rows = []
    for i in range(20):
        number = "14999919850312001X" if i > 1 else "149999198503120011"
        told = values | {"source_key": f"{name}-{i}", "placement_number": f"JY{i}", "id_number": number}
        rows.append(",".join(told[f.field] for f in fields))
    content = "\n".join([",".join(f.header for f in fields), *rows, ""]).encode()
    batch_id, _ = land(Delivery("employment", "job_placements", name, "csv", content), RawStore())
    assert accept(batch_id, RawStore()).code == "H_ID_DAMAGE"
    return batch_id


@pytest.mark.usefixtures("warehouse_url")
def test_a_replay_rebuilds_staging_to_the_same_hash(server_url: str, migrated_template: str) -> None:
    row = "MZ-T-1,I,2026-11-0{} 10:00:00,999,,张示例,1985-03-12,LS1,{},1,5,140106,2026-10-01"
    first = damaged_file("a.csv")
    table(
        "1",
        row.format(2, 2),
        row.format(1, 1),
        row.format(2, 2),
        "MZ-T-2,I,2031-01-01 10:00:00,999,,张示例,1985-03-12,LS2,1,1,5,140106,2026-10-01",
    )
    second = damaged_file("b.csv")
    table("2", row.format(2, 3))
    accept_held(second, RawStore(), "looked at, the numbers are old ones", "a steward")
    reject_held(first, RawStore(), "sent by mistake", "a steward")
    target = postgres.create_database(server_url, "replayed", migrated_template)
    assert replay(target, RawStore()) == {}
    with pytest.raises(FixConfiguration, match="empty"):
        replay(target, RawStore())


@pytest.mark.usefixtures("warehouse_url")
def test_a_changed_staging_row_shows_in_the_hash(tmp_path: Path) -> None:
    table("1", "MZ-T-1,I,2026-11-01 10:00:00,999,,张示例,1985-03-12,LS1,1,1,5,140106,2026-10-01")
    with transaction(Role.ETL) as connection:
        before = staging_hash(connection)
        connection.execute(text("update staging.temporary_assistance set household_members_count = 2"))
        changed = {name for name, value in staging_hash(connection).items() if value != before[name]}
    assert changed == {"temporary_assistance"}
