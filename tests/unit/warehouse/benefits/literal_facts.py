"""A second reading of the household facts: one person and one household at a time, plain dicts, slow on purpose.

Written from the specification alone and sharing nothing with warehouse.benefits, so that two readers have to make the same mistake.
A world is `{"as_of": date, "parameters": [...], table name: [row, ...]}`: codes are texts, money is Decimal, days are dates.
"""

from calendar import monthrange
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

ASSISTED = {"11", "12", "31", "51"}
LIVE = {"1", "2", "3"}
PAID = {"2", "3"}
BANDS = {"0": (0, 0), "1": (0, 5000), "2": (5000, 20000), "3": (20000, 50000), "4": (50000, 100000), "5": (100000, None)}
CENT = Decimal("0.01")


# ------------------------------------------------------------------ rows
def of(world, table, field, value):
    """The rows of a table with this value; nothing has no rows."""
    index = world.setdefault("by", {})
    if (table, field) not in index:
        found = index[table, field] = {}
        for row in world[table]:
            found.setdefault(row[field], []).append(row)
    return [] if value is None else index[table, field].get(value, [])


# ------------------------------------------------------------------ days
def add_months(day, months):
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def shanghai(instant):
    return (instant + timedelta(hours=8)).date()


def age(world, row_or_person):
    """Full years at D of a row (its own birth date, else the person's) or of a person id; None when not known."""
    born = None
    person = row_or_person
    if isinstance(row_or_person, dict):
        born, person = row_or_person.get("birth_date"), row_or_person.get("person_id")
    if born is None:
        born = next((p["birth_date"] for p in of(world, "people", "person_id", person)), None)
    if born is None:
        return None
    day = world["as_of"]
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


# ------------------------------------------------------------------ parameters
def parameter(world, name, region, residence="any"):
    """The row in force, or None."""
    day = world["as_of"]
    found = [
        p for p in world["parameters"] if p["name"] == name and p["valid_from"] <= day and (p["valid_to"] is None or day <= p["valid_to"])
    ]
    here = [p for p in found if region and region.startswith(p["region"]) and p["residence"] in (residence, "any")]
    if here:
        return max(here, key=lambda p: (len(p["region"]), p["residence"] == residence))
    nation = [p for p in found if p["region"] == "000000" and p["default_national"] and p["residence"] in (residence, "any")]
    return max(nation, key=lambda p: p["residence"] == residence) if nation else None


def number(world, name, region, residence="any"):
    """(value, set of missing names)."""
    row = parameter(world, name, region, residence)
    return (Decimal(row["amount"]), set()) if row else (None, {f"parameter:{name}"})


# ------------------------------------------------------------------ households
def household_rows(world, household):
    return [
        r
        for r in world["assistance_households"]
        if r["household_number"] == household and (r["application_date"] is None or r["application_date"] <= world["as_of"])
    ]


def looked_at(world):
    """H."""
    found = {
        r["household_number"]
        for r in world["assistance_households"]
        if r["category_code"] in ASSISTED
        and r["household_state_code"] in {"1", "2", "3", "4", "5"}
        and (r["application_date"] is None or r["application_date"] <= world["as_of"])
    }
    return sorted(found)


def is_active(world, household):
    return any(r["category_code"] in ASSISTED and r["household_state_code"] in LIVE for r in household_rows(world, household))


def has_row(world, household, categories, states):
    return any(r["category_code"] in categories and r["household_state_code"] in states for r in household_rows(world, household))


def main_row(world, household):
    rows = household_rows(world, household)
    return max(rows, key=lambda r: (r["household_state_code"] in LIVE, r["source_updated_at"], r["source_key"])) if rows else None


def region(world, household):
    row = main_row(world, household)
    return row["assistance_region_code"] if row else None


def by_digits(code):
    return "urban" if code and "01" <= code[4:6] <= "20" else "rural"


def residence(world, household):
    """(urban or rural, is it inferred)."""
    kinds = {r["category_code"] for r in household_rows(world, household)} & {"11", "12"}
    if len(kinds) == 1:
        return ("urban" if kinds == {"11"} else "rural"), False
    return by_digits(region(world, household)), True


# ------------------------------------------------------------------ persons
def died(world, person):
    days = [
        d["change_date"] for d in world["deaths"] if person is not None and d["person_id"] == person and d["change_date"] <= world["as_of"]
    ]
    return min(days) if days else None


def absences(world, person):
    """Episodes that count for something: with a decision date not after D."""
    return [
        a
        for a in world["absences"]
        if person is not None and a["person_id"] == person and a["decision_date"] and a["decision_date"] <= world["as_of"]
    ]


def has_return(world, absence):
    return absence["return_date"] is not None and absence["return_date"] <= world["as_of"]


def away_since(world, person):
    """Decision date of the latest episode he is away by, else None."""
    days = [a["decision_date"] for a in absences(world, person) if not has_return(world, a) and not a["is_over"]]
    return max(days) if days else None


def last_return(world, person):
    """The latest return date, also of somebody away again."""
    days = [a["return_date"] for a in absences(world, person) if has_return(world, a)]
    return max(days) if days else None


def returned(world, person):
    """R: the latest return date when he is not away, else None."""
    return None if away_since(world, person) else last_return(world, person)


def lives_at(world, person):
    """`now`: where he lives since his last return; None for somebody who never returned."""
    back = last_return(world, person)
    if back is None:
        return None
    rows = of(world, "addresses", "person_id", person)
    register = max(rows, key=lambda r: (r["source_updated_at"], r["source_key"])) if rows else None
    told = [a["return_region_code"] for a in absences(world, person) if a["return_date"] == back and a["return_region_code"]]
    code = register["residence_region_code"] if register else None
    verified = register["address_verified_date"] if register else None
    if code and verified and back <= verified <= world["as_of"]:
        return code
    return max(told) if told else code


# ------------------------------------------------------------------ members
def listed(world, household):
    """Rows on the list at D, dead or not."""
    day = world["as_of"]
    rows = [
        m
        for m in of(world, "assistance_members", "household_number", household)
        if (m["household_join_date"] is None or m["household_join_date"] <= day)
        and (m["household_leave_date"] is None or m["household_leave_date"] > day)
    ]
    return sorted(rows, key=lambda m: m["source_key"])


def members(world, household):
    return [m for m in listed(world, household) if not died(world, m["person_id"])]


def in_effect(world, member):
    """The code of not counting in effect at D, or "00"."""
    if member["counted_state_code"] == "00":
        return "00"
    first, last = member["not_counted_start_date"], member["not_counted_end_date"]
    if first is not None and first > world["as_of"]:
        return "00"
    return "00" if last is not None and last < world["as_of"] else member["counted_state_code"]


def needs_residence_test(world, member):
    kind = member["relationship_code"][0]
    years = age(world, member)
    if kind in "01" or (years is not None and years < 18):
        return False
    return not (member["student_level_code"] in {"1", "2", "3", "4", "5"} and kind in "23")


def residence_test(world, member):
    heads = [
        m
        for m in sorted(of(world, "assistance_members", "household_number", member["household_number"]), key=lambda m: m["source_key"])
        if m["relationship_code"][0] == "0"
    ]
    home = next((m["residence_region_code"] for m in heads if m["residence_region_code"]), None) or member["residence_region_code"]
    now = lives_at(world, member["person_id"])
    if not home or not now:
        return "unknown"
    if len(home) >= 9 and len(now) >= 9:
        return "yes" if home[:9] == now[:9] else "no"
    return "unknown" if home[:6] == now[:6] else "no"


def line_of(world, member):
    """Which line of the table of counting holds."""
    code = in_effect(world, member)
    if code in {"01", "03", "04"}:
        return 1
    if away_since(world, member["person_id"]):
        return 2
    if code != "02":
        return 7
    back = returned(world, member["person_id"])
    if back is None or member["not_counted_start_date"] is None or back < member["not_counted_start_date"]:
        return 6
    if not needs_residence_test(world, member):
        return 3
    return {"yes": 3, "no": 4, "unknown": 5}[residence_test(world, member)]


def counted(world, household):
    return [m for m in members(world, household) if line_of(world, m) in {3, 7}]


def recorded_counted(world, household):
    return [m for m in listed(world, household) if in_effect(world, m) == "00"]


# ------------------------------------------------------------------ income
def valid_check(world, household, person):
    day = world["as_of"]
    rows = [
        c
        for c in of(world, "means_checks", "person_id", person)
        if c["household_number"] == household
        and c["report_issued_date"]
        and c["report_issued_date"] <= day
        and (c["valid_until_date"] is None or c["valid_until_date"] >= day)
        and c["consent_date"]
        and c["request_date"]
        and c["consent_date"] <= c["request_date"]
    ]
    return max(rows, key=lambda c: (c["report_issued_date"], c["source_key"])) if rows else None


def placements_in_force(world, person):
    day = world["as_of"]
    return [
        p
        for p in of(world, "job_placements", "person_id", person)
        if p["employment_start_date"] <= day and (p["employment_end_date"] is None or p["employment_end_date"] >= day)
    ]


def wage_window(world):
    return [add_months(world["as_of"].replace(day=1), -k).strftime("%Y%m") for k in range(4)]


def first_wage(world, person):
    paid = [p["wage_yuan"] for p in placements_in_force(world, person) if p["wage_yuan"] is not None]
    return sum(paid) if paid else None


def second_wage(world, person):
    """(wage, contribution month) or (None, None)."""
    rows = [
        i
        for i in of(world, "insurance_contributions", "person_id", person)
        if i["insurance_kind_code"] in {"1", "3", "5", "6"}
        and i["contribution_state_code"] in {"1", "2"}
        and i["contribution_month"] in wage_window(world)
        and i["contribution_base_yuan"] is not None
    ]
    if not rows:
        return None, None
    month = max(i["contribution_month"] for i in rows)
    of_employer = {}
    for i in rows:
        if i["contribution_month"] == month:
            of_employer.setdefault(i["employer_credit_number"], []).append(i["contribution_base_yuan"])
    return sum(max(bases) for bases in of_employer.values()), month


def differ(world, one, other, share):
    gap = abs(one - other)
    return gap > 100 and gap > share * max(one, other)


def wage(world, member, share):
    """(amount before work costs, missing names, is it open)."""
    person = member["person_id"]
    check = valid_check(world, member["household_number"], person)
    first, (second, _) = first_wage(world, person), second_wage(world, person)
    third = None
    if check:
        known = [
            v
            for v in (
                check["insured_wage_yuan"],
                check["taxed_income_yuan"] and (check["taxed_income_yuan"] / 12).quantize(CENT, ROUND_HALF_UP),
            )
            if v
        ]
        third = max(known) if known else None
    fourth, back = member["wage_income_yuan"], returned(world, person)
    is_stale = back is not None and fourth is not None and shanghai(member["source_updated_at"]) < back
    if is_stale:
        fourth = None
    if back is not None and first is None and second is None and (is_stale or (third is None and fourth is None)):
        return Decimal(0), set(), True
    have = [v for v in (first, second, third, fourth) if v is not None]
    if have:
        return have[0], set(), share is not None and any(differ(world, have[0], other, share) for other in have[1:])
    years = age(world, member)
    has_none = (
        member["labour_capacity_code"] == "3"
        or (years is not None and years < 16)
        or member["student_level_code"] in {"1", "2", "3", "4", "5", "6"}
        or member["work_state_code"] in {"3", "4", "5"}
    )
    return Decimal(0), set() if has_none else {"wage"}, False


def income_of_member(world, member, place):
    """(sum of the four components, missing names, is it open); `place` = (region, residence)."""
    share, gone = number(world, "income_tolerance_share", *place)
    costs = parameter(world, "work_cost_deduction_yuan", *place)
    check = valid_check(world, member["household_number"], member["person_id"]) or {}
    amount, missing, is_open = wage(world, member, share)
    missing |= gone
    total = max(Decimal(0), amount - (Decimal(costs["amount"]) if costs else 0))
    if member["business_income_yuan"] is not None:
        total += member["business_income_yuan"]
    elif check.get("business_links_count") != 0:
        missing.add("business")
    if member["property_income_yuan"] is not None:
        total += member["property_income_yuan"]
    elif check.get("houses_count") is None or check["houses_count"] > 1:
        missing.add("property_income")
    transfers = [v for v in (member["transfer_income_yuan"], check.get("pension_income_yuan")) if v is not None]
    years = age(world, member)
    if transfers:
        total += max(transfers)
        is_open |= len(transfers) == 2 and share is not None and differ(world, *transfers, share)
    elif years is None or years >= 60:
        missing.add("transfer")
    return total, missing, is_open


def income(world, household, who=None):
    """(sum over counted members, missing names, is it open) of the household, or of the members told."""
    place = (region(world, household), residence(world, household)[0])
    total, missing, is_open = Decimal(0), set(), False
    for member in counted(world, household) if who is None else who:
        amount, gone, opened = income_of_member(world, member, place)
        total, missing, is_open = total + amount, missing | gone, is_open | opened
    return total, missing, is_open


def in_doubt(world, household):
    """How many members came back and live nobody knows where."""
    return sum(line_of(world, m) == 5 for m in members(world, household))
