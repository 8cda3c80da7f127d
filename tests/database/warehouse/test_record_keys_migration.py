"""A warehouse of revision 0002 that has been linked goes on from there: its records' keys are carried over, nothing is made anew."""

from pathlib import Path

import pytest
import staged
from sqlalchemy import text

import warehouse.migrations
from expectations.forms.id_number import check_digit
from pipeline.link import link
from warehouse.database import Role, transaction

NUMBER = (first := "14999919700101001") + check_digit(first)
pytestmark = pytest.mark.usefixtures("warehouse_url")
SQL = Path(warehouse.migrations.__file__).parent / "versions/0003_record_keys.sql"
BEFORE = """
drop table identity.record_key, identity.loose_record;
drop index identity.record_phone_code_ix;
create index record_keys_ix on identity.record using gin (keys) with (fastupdate = off);
"""


def look_ups() -> tuple[list[tuple[int, int]], list[int]]:
    with transaction(Role.OWNER) as connection:
        keys = connection.execute(text("select key, record_id from identity.record_key order by 1, 2")).all()
        loose = connection.execute(text("select record_id from identity.loose_record order by 1")).scalars().all()
        return [(row.key, row.record_id) for row in keys], list(loose)


def test_the_keys_of_linked_records_are_carried_over() -> None:
    with transaction(Role.ETL) as connection:
        staged.stage(connection, "drug_tests", "held", id_number=NUMBER, name="王伟")
        staged.stage(connection, "drug_tests", "loose", name="王芳", id_type_code="999")
    link()
    as_linked = look_ups()
    assert all(as_linked)
    with transaction(Role.OWNER) as connection:
        connection.execute(text(BEFORE))
        connection.execute(text(SQL.read_text("utf-8")))
        connection.execute(text("grant select, insert, update, delete on identity.record_key, identity.loose_record to guitu_etl"))
    assert look_ups() == as_linked
    link()


def test_keys_and_looseness_follow_the_records() -> None:
    with transaction(Role.ETL) as connection:
        staged.stage(connection, "drug_tests", "t", name="王芳", id_type_code="999")
    link()
    before, loose = look_ups()
    with transaction(Role.ETL) as connection:
        staged.stage(connection, "drug_tests", "t", name="王伟", id_type_code="999", operation_code="U")
    link()
    after, still = look_ups()
    assert loose == still
    assert len(loose) == 1
    assert set(before).isdisjoint(after)
    with transaction(Role.ETL) as connection:
        staged.withdraw(connection, "drug_tests", "t")
    link()
    assert look_ups() == ([], [])
