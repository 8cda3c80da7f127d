"""Providers are asked to check what their own rows show, once, in neutral words; never what only others know."""

import json
import re
from datetime import date

import linked
import pytest
import staged
from sqlalchemy import text

from expectations.agreement import feeds
from expectations.forms.id_number import check_digit
from expectations.neutral import WORDS
from warehouse.__main__ import main
from warehouse.database import Role, transaction
from warehouse.identity import corrections
from warehouse.staging.receipts import mark_delivered, undelivered

pytestmark = pytest.mark.usefixtures("warehouse_url")
ZHANG = "14999919850312001" + check_digit("14999919850312001")
LI = "14999919900720013" + check_digit("14999919900720013")
OWN_DAY, OTHER_DAY = date(1985, 3, 12), date(1961, 5, 4)


@pytest.fixture(autouse=True)
def delivered(warehouse_url: str) -> None:
    """One delivery per provider, receipted and told; the rows of the tests came in delivery 1."""
    with transaction(Role.ETL) as connection:
        for provider in ("employment", "civil_affairs"):
            batch_id = connection.execute(
                text(
                    "insert into landing.batch (provider, feed, name, form, content_address, size_bytes, received_at, state, row_count) "
                    "values (:provider, 'x', 'rows.csv', 'csv', :provider, 1, now(), 'accepted', 1) returning batch_id"
                ),
                {"provider": provider},
            ).scalar_one()
            connection.execute(
                text('insert into ops.receipt (batch_id, receipt, written_at) values (:batch, \'{"file": "rows.csv"}\', now())'),
                {"batch": batch_id},
            )
            mark_delivered(connection, batch_id)


def put(feed: str, source_key: str, id_number: str | None, name: str, birth: date | None = None, **fields: object) -> None:
    if birth is not None:
        fields["birth_date"] = birth
    with transaction(Role.ETL) as connection:
        staged.stage(connection, feed, source_key, id_number=id_number, name=name, **fields)


def tell() -> int:
    with transaction(Role.ETL) as connection:
        return corrections.tell(connection, linked.run(connection), staged.AS_OF)


def told() -> set[tuple[object, ...]]:
    return set(linked.rows("select feed, source_key, code, field from identity.correction"))


def receipt() -> dict[str, object]:
    return linked.rows("select receipt from ops.receipt where batch_id = 1")[0][0]  # type: ignore[return-value]


def test_the_row_that_does_not_fit_the_numbers_own_day_is_to_be_checked() -> None:
    put("job_seekers", "right", ZHANG, "张示例", OWN_DAY)
    put("trainings", "wrong", ZHANG, "王二", OTHER_DAY)
    assert tell() == 1
    assert told() == {("trainings", "wrong", "W_NUMBER_CHECK", "id_number")}


def test_with_equal_ground_both_sides_are_asked() -> None:
    put("job_seekers", "a", ZHANG, "王二", OTHER_DAY)
    put("job_seekers", "b", ZHANG, "李三", date(1970, 1, 9))
    tell()
    assert {key for _, key, _, _ in told()} == {"a", "b"}


def test_many_rows_that_say_the_same_are_named_by_their_newest() -> None:
    put("job_seekers", "right", ZHANG, "张示例", OWN_DAY)
    for month in range(1, 5):
        updated = staged.UPDATED.replace(month=month)
        put("insurance_contributions", f"m{month}", ZHANG, "王二", OTHER_DAY, source_updated_at=updated)
    tell()
    assert told() == {("insurance_contributions", "m4", "W_NUMBER_CHECK", "id_number")}


def test_a_homophone_or_a_birth_a_digit_off_is_no_contradiction() -> None:
    put("job_seekers", "a", ZHANG, "张示例", OWN_DAY)
    put("job_seekers", "b", ZHANG, "章示例", date(1985, 3, 13))
    put("job_seekers", "c", ZHANG, "王二", OWN_DAY)
    assert tell() == 0


def test_a_reference_number_of_two_persons_is_to_be_checked() -> None:
    put("job_seekers", "a", None, "张示例", OWN_DAY, job_seeker_number="J1", id_type_code="999")
    put("job_placements", "b", None, "王二", OTHER_DAY, job_seeker_number="J1", id_type_code="999")
    tell()
    assert told() == {(feed, key, "W_KEY_CHECK", "job_seeker_number") for feed, key in (("job_seekers", "a"), ("job_placements", "b"))}


def test_the_receipt_lists_row_header_code_and_neutral_words_and_goes_out_again() -> None:
    put("job_seekers", "right", ZHANG, "张示例", OWN_DAY)
    put("job_seekers", "wrong", ZHANG, "王二", OTHER_DAY)
    tell()
    said = receipt()
    assert said["file"] == "rows.csv"
    (line,) = said["to_check"]  # type: ignore[misc]
    header = feeds()["job_seekers"].by_name["id_number"].header
    assert [line[k] for k in ("row_number", "source_key", "header", "error_code")] == [1, "wrong", header, "W_NUMBER_CHECK"]
    assert "check this number with the person's document" in line["message"]
    with transaction(Role.ETL) as connection:
        assert [one.batch_id for one in undelivered(connection, "employment")] == [1]


def test_what_was_told_is_not_told_again_and_what_is_said_anew_is() -> None:
    put("job_seekers", "right", ZHANG, "张示例", OWN_DAY)
    put("job_seekers", "wrong", ZHANG, "王二", OTHER_DAY)
    assert tell() == 1
    with transaction(Role.ETL) as connection:
        mark_delivered(connection, 1)
    put("job_seekers", "wrong", ZHANG, "王二", OTHER_DAY)
    assert tell() == 0
    with transaction(Role.ETL) as connection:
        assert undelivered(connection, "employment") == []
    put("job_seekers", "wrong", ZHANG, "王三", OTHER_DAY)
    assert tell() == 1


def test_no_sender_learns_from_being_asked_that_another_agency_knows_the_person() -> None:
    put("assistance_members", "m", ZHANG, "王二", OTHER_DAY)
    put("job_seekers", "j", ZHANG, "陈一", date(1970, 1, 9))
    put("public_housing", "h", ZHANG, "周六", date(1955, 2, 2))
    for feed in ("registered_persons", "drug_tests", "centre_roster", "release_notices", "aftercare_cases", "population_changes"):
        fields = {"registration_number": "R1"} if "registration_number" in feeds()[feed].by_name else {}
        put(feed, "140106-1", ZHANG, "张示例", OWN_DAY, **fields)
        put(feed, "140106-2", ZHANG, "张示例", OWN_DAY, **fields)
    tell()
    assert told() == set()


def test_what_a_sender_is_told_is_the_same_without_the_sealed_feeds() -> None:
    put("job_seekers", "a", ZHANG, "王二", OTHER_DAY)
    put("job_seekers", "b", ZHANG, "李三", date(1970, 1, 9))
    put("assistance_members", "c", LI, "赵四", date(1990, 7, 20))
    put("assistance_members", "d", LI, "钱五", OTHER_DAY)
    put("registered_persons", "r1", ZHANG, "李三", date(1970, 1, 9), registration_number="R1")
    put("registered_persons", "r2", LI, "钱五", OTHER_DAY, registration_number="R2")
    tell()
    with_sealed = {line for line in told() if feeds()[str(line[0])].schema == "staging"}
    with transaction(Role.OWNER) as connection:
        connection.execute(text("truncate identity.correction, sealed.registered_persons"))
    tell()
    assert told() == with_sealed
    assert with_sealed == {
        (feed, key, "W_NUMBER_CHECK", "id_number")
        for feed, key in (("job_seekers", "a"), ("job_seekers", "b"), ("assistance_members", "d"))
    }


def test_two_centres_are_not_told_of_each_other() -> None:
    put("centre_roster", "140100Q001-1", ZHANG, "张示例", OWN_DAY)
    put("centre_roster", "140200Q002-1", ZHANG, "王二", OTHER_DAY)
    assert tell() == 0
    put("centre_roster", "140200Q002-2", ZHANG, "张示例", OWN_DAY)
    assert tell() == 1
    assert {key for _, key, _, _ in told()} == {"140200Q002-1"}


def test_a_number_the_register_corrected_is_told_to_who_may_see_corrected_numbers_only() -> None:
    for feed in ("assistance_members", "public_housing", "job_seekers", "registered_persons"):
        put(feed, feed, LI, "张示例", date(1990, 7, 20))
    put("population_changes", "x", ZHANG, "张示例", change_type_code="6", change_date=date(2026, 10, 1), old_value=LI, new_value=ZHANG)
    tell()
    assert {feed for feed, *_ in told()} == {"assistance_members", "registered_persons"}


def test_a_corrected_number_under_another_name_is_not_told() -> None:
    put("assistance_members", "a", LI, "王二", date(1990, 7, 20))
    put("population_changes", "x", ZHANG, "张示例", change_type_code="6", change_date=date(2026, 10, 1), old_value=LI, new_value=ZHANG)
    assert tell() == 0


def test_receipts_with_corrections_hold_no_name_and_no_number_of_a_person() -> None:
    put("job_seekers", "right", ZHANG, "张示例", OWN_DAY)
    put("job_seekers", "wrong", ZHANG, "王二", OTHER_DAY)
    tell()
    said = json.dumps(receipt(), ensure_ascii=False)
    assert not re.search(r"\d{6}|张示例|王二|1985|1961", said)
    assert not re.search("|".join([*WORDS, "公安", "民政", "户籍"]), said)


def test_the_command_tells_and_counts(capsys: pytest.CaptureFixture[str]) -> None:
    put("job_seekers", "right", ZHANG, "张示例", OWN_DAY)
    put("job_seekers", "wrong", ZHANG, "王二", OTHER_DAY)
    assert main(["tell-corrections"]) == 0
    assert "1 corrections stand in receipts" in capsys.readouterr().out
    assert linked.rows("select step, state, counts from ops.run where step = 'corrections'") == [
        ("corrections", "succeeded", {"corrections": 1})
    ]
