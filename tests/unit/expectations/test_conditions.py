"""The conditions of the agreement hold for exactly the rows they describe."""

import pandas as pd
import pytest

from expectations.agreement import feeds
from expectations.conditions import holds

VALUES = pd.DataFrame(
    {
        "id_type_code": ["111", "999", None, "111"],
        "id_number": ["11010519491231002X", None, "x", "149999"],
        "amount_yuan": ["0.00", "0.01", None, "-3"],
        "other_yuan": ["5", None, None, "0"],
    },
    dtype="str",
)
DERIVED = pd.DataFrame({"id_key": ["11010519491231002X", None, "11010519491231002X", None]}, dtype="str")


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], [True, True, True, True]),
        ([{"field": "id_type_code", "is": ["111", "113"]}], [True, False, False, True]),
        ([{"field": "id_type_code", "is_not": ["999"]}], [True, False, False, True]),
        ([{"field": "id_number", "is_set": True}], [True, False, True, True]),
        ([{"field": "id_number", "is_set": False}], [False, True, False, False]),
        ([{"field": "nowhere", "is_set": False}], [True, True, True, True]),
        ([{"field": "amount_yuan", "above": 0}], [False, True, False, False]),
        ([{"any": [{"field": "amount_yuan", "above": 0}, {"field": "other_yuan", "above": 0}]}], [True, True, False, False]),
        ([{"field": "id_type_code", "is": ["111"]}, {"field": "amount_yuan", "above": -1}], [True, False, False, False]),
        ([{"field": "id_number", "is_valid_id": False}], [False, True, True, True]),
        ([{"field": "id_number", "is_valid_id": True}], [True, False, False, False]),
    ],
)
@pytest.mark.parametrize("dtype", ["str", "object"])
def test_a_condition_holds_for_the_rows_it_describes(conditions, expected, dtype):
    values = VALUES.astype(object).where(VALUES.notna(), None) if dtype == "object" else VALUES
    assert holds(conditions, values, DERIVED).tolist() == expected


def test_the_answer_keeps_the_row_numbers():
    values = VALUES.set_axis([3, 5, 8, 9])
    assert holds([], values, DERIVED.set_axis([3, 5, 8, 9])).index.tolist() == [3, 5, 8, 9]


def test_an_unknown_test_is_refused_instead_of_ignored():
    with pytest.raises(ValueError, match="id_type_code"):
        holds([{"field": "id_type_code", "looks_like": "1"}], VALUES, DERIVED)


def test_every_condition_of_the_agreement_can_be_worked_out():
    for feed in feeds().values():
        empty = pd.DataFrame({name: pd.Series([None], dtype="str") for name in feed.by_name})
        derived = pd.DataFrame({"id_key": pd.Series([None], dtype="str")})
        for field in feed.fields:
            for conditions in (field.when, field.negative_when):
                assert len(holds(conditions or (), empty, derived)) == 1
