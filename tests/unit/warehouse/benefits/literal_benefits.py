"""A second reading of the benefits, beside literal_facts: every condition of one subject at a time, slow on purpose.

A condition is "true", "false", "open" or a frozenset of the names that are missing.
"""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from literal_facts import (
    BANDS,
    PAID,
    absences,
    add_months,
    age,
    away_since,
    by_digits,
    counted,
    died,
    first_wage,
    has_return,
    has_row,
    household_rows,
    in_doubt,
    income,
    income_of_member,
    last_return,
    lives_at,
    looked_at,
    members,
    number,
    of,
    parameter,
    placements_in_force,
    region,
    residence,
    returned,
    second_wage,
    valid_check,
    wage_window,
)

NEW_LAW = date(2026, 7, 1)


def outcome(conditions):
    """(outcome, sorted missing names) of {rule: condition}."""
    results = list(conditions.values())
    names = sorted(set().union(*[r for r in results if isinstance(r, frozenset)]))
    if "false" in results:
        return "unlikely", names
    if names:
        return "unknown", names
    return ("possible" if "open" in results else "likely"), []


def missing(*names):
    return frozenset(names)


def yes(holds):
    return "true" if holds else "false"


def is_new(world):
    return world["as_of"] >= NEW_LAW


def age_is(world, row, least=None, below=None):
    years = age(world, row)
    return years is not None and (least is None or years >= least) and (below is None or years < below)


# ------------------------------------------------------------------ income and property
def below_line(total, gone, is_open, line, unknown):
    """The income test of a sum against a line for all members; `line` None: the names `unknown` are missing."""
    if line is None:
        return frozenset(gone | unknown)
    if total >= line:
        return "false"
    if gone:
        return frozenset(gone)
    return "open" if is_open else "true"


def standard(world, place, multiplier=None):
    """(S, or S times a multiplier; missing names)."""
    amount, gone = number(world, "dibao_standard_yuan", *place)
    if multiplier:
        times, also = number(world, multiplier, *place)
        gone = gone | also
        amount = None if gone else amount * times
    return amount, gone


def place_of(world, household):
    return region(world, household), residence(world, household)[0]


def income_test(world, household, multiplier=None, who=None):
    line, gone = standard(world, place_of(world, household), multiplier)
    return compared(world, household, line, gone, 1, who)


def compared(world, household, line, gone, months, who=None):
    """The income of so many months against a line for each member counted.

    A member whose residence is not known may count: the line is missed only if it is missed with him too.
    """
    people = counted(world, household) if who is None else who
    total, names, is_open = income(world, household, who)
    doubts = in_doubt(world, household)
    names = names | ({"co_residence"} if doubts else set())
    if is_unlisted(world, household):
        return frozenset(names | gone | {"members"})
    return below_line(total * months, names, is_open, None if line is None else line * (len(people) + doubts), gone)


def is_unlisted(world, household):
    """Not one row of a member is there: that is a fact missing, not a household of nobody."""
    return not of(world, "assistance_members", "household_number", household)


def is_anybody_counted(world, household, people):
    return missing("members") if is_unlisted(world, household) else yes(len(people) >= 1)


def property_test(world, household, prefix="", who=None):
    place, people = place_of(world, household), counted(world, household) if who is None else who
    names, checks = set(), []
    for member in people:
        if age_is(world, member, below=18):
            continue
        check = valid_check(world, household, member["person_id"])
        if check is None:
            names.add("means_check")
        else:
            checks.append(check)

    def limit(name):
        own = f"{prefix}{name}"
        if prefix and parameter(world, own, *place):
            return number(world, own, *place)[0]
        amount, gone = number(world, name, *place)
        names.update(gone)
        return amount

    def total(field):
        return sum((c[field] for c in checks if c[field] is not None), Decimal(0))

    is_false = is_open = False
    vehicles, value = limit("vehicles_max"), limit("vehicles_value_max_yuan")
    if vehicles is not None and value is not None:
        is_false |= total("vehicles_count") > vehicles and total("vehicles_value_yuan") > value
    houses, area = limit("houses_max"), limit("houses_area_max_sqm")
    if houses is not None and area is not None:
        is_false |= total("houses_count") > houses and total("houses_area_sqm") > area * len(people)
    months = limit("financial_ceiling_months")
    line, gone = number(world, "dibao_standard_yuan", *place)
    names |= gone
    bands = [BANDS.get(c[field], (0, None)) for c in checks for field in ("deposit_band_code", "securities_band_code")]
    lower, uppers = sum(low for low, _ in bands), [high for _, high in bands]
    if months is not None and line is not None:
        ceiling = months * line * len(people)
        is_false |= lower > ceiling
        is_open |= not (None not in uppers and sum(uppers) <= ceiling)
    is_open |= any((c["business_links_count"] or 0) > 0 or c["check_result_code"] == "3" for c in checks)
    is_false |= any(c["check_result_code"] == "2" for c in checks)
    if is_false:
        return "false"
    if is_unlisted(world, household):
        names.add("members")
    return frozenset(names) if names else "open" if is_open else "true"


# ------------------------------------------------------------------ household benefits
def hr(world, household):
    return "open" if residence(world, household)[1] else "true"


def dibao(world, household, who=None):
    """`who`: the members counted, where others than at D are supposed."""
    people = counted(world, household) if who is None else who
    return {
        "DB1": is_anybody_counted(world, household, people),
        "DB2": income_test(world, household, who=who),
        "DB3": property_test(world, household, who=who),
        "HR": hr(world, household),
    }


def payable(world, household, who=None):
    """Money, or None where it is not worked out."""
    place = place_of(world, household)
    mode, step, line = (parameter(world, name, *place) for name in ("payment_mode", "payable_rounding_yuan", "dibao_standard_yuan"))
    if mode is None or mode["amount"] == "tier" or step is None or line is None:
        return None
    if outcome(dibao(world, household, who))[0] not in {"likely", "possible"}:
        return Decimal(0)
    people = counted(world, household) if who is None else who
    total, _, _ = income(world, household, who)
    unit = Decimal(step["amount"])
    return (max(Decimal(0), Decimal(line["amount"]) * len(people) - total) / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit


def marginal(world, household):
    second = dibao(world, household)["DB2"]
    return {
        "MG1": is_anybody_counted(world, household, counted(world, household)),
        "MG2": second if isinstance(second, frozenset) else yes(second == "false"),
        "MG3": income_test(world, household, "marginal_multiplier"),
        "MG4": property_test(world, household, "marginal_"),
        "HR": hr(world, household),
    }


def rigid(world, household):
    found = [outcome(dibao(world, household)), outcome(marginal(world, household))]
    words = [word for word, _ in found]
    if "likely" in words or "possible" in words:
        first = "false"
    else:
        unknown = [set(names) for word, names in found if word == "unknown"]
        first = frozenset(set().union(*unknown)) if unknown else "true"
    place = place_of(world, household)
    line, gone = number(world, "disposable_income_per_head_yuan", *place)
    _, share_gone = number(world, "rigid_share", *place)
    return {
        "RG1": first,
        "RG2": compared(world, household, line, gone, 12),
        "RG3": property_test(world, household, "rigid_"),
        "RG4": frozenset({"rigid_spending"} | share_gone),
    }


# ------------------------------------------------------------------ of a member
def is_severe(member):
    kind, grade = member["disability_type_code"], member["disability_grade_code"]
    has_kind = kind in {"1", "2", "3", "4", "5", "6", "7"}
    return has_kind and (grade in {"1", "2"} or (kind in {"5", "6"} and grade == "3"))


def single(world, household, member):
    word, names = outcome(marginal(world, household))
    first = {"likely": "true", "possible": "open", "unlikely": "false", "unknown": frozenset(names)}[word]
    second = "true" if is_severe(member) or member["major_illness_code"] == "1" else "open" if is_new(world) else "false"
    return {"SP1": first, "SP2": second}


def tekun(world, household, member):
    if age_is(world, member, least=60) or age_is(world, member, below=16) or is_severe(member):
        first = "true"
    else:
        is_of_unknown_age = not (age_is(world, member, least=0) or age_is(world, member, below=0))
        first = "open" if member["labour_capacity_code"] == "3" or is_of_unknown_age else "false"
    place = place_of(world, household)
    line, gone = number(world, "dibao_standard_yuan", *place)
    others = [m for m in counted(world, household) if m is not member]
    if has_row(world, household, {"41", "42"}, PAID):
        third = "true"
    elif any(age_is(world, m, 18, 60) and m["labour_capacity_code"] == "1" for m in others):
        third = "false"
    else:
        third = missing("supporters")
    return {
        "TK1": first,
        "TK2": below_line(*income_of_member(world, member, place), line, gone),
        "TK3": third,
        "TK4": property_test(world, household),
    }


# ------------------------------------------------------------------ of a person
def released(world, name):
    """Persons not dead who returned in the window."""
    found = []
    for person in sorted({a["person_id"] for a in world["absences"]}):
        back, days = returned(world, person), parameter(world, name, None)
        if back and not died(world, person) and days and world["as_of"] - timedelta(days=int(days["amount"])) <= back:
            found.append(person)
    return found


def household_of(world, person, among=None):
    """The smallest household with a row of his in effect."""
    found = sorted({m["household_number"] for m in of(world, "assistance_members", "person_id", person)})
    return next(
        (h for h in found if (among is None or h in among) and any(m["person_id"] == person for m in members(world, h))),
        None,
    )


def own_wage(world, person):
    first = first_wage(world, person)
    return second_wage(world, person)[0] if first is None else first


def own_wage_test(world, person, line, gone):
    if line is None:
        return frozenset(gone)
    amount = own_wage(world, person)
    return "false" if amount is not None and amount >= line else "open"


def temporary(world, person):
    household = household_of(world, person, looked_at(world))
    if household:
        place = place_of(world, household)
        second = income_test(world, household, "temporary_income_multiplier")
    else:
        place = (lives_at(world, person), by_digits(lives_at(world, person)))
        second = own_wage_test(world, person, *standard(world, place, "temporary_income_multiplier"))
    times, gone = number(world, "temporary_times_per_year", *place)
    approvals = [
        t
        for t in world["temporary_assistance"]
        if (t["person_id"] == person or (household and t["household_number"] == household))
        and t["approval_date"]
        and t["approval_date"].year == world["as_of"].year
        and t["approval_date"] <= world["as_of"]
        and (t["approved_amount_yuan"] or 0) > 0
    ]
    third = frozenset(gone) if times is None else yes(len(approvals) < times)
    return household, {"TA1": "open", "TA2": second, "TA3": third}


def housing_rows(world, person, household):
    day = world["as_of"]
    return [
        r
        for r in world["public_housing"]
        if (r["person_id"] == person or (household and r["household_number"] == household)) and r["application_date"] <= day
    ]


def waiting_row(world, person):
    """His own application that waits, the latest."""
    rows = [r for r in housing_rows(world, person, None) if r["tenancy_state_code"] == "1"]
    return max(rows, key=lambda r: (r["application_date"], r["source_key"])) if rows else None


def public_housing(world, person):
    """(household number shown, conditions)."""
    known, row = looked_at(world), waiting_row(world, person)
    household = shown = household_of(world, person, known)
    if shown is None and row:
        shown = row["household_number"]
        household = shown if shown in known else None
    if household:
        place = place_of(world, household)
    elif last_return(world, person):
        place = (lives_at(world, person), by_digits(lives_at(world, person)))
    else:
        place = (row["assistance_region_code"], by_digits(row["assistance_region_code"]))
    rows = housing_rows(world, person, shown)
    first = yes(not any(r["tenancy_state_code"] in {"2", "5"} for r in rows))
    areas = [r for r in rows if r["current_area_sqm"] is not None]
    line, gone = number(world, "housing_area_line_sqm", *place)
    total, heads = None, 1
    if areas:
        total = max(areas, key=lambda r: (r["application_date"], r["source_key"]))["current_area_sqm"]
    elif household:
        heads = len(counted(world, household))
        checks = [valid_check(world, household, m["person_id"]) for m in counted(world, household)]
        known_areas = [c["houses_area_sqm"] for c in checks if c and c["houses_area_sqm"] is not None]
        total = sum(known_areas) if known_areas else None
    if total is None or line is None:
        second = frozenset(gone | ({"housing_area"} if total is None else set()))
    else:
        second = yes(total < line * heads)
    if household:
        third = income_test(world, household, "housing_income_multiplier")
    else:
        third = own_wage_test(world, person, *standard(world, place, "housing_income_multiplier"))
    return shown, {"PH1": first, "PH2": second, "PH3": third}


def seeker_rows(world, person):
    return [r for r in of(world, "job_seekers", "person_id", person) if r["job_registration_date"] <= world["as_of"]]


def employment(world, person):
    seekers = seeker_rows(world, person)
    is_registered = any(r["job_state_code"] == "1" for r in seekers)
    anywhere = household_of(world, person)
    row = next((m for m in members(world, anywhere) if m["person_id"] == person), None) if anywhere else None
    household = household_of(world, person, looked_at(world))
    registered = sorted((r for r in seekers if r["job_state_code"] == "1"), key=lambda r: r["source_key"])
    seeker_region = registered[0]["residence_region_code"] if registered else None
    here = region(world, household) if household else seeker_region or lives_at(world, person)
    who = row or person
    limit, gone = number(world, "work_age_max_years", here)
    years = age(world, who)
    if years is None:
        first = "open"
    elif years < 16:
        first = "false"
    else:
        first = frozenset(gone) if limit is None else yes(years < limit)
    able = "true" if is_registered else missing("labour_capacity")
    second = yes(row["labour_capacity_code"] != "3") if row else able
    insured = any(
        i["insurance_kind_code"] in {"1", "5"}
        and i["contribution_state_code"] == "1"
        and i["employer_credit_number"]
        and i["contribution_month"] in wage_window(world)
        for i in of(world, "insurance_contributions", "person_id", person)
    )
    third = yes(not placements_in_force(world, person) and not insured)
    return household, {
        "EA1": first,
        "EA2": second,
        "EA3": third,
        "EA4": class_of(world, person, seekers, here),
        "EA5": "true" if is_registered else "open",
    }


def class_of(world, person, seekers, here):
    """EA4."""
    day = world["as_of"]
    rows = [
        m
        for h in sorted({m["household_number"] for m in of(world, "assistance_members", "person_id", person)})
        for m in members(world, h)
        if m["person_id"] == person
    ]
    kinds = {"11", "12", "21"} | ({"31", "51"} if is_new(world) else set())
    months, gone = number(world, "long_unemployed_months", here)
    hardship = any(
        r["job_registration_type_code"] == "3"
        and r["employment_hardship_start_date"]
        and r["employment_hardship_start_date"] <= day
        and (r["employment_hardship_end_date"] is None or r["employment_hardship_end_date"] >= day)
        for r in seekers
    )
    is_long = months is not None and any(
        r["unemployed_since_date"] and r["unemployed_since_date"] <= add_months(day, -int(months)) for r in seekers
    )
    sex = next((p["sex_code"] for p in of(world, "people", "person_id", person)), None)
    names, is_older = set(gone), False
    if sex in {"1", "2"}:
        name = "older_worker_age_male_years" if sex == "1" else "older_worker_age_female_years"
        least, also = number(world, name, here)
        names |= also
        years = age(world, rows[0] if rows else person)
        is_older = least is not None and years is not None and years >= least
    holds = (
        hardship
        or is_long
        or is_older
        or any(has_row(world, m["household_number"], kinds, PAID) for m in rows)
        or any(m["disability_type_code"] in set("1234567") for m in rows)
    )
    return "true" if holds else frozenset(names) if names else "open"


def orphan(world, member):
    parents = [p["person_id"] for p in of(world, "parents", "source_key", member["source_key"])]
    known = [p for p in parents if away_since(world, p) or any(has_return(world, a) for a in absences(world, p))]
    if not known:
        return {"OC1": missing("parent_state"), "OC2": missing("parent_state")}
    if any(returned(world, p) for p in known):
        second = "true"
    else:
        second = "false" if all(away_since(world, p) for p in known) else missing("parent_state")
    return {"OC1": "true", "OC2": second}


# ------------------------------------------------------------------ every subject
def head(world, household):
    """Person of the head: of row 01, else of the first row."""
    rows = sorted(
        of(world, "assistance_members", "household_number", household),
        key=lambda m: (m["relationship_code"][0] != "0", m["source_key"]),
    )
    if rows:
        return rows[0]["person_id"]
    owners = sorted(household_rows(world, household), key=lambda r: r["source_key"])
    return owners[0]["person_id"] if owners else None


def findings(world):
    """[((benefit, household or "", person), conditions)] of everyone looked at."""
    found, known = [], looked_at(world)
    everyone = sorted({r["household_number"] for r in world["assistance_households"]})
    for household in known:
        boss = head(world, household)
        found.append((("dibao", household, boss), dibao(world, household)))
        found.append((("dibao_marginal", household, boss), marginal(world, household)))
        if world["as_of"] >= date(2024, 10, 24):
            found.append((("rigid_expenditure", household, boss), rigid(world, household)))
        for member in counted(world, household):
            if member["disability_type_code"] in set("1234567") or member["major_illness_code"] in set("129"):
                found.append((("single_person_dibao", household, member["person_id"]), single(world, household, member)))
    for household in everyone:
        for member in tekun_subjects(world, household, household in known):
            found.append((("tekun", household, member["person_id"]), tekun(world, household, member)))
        if has_row(world, household, {"71"}, PAID):
            for member in members(world, household):
                if age_is(world, member, below=18):
                    found.append((("orphan_like_child_allowance_review", household, member["person_id"]), orphan(world, member)))
    for person in released(world, "temporary_assistance_window_days"):
        household, conditions = temporary(world, person)
        found.append((("temporary_assistance", household or "", person), conditions))
    back = set(released(world, "benefit_window_days"))
    waiting = {r["person_id"] for r in world["public_housing"] if r["person_id"] and waiting_row(world, r["person_id"])}
    seeking = {
        r["person_id"]
        for r in world["job_seekers"]
        if r["person_id"] and any(s["job_state_code"] == "1" for s in seeker_rows(world, r["person_id"]))
    }
    for person in sorted(back | {p for p in waiting if not died(world, p)}):
        household, conditions = public_housing(world, person)
        found.append((("public_housing", household or "", person), conditions))
    for person in sorted(back | {p for p in seeking if not died(world, p)}):
        household, conditions = employment(world, person)
        found.append((("employment_assistance", household or "", person), conditions))
    return found


def tekun_subjects(world, household, is_looked_at):
    if has_row(world, household, {"41", "42"}, {"1", "2", "3"}):
        return members(world, household)
    people = counted(world, household)
    if not is_looked_at or len(people) != 1:
        return []
    only = people[0]
    return people if age_is(world, only, least=60) or age_is(world, only, below=16) or only["labour_capacity_code"] == "3" else []
