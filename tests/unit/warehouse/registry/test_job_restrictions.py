"""The law bars some occupations to some; an employment desk gets their codes and nothing else."""

from pathlib import Path

import pytest

from warehouse.registry.job_restrictions import excluded_codes, read_job_restrictions
from warehouse.registry.loading import SAMPLE_FILE
from warehouse.registry.parameters import ParameterFileRefused

GUARD, CHILD_CARE = "4-07-05-01", "4-10-01-03"


def test_a_security_guards_job_is_barred_after_an_absence_by_decision() -> None:
    restrictions = read_job_restrictions(Path(SAMPLE_FILE))
    assert GUARD in excluded_codes(restrictions, was_away=True, is_registered=False)


def test_it_is_not_barred_to_who_only_stands_on_the_register() -> None:
    restrictions = read_job_restrictions(Path(SAMPLE_FILE))
    barred = excluded_codes(restrictions, was_away=False, is_registered=True)
    assert GUARD not in barred
    assert CHILD_CARE in barred


def test_nothing_is_barred_to_others() -> None:
    assert excluded_codes(read_job_restrictions(Path(SAMPLE_FILE)), was_away=False, is_registered=False) == ()


def test_a_restriction_that_no_rule_knows_is_refused(tmp_path: Path) -> None:
    row = "{occupation_code: 4-07-05-01, name: a, bar: b, applies_to: somebody, source: c}"
    file = tmp_path / "parameters.yaml"
    file.write_text(f"parameters: []\njob_restrictions:\n- {row}\n", "utf-8")
    with pytest.raises(ParameterFileRefused, match="4-07-05-01"):
        read_job_restrictions(file)
