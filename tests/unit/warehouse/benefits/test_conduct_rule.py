"""A region's rule on conduct is a note to the decider who has a written finding before him: no fact brings it about, no outcome changes."""

from dataclasses import replace

import pytest
from case_worlds import DAY, sample_parameters, tables_of_case

from warehouse.benefits.what_if import BY_HAND, CONDUCT_RULE, answer
from warehouse.registry.parameters import Parameters

# The household; and the same with a member who came back: neither makes a difference.
CASES = ({}, {"members": [{}, {"relationship_code": 10}], "absences": [{"person_id": "P2", "return_date": "2026-11-01"}]})


def with_rule(word: str) -> Parameters:
    given = sample_parameters()
    values = tuple(replace(value, amount=word) if value.name == CONDUCT_RULE else value for value in given.values)
    return Parameters(given.parameters, values)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("word", ["person", "household"])
def test_it_is_noted_only_where_the_region_has_it_and_the_decider_has_a_finding(case: dict, word: str) -> None:
    tables = tables_of_case(case)
    told = answer(tables, "H1", with_rule(word), DAY, has_written_finding=True)
    assert told["notes"] == [BY_HAND]
    assert answer(tables, "H1", with_rule("off"), DAY, has_written_finding=True)["notes"] == []
    silent = answer(tables, "H1", with_rule(word), DAY)
    assert silent["notes"] == []
    assert {**told, "notes": []} == silent == answer(tables, "H1", with_rule("off"), DAY)
