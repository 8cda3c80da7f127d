"""What conditions looked at, in values a clerk can check: members, income with the row behind each part, property, days of return.

Texts here reach benefit desks: dates and codes of counting, never why somebody was away.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from warehouse.benefits.amounts import MICRO, NOT_KNOWN, InForce, two_decimals
from warehouse.benefits.answers import names_of
from warehouse.benefits.facts import NOBODY, day_of, shanghai_day
from warehouse.benefits.finding import RETURN_FEED, Told
from warehouse.benefits.income import NO_SOURCE, UNKNOWN_SOURCE, WAGE_SOURCES
from warehouse.benefits.membership import AWAY, RESIDENCE_UNKNOWN, RETURNED
from warehouse.benefits.property_test import ADULT, TESTS, PropertyTest
from warehouse.benefits.situation import Situation

COUNTED_CODES = {AWAY: "M3 不计入-依规", RETURNED: "M2 返家计入", RESIDENCE_UNKNOWN: "M9 居住待核"}
NO_EVIDENCE = "no income known since return"
MEMBERS, HOUSEHOLDS, CHECKS = "assistance_members", "assistance_households", "means_checks"


def changed_on(situation: Situation, feed: str, row: int) -> date | None:
    """The day a row was last changed by its agency."""
    if row < 0:
        return None
    return shanghai_day(int(situation.facts.column(feed, "source_updated_at")[row]))


def month_of(situation: Situation, row: int) -> date:
    """First day of the month that a contribution is for."""
    month = int(situation.facts.column("insurance_contributions", "contribution_month")[row])
    return date(month // 100, month % 100, 1)


def key_of(situation: Situation, feed: str, row: int) -> str | None:
    """The key of a row."""
    return None if row < 0 else str(situation.facts.column(feed, "source_key")[row])


def rows_of(situation: Situation, household: int) -> range:
    """The member rows of a household; they stand side by side."""
    household_of_row = situation.members.household
    return range(int(household_of_row.searchsorted(household)), int(household_of_row.searchsorted(household, "right")))


def tell_members(situation: Situation, household: int) -> Told:
    """How many members count, and who counts otherwise than the list says, with dates and codes."""
    changes = [_change(situation, row) for row in rows_of(situation, household) if situation.members.line[row] in COUNTED_CODES]
    row = int(situation.households.row[household])
    value = {
        "members": int(situation.totals.counted[household]),
        "recorded": int(situation.totals.recorded[household]),
        "changes": changes,
    }
    return Told("members", value, HOUSEHOLDS, key_of(situation, HOUSEHOLDS, row), changed_on(situation, HOUSEHOLDS, row))


def _change(situation: Situation, row: int) -> dict[str, Any]:
    line, person = int(situation.members.line[row]), int(situation.members.person[row])
    days = situation.whereabouts.away_since if line == AWAY else situation.whereabouts.return_day
    word = "不计入 from" if line == AWAY else "返家日期"
    return {
        "code": COUNTED_CODES[line],
        word: _iso(days[person]),
        "source": {"feed": RETURN_FEED, "source_key": None},
        "member": key_of(situation, MEMBERS, row),
    }


def tell_residence(situation: Situation, household: int) -> Told:
    """Urban or rural, told by a row or inferred from the region's digits."""
    row = int(situation.households.row[household])
    word = ("urban", "rural")[situation.households.residence[household]]
    value = word if situation.households.is_residence_told[household] else f"{word} (inferred from the region)"
    return Told("residence", value, HOUSEHOLDS, key_of(situation, HOUSEHOLDS, row), changed_on(situation, HOUSEHOLDS, row))


def tell_income(situation: Situation, household: int, line: InForce, place: int, months: int = 1) -> Told:
    """Income of the household beside its line, and every part of it that is not simply nothing."""
    counted = int(situation.totals.counted[household])
    value = {
        "members": counted,
        "income_yuan": two_decimals(int(situation.totals.income[household]) * months),
        "is_lower_bound": bool(situation.totals.missing[household]),
        "line_yuan": two_decimals(int(line.amount[place]) * counted) if not line.missing[place] else None,
        "parts": _parts_of_household(situation, household),
    }
    row = int(situation.households.row[household])
    return Told("income", value, HOUSEHOLDS, key_of(situation, HOUSEHOLDS, row), changed_on(situation, HOUSEHOLDS, row))


def _parts_of_household(situation: Situation, household: int) -> list[dict[str, Any]]:
    """Asked by several benefits of the same household, put together once."""
    found: list[dict[str, Any]] | None = situation.told.get(household)
    if found is None:
        rows = (row for row in rows_of(situation, household) if situation.members.is_counted[row])
        found = situation.told[household] = [part for row in rows for part in parts_of(situation, row)]
    return found


def tell_own_income(situation: Situation, row: int, line: InForce, place: int) -> Told:
    """Income of one member beside the line."""
    value = {
        "income_yuan": two_decimals(int(situation.income.total[row])),
        "is_lower_bound": bool(situation.income.missing[row]),
        "line_yuan": two_decimals(int(line.amount[place])) if not line.missing[place] else None,
        "parts": parts_of(situation, row),
    }
    return Told("own_income", value, MEMBERS, key_of(situation, MEMBERS, row), changed_on(situation, MEMBERS, row))


def parts_of(situation: Situation, row: int) -> list[dict[str, Any]]:
    """The parts of a member's income that are more than nothing, missing, or told differently elsewhere, with their rows."""
    income, found = situation.income, []
    if income.wage_source[row] != NO_SOURCE or income.has_no_evidence[row]:
        found += _wage(situation, row)
    for name in ("business", "property_income", "transfer"):
        amount = int(getattr(income, name)[row])
        told = situation.facts.column(MEMBERS, f"{name.removesuffix('_income')}_income_yuan")[row]
        is_told = told != NOT_KNOWN or (name == "transfer" and income.transfer_sources[1][row] != NOT_KNOWN)
        if amount or not is_told:
            found.append(_part(situation, row, name, amount, is_told=is_told))
    return found


def _wage(situation: Situation, row: int) -> list[dict[str, Any]]:
    income = situation.income
    if income.has_no_evidence[row]:
        returned = _iso(situation.whereabouts.return_day[situation.members.person[row]])
        source = {"feed": RETURN_FEED, "source_key": None}
        return [{"part": "wage", "amount_yuan": "0.00", "note": NO_EVIDENCE, "返家日期": returned, "source": source}]
    if income.wage_source[row] == UNKNOWN_SOURCE:
        return [{"part": "wage", "amount_yuan": None}]
    used = int(income.wage_source[row])
    told = [place for place in range(len(WAGE_SOURCES)) if income.wage_sources[place][row] != NOT_KNOWN]
    amount = int(income.wage_sources[used][row])
    if not amount and len(told) == 1:
        return []
    part = {"part": "wage", "amount_yuan": two_decimals(amount), "counts_yuan": two_decimals(int(income.wage[row]))}
    others = [{"amount_yuan": two_decimals(int(income.wage_sources[o][row])), **_wage_source(situation, row, o)} for o in told if o != used]
    return [part | _wage_source(situation, row, used) | ({"others": others} if others else {})]


def _wage_source(situation: Situation, row: int, source: int) -> dict[str, Any]:
    person, wages = int(situation.members.person[row]), situation.wages
    feed = WAGE_SOURCES[source]
    of_source = (
        int(wages.placed_row[person]) if person != NOBODY else -1,
        int(wages.insured_row[person]) if person != NOBODY else -1,
        int(situation.check_row[row]),
        row,
    )[source]
    if source == 0:
        day = day_of(int(wages.placed_since[person]))
    elif source == 1:
        day = month_of(situation, of_source)
    else:
        day = changed_on(situation, feed, of_source) if source == 3 else _issued(situation, of_source)
    return {"source": {"feed": feed, "source_key": key_of(situation, feed, of_source)}, "fact_date": day.isoformat() if day else None}


def _part(situation: Situation, row: int, name: str, amount: int, *, is_told: bool) -> dict[str, Any]:
    is_of_check = name == "transfer" and situation.income.transfer_sources[1][row] == amount != situation.income.transfer_sources[0][row]
    if not is_told:
        is_missing = name in _missing_of(situation, row)
        return {"part": name, "amount_yuan": None if is_missing else "0.00"}
    feed, of_feed = (CHECKS, int(situation.check_row[row])) if is_of_check else (MEMBERS, row)
    day = _issued(situation, of_feed) if is_of_check else changed_on(situation, MEMBERS, row)
    source = {"feed": feed, "source_key": key_of(situation, feed, of_feed)}
    return {"part": name, "amount_yuan": two_decimals(amount), "source": source, "fact_date": day.isoformat() if day else None}


def _missing_of(situation: Situation, row: int) -> tuple[str, ...]:
    return names_of(int(situation.income.missing[row]))


def _issued(situation: Situation, check: int) -> date | None:
    return day_of(int(situation.facts.column(CHECKS, "report_issued_date")[check])) if check >= 0 else None


def tell_property(situation: Situation, household: int, test: PropertyTest) -> Told:
    """What the checks add up to, and the answer of each part of the property test."""
    owned = situation.owned
    checks = [int(situation.check_row[row]) for row in rows_of(situation, household) if _is_asked(situation, row)]
    known = [check for check in checks if check >= 0]
    value = {
        "vehicles": int(owned.vehicles[household]),
        "vehicles_value_yuan": two_decimals(int(owned.vehicles_value[household])),
        "houses": int(owned.houses[household]),
        "houses_area_sqm": two_decimals(int(owned.houses_area[household])),
        "money_from_yuan": int(owned.lower[household]) // MICRO,
        "money_to_yuan": None if owned.has_no_upper[household] else int(owned.upper[household]) // MICRO,
        "ceiling_yuan": two_decimals(int(test.ceiling[household])),
        "adults_without_check": checks.count(-1),
        "tests": {name: part.word(household) for name, part in zip(TESTS, test.parts, strict=True)},
        "checks": [key_of(situation, CHECKS, check) for check in known],
    }
    latest = max((day for check in known if (day := _issued(situation, check))), default=None)
    return Told("property", value, CHECKS, key_of(situation, CHECKS, known[0]) if known else None, latest)


def _is_asked(situation: Situation, row: int) -> bool:
    return bool(situation.members.is_counted[row]) and not 0 <= situation.members.age[row] < ADULT


def tell_checks(situation: Situation, household: int) -> tuple[str, str, date | None]:
    """Of the checks of counted members that tell a dwelling's area: the feed, the first one's key, the latest one's day."""
    area = situation.facts.column(CHECKS, "houses_area_sqm")
    checks = [int(situation.check_row[row]) for row in rows_of(situation, household) if situation.members.is_counted[row]]
    known = [check for check in checks if check >= 0 and area[check] != NOT_KNOWN]
    return CHECKS, str(key_of(situation, CHECKS, known[0])), max(day for check in known if (day := _issued(situation, check)))


def tell_return(situation: Situation, person: int, fact: str, value: dict[str, Any] | None = None) -> Told:
    """A day of return, whose row is never named."""
    returned = situation.whereabouts.return_day[person]
    return Told(fact, (value or {}) | {"返家日期": _iso(returned)}, RETURN_FEED, None, day_of(int(returned)))


def _iso(number: int) -> str | None:
    day = day_of(int(number))
    return day.isoformat() if day else None
