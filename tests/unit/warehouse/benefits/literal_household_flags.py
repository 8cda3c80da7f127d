"""A second reading of the household flags, beside literal_benefits: one household at a time, slow on purpose."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP

from literal_benefits import dibao, orphan, outcome, payable
from literal_facts import (
    ASSISTED,
    CENT,
    LIVE,
    PAID,
    absences,
    add_months,
    age,
    away_since,
    counted,
    died,
    has_return,
    has_row,
    household_rows,
    in_effect,
    income,
    is_active,
    line_of,
    listed,
    looked_at,
    main_row,
    members,
    number,
    of,
    placements_in_force,
    recorded_counted,
    region,
    residence,
    returned,
    second_wage,
    shanghai,
)


def money(amount):
    return None if amount is None else str(amount.quantize(CENT, ROUND_HALF_UP))


def lacks_part(names):
    """A component of somebody's income is missing; a parameter may be."""
    return any(not name.startswith("parameter:") for name in names)


def shown(world, household, who):
    """Members, income, per head and payable of a household in which these members count."""
    total, gone, _ = income(world, household, who)
    total = None if lacks_part(gone) else total
    per_head = total / len(who) if total is not None and who else None
    return {
        "members": len(who),
        "income_yuan": money(total),
        "per_capita_yuan": money(per_head),
        "payable_yuan": money(payable(world, household, who)),
    }


# ------------------------------------------------------------------ changes of members
def moved_out(world, household, member):
    """The latest day the member moved out of the county, or None."""
    years = age(world, member)
    if member["relationship_code"][0] == "1" or (years is not None and years < 18):
        return None
    days = [
        c["change_date"]
        for c in of(world, "population_changes", "person_id", member["person_id"])
        if c["change_type_code"] == "4"
        and c["change_date"] <= world["as_of"]
        and (member["household_join_date"] is None or c["change_date"] > member["household_join_date"])
        and c["new_region_code"]
        and c["new_region_code"][:6] != (region(world, household) or "")[:6]
    ]
    return max(days) if days else None


def event_of(world, household, member):
    """(flag, day, reason) of what changed for one member row; M4 before M3 before M5."""
    if in_effect(world, member) != "00":
        is_back = not died(world, member["person_id"]) and line_of(world, member) == 3
        return ("HH_CHANGED", returned(world, member["person_id"]), "M2") if is_back else None
    if died(world, member["person_id"]):
        return "HH_CHANGED", died(world, member["person_id"]), "M4"
    since = away_since(world, member["person_id"])
    if since and has_row(world, household, ASSISTED, PAID):
        return "HH_MEMBER_STILL_COUNTED", max(since, member["household_join_date"] or since), "M3"
    day = moved_out(world, household, member)
    return ("HH_CHANGED", day, "M5") if day else None


def changes(world, household):
    """HH_CHANGED and HH_MEMBER_STILL_COUNTED, each after being the next before."""
    found = []
    for member in listed(world, household):
        event = event_of(world, household, member)
        if event:
            found.append((event[1], event[2], member["source_key"], event[0], member))
    who, flags = list(recorded_counted(world, household)), {}
    for day, reason, _, code, member in sorted(found, key=lambda f: f[:3]):
        before = list(who)
        who = [*who, member] if reason == "M2" else [m for m in who if m is not member]
        key = (household, code, day, reason)
        flags[key] = (flags[key][0] if key in flags else shown(world, household, before), shown(world, household, who))
    return flags


def possible_again(world, household):
    """ELIG_POSSIBLE."""
    if has_row(world, household, {"11", "12"}, LIVE):
        return {}
    people = counted(world, household)
    back = [m for m in people if line_of(world, m) == 3]
    if not back:
        return {}
    others = [m for m in people if line_of(world, m) != 3]
    before, after = (outcome(dibao(world, household, who))[0] for who in (others, people))
    if before != "unlikely" or after not in {"likely", "possible"}:
        return {}
    day = max(returned(world, m["person_id"]) for m in back)
    return {(household, "ELIG_POSSIBLE", day, "M2"): (shown(world, household, others), shown(world, household, people))}


# ------------------------------------------------------------------ reviews
def residence_reviews(world, household):
    n = len(counted(world, household))
    return {
        (household, "ELIG_REVIEW", returned(world, m["person_id"]), "M9"): ({"members": n}, {"members": n})
        for m in members(world, household)
        if line_of(world, m) == 5
    }


def income_review(world, household):
    """I1."""
    if not has_row(world, household, ASSISTED, PAID):
        return {}
    share, _ = number(world, "income_tolerance_share", region(world, household), residence(world, household)[0])
    days = []
    for member in counted(world, household):
        person = member["person_id"]
        in_force = placements_in_force(world, person)
        paid = [p["wage_yuan"] for p in in_force if p["wage_yuan"] is not None]
        second, month = second_wage(world, person)
        amount = sum(paid) if paid else second
        if amount is None or share is None:
            continue
        gap = amount - (member["wage_income_yuan"] or 0)
        if gap > 100 and gap > share * amount:
            starts = [p["employment_start_date"] for p in in_force]
            days.append(max(starts) if starts else date(int(month[:4]), int(month[4:]), 1))
    if not days:
        return {}
    n, (total, gone, _) = len(counted(world, household)), income(world, household)
    row = main_row(world, household)
    before = {"members": n, "income_yuan": money(row["household_income_yuan"])}
    return {
        (household, "ELIG_REVIEW", max(days), "I1"): (before, {"members": n, "income_yuan": None if lacks_part(gone) else money(total)})
    }


def due_reviews(world, household):
    """R1."""
    return {
        (household, "ELIG_REVIEW", r["next_review_date"], "R1"): ({}, {})
        for r in household_rows(world, household)
        if r["category_code"] in ASSISTED
        and r["household_state_code"] in PAID
        and r["next_review_date"]
        and r["next_review_date"] < world["as_of"]
    }


def births(world, household):
    """M6."""
    if not has_row(world, household, ASSISTED, PAID):
        return {}
    keys = {
        (r["household_register_number"], (r["assistance_region_code"] or "")[:6])
        for r in household_rows(world, household)
        if r["household_register_number"]
    }
    inside = {m["person_id"] for m in members(world, household)}
    born, n = set(), len(counted(world, household))
    for change in world["population_changes"]:
        places = {(change["new_region_code"] or "")[:6], (change["police_station_code"] or "")[:6]} - {""}
        is_here = any((change["household_register_number"], place) in keys for place in places)
        is_new = world["as_of"] - timedelta(days=365) <= change["change_date"] <= world["as_of"]
        is_member = change["person_id"] is not None and change["person_id"] in inside
        if change["change_type_code"] == "1" and is_here and is_new and not is_member:
            born.add(change["change_date"])
    return {(household, "ELIG_REVIEW", day, "M6"): ({"members": n}, {"members": n + 1}) for day in born}


def count_mismatch(world, household):
    n_rec = len(recorded_counted(world, household))
    wrong = [
        r
        for r in sorted(household_rows(world, household), key=lambda r: r["source_key"])
        if r["category_code"] in ASSISTED and r["household_state_code"] in LIVE and r["counted_members_count"] != n_rec
    ]
    if not wrong:
        return {}
    return {(household, "HH_COUNT_MISMATCH", world["as_of"], "Q1"): ({"members": wrong[0]["counted_members_count"]}, {"members": n_rec})}


# ------------------------------------------------------------------ tenancies, allowances, payments
def was_excused(world, person, household, first):
    """Was the applicant, or a member of the household, away or recorded 02 on a day from `first` to D."""
    rows = members(world, household) if household else []
    for someone in {person, *(m["person_id"] for m in rows)} - {None}:
        for absence in absences(world, someone):
            is_open = not has_return(world, absence)
            if not (is_open and absence["is_over"]) and (is_open or absence["return_date"] > first):
                return True
    own = of(world, "assistance_members", "person_id", person)
    for row in [*rows, *own]:
        start, end = row["not_counted_start_date"], row["not_counted_end_date"]
        if row["counted_state_code"] == "02" and start and start <= world["as_of"] and (end is None or end >= first):
            return True
    return False


def tenancies(world):
    flags = {}
    for row in sorted(world["public_housing"], key=lambda r: r["source_key"]):
        limit, _ = number(world, "tenancy_warn_months", row["assistance_region_code"])
        arrears, idle = row["arrears_months"] or 0, row["idle_months"] or 0
        if row["tenancy_state_code"] != "2" or row["application_date"] > world["as_of"] or limit is None or max(arrears, idle) < limit:
            continue
        day, months = shanghai(row["source_updated_at"]), max(arrears, idle)
        excused = was_excused(world, row["person_id"], row["household_number"], add_months(day, -months))
        reason = "T3" if excused else "T1" if arrears >= limit else "T2"
        flags[row["household_number"] or row["application_number"], "TENANCY_AT_RISK", day, reason] = ({"months": months}, {"limit": 6})
    return flags


def allowances(world):
    flags = {}
    for household in sorted({r["household_number"] for r in world["assistance_households"]}):
        if not has_row(world, household, {"71"}, PAID):
            continue
        n = len(counted(world, household))
        for member in members(world, household):
            years = age(world, member)
            if years is not None and years < 18 and outcome(orphan(world, member))[0] == "likely":
                parents = [p["person_id"] for p in of(world, "parents", "source_key", member["source_key"])]
                day = max(returned(world, p) for p in parents if absences(world, p) and returned(world, p))
                flags[household, "CHILD_ALLOWANCE_REVIEW", day, "C1"] = ({"members": n}, {"members": n})
    return flags


def paid_after_end(world):
    flags = {}
    for row in world["assistance_households"]:
        is_there = row["application_date"] is None or row["application_date"] <= world["as_of"]
        if not is_there or row["household_state_code"] != "4" or not row["benefit_end_month"]:
            continue
        months = [
            p["benefit_month"]
            for p in of(world, "benefit_payments", "household_number", row["household_number"])
            if p["category_code"] == row["category_code"]
            and p["payment_kind_code"] == "1"
            and p["payment_state_code"] == "1"
            and p["benefit_month"] > row["benefit_end_month"]
            and (p["payment_date"] is None or p["payment_date"] <= world["as_of"])
        ]
        if months:
            first = min(months)
            flags[row["household_number"], "PAID_AFTER_END", date(int(first[:4]), int(first[4:]), 1), "P1"] = (
                {"month": row["benefit_end_month"]},
                {"month": first},
            )
    return flags


def household_flags(world):
    """{(number, flag, day, reason): (before, after)} of the whole world."""
    flags = {}
    for household in looked_at(world):
        if is_active(world, household):
            for rule in (changes, possible_again, residence_reviews, income_review, due_reviews, births, count_mismatch):
                flags |= rule(world, household)
    return flags | tenancies(world) | allowances(world) | paid_after_end(world)
