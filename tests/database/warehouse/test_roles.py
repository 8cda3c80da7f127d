"""Each database role can do its step and nothing else; a benefit reader cannot come near the sealed feeds."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from warehouse.database import Role, transaction
from warehouse.tables import staging_tables

DESKS = {
    Role.CIVIL_AFFAIRS_READER: ("findings", "household_flags"),
    Role.EMPLOYMENT_READER: ("employment_findings", "excluded_occupations"),
    Role.HOUSING_READER: ("housing_findings", "housing_flags"),
    Role.STATION_READER: ("station_findings",),
}
DRUG_RELATED = [f"{t.schema}.{t.name}" for t in staging_tables() if t.schema == "sealed"]


def may_read(role: Role, table: str) -> bool:
    with transaction(Role.OWNER) as connection:
        return bool(
            connection.execute(
                text(
                    "select has_schema_privilege(:role, split_part(:table, '.', 1), 'usage') "
                    "and has_table_privilege(:role, :table, 'select')"
                ),
                {"role": role.value, "table": table},
            ).scalar_one()
        )


def test_the_sealed_schema_holds_every_drug_related_feed() -> None:
    assert len(DRUG_RELATED) == 11
    assert "sealed.drug_tests" in DRUG_RELATED


@pytest.mark.parametrize("role", [*DESKS, Role.HANDOFF_READER, Role.OPERATOR, Role.INTAKE, Role.PUBLISHER])
def test_no_reader_reaches_a_staging_table(warehouse_url: str, role: Role) -> None:
    for table in staging_tables():
        assert not may_read(role, f"{table.schema}.{table.name}")


@pytest.mark.parametrize("role", DESKS)
def test_a_benefit_desk_reads_its_own_findings_and_nothing_else(warehouse_url: str, role: Role) -> None:
    with transaction(Role.OWNER) as connection:
        everything = (
            connection.execute(
                text(
                    "select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                    "where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')"
                )
            )
            .scalars()
            .all()
        )
    assert {name for name in everything if may_read(role, name)} == {f"published.{name}" for name in DESKS[role]}


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (Role.INTAKE, "delete from landing.batch"),
        (Role.INTAKE, "select 1 from identity.link"),
        (Role.INTAKE, "select 1 from sealed.registered_persons"),
        (Role.INTAKE, "select name_sealed from sealed.release_notices"),
        (Role.INTAKE, "update sealed.release_notices set source_key = 'x'"),
        (Role.INTAKE, "delete from landing.nonce"),
        (Role.INTAKE, "update registry.centre_key set disabled_at = null"),
        (Role.INTAKE, "select received_sealed from quarantine.row"),
        (Role.ETL, "insert into published.kpis values ('14', '202611', 'X', 1, 1, 0)"),
        (Role.ETL, "create table staging.own (x int)"),
        (Role.PUBLISHER, "delete from identity.link"),
        (Role.PUBLISHER, "select 1 from sealed.drug_tests"),
        (Role.OPERATOR, "select 1 from published.handoffs"),
        *((desk, "select pg_read_file('/etc/passwd')") for desk in DESKS),
    ],
)
def test_a_role_is_refused_what_its_step_does_not_need(warehouse_url: str, role: Role, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction(role) as connection:
        connection.execute(text(statement))


def test_a_station_reads_what_its_persons_may_be_entitled_to_and_never_why(warehouse_url: str) -> None:
    finding = "('public_housing||{0}', '{0}', 'public_housing', '2026-11-20', 'possible', '[]', '[]', true, false, false)"
    with transaction(Role.PUBLISHER) as connection:
        connection.execute(
            text(
                "insert into published.findings (finding_key, person_id, benefit_code, as_of_date, outcome, missing_facts, reasons, "
                f"is_station_only, has_own_application, is_sample) values {', '.join(finding.format(who) for who in ('p1', 'p2', 'p3'))}"
            )
        )
        for who, station, state in (("p1", "140105Z001", "REPORTED"), ("p1", "140105Z001", "AGREED"), ("p2", None, "NOTICED")):
            handoff = {"id": f"{who}{state}", "who": who, "station": station, "state": state}
            connection.execute(
                text(
                    "insert into published.handoffs (handoff_id, person_id, decision_number, station_code, state) "
                    "values (:id, :who, 'x', :station, :state)"
                ),
                handoff,
            )
        ended = text("insert into published.handoffs values ('e', 'p3', 'x', null, '140105Z001', null, null, 'CONTROL_ENDED')")
        connection.execute(ended)
    with transaction(Role.STATION_READER) as connection:
        seen = connection.execute(text("select station_code, person_id, benefit_code, outcome from published.station_findings")).all()
    assert [tuple(row) for row in seen] == [("140105Z001", "p1", "public_housing", "possible")]


def test_the_intake_reads_what_was_pushed_its_registry_and_nothing_else(warehouse_url: str) -> None:
    with transaction(Role.OWNER) as connection:
        found = connection.execute(
            text(
                "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                "where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('pg_catalog', 'information_schema') "
                "and has_schema_privilege(:role, n.oid, 'usage') and has_any_column_privilege(:role, c.oid, 'select')"
            ),
            {"role": Role.INTAKE.value},
        ).scalars()
        assert set(found) == {
            "landing.batch",
            "landing.push",
            "landing.nonce",
            "landing.manifest",
            "landing.declaration",
            "sealed.release_notices",
            "staging.station_directory",
            "quarantine.problem",
            "ops.receipt",
            "ops.steward_decision",
            "registry.centre",
            "registry.centre_key",
            "registry.code_message",
            "registry.parameter",
            "registry.parameter_value",
            "registry.calendar_day",
        }
