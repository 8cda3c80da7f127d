"""Tenancies at risk: rent owed or a dwelling empty for as many months as call for a warning, and whether there is a lawful ground.

Source: 公共租赁住房管理办法 27, 29 (keys may be lost at 6 months; from memory: confirm before use). T3 never names its ground: a housing
officer reads 有法定事由证明.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from warehouse.benefits.amounts import MICRO, Places
from warehouse.benefits.facts import NO_DAY, NOBODY, day_number, day_of, months_before, past, shanghai_days
from warehouse.benefits.household_flags import HouseholdFlag
from warehouse.benefits.membership import STATUTORY, residence_by_digits
from warehouse.benefits.situation import Situation

LET = 2
LIMIT_MONTHS = 6
ARREARS, IDLE, EXCUSED = "T1", "T2", "T3"
HOUSING, MEMBERS = "public_housing", "assistance_members"


def tenancy_flags_of(situation: Situation) -> list[HouseholdFlag]:
    """A flag for every let dwelling of the facts with so many months owed or empty; whether its household is looked at or not."""
    facts, rows = situation.facts, situation.facts[HOUSING]
    arrears, idle = (np.maximum(rows[name].to_numpy(), 0) for name in ("arrears_months", "idle_months"))
    region = rows["assistance_region_code"].to_numpy()
    warn = situation.law.in_force("tenancy_warn_months", Places.of(region, residence_by_digits(region)))
    months = np.maximum(arrears, idle)
    told = shanghai_days(rows["source_updated_at"].to_numpy())
    is_at_risk = (rows["tenancy_state_code"] == LET).to_numpy() & (warn.missing == 0) & (months.astype(np.int64) * MICRO >= warn.amount)
    is_at_risk &= past(rows["application_date"].to_numpy(), day_number(situation.as_of))
    flags = {}
    for row in np.flatnonzero(is_at_risk).tolist():
        household = int(rows["household_number"].iat[row])
        subject = str(facts.households[household]) if household != NOBODY else str(rows["application_number"].iat[row])
        day = day_of(int(told[row])) or situation.as_of
        since = day_number(months_before(day, int(months[row])))
        owes = int(arrears[row]) * MICRO >= int(warn.amount[row])
        is_excused = was_excused(situation, int(rows["person_id"].iat[row]), household, since)
        reason = EXCUSED if is_excused else ARREARS if owes else IDLE
        shown: tuple[dict[str, Any], dict[str, Any]] = ({"months": int(months[row])}, {"limit": LIMIT_MONTHS})
        flag = HouseholdFlag(subject, "TENANCY_AT_RISK", day, reason, *shown, int(region[row]), bool(warn.is_sample[row]))
        flags[flag.key] = flag
    return list(flags.values())


def was_excused(situation: Situation, applicant: int, household: int, since: int) -> bool:
    """The applicant or a member of the household was away, or recorded as not counted by law, on a day from `since` on."""
    members = situation.members
    first, last = (
        np.searchsorted(members.household, np.array([household, household + 1], dtype=members.household.dtype))
        if household != NOBODY
        else (0, 0)
    )
    inside = np.arange(int(first), int(last))
    inside = inside[members.is_member[inside]]
    own = np.flatnonzero(members.person == applicant) if applicant != NOBODY else np.array([], dtype=np.int64)
    persons = np.unique(np.append(members.person[inside], applicant))
    return _were_away(situation, persons[persons != NOBODY], since) or _were_not_counted(situation, np.union1d(inside, own), since)


def _were_away(situation: Situation, persons: np.ndarray, since: int) -> bool:
    rows, day = situation.facts["absences"], day_number(situation.as_of)
    start, end = rows["decision_date"].to_numpy(), rows["return_date"].to_numpy()
    holds = np.isin(rows["person_id"].to_numpy(), persons) & past(start, day)
    has_ended = past(end, day)
    return bool((holds & np.where(has_ended, end > since, rows["is_over"].to_numpy() != 1)).any())


def _were_not_counted(situation: Situation, members: np.ndarray, since: int) -> bool:
    rows, day = situation.facts[MEMBERS].iloc[members], day_number(situation.as_of)
    start, end = rows["not_counted_start_date"].to_numpy(), rows["not_counted_end_date"].to_numpy()
    holds = (rows["counted_state_code"] == STATUTORY).to_numpy() & past(start, day)
    return bool((holds & ((end == NO_DAY) | (end >= since))).any())
