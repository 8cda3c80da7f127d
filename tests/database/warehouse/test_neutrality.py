"""Two worlds that differ in orders, tests and stays which change no household: what each benefit desk can read is the same, byte for byte.

And no word, code, column or comment that they can reach says where anybody was.
"""

import json
import os
from datetime import UTC, date, datetime
from typing import Any

import pytest
import staged
from linked import person
from sqlalchemy import Connection, text

from expectations.agreement import feeds
from pipeline.benefits import work_out_benefits
from pipeline.handoffs import work_out_handoffs
from pipeline.publish import publish
from sandbox import postgres
from warehouse.__main__ import main as warehouse
from warehouse.benefits.what_if import NoSuchHousehold
from warehouse.database import Role, transaction
from warehouse.registry.loading import SAMPLE_FILE
from warehouse.supposing import NOTHING_TOLD, rehearse_parameters, what_if, why

DAY = date(2025, 3, 20)
WORDS = ("毒", "戒", "吸", "强制隔离", "社区康复", "尿检", "复吸", "出所", "拘", "刑", "监狱", "禁")
ENGLISH = ("drug", "narcot", "rehabilit", "detention", "isolation", "custod", "prison", "addict", "relapse", "urine", "release")
HIDDEN_FEEDS = tuple(name for name, feed in feeds().items() if feed.provider in {"detention_centers", "public_security", "community"})
DESKS = {
    Role.CIVIL_AFFAIRS_READER: {"published.findings", "published.household_flags"},
    Role.EMPLOYMENT_READER: {"published.employment_findings", "published.excluded_occupations"},
    Role.HOUSING_READER: {"published.housing_findings", "published.housing_flags"},
}
CLOSED = "published.excluded_occupations"
STAY = {
    "decision_number": "晋公强字〔2023〕第1号",
    "decision_date": date(2023, 9, 1),
    "centre_entry_date": date(2023, 9, 2),
    "centre_code": "140100Q001",
}
HOUSEHOLD = {"category_code": "11", "household_state_code": "2", "application_date": date(2024, 5, 1), "assistance_region_code": "140221"}
HOUSEHOLD |= {"counted_members_count": 1, "household_income_yuan": 0, "next_review_date": date(2025, 1, 1)}
MEMBER = {"household_number": "140221001001000001", "labour_capacity_code": "1", "work_state_code": "3"}
HOME = MEMBER["household_number"].encode()
MEMBER |= {f"{part}_income_yuan": 0 for part in ("wage", "business", "property", "transfer")}


def stage(connection: Connection, who: str, feed: str, key: str, **fields: Any) -> None:
    staged.stage(connection, feed, key, source_updated_at=datetime(2025, 1, 5, tzinfo=UTC), **fields)
    person(connection, who, [(feed, key)])


def neutral_facts(connection: Connection) -> None:
    """A household whose second member came back and whose first waits for a dwelling and looks for work, a tenant in arrears who looks for
    work too, and one who waits without a household: the same in both worlds."""
    stage(connection, "p1", "assistance_households", "A1", household_number=MEMBER["household_number"], **HOUSEHOLD)
    stage(
        connection, "p1", "assistance_members", "M1", relationship_code="01", birth_date=date(1980, 1, 1), counted_state_code="00", **MEMBER
    )
    away = {"counted_state_code": "02", "not_counted_start_date": date(2023, 10, 1)}
    stage(connection, "p2", "assistance_members", "M2", relationship_code="10", birth_date=date(1981, 1, 1), **away, **MEMBER)
    stay(connection, "p2", "1", custody_state_code="6", custody_state_date=date(2025, 2, 10))
    flat = {"application_number": "GZF1", "application_date": date(2024, 1, 1), "tenancy_state_code": "2", "arrears_months": 5}
    stage(connection, "p4", "public_housing", "Z1", **flat, assistance_region_code="140221")
    seeker = {
        "job_seeker_number": "Q1",
        "job_registration_type_code": "2",
        "job_registration_date": date(2025, 1, 2),
        "job_state_code": "1",
    }
    stage(connection, "p4", "job_seekers", "J1", birth_date=date(1990, 1, 1), sex_code="1", **seeker, residence_region_code="140221001001")
    stage(connection, "p1", "job_seekers", "J2", birth_date=date(1980, 1, 1), sex_code="2", **seeker, residence_region_code="140221001001")
    placed = {"employment_start_date": date(2024, 9, 1), "wage_yuan": "4321.00"}
    stage(connection, "p1", "job_placements", "W1", job_seeker_number="Q1", **placed)
    stage(connection, "p8", "job_seekers", "J8", birth_date=date(1985, 1, 1), sex_code="1", **seeker, residence_region_code="140221001001")
    stage(
        connection,
        "p8",
        "public_housing",
        "Z8",
        **flat | {"application_number": "GZF8", "arrears_months": 0},
        assistance_region_code="140221",
    )
    waiting = {"application_date": date(2024, 6, 1), "tenancy_state_code": "1", "assistance_region_code": "140221"}
    stage(connection, "p1", "public_housing", "Z2", application_number="GZF2", **waiting, household_number=MEMBER["household_number"])
    stage(connection, "p7", "public_housing", "Z3", application_number="GZF3", current_area_sqm="9.00", **waiting)


def stay(connection: Connection, who: str, number: str, **custody: Any) -> None:
    stage(
        connection, who, "centre_roster", f"140100Q001-{number}", **STAY | {"decision_number": f"晋公强字〔2023〕第{number}号"}, **custody
    )


def hidden_facts(connection: Connection) -> None:
    """Orders and tests of household members; a release and a stay of people without household or application, a release of a tenant."""
    stage(
        connection, "p1", "registered_persons", "R1", registration_number="R1", control_state_code="3", control_state_date=date(2024, 1, 1)
    )
    order = {
        "order_number": "O1",
        "registration_number": "R1",
        "order_type_code": "1",
        "order_date": date(2024, 1, 1),
        "order_state_code": "1",
    }
    stage(connection, "p1", "community_orders", "O1", **order)
    stage(connection, "p1", "drug_tests", "T1", order_number="O1", test_date=date(2025, 2, 1), test_result_code="1", confirmation_code="1")
    stage(connection, "p1", "risk_assessments", "K1", order_number="O1", assessment_date=date(2025, 2, 2), risk_grade_code="3")
    stage(connection, "p4", "drug_tests", "T4", test_date=date(2025, 2, 1), test_result_code="1")
    stay(connection, "p5", "5", custody_state_code="6", custody_state_date=date(2025, 2, 20))
    stay(connection, "p6", "6", custody_state_code="1")
    stay(connection, "p8", "8", custody_state_code="6", custody_state_date=date(2025, 2, 21))


def publish_all() -> None:
    work_out_handoffs(DAY)
    work_out_benefits(DAY)
    publish(DAY)


def readable(connection: Connection) -> list[str]:
    """Every relation the desks may read."""
    query = (
        "select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where c.relkind in ('r', 'v', 'm', 'p') and n.nspname not in ('pg_catalog', 'information_schema') "
        "and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') order by 1"
    )
    return list(connection.execute(text(query)).scalars())


def names_seen_by(desk: Role) -> list[str]:
    """Names and comments of everything that hangs on what it can read: schemas, columns, constraints, indexes, policies, views."""
    parts = (
        "select concat_ws(' ', n.nspname, obj_description(n.oid)) from pg_namespace n where has_schema_privilege(n.oid, 'usage') "
        "and n.nspname !~ '^pg_|^information'",
        "select concat_ws(' ', c.relname, obj_description(c.oid)) from pg_class c where c.oid = any(:oids)",
        "select concat_ws(' ', attname, col_description(attrelid, attnum)) from pg_attribute where attrelid = any(:oids) and attnum > 0",
        "select concat_ws(' ', conname, pg_get_constraintdef(oid), obj_description(oid)) from pg_constraint where conrelid = any(:oids)",
        "select pg_get_indexdef(indexrelid) from pg_index where indrelid = any(:oids)",
        "select concat_ws(' ', polname, pg_get_expr(polqual, polrelid)) from pg_policy where polrelid = any(:oids)",
        "select pg_get_triggerdef(oid) from pg_trigger where tgrelid = any(:oids)",
        "select pg_get_viewdef(oid) from pg_class where oid = any(:oids) and relkind = 'v'",
        "select concat_ws(' ', p.proname, p.prosrc) from pg_proc p join pg_namespace n on n.oid = p.pronamespace "
        "where n.nspname !~ '^pg_|^information' and has_schema_privilege(n.oid, 'usage') and has_function_privilege(p.oid, 'execute')",
    )
    with transaction(desk) as connection:
        oids = connection.execute(
            text("select cast(cast(name as regclass) as oid) from unnest(cast(:names as text[])) name"), {"names": readable(connection)}
        )
        told = {"oids": list(oids.scalars())}
        return [
            one
            for query in parts
            for one in connection.execute(text(query.replace(":oids", "cast(:oids as oid[])")), told if ":oids" in query else {}).scalars()
        ]


def seen_by(desk: Role) -> bytes:
    """Everything a desk can read, in a fixed order."""
    with transaction(desk) as connection:
        seen = {
            name: sorted(connection.execute(text(f"select to_jsonb(t)::text from {name} t")).scalars()) for name in readable(connection)
        }
    return json.dumps(seen, ensure_ascii=False).encode()


def but_for_closed(seen: bytes) -> dict[str, list[str]]:
    """What a desk sees but for occupations closed by law: those have to differ."""
    return {name: rows for name, rows in json.loads(seen).items() if name != CLOSED}


def rows_seen_by(desk: Role, view: str) -> list[dict[str, Any]]:
    """The rows of one view."""
    return [json.loads(row) for row in json.loads(seen_by(desk))[view]]


@pytest.fixture
def two_worlds(
    server_url: str, migrated_template: str, warehouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> dict[str, dict[Role, bytes]]:
    """What each desk sees in a world without and in one with the hidden facts; the environment stays at the second."""
    plain = postgres.create_database(server_url, f"plain_world_{os.getpid()}", migrated_template)
    seen = {}
    for name, url in (("plain", plain), ("hidden", warehouse_url)):
        monkeypatch.setenv("GUITU_DATABASE_URL", url)
        with transaction(Role.ETL) as connection:
            for known in ("p1", "p2", "p4", "p5", "p6", "p7", "p8"):
                person(connection, known)
            neutral_facts(connection)
            if name == "hidden":
                hidden_facts(connection)
        publish_all()
        seen[name] = {desk: seen_by(desk) for desk in DESKS}
    return seen


def fingerprint() -> str:
    """Of every row of every table of the house."""
    with transaction(Role.OWNER) as connection:
        tables = connection.execute(
            text("select format('%I.%I', schemaname, tablename) from pg_tables where schemaname !~ '^pg_|^information' order by 1")
        ).scalars()
        parts = [
            connection.execute(text(f"select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {t} t")).scalar_one()
            for t in tables
        ]
    return "|".join(parts)


def test_each_desk_reads_its_own_and_the_same_bytes_whatever_orders_tests_and_stays_there_are(
    two_worlds: dict[str, dict[Role, bytes]], capsys: pytest.CaptureFixture[str]
) -> None:
    seen = two_worlds["hidden"]
    for desk, views in DESKS.items():
        assert but_for_closed(two_worlds["plain"][desk]) == but_for_closed(seen[desk]), desk
        assert set(json.loads(seen[desk])) == views
    # What the law closes to a job seeker goes to one desk, as bare codes; guarding is closed to who was away, not to who is registered.
    closed = rows_seen_by(Role.EMPLOYMENT_READER, CLOSED)
    assert {frozenset(row) for row in closed} == {frozenset(("person_id", "occupation_code"))}
    assert {row["person_id"] for row in closed if row["occupation_code"] == "4-07-05-01"} == {"p8"}
    assert {row["person_id"] for row in closed if row["occupation_code"] == "4-10-01-03"} >= {"p1"}
    assert json.loads(two_worlds["plain"][Role.EMPLOYMENT_READER])[CLOSED] == []
    flags = {row["neutral_reason_code"] for row in rows_seen_by(Role.CIVIL_AFFAIRS_READER, "published.household_flags")}
    assert flags >= {"M2", "R1", "T1"}  # it is not the sameness of nothing
    with transaction(Role.OWNER) as connection:
        hidden = connection.execute(text("select person_id, benefit_code from published.findings where is_station_only")).all()
    # The released man without household, and the tenant for what he is looked at for his return only: for the station alone.
    assert {("p5", "public_housing"), ("p5", "employment_assistance"), ("p8", "public_housing")} <= {tuple(row) for row in hidden}
    assert not [desk for desk in DESKS if b'"p5"' in seen[desk]]

    # Civil affairs: no job seeker without a household. The others: who asked them, and of other agencies' rows the result alone.
    told = rows_seen_by(Role.CIVIL_AFFAIRS_READER, "published.findings")
    assert not [row for row in told if row["benefit_code"] == "employment_assistance" and row["household_number"] is None]
    assert {row["person_id"] for row in rows_seen_by(Role.EMPLOYMENT_READER, "published.employment_findings")} == {"p1", "p4", "p8"}
    housing = {row["person_id"]: row for row in rows_seen_by(Role.HOUSING_READER, "published.housing_findings")}
    assert set(housing) == {"p1", "p7"}
    own, of_others = ({reason["rule"]: reason for reason in housing["p7"]["reasons"]}[rule] for rule in ("PH2", "PH3"))
    assert own["value"]["area_sqm"] == "9.00"
    assert (of_others["result"], of_others["value"], of_others["source"]) == ("open", None, {"feed": None, "source_key": None})
    assert b"4321" in seen[Role.CIVIL_AFFAIRS_READER]  # the wage is income of the household, and another desk's matter not at all
    for desk in (Role.EMPLOYMENT_READER, Role.HOUSING_READER):
        for part in (b"4321", b"income_yuan", b"wage_yuan", b'\\"wage', b"means_check", b"assistance_", "返家".encode(), HOME):
            assert part not in seen[desk].split(b'"published.housing_flags"')[0], (desk, part)
    assert {row["flag_code"] for row in rows_seen_by(Role.HOUSING_READER, "published.housing_flags")} == {"TENANCY_AT_RISK"}

    for desk in DESKS:
        names = names_seen_by(desk)
        assert len(names) > 15
        for word in (*WORDS, *ENGLISH, *HIDDEN_FEEDS):
            assert word not in seen[desk].decode().lower(), (desk, word)
            assert not [name for name in names if word in name.lower()], (desk, word)
    with transaction(Role.OWNER) as connection:
        connection.execute(text("comment on column published.findings.outcome is 'after detention'"))
        connection.execute(text("comment on column published.housing_flags.before is 'after detention'"))
    for desk in (Role.CIVIL_AFFAIRS_READER, Role.HOUSING_READER):
        assert [name for name in names_seen_by(desk) if "detention" in name], "the check can fail"

    # Why: of somebody without household and application the station's reader learns it; a desk reads the line it reads of a number unknown.
    assert {row["benefit_code"] for row in why("p5", for_desks=False)} == {
        "public_housing",
        "employment_assistance",
        "temporary_assistance",
    }
    assert {row["benefit_code"] for row in why("p4", for_desks=True)} == {"employment_assistance"}
    assert {row["household_number"] for row in why(MEMBER["household_number"], for_desks=True)} == {MEMBER["household_number"]}
    lines = []
    for subject in ("p5", "p6", "nobody"):
        assert warehouse(["explain", "finding", subject, "--for", "benefits"]) in {0, None}
        lines.append(capsys.readouterr().out)
    assert set(lines) == {f"{NOTHING_TOLD}\n"}

    # A flag is seen from the next working morning on, not before.
    with transaction(Role.OWNER) as connection:
        moments = connection.execute(text("select distinct visible_from from published.household_flags")).scalars().all()
        assert moments == [datetime(2025, 3, 21, 0, tzinfo=UTC)]
        connection.execute(text("update published.household_flags set visible_from = now() + interval '1 hour'"))
    assert not rows_seen_by(Role.CIVIL_AFFAIRS_READER, "published.household_flags")
    assert not rows_seen_by(Role.HOUSING_READER, "published.housing_flags")

    # Questions leave no trace.
    before = fingerprint()
    told = what_if(str(MEMBER["household_number"]), DAY)
    earlier = what_if(str(MEMBER["household_number"]), date(2025, 2, 9))
    with pytest.raises(NoSuchHousehold):
        what_if(str(MEMBER["household_number"]), DAY, datetime(2026, 1, 1, tzinfo=UTC))  # nothing had arrived
    assert [flag["reason"] for flag in told["flags"] if flag["flag_code"] == "HH_CHANGED"] == ["M2"]
    assert told["effects"][0]["words"] == "返家日期 2025-02-10"
    assert earlier["members"]
    assert not earlier["effects"]  # the day before the return
    assert rehearse_parameters(SAMPLE_FILE, DAY).changed == 0
    assert fingerprint() == before
