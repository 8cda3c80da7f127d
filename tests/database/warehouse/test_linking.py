"""Links in the database: persistent ids, history, and nothing changed by a second run."""

from datetime import date

import pytest
import staged
from sqlalchemy import text

from expectations.forms.id_number import check_digit
from pipeline.link import link
from warehouse.database import Role, transaction

pytestmark = pytest.mark.usefixtures("warehouse_url")
ZHANG = "14999919850312001" + check_digit("14999919850312001")
LI = "14999919900720013" + check_digit("14999919900720013")


def put(feed: str, source_key: str, id_number: str | None, name: str, birth: date | None = None, **fields: object) -> None:
    with transaction(Role.ETL) as connection:
        staged.stage(connection, feed, source_key, id_number=id_number, name=name, birth_date=birth, **fields)


def links() -> dict[str, tuple[str, str, str]]:
    with transaction(Role.ETL) as connection:
        found = connection.execute(text("select source_key, person_id, link_status, rule from identity.link"))
        return {key: (person, status, rule) for key, person, status, rule in found}


def all_of(table: str) -> list[tuple[object, ...]]:
    with transaction(Role.ETL) as connection:
        return [tuple(row) for row in connection.execute(text(f"select * from identity.{table} order by 1, 2, 3"))]


def test_rows_of_five_agencies_meet_in_one_person() -> None:
    put("registered_persons", "p", ZHANG, "張示例", registration_number="R1", residence_region_code="140106003002")
    put("centre_roster", "r", ZHANG[:6] + ZHANG[8:17], "张示例", decision_number="决〔1〕号")
    put("assistance_members", "m", ZHANG, "张示例", date(1985, 3, 12), household_number="H1")
    put("aftercare_cases", "c", None, "张示例", date(1985, 3, 12), decision_number="决[1]号", id_type_code="999")
    put("job_seekers", "j", None, "张示例", date(1985, 3, 12), residence_region_code="140106003002", id_type_code="999")
    link()
    found = links()
    assert len({person for person, _, _ in found.values()}) == 1
    assert {key: rule for key, (_, _, rule) in found.items()} == {"p": "1", "r": "1", "m": "1", "c": "4", "j": "7"}
    assert {status for _, status, _ in found.values()} == {"linked"}


def test_a_second_run_on_the_same_rows_changes_nothing() -> None:
    put("drug_tests", "a", ZHANG, "张示例")
    put("drug_tests", "b", LI, "李示例")
    put("means_checks", "c", ZHANG, "王二", date(1961, 5, 4), household_number="H1")
    link()
    before = [all_of(table) for table in ("person", "link", "link_history")]
    link()
    assert [all_of(table) for table in ("person", "link", "link_history")] == before


def test_a_corrected_number_merges_two_persons_into_the_older_and_remembers_it() -> None:
    put("drug_tests", "a", ZHANG, "张示例")
    link()
    older = links()["a"][0]
    put("drug_tests", "b", LI, "张示例")
    link()
    younger = links()["b"][0]
    assert younger != older
    put("population_changes", "x", ZHANG, "张示例", change_type_code="6", change_date=date(2026, 10, 1), old_value=LI, new_value=ZHANG)
    link()
    assert {person for person, _, _ in links().values()} == {older}
    with transaction(Role.ETL) as connection:
        assert (
            connection.execute(text("select merged_into from identity.person where person_id = :id"), {"id": younger}).scalar_one() == older
        )
        history = connection.execute(text("select source_key, person_id, link_status from identity.link_history")).all()
    assert [tuple(row) for row in history] == [("b", younger, "linked")]


def test_a_row_that_turns_out_to_be_somebody_else_leaves_the_person_and_the_id_stays() -> None:
    for key in "ab":
        put("drug_tests", key, ZHANG, "张示例")
    put("drug_tests", "c", ZHANG, "张示例")
    link()
    kept = links()["a"][0]
    put("drug_tests", "c", LI, "张示例", operation_code="U")
    link()
    found = links()
    assert found["a"][0] == found["b"][0] == kept
    assert found["c"][0] != kept


def test_a_deleted_row_loses_its_link_and_history_keeps_it() -> None:
    put("drug_tests", "a", ZHANG, "张示例")
    link()
    person = links()["a"][0]
    with transaction(Role.ETL) as connection:
        staged.withdraw(connection, "drug_tests", "a")
    link()
    assert links() == {}
    assert [row[:2] + row[3:4] for row in all_of("link_history")] == [("drug_tests", "a", person)]


def test_a_row_stays_who_it_is_when_all_others_of_its_person_are_deleted_in_one_night() -> None:
    told = {"birth": date(1985, 3, 12), "phone": "13800001111"}
    for key in "ab":
        put("job_seekers", key, ZHANG, "张示例", **told)
    put("registered_persons", "c", None, "张示例", **told)
    link()
    person = links()["a"][0]
    assert links()["c"][0] == person
    with transaction(Role.ETL) as connection:
        for key in "ab":
            staged.withdraw(connection, "job_seekers", key)
    link()
    assert {key: found[0] for key, found in links().items()} == {"c": person}


def test_evidence_holds_classes_and_no_value_of_a_person() -> None:
    for key in "ac":
        put("drug_tests", key, ZHANG, "张示例", date(1985, 3, 12))
    put("drug_tests", "b", ZHANG, "章示例", date(1985, 3, 12))
    link()
    with transaction(Role.ETL) as connection:
        evidence = connection.execute(text("select evidence from identity.link where source_key = 'b'")).scalar_one()
    assert evidence == {"number": "valid", "name": "homophone", "birth": "same"}


def test_linking_an_empty_warehouse_is_fine() -> None:
    link()
    assert links() == {}
