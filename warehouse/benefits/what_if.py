"""What the rules would say of one household on any day, with what was known at any past instant, and with changed facts on a copy.

Nothing here is stored: the facts are read, the copy is changed, the answer is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from core.errors import FixConfiguration
from warehouse.benefits.all_benefits import findings_of
from warehouse.benefits.amounts import NOT_KNOWN, micro, two_decimals
from warehouse.benefits.facts import NOBODY, day_number, facts_of
from warehouse.benefits.household_changes import RETURN, changes_of, effect_of_release
from warehouse.benefits.household_flags import Maker, household_flags_of
from warehouse.benefits.situation import Situation, situation_of
from warehouse.benefits.tenancy_flags import tenancy_flags_of
from warehouse.registry.parameters import Parameters

MEMBERS = "assistance_members"
ADDED = "supposed-"
CONDUCT_RULE = "current_use_stop"
BY_HAND = "this region has a conduct rule: decide by hand"


class NoSuchHousehold(FixConfiguration):
    """No row names the household, or none had arrived at the instant asked for."""


class NoSuchMember(FixConfiguration):
    """A supposed change names a member row that the household does not have on that day."""


@dataclass(frozen=True)
class Suppositions:
    """Facts to suppose, by source key of the member row.

    `wages`: yuan a month, instead of everything known of the member's wage; `left`: no members any more; `counted`: recorded as counted
    and at home; `not_counted`: recorded as not counted; `added`: births of further members who earn nothing (what a grown one owns
    nobody has checked).
    """

    wages: Mapping[str, Decimal]
    left: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    not_counted: frozenset[str] = frozenset()
    added: tuple[date, ...] = ()

    @property
    def named(self) -> set[str]:
        """Every member row that is named."""
        return {*self.wages, *self.left, *self.counted, *self.not_counted}


NOTHING_SUPPOSED = Suppositions({})


def supposed(tables: Mapping[str, pd.DataFrame], household: str, what: Suppositions, as_of: date) -> dict[str, pd.DataFrame]:
    """A copy of the tables with the changed facts; the tables given stay as they are.

    Raises:
        NoSuchMember: a row named is not one of the household's.
    """
    copy = {name: table.copy() for name, table in tables.items()}
    members = copy[MEMBERS].astype(object)
    mine = members["household_number"] == household
    unknown = what.named - set(members.loc[mine, "source_key"])
    if unknown:
        raise NoSuchMember(f"household has no member row {', '.join(sorted(unknown))}: see `members` of the answer without changes")
    day = day_number(as_of)
    for key, amount in what.wages.items():
        row = mine & (members["source_key"] == key)
        members.loc[row, ["wage_income_yuan", "source_updated_at"]] = [micro(amount, "wage"), (day + 1) * 86_400_000_000 - 1]
        _forget_wages(copy, set(members.loc[row, "person_id"].dropna()))
    members.loc[mine & members["source_key"].isin(what.left), "household_leave_date"] = day
    back = mine & members["source_key"].isin(what.counted)
    members.loc[back, "counted_state_code"] = 0
    copy["absences"] = copy["absences"][~copy["absences"]["person_id"].isin(members.loc[back, "person_id"].dropna())]
    out = mine & members["source_key"].isin(what.not_counted)
    members.loc[out, ["counted_state_code", "not_counted_start_date", "not_counted_end_date"]] = [4, day, None]
    copy[MEMBERS] = pd.concat([members, _added(members, household, what.added, day)], ignore_index=True).astype(object)
    return copy


def _forget_wages(copy: dict[str, pd.DataFrame], persons: set[str]) -> None:
    for feed in ("job_placements", "insurance_contributions"):
        copy[feed] = copy[feed][~copy[feed]["person_id"].isin(persons)]
    checks = copy["means_checks"].astype(object)
    checks.loc[checks["person_id"].isin(persons), ["insured_wage_yuan", "taxed_income_yuan"]] = None
    copy["means_checks"] = checks


def _added(members: pd.DataFrame, household: str, births: tuple[date, ...], day: int) -> pd.DataFrame:
    rows = [
        {"source_key": f"{ADDED}{place}", "household_number": household, "birth_date": day_number(birth), "counted_state_code": 0}
        | {f"{part}_income_yuan": 0 for part in ("wage", "business", "property", "transfer")}
        | {"relationship_code": 97, "labour_capacity_code": 1, "source_updated_at": day * 86_400_000_000}
        for place, birth in enumerate(births)
    ]
    return pd.DataFrame(rows, columns=members.columns, dtype=object)


def answer(
    tables: Mapping[str, pd.DataFrame], household: str, parameters: Parameters, as_of: date, *, has_written_finding: bool = False
) -> dict[str, Any]:
    """Members, findings, flags, effects of returns, and notes to the decider, of one household on the day, as plain values.

    Args:
        has_written_finding: the decider says that a lawful written finding lies before him. No fact known here ever stands in for it,
            and no outcome changes by it (社会救助法 48; 上海市社会救助条例 45(5)).

    Raises:
        NoSuchHousehold: the tables have no row of it.
    """
    situation = situation_of(facts_of(tables), parameters, as_of)
    found = np.flatnonzero(situation.facts.households == household)
    if not len(found):
        raise NoSuchHousehold(
            "no row of this household is known: compare the number with the household's file; "
            "with --known-at no row had arrived by then, ask for a later instant"
        )
    place = int(found[0])
    changes = changes_of(situation)
    returns = [row for row in range(len(changes)) if changes.household[row] == place and changes.reason[row] == RETURN]
    rests_on_samples = bool(Maker(situation).rests_on_samples[place])
    return {
        "household_number": household,
        "as_of": as_of.isoformat(),
        "version": situation.version,
        "members": _members(situation, place),
        "findings": _findings(situation, place),
        "flags": _flags(situation, household),
        "effects": [effect_of_release(changes, row) | {"is_sample": rests_on_samples} for row in returns],
        "notes": [BY_HAND] if has_written_finding and _has_conduct_rule(situation, place) else [],
    }


def _flags(situation: Situation, household: str) -> list[dict[str, Any]]:
    return [
        {
            "flag_code": f.flag_code,
            "effective_date": f.effective_date.isoformat(),
            "reason": f.reason,
            "before": f.before,
            "after": f.after,
            "is_sample": f.is_sample,
        }
        for f in (*household_flags_of(situation), *tenancy_flags_of(situation))
        if f.subject == household
    ]


def _has_conduct_rule(situation: Situation, household: int) -> bool:
    return bool(situation.law.words(CONDUCT_RULE, situation.households.places, lambda word: word != "off")[household])


def _members(situation: Situation, household: int) -> list[dict[str, Any]]:
    members, keys = situation.members, situation.facts[MEMBERS]["source_key"]
    rows = np.flatnonzero((members.household == household) & members.is_listed).tolist()
    return [{"member": str(keys.iat[row]), "is_counted": bool(members.is_counted[row])} for row in rows]


def _findings(situation: Situation, household: int) -> list[dict[str, Any]]:
    told = []
    for found in findings_of(situation):
        is_sample = found.is_sample
        for row in np.flatnonzero((found.household == household) & (household != NOBODY)).tolist():
            payable = int(found.payable[row])
            told.append(
                {
                    "benefit_code": found.benefit_code,
                    "outcome": found.outcome_word(row),
                    "missing_facts": found.missing_facts(row),
                    "payable_yuan": None if payable == NOT_KNOWN else two_decimals(payable),
                    "is_sample": bool(is_sample[row]),
                    "reasons": found.reasons(row),
                }
            )
    return told
