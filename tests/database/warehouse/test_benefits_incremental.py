"""A changed fact looks again at its household alone, and leaves what looking at everybody would leave."""

from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import Connection, text

from warehouse.benefits.facts import facts_of
from warehouse.benefits.reading import Reader, Scope
from warehouse.benefits.runner import work_out
from warehouse.database import Role, transaction
from warehouse.registry.loading import ensure_reference_data

DAY = date(2026, 11, 20)
FIRST, SECOND = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC)
HOUSEHOLDS = ("H1", "H2", "H3")


def put(connection: Connection, feed: str, key: str, at: datetime, **values: Any) -> None:
    """A new version of the row is the current one."""
    connection.execute(text(f"update staging.{feed} set is_current = false where source_key = :key"), {"key": key})
    row = {"source_key": key, "source_updated_at": at, "operation_code": "I", "batch_id": 1, "arrived_at": at, "is_current": True} | values
    row["content_hash"] = sha256(repr(sorted(values.items())).encode()).digest()
    names = ", ".join(row)
    connection.execute(text(f"insert into staging.{feed} ({names}) values ({', '.join(f':{name}' for name in row)})"), row)


def member(connection: Connection, household: str, at: datetime, wage: str) -> None:
    told = {"household_number": household, "birth_date": date(1986, 5, 1), "relationship_code": "01", "counted_state_code": "00"}
    told |= {"labour_capacity_code": "1", "work_state_code": "1", "wage_income_yuan": wage, "transfer_income_yuan": "0"}
    put(connection, "assistance_members", f"M-{household}", at, **told, business_income_yuan="0", property_income_yuan="0")


@pytest.fixture
def run_id(warehouse_url: str) -> int:
    """Three plain households of one person each stand staged and linked."""
    with transaction(Role.ETL) as connection:
        ensure_reference_data(connection)
        run = connection.execute(
            text("insert into ops.run (step, started_at) values ('test', :now) returning run_id"), {"now": FIRST}
        ).scalar_one()
        for number in HOUSEHOLDS:
            told = {"household_number": number, "category_code": "11", "household_state_code": "2", "application_date": date(2025, 1, 1)}
            put(connection, "assistance_households", f"A-{number}", FIRST, **told, assistance_region_code="140221")
            member(connection, number, FIRST, "100")
            connection.execute(
                text("insert into identity.person (person_id, created_at, created_by_run) values (:p, :now, :run)"),
                {"p": f"P-{number}", "now": FIRST, "run": run},
            )
            connection.execute(
                text(
                    "insert into identity.link (feed, source_key, person_id, link_status, rule, decided_at, decided_by_run) "
                    "values ('assistance_members', :key, :p, 'linked', '1', :now, :run)"
                ),
                {"key": f"M-{number}", "p": f"P-{number}", "now": FIRST, "run": run},
            )
    return int(run)


def findings(connection: Connection) -> dict[tuple[str, str], str]:
    found = connection.execute(text("select household_number, benefit_code, outcome from benefits.finding"))
    return {(household, benefit): outcome for household, benefit, outcome in found}


def test_a_changed_wage_looks_at_its_household_alone_and_ends_as_a_full_run_would(run_id: int) -> None:
    with transaction(Role.ETL) as connection:
        first = work_out(connection, DAY, run_id, at_once=2)  # parts of two: a household is never divided
        assert first["is_whole"] == 1
        assert findings(connection)["H1", "dibao"] == "unknown"  # no check
    with transaction(Role.ETL) as connection:
        assert work_out(connection, DAY, run_id)["households"] == 0
        member(connection, "H2", SECOND, "6000")
    with transaction(Role.ETL) as connection:
        second = work_out(connection, DAY, run_id)
        assert (second["is_whole"], second["households"]) == (0, 1)
        assert findings(connection)["H2", "dibao"] == "unlikely"
        assert work_out(connection, DAY, run_id, full=True)["findings_changed"] == 0
    with transaction(Role.ETL) as connection:
        connection.execute(text("update staging.assistance_households set operation_code = 'D' where household_number = 'H3'"))
        work_out(connection, DAY, run_id, full=True)
        assert {household for household, _ in findings(connection)} == {"H1", "H2"}
    with transaction(Role.ETL) as connection:
        birthday = work_out(connection, date(2027, 5, 1), run_id)
        assert birthday["is_whole"] == 1  # another month
        assert connection.execute(text("select distinct as_of_date from benefits.finding")).scalars().all() == [date(2027, 5, 1)]


def test_facts_are_read_as_they_were_known_at_an_instant(run_id: int) -> None:
    with transaction(Role.ETL) as connection:
        member(connection, "H1", SECOND, "6000")
        now = facts_of(Reader(connection, DAY).tables(Scope(["H1"], [])))
        then = facts_of(Reader(connection, DAY, known_at=datetime(2026, 11, 1, tzinfo=UTC)).tables(Scope(["H1"], [])))
        earlier = Reader(connection, DAY, known_at=datetime(2026, 9, 1, tzinfo=UTC)).tables(Scope(["H1"], []))
    assert now.column("assistance_members", "wage_income_yuan").tolist() == [6000 * 10**6]
    assert then.column("assistance_members", "wage_income_yuan").tolist() == [100 * 10**6]
    assert len(earlier["assistance_members"]) == 0


def test_a_snapshot_looks_at_the_rows_it_brought_back_and_leaves_what_looking_at_everybody_would_leave(run_id: int) -> None:
    seeking = {"job_registration_type_code": "1", "job_registration_date": date(2026, 9, 1), "job_state_code": "1"}
    with transaction(Role.ETL) as connection:
        for number in HOUSEHOLDS:
            put(connection, "job_seekers", f"J-{number}", FIRST, **seeking)
            connection.execute(
                text(
                    "insert into identity.link (feed, source_key, person_id, link_status, rule, decided_at, decided_by_run) "
                    "values ('job_seekers', :key, :p, 'linked', '1', :now, :run)"
                ),
                {"key": f"J-{number}", "p": f"P-{number}", "now": FIRST, "run": run_id},
            )
        put(connection, "job_seekers", "J-H1", SECOND, operation_code="D")  # a snapshot without it: a version, and no row number
        work_out(connection, DAY, run_id)
        assert "H1" not in seekers(connection)
    with transaction(Role.ETL) as connection:  # the next one has it again: the old version counts, and none is new
        for operation, counts_now in (("D", False), ("I", True)):
            connection.execute(
                text("update staging.job_seekers set is_current = :now where source_key = 'J-H1' and operation_code = :operation"),
                {"now": counts_now, "operation": operation},
            )
        connection.execute(
            text(
                "insert into benefits.basis (name, seen, run_id) values ('snapshot/job_seekers', '-1', :run) "
                "on conflict (name) do update set seen = excluded.seen"
            ),
            {"run": run_id},
        )
        counts = work_out(connection, DAY, run_id)
        assert (counts["is_whole"], counts["households"]) == (0, 1)
        assert "H1" in seekers(connection)
        assert work_out(connection, DAY, run_id, full=True)["findings_changed"] == 0


def seekers(connection: Connection) -> set[str]:
    """Households with a finding on work."""
    found = connection.execute(text("select household_number from benefits.finding where benefit_code = 'employment_assistance'"))
    return set(found.scalars())
