"""The dibao rule alone in OpenFisca-core, on the columns handed over; runs in the peer's own environment, which has no module of ours.

The income of each member is handed over ready; OpenFisca sums and tests. Prints one JSON line; `outcomes.npz` stands beside the inputs.
"""

import json
import resource
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
from openfisca_core.entities import build_entity  # type: ignore[import-not-found]
from openfisca_core.periods import DateUnit  # type: ignore[import-not-found]
from openfisca_core.simulations import SimulationBuilder  # type: ignore[import-not-found]
from openfisca_core.taxbenefitsystems import TaxBenefitSystem  # type: ignore[import-not-found]
from openfisca_core.variables import Variable  # type: ignore[import-not-found]

MONTH = "2026-11"
OF_PERSON = {
    "counted": bool,
    "income": float,
    "income_missing": bool,
    "income_open": bool,
    "asked": bool,
    "has_check": bool,
    "vehicles": float,
    "vehicles_value": float,
    "houses": float,
    "houses_area": float,
    "money_lower": float,
    "money_upper": float,
    "business": float,
    "check_result": float,
}
LIMITS = ("vehicles_max", "vehicles_value_max_yuan", "houses_max", "houses_area_max_sqm", "financial_ceiling_months", "dibao_standard_yuan")
OF_HOUSEHOLD = {"in_doubt": bool, "inferred": bool} | {f"limit_{name}": float for name in LIMITS}

person = build_entity(key="person", plural="persons", label="a member", is_person=True)
household = build_entity(
    key="household", plural="households", label="a household", roles=[{"key": "member", "plural": "members", "label": "m"}]
)


def given(name, kind, entity):
    """An input of a month."""
    return type(name, (Variable,), {"value_type": kind, "entity": entity, "definition_period": DateUnit.MONTH, "label": name})


def dibao(households, period):
    """0 unlikely, 1 unknown, 2 possible, 3 likely."""
    of_members = {name: households.members(name, period) for name in OF_PERSON}
    limit = {name: households(f"limit_{name}", period) for name in LIMITS}
    counted, asked = of_members["counted"], of_members["asked"] & of_members["has_check"]
    n = households.sum(counted * 1)
    income = households.sum(of_members["income"] * counted)
    total = {name: households.sum(of_members[name] * asked) for name in ("vehicles", "vehicles_value", "houses", "houses_area")}
    lower, upper = (households.sum(np.where(asked, of_members[f"money_{bound}"], 0)) for bound in ("lower", "upper"))
    ceiling = limit["financial_ceiling_months"] * limit["dibao_standard_yuan"] * n
    is_false = (n < 1) | (income >= limit["dibao_standard_yuan"] * n) & ~households("in_doubt", period)
    is_false |= (total["vehicles"] > limit["vehicles_max"]) & (total["vehicles_value"] > limit["vehicles_value_max_yuan"])
    is_false |= (total["houses"] > limit["houses_max"]) & (total["houses_area"] > limit["houses_area_max_sqm"] * n)
    is_false |= (lower > ceiling) | households.any(asked & (of_members["check_result"] == 2))
    is_missing = households.any(counted & of_members["income_missing"]) | households("in_doubt", period)
    is_missing |= households.any(of_members["asked"] & ~of_members["has_check"])
    is_open = households.any(counted & of_members["income_open"]) | (upper > ceiling) | households("inferred", period)
    is_open |= households.any(asked & ((of_members["business"] > 0) | (of_members["check_result"] == 3)))
    return np.where(is_false, 0, np.where(is_missing, 1, np.where(is_open, 2, 3)))


def simulate(columns):
    """Seconds to build the simulation, seconds to calculate, and the outcomes."""
    began = perf_counter()
    system = TaxBenefitSystem([household, person])
    for name, kind in OF_PERSON.items():
        system.add_variable(given(name, kind, person))
    for name, kind in OF_HOUSEHOLD.items():
        system.add_variable(given(name, kind, household))
    rule = {"value_type": int, "entity": household, "definition_period": DateUnit.MONTH, "label": "dibao"}
    rule["formula"] = lambda households, period, parameters: dibao(households, period)
    system.add_variable(type("dibao", (Variable,), rule))
    builder = SimulationBuilder()
    builder.create_entities(system)
    members = columns["household"]
    builder.declare_person_entity("person", np.arange(len(members)))
    groups = builder.declare_entity("household", np.arange(int(columns["households"])))
    builder.join_with_persons(groups, members, np.repeat("member", len(members)))
    simulation = builder.build(system)
    for name in (*OF_PERSON, *OF_HOUSEHOLD):
        simulation.set_input(name, MONTH, columns[name])
    built = perf_counter()
    outcome = simulation.calculate("dibao", MONTH)
    return built - began, perf_counter() - built, outcome


def main():
    """Every file of the folder, one after the other."""
    build = calculate = agree = households = 0
    for file in sorted(Path(sys.argv[1]).glob("*.npz")):
        columns = dict(np.load(file))
        seconds, more, outcome = simulate(columns)
        build, calculate = build + seconds, calculate + more
        households += len(outcome)
        agree += int((outcome == columns["outcome"]).sum())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"build": build, "calculate": calculate, "households": households, "agree": agree, "peak_mib": peak}))


if __name__ == "__main__":
    main()
