"""Builds the facts of one readable case: what the case does not say is as in the plainest household.

The plainest household: H1, urban dibao in force (row 11, state 2) in region 140221, where the SAMPLE standard from 2026-07-01 is 720.00
urban, 580.00 rural, the marginal multiplier 1.5, the money ceiling 24 months; one head P1 of 40, able to work, every income told as
0.00, with a valid check that finds one dwelling of 20 square metres and nothing else. The day is 2026-11-20.
"""

from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import pandas as pd

from warehouse.benefits.all_benefits import findings_of
from warehouse.benefits.facts import FEEDS, KNOWN, day_number, facts_of
from warehouse.benefits.situation import Situation, situation_of
from warehouse.registry.loading import SAMPLE_FILE
from warehouse.registry.parameters import Parameters, read_parameter_file

DAY = date(2026, 11, 20)
UPDATED = "2026-10-01"
HOUSEHOLD = {"household_number": "H1", "category_code": 11, "household_state_code": 2, "application_date": "2025-01-01"}
HOUSEHOLD |= {"assistance_region_code": 140221, "source_updated_at": UPDATED}
MEMBER = {"household_number": "H1", "relationship_code": 97, "counted_state_code": 0, "birth_date": "1986-05-01"}
MEMBER |= {"source_updated_at": UPDATED}
MEMBER |= {"labour_capacity_code": 1, "work_state_code": 1, "disability_type_code": 0, "major_illness_code": 0, "student_level_code": 0}
MEMBER |= {f"{kind}_income_yuan": "0.00" for kind in ("wage", "business", "property", "transfer")}
MEMBER |= {"residence_region_code": 140221001002}
CHECK = {"consent_date": "2026-05-01", "request_date": "2026-05-01", "report_issued_date": "2026-06-01", "check_result_code": 1}
CHECK |= {"houses_count": 1, "houses_area_sqm": "20", "vehicles_count": 0, "vehicles_value_yuan": "0", "business_links_count": 0}
CHECK |= {"deposit_band_code": 0, "securities_band_code": 0, "source_updated_at": "2026-06-01"}
SHORT = {
    "households": ("assistance_households", HOUSEHOLD),
    "placements": ("job_placements", {"employment_start_date": "2026-09-01", "wage_yuan": "3000.00", "person_id": "P1"}),
    "insurance": (
        "insurance_contributions",
        {"insurance_kind_code": 1, "contribution_state_code": 1, "contribution_month": 202610, "contribution_base_yuan": "3000.00"}
        | {"employer_credit_number": "E1", "person_id": "P1"},
    ),
    "seekers": (
        "job_seekers",
        {"person_id": "P1", "job_registration_type_code": 1, "job_state_code": 1, "job_registration_date": "2026-09-01"}
        | {"unemployed_since_date": "2026-08-01", "residence_region_code": 140221001002},
    ),
    "housing": (
        "public_housing",
        {"person_id": "P1", "application_date": "2026-03-01", "tenancy_state_code": 1, "assistance_region_code": 140221},
    ),
    "approvals": ("temporary_assistance", {"person_id": "P1", "approval_date": "2026-03-01", "approved_amount_yuan": "500.00"}),
    "absences": ("absences", {"person_id": "P1", "decision_date": "2024-11-01"}),
    "deaths": ("deaths", {"person_id": "P1"}),
    "addresses": ("addresses", {"person_id": "P1", "source_updated_at": UPDATED}),
    "people": ("people", {}),
    "parents": ("parents", {}),
}


@cache
def _sample() -> Parameters:
    return read_parameter_file(Path(SAMPLE_FILE))


def sample_parameters(without: tuple[str, ...] = ()) -> Parameters:
    """The shipped SAMPLE parameters, some of them without any value."""
    given = _sample()
    return Parameters(given.parameters, tuple(value for value in given.values if value.name not in without))


def tables_of_case(case: dict) -> dict[str, pd.DataFrame]:
    """The tables of a case."""
    return {name: _table(rows, {**FEEDS, **KNOWN}[name]) for name, rows in rows_of_case(case).items()}


def rows_of_case(case: dict) -> dict[str, list[dict]]:
    """The rows of a case: `members` (each with its `check`, or `check: none`), and lists under the names of SHORT."""
    members, checks = [], []
    for number, given in enumerate(case.get("members", [{}]), start=1):
        told = {"person_id": f"P{number}", "source_key": f"M{number}"} | MEMBER | ({"relationship_code": 1} if number == 1 else {}) | given
        check = told.pop("check", {})
        members.append(told)
        if check != "none":
            own = {key: told[key] for key in ("household_number", "person_id")}
            checks.append(CHECK | own | {"source_key": f"C{number}"} | check)
    rows = {"assistance_members": members, "means_checks": checks}
    for short, (name, plain) in SHORT.items():
        given = case.get(short, [{}] if short == "households" else [])
        rows[name] = [{"source_key": f"{name}{n}"} | plain | one for n, one in enumerate(given)]
    if "people" not in case:
        rows["people"] = [{"person_id": m["person_id"], "birth_date": m["birth_date"], "sex_code": 1} for m in members]
    return rows


def _table(rows: list[dict], kinds: dict[str, str]) -> pd.DataFrame:
    unknown = {field for row in rows for field in row} - set(kinds) - {"source_key"}
    assert not unknown, f"no such field: {unknown}"
    told = {field: kind for field, kind in kinds.items() if field != "candidate_id"}
    coded = [{field: _coded(row.get(field), kind) for field, kind in told.items()} for row in rows]
    return pd.DataFrame(coded, columns=list(told), dtype=object)


def _coded(value: object, kind: str) -> object:
    if value is None:
        return None
    if kind == "day":
        return day_number(date.fromisoformat(str(value)))
    if kind == "instant":
        return int(datetime.fromisoformat(f"{value}T12:00:00+08:00").timestamp()) * 1_000_000
    if kind == "quantity":
        return int(Decimal(str(value)) * 1_000_000)
    return value


IDS = ("household_number", "person_id", "source_key")
Found = dict[tuple[str, str, str], tuple[dict[str, str], str, object]]


def found_in(cases: list[dict]) -> list[Found]:
    """Of each case by (benefit, household, person): the conditions' words, the outcome and what is payable (None: not modelled).

    Cases of one day and the same parameters are worked out together, each with ids of its own.
    """
    found: list[Found] = [{} for _ in cases]
    grounds = [(str(case.get("as_of", DAY)), tuple(case.get("without", ()))) for case in cases]
    for day, without in dict.fromkeys(grounds):
        chosen = [number for number, ground in enumerate(grounds) if ground == (day, without)]
        _work_out([(number, cases[number]) for number in chosen], date.fromisoformat(day), sample_parameters(without), found)
    return found


def situation_of_cases(cases: list[tuple[int, dict]], as_of: date, parameters: Parameters) -> Situation:
    """The situation of many cases at once; ids begin with the number of their case."""
    each = [_with_own_ids(rows_of_case(case), number) for number, case in cases]
    tables = {name: _table([row for rows in each for row in rows[name]], {**FEEDS, **KNOWN}[name]) for name in each[0]}
    return situation_of(facts_of(tables), parameters, as_of)


def _work_out(cases: list[tuple[int, dict]], as_of: date, parameters: Parameters, found: list[Found]) -> None:
    situation = situation_of_cases(cases, as_of, parameters)
    facts = situation.facts
    for findings in findings_of(situation):
        for row in range(len(findings)):
            household = facts.households[findings.household[row]] if findings.household[row] >= 0 else ""
            person = facts.persons[findings.person[row]] if findings.person[row] >= 0 else ""
            words = {condition.rule: condition.answer.word(row) for condition in findings.conditions}
            payable = int(findings.payable[row])
            told = (words, findings.outcome_word(row), None if payable < 0 else payable / 1_000_000)
            key = (findings.benefit_code, household.partition("/")[2], person.partition("/")[2])
            found[int((household or person).partition("/")[0])][key] = told


def _with_own_ids(rows: dict[str, list[dict]], number: int) -> dict[str, list[dict]]:
    def own(row: dict) -> dict:
        return row | {field: f"{number}/{row[field]}" for field in IDS if row.get(field) is not None}

    return {name: [own(row) for row in told] for name, told in rows.items()}
