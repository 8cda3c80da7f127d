"""Every benefit and household flag of many households, in the parts and by the rules of a real run; in a process of its own."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.benefits.households import DAY, YUAN, tables
from warehouse.benefits.all_benefits import findings_of
from warehouse.benefits.dibao import dibao
from warehouse.benefits.facts import facts_of
from warehouse.benefits.household_flags import household_flags_of
from warehouse.benefits.property_test import property_of, property_test
from warehouse.benefits.runner import AT_ONCE
from warehouse.benefits.situation import Situation, situation_of
from warehouse.benefits.totals import totals_of
from warehouse.registry.loading import SAMPLE_FILE
from warehouse.registry.parameters import read_parameter_file

MIB = 1024


def measure(households: int, seed: int, folder: Path) -> dict[str, Any]:
    """Seconds for coding the facts and for all rules, then for 1 % of the households; what the peer needs stands in `folder`.

    Making the fictional rows and writing files is not timed.
    """
    parameters = read_parameter_file(SAMPLE_FILE)
    told: dict[str, Any] = {
        "coding": 0.0,
        "rules": 0.0,
        "one_percent": 0.0,
        "dibao_alone": 0.0,
        "dibao_ready": 0.0,
        "findings": 0,
        "flags": 0,
        "members": 0,
    }
    night: dict[str, list[pd.DataFrame]] = {}
    for first in range(0, households, AT_ONCE):
        count = min(AT_ONCE, households - first)
        rows = tables(first, count, seed)
        began = perf_counter()
        facts = facts_of(rows)
        coded = perf_counter()
        situation = situation_of(facts, parameters, DAY)
        found, flags = findings_of(situation), household_flags_of(situation)
        told["rules"] += perf_counter() - coded
        told["coding"] += coded - began
        told["findings"] += sum(map(len, found))
        told["flags"] += len(flags)
        told["members"] += len(facts["assistance_members"])
        began = perf_counter()
        alone = dibao(situation_of(facts, parameters, DAY))
        told["dibao_alone"] += perf_counter() - began
        began = perf_counter()
        _dibao_of_ready_incomes(situation)
        told["dibao_ready"] += perf_counter() - began
        _hand_over(situation, alone.outcome.result, folder / f"{first}.npz")
        changed = set(rows["assistance_households"]["household_number"].iloc[::100])
        for name, table in rows.items():
            night.setdefault(name, []).append(table[_of(table, changed, rows)])
    few = {name: pd.concat(parts, ignore_index=True) for name, parts in night.items()}
    began = perf_counter()
    again = situation_of(facts_of(few), parameters, DAY)
    findings_of(again), household_flags_of(again)
    told["one_percent"] = perf_counter() - began
    return told | {"peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB}


def _dibao_of_ready_incomes(situation: Situation) -> None:
    """The same piece of work as the peer's: sums over members whose income is known already, and the tests."""
    members, count = situation.members, len(situation.facts.households)
    totals = totals_of(members, situation.income, count, np.zeros(len(members.household), dtype=np.uint64))
    dibao(replace(situation, totals=totals, owned=property_of(members, situation.check_row, situation.checks, count)))


def _of(table: Any, households: set[str], rows: dict[str, Any]) -> Any:
    """Which rows belong to these households or to somebody in them."""
    if "household_number" in table:
        return table["household_number"].isin(households)
    members = rows["assistance_members"]
    return table["person_id"].isin(members.loc[members["household_number"].isin(households), "person_id"])


def _hand_over(situation: Situation, outcome: np.ndarray, file: Path) -> None:
    """Inputs of the dibao rule as plain columns: counted, income and checks of members, lines of households; and our outcome."""
    members, checks, facts = situation.members, situation.checks, situation.facts
    test = property_test(situation.owned, situation.totals, situation.households, situation.law)
    has_check = situation.check_row >= 0
    limit = {name: one.amount / YUAN for name, one in test.parameters.items()}
    lower, upper = np.array([0, 0, 5e3, 2e4, 5e4, 1e5]), np.array([0, 5e3, 2e4, 5e4, 1e5, np.inf])
    bands = [np.maximum(checks[name].to_numpy(), 0) for name in ("deposit_band_code", "securities_band_code")]
    is_asked = members.is_counted & ~((members.age >= 0) & (members.age < 18))
    columns: dict[str, Any] = dict(
        household=members.household,
        households=len(facts.households),
        outcome=outcome,
        counted=members.is_counted,
        income=situation.income.total / YUAN,
        income_missing=situation.income.missing != 0,
        income_open=situation.income.is_open,
        asked=is_asked,
        has_check=has_check,
        vehicles=np.maximum(checks["vehicles_count"], 0),
        vehicles_value=np.maximum(checks["vehicles_value_yuan"], 0) / YUAN,
        houses=np.maximum(checks["houses_count"], 0),
        houses_area=np.maximum(checks["houses_area_sqm"], 0) / YUAN,
        money_lower=sum(lower[band] for band in bands),
        money_upper=sum(upper[band] for band in bands),
        business=np.maximum(checks["business_links_count"], 0),
        check_result=checks["check_result_code"],
        in_doubt=situation.totals.in_doubt > 0,
        inferred=~situation.households.is_residence_told,
        **{f"limit_{name}": value for name, value in limit.items()},
    )
    np.savez(file, **columns)


def in_child(households: int, seed: int, folder: Path) -> dict[str, Any]:
    """The same in a process of its own, so that its peak is its own."""
    command = [sys.executable, "-m", "benchmarks.benefits", "--measure", str(folder), "--households", str(households), "--seed", str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))
