"""Why rows are one person or not, in words: every rule, what would change it, and nothing sealed for those who may not see it."""

from __future__ import annotations

import re
from datetime import date

import pytest
import staged
from sqlalchemy import text

from expectations.forms.id_number import check_digit
from pipeline.link import link
from warehouse.__main__ import main
from warehouse.database import Role, transaction
from warehouse.identity.explain import OPEN, RowUnknown, explain_pair, explain_row
from warehouse.identity.explanation import Explanation
from warehouse.identity.memory import Key
from warehouse.identity.stewards import decide_pair

pytestmark = pytest.mark.usefixtures("warehouse_url")


def number(first17: str) -> str:
    return first17 + check_digit(first17)


ZHANG, LI = number("14999919850312001"), number("14999919900720013")
BORN = date(1985, 3, 12)
PLACE = {"residence_region_code": "140106003002"}
REGISTER, SEEKER = ("registered_persons", "p"), ("job_seekers", "j")


def put(key: Key, id_number: str | None, name: str, birth: date | None = None, **fields: object) -> None:
    given = {"id_type_code": "111" if id_number else "999"} | fields
    with transaction(Role.ETL) as connection:
        staged.stage(connection, *key, id_number=id_number, name=name, birth_date=birth, **given)


def row(key: Key, sees: frozenset[str] | None = None) -> Explanation:
    with transaction(Role.ETL) as connection:
        return explain_row(connection, key, sees=sees) if sees else explain_row(connection, key)


def pair(one: Key, other: Key, *, with_changes: bool = False) -> Explanation:
    with transaction(Role.ETL) as connection:
        return explain_pair(connection, one, other, with_changes=with_changes)


def codes(found: Explanation) -> set[str]:
    return {sentence.code for sentence in found.reasons}


def rule_of(found: Explanation) -> object:
    return next(sentence.said["rule"] for sentence in found.reasons if sentence.code == "row_by_rule")


def said(found: Explanation) -> dict[str, str]:
    return {line.level: line.said for line in found.evidence}


def what(found: Explanation, code: str) -> set[object]:
    return {sentence.said["what"] for sentence in found.changes if sentence.code == code}


def test_rows_of_one_number_are_explained_by_it() -> None:
    put(REGISTER, ZHANG, "張示例")
    put(("trainings", "t"), ZHANG[:6] + ZHANG[8:17], "章示例", BORN)
    link()
    found = pair(REGISTER, ("trainings", "t"), with_changes=True)
    assert found.verdict == "one_person"
    assert {"numbers_equal", "row_by_rule"} <= codes(found)
    assert said(found) == {"name": "homophone", "birth": "same", "number": "same"}
    assert {"no_number", "steward_never"} == what(found, "would_part")


def test_one_row_says_whose_it_is_and_since_when() -> None:
    put(REGISTER, ZHANG, "张示例")
    put(("trainings", "t"), ZHANG, "张示例", BORN)
    run = link()
    found = row(REGISTER)
    assert (found.verdict, rule_of(found)) == ("linked", "1")
    assert next(s.said for s in found.reasons if s.code == "rows_of_person") == {"rows": 2, "feeds": "registered_persons, trainings"}
    assert next(s.said["run"] for s in found.reasons if s.code == "decided") == run
    assert "since_first" in codes(found)


def test_a_changed_mind_is_remembered() -> None:
    put(REGISTER, ZHANG, "张示例", **PLACE)
    put(SEEKER, None, "张示例", BORN)
    link()
    put(SEEKER, None, "张示例", BORN, operation_code="U", **PLACE)
    run = link()
    was = next(s.said for s in row(SEEKER).reasons if s.code == "was")
    assert (was["status"], was["rule"], was["run"]) == ("review", "9", run)


def test_another_name_on_a_number_is_a_note() -> None:
    for key in "ab":
        put(("drug_tests", key), ZHANG, "张示例", BORN)
    put(("trainings", "t"), ZHANG, "李四", BORN)
    link()
    found = row(("trainings", "t"))
    assert (found.verdict, rule_of(found)) == ("linked", "2")
    assert next(s.said["name"] for s in found.reasons if s.code == "number_evidence") == "different"


@pytest.mark.parametrize(
    ("feed", "shared", "rule", "level"),
    [
        ("drug_tests", {"registration_number": "R1"}, "4", "registration number"),
        ("means_checks", {"household_number": "H1"}, "6", "household number"),
    ],
)
def test_a_shared_key_is_named_and_without_it_they_part(feed: str, shared: dict[str, str], rule: str, level: str) -> None:
    put((feed, "a"), ZHANG, "张示例", BORN, **shared)
    put((feed, "b"), None, "张示例", BORN, **shared)
    link()
    found = pair((feed, "a"), (feed, "b"), with_changes=True)
    assert found.verdict == "one_person"
    assert rule_of(row((feed, "b"))) == rule
    assert said(found)[level] == "same"
    assert level.replace(" ", "_") in {s.said.get("key") for s in found.changes if s.code == "would_part"}


def test_a_link_by_place_shows_weights_and_parts_without_the_place() -> None:
    put(REGISTER, ZHANG, "张示例", **PLACE)
    put(SEEKER, None, "张示例", BORN, **PLACE)
    link()
    found = pair(SEEKER, REGISTER, with_changes=True)
    assert (found.verdict, rule_of(row(SEEKER))) == ("one_person", "7")
    assert said(found) | {"county": "same", "name": "same", "birth": "same"} == said(found)
    assert all(line.weight is not None for line in found.evidence)
    assert "no_county" in what(found, "would_part")
    assert [line.level for line in row(SEEKER).evidence] == [line.level for line in found.evidence]


def test_a_slip_in_a_number_is_named() -> None:
    put(("trainings", "a"), ZHANG, "张示例")
    put(("trainings", "b"), ZHANG[:16] + str((int(ZHANG[16]) + 2) % 10) + ZHANG[17], "张示例", BORN)
    link()
    found = row(("trainings", "b"))
    assert (found.verdict, rule_of(found)) == ("linked", "8")
    assert said(found)["number"] == "one slip"


def test_a_link_by_all_evidence_together_is_the_models() -> None:
    put(REGISTER, ZHANG, "张示例", phone="13900000001", residence_address="示例街道一号院2号楼3单元101室", **PLACE)
    put(SEEKER, None, "章示例", BORN, phone="13900000001", **PLACE)
    link()
    found = row(SEEKER)
    assert (found.verdict, rule_of(found)) == ("linked", "model")
    assert "likely" in codes(found)


def test_a_borrowed_number_is_a_question() -> None:
    for key in "ab":
        put(("drug_tests", key), ZHANG, "张示例", BORN)
    put(("means_checks", "m"), ZHANG, "王二", date(1961, 5, 4))
    link()
    found = row(("means_checks", "m"))
    assert (found.verdict, rule_of(found)) == ("review", "3")
    assert "case" in codes(found)
    assert pair(("drug_tests", "a"), ("means_checks", "m")).verdict == "in_review"


def test_a_key_under_another_name_is_a_question() -> None:
    put(("drug_tests", "a"), ZHANG, "张示例", registration_number="R1")
    put(("drug_tests", "b"), None, "王二", date(1961, 5, 4), registration_number="R1")
    link()
    assert rule_of(row(("drug_tests", "b"))) == "5"
    assert pair(("drug_tests", "a"), ("drug_tests", "b")).verdict == "in_review"


def test_a_likeness_without_ground_is_a_question_and_says_what_would_settle_it() -> None:
    put(REGISTER, ZHANG, "张示例", **PLACE)
    put(SEEKER, None, "张示例", BORN)
    link()
    found = pair(SEEKER, REGISTER, with_changes=True)
    assert (found.verdict, rule_of(row(SEEKER))) == ("in_review", "9")
    assert {"likely", "no_ground"} <= codes(found)
    assert {"equal_number", "equal_phone", "equal_dwelling", "equal_county", "steward_same"} <= what(found, "would_join")
    assert "equal_birth" not in what(found, "would_join")


def test_two_numbers_on_one_phone_name_and_birth_are_a_question_that_the_register_could_settle() -> None:
    other = number("14999919850312003")
    put(REGISTER, ZHANG, "张示例", phone="13900000001")
    put(SEEKER, other, "张示例", BORN, phone="13900000001")
    put(("registered_persons", "p2"), ZHANG, "张示例", BORN, phone="13900000001")
    link()
    found = pair(SEEKER, REGISTER, with_changes=True)
    assert found.verdict == "in_review"
    assert {"numbers_differ", "case"} <= codes(found)
    assert {"register_correction", "steward_same"} == what(found, "would_join")


def test_twins_are_named_as_such() -> None:
    put(REGISTER, ZHANG, "张示例")
    put(SEEKER, number("14999919850312003"), "张样板", BORN)
    link()
    found = pair(SEEKER, REGISTER)
    assert found.verdict == "apart"
    assert {"numbers_differ", "born_alike"} <= codes(found)


def test_strangers_are_apart_and_one_with_nothing_is_unlinked() -> None:
    put(REGISTER, ZHANG, "张示例")
    put(SEEKER, None, "王二", date(1961, 5, 4))
    link()
    found = row(SEEKER)
    assert (found.verdict, rule_of(found)) == ("unlinked", "11")
    assert "only_row" in codes(found)
    assert pair(SEEKER, REGISTER).verdict == "apart"


@pytest.mark.parametrize("kind", ["same", "never"])
def test_a_stewards_word_is_told_with_its_decision_and_without_the_reason(kind: str) -> None:
    put(REGISTER, ZHANG, "张示例", **PLACE)
    put(SEEKER, None, "张示例", BORN, **({} if kind == "same" else PLACE))
    link()
    with transaction(Role.ETL) as connection:
        decide_pair(connection, kind, REGISTER, SEEKER, "steward", "asked the family")  # type: ignore[arg-type]
    link()
    found = pair(SEEKER, REGISTER, with_changes=True)
    assert found.verdict == {"same": "one_person", "never": "apart"}[kind]
    assert f"steward_{kind}" in codes(found) & codes(row(SEEKER))
    assert "family" not in found.text()
    if kind == "same":
        assert "steward_never" in what(found, "would_part")
    else:
        assert "steward_same" in what(found, "would_join")


def test_nothing_of_a_persons_values_is_said_and_nothing_is_written() -> None:
    put(REGISTER, ZHANG, "张示例", phone="13900000001", residence_address="示例街道一号院2号楼3单元101室", **PLACE)
    put(SEEKER, None, "章示例", BORN, phone="13900000001", **PLACE)
    link()
    texts = [row(SEEKER).text(), pair(SEEKER, REGISTER, with_changes=True).text()]
    for value in ("张示例", "章示例", "13900000001", ZHANG, ZHANG[:15], "1985", "140106", "示例街道"):
        assert not any(value in told for told in texts), value
    assert link_count() == 2
    link()
    assert link_count() == 2


def link_count() -> int:
    with transaction(Role.ETL) as connection:
        return connection.execute(text("select count(*) + (select count(*) from identity.link_history) from identity.link")).scalar_one()


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["explain", "link", *arguments])
    told = capsys.readouterr()
    return status, told.out, told.err


def test_an_unknown_row_is_one_clear_line_and_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    link()
    status, out, err = shown(capsys, "trainings", "nobody")
    assert (status, out) == (1, "")
    assert re.fullmatch(r"RowUnknown: no row trainings nobody is known: .*\n", err)
    assert shown(capsys, "trainings")[0] == 1


def test_the_command_tells_both_forms(capsys: pytest.CaptureFixture[str]) -> None:
    put(REGISTER, ZHANG, "张示例")
    put(("trainings", "t"), ZHANG, "张示例", BORN)
    link()
    assert shown(capsys, *REGISTER)[1].startswith("registered_persons p is linked.\n")
    assert shown(capsys, *REGISTER, "trainings", "t")[1].startswith("registered_persons p and trainings t are one person.\n")


CASE, TRAINING = ("aftercare_cases", "c"), ("trainings", "t")


OTHER_DAY, OTHER_NAME, BY_PHONE = ("insurance_contributions", "i"), ("trainings", "t2"), ("job_seekers", "j2")


def _open_rows() -> None:
    put(SEEKER, ZHANG, "张示例", BORN, phone="13900000001", **PLACE)
    put(TRAINING, None, "张示例", BORN)
    put(OTHER_DAY, ZHANG, "章示例", date(1971, 11, 30))
    put(OTHER_NAME, ZHANG, "何样板")
    put(BY_PHONE, None, "张示例", BORN, phone="13900000001")


def _sealed_rows() -> None:
    """Everything by which a sealed row could be felt: a number, a former name, a corrected birth, a common name, a shared phone."""
    put(CASE, ZHANG, "张示例", BORN, case_number="AJ-1")
    put(REGISTER, ZHANG, "张示例", phone="13900000001", former_names='["何样板"]', **PLACE)
    put(
        ("population_changes", "x"), ZHANG, "张示例", change_type_code="8", change_date=BORN, old_value="1971-11-30", new_value="1985-03-12"
    )
    for place, name in enumerate(("钱建国", "孙秀英", "周海燕", "吴国强", "郑丽华", "冯志明")):
        put(("drug_tests", f"d{place}"), number(f"149999198503120{21 + 2 * place}"), "张示例", BORN)
        put(("registered_persons", f"p{place}"), number(f"149999197001010{21 + 2 * place}"), name, phone="13900000001")


OPEN_QUESTIONS = [
    SEEKER,
    TRAINING,
    OTHER_DAY,
    OTHER_NAME,
    BY_PHONE,
    (*SEEKER, *TRAINING),
    (*SEEKER, *OTHER_DAY),
    (*BY_PHONE, *SEEKER),
]
QUESTIONS = [*OPEN_QUESTIONS, CASE, (*SEEKER, *CASE), (*CASE, *SEEKER)]


def test_who_may_not_see_sealed_feeds_is_answered_as_if_there_were_none(capsys: pytest.CaptureFixture[str]) -> None:
    def answers() -> list[tuple[int, str, str]]:
        return [shown(capsys, *question, "--for", "benefits") for question in QUESTIONS]

    _open_rows()
    link()
    capsys.readouterr()
    without = answers()
    _sealed_rows()
    link()
    capsys.readouterr()
    assert answers() == without
    assert shown(capsys, *CASE)[0] == 0
    assert [answer[0] for answer in without] == [0] * len(OPEN_QUESTIONS) + [1] * 3
    assert not any(feed in told for _, told, _ in without for feed in ("aftercare", "registered", "population", "drug"))


def test_a_sealed_row_is_exactly_as_unknown_as_one_that_is_not_there() -> None:
    _open_rows()
    _sealed_rows()
    link()
    with transaction(Role.ETL) as connection:
        told = []
        for key in (CASE, ("aftercare_cases", "no such")):
            with pytest.raises(RowUnknown) as refused:
                explain_pair(connection, SEEKER, key, sees=OPEN)
            told.append(str(refused.value).replace(" ".join(key), "THE ROW"))
    assert told[0] == told[1]
    assert row(TRAINING, OPEN).verdict == "review"
