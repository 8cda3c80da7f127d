"""Every condition of every benefit at its bound, just past it, and with the fact missing: one row of a table per case.

That every answer a condition can give stands in a table is counted, not believed.
"""

from pathlib import Path

import numpy as np
import pytest
import yaml
from case_worlds import DAY, found_in, sample_parameters, tables_of_case
from worlds import parameters_of, random_world, tables_of

from warehouse.benefits.all_benefits import findings_of
from warehouse.benefits.answers import WORDS
from warehouse.benefits.employment_assistance import employment_assistance
from warehouse.benefits.facts import facts_of
from warehouse.benefits.situation import situation_of

ALL, DECIDED, KNOWN = ("true", "false", "open", "missing"), ("true", "false"), ("true", "false", "missing")
# Which answers each condition can give at all; both sides are held to it: the tables show each, the rules give no other.
REACHABLE = {
    "dibao": {"DB1": KNOWN, "DB2": ALL, "DB3": ALL, "HR": ("true", "open")},
    "dibao_marginal": {"MG1": KNOWN, "MG2": KNOWN, "MG3": ALL, "MG4": ALL, "HR": ("true", "open")},
    "single_person_dibao": {"SP1": ALL, "SP2": ("true", "false", "open")},
    "tekun": {"TK1": ("true", "false", "open"), "TK2": ALL, "TK3": KNOWN, "TK4": ALL},
    "rigid_expenditure": {"RG1": KNOWN, "RG2": ALL, "RG3": ALL, "RG4": ("missing",)},
    "temporary_assistance": {"TA1": ("open",), "TA2": ALL, "TA3": KNOWN},
    "public_housing": {"PH1": DECIDED, "PH2": KNOWN, "PH3": ALL},
    "employment_assistance": {"EA1": ALL, "EA2": KNOWN, "EA3": DECIDED, "EA4": ("true", "open", "missing"), "EA5": ("true", "open")},
    "orphan_like_child_allowance_review": {"OC1": ("true", "missing"), "OC2": KNOWN},
}
CASES = [
    pytest.param(path.stem, case, id=f"{path.stem}: {case['case']}")
    for path in sorted((Path(__file__).parent / "cases").glob("*.yaml"))
    for case in yaml.safe_load(path.read_text("utf-8"))
]


@pytest.fixture(scope="module")
def answers() -> dict[int, dict]:
    """What the rules find in every case, worked out together."""
    cases = [parameter.values[1] for parameter in CASES]
    return {id(case): found for case, found in zip(cases, found_in(cases), strict=True)}


@pytest.mark.parametrize(("benefit", "case"), CASES)
def test_the_rule_answers_as_the_table_says(benefit: str, case: dict, answers: dict[int, dict]) -> None:
    found = answers[id(case)]
    benefit = case.get("benefit", benefit)
    subject = next((key for key in found if key[0] == benefit and key[2] == case.get("person", key[2])), None)
    if case.get("expect") == "no finding":
        assert subject is None
        return
    words, outcome, payable = found[subject]
    expected = case["expect"]
    assert {rule: words[rule] for rule in expected if rule in words} == {rule: word for rule, word in expected.items() if rule in words}
    assert set(expected) - set(words) <= {"outcome", "payable", "household"}
    if "outcome" in expected:
        assert outcome == expected["outcome"]
    if "payable" in expected:
        assert payable == expected["payable"]
    if "household" in expected:
        assert subject[1] == expected["household"]


def words_in_the_tables() -> dict[str, dict[str, set[str]]]:
    """By benefit and rule every answer that a case expects, without the names of what is missing."""
    told: dict[str, dict[str, set[str]]] = {benefit: {} for benefit in REACHABLE}
    for benefit, case in (parameter.values for parameter in CASES):
        expect = case["expect"] if isinstance(case["expect"], dict) else {}
        for rule, word in expect.items():
            if rule not in {"outcome", "payable", "household"}:
                told[case.get("benefit", benefit)].setdefault(rule, set()).add(word.partition("(")[0])
    return told


def words_found(seeds: range) -> dict[str, dict[str, set[str]]]:
    """By benefit and rule every answer that the rules give anywhere in these random worlds."""
    found: dict[str, dict[str, set[str]]] = {}
    for seed in seeds:
        world = random_world(seed)
        for findings in findings_of(situation_of(facts_of(tables_of(world)), parameters_of(world), world["as_of"])):
            for condition in findings.conditions:
                words = {WORDS[code] for code in np.unique(condition.answer.result).tolist()}
                found.setdefault(findings.benefit_code, {}).setdefault(condition.rule, set()).update(words)
    return found


def beyond(found: dict[str, dict[str, set[str]]]) -> list[tuple[str, str, set[str]]]:
    """Answers found that nobody said could be reached."""
    told = [(benefit, rule, words) for benefit, rules in found.items() for rule, words in rules.items()]
    return [
        (benefit, rule, words - set(REACHABLE[benefit].get(rule, ())))
        for benefit, rule, words in told
        if words - set(REACHABLE[benefit].get(rule, ()))
    ]


def test_every_answer_that_a_condition_of_a_benefit_can_give_stands_in_a_table() -> None:
    assert words_in_the_tables() == {benefit: {rule: set(words) for rule, words in rules.items()} for benefit, rules in REACHABLE.items()}


def test_no_world_gives_an_answer_that_is_not_among_those_to_be_shown() -> None:
    found = words_found(range(8))
    assert beyond(found) == []
    assert set(found) == set(REACHABLE)
    assert {benefit: set(rules) for benefit, rules in found.items()} == {benefit: set(rules) for benefit, rules in REACHABLE.items()}


@pytest.mark.slow
def test_nor_do_many_worlds() -> None:
    assert beyond(words_found(range(8, 300))) == []


@pytest.mark.parametrize(("sex_code", "name"), [(2, "older_worker_age_female_years"), (1, "older_worker_age_male_years")])
@pytest.mark.parametrize("is_loaded", [True, False])
def test_the_age_shown_to_an_older_worker_is_that_of_the_own_sex(sex_code: int, name: str, is_loaded: bool) -> None:
    people = [{"person_id": "P1", "birth_date": "1980-01-01", "sex_code": sex_code}]
    case = {"members": [], "people": people, "seekers": [{}]}
    situation = situation_of(facts_of(tables_of_case(case)), sample_parameters(() if is_loaded else (name,)), DAY)
    found = employment_assistance(situation)
    shown = next(reason["parameter"] for reason in found.reasons(0) if reason["rule"] == "EA4")
    assert shown["name"] == name
    assert (shown["amount"] is not None) == is_loaded


def test_a_tenancy_and_approvals_are_told_with_their_row_and_its_day() -> None:
    back = [{"return_date": "2026-11-01", "return_region_code": 140221}]
    case = {"absences": back, "housing": [{"tenancy_state_code": 2}], "approvals": [{"approval_date": "2026-02-01"}, {}]}
    findings = {f.benefit_code: f for f in findings_of(situation_of(facts_of(tables_of_case(case)), sample_parameters(), DAY))}
    told = {reason["rule"]: reason for code in ("public_housing", "temporary_assistance") for reason in findings[code].reasons(0)}
    assert (told["PH1"]["result"], told["PH1"]["source"]["source_key"]) == ("false", "public_housing0")
    assert (told["TA3"]["value"], told["TA3"]["source"]["source_key"], told["TA3"]["fact_date"]) == (
        2,
        "temporary_assistance1",
        "2026-03-01",
    )


@pytest.mark.parametrize(
    ("case", "rule", "source_key", "fact_date"),
    [
        ({"members": [{}]}, "EA2", "M1", "2026-10-01"),
        ({"members": [], "seekers": [{"source_updated_at": "2026-09-03"}]}, "EA2", "job_seekers0", "2026-09-03"),
        ({"placements": [{"employment_start_date": "2026-08-02"}]}, "EA3", "job_placements0", "2026-08-02"),
        ({"insurance": [{"contribution_month": 202609}]}, "EA3", "insurance_contributions0", "2026-09-01"),
        ({}, "EA3", None, None),
        ({"seekers": [{"source_updated_at": "2026-09-03"}]}, "EA4", "job_seekers0", "2026-09-03"),
        ({"seekers": [{"source_updated_at": "2026-09-03"}]}, "EA5", "job_seekers0", "2026-09-03"),
        ({"housing": [{}]}, "PH2", "C1", "2026-06-01"),
        ({"members": [], "housing": [{}], "insurance": [{"contribution_month": 202609}]}, "PH3", "insurance_contributions0", "2026-09-01"),
    ],
)
def test_a_condition_that_stands_on_a_row_tells_its_key_and_day(
    case: dict, rule: str, source_key: str | None, fact_date: str | None
) -> None:
    told = findings_of(situation_of(facts_of(tables_of_case({"seekers": [{}]} | case)), sample_parameters(), DAY))
    reason = next(one for found in told if len(found) for one in found.reasons(0) if one["rule"] == rule)
    assert (reason["source"]["source_key"], reason["fact_date"]) == (source_key, fact_date)


def test_a_member_in_doubt_is_named_by_the_person_the_row_stands_for_alone_and_no_fact_of_others_is_his() -> None:
    tables = tables_of_case(
        {"members": [{"disability_type_code": 1, "disability_grade_code": 1}], "placements": [{"wage_yuan": "9000.00"}]}
    )
    tables["assistance_members"] = tables["assistance_members"].assign(candidate_id="alone", person_id=None).astype(object)
    facts = facts_of(tables)
    found = {f.benefit_code: f for f in findings_of(situation_of(facts, sample_parameters(), DAY))}
    assert found["dibao"].outcome_word(0) != "unlikely"  # the wage is another's
    for benefit in ("dibao", "single_person_dibao"):
        assert facts.persons[found[benefit].person[0]] == "alone"
    assert found["single_person_dibao"].key(0, facts) == "single_person_dibao|H1|alone"
