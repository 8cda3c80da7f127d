"""Every condition of every benefit at its bound, just past it, and with the fact missing: one row of a table per case."""

from pathlib import Path

import pytest
import yaml
from case_worlds import found_in

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


def test_every_condition_of_every_benefit_stands_in_a_table() -> None:
    expected = [parameter.values[1]["expect"] for parameter in CASES]
    told = {rule for expect in expected if isinstance(expect, dict) for rule in expect}
    rules = ["DB1", "DB2", "DB3", "HR", "MG1", "MG2", "MG3", "MG4", "SP1", "SP2", "TK1", "TK2", "TK3", "TK4", "RG1", "RG2", "RG3", "RG4"]
    rules += ["TA1", "TA2", "TA3", "PH1", "PH2", "PH3", "EA1", "EA2", "EA3", "EA4", "EA5", "OC1", "OC2"]
    assert set(rules) <= told
