"""What must hold of every household: more income never helps, a missing fact is never a no, the order of rows never matters."""

from case_worlds import DAY, sample_parameters, tables_of_case
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse.benefits.all_benefits import findings_of
from warehouse.benefits.facts import facts_of
from warehouse.benefits.situation import situation_of

PARAMETERS = sample_parameters()
BETTER = {"unlikely": 0, "unknown": 1, "possible": 2, "likely": 3}
money = st.integers(0, 200_000).map(lambda fen: f"{fen // 100}.{fen % 100:02d}")
incomes = st.fixed_dictionaries(
    {f"{kind}_income_yuan": st.one_of(st.none(), money, st.just("0.00")) for kind in ("wage", "business", "property", "transfer")}
)
people = st.fixed_dictionaries(
    {
        "birth_date": st.sampled_from(["1950-01-01", "1986-05-01", "2008-11-20", "2012-01-01"]),
        "labour_capacity_code": st.sampled_from([1, 2, 3]),
        "disability_type_code": st.sampled_from([0, 4, 6]),
        "disability_grade_code": st.sampled_from([0, 2, 3]),
        "check": st.one_of(
            st.just("none"),
            st.fixed_dictionaries({"deposit_band_code": st.sampled_from([0, 1, 2, 3]), "vehicles_count": st.sampled_from([0, 1])}),
        ),
    }
)
member = st.tuples(incomes, people).map(lambda parts: parts[0] | parts[1])
cases = st.lists(member, min_size=1, max_size=4).flatmap(
    lambda members: st.fixed_dictionaries(
        {
            "members": st.just(members),
            "households": st.sampled_from([[{}], [{"category_code": 12}], [{"category_code": 31}], [{"category_code": 42}, {}]]),
            "absences": st.sampled_from([[], [{"return_date": "2026-10-01"}], [{"person_id": "P2"}]]),
            "housing": st.sampled_from([[], [{"current_area_sqm": "10"}]]),
        }
    )
)
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def outcomes(tables: dict) -> dict[tuple[str, int, int], tuple[dict[str, str], str, list[str]]]:
    facts = facts_of(tables)
    found = {}
    for findings in findings_of(situation_of(facts, PARAMETERS, DAY)):
        for row in range(len(findings)):
            words = {condition.rule: condition.answer.word(row) for condition in findings.conditions}
            key = (findings.benefit_code, int(findings.household[row]), int(findings.person[row]))
            found[key] = (words, findings.outcome_word(row), findings.missing_facts(row))
    return found


@QUICK
@given(cases, st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(case: dict, random: object) -> None:
    tables = tables_of_case(case)
    shuffled = {name: table.sample(frac=1, random_state=random.randrange(2**31)) for name, table in tables.items()}
    assert outcomes(shuffled) == outcomes(tables)
